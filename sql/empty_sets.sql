-- Conditions that no row can satisfy: nothing is asked for. (A request without
-- keys would mean the whole table.)
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int, v text COLLATE "C");
INSERT INTO local.t SELECT 'k' || i, i, 'v' || i FROM generate_series(1, 9) i;
\! $CREATE t f
SELECT line FROM local.t, LATERAL (VALUES (cell(id, 'f:n', binary(n))), (cell(id, 'f:v', v))) c(line)
\g |$LOAD t
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v') COLLATE "C") SERVER bt;

SELECT query, compare(query), counters(query) FROM unnest(ARRAY[
  $$SELECT * FROM t WHERE id > 'k5' AND id < 'k5'$$,
  $$SELECT * FROM t WHERE id > 'k5' AND id <= 'k5'$$,
  $$SELECT * FROM t WHERE id BETWEEN 'k5' AND 'k4'$$,
  $$SELECT * FROM t WHERE id IN ('k1', 'k2') AND id > 'k2'$$,
  $$SELECT * FROM t WHERE id = ''$$,
  $$SELECT * FROM t WHERE id < ''$$,
  $$SELECT * FROM t WHERE id IN ('')$$,
  $$SELECT * FROM t WHERE id IS NULL$$,
  $$SELECT * FROM t WHERE id LIKE 'k1%' AND id LIKE 'k2%'$$,
  $$SELECT * FROM t WHERE id LIKE ''$$,
  $$SELECT * FROM t WHERE id ^@ 'a' AND id ^@ 'b'$$,
  $$SELECT * FROM t WHERE (id < 'k1' OR id > 'k9') AND id BETWEEN 'k2' AND 'k3'$$,
  $$SELECT * FROM t WHERE id = 'k1' AND id <> 'k1'$$,
  $$SELECT count(*) FROM t WHERE id > 'k5' AND id < 'k5'$$,
  $$SELECT min(id) FROM t WHERE id > 'k5' AND id < 'k5'$$,
  $$SELECT * FROM t WHERE n > 5 AND n < 3$$,
  $$SELECT * FROM t WHERE n = 5000000000$$,
  $$SELECT * FROM t WHERE v < ''$$,
  $$SELECT * FROM t WHERE v LIKE 'a%' AND v LIKE 'b%'$$,
  $$SELECT * FROM t WHERE v > 'v5' AND v < 'v5' AND id > 'k1'$$,
  $$SELECT * FROM t WHERE id = ANY (ARRAY(SELECT 'k1' WHERE false))$$,
  $$SELECT * FROM t WHERE id = (SELECT 'k1' WHERE false)$$,
  $$SELECT * FROM t WHERE id > (SELECT NULL::text)$$,
  $$SELECT * FROM t LIMIT 0$$,
  $$SELECT * FROM t a JOIN t b ON b.id = a.v WHERE a.id = 'none'$$,
  $$SELECT x, t.n FROM (VALUES ('k1'), (NULL), ('')) v(x) LEFT JOIN t ON t.id = x$$
]) query;

-- one side of an OR may be empty
SELECT check_query($$SELECT * FROM t WHERE id = 'k3' OR (id > 'k5' AND id < 'k5')$$);
SELECT check_query($$SELECT * FROM t WHERE id IN ('', 'k3')$$);
SELECT check_query($$SELECT * FROM t WHERE id = 'k1' OR id IS NULL$$);

-- parameters
PREPARE p(text[]) AS SELECT * FROM t WHERE id = ANY ($1);
SET plan_cache_mode = force_generic_plan;
EXECUTE p('{k2}');
EXECUTE p('{}');
EXECUTE p(NULL);
SELECT counters($$EXECUTE p('{k2}')$$);
SELECT counters($$EXECUTE p('{}')$$);
SELECT counters($$EXECUTE p('{NULL}')$$);
SELECT counters($$EXECUTE p(NULL)$$);
SELECT counters($$EXECUTE p('{""}')$$);
RESET plan_cache_mode;

-- not even a server is needed
CREATE SERVER nowhere FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (project_id 'p', instance_id 'i', emulator_host 'localhost:1');
CREATE FOREIGN TABLE nothing (id text OPTIONS (row_key 'true')) SERVER nowhere;
SELECT * FROM nothing WHERE id IS NULL;
SELECT count(*) FROM nothing WHERE id = '';
EXPLAIN (COSTS OFF) SELECT * FROM nothing WHERE id = 'x';
DROP SERVER nowhere CASCADE;
