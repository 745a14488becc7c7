-- insert_mode 'strict', and ON CONFLICT DO NOTHING.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
\! $CREATE write_strict cf
CREATE FOREIGN TABLE remote.t (
  id text OPTIONS (row_key 'true') COLLATE "C" NOT NULL,
  a text OPTIONS (family 'cf', qualifier 'a'),
  b int OPTIONS (family 'cf', qualifier 'b')
) SERVER bt OPTIONS (table_name 'write_strict', insert_mode 'strict');
CREATE FOREIGN TABLE remote.upsert (
  id text OPTIONS (row_key 'true') COLLATE "C" NOT NULL,
  a text OPTIONS (family 'cf', qualifier 'a'),
  b int OPTIONS (family 'cf', qualifier 'b')
) SERVER bt OPTIONS (table_name 'write_strict');

INSERT INTO t VALUES ('a', 'one', 1), ('b', 'two', 2);
SELECT failure($$INSERT INTO t VALUES ('a', 'other', 3)$$);
SELECT failure($$INSERT INTO t VALUES ('a', 'other', 3) RETURNING *$$);
SELECT * FROM t;

-- a key twice in one statement: the first is written
SELECT failure($$INSERT INTO t VALUES ('c', 'first', 1), ('c', 'second', 2)$$);
SELECT * FROM t WHERE id = 'c';

-- a row of cells that are not mapped exists, too
SELECT cell('d', 'cf:other', 'x') \g |$LOAD write_strict
SELECT failure($$INSERT INTO t VALUES ('d', 'x', 1)$$);

-- ON CONFLICT DO NOTHING skips, in both modes, and counts what was written
CREATE FUNCTION inserted(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint; BEGIN EXECUTE statement; GET DIAGNOSTICS n = ROW_COUNT; RETURN n; END $$;
SELECT inserted($$INSERT INTO t VALUES ('a', 'skipped', 9), ('e', 'new', 5), ('d', 'skipped', 9) ON CONFLICT DO NOTHING$$);
SELECT inserted($$INSERT INTO upsert VALUES ('a', 'skipped', 9), ('f', 'new', 6) ON CONFLICT DO NOTHING$$);
SELECT inserted($$INSERT INTO upsert SELECT 'n' || i % 50, i, i FROM generate_series(1, 1000) i ON CONFLICT DO NOTHING$$);
INSERT INTO t VALUES ('a', 'skipped', 9), ('g', 'new', 7) ON CONFLICT DO NOTHING RETURNING id, a;
SELECT * FROM t WHERE id < 'h';
SELECT count(*), sum(b) FROM t WHERE id ^@ 'n';

-- a thousand rows at once, and one of them exists
SET client_min_messages = error;
SELECT inserted($$INSERT INTO t SELECT 'm' || lpad(i::text, 4, '0'), i, i FROM generate_series(1, 1000) i$$);
SELECT count(*), sum(b) FROM t WHERE id ^@ 'm';
DELETE FROM t WHERE id ^@ 'm' AND id <> 'm0500';
INSERT INTO t SELECT 'm' || lpad(i::text, 4, '0'), i, i FROM generate_series(401, 1000) i;
SELECT a FROM t WHERE id = 'm0500';
SELECT count(*) BETWEEN 100 AND 200 FROM t WHERE id ^@ 'm';

-- UPDATE and DELETE do not care
UPDATE t SET a = 'updated' WHERE id = 'a';
DELETE FROM t WHERE id = 'b';
INSERT INTO t VALUES ('b', 'again', 2);
SELECT * FROM t WHERE id < 'c';
EXPLAIN (COSTS OFF) INSERT INTO t VALUES ('z', 'z');
EXPLAIN (COSTS OFF) INSERT INTO upsert VALUES ('z', 'z') ON CONFLICT DO NOTHING;
