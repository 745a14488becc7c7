-- UPDATE: sends what SET changes; compared with the same on local tables.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int, m bigint, v text COLLATE "C", b bytea);
\! $CREATE t f g
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary'),
  m bigint OPTIONS (family 'f', qualifier 'm'), v text OPTIONS (family 'g', qualifier 'v') COLLATE "C", b bytea OPTIONS (family 'g', qualifier 'b')) SERVER bt;
CREATE TABLE local.other (k text COLLATE "C", x int);
CREATE FUNCTION fill() RETURNS void LANGUAGE sql AS $$
  TRUNCATE remote.t, local.t, local.other;
  INSERT INTO local.t SELECT 'k' || i, i, i * 10, 'v' || i, set_byte('\x00', 0, i) FROM generate_series(1, 30) i;
  INSERT INTO remote.t SELECT * FROM local.t;
  INSERT INTO local.other SELECT 'k' || i, i FROM generate_series(1, 10) i;
$$;
SELECT fill();
SELECT compare('SELECT * FROM t');

-- by key, by value, by nothing
SELECT change($$UPDATE t SET v = 'new' WHERE id = 'k1'$$);
SELECT change($$UPDATE t SET v = 'new', n = n * 2 WHERE id IN ('k2', 'k3', 'none')$$);
SELECT change($$UPDATE t SET v = upper(v) WHERE n > 15 AND m < 250$$);
SELECT change($$UPDATE t SET n = n + 1, m = n$$);
SELECT change($$UPDATE t SET v = v || '!' WHERE id LIKE 'k2%'$$);
SELECT change($$UPDATE t SET b = '\x0001ff' WHERE id > 'k5' AND b < '\x09'$$);
SELECT change($$UPDATE t SET v = '' WHERE false$$);
SELECT change($$UPDATE t SET v = '' WHERE id = 'none'$$);
SELECT change($$UPDATE t SET (n, v) = (100, 'row') WHERE id = 'k4'$$);
SELECT change($$UPDATE t SET (n, v) = (SELECT x, k FROM local.other WHERE k = t.id) WHERE id IN ('k5', 'k6')$$);
SELECT change($$UPDATE t SET n = DEFAULT WHERE id = 'k7'$$);

-- NULL removes the cell; what SET does not name stays as it is
SELECT change($$UPDATE t SET v = NULL WHERE id IN ('k8', 'k9')$$);
SELECT change($$UPDATE t SET v = NULL, n = NULL, m = 0 WHERE id = 'k8'$$);
SELECT change($$UPDATE t SET v = NULL WHERE v IS NULL$$);
SELECT change($$UPDATE t SET v = '' WHERE v IS NULL$$);

-- sends no more than that: each cell of a column is one version
\! $CREATE versions f
CREATE FOREIGN TABLE versions (id text OPTIONS (row_key 'true') COLLATE "C", a text OPTIONS (family 'f', qualifier 'a'), b text OPTIONS (family 'f', qualifier 'b'), c text OPTIONS (family 'f', qualifier 'c')) SERVER bt;
SELECT cell('r', 'f:a', 'a0') UNION ALL SELECT cell('r', 'f:b', 'b0') UNION ALL SELECT cell('r', 'f:unmapped', 'u0')
\g |$LOAD versions
UPDATE versions SET a = 'a1' WHERE id = 'r';
\set cells `$READ versions`
SELECT * FROM written(:'cells');
UPDATE versions SET b = b, c = c;
\set cells `$READ versions`
SELECT * FROM written(:'cells');
UPDATE versions SET a = NULL;
\set cells `$READ versions`
SELECT * FROM written(:'cells');
-- cells that no column maps keep the row alive
UPDATE versions SET b = NULL;
\set cells `$READ versions`
SELECT * FROM written(:'cells');

-- the key cannot change, but may be set to what it is
SELECT change($$UPDATE t SET id = id, v = 'key' WHERE id = 'k1'$$);
SELECT change($$UPDATE t SET id = 'k1', v = 'same key' WHERE id = 'k1'$$);
SELECT change($$UPDATE t SET id = id WHERE id = 'k1'$$);
SELECT failure($$UPDATE t SET id = 'k1x' WHERE id = 'k1'$$);
SELECT failure($$UPDATE t SET id = NULL WHERE id = 'k1'$$);
SELECT failure($$UPDATE t SET id = '' WHERE id = 'k1'$$);
SELECT failure($$UPDATE t SET id = id || 'x' WHERE id IN ('k1', 'k2')$$);
SELECT compare('SELECT * FROM t');

-- other tables: joins, subqueries, each row once
SELECT fill();
SELECT change($$UPDATE t SET n = x + 1000 FROM local.other WHERE k = id$$);
SELECT change($$UPDATE t SET v = o.v || '+' FROM t o WHERE o.id = 'k' || (t.n - 1000)$$);
SELECT change($$UPDATE t SET v = v || s.x FROM (VALUES ('k11', 1), ('k12', 2)) s(k, x) WHERE s.k = t.id$$);
SELECT change($$UPDATE t SET n = -n FROM (SELECT 'k13' AS k UNION ALL SELECT 'k13') s WHERE s.k = t.id$$);
SELECT change($$UPDATE t SET n = (SELECT max(n) FROM t) WHERE id = 'k14'$$);
SELECT change($$UPDATE t SET v = 'found' WHERE EXISTS (SELECT FROM local.other WHERE k = id AND x > 5)$$);
SELECT change($$UPDATE t SET v = 'not found' WHERE id NOT IN (SELECT k FROM local.other)$$);
SELECT change($$UPDATE t SET v = t::text WHERE id = 'k15'$$);
SELECT change($$UPDATE t SET v = (SELECT string_agg(x::text, ',' ORDER BY x) FROM local.other WHERE x < t.n) WHERE id IN ('k16', 'k17')$$);
CREATE FOREIGN TABLE same (key bytea OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n', encoding 'binary')) SERVER bt OPTIONS (table_name 't');
CREATE VIEW local.same AS SELECT convert_to(id, 'UTF8') AS key, n FROM local.t;
SELECT change($$UPDATE t SET n = same.n + t.n FROM same WHERE same.key = 'k1' AND t.id < 'k2'$$);
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT change($$UPDATE t SET n = x + 5000 FROM local.other WHERE k = id$$);
SELECT change($$UPDATE local.other SET x = n FROM t WHERE k = id$$, $$UPDATE local.other SET x = x$$, 'SELECT k, x FROM local.other');

RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;

-- batches of any size
ALTER FOREIGN TABLE t OPTIONS (ADD batch_size '7');
SELECT change($$UPDATE t SET n = length(v), v = v || n$$);
ALTER FOREIGN TABLE t OPTIONS (DROP batch_size);

-- the time of a cell moves with it; without a value there is none
\! $CREATE times f
CREATE FOREIGN TABLE times (id text OPTIONS (row_key 'true') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v'), at timestamptz OPTIONS (family 'f', qualifier 'v', cell 'timestamp'), w text OPTIONS (family 'f', qualifier 'w')) SERVER bt;
INSERT INTO times VALUES ('a', 'a', '2020-01-01', 'w'), ('b', 'b', '2020-01-01', 'w'), ('c', 'c', '2020-01-01', 'w'), ('d', NULL, NULL, 'w');
UPDATE times SET at = '2010-01-01 00:00:00.5+00' WHERE id = 'a';
UPDATE times SET at = '2030-01-01', v = 'B' WHERE id = 'b';
UPDATE times SET at = at + interval '1 day' WHERE id = 'c';
SELECT id, v, at FROM times ORDER BY id;
\set cells `$READ times`
SELECT * FROM written(:'cells');
SELECT failure($$UPDATE times SET at = '2020-01-01' WHERE id = 'd'$$);
SELECT failure($$UPDATE times SET at = '2020-01-01', v = NULL WHERE id = 'a'$$);
SELECT failure($$UPDATE times SET at = 'infinity' WHERE id = 'a'$$);
-- a value without a time is written now
SELECT clock_timestamp() AS before \gset
UPDATE times SET v = 'A' WHERE id = 'a';
SELECT v, at >= date_trunc('milliseconds', :'before'::timestamptz) FROM times WHERE id = 'a';
-- a time that is removed: now, too
UPDATE times SET at = NULL WHERE id = 'c';
SELECT id, v, at >= date_trunc('milliseconds', :'before'::timestamptz) FROM times WHERE id = 'c';

-- a value is newer than what it replaces, even where that is of the future
UPDATE times SET v = 'after 2030' WHERE id = 'b';
SELECT v FROM times WHERE id = 'b';

-- a row without any cell would not exist
SELECT failure($$UPDATE times SET v = NULL, w = NULL WHERE id = 'a'$$);
SELECT failure($$UPDATE times SET w = NULL WHERE id = 'd'$$);
SELECT id, v, w FROM times ORDER BY id;

-- rows that are there, of which a column is not
CREATE FOREIGN TABLE part (id text OPTIONS (row_key 'true') COLLATE "C", new text OPTIONS (family 'f', qualifier 'new')) SERVER bt OPTIONS (table_name 'times');
UPDATE part SET new = 'new ' || id;
SELECT * FROM part ORDER BY id;
UPDATE part SET new = NULL;
SELECT * FROM part ORDER BY id;

-- cursors know no foreign rows
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM t WHERE id = 'k1';
FETCH c;
UPDATE t SET v = 'cursor' WHERE CURRENT OF c;
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SELECT compare('SELECT * FROM t');

-- dropped columns
ALTER FOREIGN TABLE t DROP COLUMN m;
ALTER TABLE local.t DROP COLUMN m;
SELECT change($$UPDATE t SET v = 'dropped', b = '\x00' WHERE n > 2$$);
ALTER FOREIGN TABLE t ADD COLUMN m text OPTIONS (family 'f', qualifier 'm');
UPDATE t SET m = '7' WHERE id = 'k1';
UPDATE t SET b = NULL WHERE id = 'k2';
SELECT id, m, b FROM t WHERE id IN ('k1', 'k2') ORDER BY id;
