-- Segments of fixed width, ordered numbers and ordered code, some in descending
-- order: ranges, with their bounds exchanged, and orders.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

-- signed numbers: up to two ranges, and no order; they may follow one another
CREATE TABLE local.s (i int, b boolean, n bigint, v text, PRIMARY KEY (i, b, n));
INSERT INTO local.s SELECT i, b, n, 'v' FROM unnest('{-2147483648,-2,-1,0,1,35,2147483647}'::int[]) i, unnest('{t,f}'::boolean[]) b, unnest('{-9223372036854775808,-1,0,1,9223372036854775807}'::bigint[]) n;
\! $CREATE s f
SELECT cell(binary(i) || CASE WHEN b THEN '\x01' ELSE '\x00' END::bytea || binary(n), 'f:v', v) FROM local.s
\g |$LOAD s
CREATE FOREIGN TABLE s (i int OPTIONS (key_part '1'), b boolean OPTIONS (key_part '2'), n bigint OPTIONS (key_part '3'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (encoding 'binary');
SELECT check_query($$SELECT * FROM s WHERE i = 35$$);
SELECT check_query($$SELECT * FROM s WHERE i = 35::bigint AND b$$);
SELECT check_query($$SELECT * FROM s WHERE i = -1 AND NOT b AND n = 1::smallint$$);
SELECT check_query($$SELECT * FROM s WHERE i = -1 AND b IS FALSE AND n < 1$$);
SELECT check_query($$SELECT * FROM s WHERE i > 0$$);
SELECT check_query($$SELECT * FROM s WHERE i >= -1$$);
SELECT check_query($$SELECT * FROM s WHERE i < 4294967296$$);
SELECT check_query($$SELECT * FROM s WHERE i IN (1, 4294967297) AND b IN (true, false) AND n > -2$$);
SELECT check_query($$SELECT * FROM s WHERE (i, b, n) > (1, true, 0)$$);
SELECT check_query($$SELECT * FROM s WHERE (i, b, n) <= (-1, false, -1)$$);
SELECT check_query($$SELECT * FROM s ORDER BY i$$, false);
SELECT check_query($$SELECT * FROM s WHERE i = 1 ORDER BY b DESC, n$$, true);
SELECT check_query($$SELECT * FROM s WHERE i = 1 AND n = 0 ORDER BY b$$, true);

-- but among those of one sign there is one
SELECT check_query($$SELECT * FROM s WHERE i >= 0 AND n >= 0 ORDER BY i, b, n$$, true);
SELECT check_query($$SELECT * FROM s WHERE i < 0 ORDER BY i DESC, b DESC, n LIMIT 7$$, true);
SELECT check_query($$SELECT i FROM s WHERE i > -1 AND i <> 0 ORDER BY i DESC LIMIT 7$$, true);
SELECT check_query($$SELECT i FROM s WHERE i BETWEEN -1 AND 1 ORDER BY i LIMIT 7$$, true);
SELECT compare($$SELECT i FROM s WHERE i > (SELECT 0) ORDER BY i LIMIT 7$$, true);
SELECT p FROM plan($$SELECT max(n) FROM s WHERE i = 1 AND b AND n > 0$$) p WHERE p !~ 'Result|InitPlan';
SELECT compare($$SELECT min(n), max(n) FROM s WHERE i = 1 AND b AND n > 0$$);

-- the same, flipped
CREATE FUNCTION flipped(bytes bytea) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT decode(string_agg(lpad(to_hex(255 - get_byte(bytes, i)), 2, '0'), '' ORDER BY i), 'hex') FROM generate_series(0, length(bytes) - 1) i
$$;
CREATE TABLE local.r (LIKE local.s INCLUDING ALL);
INSERT INTO local.r SELECT * FROM local.s;
\! $CREATE r f
SELECT cell(flipped(binary(i) || CASE WHEN b THEN '\x01' ELSE '\x00' END::bytea || binary(n)), 'f:v', v) FROM local.r
\g |$LOAD r
CREATE FOREIGN TABLE r (i int OPTIONS (key_part '1', reversed 'true'), b boolean OPTIONS (key_part '2', reversed 'true'), n bigint OPTIONS (key_part '3', reversed 'true'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (encoding 'binary');
SELECT check_query($$SELECT * FROM r WHERE i = 35 AND b$$);
SELECT check_query($$SELECT * FROM r WHERE i >= -1$$);
SELECT check_query($$SELECT * FROM r WHERE i < -1$$);
SELECT check_query($$SELECT * FROM r WHERE i = 0 AND b AND n > 0$$);
SELECT check_query($$SELECT * FROM r WHERE i <> 0$$);
SELECT check_query($$SELECT * FROM r WHERE (i, b, n) > (1, true, 0)$$);
SELECT check_query($$SELECT * FROM r WHERE i = 1 ORDER BY b, n$$, true);

SELECT check_query($$SELECT i FROM r WHERE i > 0 ORDER BY i DESC LIMIT 7$$, true);

-- a time series, newest first: ORDER BY time DESC is the order of the keys
CREATE TABLE local.m (sensor text COLLATE "C", at timestamptz, id uuid, v float8, PRIMARY KEY (sensor, at, id));
INSERT INTO local.m SELECT 's' || s, '2024-01-01 00:00+00'::timestamptz + i * interval '7 hours', md5(i::text)::uuid, i FROM generate_series(1, 11) s, generate_series(1, 20) i;
INSERT INTO local.m VALUES ('s1', '1969-07-20 20:17+00', md5('moon')::uuid, -1), ('s1', '-infinity', md5('never')::uuid, -2), ('s1', 'infinity', md5('ever')::uuid, -3), ('s1', '1970-01-01 00:00+00', md5('epoch')::uuid, -4);
\! $CREATE m f
CREATE FUNCTION micros(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE at WHEN 'infinity' THEN 9223372036854775807 WHEN '-infinity' THEN -9223372036854775808 ELSE (extract(epoch FROM at) * 1000000)::bigint END
$$;
SELECT cell(convert_to(sensor || '#', 'UTF8') || flipped(ordered(micros(at))) || '#' || uuid_send(id), 'f:v', v::text) FROM local.m
\g |$LOAD m
CREATE FOREIGN TABLE m (sensor text OPTIONS (key_part '1') COLLATE "C", at timestamptz OPTIONS (key_part '2', encoding 'ordered', reversed 'true'), id uuid OPTIONS (key_part '3', encoding 'binary'), v float8 OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (key_delimiter '#');
SELECT check_query($$SELECT * FROM m$$);
SELECT check_query($$SELECT at, v FROM m WHERE sensor = 's1' ORDER BY at DESC LIMIT 3$$, true);
SELECT check_query($$SELECT at, v FROM m WHERE sensor = 's1' ORDER BY at LIMIT 3$$, true);
SELECT check_query($$SELECT at, v FROM m WHERE sensor = 's1' AND at >= '2024-01-02 00:00+00' AND at < '2024-01-03 00:00+00' ORDER BY at DESC$$, true);
SELECT check_query($$SELECT at, v FROM m WHERE sensor = 's1' AND at < '1970-01-01 00:00+00' ORDER BY at$$, true);
SELECT check_query($$SELECT at, v FROM m WHERE sensor = 's1' AND at = '2024-01-01 07:00+00'$$);
SELECT check_query($$SELECT at, v FROM m WHERE sensor = 's1' AND at = '2024-01-01 07:00+00' AND id = md5('1')::uuid$$);
SELECT check_query($$SELECT at, v FROM m WHERE sensor = 's1' AND at IN ('2024-01-01 07:00+00', 'infinity')$$);
SELECT check_query($$SELECT at, v FROM m WHERE sensor = 's1' AND (at, id) < ('2024-01-01 14:00+00', md5('2')::uuid) ORDER BY at DESC LIMIT 2$$, true);
SELECT check_query($$SELECT sensor, at FROM m WHERE sensor IN ('s1', 's2') AND at > '2024-01-06 00:00+00'$$);
SELECT check_query($$SELECT at FROM m WHERE sensor = 's2' ORDER BY at DESC, id$$, true);
SELECT check_query($$SELECT at FROM m WHERE sensor = 's2' ORDER BY at DESC, id DESC$$, true);
SELECT check_query($$SELECT sensor, at FROM m ORDER BY sensor, at DESC$$, true);
SELECT p FROM plan($$SELECT max(at) FROM m WHERE sensor = 's3'$$) p WHERE p !~ 'Result|InitPlan';
SELECT compare($$SELECT min(at), max(at) FROM m WHERE sensor = 's1'$$);
SELECT check_query($$SELECT s.sensor, l.at, l.v FROM (VALUES ('s1'), ('s5'), ('none')) s(sensor) LEFT JOIN LATERAL (SELECT at, v FROM m WHERE m.sensor = s.sensor ORDER BY at DESC LIMIT 1) l ON true$$);
SELECT compare($$SELECT * FROM m WHERE sensor = 's1' AND at > now() - interval '1 hour'$$);

-- ordered code: fields of any type, each in either direction
CREATE TABLE local.oc (a text COLLATE "C", b bytea, c bigint, d text COLLATE "C", v text, PRIMARY KEY (a, b, c, d));
INSERT INTO local.oc SELECT a, b, c, d, 'v' FROM unnest('{"",a,ab,b}'::text[]) a, unnest('{"\\x","\\x00","\\x0001","\\x01","\\xff"}'::bytea[]) b, unnest('{-65,0,64}'::bigint[]) c, unnest('{"",z}'::text[]) d;
CREATE FOREIGN TABLE oc (a text OPTIONS (key_part '1') COLLATE "C", b bytea OPTIONS (key_part '2', reversed 'true'), c bigint OPTIONS (key_part '3', encoding 'ordered'), d text OPTIONS (key_part '4') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (key_encoding 'ordered_code');
\! $CREATE oc f
INSERT INTO remote.oc SELECT * FROM local.oc;
SELECT check_query($$SELECT * FROM oc ORDER BY a, b DESC, c, d$$, true);
SELECT check_query($$SELECT * FROM oc ORDER BY a DESC, b, c DESC, d DESC LIMIT 5$$, true);
SELECT check_query($$SELECT * FROM oc WHERE a = 'a' ORDER BY b, c DESC$$, false);
SELECT check_query($$SELECT * FROM oc WHERE a = ''$$);
SELECT check_query($$SELECT * FROM oc WHERE a > ''$$);
SELECT check_query($$SELECT * FROM oc WHERE a <= 'a'$$);
SELECT check_query($$SELECT * FROM oc WHERE a LIKE 'a%'$$);
SELECT check_query($$SELECT * FROM oc WHERE a = 'a' AND b = '\x'$$);
SELECT check_query($$SELECT * FROM oc WHERE a = 'a' AND b > '\x00'$$);
SELECT check_query($$SELECT * FROM oc WHERE a = 'a' AND b >= '\x00'$$);
SELECT check_query($$SELECT * FROM oc WHERE a = 'a' AND b < '\x00'$$);
SELECT check_query($$SELECT * FROM oc WHERE a = 'a' AND b <= '\x0001'$$);
SELECT check_query($$SELECT * FROM oc WHERE a = 'a' AND b LIKE '\\x00%'::bytea$$);
SELECT check_query($$SELECT * FROM oc WHERE a = 'a' AND b = '\xff' AND c > -1$$);
SELECT check_query($$SELECT * FROM oc WHERE a = '' AND b = '' AND c = 0 AND d = ''$$);
SELECT check_query($$SELECT * FROM oc WHERE a = 'a' AND b = '' AND c = 0 AND d > ''$$);
SELECT check_query($$SELECT * FROM oc WHERE (a, b) > ('a', '\x00')$$);
SELECT check_query($$SELECT * FROM oc WHERE a <> 'a' AND b <> '\x00'$$);

-- where all fields may be empty, and are left out at the end
CREATE TABLE local.e (a text COLLATE "C", b text COLLATE "C", c text COLLATE "C", v text, PRIMARY KEY (a, b, c));
INSERT INTO local.e SELECT a, b, c, 'v' FROM unnest('{"",a,b}'::text[]) a, unnest('{"",a,b}'::text[]) b, unnest('{"",a,b}'::text[]) c;
CREATE FOREIGN TABLE e (a text OPTIONS (key_part '1') COLLATE "C", b text OPTIONS (key_part '2') COLLATE "C", c text OPTIONS (key_part '3') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (key_encoding 'ordered_code');
\! $CREATE e f
INSERT INTO remote.e SELECT * FROM local.e;
SELECT check_query($$SELECT * FROM e ORDER BY a, b, c$$, true);
SELECT check_query($$SELECT * FROM e WHERE a = ''$$);
SELECT check_query($$SELECT * FROM e WHERE a = 'a'$$);
SELECT check_query($$SELECT * FROM e WHERE a = 'a' AND b = ''$$);
SELECT check_query($$SELECT * FROM e WHERE a = '' AND b = ''$$);
SELECT check_query($$SELECT * FROM e WHERE a = '' AND b = '' AND c = ''$$);
SELECT check_query($$SELECT * FROM e WHERE a = 'a' AND b = '' AND c = ''$$);
SELECT check_query($$SELECT * FROM e WHERE a = 'a' AND b > ''$$);
SELECT check_query($$SELECT * FROM e WHERE a = 'a' AND b <= ''$$);
SELECT check_query($$SELECT * FROM e WHERE a = 'a' AND b < 'b' ORDER BY b DESC, c DESC LIMIT 4$$, true);
SELECT check_query($$SELECT * FROM e WHERE a < 'b'$$);
SELECT check_query($$SELECT * FROM e WHERE a >= 'a'$$);
SELECT check_query($$SELECT * FROM e WHERE (a, b, c) >= ('a', '', '')$$);
SELECT check_query($$SELECT * FROM e WHERE (a, b, c) > ('a', '', '')$$);
SELECT check_query($$SELECT * FROM e WHERE a IN ('', 'b') AND b IN ('', 'a')$$);
