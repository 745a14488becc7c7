-- UPDATE of counters, and DELETE by the key alone, need no read.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
\! $CREATE direct cf g
CREATE FOREIGN TABLE remote.t (
  id text OPTIONS (row_key 'true') COLLATE "C" NOT NULL,
  n bigint OPTIONS (family 'cf', qualifier 'n', encoding 'binary'),
  m bigint OPTIONS (family 'g', qualifier 'm', encoding 'binary'),
  i int OPTIONS (family 'cf', qualifier 'i', encoding 'binary'),
  x bigint OPTIONS (family 'cf', qualifier 'x'),
  a text OPTIONS (family 'cf', qualifier 'a')
) SERVER bt OPTIONS (table_name 'direct');
INSERT INTO t SELECT 'k' || lpad(i::text, 2, '0'), i, 100 * i, i, i, 'a' || i FROM generate_series(1, 20) i;

-- what is direct
EXPLAIN (VERBOSE, COSTS OFF) UPDATE t SET n = n + 1 WHERE id = 'k01';
EXPLAIN (COSTS OFF) UPDATE t SET n = 2 + n, m = m - 5::smallint WHERE id IN ('k01', 'k02');
EXPLAIN (COSTS OFF) UPDATE t SET n = n + length('abc') WHERE id = 'k01' RETURNING id, n;
EXPLAIN (COSTS OFF) DELETE FROM t WHERE id = 'k01';
EXPLAIN (COSTS OFF) DELETE FROM t WHERE id = ANY ('{k01,k02}') OR id = 'k05';
EXPLAIN (COSTS OFF) DELETE FROM t WHERE id >= 'k01' AND id < 'k05';
EXPLAIN (COSTS OFF) DELETE FROM t WHERE id ^@ 'k1';
EXPLAIN (COSTS OFF) DELETE FROM t;

-- what is not: ranges, other columns, types and conditions, values of the row, volatile ones, more RETURNING
CREATE FUNCTION is_direct(command text) RETURNS boolean LANGUAGE sql AS
$$ SELECT bool_or(line ~ '->  Foreign (Update|Delete)') FROM plan(command) line $$;
SELECT command, is_direct(command) FROM unnest(ARRAY[
  $$UPDATE t SET n = n + 1 WHERE id = 'k01'$$,
  $$UPDATE t SET n = n + 1 WHERE id > 'k01'$$,
  $$UPDATE t SET n = n + 1$$,
  $$UPDATE t SET n = n + 1 WHERE id = 'k01' AND a = 'a1'$$,
  $$UPDATE t SET n = n + 1, a = 'x' WHERE id = 'k01'$$,
  $$UPDATE t SET n = n + m WHERE id = 'k01'$$,
  $$UPDATE t SET n = m + 1 WHERE id = 'k01'$$,
  $$UPDATE t SET n = 1 - n WHERE id = 'k01'$$,
  $$UPDATE t SET n = n * 2 WHERE id = 'k01'$$,
  $$UPDATE t SET n = n + (random() * 10)::int WHERE id = 'k01'$$,
  $$UPDATE t SET n = n + (SELECT 1) WHERE id = 'k01'$$,
  $$UPDATE t SET i = i + 1 WHERE id = 'k01'$$,
  $$UPDATE t SET x = x + 1 WHERE id = 'k01'$$,
  $$UPDATE t SET n = 1 WHERE id = 'k01'$$,
  $$UPDATE t SET n = n + 1 WHERE id = 'k01' RETURNING a$$,
  $$UPDATE t SET n = n + 1 WHERE id = 'k01' RETURNING t$$,
  $$UPDATE t SET n = n + 1 FROM (VALUES ('k01')) v (id) WHERE t.id = v.id$$,
  $$DELETE FROM t WHERE id = 'k01' RETURNING id$$,
  $$DELETE FROM t WHERE id = 'k01' AND a = 'a1'$$,
  $$DELETE FROM t WHERE a = 'a1'$$,
  $$DELETE FROM t WHERE id LIKE 'k%1'$$]) command;

-- counters
UPDATE t SET n = n + 1 WHERE id = 'k01';
UPDATE t SET n = n + 1 WHERE id = 'k01';
UPDATE t SET n = n - 3, m = 5 + m WHERE id IN ('k02', 'k03');
SELECT id, n, m FROM t WHERE id < 'k05';
UPDATE t SET n = n + 10 WHERE id = 'k01' RETURNING id, n;
UPDATE t SET n = n + 1, m = m + 1 WHERE id = ANY ('{k03,k01,k02}') RETURNING n + m AS sum, id, tableoid::regclass;
UPDATE t SET n = n + 1 WHERE id = 'k01' AND false;

-- a counter that is missing begins at 0, also in a row that is: as Bigtable counts
UPDATE t SET n = n + 7 WHERE id = 'new' RETURNING *;
UPDATE t SET n = n + 7 WHERE id = 'new';
SELECT * FROM t WHERE id = 'new';
PREPARE nothing (bigint) AS UPDATE t SET n = n + $1 WHERE id = 'k01';
EXECUTE nothing (NULL);
SET plan_cache_mode = force_generic_plan;
EXECUTE nothing (NULL);
SELECT n FROM t WHERE id = 'k01';

-- bigint does not wrap around
INSERT INTO t (id, n) VALUES ('max', 9223372036854775807);
SELECT failure($$UPDATE t SET n = n + 1 WHERE id = 'max'$$);
SELECT failure($$UPDATE t SET n = n - (-9223372036854775808) WHERE id = 'k01'$$);

-- a counter of another width is not for the server
SELECT cell('narrow', 'cf:n', '\x0001'::bytea) \g |$LOAD direct
SELECT state FROM (SELECT left(failure($$UPDATE t SET n = n + 1 WHERE id = 'narrow'$$), 40) AS state) s LIMIT 1;

-- parameters
SET plan_cache_mode = force_generic_plan;
PREPARE count (text, int) AS UPDATE t SET n = n + $2 WHERE id = $1 RETURNING n;
EXECUTE count ('k10', 5);
EXECUTE count ('k10', -1);
EXECUTE count (NULL, 1);
PREPARE remove (text) AS DELETE FROM t WHERE id = $1;
EXECUTE remove ('k10');
EXECUTE remove (NULL);
RESET plan_cache_mode;
DO $$ BEGIN FOR k IN 1 .. 100 LOOP UPDATE t SET n = n + k WHERE id = 'sum'; END LOOP; END $$;
SELECT n FROM t WHERE id = 'sum';
UPDATE t SET n = n + 1 WHERE id = ANY (ARRAY(SELECT 'many' || i FROM generate_series(1, 100) i));
SELECT count(*), sum(n) FROM t WHERE id ^@ 'many';

-- DELETE: by keys, whether or not they exist; by ranges
CREATE FUNCTION deleted(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint; BEGIN EXECUTE statement; GET DIAGNOSTICS n = ROW_COUNT; RETURN n; END $$;
SELECT deleted($$DELETE FROM t WHERE id = 'k01'$$);
SELECT deleted($$DELETE FROM t WHERE id IN ('k02', 'missing', 'k03')$$);
SELECT deleted($$DELETE FROM t WHERE id BETWEEN 'k04' AND 'k08'$$);
SELECT deleted($$DELETE FROM t WHERE id ^@ 'many' OR id = 'sum'$$);
SELECT deleted($$DELETE FROM t WHERE id = repeat('x', 5000)$$);
SELECT deleted($$DELETE FROM t WHERE id < 'a'$$);
SELECT id FROM t;
SELECT replace(line, '.00', '') FROM plan($$UPDATE t SET n = n + 1 WHERE id = 'k12'$$, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF') line;
SELECT replace(line, '.00', '') FROM plan($$DELETE FROM t WHERE id IN ('k12', 'k13')$$, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF') line;
SELECT replace(line, '.00', '') FROM plan($$DELETE FROM t WHERE id ^@ 'k'$$, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF') line;
SELECT deleted($$DELETE FROM t$$);
SELECT count(*) FROM t;
