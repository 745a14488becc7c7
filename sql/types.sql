-- Types: how cells of each type are read, in both encodings.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.samples (
  id text COLLATE "C" PRIMARY KEY,
  t text, v varchar(5), c char(4), b bytea, bo bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8,
  n numeric, d date, ts timestamp, tz timestamptz, u uuid, j json, jb jsonb);
INSERT INTO local.samples VALUES
  ('1 usual', 'some text', 'abc', 'ab', '\x0102', true, 12, 345, 6789, 1.5, -2.25, 3.1400, '2024-02-29',
   '2024-02-29 12:34:56.789012', '2024-02-29 12:34:56.789012+00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": [1, 2]}', '{"a": [1, 2]}'),
  ('2 small', '', '', '', '', false, -32768, -2147483648, -9223372036854775808, '-inf', '-inf', '-inf', '4713-01-01 BC',
   '4713-01-01 00:00:00 BC', '4713-01-01 00:00:00+00 BC', '00000000-0000-0000-0000-000000000000', 'null', '{}'),
  ('3 large', repeat('long ', 5000), 'äöüß€', 'ÄÖÜ', '\xfffe00', true, 32767, 2147483647, 9223372036854775807, 'inf', 'inf', 1e100, '9999-12-31',
   '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999+00', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '[]', '"😀"'),
  ('4 zero', e'\n\t\\"''', e'\t', ' ', '\x00', false, 0, 0, 0, 0, '-0', 0.00, '1970-01-01',
   '1970-01-01', '1970-01-01 00:00+00', '00000000-0000-0000-0000-000000000001', '0', '0'),
  ('5 minus one', '日本語', 'NaN', 'x', '\x5c78', false, -1, -1, -1, 'nan', 'nan', 'nan', '1969-12-31',
   '1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999+00', '01234567-89ab-cdef-0123-456789abcdef', '"\u00e9"', '-1e5'),
  ('6 infinite', 'infinity', 'inf', 'inf', '', false, 1, 1, 1, 3.4028235e38, 1.7976931348623157e308, 'inf', 'infinity',
   'infinity', 'infinity', '00000000-0000-0000-0000-000000000002', '{}', 'null'),
  ('7 minus infinite', '-infinity', '-inf', '-inf', '', false, 1, 1, 1, 1e-45, 5e-324, 1e-100, '-infinity',
   '-infinity', '-infinity', '00000000-0000-0000-0000-000000000003', '[]', '[null]');
INSERT INTO local.samples (id, t) VALUES ('8 nulls', 'only this');

-- in text encoding, which is the default; an empty cell where the text is empty
\! $CREATE samples_text f
SELECT line FROM local.samples s, LATERAL (VALUES
  (cell(id, 'f:t', t)), (cell(id, 'f:v', v)), (cell(id, 'f:c', c::text)), (cell(id, 'f:b', b)), (cell(id, 'f:bo', bo::text)),
  (cell(id, 'f:i2', i2::text)), (cell(id, 'f:i4', i4::text)), (cell(id, 'f:i8', i8::text)), (cell(id, 'f:f4', f4::text)),
  (cell(id, 'f:f8', f8::text)), (cell(id, 'f:n', n::text)), (cell(id, 'f:d', d::text)), (cell(id, 'f:ts', ts::text)),
  (cell(id, 'f:tz', tz::text)), (cell(id, 'f:u', u::text)), (cell(id, 'f:j', j::text)), (cell(id, 'f:jb', jb::text))) c(line)
WHERE line IS NOT NULL
\g |$LOAD samples_text
CREATE FOREIGN TABLE samples (
  id text OPTIONS (row_key 'true') COLLATE "C",
  t text OPTIONS (family 'f', qualifier 't'), v varchar(5) OPTIONS (family 'f', qualifier 'v'),
  c char(4) OPTIONS (family 'f', qualifier 'c'), b bytea OPTIONS (family 'f', qualifier 'b'),
  bo bool OPTIONS (family 'f', qualifier 'bo'), i2 int2 OPTIONS (family 'f', qualifier 'i2'),
  i4 int4 OPTIONS (family 'f', qualifier 'i4'), i8 int8 OPTIONS (family 'f', qualifier 'i8'),
  f4 float4 OPTIONS (family 'f', qualifier 'f4'), f8 float8 OPTIONS (family 'f', qualifier 'f8'),
  n numeric OPTIONS (family 'f', qualifier 'n'), d date OPTIONS (family 'f', qualifier 'd'),
  ts timestamp OPTIONS (family 'f', qualifier 'ts'), tz timestamptz OPTIONS (family 'f', qualifier 'tz'),
  u uuid OPTIONS (family 'f', qualifier 'u'), j json OPTIONS (family 'f', qualifier 'j'), jb jsonb OPTIONS (family 'f', qualifier 'jb')
) SERVER bt OPTIONS (table_name 'samples_text');
SELECT compare('SELECT * FROM samples');
SELECT compare(format('SELECT id, %I FROM samples', attname)) FROM pg_attribute
WHERE attrelid = 'local.samples'::regclass AND attnum > 1 ORDER BY attnum;

-- text in a form that is not the output's own
\! $CREATE spelled f
SELECT cell('r', 'f:i2', ' +007 ') UNION ALL SELECT cell('r', 'f:i4', '-0') UNION ALL SELECT cell('r', 'f:i8', '0000000000000000000012') UNION ALL
SELECT cell('r', 'f:bo', 'YES') UNION ALL SELECT cell('r', 'f:f8', ' 1e3') UNION ALL SELECT cell('r', 'f:n', '+1.50e1') UNION ALL
SELECT cell('r', 'f:d', '20240229') UNION ALL SELECT cell('r', 'f:tz', '2024-02-29T12:00:00Z') UNION ALL
SELECT cell('r', 'f:u', '{A0EEBC99-9C0B4EF8-BB6D6BB9BD380A11}') UNION ALL SELECT cell('r', 'f:jb', e' { "b":1,\n"a":2}')
\g |$LOAD spelled
ALTER FOREIGN TABLE samples OPTIONS (SET table_name 'spelled');
SELECT id, i2, i4, i8, bo, f8, n, d, tz, u, jb FROM samples;

-- in binary encoding; what has none stays text
\! $CREATE samples_binary f
SELECT line FROM local.samples s, LATERAL (VALUES
  (cell(id, 'f:t', t)), (cell(id, 'f:v', v)), (cell(id, 'f:c', c::text)), (cell(id, 'f:b', b)), (cell(id, 'f:bo', boolsend(bo))),
  (cell(id, 'f:i2', int2send(i2))), (cell(id, 'f:i4', int4send(i4))), (cell(id, 'f:i8', int8send(i8))), (cell(id, 'f:f4', float4send(f4))),
  (cell(id, 'f:f8', float8send(f8))), (cell(id, 'f:n', n::text)),
  (cell(id, 'f:d', CASE d WHEN 'infinity' THEN '\x7fffffff' WHEN '-infinity' THEN '\x80000000' ELSE binary(d) END)),
  (cell(id, 'f:ts', CASE ts WHEN 'infinity' THEN '\x7fffffffffffffff' WHEN '-infinity' THEN '\x8000000000000000' ELSE binary(ts) END)),
  (cell(id, 'f:tz', CASE tz WHEN 'infinity' THEN '\x7fffffffffffffff' WHEN '-infinity' THEN '\x8000000000000000' ELSE binary(tz) END)),
  (cell(id, 'f:u', uuid_send(u))), (cell(id, 'f:j', j::text)), (cell(id, 'f:jb', jb::text))) c(line)
WHERE line IS NOT NULL
\g |$LOAD samples_binary
ALTER FOREIGN TABLE samples OPTIONS (SET table_name 'samples_binary', ADD encoding 'binary');
SELECT compare('SELECT * FROM samples');
SELECT compare(format('SELECT id, %I FROM samples', attname)) FROM pg_attribute
WHERE attrelid = 'local.samples'::regclass AND attnum > 1 ORDER BY attnum;

-- by hand, and integers of other widths
\! $CREATE widths f
SELECT cell('r', 'f:' || width || name, value) FROM (VALUES
  (1, 'plus', '\x7f'::bytea), (1, 'minus', '\x80'), (2, 'plus', '\x0100'), (2, 'minus', '\xfeff'),
  (4, 'plus', '\x00010000'), (4, 'minus', '\xfffeffff'), (8, 'plus', '\x0000000100000000'), (8, 'minus', '\xffffffff00000000'),
  (8, 'small', '\xfffffffffffffff9'), (8, 'float', '\x400921fb54442d18'), (4, 'float', '\x40490fdb'), (4, 'date', '\x00004da2'),
  (8, 'time', '\x0000000000000001')) v(width, name, value)
\g |$LOAD widths
CREATE FOREIGN TABLE widths (
  "f:1plus" int8, "f:1minus" int8, "f:2plus" int8, "f:2minus" int8, "f:4plus" int8, "f:4minus" int8, "f:8plus" int8, "f:8minus" int8)
SERVER bt OPTIONS (encoding 'binary');
CREATE FOREIGN TABLE narrow (
  "f:1plus" int2, "f:1minus" int4, "f:2plus" int2, "f:2minus" int4, "f:4plus" int4, "f:4minus" int4, "f:8small" int2,
  "f:8float" float8, "f:4float" float8, "f:4date" date, "f:8time" timestamptz)
SERVER bt OPTIONS (table_name 'widths', encoding 'binary');
SELECT * FROM widths;
SELECT * FROM narrow;
CREATE FOREIGN TABLE too_narrow (
  _key text OPTIONS (encoding 'text'), "f:8plus" int4, "f:4plus" int2, "f:4minus" int2, "f:8float" real)
SERVER bt OPTIONS (table_name 'widths', encoding 'binary');
SELECT failure('SELECT "f:8plus" FROM too_narrow');
SELECT failure('SELECT "f:4plus" FROM too_narrow');
SELECT failure('SELECT "f:4minus" FROM too_narrow');
SELECT "f:8float" FROM too_narrow;

-- an empty cell is '' or NULL; a cell that is not there is NULL
\! $CREATE empty f
SELECT cell('r', 'f:' || q, ''::bytea) FROM unnest('{t,v,c,b,bo,i2,i4,i8,f4,f8,n,d,ts,tz,u,j,jb}'::text[]) q
\g |$LOAD empty
ALTER FOREIGN TABLE samples OPTIONS (SET table_name 'empty');
SELECT * FROM samples;
ALTER FOREIGN TABLE samples OPTIONS (SET encoding 'text');
SELECT * FROM samples;
SELECT id, t IS NULL, v = '', c = '', b = '', i8 IS NULL FROM samples;

-- the column decides before the table, the table before the server
ALTER SERVER bt OPTIONS (ADD encoding 'binary');
CREATE FOREIGN TABLE encodings (
  _key text, "f:8plus" bigint, "f:4float" real, "f:1plus" text OPTIONS (encoding 'text'), "f:2plus" bytea OPTIONS (encoding 'binary'))
SERVER bt OPTIONS (table_name 'widths');
SELECT _key, "f:8plus", "f:4float", ascii("f:1plus"), "f:2plus" FROM encodings;
ALTER FOREIGN TABLE encodings OPTIONS (ADD encoding 'text');
SELECT failure('SELECT "f:8plus" FROM encodings');
ALTER FOREIGN TABLE encodings ALTER "f:8plus" OPTIONS (ADD encoding 'binary');
SELECT "f:8plus", ascii("f:1plus") FROM encodings;
ALTER SERVER bt OPTIONS (DROP encoding);
