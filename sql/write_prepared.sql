-- Prepared statements, also with generic plans, PL/pgSQL, writable CTEs, INSERT
-- from queries over other foreign tables, and changes of tables in between.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int, c bigint, v text COLLATE "C");
\! $CREATE t f
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n'), c bigint OPTIONS (family 'f', qualifier 'c', encoding 'binary'),
  v text OPTIONS (family 'f', qualifier 'v') COLLATE "C") SERVER bt;

-- prepared, with plans of both kinds
PREPARE ins(text, int, text) AS INSERT INTO t (id, n, v) VALUES ($1, $2, $3);
PREPARE ins_returning(text, int) AS INSERT INTO t (id, n) VALUES ($1, $2) RETURNING *;
PREPARE skip(text, int) AS INSERT INTO t (id, n) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id;
PREPARE many(int, int) AS INSERT INTO t (id, n) SELECT 'many ' || i, i FROM generate_series($1, $2) i;
PREPARE upd(text, int, text) AS UPDATE t SET n = $2, v = $3 WHERE id = $1;
PREPARE upd_range(text, text) AS UPDATE t SET n = n + 100 WHERE id BETWEEN $1 AND $2 RETURNING id, n;
PREPARE inc(text[], bigint) AS UPDATE t SET c = c + $2 WHERE id = ANY ($1) RETURNING id, c;
PREPARE del(text) AS DELETE FROM t WHERE id = $1;
PREPARE del_many(text[]) AS DELETE FROM t WHERE id = ANY ($1);
PREPARE del_range(text, text) AS DELETE FROM t WHERE id >= $1 AND id < $2;
PREPARE del_value(int) AS DELETE FROM t WHERE n = $1 RETURNING id;
SET plan_cache_mode = force_custom_plan;
EXECUTE ins('a', 1, 'one');
EXECUTE ins('b', 2, NULL);
EXECUTE ins('a', NULL, 'new');
EXECUTE ins_returning('c', 3);
EXECUTE skip('c', 4);
EXECUTE skip('d', 4);
EXECUTE many(1, 3);
EXECUTE upd('a', 10, NULL);
EXECUTE upd(NULL, 10, NULL);
EXECUTE upd_range('many', 'many 2');
EXECUTE inc('{a,b}', 5);
EXECUTE inc('{a,a,NULL}', -1);
EXECUTE inc('{}', 1);
EXECUTE inc(NULL, 1);
EXECUTE del('d');
EXECUTE del(NULL);
EXECUTE del_value(3);
SELECT * FROM t ORDER BY id;
EXECUTE del_range('many 1', 'many 3');
EXECUTE del_many('{a,many 3,none}');
SELECT * FROM t ORDER BY id;
DELETE FROM t;
SET plan_cache_mode = force_generic_plan;
EXECUTE ins('a', 1, 'one');
EXECUTE ins('b', 2, NULL);
EXECUTE ins('a', NULL, 'new');
EXECUTE ins_returning('c', 3);
EXECUTE skip('c', 4);
EXECUTE skip('d', 4);
EXECUTE many(1, 3);
EXECUTE upd('a', 10, NULL);
EXECUTE upd(NULL, 10, NULL);
EXECUTE upd_range('many', 'many 2');
EXECUTE inc('{a,b}', 5);
EXECUTE inc('{a,a,NULL}', -1);
EXECUTE inc('{}', 1);
EXECUTE inc(NULL, 1);
EXECUTE del('d');
EXECUTE del(NULL);
EXECUTE del_value(3);
SELECT * FROM t ORDER BY id;
EXPLAIN (COSTS OFF) EXECUTE inc('{a,b}', 5);
EXPLAIN (COSTS OFF) EXECUTE del('a');
EXPLAIN (COSTS OFF) EXECUTE ins('a', 1, 'one');
EXECUTE del_range('many 1', 'many 3');
EXECUTE del_many('{a,many 3,none}');
SELECT * FROM t ORDER BY id;
SELECT failure($$EXECUTE ins('', 1, 'empty')$$);
SELECT failure($$EXECUTE ins(NULL, 1, 'null')$$);
SELECT failure($$EXECUTE ins('x', NULL, NULL)$$);
EXECUTE ins('after an error', 1, NULL);
DELETE FROM t;

-- ALTER in between: the plan is made anew
EXECUTE ins('a', 1, 'one');
ALTER FOREIGN TABLE t ALTER n OPTIONS (ADD encoding 'binary');
EXECUTE ins('b', 1, 'one');
ALTER FOREIGN TABLE t ALTER v OPTIONS (SET qualifier 'w');
EXECUTE ins('c', 1, 'one');
\set cells `$READ t`
SELECT * FROM written(:'cells');
ALTER FOREIGN TABLE t OPTIONS (ADD insert_mode 'strict');
SELECT failure($$EXECUTE ins('a', 1, 'one')$$);
ALTER FOREIGN TABLE t OPTIONS (SET insert_mode 'upsert', ADD write_mode 'replace');
EXECUTE ins('c', 2, 'two');
\set cells `$READ t`
SELECT * FROM written(:'cells') w WHERE w LIKE 'c %';
EXECUTE inc('{a}', 1);
ALTER FOREIGN TABLE t ALTER c OPTIONS (SET encoding 'text');
EXECUTE inc('{c}', 1);
UPDATE t SET c = 5 WHERE id = 'c';
EXECUTE inc('{c}', 1);
ALTER FOREIGN TABLE t ALTER c OPTIONS (SET encoding 'binary');
ALTER FOREIGN TABLE t OPTIONS (ADD updatable 'false');
SELECT failure($$EXECUTE ins('a', 1, 'one')$$);
SELECT failure($$EXECUTE del('a')$$);
ALTER FOREIGN TABLE t OPTIONS (DROP updatable, ADD table_name 't2');
\! $CREATE t2 f
EXECUTE ins('x', 1, 'one');
EXECUTE del_many('{a,b}');
SELECT id FROM t;
ALTER FOREIGN TABLE t OPTIONS (DROP table_name);
SELECT id FROM t ORDER BY id;
ALTER FOREIGN TABLE t ADD COLUMN e text OPTIONS (family 'f', qualifier 'e') DEFAULT 'extra';
EXECUTE ins('y', 1, 'one');
ALTER FOREIGN TABLE t DROP COLUMN v;
SELECT failure($$EXECUTE ins('z', 1, 'one')$$);
EXECUTE upd_range('y', 'z');
SELECT * FROM t WHERE id = 'y';
DEALLOCATE ALL;
RESET plan_cache_mode;

-- PL/pgSQL: loops over cached plans, exceptions
\! $CREATE l f
CREATE FOREIGN TABLE l (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n'), c bigint OPTIONS (family 'f', qualifier 'c', encoding 'binary')) SERVER bt;
DO $$
DECLARE
  r record;
  k text;
  total int := 0;
  n_rows int;
BEGIN
  FOR i IN 1 .. 30 LOOP
    INSERT INTO l (id, n) VALUES ('i' || i % 10, i);
    UPDATE l SET c = c + i WHERE id = 'i' || i % 10;
  END LOOP;
  FOR r IN SELECT * FROM l WHERE n % 2 = 0 LOOP
    UPDATE l SET n = -r.n WHERE id = r.id;
    GET DIAGNOSTICS n_rows = ROW_COUNT;
    total := total + n_rows;
  END LOOP;
  FOR r IN INSERT INTO l (id, n) SELECT 'r' || i, i FROM generate_series(1, 3) i RETURNING * LOOP
    DELETE FROM l WHERE id = r.id AND r.n < 3;
  END LOOP;
  FOREACH k IN ARRAY ARRAY['i1', '', 'i2', NULL] LOOP
    BEGIN
      INSERT INTO l (id, n) VALUES (k, 1000);
    EXCEPTION WHEN OTHERS THEN
      total := total + 100;
    END;
  END LOOP;
  INSERT INTO l (id, n) VALUES ('total', total) RETURNING n INTO STRICT total;
  DELETE FROM l WHERE id = 'nothing';
  IF FOUND THEN
    INSERT INTO l (id, n) VALUES ('found', 1);
  END IF;
END $$;
SELECT * FROM l ORDER BY id;

-- functions in SQL, and what they return
CREATE FUNCTION put(k text, n int) RETURNS SETOF l LANGUAGE sql AS 'INSERT INTO l (id, n) VALUES (k, put.n) RETURNING *';
CREATE FUNCTION take(k text) RETURNS int LANGUAGE sql AS 'DELETE FROM l WHERE id = k RETURNING n';
SELECT * FROM put('p', 7);
SELECT take('p'), take('p');

-- writable CTEs
CREATE TABLE local.kept (id text, n int);
DELETE FROM l;
INSERT INTO l (id, n) SELECT 'k' || i, i FROM generate_series(1, 9) i;
WITH moved AS (DELETE FROM l WHERE n <= 3 RETURNING id, n) INSERT INTO local.kept SELECT * FROM moved;
WITH new AS (INSERT INTO l (id, n) VALUES ('new', 10) RETURNING id), changed AS (UPDATE l SET n = n * 10 WHERE n > 7 RETURNING id, n), gone AS (DELETE FROM l WHERE n = 5 RETURNING id)
SELECT (SELECT count(*) FROM new), (SELECT string_agg(id || '=' || n, ' ' ORDER BY id) FROM changed), (SELECT string_agg(id, ' ') FROM gone);
WITH unread AS (UPDATE l SET n = 1 WHERE id = 'k4') SELECT 'not read';
SELECT * FROM l ORDER BY id;
SELECT * FROM local.kept ORDER BY id;

-- from one foreign table into another, and back
\! $CREATE m g
CREATE FOREIGN TABLE m (key bytea OPTIONS (row_key 'true'), word text OPTIONS (family 'g', qualifier 'w'), at timestamptz OPTIONS (family 'g', qualifier 'w', cell 'timestamp')) SERVER bt OPTIONS (batch_size '4');
INSERT INTO m (key, word, at) SELECT convert_to(id, 'UTF8'), n::text, '2020-01-01 00:00:00Z'::timestamptz + n * interval '1 ms' FROM l;
SELECT * FROM m ORDER BY key;
INSERT INTO l (id, n) SELECT convert_from(key, 'UTF8') || '+', word::int + 1 FROM m WHERE key >= 'k6';
SELECT * FROM l ORDER BY id;
UPDATE l SET n = word::int FROM m WHERE key = convert_to(left(id, -1), 'UTF8') AND id LIKE '%+';
DELETE FROM m USING l WHERE key = convert_to(id, 'UTF8') AND n > 50;
SELECT * FROM l WHERE id LIKE '%+' ORDER BY id;
SELECT key FROM m ORDER BY key;

-- cursors over a table that is written
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM l ORDER BY id;
FETCH 2 FROM c;
DELETE FROM l WHERE id = 'k7';
INSERT INTO l (id, n) VALUES ('zz', 1);
MOVE 2 IN c;
CLOSE c;
COMMIT;

-- what PostgreSQL or Bigtable refuses
SELECT left(failure($$MERGE INTO l USING local.kept k ON k.id = l.id WHEN MATCHED THEN DELETE$$), 40);
SET default_transaction_read_only = on;
SELECT failure($$INSERT INTO l (id, n) VALUES ('read only', 1)$$);
SELECT failure($$DELETE FROM l$$);
SELECT failure($$TRUNCATE l$$);
RESET default_transaction_read_only;
