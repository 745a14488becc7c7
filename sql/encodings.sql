-- Encodings: "ordered", "hex" and "base64" beside "text" and "binary". The cells
-- are written by btload, from bytes that PostgreSQL's own functions make, and
-- read through the extension; what the extension writes is compared byte by byte.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

-- ---- ordered: the bytes are vectors of Google's implementation ----
CREATE TABLE vectors (n bigint, bytes bytea);
INSERT INTO vectors VALUES (-9223372036854775808, '\x003f8000000000000000'), (-2147483649, '\x077fffffff'), (-2147483648, '\x0780000000'),
  (-65, '\x3fbf'), (-64, '\x40'), (-2, '\x7e'), (-1, '\x7f'), (0, '\x80'), (1, '\x81'), (63, '\xbf'), (64, '\xc040'), (65, '\xc041'),
  (2147483647, '\xf87fffffff'), (2147483648, '\xf880000000'), (9223372036854775807, '\xffc07fffffffffffffff');
\! $CREATE t f
SELECT line FROM vectors, LATERAL (VALUES (cell(bytes, 'f:n', bytes)), (cell(bytes, 'f:name', n::text))) c(line)
\g |$LOAD t
CREATE FOREIGN TABLE t (id bigint OPTIONS (row_key 'true', encoding 'ordered'), n bigint OPTIONS (family 'f', qualifier 'n', encoding 'ordered'), name text OPTIONS (family 'f', qualifier 'name')) SERVER bt;
CREATE TABLE local.t AS SELECT n AS id, n, n::text AS name FROM vectors;
SELECT * FROM t;
SELECT compare('SELECT * FROM t');
-- keys: ranges and order, exactly; values: one range, checked again
SELECT check_query('SELECT id FROM t WHERE id > -65 AND id <= 64');
SELECT check_query('SELECT id FROM t WHERE id IN (-1, 64, 5) OR id >= 2147483648');
SELECT check_query('SELECT id FROM t WHERE id <> 0');
SELECT check_query('SELECT id, name FROM t ORDER BY id DESC LIMIT 3', true);
SELECT compare('SELECT max(id), min(id) FROM t'), bool_and(line !~ 'Aggregate') FROM plan('SELECT max(id), min(id) FROM t') line;
SELECT plan('SELECT name FROM t WHERE n BETWEEN -64 AND 64', 'COSTS OFF, VERBOSE');
SELECT compare(format('SELECT name FROM t WHERE n %s %L::%s', op, n, type)) AS compared, count(*)
FROM unnest('{=,<,<=,>,>=,<>}'::text[]) op, (SELECT n, 'bigint' AS type FROM vectors UNION ALL SELECT n, 'int' FROM vectors WHERE n BETWEEN -2147483648 AND 2147483647) v
GROUP BY 1 ORDER BY 1;
-- what is not in that form
\! $CREATE t f
SELECT cell(id, 'f:n', bytes) FROM (VALUES ('\x80'::bytea, '\xc03f'::bytea), ('\x81', '\x'), ('\x82', '\x8180'), ('\x83', '\xffe0000000000000000000')) v(id, bytes)
\g |$LOAD t
SELECT id, f.* FROM generate_series(0, 3) id, failure(format('SELECT n FROM t WHERE id = %s', id)) f;
SELECT id, n FROM t WHERE id = 1;
-- narrower types, and types that are numbers on the wire
CREATE FOREIGN TABLE narrow (id bytea OPTIONS (row_key 'true'), s smallint OPTIONS (family 'f', qualifier 's'), i int OPTIONS (family 'f', qualifier 'i'),
  d date OPTIONS (family 'f', qualifier 'd'), ts timestamp OPTIONS (family 'f', qualifier 'ts'), tz timestamptz OPTIONS (family 'f', qualifier 'tz'),
  v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (encoding 'ordered');
CREATE TABLE local.narrow (id bytea, s smallint, i int, d date, ts timestamp, tz timestamptz, v text);
\! $CREATE narrow f
SELECT change($$INSERT INTO narrow VALUES ('a', -32768, 2147483647, '1970-01-01', '1969-12-31 23:59:59.999999', '2024-01-01 00:00+00', 'text'),
  ('b', 32767, 0, 'infinity', '-infinity', 'infinity', NULL), ('c', 64, -65, '0001-01-01 BC', '9999-12-31', '1970-01-01 00:00:00.000064+00', '')$$, query => 'SELECT * FROM narrow');
SELECT change($$UPDATE narrow SET i = i - 1, d = '1970-03-06' WHERE tz > '2000-01-01' AND s < 0$$, query => 'SELECT * FROM narrow');
\set cells `$READ narrow`
SELECT shown(key), shown(col), value FROM cells(:'cells') WHERE key <> 'b' ORDER BY key, col;
SELECT compare($$SELECT id FROM narrow WHERE d < 'infinity' AND ts >= '-infinity' AND tz < 'infinity'$$);
ALTER FOREIGN TABLE narrow ALTER i TYPE smallint;
SELECT id, f.* FROM unnest('{a,c}'::bytea[]) id, failure(format('SELECT i FROM narrow WHERE id = %L', id)) f;

-- ---- hex and base64 ----
CREATE TABLE local.coded (id bytea, b bytea, t text COLLATE "C", i int, l bigint, u uuid, f float8, bo bool, d date, v varchar(4));
INSERT INTO local.coded VALUES
  ('\x00', '\xdeadbeef', 'Hello', 1, -1, '00112233-4455-6677-8899-aabbccddeeff', 1.5, true, '2024-02-29', 'abcd'),
  ('\x0a', '\x', '', 0, 0, 'ffffffff-ffff-ffff-ffff-ffffffffffff', '-Infinity', false, 'infinity', ''),
  ('\xff', '\xfbff', 'größe', -2147483648, 9223372036854775807, NULL, 'NaN', NULL, NULL, NULL);
CREATE FOREIGN TABLE coded (id bytea OPTIONS (row_key 'true'), b bytea OPTIONS (family 'f', qualifier 'b'), t text OPTIONS (family 'f', qualifier 't') COLLATE "C",
  i int OPTIONS (family 'f', qualifier 'i'), l bigint OPTIONS (family 'f', qualifier 'l'), u uuid OPTIONS (family 'f', qualifier 'u'), f float8 OPTIONS (family 'f', qualifier 'f'),
  bo bool OPTIONS (family 'f', qualifier 'bo'), d date OPTIONS (family 'f', qualifier 'd'), v varchar(4) OPTIONS (family 'f', qualifier 'v')) SERVER bt;
-- the same bytes by PostgreSQL's encode(); in hex, and then in base64
CREATE FUNCTION test.coded_cells(form text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT cell(convert_to(encode(id, form), 'UTF8'), 'f:' || name, encode(bytes, form))
  FROM local.coded, LATERAL (VALUES ('b', b), ('t', convert_to(t, 'UTF8')), ('i', binary(i)), ('l', binary(l)), ('u', uuid_send(u)), ('f', float8send(f)),
    ('bo', boolsend(bo)), ('d', CASE d WHEN 'infinity' THEN '\x7fffffff' ELSE binary(d) END), ('v', convert_to(v, 'UTF8'))) c(name, bytes)
  WHERE bytes IS NOT NULL
$$;
\! $CREATE coded f
ALTER FOREIGN TABLE coded OPTIONS (ADD encoding 'hex');
INSERT INTO coded SELECT * FROM local.coded;
\set cells `$READ coded`
SELECT compare_cells(:'cells', $$SELECT coded_cells('hex')$$);
SELECT compare('SELECT * FROM coded');
SELECT check_query($$SELECT id FROM coded WHERE id > '\x00' AND id <= '\xfe'$$);
SELECT check_query($$SELECT id FROM coded WHERE id LIKE '\xff25'::bytea ORDER BY id$$);
SELECT plan($$SELECT b FROM coded WHERE b IN ('\xdeadbeef', '\x')$$, 'COSTS OFF, VERBOSE');
SELECT compare($$SELECT b FROM coded WHERE b IN ('\xdeadbeef', '\x')$$);
SELECT check_query($$SELECT t FROM coded WHERE t = 'größe'$$);
SELECT check_query($$SELECT u FROM coded WHERE u = 'FFFFFFFF-ffff-ffff-ffff-ffffffffffff'$$);
SELECT check_query($$SELECT t FROM coded WHERE t >= 'H'$$);
SELECT check_query($$SELECT i FROM coded WHERE i = 1$$);
\! $CREATE coded f
ALTER FOREIGN TABLE coded OPTIONS (SET encoding 'base64');
INSERT INTO coded SELECT * FROM local.coded;
\set cells `$READ coded`
SELECT compare_cells(:'cells', $$SELECT coded_cells('base64')$$);
SELECT compare('SELECT * FROM coded');
SELECT check_query($$SELECT id FROM coded WHERE id IN ('\x00', '\xff')$$);
SELECT check_query($$SELECT id FROM coded WHERE id > '\x00'$$);
SELECT check_query($$SELECT b FROM coded WHERE b = '\xfbff'$$);
SELECT check_query($$SELECT b FROM coded WHERE b LIKE '\xfb25'::bytea$$);
-- numbers as keys
CREATE FOREIGN TABLE numbers (id int OPTIONS (row_key 'true'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (encoding 'hex');
CREATE TABLE local.numbers (id int, v text);
\! $CREATE numbers f
SELECT change('INSERT INTO numbers SELECT i, i::text FROM unnest(ARRAY[-2147483648, -1, 0, 1, 255, 256, 2147483647]) i', query => 'SELECT * FROM numbers');
SELECT check_query('SELECT id FROM numbers WHERE id BETWEEN -5 AND 255');
SELECT check_query('SELECT id FROM numbers WHERE id = 256::bigint');
SELECT check_query('SELECT id FROM numbers WHERE id < -3000000000');
-- in their order only where all are of one sign
SELECT check_query('SELECT id FROM numbers WHERE id BETWEEN -5 AND 255 ORDER BY id', true);
SELECT check_query('SELECT id FROM numbers WHERE id BETWEEN 0 AND 255 ORDER BY id', true);
SELECT check_query('SELECT id FROM numbers WHERE id BETWEEN -2147483648 AND -1 ORDER BY id DESC', true);
ALTER FOREIGN TABLE numbers OPTIONS (SET encoding 'base64');
\! $CREATE numbers f
INSERT INTO numbers SELECT * FROM local.numbers;
SELECT check_query('SELECT id FROM numbers WHERE id = 256::bigint OR id = -1');
SELECT check_query('SELECT id FROM numbers WHERE id > 0');
-- as others write them: upper case; the alphabet for URLs, without padding
\! $CREATE coded f
SELECT cell(id, 'f:b', b) FROM (VALUES ('/w=='::text, 'DEADbeef'::text), ('AA==', '-_-_'), ('AQ==', '+/+/'), ('Ag==', 'YQ'), ('Aw==', 'YWI'), ('BA==', 'A'), ('BQ==', 'A==='), ('Bg==', 'YQ=a'), ('Bw==', 'YW I=')) v(id, b)
\g |$LOAD coded
SELECT id, b FROM coded WHERE id IN ('\x00', '\x01', '\x02', '\x03') ORDER BY id;
SELECT id, f.* FROM unnest('{"\\x04","\\x05","\\x06","\\x07"}'::bytea[]) id, failure(format('SELECT b FROM coded WHERE id = %L', id)) f;
CREATE FOREIGN TABLE upper (id text OPTIONS (row_key 'true'), b bytea OPTIONS (family 'f', qualifier 'b', encoding 'hex')) SERVER bt OPTIONS (table_name 'coded');
SELECT id, b FROM upper WHERE b = '\xdeadbeef';
SELECT failure($$SELECT b FROM upper WHERE id = 'AA=='$$);
SELECT failure($$SELECT b FROM upper WHERE id = 'BA=='$$);
-- a key has one form
CREATE FOREIGN TABLE one_form (id bytea OPTIONS (row_key 'true', encoding 'hex'), b text OPTIONS (family 'f', qualifier 'b')) SERVER bt;
\! $CREATE one_form f
SELECT cell('DE', 'f:b', 'upper') \g |$LOAD one_form
SELECT failure('SELECT * FROM one_form');

-- ---- inheritance, and types without the encoding ----
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN even AS int CHECK (VALUE % 2 = 0);
ALTER SERVER bt OPTIONS (ADD encoding 'ordered');
CREATE FOREIGN TABLE inherited (id text OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n'), j jsonb OPTIONS (family 'f', qualifier 'j'), m mood OPTIONS (family 'f', qualifier 'm'),
  a int[] OPTIONS (family 'f', qualifier 'a'), e even OPTIONS (family 'f', qualifier 'e'), x text OPTIONS (family 'f', qualifier 'x', encoding 'hex')) SERVER bt;
CREATE TABLE local.inherited (id text, n int, j jsonb, m mood, a int[], e even, x text);
\! $CREATE inherited f
SELECT change($$INSERT INTO inherited VALUES ('a', 64, '{"k": 1}', 'happy', '{1,NULL,3}', 4, 'x')$$, query => 'SELECT * FROM inherited');
\set cells `$READ inherited`
SELECT * FROM written(:'cells');
ALTER FOREIGN TABLE inherited OPTIONS (ADD encoding 'base64');
INSERT INTO inherited SELECT * FROM local.inherited;
\set cells `$READ inherited`
SELECT * FROM written(:'cells');
ALTER FOREIGN TABLE inherited ALTER j OPTIONS (ADD encoding 'hex');
SELECT failure('SELECT * FROM inherited');
ALTER FOREIGN TABLE inherited ALTER j OPTIONS (DROP encoding), ALTER x OPTIONS (SET encoding 'ordered');
SELECT failure('SELECT * FROM inherited');
SELECT failure($$ALTER FOREIGN TABLE inherited ALTER x OPTIONS (SET encoding 'base32')$$);
