-- INSERT: each value becomes a cell, and rows travel in batches.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int, v text COLLATE "C", b bytea);
\! $CREATE t f g
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary'),
  v text OPTIONS (family 'f', qualifier 'v') COLLATE "C", b bytea OPTIONS (family 'g', qualifier '\x00ff')) SERVER bt;

-- one row, several, a query; in any order of columns
SELECT change($$INSERT INTO t VALUES ('a', 1, 'one', '\x01')$$);
SELECT change($$INSERT INTO t (v, id) VALUES ('two', 'b'), ('three', 'c')$$);
SELECT change($$INSERT INTO t (id, n) SELECT 'q' || i, i FROM generate_series(-2, 2) i$$);
SELECT change($$INSERT INTO t SELECT 'none' WHERE false$$);

-- no cell for NULL, an empty one for ''
SELECT change($$INSERT INTO t VALUES ('empty', NULL, '', ''), ('only b', NULL, NULL, '\x00')$$);
\set cells `$READ t`
SELECT * FROM written(:'cells');

-- keys and values of any bytes
SELECT change($$INSERT INTO t (id, v) VALUES (e'tab\tnew\nline', e'\\x41'), ('äöü 日本 😀', 'ß€😀'), (e'\u0001', e'\u0001\u007f'), (' ', ' ')$$);
SELECT change($$INSERT INTO t (id, b) SELECT 'byte ' || i, set_byte('\x00', 0, i) FROM generate_series(0, 255) i$$);
SELECT compare_cells(:'cells', $$SELECT NULL$$) ~ 'DIFFERENT';
\set cells `$READ t`
SELECT compare_cells(:'cells', $$SELECT line FROM local.t, LATERAL (VALUES (cell(id, 'f:n', int4send(n))), (cell(id, 'f:v', v)), (cell(convert_to(id, 'UTF8'), '\x673a00ff'::bytea, b))) c(line)$$);

-- a key that exists: what is given is written anew, the rest stays
SELECT change($$INSERT INTO t (id, v) VALUES ('a', 'new')$$, $$UPDATE t SET v = 'new' WHERE id = 'a'$$);
SELECT change($$INSERT INTO t VALUES ('a', 2, NULL, NULL)$$, $$UPDATE t SET n = 2 WHERE id = 'a'$$);

-- a key that comes several times in a statement: the last one counts, by column
INSERT INTO t VALUES ('twice', 1, 'first', NULL), ('between', 0, NULL, NULL), ('twice', 2, NULL, '\x02'), ('twice', NULL, 'third', NULL);
INSERT INTO local.t VALUES ('twice', 2, 'third', '\x02'), ('between', 0, NULL, NULL);
SELECT compare('SELECT * FROM t');
INSERT INTO t (id, n) SELECT 'r' || i % 7, i FROM generate_series(1, 5000) i;
INSERT INTO local.t (id, n) SELECT 'r' || i % 7, max(i) FROM generate_series(1, 5000) i GROUP BY 1;
SELECT compare('SELECT * FROM t');

-- batches of any size write the same
\! $CREATE sized f g
CREATE FOREIGN TABLE sized (
  id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v') COLLATE "C") SERVER bt;
CREATE TABLE local.sized (id text COLLATE "C", n int, v text COLLATE "C");
INSERT INTO local.sized SELECT 'row ' || i, i, repeat('x', i % 50) FROM generate_series(1, 2345) i;
INSERT INTO sized SELECT * FROM local.sized;
SELECT compare('SELECT * FROM sized');
TRUNCATE sized;
ALTER FOREIGN TABLE sized OPTIONS (ADD batch_size '1');
INSERT INTO sized SELECT * FROM local.sized WHERE n <= 50;
SELECT compare('SELECT * FROM sized WHERE n <= 50');
TRUNCATE sized;
ALTER FOREIGN TABLE sized OPTIONS (SET batch_size '7');
INSERT INTO sized SELECT * FROM local.sized;
SELECT compare('SELECT * FROM sized');
TRUNCATE sized;
ALTER FOREIGN TABLE sized OPTIONS (SET batch_size '100000');
INSERT INTO sized SELECT * FROM local.sized;
SELECT compare('SELECT * FROM sized');
SELECT count(*) FROM sized;
TRUNCATE sized;
ALTER FOREIGN TABLE sized OPTIONS (DROP batch_size);
ALTER SERVER bt OPTIONS (ADD batch_size '3');
INSERT INTO sized SELECT * FROM local.sized;
SELECT compare('SELECT * FROM sized');
ALTER SERVER bt OPTIONS (DROP batch_size);

-- a key that comes again while its batch is under way, in small batches
ALTER FOREIGN TABLE sized OPTIONS (ADD batch_size '2');
TRUNCATE sized, sized;
INSERT INTO sized SELECT 'k' || i % 3, i, NULL FROM generate_series(1, 300) i;
SELECT * FROM sized ORDER BY id;
INSERT INTO sized SELECT 'same', i, 'v' || i FROM generate_series(1, 300) i;
SELECT * FROM sized WHERE id = 'same';
ALTER FOREIGN TABLE sized OPTIONS (DROP batch_size);

-- large rows, whose bytes fill batches, and one that is larger than a batch
TRUNCATE sized;
TRUNCATE local.sized;
INSERT INTO local.sized SELECT 'large ' || i, i, repeat(chr(65 + i), 700000 + i) FROM generate_series(1, 20) i;
INSERT INTO local.sized VALUES ('huge', 0, repeat('0123456789', 900000));
INSERT INTO sized SELECT * FROM local.sized;
SELECT id, n, length(v), md5(v) = (SELECT md5(v) FROM local.sized l WHERE l.id = s.id) AS same FROM sized s ORDER BY n;

-- the row key may be as long as 4096 bytes
SELECT change($$INSERT INTO t (id, n) VALUES (repeat('k', 4096), 4096), (repeat('ä', 2048), 2048)$$);
SELECT length(id), octet_length(id), n FROM t WHERE octet_length(id) > 100 ORDER BY n;
CREATE FOREIGN TABLE b (id bytea OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n', encoding 'binary')) SERVER bt;
\! $CREATE b f
CREATE TABLE local.b (id bytea, n int);
SELECT change($$INSERT INTO b SELECT set_byte('\x00', 0, i), i FROM generate_series(0, 255) i$$, NULL, 'SELECT * FROM b');
SELECT change($$INSERT INTO b VALUES ('\x0000', 1), ('\xffffff', 2), ('\x610062', 3), (decode(repeat('ff', 4096), 'hex'), 4), (decode(repeat('00', 4096), 'hex'), 5)$$, NULL, 'SELECT * FROM b');
\set cells `$READ b`
SELECT compare_cells(:'cells', $$SELECT cell(id, 'f:n', int4send(n)) FROM local.b$$);

-- each cell has the time of its writing, in whole milliseconds
\! $CREATE times f
CREATE FOREIGN TABLE times (id text OPTIONS (row_key 'true') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v'), at timestamptz OPTIONS (family 'f', qualifier 'v', cell 'timestamp')) SERVER bt;
SELECT clock_timestamp() AS before \gset
INSERT INTO times (id, v) SELECT i, i FROM generate_series(1, 100) i;
SELECT clock_timestamp() AS after \gset
SELECT count(*), bool_and(at BETWEEN date_trunc('milliseconds', :'before'::timestamptz) AND :'after'), bool_and(date_trunc('milliseconds', at) = at) FROM times;

-- or the one that a column gives it
TRUNCATE times;
INSERT INTO times VALUES ('a', 'epoch', '1970-01-01 00:00:00+00'), ('b', 'ms', '1970-01-01 00:00:00.001+00'), ('c', 'zone', '2024-02-29 12:00:00.123+05:30'), ('d', 'far', '9999-12-31 23:59:59.999+00');
INSERT INTO times VALUES ('c', 'before', '2000-01-01 00:00:00+00'), ('b', 'after', '1970-01-01 00:00:00.002+00'), ('a', 'same', '1970-01-01 00:00:00+00');
SELECT * FROM times ORDER BY id;
\set cells `$READ times`
SELECT shown(key), shown(col), ts, shown(value) FROM cells(:'cells');

-- two foreign tables over one table of Bigtable
CREATE FOREIGN TABLE other (key bytea OPTIONS (row_key 'true'), word text OPTIONS (family 'f', qualifier 'v'), more text OPTIONS (family 'g', qualifier 'more')) SERVER bt OPTIONS (table_name 't');
INSERT INTO other VALUES ('a', 'by another', 'more');
SELECT id, n, v, b FROM t WHERE id = 'a';
SELECT change($$INSERT INTO t (id, n) VALUES ('a', 3)$$, $$UPDATE t SET n = 3, v = 'by another' WHERE id = 'a'$$);
SELECT * FROM other WHERE key = 'a';

-- two columns of one cell: both are written, in the order of the columns
CREATE FOREIGN TABLE same (id text OPTIONS (row_key 'true'), a text OPTIONS (family 'f', qualifier 's'), b text OPTIONS (family 'f', qualifier 's')) SERVER bt OPTIONS (table_name 'times');
INSERT INTO same VALUES ('s', 'one', 'two');
INSERT INTO same (id, a) VALUES ('r', 'one');
SELECT * FROM same WHERE id IN ('r', 's') ORDER BY id;

-- a column that is dropped, one that is added
CREATE FOREIGN TABLE altered (x text OPTIONS (family 'f', qualifier 'x'), id text OPTIONS (row_key 'true') COLLATE "C", y text OPTIONS (family 'f', qualifier 'y')) SERVER bt OPTIONS (table_name 'altered');
\! $CREATE altered f
INSERT INTO altered VALUES ('x1', 'a', 'y1');
ALTER FOREIGN TABLE altered DROP COLUMN x;
INSERT INTO altered VALUES ('b', 'y2');
ALTER FOREIGN TABLE altered ADD COLUMN z text OPTIONS (family 'f', qualifier 'z') DEFAULT 'z';
INSERT INTO altered VALUES ('c', 'y3');
INSERT INTO altered VALUES ('d', NULL, 'z4');
SELECT * FROM altered ORDER BY id;
\set cells `$READ altered`
SELECT * FROM written(:'cells');

-- writes stay, whatever becomes of the transaction
BEGIN;
INSERT INTO t (id, n) VALUES ('rolled back', 1);
ROLLBACK;
BEGIN;
SAVEPOINT s;
INSERT INTO t (id, n) VALUES ('rolled back to', 2);
ROLLBACK TO s;
SELECT id, n FROM t WHERE id LIKE 'rolled%' ORDER BY id;
COMMIT;
