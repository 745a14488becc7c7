-- Conditions on values: where the bytes sort like the values, they become
-- filters. They are always checked again locally.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.things (
  id text COLLATE "C" PRIMARY KEY, t text COLLATE "C", v varchar(10) COLLATE "C", b bytea, i2 int2, i4 int4, i8 int8, u uuid, d date,
  ts timestamp, tz timestamptz, bo bool, f8 float8, n numeric, it int4, jb jsonb, at timestamptz);
INSERT INTO local.things VALUES
  ('1', 'apple', 'red', '\x00', -1, -1, -1, '00000000-0000-0000-0000-000000000001', '2024-01-01', '2024-01-01', '2024-01-01 00:00+00', true, -1, -1, -1, '{"a": 1}', '2024-01-01 00:00+00'),
  ('2', 'Apple', 'green', '\x0000', 0, 0, 0, '80000000-0000-0000-0000-000000000000', '1969-12-31', '1969-12-31', '1969-12-31 00:00+00', false, 0, 0, 0, '{"a": 2}', '2024-01-02 00:00+00'),
  ('3', '', '', '', 1, 1, 1, 'ffffffff-ffff-ffff-ffff-ffffffffffff', '1970-01-01', '1970-01-01', '1970-01-01 00:00+00', true, 1.5, 1.50, 10, '[]', '2024-01-03 00:00+00'),
  ('4', 'äpfel', 'blue', '\xff', 32767, 2147483647, 9223372036854775807, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'infinity', 'infinity', 'infinity', false, 'inf', 100, 9, 'null', '2024-01-04 00:00:00.001+00'),
  ('5', 'apple pie', 'red', '\xff00', -32768, -2147483648, -9223372036854775808, 'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '-infinity', '-infinity', '-infinity', true, 'nan', 7, 100, '"x"', '1970-01-01 00:00+00'),
  ('6', e'line\nfeed', e'\t', '\x0a', 256, 65536, 4294967296, '00000000-0000-0000-0000-000000000000', '2024-02-29', '2024-02-29 12:00', '2024-02-29 12:00+00', false, 2, 2, 256, '1', '2024-01-01 00:00+00');
INSERT INTO local.things (id, t, at) VALUES ('7', 'zebra', '2024-01-01 00:00+00');
INSERT INTO local.things (id, i8) VALUES ('8', 5);
INSERT INTO local.things (id) VALUES ('9');
\! $CREATE things f
SELECT line FROM local.things, LATERAL (VALUES
  (cell(id, 'f:t', t, (extract(epoch FROM at) * 1000000)::bigint)), (cell(id, 'f:v', v)), (cell(id, 'f:b', b)), (cell(id, 'f:i2', binary(i2))), (cell(id, 'f:i4', binary(i4))), (cell(id, 'f:i8', binary(i8))),
  (cell(id, 'f:u', uuid_send(u))), (cell(id, 'f:d', CASE d WHEN 'infinity' THEN '\x7fffffff' WHEN '-infinity' THEN '\x80000000' ELSE binary(d) END)),
  (cell(id, 'f:ts', CASE ts WHEN 'infinity' THEN '\x7fffffffffffffff' WHEN '-infinity' THEN '\x8000000000000000' ELSE binary(ts) END)),
  (cell(id, 'f:tz', CASE tz WHEN 'infinity' THEN '\x7fffffffffffffff' WHEN '-infinity' THEN '\x8000000000000000' ELSE binary(tz) END)),
  (cell(id, 'f:bo', boolsend(bo))), (cell(id, 'f:f8', float8send(f8))), (cell(id, 'f:n', n::text)), (cell(id, 'f:it', it::text)), (cell(id, 'f:jb', jb::text))) c(line)
WHERE line IS NOT NULL UNION ALL SELECT cell('9', 'f:other', 'x')
\g |$LOAD things
CREATE FOREIGN TABLE things (
  id text OPTIONS (row_key 'true') COLLATE "C",
  t text OPTIONS (family 'f', qualifier 't') COLLATE "C", v varchar(10) OPTIONS (family 'f', qualifier 'v') COLLATE "C", b bytea OPTIONS (family 'f', qualifier 'b'),
  i2 int2 OPTIONS (family 'f', qualifier 'i2'), i4 int4 OPTIONS (family 'f', qualifier 'i4'), i8 int8 OPTIONS (family 'f', qualifier 'i8'), u uuid OPTIONS (family 'f', qualifier 'u'),
  d date OPTIONS (family 'f', qualifier 'd'), ts timestamp OPTIONS (family 'f', qualifier 'ts'), tz timestamptz OPTIONS (family 'f', qualifier 'tz'), bo bool OPTIONS (family 'f', qualifier 'bo'),
  f8 float8 OPTIONS (family 'f', qualifier 'f8'), n numeric OPTIONS (family 'f', qualifier 'n'), it int4 OPTIONS (family 'f', qualifier 'it', encoding 'text'),
  jb jsonb OPTIONS (family 'f', qualifier 'jb'), at timestamptz OPTIONS (family 'f', qualifier 't', cell 'timestamp'))
SERVER bt OPTIONS (encoding 'binary');
SELECT compare('SELECT * FROM things');

-- text and bytea
SELECT check_query($$SELECT id FROM things WHERE t = 'apple'$$);
SELECT check_query($$SELECT id FROM things WHERE t = ''$$);
SELECT check_query($$SELECT id FROM things WHERE t < 'apple'$$);
SELECT check_query($$SELECT id FROM things WHERE t <= ''$$);
SELECT check_query($$SELECT id FROM things WHERE t < ''$$);
SELECT check_query($$SELECT id FROM things WHERE t >= ''$$);
SELECT check_query($$SELECT id FROM things WHERE t > ''$$);
SELECT check_query($$SELECT id FROM things WHERE t >= 'apple' AND t < 'b'$$);
SELECT check_query($$SELECT id FROM things WHERE t IN ('apple', 'zebra', '', 'äpfel', 'x')$$);
SELECT check_query($$SELECT id FROM things WHERE t LIKE 'apple%'$$);
SELECT check_query($$SELECT id FROM things WHERE t LIKE '%e'$$);
SELECT check_query($$SELECT id FROM things WHERE t ^@ 'ä'$$);
SELECT check_query($$SELECT id FROM things WHERE t = e'line\nfeed'$$);
SELECT check_query($$SELECT id FROM things WHERE t ~>~ 'b' COLLATE "und-x-icu"$$);
SELECT check_query($$SELECT id FROM things WHERE v = 'red'$$);
SELECT check_query($$SELECT id FROM things WHERE v IN ('red', '')$$);
SELECT check_query($$SELECT id FROM things WHERE b = ''$$);
SELECT check_query($$SELECT id FROM things WHERE b > '\x00'$$);
SELECT check_query($$SELECT id FROM things WHERE b >= '\xff'$$);
SELECT check_query($$SELECT id FROM things WHERE b LIKE '\xff25'$$);
SELECT check_query($$SELECT id FROM things WHERE b < '\x0000'$$);

-- numbers
SELECT check_query($$SELECT id FROM things WHERE i2 = -1$$);
SELECT check_query($$SELECT id FROM things WHERE i2 > 100000$$);
SELECT check_query($$SELECT id FROM things WHERE i2 < 100000$$);
SELECT check_query($$SELECT id FROM things WHERE i4 >= 0$$);
SELECT check_query($$SELECT id FROM things WHERE i4 BETWEEN -1 AND 1$$);
SELECT check_query($$SELECT id FROM things WHERE i8 < 0$$);
SELECT check_query($$SELECT id FROM things WHERE i8 IN (5, -1)$$);
SELECT check_query($$SELECT id FROM things WHERE i8 = 4294967296$$);
SELECT check_query($$SELECT id FROM things WHERE it = 10$$);
SELECT check_query($$SELECT id FROM things WHERE n = 1.5$$);
SELECT check_query($$SELECT id FROM things WHERE f8 > 0$$);
SELECT check_query($$SELECT id FROM things WHERE bo$$);
SELECT check_query($$SELECT id FROM things WHERE bo = false$$);
SELECT check_query($$SELECT id FROM things WHERE u = '80000000-0000-0000-0000-000000000000'$$);
SELECT check_query($$SELECT id FROM things WHERE u > '80000000-0000-0000-0000-000000000000'$$);
SELECT check_query($$SELECT id FROM things WHERE jb = '[]'$$);

-- dates and times
SELECT check_query($$SELECT id FROM things WHERE d >= '1970-01-01'$$);
SELECT check_query($$SELECT id FROM things WHERE d < '1970-01-01'$$);
SELECT check_query($$SELECT id FROM things WHERE d = 'infinity'$$);
SELECT check_query($$SELECT id FROM things WHERE ts > '2024-01-01'$$);
SELECT check_query($$SELECT id FROM things WHERE tz <= '1970-01-01 00:00+00'$$);
SELECT check_query($$SELECT id FROM things WHERE tz < '294276-12-31 23:59:59+00'$$);
SELECT check_query($$SELECT id FROM things WHERE tz > '294276-12-31 23:59:59+00'$$);

-- timestamps of cells
SELECT check_query($$SELECT id FROM things WHERE at = '2024-01-02 00:00+00'$$);
SELECT check_query($$SELECT id FROM things WHERE at > '2024-01-02 00:00+00'$$);
SELECT check_query($$SELECT id FROM things WHERE at >= '2024-01-02 00:00+00' AND at < '2024-01-04 00:00:00.001+00'$$);
SELECT check_query($$SELECT id FROM things WHERE at <= '2024-01-04 00:00:00.001+00'$$);
SELECT check_query($$SELECT id FROM things WHERE at = '1970-01-01 00:00+00'$$);
SELECT check_query($$SELECT id FROM things WHERE at <= '1970-01-01 00:00+00'$$);
SELECT check_query($$SELECT id FROM things WHERE at < '1970-01-01 00:00+00'$$);
SELECT check_query($$SELECT id FROM things WHERE at > '1960-01-01 00:00+00'$$);
SELECT check_query($$SELECT id FROM things WHERE at < '1960-01-01 00:00+00'$$);
SELECT check_query($$SELECT id FROM things WHERE at = '1960-01-01 00:00+00'$$);
SELECT check_query($$SELECT id FROM things WHERE at IN ('1960-01-01 00:00+00', '2024-01-01 00:00+00', '2024-01-03 00:00+00')$$);
SELECT check_query($$SELECT id FROM things WHERE at < 'infinity'$$);
SELECT check_query($$SELECT id FROM things WHERE at = 'infinity'$$);
SELECT check_query($$SELECT id FROM things WHERE at > '-infinity'$$);
SELECT check_query($$SELECT id FROM things WHERE at < '294276-12-31 23:59:59+00'$$);
SELECT check_query($$SELECT id FROM things WHERE at > '294276-12-31 23:59:59+00'$$);
SELECT plan($$SELECT id FROM things WHERE at >= '2024-01-02 00:00+00' AND at < '2024-01-04 00:00:00.001+00'$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT id FROM things WHERE at > '1960-01-01 00:00+00'$$, 'COSTS OFF, VERBOSE');

-- NULLs: what a row without the cell answers, and what "not" makes of it
SELECT check_query($$SELECT id FROM things WHERE t IS NOT NULL$$);
SELECT check_query($$SELECT id FROM things WHERE t IS NULL$$);
SELECT check_query($$SELECT id FROM things WHERE i8 IS NOT NULL$$);
SELECT check_query($$SELECT id FROM things WHERE jb IS NOT NULL$$);
SELECT check_query($$SELECT id FROM things WHERE at IS NOT NULL$$);
SELECT check_query($$SELECT id FROM things WHERE t <> 'apple'$$);
SELECT check_query($$SELECT id FROM things WHERE NOT t = 'apple'$$);
SELECT check_query($$SELECT id FROM things WHERE t IS DISTINCT FROM 'apple'$$);
SELECT check_query($$SELECT id FROM things WHERE (t = 'apple') IS NOT TRUE$$);
SELECT check_query($$SELECT id FROM things WHERE (t = 'apple') IS NULL$$);
SELECT check_query($$SELECT id FROM things WHERE t = 'apple' OR t IS NULL$$);
SELECT check_query($$SELECT id FROM things WHERE t = 'apple' OR t IS NOT NULL$$);
SELECT check_query($$SELECT id FROM things WHERE coalesce(t, 'apple') = 'apple'$$);
SELECT check_query($$SELECT id FROM things WHERE t = NULL$$);
SELECT compare($$SELECT id FROM things WHERE t = ANY (NULL::text[])$$);
SELECT check_query($$SELECT id FROM things WHERE t NOT IN ('apple', 'zebra')$$);
SELECT check_query($$SELECT id FROM things WHERE t = ALL ('{}')$$);

-- several at once
SELECT check_query($$SELECT * FROM things WHERE t = 'apple' AND i8 = -1$$);
SELECT check_query($$SELECT id FROM things WHERE t = 'apple' OR i8 = 5$$);
SELECT check_query($$SELECT id FROM things WHERE t >= 'a' AND t < 'b' AND i8 < 0 AND id > '1'$$);
SELECT check_query($$SELECT id FROM things WHERE (t = 'apple' OR t = 'zebra') AND t LIKE 'a%'$$);
SELECT compare($$SELECT id FROM things WHERE t = 'apple' AND t = 'zebra'$$);
SELECT check_query($$SELECT id FROM things WHERE i8 > 0 AND i8 < 0$$);
SELECT check_query($$SELECT id FROM things WHERE t = 'apple' AND at > '2024-01-01 00:00+00'$$);
SELECT check_query($$SELECT id FROM things WHERE t IN ('apple', 'zebra') AND at = '2024-01-01 00:00+00'$$);
SELECT check_query($$SELECT id FROM things WHERE id = '1' AND t = 'apple'$$);
SELECT check_query($$SELECT id FROM things WHERE id = '1' OR t = 'zebra'$$);
SELECT check_query($$SELECT id FROM things WHERE (id = '1' AND t = 'apple') OR (id > '6' AND t > '')$$);
SELECT check_query($$SELECT id FROM things WHERE t = v$$);
SELECT check_query($$SELECT id FROM things WHERE t > id$$);
SELECT check_query($$SELECT count(*) FROM things WHERE t > 'a'$$);

-- more tests than are sent, and more alternatives
SELECT compare($$SELECT id FROM things WHERE t = 'apple' AND v = 'red' AND b = '\x00' AND i2 = -1 AND i4 = -1 AND i8 = -1 AND d = '2024-01-01'$$);
SELECT count(*) FROM regexp_matches((SELECT p FROM plan($$SELECT id FROM things WHERE t = 'apple' AND v = 'red' AND b = '\x00' AND i2 = -1 AND i4 = -1 AND i8 = -1 AND d = '2024-01-01'$$,
  'COSTS OFF, VERBOSE') p WHERE p LIKE '%Row Filter%'), 'condition', 'g');
SELECT compare(format('SELECT id FROM things WHERE t IN (%s)', string_agg(quote_literal('apple' || i), ', ') || $$, 'apple'$$)) FROM generate_series(1, 150) i;
SELECT compare(format('SELECT id FROM things WHERE t IN (%s)', string_agg(quote_literal('apple' || i), ', ') || $$, 'apple'$$)) FROM generate_series(1, 90) i;

-- what is fetched and what is tested
SELECT plan($$SELECT id FROM things WHERE t = 'apple'$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT i8 FROM things WHERE t = 'apple'$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT t FROM things WHERE i8 = 1$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT t, i8 FROM things WHERE i8 > 1 AND t LIKE 'a%'$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT i8 FROM things WHERE t IS NOT NULL$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT id FROM things WHERE coalesce(t, 'apple') = 'apple'$$, 'COSTS OFF, VERBOSE');

-- binary integers in cells of any width
CREATE TABLE local.widths (id text PRIMARY KEY, n bigint);
INSERT INTO local.widths VALUES ('1', 5), ('2', 5), ('4', 5), ('8', 5), ('-1', -5), ('-2', -5), ('-4', -5), ('-8', -5), ('1 max', 127), ('1 min', -128), ('2 max', 32767), ('8 max', 9223372036854775807), ('empty', NULL);
\! $CREATE widths f
SELECT cell(id, 'f:n', value) FROM (VALUES ('1', '\x05'::bytea), ('2', '\x0005'), ('4', '\x00000005'), ('8', '\x0000000000000005'), ('-1', '\xfb'), ('-2', '\xfffb'), ('-4', '\xfffffffb'),
  ('-8', '\xfffffffffffffffb'), ('1 max', '\x7f'), ('1 min', '\x80'), ('2 max', '\x7fff'), ('8 max', '\x7fffffffffffffff'), ('empty', '')) v(id, value)
\g |$LOAD widths
CREATE FOREIGN TABLE widths (id text OPTIONS (row_key 'true'), n bigint OPTIONS (family 'f', qualifier 'n', encoding 'binary')) SERVER bt;
SELECT compare($$SELECT * FROM widths WHERE n = 5$$);
SELECT compare($$SELECT * FROM widths WHERE n = -5$$);
SELECT compare($$SELECT * FROM widths WHERE n > 5$$);
SELECT compare($$SELECT * FROM widths WHERE n < 5$$);
SELECT compare($$SELECT * FROM widths WHERE n BETWEEN -128 AND 127$$);
SELECT compare($$SELECT * FROM widths WHERE n < 0$$);
SELECT compare($$SELECT * FROM widths WHERE n >= 0$$);
SELECT compare($$SELECT * FROM widths WHERE n <> 5$$);
SELECT compare($$SELECT * FROM widths WHERE n IN (127, 32767)$$);
SELECT compare($$SELECT * FROM widths WHERE n IS NOT NULL$$);
SELECT compare($$SELECT * FROM widths WHERE n IS NULL$$);
SELECT plan($$SELECT * FROM widths WHERE n = 5$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT * FROM widths WHERE n = 200$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT * FROM widths WHERE n > -2$$, 'COSTS OFF, VERBOSE');
