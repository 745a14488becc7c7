-- UPDATE of counters: one atomic increment a row, without reading it first. Each
-- form has its plan, and its rows compared with a local copy.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n bigint, m bigint, v text COLLATE "C", i int);
\! $CREATE t f g
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", n bigint OPTIONS (family 'f', qualifier 'n', encoding 'binary'), m bigint OPTIONS (family 'g', qualifier 'm', encoding 'binary'),
  v text OPTIONS (family 'f', qualifier 'v') COLLATE "C", i int OPTIONS (family 'f', qualifier 'i', encoding 'binary')) SERVER bt;
CREATE FUNCTION test.fill() RETURNS text LANGUAGE sql AS $$
  TRUNCATE remote.t, local.t;
  INSERT INTO local.t SELECT 'k' || i, i, i * 10, 'v' || i, i FROM generate_series(10, 40) i;
  INSERT INTO remote.t SELECT * FROM local.t;
  SELECT compare('SELECT * FROM t');
$$;
-- The plan, then what the command does.
CREATE FUNCTION test.check_change(command text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT plan(command) UNION ALL SELECT change(command)
$$;
-- Does the plan read rows?
CREATE FUNCTION test.kind(command text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT CASE WHEN bool_or(p ~ 'Foreign (Update|Delete)') THEN 'direct' ELSE 'reads first' END FROM plan(command) p
$$;
SELECT fill();

-- counters
SELECT check_change($$UPDATE t SET n = n + 1 WHERE id = 'k10'$$);
SELECT check_change($$UPDATE t SET n = n - 3, m = 5 + m WHERE id IN ('k11', 'k12')$$);
SELECT check_change($$UPDATE t SET n = n + 1::int2 WHERE id = ANY ('{k13,k14}')$$);
SELECT check_change($$UPDATE t SET n = 1000000 + n WHERE id = 'k15' OR id = 'k16'$$);
SELECT check_change($$UPDATE t SET n = n + length('abc') * 2 WHERE id = lower('K17')$$);
SELECT change($$UPDATE t SET n = n + (SELECT max(i) FROM generate_series(1, 3) i) WHERE id = 'k18'$$);
SELECT change($$UPDATE t SET n = n + 0 WHERE id = (SELECT 'k19')$$);
SELECT check_change($$UPDATE t SET n = n - (-9223372036854775707) WHERE id = 'k20'$$);
SELECT check_change($$UPDATE t SET n = n + 1 WHERE id IS NULL$$);
SELECT check_change($$UPDATE t SET n = n + 1 WHERE id = ''$$);
SELECT check_change($$UPDATE t SET n = n + 1 WHERE false$$);
SELECT check_change($$UPDATE t SET n = n + 1 WHERE id IN ('k21', 'k21', 'k21')$$);
SELECT check_change($$UPDATE t SET n = n + 1 WHERE id IN ('k21', 'k22') AND id > 'k21'$$);
SELECT check_change($$UPDATE t SET n = n + 1 WHERE id = 'k22' RETURNING id, n, n * 2 AS twice$$);
SELECT check_change($$UPDATE t SET n = n + 1, m = m + 1 WHERE id IN ('k23', 'k24') RETURNING n, m, id$$);
SELECT change($$WITH w AS (UPDATE t SET n = n + 1 WHERE id IN ('k25', 'k26') RETURNING n) SELECT sum(n) FROM w$$);
SELECT count(*) FROM (SELECT change(format('UPDATE t SET n = n + %s WHERE id = %L', i, 'k' || 10 + i % 5)) FROM generate_series(1, 50) i) s;
SELECT change($$UPDATE t SET n = n + 1 WHERE id = ANY (ARRAY(SELECT 'k' || i FROM generate_series(10, 40) i))$$);

-- the cell is eight bytes, and a new version
TRUNCATE t;
SELECT cell('c', 'f:n', binary(41::bigint))
\g |$LOAD t
UPDATE t SET n = n + 1 WHERE id = 'c';
\set cells `$READ t`
SELECT * FROM written(:'cells');

-- a counter that does not exist begins at 0, and a row with it
UPDATE t SET n = n + 5 WHERE id = 'new' RETURNING id, n;
UPDATE t SET m = m - 5 WHERE id IN ('c', 'new');
\echo :ROW_COUNT
SELECT * FROM t ORDER BY id;

-- INSERT, UPDATE and increments in turns: each sees the others
INSERT INTO t (id, n) VALUES ('turns', 10);
UPDATE t SET n = n + 1 WHERE id = 'turns';
UPDATE t SET n = 100 WHERE id = 'turns';
UPDATE t SET n = n + 1 WHERE id = 'turns';
INSERT INTO t (id, n) VALUES ('turns', 1000);
UPDATE t SET n = n + 1 WHERE id = 'turns' RETURNING n;
UPDATE t SET n = NULL, v = 'v' WHERE id = 'turns';
UPDATE t SET n = n + 1 WHERE id = 'turns' RETURNING n;
DELETE FROM t WHERE id = 'turns';
UPDATE t SET n = n + 1 WHERE id = 'turns' RETURNING n;

-- out of range
INSERT INTO t (id, n) VALUES ('max', 9223372036854775807), ('min', -9223372036854775808), ('edge', 9223372036854775806);
SELECT failure($$UPDATE t SET n = n + 1 WHERE id = 'max'$$);
SELECT failure($$UPDATE t SET n = n - 1 WHERE id = 'min'$$);
SELECT failure($$UPDATE t SET n = n - (-9223372036854775808) WHERE id = 'c'$$);
UPDATE t SET n = n + 1 WHERE id = 'edge' RETURNING n;
UPDATE t SET n = n + NULL WHERE id = 'c' RETURNING id, n;
SELECT failure($$UPDATE t SET n = n + (SELECT NULL::bigint) WHERE id = 'c'$$);

-- a cell that is no counter
SELECT cell('short', 'f:n', '\x01'::bytea) UNION ALL SELECT cell('empty', 'f:n', ''::bytea)
\g |$LOAD t
SELECT failure($$UPDATE t SET n = n + 1 WHERE id = 'short'$$);
SELECT failure($$UPDATE t SET n = n + 1 WHERE id = 'empty'$$);

-- not direct: what is no increment, or not of one key, or not of a counter
SELECT fill();
SELECT command, kind(command) FROM unnest(ARRAY[
  $$UPDATE t SET n = n + 1$$,
  $$UPDATE t SET n = n + 1 WHERE id > 'k1'$$,
  $$UPDATE t SET n = n + 1 WHERE id LIKE 'k1%'$$,
  $$UPDATE t SET n = n + 1 WHERE n = 1$$,
  $$UPDATE t SET n = n + 1 WHERE id = 'k10' AND n = 1$$,
  $$UPDATE t SET n = n + 1 WHERE id = 'k10' AND v IS NOT NULL$$,
  $$UPDATE t SET n = n + 1 WHERE id = 'k10' AND random() >= 0$$,
  $$UPDATE t SET n = n + 1, v = 'v' WHERE id = 'k10'$$,
  $$UPDATE t SET n = m + 1 WHERE id = 'k10'$$,
  $$UPDATE t SET n = n + m WHERE id = 'k10'$$,
  $$UPDATE t SET n = n + n WHERE id = 'k10'$$,
  $$UPDATE t SET n = 1 - n WHERE id = 'k10'$$,
  $$UPDATE t SET n = n * 2 WHERE id = 'k10'$$,
  $$UPDATE t SET n = n + 1 + 1 WHERE id = 'k10'$$,
  $$UPDATE t SET n = -n WHERE id = 'k10'$$,
  $$UPDATE t SET n = n + 1.0 WHERE id = 'k10'$$,
  $$UPDATE t SET n = n + (random() * 0)::int WHERE id = 'k10'$$,
  $$UPDATE t SET n = n + (SELECT count(*) FROM generate_series(1, n)) WHERE id = 'k10'$$,
  $$UPDATE t SET n = 5 WHERE id = 'k10'$$,
  $$UPDATE t SET n = n WHERE id = 'k10'$$,
  $$UPDATE t SET i = i + 1 WHERE id = 'k10'$$,
  $$UPDATE t SET n = n + 1 WHERE id = 'k10' RETURNING v$$,
  $$UPDATE t SET n = n + 1 WHERE id = 'k10' RETURNING *$$,
  $$UPDATE t SET n = n + 1 WHERE id = 'k10' RETURNING t$$,
  $$UPDATE t SET n = n + 1, id = id WHERE id = 'k10'$$,
  $$UPDATE t SET n = n + x FROM (VALUES ('k10', 1)) s(k, x) WHERE k = id$$,
  $$UPDATE t SET n = n + 1 FROM (VALUES ('k10')) s(k) WHERE k = id$$,
  $$UPDATE t SET n = n + 1 WHERE id IN (SELECT 'k10' UNION ALL SELECT 'k11')$$
]) command;
SELECT count(*) AS changes, bool_and(result !~ 'DIFFERENT') AS "as in the local copy" FROM unnest(ARRAY[
  $$UPDATE t SET n = n + 1$$,
  $$UPDATE t SET n = n + 1 WHERE id LIKE 'k1%'$$,
  $$UPDATE t SET n = n + 1 WHERE id = 'k10' AND v IS NOT NULL$$,
  $$UPDATE t SET n = n + 1, v = 'v' WHERE id = 'k10'$$,
  $$UPDATE t SET n = n + m WHERE id = 'k10'$$,
  $$UPDATE t SET n = 1 - n WHERE id = 'k10'$$,
  $$UPDATE t SET n = n + 1 + 1 WHERE id = 'k10'$$,
  $$UPDATE t SET i = i + 1 WHERE id = 'k10'$$,
  $$UPDATE t SET n = n + 1 WHERE id = 'k10' RETURNING *$$,
  $$UPDATE t SET n = n + x FROM (VALUES ('k10', 1)) s(k, x) WHERE k = id$$,
  $$UPDATE t SET n = n + 1 WHERE id = 'none' RETURNING *$$
]) command, change(command) result;

-- a counter in text is none
ALTER FOREIGN TABLE t ALTER n OPTIONS (SET encoding 'text');
SELECT kind($$UPDATE t SET n = n + 1 WHERE id = 'k10'$$);
ALTER FOREIGN TABLE t ALTER n OPTIONS (SET encoding 'binary');

-- nor is one with triggers, constraints, or a view that checks
CREATE FUNCTION test.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER r BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT kind($$UPDATE t SET n = n + 1 WHERE id = 'k10'$$);
DROP TRIGGER r ON t;
CREATE TRIGGER s AFTER UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION nothing();
SELECT kind($$UPDATE t SET n = n + 1 WHERE id = 'k10'$$);
DROP TRIGGER s ON t;
ALTER FOREIGN TABLE t ADD CONSTRAINT small CHECK (n < 1000);
SELECT kind($$UPDATE t SET n = n + 1 WHERE id = 'k10'$$);
SELECT failure($$UPDATE t SET n = n + 5000 WHERE id = 'k10'$$);
ALTER FOREIGN TABLE t DROP CONSTRAINT small;
ALTER FOREIGN TABLE t ALTER v SET NOT NULL;
SELECT kind($$UPDATE t SET n = n + 1 WHERE id = 'k10'$$);
ALTER FOREIGN TABLE t ALTER v DROP NOT NULL;
UPDATE t SET n = 10 WHERE id = 'k10';
CREATE VIEW checked AS SELECT * FROM t WHERE n < 1000 WITH CHECK OPTION;
SELECT kind($$UPDATE checked SET n = n + 1 WHERE id = 'k10'$$);
SELECT failure($$UPDATE checked SET n = n + 5000 WHERE id = 'k10'$$);
CREATE VIEW plain AS SELECT id AS k, n AS number FROM t;
SELECT kind($$UPDATE plain SET number = number + 1 WHERE k = 'k10'$$);
ALTER FOREIGN TABLE t ADD COLUMN gen bigint OPTIONS (family 'f', qualifier 'gen') GENERATED ALWAYS AS (n * 2) STORED;
SELECT kind($$UPDATE t SET n = n + 1 WHERE id = 'k10'$$);
UPDATE t SET n = 7 WHERE id = 'k10';
UPDATE t SET n = n + 1 WHERE id = 'k10';
SELECT n, gen FROM t WHERE id = 'k10';
ALTER FOREIGN TABLE t DROP COLUMN gen;

-- a counter whose cell's time is a column, too, and versions
ALTER FOREIGN TABLE t ADD COLUMN at timestamptz OPTIONS (family 'f', qualifier 'n', cell 'timestamp');
SELECT kind($$UPDATE t SET n = n + 1 WHERE id = 'k10'$$);
SELECT kind($$UPDATE t SET n = n + 1, at = now() WHERE id = 'k10'$$);
ALTER FOREIGN TABLE t DROP COLUMN at;

-- a key that is no text
\! $CREATE b f
CREATE FOREIGN TABLE b (id bytea OPTIONS (row_key 'true'), n bigint OPTIONS (family 'f', qualifier 'n', encoding 'binary')) SERVER bt;
CREATE FOREIGN TABLE d (id date OPTIONS (row_key 'true'), n bigint OPTIONS (family 'f', qualifier 'n', encoding 'binary')) SERVER bt OPTIONS (table_name 'b');
CREATE FOREIGN TABLE i (id int OPTIONS (row_key 'true', encoding 'binary'), n bigint OPTIONS (family 'f', qualifier 'n', encoding 'binary')) SERVER bt OPTIONS (table_name 'b');
UPDATE b SET n = n + 1 WHERE id IN ('\x00', '\xff00');
UPDATE d SET n = n + 2 WHERE id = '2024-02-29';
UPDATE i SET n = n + 3 WHERE id IN (1, -1) RETURNING id, n;
SELECT * FROM b ORDER BY id;
DELETE FROM b WHERE id > '\xff';
DELETE FROM d WHERE id = '2024-02-29';
DELETE FROM i WHERE id = 1;
SELECT * FROM b ORDER BY id;
\set cells `$READ b`
SELECT * FROM written(:'cells');

-- no row can be made whose key is too long; the others are not incremented, either
SELECT failure($$UPDATE b SET n = n + 1 WHERE id IN ('\x00', convert_to(repeat('k', 4097), 'UTF8'))$$);
SELECT * FROM b ORDER BY id;

-- counters through a parent
CREATE TABLE parent (id text COLLATE "C", n bigint) PARTITION BY RANGE (id);
\! $CREATE child f
CREATE FOREIGN TABLE child (id text OPTIONS (row_key 'true') COLLATE "C", n bigint OPTIONS (family 'f', qualifier 'n', encoding 'binary')) SERVER bt;
ALTER TABLE parent ATTACH PARTITION child FOR VALUES FROM ('a') TO ('m');
CREATE TABLE local_child PARTITION OF parent FOR VALUES FROM ('m') TO ('z');
INSERT INTO parent VALUES ('a', 1), ('b', 2), ('n', 3);
UPDATE parent SET n = n + 1 WHERE id IN ('a', 'n');
UPDATE parent SET n = n + 1 WHERE id = 'b' RETURNING *;
SELECT * FROM parent ORDER BY id;
DELETE FROM parent WHERE id IN ('a', 'n');
SELECT * FROM parent ORDER BY id;
-- a row that would not belong to the partition is not made
SELECT failure($$UPDATE child SET n = n + 1 WHERE id = 'x'$$);
SELECT * FROM child ORDER BY id;
