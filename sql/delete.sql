-- DELETE: compared with the same on local tables. What goes without a read is
-- in direct_modify.sql.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int, v text COLLATE "C");
\! $CREATE t f g
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary'), v text OPTIONS (family 'g', qualifier 'v') COLLATE "C") SERVER bt;
CREATE TABLE local.other (k text COLLATE "C", x int);
INSERT INTO local.other SELECT 'k' || i, i FROM generate_series(1, 10) i;
CREATE FUNCTION fill() RETURNS text LANGUAGE sql AS $$
  TRUNCATE remote.t, local.t;
  INSERT INTO local.t SELECT 'k' || i, i, CASE WHEN i % 4 > 0 THEN 'v' || i % 10 END FROM generate_series(1, 50) i;
  INSERT INTO remote.t SELECT * FROM local.t;
  SELECT compare('SELECT * FROM t');
$$;
SELECT fill();

-- by the key, by values, by both
SELECT change($$DELETE FROM t WHERE id = 'k1'$$);
SELECT change($$DELETE FROM t WHERE id IN ('k2', 'k3') AND n = 3$$);
SELECT change($$DELETE FROM t WHERE n = 4$$);
SELECT change($$DELETE FROM t WHERE v = 'v5'$$);
SELECT change($$DELETE FROM t WHERE v IS NULL AND n < 20$$);
SELECT change($$DELETE FROM t WHERE id > 'k4' AND n % 2 = 0$$);
SELECT change($$DELETE FROM t WHERE length(id) = 2$$);
SELECT change($$DELETE FROM t WHERE n = -1$$);
SELECT change($$DELETE FROM t WHERE false$$);
SELECT change($$DELETE FROM t$$);

-- joins and subqueries: a row that is found twice is deleted once
SELECT fill();
SELECT change($$DELETE FROM t USING local.other WHERE k = id AND x > 5$$);
SELECT change($$DELETE FROM t USING generate_series(1, 3) i WHERE id LIKE 'k3%'$$);
SELECT change($$DELETE FROM t WHERE id IN (SELECT k FROM local.other)$$);
SELECT change($$DELETE FROM t WHERE NOT EXISTS (SELECT FROM local.other WHERE x = n - 10)$$);
SELECT change($$DELETE FROM t USING t b WHERE b.id < t.id AND b.v = t.v$$);
SELECT change($$DELETE FROM t WHERE n = (SELECT max(n) FROM t)$$);
SELECT fill();
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT change($$DELETE FROM t USING local.other WHERE k = id$$);
SELECT change($$DELETE FROM t USING local.other a, local.other b WHERE n = a.x + b.x$$);
RESET enable_hashjoin;
RESET enable_mergejoin;
SELECT change($$WITH d AS (SELECT id FROM t ORDER BY id LIMIT 5) DELETE FROM t USING d WHERE d.id = t.id$$);
SELECT change($$DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY n DESC LIMIT 5)$$);

-- batches of any size
ALTER FOREIGN TABLE t OPTIONS (ADD batch_size '1');
SELECT fill();
SELECT change($$DELETE FROM t WHERE n > 25$$);
ALTER FOREIGN TABLE t OPTIONS (SET batch_size '3');
SELECT change($$DELETE FROM t WHERE n > 15 OR v = 'v1'$$);
SELECT change($$DELETE FROM t$$);
ALTER FOREIGN TABLE t OPTIONS (DROP batch_size);

-- the whole row goes: cells and versions that no column maps, too
SELECT cell('r', 'f:n', binary(1)) UNION ALL SELECT cell('r', 'f:n', binary(2), 2000) UNION ALL SELECT cell('r', 'g:unmapped', 'u') UNION ALL SELECT cell('s', 'f:n', binary(3))
\g |$LOAD t
DELETE FROM t WHERE n = 1;
\set cells `$READ t`
SELECT * FROM written(:'cells');

-- a row that comes back is a new one
INSERT INTO t VALUES ('s', 1, 'before');
DELETE FROM t WHERE v = 'before';
INSERT INTO t VALUES ('s', NULL, 'after');
SELECT * FROM t;

-- bytes of all kinds as keys
\! $CREATE b f
CREATE FOREIGN TABLE b (id bytea OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n', encoding 'binary')) SERVER bt;
INSERT INTO b SELECT set_byte('\x0000', i % 2, i), i FROM generate_series(0, 255) i;
DELETE FROM b WHERE n % 3 > 0;
SELECT count(*), count(DISTINCT n), count(*) FILTER (WHERE n % 3 > 0) FROM b;
DELETE FROM b WHERE id = '\x0000';
DELETE FROM b WHERE id >= '\xf000';
SELECT count(*) FROM b;
SELECT id FROM b ORDER BY id LIMIT 3;
SELECT id FROM b ORDER BY id DESC LIMIT 3;

-- cursors know no foreign rows
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM t;
FETCH c;
DELETE FROM t WHERE CURRENT OF c;
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

-- what is deleted stays so
BEGIN;
DELETE FROM t;
ROLLBACK;
SELECT count(*) FROM t;
