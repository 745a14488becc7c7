-- Composite row keys: how columns and bytes go together, both ways. What is
-- written is compared with bytes made here; what is read was put there by another
-- client. What of queries is pushed down is in keys_pushdown.sql.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE FUNCTION reversed(bytes bytea) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT decode(coalesce(string_agg(lpad(to_hex(255 - get_byte(bytes, i)), 2, '0'), '' ORDER BY i), ''), 'hex') FROM generate_series(0, length(bytes) - 1) i
$$;

-- text, delimited
CREATE TABLE local.t (a text COLLATE "C", b text COLLATE "C", c text COLLATE "C", v text, PRIMARY KEY (a, b, c));
INSERT INTO local.t VALUES ('a', 'b', 'c', '1'), ('', 'b', 'c', '2'), ('a', '', 'c', '3'), ('a', 'b', '', '4'), ('', '', '', '5'), ('ä', '日本', '😀', '6'), ('a b', e'\\x\n', '"', '7');
\! $CREATE t f
SELECT cell(a || '#' || b || '#' || c, 'f:v', v) FROM local.t
\g |$LOAD t
CREATE FOREIGN TABLE t (a text OPTIONS (key_part '1') COLLATE "C", b text OPTIONS (key_part '2') COLLATE "C", c text OPTIONS (key_part '3') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v'))
  SERVER bt OPTIONS (key_delimiter '#');
SELECT compare('SELECT * FROM t');
SELECT compare('SELECT b, v FROM t');
SELECT compare('SELECT v FROM t');
SELECT compare('SELECT count(*) FROM t');
SELECT compare('SELECT t FROM t');

-- writing it all
\! $CREATE t f
INSERT INTO remote.t SELECT * FROM local.t;
\set cells `$READ t`
SELECT compare_cells(:'cells', $$SELECT cell(a || '#' || b || '#' || c, 'f:v', v) FROM local.t$$);
SELECT change($$UPDATE t SET v = v || '!' WHERE a = 'a'$$);
SELECT change($$UPDATE t SET v = 'same', b = b, a = 'a' WHERE a = 'a' AND c = 'c'$$);
SELECT change($$UPDATE t SET v = a || b RETURNING *$$);
SELECT change($$DELETE FROM t WHERE b = ''$$);
SELECT change($$DELETE FROM t WHERE v LIKE 'a%' RETURNING a, b$$);
SELECT change($$DELETE FROM t USING (VALUES ('ä')) s(x) WHERE a = s.x$$);
SELECT failure($$UPDATE t SET b = 'other' WHERE a = ''$$);
COPY t FROM STDIN;
x	y	z	copied
\.
SELECT * FROM t WHERE a = 'x';

-- what cannot be in a key
SELECT failure($$INSERT INTO t VALUES ('a#b', 'b', 'c', '')$$);
SELECT failure($$INSERT INTO t VALUES ('a', 'b', 'c#', '')$$);
SELECT failure($$INSERT INTO t VALUES ('a', NULL, 'c', '')$$);
SELECT failure($$INSERT INTO t (a, b, v) VALUES ('a', 'b', '')$$);
SELECT failure($$INSERT INTO t VALUES (repeat('a', 4000), repeat('b', 90), 'abcd', 'as long as can be')$$);
SELECT failure($$INSERT INTO t VALUES (repeat('a', 4000), repeat('b', 90), 'abcde', '')$$);
SELECT failure($$INSERT INTO t VALUES ('a', 'b', 'c', NULL)$$);

-- a row that is there, and one that is not
ALTER FOREIGN TABLE t OPTIONS (ADD insert_mode 'strict');
SELECT failure($$INSERT INTO t VALUES ('x', 'y', 'z', 'again')$$);
SELECT failure($$INSERT INTO t VALUES ('x', 'y', 'z1', 'new')$$);
INSERT INTO t VALUES ('x', 'y', 'z', 'skipped'), ('x', 'y', 'z2', 'new') ON CONFLICT DO NOTHING;
SELECT * FROM t WHERE a = 'x';
TRUNCATE t;
SELECT count(*) FROM t;

-- a delimiter of several bytes, which must not seem to begin before it does
CREATE FOREIGN TABLE m (a text OPTIONS (key_part '1') COLLATE "C", b bytea OPTIONS (key_part '2'), c text OPTIONS (key_part '3') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v'))
  SERVER bt OPTIONS (key_delimiter '::');
CREATE TABLE local.m (a text COLLATE "C", b bytea, c text COLLATE "C", v text, PRIMARY KEY (a, b, c));
INSERT INTO local.m VALUES ('a', 'b', 'c', '1'), (':a', ':b', ':c', '2'), ('a:b', '', 'c:', '3'), ('a', '\x00ff', ':', '4');
\! $CREATE m f
INSERT INTO remote.m SELECT * FROM local.m;
\set cells `$READ m`
SELECT compare_cells(:'cells', $$SELECT cell(convert_to(a || '::', 'UTF8') || b || convert_to('::' || c, 'UTF8'), 'f:v', v) FROM local.m$$);
SELECT compare('SELECT * FROM m');
SELECT failure($$INSERT INTO m VALUES ('a:', 'b', 'c', '')$$);
SELECT failure($$INSERT INTO m VALUES ('a', 'b:', 'c', '')$$);
SELECT failure($$INSERT INTO m VALUES ('a', 'b', 'c::d', '')$$);

-- fixed widths: no delimiter is needed, and theirs may be in them
CREATE TABLE local.w (i2 smallint, i4 integer, u uuid, o boolean, d date, z timestamptz, i8 bigint, t text COLLATE "C", v text, PRIMARY KEY (i2, i4, u, o, d, z, i8, t));
INSERT INTO local.w SELECT i - 3, i * 8995, md5(i::text)::uuid, i % 2 = 0, '1970-01-01'::date + i - 3, '2024-02-29 12:00+00'::timestamptz + i * interval '1 microsecond', i * 8995 - 20000, repeat('#', i % 3), 'v' || i FROM generate_series(1, 8) i;
CREATE FOREIGN TABLE w (i2 smallint OPTIONS (key_part '1'), i4 integer OPTIONS (key_part '2'), u uuid OPTIONS (key_part '3'), o boolean OPTIONS (key_part '4'), d date OPTIONS (key_part '5'),
  z timestamptz OPTIONS (key_part '6'), i8 bigint OPTIONS (key_part '7'), t text OPTIONS (key_part '8') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (encoding 'binary');
\! $CREATE w f
INSERT INTO remote.w SELECT * FROM local.w;
\set cells `$READ w`
SELECT compare_cells(:'cells', $$SELECT cell(binary(i2) || binary(i4) || uuid_send(u) || CASE WHEN o THEN '\x01' ELSE '\x00' END::bytea || binary(d) || binary(z) || binary(i8) || convert_to(t, 'UTF8'), 'f:v', v) FROM local.w$$);
SELECT compare('SELECT * FROM w');
ALTER FOREIGN TABLE w OPTIONS (ADD key_delimiter '\x23');
\! $CREATE w f
INSERT INTO remote.w SELECT * FROM local.w WHERE t = '';
\set cells `$READ w`
SELECT compare_cells(:'cells', $$SELECT cell(binary(i2) || '#' || binary(i4) || '#' || uuid_send(u) || '#' || CASE WHEN o THEN '\x01' ELSE '\x00' END::bytea || '#' || binary(d) || '#' || binary(z) || '#' || binary(i8) || '#' || convert_to(t, 'UTF8'), 'f:v', v) FROM local.w WHERE t = ''$$);
SELECT compare($$SELECT * FROM w WHERE t = ''$$);

-- ordered numbers tell their length as well; reversed segments are flipped bits
CREATE TABLE local.r (n bigint, t timestamptz, u uuid, s smallint, v text, PRIMARY KEY (n, t, u, s));
INSERT INTO local.r SELECT n, '2024-01-01 00:00+00'::timestamptz - n % 1000 * interval '1 day', md5(n::text)::uuid, n % 100, n FROM unnest('{-9223372036854775808,-8193,-65,-64,-1,0,1,35,63,64,8192,9223372036854775807}'::bigint[]) n;
CREATE FOREIGN TABLE r (n bigint OPTIONS (key_part '1', reversed 'true', encoding 'ordered'), t timestamptz OPTIONS (key_part '2', encoding 'ordered'), u uuid OPTIONS (key_part '3', reversed 'true', encoding 'binary'),
  s smallint OPTIONS (key_part '4', reversed 'true', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt;
\! $CREATE r f
INSERT INTO remote.r SELECT * FROM local.r;
\set cells `$READ r`
SELECT compare_cells(:'cells', $$SELECT cell(reversed(ordered(n)) || ordered(t) || reversed(uuid_send(u)) || reversed(binary(s)), 'f:v', v) FROM local.r$$);
SELECT compare('SELECT * FROM r');
SELECT compare('SELECT s, v FROM r');

-- ordered code: the examples that Bigtable's documentation gives, and more
CREATE TABLE local.oc (a bytea, b bytea, c bytea, key bytea);
INSERT INTO local.oc VALUES
  ('', '', '', '\x0000'), ('', 'B', '', '\x0000000142'), ('A', '', '', '\x41'), ('A', '', 'C', '\x4100010000000143'), ('A', 'B', 'C', '\x41000142000143'),
  ('\x00', '', '', '\x00ff'), ('\x0001', '\xff00', '\x0000', '\x00ff010001ff00ff000100ff00ff'), ('', '', '\x00', '\x000000010000000100ff');
CREATE FOREIGN TABLE oc (a bytea OPTIONS (key_part '1'), b bytea OPTIONS (key_part '2'), c bytea OPTIONS (key_part '3'), key bytea OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (key_encoding 'ordered_code');
\! $CREATE oc f
INSERT INTO remote.oc SELECT * FROM local.oc;
\set cells `$READ oc`
SELECT compare_cells(:'cells', $$SELECT cell(key, 'f:v', key) FROM local.oc$$);
SELECT compare('SELECT * FROM oc');

-- and in descending order
CREATE TABLE local.od (a text COLLATE "C", b text COLLATE "C", c text COLLATE "C", key bytea);
INSERT INTO local.od VALUES ('', '', '', '\x00000001fffffffe'), ('', 'A', '', '\x00000001befffe'), ('A', '', '', '\x410001fffffffe'), ('A', '', 'C', '\x410001fffffffe43'), ('A', 'ä', 'C', '\x4100013c5bfffe43');
CREATE FOREIGN TABLE od (a text OPTIONS (key_part '1'), b text OPTIONS (key_part '2', reversed 'true'), c text OPTIONS (key_part '3'), key bytea OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (key_encoding 'ordered_code');
\! $CREATE od f
INSERT INTO remote.od SELECT * FROM local.od;
\set cells `$READ od`
SELECT compare_cells(:'cells', $$SELECT cell(key, 'f:v', key) FROM local.od$$);
SELECT compare('SELECT * FROM od');

-- numbers in it: those of Bigtable's own views, big-endian ones
CREATE TABLE local.on (n bigint, i int, t text COLLATE "C");
INSERT INTO local.on VALUES (-9223372036854775808, 0, 'x'), (-64, -1, ''), (0, 256, 'y'), (9223372036854775807, 2147483647, '');
CREATE FOREIGN TABLE "on" (n bigint OPTIONS (key_part '1', encoding 'ordered'), i int OPTIONS (key_part '2', encoding 'binary'), t text OPTIONS (key_part '3'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (key_encoding 'ordered_code', table_name 'numbers');
\! $CREATE numbers f
INSERT INTO remote.on SELECT *, '' FROM local.on;
\set cells `$READ numbers`
SELECT * FROM written(:'cells');
SELECT compare('SELECT n, i, t FROM "on"');

-- parts in any order of columns, types that go through text, one part alone
CREATE FOREIGN TABLE p (v text OPTIONS (family 'f', qualifier 'v'), n numeric OPTIONS (key_part '3'), d date OPTIONS (key_part '1'), dropped int, i int OPTIONS (key_part '2')) SERVER bt OPTIONS (key_delimiter '/');
ALTER FOREIGN TABLE p DROP COLUMN dropped;
\! $CREATE p f
INSERT INTO p VALUES ('one', 1.50, '2024-02-29', -7);
\set cells `$READ p`
SELECT * FROM written(:'cells');
SELECT * FROM p;
CREATE FOREIGN TABLE one (n bigint OPTIONS (key_part '1', reversed 'true', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt;
\! $CREATE one f
INSERT INTO one VALUES (1, 'one');
\set cells `$READ one`
SELECT * FROM written(:'cells');
SELECT * FROM one;

-- keys that do not fit
\! $CREATE odd f
SELECT cell(k, 'f:v', k) FROM (VALUES ('a#1'), ('b'), ('c#2#3'), ('d#'), ('e#007'), ('f#x'), ('g#99999'), ('#5')) v(k)
\g |$LOAD odd
CREATE FOREIGN TABLE odd (a text OPTIONS (key_part '1') COLLATE "C", n smallint OPTIONS (key_part '2'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (key_delimiter '#');
CREATE FUNCTION reading(key text) RETURNS SETOF text LANGUAGE sql AS $$ SELECT failure(format('SELECT a, n FROM odd WHERE v = %L', key)) $$;
SELECT reading('a#1');
SELECT reading('b');
SELECT reading('c#2#3');
SELECT reading('d#');
SELECT reading('e#007');
SELECT reading('f#x');
SELECT reading('g#99999');
SELECT a FROM odd WHERE v IN ('e#007', '#5');
SELECT count(*) FROM odd;
SELECT failure('DELETE FROM odd');
ALTER FOREIGN TABLE odd OPTIONS (ADD on_key_mismatch 'null');
SELECT * FROM odd;
SELECT n FROM odd;
SELECT count(*), count(a) FROM odd;
SELECT v FROM odd WHERE a IS NULL;
SELECT v FROM odd WHERE n > 0;
SELECT failure($$UPDATE odd SET v = 'x' WHERE a IS NULL$$);
ALTER FOREIGN TABLE odd OPTIONS (SET on_key_mismatch 'skip');
SELECT * FROM odd;
SELECT v FROM odd;
SELECT count(*) FROM odd;
SELECT * FROM odd LIMIT 2;
DELETE FROM odd;
\set cells `$READ odd`
SELECT * FROM written(:'cells');
CREATE FOREIGN TABLE odd_oc (a bytea OPTIONS (key_part '1'), b bytea OPTIONS (key_part '2'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (key_encoding 'ordered_code', on_key_mismatch 'null');
\! $CREATE odd_oc f
SELECT cell(k::bytea, 'f:v', k) FROM (VALUES ('\x410001'), ('\x4100010000'), ('\x41000100'), ('\x00000001'), ('\x4100014200014300'), ('\x0005'), ('\x00000042'), ('\x00010042'), ('\x410001000142'), ('\x410001'), ('\x41')) v(k)
\g |$LOAD odd_oc
SELECT v, a, b FROM odd_oc;
CREATE FOREIGN TABLE odd_n (n bigint OPTIONS (key_part '1', encoding 'ordered'), m smallint OPTIONS (key_part '2', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (on_key_mismatch 'null');
\! $CREATE odd_n f
SELECT cell(k::bytea, 'f:v', k) FROM (VALUES ('\x800001'), ('\x80'), ('\x8000'), ('\x80000102'), ('\xc0010001'), ('\xff'), ('\x40ffff')) v(k)
\g |$LOAD odd_n
SELECT v, n, m FROM odd_n;

-- whole keys, too
CREATE FOREIGN TABLE whole (n smallint OPTIONS (row_key 'true'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (on_key_mismatch 'skip');
\! $CREATE whole f
SELECT cell(k, 'f:v', k) FROM (VALUES ('1'), ('007'), ('x'), ('-2')) v(k)
\g |$LOAD whole
SELECT * FROM whole;
SELECT count(*) FROM whole;
ALTER FOREIGN TABLE whole OPTIONS (SET on_key_mismatch 'null');
SELECT * FROM whole;
SELECT * FROM whole WHERE n = 1;
SELECT * FROM whole WHERE n IS NULL;
SELECT * FROM whole WHERE n <> 1;

-- contradictions, where they can be known
SELECT failure($$CREATE FOREIGN TABLE x (a text OPTIONS (key_part '0')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE x (a text OPTIONS (key_part 'first')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE x (a text OPTIONS (key_part '1', row_key 'true')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE x (a text OPTIONS (key_part '1', family 'f', qualifier 'q')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE x (a timestamptz OPTIONS (key_part '1', cell 'timestamp')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE x (a text OPTIONS (row_key 'true', reversed 'true')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE x (a text) SERVER bt OPTIONS (key_delimiter '')$$);
SELECT failure($$CREATE FOREIGN TABLE x (a text) SERVER bt OPTIONS (key_delimiter '\x')$$);
SELECT failure($$CREATE FOREIGN TABLE x (a text) SERVER bt OPTIONS (key_delimiter '\x2')$$);
SELECT failure($$CREATE FOREIGN TABLE x (a text) SERVER bt OPTIONS (key_encoding 'hbase')$$);
SELECT failure($$CREATE FOREIGN TABLE x (a text) SERVER bt OPTIONS (key_encoding 'delimited')$$);
SELECT failure($$CREATE FOREIGN TABLE x (a text) SERVER bt OPTIONS (key_encoding 'ordered_code', key_delimiter '#')$$);
SELECT failure($$CREATE FOREIGN TABLE x (a text) SERVER bt OPTIONS (key_salt '16')$$);
SELECT failure($$CREATE FOREIGN TABLE x (a text) SERVER bt OPTIONS (key_salt_columns 'a')$$);
SELECT failure($$CREATE FOREIGN TABLE x (a text) SERVER bt OPTIONS (key_salt '1', key_salt_columns 'a')$$);
SELECT failure($$CREATE FOREIGN TABLE x (a text) SERVER bt OPTIONS (on_key_mismatch 'ignore')$$);
-- and else at first use
CREATE FUNCTION first_use(columns text, options text DEFAULT '') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE FOREIGN TABLE x (%s) SERVER bt %s', columns, options);
  RETURN QUERY SELECT failure('SELECT * FROM x');
  EXECUTE 'DROP FOREIGN TABLE x';
END $$;
SELECT first_use($$a text OPTIONS (key_part '1'), b text OPTIONS (key_part '3')$$, $$OPTIONS (key_delimiter '#')$$);
SELECT first_use($$a text OPTIONS (key_part '2')$$);
SELECT first_use($$a text OPTIONS (key_part '1'), b text OPTIONS (key_part '1')$$);
SELECT first_use($$a text OPTIONS (key_part '1'), row_key text$$);
SELECT first_use($$a text OPTIONS (key_part '1'), b text OPTIONS (key_part '2')$$);
SELECT first_use($$a int OPTIONS (key_part '1', encoding 'binary'), b int OPTIONS (key_part '2'), c text OPTIONS (key_part '3')$$);
SELECT first_use($$a text OPTIONS (key_part '1', reversed 'true')$$);
SELECT first_use($$a int OPTIONS (key_part '1', reversed 'true')$$, $$OPTIONS (key_delimiter '#')$$);
SELECT first_use($$a text OPTIONS (row_key 'true')$$, $$OPTIONS (key_delimiter '#')$$);
SELECT first_use($$"f:a" text$$, $$OPTIONS (key_salt '4', key_salt_columns 'f:a')$$);
SELECT first_use($$a text OPTIONS (key_part '1')$$, $$OPTIONS (key_salt '4', key_salt_columns 'b')$$);
SELECT first_use($$a text OPTIONS (key_part '1')$$, $$OPTIONS (key_salt '4', key_salt_columns 'a,,b')$$);
SELECT first_use($$a jsonb OPTIONS (key_part '1', encoding 'binary')$$);
SELECT failure('SELECT * FROM w WHERE false');
