-- A database in another encoding than UTF-8: text is converted, and keys that
-- are text are compared locally.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
DROP DATABASE IF EXISTS regress_bigtable_latin1;
CREATE DATABASE regress_bigtable_latin1 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc TEMPLATE template0;
SELECT current_database() AS main \gset
\c regress_bigtable_latin1
\encoding UTF8
CREATE EXTENSION bigtable_fdw;
\i :init
SHOW server_encoding;

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, v text COLLATE "C", n int);
INSERT INTO local.t VALUES ('a', 'plain', 1), ('é', 'français', 2), ('z', '', 3), ('ÿ', 'ÀÿÞ', 4);
\! $CREATE latin1 f
SELECT line FROM local.t, LATERAL (VALUES (cell(id, 'f:v', v)), (cell(id, 'f:n', binary(n))), (cell(id, 'f:größe', n::text))) c(line)
\g |$LOAD latin1
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary'))
SERVER bt OPTIONS (table_name 'latin1');
SELECT * FROM t ORDER BY n;
SELECT check_query($$SELECT * FROM t$$);
SELECT check_query($$SELECT * FROM t WHERE id = 'é'$$);
SELECT check_query($$SELECT * FROM t WHERE id > 'z'$$);
SELECT check_query($$SELECT * FROM t WHERE id LIKE 'é%'$$);
SELECT check_query($$SELECT * FROM t WHERE id IN ('ÿ', 'a')$$);
SELECT check_query($$SELECT * FROM t ORDER BY id$$, true);
SELECT check_query($$SELECT * FROM t WHERE v = 'français'$$);
SELECT check_query($$SELECT * FROM t WHERE v > 'q'$$);
SELECT check_query($$SELECT * FROM t WHERE n > 2$$);

-- a bytea key is bytes in any database
CREATE TABLE local.b (id bytea PRIMARY KEY, v text COLLATE "C");
INSERT INTO local.b SELECT convert_to(id, 'UTF8'), v FROM local.t;
CREATE FOREIGN TABLE b (id bytea OPTIONS (row_key 'true'), v text OPTIONS (family 'f', qualifier 'v') COLLATE "C") SERVER bt OPTIONS (table_name 'latin1');
SELECT check_query($$SELECT * FROM b WHERE id > 'z' ORDER BY id$$, true);

-- names of columns are converted, too
CREATE FOREIGN TABLE names (id bytea OPTIONS (row_key 'true'), "f:größe" int, again int OPTIONS (family 'f', qualifier 'größe')) SERVER bt OPTIONS (table_name 'latin1');
SELECT "f:größe", again FROM names ORDER BY 1;

-- what the encoding has no character for
\! $CREATE latin1 f
SELECT cell(key, 'f:v', value) FROM (VALUES ('\x61'::bytea, '\xe697a5'::bytea), ('\xe697a5', 'x'), ('\x62', '\xff')) v(key, value)
\g |$LOAD latin1
SELECT failure($$SELECT v FROM t$$);
SELECT failure($$SELECT id FROM t$$);
SELECT failure($$SELECT v FROM b WHERE id = 'b'$$);
SELECT count(*) FROM t;
SELECT id FROM b ORDER BY id;

-- what is not an error, but another form: jsonb, and on_decode_error
SELECT cell('\x62'::bytea, 'f:é'::text, '\xc3a9'::bytea) UNION ALL SELECT cell('\x62'::bytea, 'f:'::bytea || '\xe697a5', 'x'::bytea) UNION ALL SELECT cell('\x63'::bytea, 'f:v', '\xc3a9'::bytea)
\g |$LOAD latin1
CREATE FOREIGN TABLE j (id bytea OPTIONS (row_key 'true'), f jsonb OPTIONS (family 'f')) SERVER bt OPTIONS (table_name 'latin1');
SELECT * FROM j ORDER BY id;
SELECT f->>'é', f->>'\xe697a5' FROM j WHERE f ? 'é';
UPDATE j SET f = (f - 'v'::text) || '{"ü": "ÿ", "é": "a"}' WHERE id = 'b';
SELECT f FROM j WHERE id = 'b';
ALTER FOREIGN TABLE b OPTIONS (ADD on_decode_error 'null');
SELECT id, v FROM b ORDER BY id;

\c :main
DROP DATABASE regress_bigtable_latin1;
