-- EXPLAIN of statements that write: what they will do, without doing it, and with
-- ANALYZE what they did.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

\! $CREATE t f g
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", n bigint OPTIONS (family 'f', qualifier 'n', encoding 'binary'), v text OPTIONS (family 'g', qualifier 'v') COLLATE "C") SERVER bt;
CREATE TABLE local.source (id text, n int);
INSERT INTO t SELECT 'k' || i, i, 'v' FROM generate_series(1, 9) i;

-- nobody is contacted: the server need not exist
CREATE SERVER nowhere FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (project_id 'p', instance_id 'i', emulator_host 'localhost:1');
CREATE FOREIGN TABLE nothing (id text OPTIONS (row_key 'true') COLLATE "C", n bigint OPTIONS (family 'f', qualifier 'n', encoding 'binary')) SERVER nowhere;
EXPLAIN (COSTS OFF) INSERT INTO nothing VALUES ('a', 1);
EXPLAIN (COSTS OFF) UPDATE nothing SET n = 1;
EXPLAIN (COSTS OFF) UPDATE nothing SET n = n + 1 WHERE id = 'a';
EXPLAIN (COSTS OFF) DELETE FROM nothing WHERE id > 'a';
EXPLAIN (COSTS OFF) DELETE FROM nothing WHERE n > 1;
DROP SERVER nowhere CASCADE;

-- INSERT
EXPLAIN (COSTS OFF) INSERT INTO t VALUES ('a', 1, 'one');
EXPLAIN (COSTS OFF, VERBOSE) INSERT INTO t VALUES ('a', 1, 'one');
EXPLAIN (COSTS OFF) INSERT INTO t (id, n) SELECT id, n FROM local.source;
EXPLAIN (COSTS OFF) INSERT INTO t VALUES ('a', 1, 'one') RETURNING *;
EXPLAIN (COSTS OFF) INSERT INTO t VALUES ('a', 1, 'one') ON CONFLICT DO NOTHING;
ALTER FOREIGN TABLE t OPTIONS (ADD insert_mode 'strict', ADD write_mode 'replace', ADD batch_size '5');
EXPLAIN (COSTS OFF) INSERT INTO t VALUES ('a', 1, 'one');
EXPLAIN (COSTS OFF) INSERT INTO t VALUES ('a', 1, 'one') ON CONFLICT DO NOTHING;
EXPLAIN (COSTS OFF) UPDATE t SET v = 'x' WHERE id = 'k1';
EXPLAIN (COSTS OFF) DELETE FROM t WHERE v = 'x';
ALTER FOREIGN TABLE t OPTIONS (DROP insert_mode, DROP write_mode, DROP batch_size);

-- UPDATE, DELETE
EXPLAIN (COSTS OFF) UPDATE t SET v = 'x' WHERE id = 'k1';
EXPLAIN (COSTS OFF, VERBOSE) UPDATE t SET v = 'x', n = n + 1 WHERE id > 'k1' AND v = 'v';
EXPLAIN (COSTS OFF) DELETE FROM t WHERE id = 'k1' AND n = 1;
EXPLAIN (COSTS OFF, VERBOSE) DELETE FROM t WHERE id IN ('k1', 'k2');
SELECT count(*), sum(n) FROM t;

-- triggers: each row is waited for
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER r AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION nothing();
EXPLAIN (COSTS OFF) INSERT INTO t VALUES ('a', 1, 'one');
EXPLAIN (COSTS OFF) UPDATE t SET v = 'x' WHERE id = 'k1';
DROP TRIGGER r ON t;

-- JSON has a property for each
SELECT key, value FROM jsonb_each(plan_json($$INSERT INTO t VALUES ('a', 1, 'one')$$, 'COSTS OFF, VERBOSE')) WHERE key ~ 'Bigtable|Mode|Batch|Operation' ORDER BY key COLLATE "C";
SELECT key, value FROM jsonb_each(plan_json($$UPDATE t SET n = n + 1 WHERE id = 'k1'$$)->'Plans'->0) WHERE key ~ 'Bigtable|Condition|Increment|Operation|Row ' ORDER BY key COLLATE "C";

-- ANALYZE does it, and counts
CREATE FUNCTION test.numbers(command text) RETURNS TABLE (name text, value text) LANGUAGE sql AS $$
  SELECT p.key, p.value #>> '{}' FROM jsonb_path_query(plan_json(command, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF'), 'strict $.** ? (@.type() == "object")') node, jsonb_each(node) p
  WHERE p.key IN ('Rows Written', 'Requests', 'Write Requests', 'Retries', 'Rows Returned') ORDER BY p.key COLLATE "C"
$$;
SELECT * FROM numbers($$INSERT INTO t SELECT 'a' || i, i FROM generate_series(1, 10) i$$);
SELECT * FROM numbers($$INSERT INTO t SELECT 'b' || i, i FROM generate_series(1, 3) i RETURNING *$$);
SELECT * FROM numbers($$INSERT INTO t SELECT 'b' || i, i FROM generate_series(2, 5) i ON CONFLICT DO NOTHING$$);
SELECT * FROM numbers($$UPDATE t SET v = 'x' WHERE id LIKE 'a%'$$);
SELECT * FROM numbers($$UPDATE t SET n = n + 1 WHERE id IN ('b1', 'b2')$$);
SELECT * FROM numbers($$DELETE FROM t WHERE id IN ('b1', 'b2')$$);
SELECT * FROM numbers($$DELETE FROM t WHERE id LIKE 'b%'$$);
SELECT * FROM numbers($$DELETE FROM t WHERE v = 'x'$$);
SELECT * FROM numbers($$DELETE FROM t WHERE id = ''$$);
SELECT * FROM numbers($$UPDATE t SET n = n + 1 WHERE id = ''$$);
SELECT * FROM numbers($$INSERT INTO t SELECT 'x', 1 WHERE false$$);
ALTER FOREIGN TABLE t OPTIONS (ADD batch_size '4');
SELECT * FROM numbers($$INSERT INTO t SELECT 'a' || i, i FROM generate_series(1, 10) i$$);
SELECT * FROM numbers($$INSERT INTO t SELECT 'a' || i % 2, i FROM generate_series(1, 4) i$$);
ALTER FOREIGN TABLE t OPTIONS (DROP batch_size);
SELECT id, n, v FROM t ORDER BY id;
