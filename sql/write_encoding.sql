-- A database in another encoding than UTF-8: what is written is UTF-8 all the
-- same.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
DROP DATABASE IF EXISTS regress_bigtable_latin1_write;
CREATE DATABASE regress_bigtable_latin1_write ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc TEMPLATE template0;
SELECT current_database() AS main \gset
\c regress_bigtable_latin1_write
\encoding UTF8
CREATE EXTENSION bigtable_fdw;
\i :init
SHOW server_encoding;

CREATE TYPE test.color AS ENUM ('weiß', 'grün');
CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, v varchar(20) COLLATE "C", c char(3), j jsonb, e color, a text[], q text COLLATE "C", b bytea);
\! $CREATE latin1 f
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", v varchar(20) OPTIONS (family 'f', qualifier 'v') COLLATE "C", c char(3) OPTIONS (family 'f', qualifier 'c'), j jsonb OPTIONS (family 'f', qualifier 'j'),
  e color OPTIONS (family 'f', qualifier 'e'), a text[] OPTIONS (family 'f', qualifier 'a'), q text OPTIONS (family 'f', qualifier 'größe') COLLATE "C", b bytea OPTIONS (family 'f', qualifier 'b')) SERVER bt OPTIONS (table_name 'latin1');
SELECT change($$INSERT INTO t VALUES ('é', 'français', 'ÿ', '{"ä": "ö"}', 'weiß', '{é,"à la"}', 'groß', '\xe9ff'), ('plain', 'plain', 'abc', '[]', 'grün', '{}', '', '\x00')$$);
SELECT change($$UPDATE t SET v = upper(v), q = 'übergröße' WHERE id = 'é'$$);
SELECT change($$INSERT INTO t (id, v) VALUES ('ÀÿÞ', 'ß') RETURNING *$$);
SELECT change($$DELETE FROM t WHERE id = 'plain'$$);
\set cells `$READ latin1`
SELECT shown(key), shown(col), convert_from(value, 'UTF8') FROM (SELECT DISTINCT ON (key, col) * FROM cells(:'cells') ORDER BY key, col, ts DESC) c WHERE shown(col) <> 'f:b' ORDER BY key, col;
SELECT compare_cells(lines, $$SELECT line FROM local.t, LATERAL (VALUES
  (cell(id, 'f:v', v)), (cell(id, 'f:c', rpad(c::text, 3))), (cell(id, 'f:j', j::text)), (cell(id, 'f:e', e::text)), (cell(id, 'f:a', a::text)), (cell(id, 'f:größe', q)), (cell(id, 'f:b', b))) c(line)$$)
FROM (SELECT string_agg(line, e'\n') AS lines FROM (SELECT DISTINCT ON (key, col) cell(key, col, value) AS line FROM cells(:'cells') ORDER BY key, col, ts DESC) c) l;

-- the limit of a key is in bytes of UTF-8
SELECT failure($$INSERT INTO t (id, v) VALUES (repeat('é', 2049), 'x')$$);
INSERT INTO t (id, v) VALUES (repeat('é', 2048), 'longest');
SELECT length(id), v FROM t WHERE id LIKE 'éé%';

-- messages name the key
ALTER FOREIGN TABLE t OPTIONS (ADD insert_mode 'strict');
SELECT failure($$INSERT INTO t (id, v) VALUES ('é', 'x')$$);

\c :main
DROP DATABASE regress_bigtable_latin1_write;
