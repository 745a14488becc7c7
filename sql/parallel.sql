-- Parallel scans: the leader and its workers share the parts of a table.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int, grp text);
INSERT INTO local.t SELECT 'k' || to_char(i, 'FM00000'), CASE WHEN i % 7 > 0 THEN i END, CASE WHEN i % 5 > 0 THEN 'g' || i % 11 END FROM generate_series(1, 5000) i;
\! $CREATE parallel f
SELECT line FROM local.t, LATERAL (VALUES (cell(id, 'f:n', n::text)), (cell(id, 'f:grp', grp)), (cell(id, 'f:other', 'x'))) v(line) WHERE line IS NOT NULL
\g |$LOAD parallel
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n'),
  grp text OPTIONS (family 'f', qualifier 'grp')) SERVER bt OPTIONS (table_name 'parallel');
CREATE TABLE test.names (grp text, name text);
INSERT INTO names SELECT 'g' || i, 'name ' || i FROM generate_series(0, 8) i;
ANALYZE names;

-- by default the planner weighs it: a copy of all rows is not worth it
SET max_parallel_workers_per_gather = 2;
SELECT plan($$SELECT * FROM t$$);
SELECT plan($$SELECT count(*) FROM t$$);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT check_query($$SELECT count(*), count(n), sum(n), min(id), max(grp) FROM t$$);
SELECT check_query($$SELECT * FROM t$$);
SELECT check_query($$SELECT grp, count(*), sum(n) FROM t WHERE id > 'k01' GROUP BY grp$$);
SELECT check_query($$SELECT id, n FROM t WHERE n % 3 = 1 ORDER BY id$$, true);
SELECT check_query($$SELECT id, n FROM t WHERE n % 3 = 1 ORDER BY id DESC$$, true);
SELECT check_query($$SELECT name, count(*), sum(n) FROM t JOIN names USING (grp) GROUP BY name$$);
SELECT check_query($$SELECT count(*) FROM t WHERE id BETWEEN 'k00100' AND 'k00900' OR id LIKE 'k04%'$$);

-- all queries of a list, with 0 to 4 workers, with and without the leader
CREATE TABLE test.queries (n serial, query text, ordered boolean DEFAULT false);
INSERT INTO queries (query) VALUES
  ($$SELECT count(*), sum(n) FROM t$$),
  ($$SELECT count(*), sum(n) FROM t WHERE id < 'k00300' OR id > 'k04500'$$),
  ($$SELECT count(*) FROM t WHERE id > 'x'$$),
  ($$SELECT count(*) FROM t WHERE id > 'k00500' AND id < 'k00400'$$),
  ($$SELECT count(*), count(n) FROM t WHERE grp = 'g3' AND n > 100$$),
  ($$SELECT id FROM t WHERE n IS NULL$$),
  ($$SELECT a.id, b.n FROM t a JOIN t b ON a.id = b.id AND a.n % 10 = 1$$),
  ($$SELECT a.id, b.n FROM t a LEFT JOIN t b ON 'k' || to_char(a.n + 1, 'FM00000') = b.id WHERE a.grp = 'g1'$$),
  ($$SELECT name, (SELECT count(*) FROM t WHERE t.grp = names.grp AND t.n > 10) FROM names$$),
  ($$SELECT x, s.* FROM generate_series(1, 3) x, LATERAL (SELECT count(*), max(n) FROM t WHERE n % 3 = x AND id > 'k0' || x) s$$),
  ($$SELECT count(*) FROM (SELECT id FROM t UNION ALL SELECT id FROM t WHERE n > 4000) s$$);
INSERT INTO queries (query, ordered) VALUES
  ($$SELECT id, grp FROM t WHERE length(grp) = 2 ORDER BY id$$, true),
  ($$SELECT id, grp FROM t WHERE length(grp) = 2 ORDER BY id DESC LIMIT 100$$, true),
  ($$SELECT grp, min(id) FROM t GROUP BY grp ORDER BY 1 NULLS FIRST$$, true);
SELECT count(*) AS parallel FROM queries WHERE plan_json(query)::text ~ '"Parallel Aware": true[^}]*"Relation Name": "t"|"Relation Name": "t"[^}]*"Parallel Aware": true';
CREATE FUNCTION test.differences() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT query || ': ' || result FROM queries, compare(query, ordered) result WHERE result ~ 'DIFF'
$$;
SELECT differences();
SET max_parallel_workers_per_gather = 1;
SELECT differences();
SET max_parallel_workers_per_gather = 4;
SELECT differences();
SET parallel_leader_participation = off;
SELECT differences();
RESET parallel_leader_participation;
SET max_parallel_workers = 0;
SELECT differences();
RESET max_parallel_workers;
SET max_parallel_workers_per_gather = 2;

-- rescans of a parallel plan
SET enable_material = off;
SELECT check_query($$SELECT x, s.* FROM generate_series(1, 3) x LEFT JOIN (SELECT grp, count(*) AS c FROM t WHERE n > 5 GROUP BY grp) s ON s.c % 3 = x$$);
RESET enable_material;
PREPARE above(text, int) AS SELECT count(*), sum(n) FROM t WHERE id > $1 AND n < $2;
SET plan_cache_mode = force_generic_plan;
EXECUTE above('k00100', 4000);
EXECUTE above('k04000', 5000);
EXECUTE above(NULL, 5000);
EXPLAIN (COSTS OFF) EXECUTE above('k04000', 5000);
RESET plan_cache_mode;
SELECT count(*), sum(n) FROM local.t WHERE id > 'k00100' AND n < 4000;
SELECT count(*), sum(n) FROM local.t WHERE id > 'k04000' AND n < 5000;

-- each row is read once, by whichever process
SELECT counters($$SELECT count(n) FROM t$$) ~ 'requests [0-9]+, rows 5000' AS once;
SELECT sum((node->>'Actual Rows')::numeric * (node->>'Actual Loops')::int) BETWEEN 4990 AND 5010 AS once
FROM jsonb_path_query(plan_json($$SELECT count(n) FROM t$$, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF'), 'strict $.** ? (exists(@."Requests"))') AS node;

-- few keys are not worth it, nor is a scan that is told its keys
SELECT plan($$SELECT n FROM t WHERE id IN ('k00001', 'k00002')$$);

-- an error in a worker
CREATE FOREIGN TABLE wrong (id text OPTIONS (row_key 'true') COLLATE "C", grp int OPTIONS (family 'f', qualifier 'grp')) SERVER bt OPTIONS (table_name 'parallel');
SET parallel_leader_participation = off;
SELECT regexp_replace(f, '"(g|k)\d+"', '"..."', 'g') FROM failure($$SELECT count(grp) FROM wrong$$) f WHERE f !~ 'parallel worker';
RESET parallel_leader_participation;
SELECT compare($$SELECT count(*), sum(n) FROM t$$);

-- lookups of rows that come in parallel
CREATE TABLE test.big AS SELECT 'k' || to_char(i % 6000, 'FM00000') AS fk, i FROM generate_series(1, 20000) i;
ANALYZE big;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT check_query($$SELECT count(*), sum(b.i), sum(t.n) FROM big b JOIN t ON t.id = b.fk$$);
SELECT check_query($$SELECT count(*), sum(b.i) FROM big b WHERE NOT EXISTS (SELECT FROM t WHERE t.id = b.fk)$$);
