-- INSERT, COPY, UPDATE and DELETE, each beside the same statement on a local
-- table: the counts and the rows must be the same.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
\! $CREATE write_rows cf g
CREATE FOREIGN TABLE remote.t (
  id text OPTIONS (row_key 'true') COLLATE "C" NOT NULL,
  a text OPTIONS (family 'cf', qualifier 'a'),
  gone int OPTIONS (family 'cf', qualifier 'gone'),
  b int OPTIONS (family 'cf', qualifier 'b'),
  n bigint OPTIONS (family 'g', qualifier 'n', encoding 'binary'),
  "g:q" numeric DEFAULT 1.50
) SERVER bt OPTIONS (table_name 'write_rows', batch_size '3');
ALTER FOREIGN TABLE remote.t DROP COLUMN gone;
CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, a text, b int, n bigint, "g:q" numeric DEFAULT 1.50);
CREATE TABLE test.source (id text, a text, b int, n bigint);
INSERT INTO test.source SELECT 'k' || lpad(i::text, 3, '0'), nullif('v' || i % 7, 'v3'), nullif(i % 5, 2), i::bigint * 1000000007
  FROM generate_series(1, 50) i;

-- Runs a statement in both schemas; what it returns must be the same.
CREATE FUNCTION dml(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  n bigint[];
  c bigint;
  path text := current_setting('search_path');
BEGIN
  FOR i IN 1 .. 2 LOOP
    PERFORM set_config('search_path', CASE i WHEN 1 THEN 'remote' ELSE 'local' END || ', test, public', false);
    EXECUTE statement;
    GET DIAGNOSTICS c = ROW_COUNT;
    n := n || c;
  END LOOP;
  PERFORM set_config('search_path', path, false);
  RETURN CASE WHEN n[1] = n[2] THEN format('%s rows; ', n[1]) ELSE format('DIFFERENT COUNTS: %s, local %s; ', n[1], n[2]) END
    || compare('SELECT * FROM t');
END $$;

-- INSERT
SELECT dml($$INSERT INTO t VALUES ('a', 'one', 1, 10, 1.0), ('b', 'two', NULL, -1, NULL), ('c', '', 2147483647, NULL, 0.10)$$);
SELECT dml($$INSERT INTO t (id, b) VALUES ('d', 4)$$);
SELECT dml($$INSERT INTO t (n, id) VALUES (-9223372036854775808, 'e'), (9223372036854775807, 'f')$$);
SELECT dml($$INSERT INTO t (id, a) VALUES ('ä', 'größe'), (e'tab\tnew\nline', e'\\x00 "quoted" 日本'), ('😀', repeat('long ', 10000))$$);
SELECT dml($$INSERT INTO t SELECT * FROM source$$);
SELECT dml($$INSERT INTO t SELECT id || '/copy', a, b, n, 7 FROM t WHERE id ^@ 'k'$$);
SELECT dml($$INSERT INTO t SELECT id || '/x', a FROM (SELECT id, a FROM t WHERE id < 'c' ORDER BY id LIMIT 2) s$$);
SELECT dml($$WITH w AS (SELECT 'w' || i AS id, i FROM generate_series(1, 10) i) INSERT INTO t (id, b) SELECT id, i FROM w$$);

-- UPDATE
SELECT dml($$UPDATE t SET a = 'changed' WHERE id = 'a'$$);
SELECT dml($$UPDATE t SET b = b + 1, n = NULL WHERE id BETWEEN 'k010' AND 'k020'$$);
SELECT dml($$UPDATE t SET n = n - 5 WHERE id ^@ 'k03' AND n IS NOT NULL$$);
SELECT dml($$UPDATE t SET "g:q" = "g:q" * 2 WHERE b = 3$$);
SELECT dml($$UPDATE t SET a = s.a || '!', b = s.b FROM source s WHERE t.id = s.id AND s.b > 3$$);
SELECT dml($$UPDATE t SET id = id, a = upper(a) WHERE id < 'd'$$);
SELECT dml($$UPDATE t SET a = DEFAULT, "g:q" = DEFAULT WHERE id = 'b'$$);
SELECT dml($$UPDATE t SET (a, b) = (SELECT 'sub', 77) WHERE id = 'd'$$);
SELECT dml($$UPDATE t SET a = 'nobody' WHERE id = 'missing'$$);
SELECT dml($$UPDATE t SET b = 0 WHERE false$$);

-- a row that a join finds twice is changed once, as in a local table
SELECT dml($$UPDATE t SET n = coalesce(n, 0) + 1 FROM (VALUES ('a'), ('a'), ('b')) v (id) WHERE t.id = v.id$$);

-- DELETE
SELECT dml($$DELETE FROM t WHERE id = 'c'$$);
SELECT dml($$DELETE FROM t WHERE id IN ('k001', 'k002', 'k003/copy')$$);
SELECT dml($$DELETE FROM t WHERE id >= 'k04' AND id < 'k05'$$);
SELECT dml($$DELETE FROM t WHERE id LIKE 'w%' AND b > 5$$);
SELECT dml($$DELETE FROM t USING source s WHERE t.id = s.id || '/copy' AND s.b = 1$$);
SELECT dml($$DELETE FROM t USING (VALUES ('a'), ('a')) v (id) WHERE t.id = v.id$$);
SELECT dml($$DELETE FROM t WHERE a IS NULL$$);

-- prepared, with generic plans
SET plan_cache_mode = force_generic_plan;
PREPARE ins (text, text, int) AS INSERT INTO remote.t (id, a, b) VALUES ($1, $2, $3);
PREPARE upd (text, bigint) AS UPDATE remote.t SET n = n + $2 WHERE id = $1;
PREPARE del (text[]) AS DELETE FROM remote.t WHERE id = ANY ($1);
EXECUTE ins ('p1', 'x', 1);
EXECUTE ins ('p2', NULL, 2);
EXECUTE upd ('p1', 5);
EXECUTE upd ('p1', 6);
SELECT id, a, b, n FROM remote.t WHERE id ^@ 'p';
EXECUTE del ('{p1,p2}');
SELECT count(*) FROM remote.t WHERE id ^@ 'p';
ALTER FOREIGN TABLE remote.t ALTER b OPTIONS (SET qualifier 'b2');
EXECUTE ins ('p3', NULL, 3);
ALTER FOREIGN TABLE remote.t ALTER b OPTIONS (SET qualifier 'b');
SELECT count(*), count(b) FROM remote.t WHERE id = 'p3';
DELETE FROM remote.t WHERE id = 'p3';
RESET plan_cache_mode;
DEALLOCATE ALL;

-- PL/pgSQL, and a statement in a statement
DO $$ BEGIN FOR i IN 1 .. 20 LOOP
  INSERT INTO remote.t (id, b) VALUES ('loop' || i % 10, i);
  INSERT INTO local.t (id, b) VALUES ('loop' || i % 10, i) ON CONFLICT (id) DO UPDATE SET b = excluded.b;
END LOOP; END $$;
SELECT compare('SELECT * FROM t');
WITH gone AS (DELETE FROM remote.t WHERE id ^@ 'loop' AND b > 15 RETURNING id, b)
INSERT INTO remote.t (id, b) SELECT 'was ' || id, b FROM gone RETURNING *;

-- COPY, with a key repeated within a batch and over batches: the last one wins
COPY remote.t (id, a, b) FROM STDIN;
copy1	first	1
copy2	\N	2
copy1	second	\N
copy3	third	3
copy4	fourth	4
copy2	fifth	\N
\.
SELECT id, a, b FROM remote.t WHERE id ^@ 'copy';
COPY remote.t (id, "g:q") FROM STDIN (FORMAT csv, HEADER, NULL 'nothing');
id,number
copy5,7
copy6,12.50
\.
COPY (SELECT id, "g:q" FROM remote.t WHERE id >= 'copy5' AND id < 'd') TO STDOUT;

-- ROLLBACK does not take back what was sent
BEGIN;
INSERT INTO remote.t (id, a) VALUES ('stays', 'here');
ROLLBACK;
SELECT id, a FROM remote.t WHERE id = 'stays';

-- rows of each size of a batch
CREATE FOREIGN TABLE remote.one (id text OPTIONS (row_key 'true') COLLATE "C", v text OPTIONS (family 'cf', qualifier 'v'))
  SERVER bt OPTIONS (table_name 'write_rows', batch_size '1');
INSERT INTO remote.one SELECT 'one' || i, i FROM generate_series(1, 10) i;
SELECT count(*), sum(v::int) FROM remote.one WHERE id ^@ 'one';
ALTER FOREIGN TABLE remote.one OPTIONS (SET batch_size '100000');
INSERT INTO remote.one SELECT 'many' || i, i FROM generate_series(1, 25000) i;
SELECT count(*), sum(v::int) FROM remote.one WHERE id ^@ 'many';
UPDATE remote.one SET v = v::int + 1 WHERE id ^@ 'many';
SELECT count(*), sum(v::int) FROM remote.one WHERE id ^@ 'many';
DELETE FROM remote.one WHERE id ^@ 'many';
SELECT count(*) FROM remote.one WHERE id ^@ 'many';

TRUNCATE remote.t;
SELECT count(*) FROM remote.t;
