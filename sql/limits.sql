-- LIMIT: the server stops after as many rows only if each of them counts.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int, g int);
INSERT INTO local.t SELECT to_char(i, 'FM000'), i, i % 3 FROM generate_series(1, 200) i;
\! $CREATE t f
SELECT line FROM local.t, LATERAL (VALUES (cell(id, 'f:n', n::text)), (cell(id, 'f:g', g::text))) v(line)
\g |$LOAD t
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n'), g int OPTIONS (family 'f', qualifier 'g')) SERVER bt;

-- constants
SELECT check_query($$SELECT * FROM t ORDER BY id LIMIT 5$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id LIMIT 5 OFFSET 10$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id OFFSET 195$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id FETCH FIRST 2 ROWS ONLY$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id LIMIT 1000$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id LIMIT 5 OFFSET 1000$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id LIMIT 0$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id LIMIT ALL$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id LIMIT NULL$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id LIMIT 3 OFFSET NULL$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id LIMIT 2 + 2$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id LIMIT 9223372036854775807 OFFSET 1$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id LIMIT 9223372036854775807 OFFSET 9223372036854775807$$, true);
SELECT check_query($$SELECT * FROM t WHERE id > '100' ORDER BY id LIMIT 2$$, true);
SELECT check_query($$SELECT * FROM t WHERE id IN ('199', '003', '050', '777') ORDER BY id LIMIT 2$$, true);
SELECT p FROM plan($$SELECT id FROM (SELECT * FROM t ORDER BY id LIMIT 3) s$$) p WHERE p ~ 'Row';
SELECT compare($$SELECT id FROM (SELECT * FROM t ORDER BY id LIMIT 3) s$$, true);
SELECT plan($$SELECT * FROM t LIMIT 5$$);
SELECT count(*) FROM (SELECT * FROM t LIMIT 5) s;
SELECT count(*) FROM (SELECT FROM t LIMIT 5 OFFSET 198) s;

-- how many rows come
SELECT counters($$SELECT * FROM t LIMIT 5$$);
SELECT counters($$SELECT * FROM t LIMIT 5 OFFSET 10$$);
SELECT counters($$SELECT * FROM t ORDER BY id LIMIT 0$$);
SELECT counters($$SELECT * FROM t WHERE id > '100' LIMIT 1$$);
SELECT counters($$SELECT min(id) FROM t$$);
SELECT counters($$SELECT EXISTS (SELECT FROM t)$$);

-- what stands between the scan and the limit
SELECT check_query($$SELECT * FROM t WHERE n > 50 ORDER BY id LIMIT 2$$, true);
SELECT check_query($$SELECT * FROM t WHERE g = 1 ORDER BY id LIMIT 2$$, true);
SELECT check_query($$SELECT * FROM t WHERE id LIKE '1%5' ORDER BY id LIMIT 2$$, true);
SELECT check_query($$SELECT * FROM t WHERE id NOT IN ('001', '002') ORDER BY id LIMIT 2$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY n LIMIT 2$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY n DESC LIMIT 2$$, true);
SELECT check_query($$SELECT count(*) FROM t LIMIT 1$$);
SELECT compare($$SELECT DISTINCT g FROM t ORDER BY g LIMIT 2$$, true);
SELECT compare($$SELECT g, count(*) FROM t GROUP BY g ORDER BY g LIMIT 2$$, true);
SELECT compare($$SELECT id, count(*) FROM t GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT 2$$, true);
SELECT check_query($$SELECT id, generate_series(1, 2) FROM t ORDER BY id LIMIT 3$$, true);
SELECT compare($$SELECT id, sum(n) OVER (ORDER BY id) FROM t ORDER BY id LIMIT 3$$, true);
SELECT compare($$SELECT id FROM t ORDER BY g FETCH FIRST 1 ROW WITH TIES$$);
SELECT compare($$SELECT id FROM t WHERE id > '100' UNION ALL SELECT id FROM t WHERE id < '003' ORDER BY id LIMIT 5$$, true);
SELECT compare($$(SELECT id FROM t ORDER BY id LIMIT 2) UNION ALL (SELECT id FROM t WHERE id > '100' ORDER BY id LIMIT 3)$$, true);
SELECT compare($$SELECT id FROM (SELECT * FROM t ORDER BY id LIMIT 10) s WHERE n > 5 ORDER BY id LIMIT 3$$, true);
SELECT compare($$SELECT id FROM (SELECT * FROM t ORDER BY id LIMIT 10) s WHERE id > '005'$$);
SELECT compare($$SELECT id FROM t WHERE n = (SELECT 7) LIMIT 1$$);
SELECT compare($$SELECT id FROM t WHERE id > (SELECT min(id) FROM t) ORDER BY id LIMIT 2$$, true);
SELECT compare($$SELECT a.id, b.id FROM t a JOIN t b ON b.id = a.id WHERE a.g = 1 ORDER BY a.id LIMIT 3$$, true);
SELECT compare($$SELECT a.id, b.n FROM t a LEFT JOIN t b ON b.id = a.id AND b.g = 2 ORDER BY a.id LIMIT 3$$, true);
SELECT compare($$SELECT a.id, s.id FROM t a, LATERAL (SELECT id FROM t b WHERE b.id > a.id ORDER BY id LIMIT 2) s WHERE a.id < '004' ORDER BY 1, 2$$, true);
SELECT compare($$SELECT id FROM t ORDER BY id LIMIT 3 FOR UPDATE$$, true);
SELECT compare($$WITH x AS (SELECT id FROM t ORDER BY id LIMIT 3) SELECT * FROM x a, x b$$);

SELECT query, count(*) FILTER (WHERE p ~ 'Row Limit') AS limits FROM unnest(ARRAY[
  'SELECT DISTINCT g FROM t ORDER BY g LIMIT 2',
  'SELECT DISTINCT id FROM t ORDER BY id LIMIT 2',
  'SELECT g, count(*) FROM t GROUP BY g ORDER BY g LIMIT 2',
  'SELECT id, sum(n) OVER (ORDER BY id) FROM t ORDER BY id LIMIT 3',
  'SELECT id FROM t ORDER BY g FETCH FIRST 1 ROW WITH TIES',
  'SELECT id FROM t ORDER BY id FETCH FIRST 1 ROW WITH TIES',
  'SELECT a.id, b.id FROM t a JOIN t b ON b.id = a.id ORDER BY a.id LIMIT 3',
  'SELECT a.id, b.id FROM t a LEFT JOIN t b ON b.id = a.id ORDER BY a.id LIMIT 3',
  'SELECT id FROM t ORDER BY id LIMIT 3 FOR UPDATE',
  'SELECT id FROM t ORDER BY id LIMIT (random() * 5)::int',
  'SELECT id FROM t UNION ALL SELECT id FROM t ORDER BY id LIMIT 3',
  'SELECT id FROM (SELECT id FROM t ORDER BY id OFFSET 0) s LIMIT 3'
]) query, plan(query) p GROUP BY query ORDER BY query COLLATE "C";

-- parameters, before and after the plan turns generic
PREPARE page(bigint, bigint) AS SELECT id FROM t ORDER BY id LIMIT $1 OFFSET $2;
EXPLAIN (COSTS OFF) EXECUTE page(2, 10);
EXECUTE page(2, 10);
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE page(2, 10);
EXECUTE page(2, 10);
EXECUTE page(1, 0);
EXECUTE page(0, 0);
EXECUTE page(3, NULL);
EXECUTE page(NULL, 198);
EXECUTE page(2, 199);
SELECT counters('EXECUTE page(2, 10)');
SELECT counters('EXECUTE page(0, 10)');
SELECT failure('EXECUTE page(-1, 0)');
SELECT failure('EXECUTE page(1, -1)');
RESET plan_cache_mode;
DEALLOCATE page;
PREPARE after(int, text) AS SELECT id FROM t WHERE id > $2 ORDER BY id LIMIT $1;
EXECUTE after(1, '010');
EXECUTE after(2, '020');
EXECUTE after(3, '030');
EXECUTE after(1, '040');
EXECUTE after(2, '050');
EXECUTE after(3, '060');
EXECUTE after(1, '070');
SELECT counters($$EXECUTE after(3, '080')$$);
DEALLOCATE after;
SELECT failure('SELECT * FROM t LIMIT -1');
SELECT failure('SELECT * FROM t LIMIT 1 OFFSET -1');

-- a partition is not the only one that counts
CREATE TABLE local.part (LIKE local.t) PARTITION BY RANGE (id);
CREATE TABLE local.part1 PARTITION OF local.part FOR VALUES FROM (MINVALUE) TO ('101');
CREATE TABLE local.part2 PARTITION OF local.part FOR VALUES FROM ('101') TO (MAXVALUE);
INSERT INTO local.part SELECT * FROM local.t;
CREATE TABLE part (id text COLLATE "C", n int, g int) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE part1 (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n'), g int OPTIONS (family 'f', qualifier 'g'))
SERVER bt OPTIONS (table_name 't1');
ALTER TABLE part ATTACH PARTITION part1 FOR VALUES FROM (MINVALUE) TO ('101');
\! $CREATE t1 f
SELECT line FROM local.t, LATERAL (VALUES (cell(id, 'f:n', n::text)), (cell(id, 'f:g', g::text))) v(line) WHERE id < '101'
\g |$LOAD t1
CREATE TABLE part2 PARTITION OF part FOR VALUES FROM ('101') TO (MAXVALUE);
INSERT INTO part2 SELECT * FROM local.t WHERE id >= '101';
SELECT compare($$SELECT id FROM part WHERE id < '101' ORDER BY id LIMIT 3$$, true);
SELECT compare($$SELECT id FROM part WHERE id > '098' ORDER BY id LIMIT 5$$, true);
