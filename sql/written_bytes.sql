-- Every type in every encoding, written by SQL: the cells are what SQL computes by
-- other means, byte for byte, and are read back equal.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

SET intervalstyle = 'postgres';
CREATE TYPE test.mood AS ENUM ('sad', 'ok', 'very happy', 'größe', '');
CREATE DOMAIN test.positive AS int CHECK (VALUE > 0);
CREATE DOMAIN test.word AS varchar(10);
CREATE DOMAIN test.blob AS bytea;
CREATE DOMAIN test.bits AS varbit;
CREATE TYPE test.pair AS (a int, b text, c timestamptz);

-- ---- types that have a binary form, too ----
CREATE TABLE local.t (
  id text COLLATE "C" PRIMARY KEY, t text COLLATE "C", v varchar(6), b bytea, bo bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8,
  d date, ts timestamp, tz timestamptz, u uuid);
INSERT INTO local.t VALUES
  ('usual', 'some text', 'abc', '\x0102', true, 12, 345, 6789, 1.5, -2.25, '2024-02-29', '2024-02-29 12:34:56.789012', '2024-02-29 12:34:56.789012+00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
  ('least', '', '', '', false, -32768, -2147483648, -9223372036854775808, '-inf', '-inf', '4713-01-01 BC', '4713-01-01 00:00:00 BC', '4713-01-01 00:00:00+00 BC', '00000000-0000-0000-0000-000000000000'),
  ('greatest', repeat('long ', 5000), 'äöüß€😀', '\xfffe00', true, 32767, 2147483647, 9223372036854775807, 'inf', 'inf', '5874897-12-31', '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999+00', 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
  ('zero', e'\n\t\\"''', e'\t', '\x00', false, 0, 0, 0, 0, 0, '1970-01-01', '1970-01-01', '1970-01-01 00:00+00', '00000000-0000-0000-0000-000000000001'),
  ('minus zero', ' ', ' ', '\x20', false, 0, 0, 0, '-0', '-0', '2000-01-01', '2000-01-01', '2000-01-01 00:00+00', '00000000-0000-0000-0000-000000000002'),
  ('minus one', '日本語', 'NaN', '\x5c78', false, -1, -1, -1, 'nan', 'nan', '1969-12-31', '1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999+00', '01234567-89ab-cdef-0123-456789abcdef'),
  ('infinite', 'infinity', 'inf', '\x', false, 1, 1, 1, 3.4028235e38, 1.7976931348623157e308, 'infinity', 'infinity', 'infinity', '00000000-0000-0000-0000-000000000003'),
  ('minus infinite', '-infinity', '-inf', '\xff', false, 1, 1, 1, 1e-45, 5e-324, '-infinity', '-infinity', '-infinity', '00000000-0000-0000-0000-000000000004'),
  ('bytes', e'\u0001\u007f\u0080\uffff', 'é', (SELECT string_agg(set_byte('\x00', 0, i), '' ORDER BY i) FROM generate_series(0, 255) i), true, 256, 65536, 4294967296, 0.1, 0.1, '2024-01-01', '2024-01-01 01:02:03.4', '2024-01-01 01:02:03.000004+00', '00000000-0000-0000-0000-000000000005'),
  ('precise', '1', '1', '\x31', true, -129, -32769, -2147483649, 16777216, 123456789012345.67, '0001-01-01', '0001-01-01 00:00:00', '0001-01-01 00:00:00.1+00', '00000000-0000-0000-0000-000000000006');
INSERT INTO local.t (id, t) VALUES ('nulls', 'only this');
INSERT INTO local.t (id, b) SELECT 'large', decode(repeat(md5('x'), 20000), 'hex');
SELECT 'id text OPTIONS (row_key ''true'') COLLATE "C", ' ||
  string_agg(format('%I %s OPTIONS (family ''f'', qualifier %L)', attname, format_type(atttypid, atttypmod), attname), ', ' ORDER BY attnum) AS columns
FROM pg_attribute WHERE attrelid = 'local.t'::regclass AND attnum > 1 \gset

-- text, which is the default
\! $CREATE written_bytes f
CREATE FOREIGN TABLE t (:columns) SERVER bt OPTIONS (table_name 'written_bytes');
INSERT INTO t SELECT * FROM local.t;
SELECT compare('SELECT * FROM t');
\set cells `$READ written_bytes`
SELECT compare_cells(:'cells', $$SELECT line FROM local.t, LATERAL (VALUES
  (cell(id, 'f:t', t)), (cell(id, 'f:v', v)), (cell(id, 'f:b', b)), (cell(id, 'f:bo', left(bo::text, 1))),
  (cell(id, 'f:i2', i2::text)), (cell(id, 'f:i4', i4::text)), (cell(id, 'f:i8', i8::text)), (cell(id, 'f:f4', f4::text)), (cell(id, 'f:f8', f8::text)),
  (cell(id, 'f:d', d::text)), (cell(id, 'f:ts', ts::text)), (cell(id, 'f:tz', tz::text)), (cell(id, 'f:u', u::text))) c(line)$$);
SELECT shown(key), shown(col), shown(value) FROM cells(:'cells') WHERE shown(key) IN ('usual', 'infinite', 'minus zero') AND shown(col) <> 'f:b' ORDER BY 1, 2;

-- binary
\! $CREATE written_bytes f
ALTER FOREIGN TABLE t OPTIONS (ADD encoding 'binary');
INSERT INTO t SELECT * FROM local.t;
SELECT compare('SELECT * FROM t');
\set cells `$READ written_bytes`
SELECT compare_cells(:'cells', $$SELECT line FROM local.t, LATERAL (VALUES
  (cell(id, 'f:t', t)), (cell(id, 'f:v', v)), (cell(id, 'f:b', b)), (cell(id, 'f:bo', boolsend(bo))),
  (cell(id, 'f:i2', int2send(i2))), (cell(id, 'f:i4', int4send(i4))), (cell(id, 'f:i8', int8send(i8))), (cell(id, 'f:f4', float4send(f4))), (cell(id, 'f:f8', float8send(f8))),
  (cell(id, 'f:d', CASE d WHEN 'infinity' THEN '\x7fffffff' WHEN '-infinity' THEN '\x80000000' ELSE binary(d) END)),
  (cell(id, 'f:ts', CASE ts WHEN 'infinity' THEN '\x7fffffffffffffff' WHEN '-infinity' THEN '\x8000000000000000' ELSE binary(ts) END)),
  (cell(id, 'f:tz', CASE tz WHEN 'infinity' THEN '\x7fffffffffffffff' WHEN '-infinity' THEN '\x8000000000000000' ELSE binary(tz) END)),
  (cell(id, 'f:u', uuid_send(u)))) c(line)$$);
SELECT shown(key), shown(col), value FROM cells(:'cells') WHERE shown(key) IN ('usual', 'minus one', 'minus zero') AND shown(col) NOT IN ('f:t', 'f:v', 'f:b') ORDER BY 1, 2;

-- UPDATE writes the same bytes as INSERT
UPDATE t SET bo = NULL, i2 = NULL, i4 = NULL, i8 = NULL, f4 = NULL, f8 = NULL, d = NULL, ts = NULL, tz = NULL, u = NULL, v = NULL, b = '\x61', t = NULL;
UPDATE t SET t = l.t, v = l.v, b = l.b, bo = l.bo, i2 = l.i2, i4 = l.i4, i8 = l.i8, f4 = l.f4, f8 = l.f8, d = l.d, ts = l.ts, tz = l.tz, u = l.u FROM local.t l WHERE l.id = t.id;
SELECT compare('SELECT * FROM t');

-- what is written is found
SELECT count(*) AS values, count(*) FILTER (WHERE found <> 1) AS "not found" FROM local.t l, LATERAL (VALUES
  ((SELECT count(*) FROM t WHERE t.id = l.id AND t.i2 = l.i2)), ((SELECT count(*) FROM t WHERE t.id = l.id AND t.i8 = l.i8)), ((SELECT count(*) FROM t WHERE t.id = l.id AND t.u = l.u)),
  ((SELECT count(*) FROM t WHERE t.id = l.id AND t.d = l.d)), ((SELECT count(*) FROM t WHERE t.id = l.id AND t.tz = l.tz)), ((SELECT count(*) FROM t WHERE t.id = l.id AND t.f8 = l.f8)),
  ((SELECT count(*) FROM t WHERE t.id = l.id AND t.bo = l.bo)), ((SELECT count(*) FROM t WHERE t.id = l.id AND t.t = l.t)), ((SELECT count(*) FROM t WHERE t.id = l.id AND t.b = l.b))) c(found)
WHERE l.t IS NOT NULL AND l.b IS NOT NULL;

-- ---- types that have text alone ----
CREATE TABLE local.other (
  id text COLLATE "C" PRIMARY KEY, c char(4), ch "char", nm name, n numeric, n2 numeric(10, 3), j json, jb jsonb, ti time, tt timetz, iv interval, bi bit(5), vb varbit,
  ine inet, ci cidr, ma macaddr, po point, bx box, ia int[], ta text[], da date[], ba bytea[], ir int4range, tr tstzrange, im int4multirange, tv tsvector, oi oid, rc regclass,
  mo mood, moa mood[], pos positive, wo word, pa pair, pas pair[], mn money, jp jsonpath, ls pg_lsn, bl blob, vd bits);
INSERT INTO local.other VALUES
  ('usual', 'ab', 'x', 'a name', 3.1400, 3.14, '{"a" : [1, 2]}', '{"b": 1, "a": [1, 2]}', '12:34:56.789', '12:34:56.789+05:30', '1 year 2 mons 3 days 04:05:06.789', '10101', '101',
    '192.168.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', '(1.5,-2)', '(2,2),(1,1)', '{1,2,NULL}', '{a,"b,c",NULL,"NULL","\"q\\"}', '{2024-02-29,infinity}', '{"\\x00ff",NULL}', '[1,5)',
    '[2024-01-01 00:00:00+00,2024-02-01 12:00:00+00)', '{[1,3),[5,7)}', 'a:1 fat:2,4A cat:3', 42, 'pg_class', 'very happy', '{sad,"very happy"}', 7, 'größe',
    '(1,"x, ""y""","2024-02-29 12:00:00+00")', '{"(1,a,)","(2,,\"2024-02-29 12:00:00+00\")"}', '1234.50', '$."a"[*]?(@ > 1)', '16/B374D848', '\x00ff', '101'),
  ('edge', '', '', '', 'nan', -0.001, 'null', 'null', '24:00:00', '00:00:00-15:59', '-1 year -2 mons +3 days -04:05:06.789', '00000', '',
    '::1', '2001:db8::/32', 'ff:ff:ff:ff:ff:ff', '(NaN,Infinity)', '(0,0),(0,0)', '{}', '{{a,b},{c,d}}', '{}', '{}', 'empty', '(,)', '{}', '', 4294967295, 'pg_type',
    '', '{}', 2147483647, '', '(,,)', '{}', '-0.01', '$', '0/0', '', ''),
  ('more', 'ÄÖÜß', 'y', 'näme', 1e100, 1234567.890, '[]', '"😀"', '00:00:00', '23:59:59.999999+15:59', '00:00:00', '11111', repeat('01', 100)::varbit,
    '0.0.0.0/0', '::/0', '00:00:00:00:00:00', '(1e+300,-1e-300)', '(1e10,0.1),(-1e10,-0.1)', '[2:3]={1,2}', '{"äöü","日本"}', '{0001-01-01,"4713-01-01 BC"}', '{"\\x"}', '(,5)',
    '[-infinity,infinity)', '{(,1),[9,)}', 'ä:1', 0, NULL, 'größe', '{größe,""}', 1, '0123456789',
    '(2147483647,"größe	tab
newline",infinity)', '{NULL}', '92233720368547758.07', '$.*', 'FFFFFFFF/FFFFFFFF', '\x5c78', '0');
INSERT INTO local.other (id, n, iv) VALUES ('numbers', 'infinity', '178000000 years'), ('nulls', 0.000000000000000000000000000001, '-178000000 years');
SELECT 'id text OPTIONS (row_key ''true'') COLLATE "C", ' ||
  string_agg(format('%I %s OPTIONS (family ''f'', qualifier %L)', attname, format_type(atttypid, atttypmod), attname), ', ' ORDER BY attnum) AS columns
FROM pg_attribute WHERE attrelid = 'local.other'::regclass AND attnum > 1 \gset
\! $CREATE written_bytes_other f
CREATE FOREIGN TABLE other (:columns) SERVER bt OPTIONS (table_name 'written_bytes_other');
SELECT 'SELECT line FROM local.other, LATERAL (VALUES ' || string_agg(format('(cell(id, %L, %s))', 'f:' || attname,
  CASE WHEN atttypid = 'character'::regtype THEN format('rpad(%I::text, 4)', attname) WHEN atttypid = 'blob'::regtype THEN format('%I::bytea', attname)
    ELSE format('CASE WHEN num_nulls(%1$I::text) = 0 THEN format(''%%s'', %1$I) END', attname) END), ', ' ORDER BY attnum) || ') c(line)' AS query
FROM pg_attribute WHERE attrelid = 'local.other'::regclass AND attnum > 1 \gset
INSERT INTO other SELECT * FROM local.other;
SELECT compare('SELECT * FROM other');
\set cells `$READ written_bytes_other`
SELECT compare_cells(:'cells', :'query');
SELECT shown(col), shown(value) FROM cells(:'cells') WHERE shown(key) = 'usual' ORDER BY 1;
-- an encoding that they do not have is ignored where it is inherited
\! $CREATE written_bytes_other f
ALTER FOREIGN TABLE other OPTIONS (ADD encoding 'binary');
INSERT INTO other SELECT * FROM local.other;
SELECT compare('SELECT * FROM other');
\set cells `$READ written_bytes_other`
SELECT compare_cells(:'cells', :'query');

-- ---- domains over types with a binary form ----
CREATE DOMAIN test.big AS bigint;
CREATE DOMAIN test.day AS date;
\! $CREATE domains f
CREATE FOREIGN TABLE domains (id word OPTIONS (row_key 'true'), n positive OPTIONS (family 'f', qualifier 'n'), b big OPTIONS (family 'f', qualifier 'b'), d day OPTIONS (family 'f', qualifier 'd'), w word OPTIONS (family 'f', qualifier 'w')) SERVER bt;
INSERT INTO domains VALUES ('a', 1, -1, '2024-02-29', 'w');
SELECT * FROM domains;
SELECT * FROM domains WHERE id = 'a' AND b = -1;
SELECT failure($$INSERT INTO domains VALUES ('b', 0, 0, NULL, NULL)$$);
UPDATE domains SET n = 2, b = b * 10 WHERE id = 'a';
\set cells `$READ domains`
SELECT DISTINCT ON (key, col) shown(col), shown(value) FROM cells(:'cells') ORDER BY key, col, ts DESC;
SELECT * FROM domains;

-- ---- keys ----
CREATE FUNCTION test.check_key(type text, encoding text, literals text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  found bigint;
  bytes text;
BEGIN
  EXECUTE format('DROP FOREIGN TABLE IF EXISTS remote.keys; DROP TABLE IF EXISTS local.keys');
  EXECUTE format($q$CREATE FOREIGN TABLE remote.keys (id %s OPTIONS (row_key 'true', encoding %L), n int OPTIONS (family 'f', qualifier 'n')) SERVER bt$q$, type, encoding);
  EXECUTE format('CREATE TABLE local.keys (id %s, n int)', type);
  EXECUTE 'DELETE FROM remote.bytes';
  EXECUTE format('INSERT INTO local.keys SELECT l::%s, n FROM unnest($1) WITH ORDINALITY AS v(l, n)', type) USING literals;
  INSERT INTO remote.keys SELECT * FROM local.keys;
  EXECUTE format('SELECT count(*) FROM local.keys l WHERE (SELECT count(*) FROM remote.keys r WHERE r.id = l.id) = 1') INTO found;
  SELECT string_agg(shown(id), ' ' ORDER BY n) FROM remote.bytes INTO bytes;
  UPDATE remote.keys SET n = n + 1;
  UPDATE local.keys SET n = n + 1;
  RETURN format('%s %s: %s, %s found by key; %s', type, encoding, compare('SELECT * FROM keys'), found, bytes);
END $$;
\! $CREATE keys f
CREATE FOREIGN TABLE bytes (id bytea OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 'keys');
SELECT check_key('text', 'text', '{a,ä,"\\n"," "}');
SELECT check_key('varchar(5)', 'text', '{a,ä,12345}');
SELECT check_key('bytea', 'text', '{"\\x00","\\xff","\\x6100"}');
SELECT check_key('bytea', 'binary', '{"\\x00","\\xff","\\x6100"}');
SELECT check_key('smallint', 'text', '{0,1,-1,32767,-32768}');
SELECT check_key('smallint', 'binary', '{0,1,-1,32767,-32768}');
SELECT check_key('integer', 'text', '{0,1,-1,2147483647,-2147483648}');
SELECT check_key('integer', 'binary', '{0,1,-1,2147483647,-2147483648}');
SELECT check_key('bigint', 'text', '{0,1,-1,9223372036854775807,-9223372036854775808}');
SELECT check_key('bigint', 'binary', '{0,1,-1,9223372036854775807,-9223372036854775808}');
SELECT check_key('uuid', 'text', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}');
SELECT check_key('uuid', 'binary', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}');
SELECT check_key('date', 'text', '{1970-01-01,infinity,"0044-03-15 BC"}');
SELECT check_key('date', 'binary', '{1970-01-01,1969-12-31,infinity,-infinity}');
SELECT check_key('timestamptz', 'text', '{1970-01-01 00:00:00+00,2024-02-29 12:00:00.5+01,infinity}');
SELECT check_key('timestamptz', 'binary', '{1970-01-01 00:00:00+00,2024-02-29 12:00:00.5+01,infinity}');
SELECT check_key('timestamp', 'binary', '{1970-01-01 00:00:00.000001}');
SELECT check_key('boolean', 'text', '{true,false}');
SELECT check_key('boolean', 'binary', '{true,false}');
SELECT check_key('double precision', 'text', '{1.5,-1e300,inf}');
SELECT check_key('double precision', 'binary', '{1.5,-1e300,inf}');
SELECT check_key('numeric', 'text', '{1.50,-3}');
SELECT check_key('test.mood', 'text', '{sad,"very happy"}');
SELECT check_key('inet', 'text', '{10.0.0.1,::1/64}');
