-- EXPLAIN: what is asked for; with ANALYZE, what came of it.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int, v text);
INSERT INTO local.t SELECT to_char(i, 'FM00'), i, 'v' || i FROM generate_series(1, 50) i;
\! $CREATE t f
SELECT line FROM local.t, LATERAL (VALUES (cell(id, 'f:n', n::text)), (cell(id, 'f:v', v))) c(line)
\g |$LOAD t
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n'), v text OPTIONS (family 'f', qualifier 'v') COLLATE "C") SERVER bt;
CREATE FOREIGN TABLE other_name (id bytea OPTIONS (row_key 'true'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (table_name 't');

-- without ANALYZE nobody is contacted: the server need not exist
CREATE SERVER nowhere FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (project_id 'p', instance_id 'i', emulator_host 'localhost:1');
CREATE FOREIGN TABLE nothing (id text OPTIONS (row_key 'true') COLLATE "C", "f:q" text) SERVER nowhere;
EXPLAIN (COSTS OFF) SELECT * FROM nothing WHERE id > 'a' AND "f:q" = 'b' ORDER BY id LIMIT 3;
EXPLAIN (COSTS OFF, VERBOSE) SELECT * FROM nothing WHERE id > 'a' AND "f:q" = 'b' ORDER BY id LIMIT 3;
DROP SERVER nowhere CASCADE;

-- the forms of a key
EXPLAIN (COSTS OFF) SELECT * FROM other_name WHERE id IN ('plain', '"quoted"', 'back\\slash', '\x00ff0a', '\xe697a5e69cac');
EXPLAIN (COSTS OFF) SELECT * FROM other_name WHERE id >= '\xe697';
EXPLAIN (COSTS OFF) SELECT * FROM t WHERE id > repeat('x', 100);
EXPLAIN (COSTS OFF) SELECT * FROM t WHERE id = ANY (ARRAY['1', '2', '3', '4', '5']);
EXPLAIN (COSTS OFF) SELECT * FROM t WHERE id = ANY (ARRAY['1', '2', '3', '4', '5', '6']);
EXPLAIN (COSTS OFF, VERBOSE) SELECT v FROM t WHERE v = e'a\n"\\' OR v > repeat('x', 100);

-- JSON has a property for each
SELECT key, value FROM jsonb_each(plan_json($$SELECT id FROM t WHERE id >= '05' AND v > 'v' ORDER BY id$$, 'COSTS OFF, VERBOSE'))
WHERE key ~ 'Bigtable|Condition|Row ' ORDER BY key COLLATE "C";
SELECT key, value FROM jsonb_each(plan_json($$SELECT id FROM t WHERE id >= '05' ORDER BY id LIMIT 3 OFFSET 1$$)->'Plans'->0)
WHERE key ~ 'Bigtable|Condition|Row ' ORDER BY key COLLATE "C";
SELECT key, jsonb_typeof(value) FROM jsonb_each(plan_json($$SELECT id FROM t WHERE id >= '05'$$, 'ANALYZE, COSTS OFF'))
WHERE key ~ 'Requests|Retries|Messages|Bytes|^Rows (Seen|Returned)' ORDER BY key COLLATE "C";

-- counters: what was returned, and whether it makes sense
SELECT regexp_replace(p, '\d+', 'N') FROM plan($$SELECT * FROM t WHERE id >= '05'$$, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF') p WHERE p ~ 'Requests|Retries|Messages|Bytes|Rows Returned';
SELECT name, value >= least AS enough, value <= most AS "not too much"
FROM (VALUES ('Requests', 1, 1), ('Retries', 0, 0), ('Messages', 1, 60), ('Bytes Received', 500, 20000), ('Rows Returned', 46, 46)) v(name, least, most),
  LATERAL (SELECT (plan_json($$SELECT * FROM t WHERE id >= '05'$$, 'ANALYZE, COSTS OFF')->>name)::bigint) c(value);
SELECT counters($$SELECT * FROM t$$);
SELECT counters($$SELECT * FROM t WHERE n > 40$$);
SELECT counters($$SELECT * FROM t WHERE v = 'v40'$$);
SELECT counters($$SELECT * FROM t WHERE id = '40'$$);
SELECT counters($$SELECT * FROM t WHERE id IN ('40', '41', 'x')$$);
SELECT counters($$SELECT count(*) FROM t$$);
SELECT counters($$SELECT * FROM t WHERE id IS NULL$$);
SELECT counters($$SELECT * FROM t a, t b WHERE a.id = '01' AND b.id = '02'$$);
-- not executed: the sub-plan is never reached
SELECT counters($$SELECT CASE WHEN n < 0 THEN (SELECT b.n FROM t b WHERE b.id = a.v) END FROM t a WHERE id = '01'$$);
-- ANALYZE shows what was asked for as EXPLAIN does
SELECT p FROM plan($$SELECT id FROM t WHERE id > '10' AND id < '20' ORDER BY id LIMIT 2$$, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF') p WHERE p ~ 'Key|Row (Set|Order|Limit)';

-- costs: an estimate needs no contact, and a key is unique
SELECT p ~ 'rows=1 ' FROM plan($$SELECT * FROM t WHERE id = '01'$$, 'FORMAT TEXT') p WHERE p ~ 'rows=';
SELECT p ~ 'rows=3 ' FROM plan($$SELECT * FROM t WHERE id IN ('01', '02', '03')$$, 'FORMAT TEXT') p WHERE p ~ 'rows=';
SELECT p ~ 'rows=100000 ' FROM plan($$SELECT * FROM t$$, 'FORMAT TEXT') p WHERE p ~ 'rows=';
ALTER FOREIGN TABLE t OPTIONS (fdw_startup_cost '1000', fdw_tuple_cost '0');
SELECT p ~ 'cost=1000.00' FROM plan($$SELECT * FROM t$$, 'FORMAT TEXT') p WHERE p ~ 'rows=';
