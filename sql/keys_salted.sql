-- Salted keys: a bucket in front, computed from some of the segments. It is known
-- where those are, else all buckets are asked.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

-- CRC-32C, bit by bit, so that it owes nothing to the extension
CREATE FUNCTION crc32c(bytes bytea) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  crc bigint := 4294967295;
BEGIN
  FOR i IN 0 .. length(bytes) - 1 LOOP
    crc := crc # get_byte(bytes, i);
    FOR bit IN 1..8 LOOP
      crc := (crc >> 1) # (CASE WHEN crc & 1 = 1 THEN 2197175160 ELSE 0 END);
    END LOOP;
  END LOOP;
  RETURN crc # 4294967295;
END $$;
-- the check value that every description of CRC-32C gives
SELECT to_hex(crc32c('123456789'));

CREATE TABLE local.s (sensor text COLLATE "C", at bigint, v text, PRIMARY KEY (sensor, at));
INSERT INTO local.s SELECT 'sensor' || i, t, format('%s-%s', i, t) FROM generate_series(1, 40) i, generate_series(1, 5) t;
\! $CREATE s f
SELECT cell(convert_to(format('%s#%s#', lpad((crc32c(convert_to(sensor, 'UTF8')) % 12)::text, 2, '0'), sensor), 'UTF8') || binary(at), 'f:v', v) FROM local.s
\g |$LOAD s
CREATE FOREIGN TABLE s (sensor text OPTIONS (key_part '1') COLLATE "C", at bigint OPTIONS (key_part '2', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt
  OPTIONS (key_delimiter '#', key_salt '12', key_salt_columns 'sensor');
SELECT check_query($$SELECT * FROM s$$);

-- the bucket is known
SELECT check_query($$SELECT * FROM s WHERE sensor = 'sensor1'$$);
SELECT check_query($$SELECT * FROM s WHERE sensor = 'sensor1' AND at = 3$$);
SELECT check_query($$SELECT * FROM s WHERE sensor = 'sensor1' AND at BETWEEN 2 AND 4$$);
SELECT check_query($$SELECT * FROM s WHERE sensor IN ('sensor1', 'sensor2', 'none') AND at > 3$$);
SELECT check_query($$SELECT * FROM s WHERE (sensor, at) IN (('sensor1', 1), ('sensor9', 2))$$);
SELECT check_query($$SELECT * FROM s WHERE sensor = 'sensor7' OR (sensor = 'sensor8' AND at = 1)$$);
SELECT check_query($$SELECT * FROM s WHERE sensor = ANY ('{}')$$);

-- it is not
SELECT check_query($$SELECT * FROM s WHERE sensor > 'sensor3'$$);
SELECT check_query($$SELECT * FROM s WHERE sensor LIKE 'sensor3%'$$);
SELECT check_query($$SELECT * FROM s WHERE at = 3$$);
SELECT check_query($$SELECT * FROM s WHERE (sensor, at) >= ('sensor38', 4)$$);
SELECT check_query($$SELECT * FROM s WHERE sensor = 'sensor1' OR sensor > 'sensor4'$$);
SELECT compare($$SELECT * FROM s WHERE sensor <> 'sensor1' AND at <> 1$$);

-- order: only within a bucket
SELECT check_query($$SELECT * FROM s ORDER BY sensor, at LIMIT 3$$, true);
SELECT check_query($$SELECT * FROM s WHERE sensor = 'sensor1' ORDER BY sensor, v$$, true);
SELECT check_query($$SELECT * FROM s WHERE sensor > 'sensor3' ORDER BY sensor, at LIMIT 3$$, true);
SELECT compare($$SELECT min(sensor), max(sensor) FROM s$$);

-- joins and parameters
SET enable_hashjoin = off;
SELECT check_query($$SELECT n, s.* FROM (VALUES (1, 'sensor5'), (2, 'sensor6'), (3, NULL)) x(n, id) JOIN s ON sensor = id AND at = n$$);
RESET enable_hashjoin;
SET plan_cache_mode = force_generic_plan;
PREPARE q (text[], bigint) AS SELECT * FROM s WHERE sensor = ANY ($1) AND at = $2;
EXPLAIN (COSTS OFF) EXECUTE q ('{}', 1);
EXECUTE q ('{sensor1,sensor2,sensor1,none}', 1);
EXECUTE q ('{}', 1);
RESET plan_cache_mode;

-- writing
\! $CREATE s f
INSERT INTO remote.s SELECT * FROM local.s;
\set cells `$READ s`
SELECT compare_cells(:'cells', $$SELECT cell(convert_to(format('%s#%s#', lpad((crc32c(convert_to(sensor, 'UTF8')) % 12)::text, 2, '0'), sensor), 'UTF8') || binary(at), 'f:v', v) FROM local.s$$);
SELECT change($$UPDATE s SET v = v || '!' WHERE at = 1$$, NULL, 'SELECT * FROM s');
SELECT change($$DELETE FROM s WHERE sensor IN ('sensor1', 'sensor2') AND at = 3$$, NULL, 'SELECT * FROM s');
SELECT change($$DELETE FROM s WHERE sensor > 'sensor3'$$, NULL, 'SELECT * FROM s');

-- several columns, reversed and escaped: it is their values that count
CREATE TABLE local.m (tenant int, device text COLLATE "C", at timestamptz, v text, PRIMARY KEY (tenant, device, at));
INSERT INTO local.m SELECT t, 'd' || d, '2024-01-01 00:00+00'::timestamptz + h * interval '1 hour', 'v' FROM unnest('{-1,0,7}'::int[]) t, generate_series(1, 6) d, generate_series(1, 4) h;
CREATE FOREIGN TABLE m (at timestamptz OPTIONS (key_part '1', encoding 'ordered', reversed 'true'), tenant int OPTIONS (key_part '2', encoding 'binary', reversed 'true'), device text OPTIONS (key_part '3') COLLATE "C",
  v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (key_encoding 'ordered_code', key_salt '4', key_salt_columns 'device, tenant');
\! $CREATE m f
INSERT INTO remote.m (tenant, device, at, v) SELECT * FROM local.m;
\set cells `$READ m`
CREATE FUNCTION flipped(bytes bytea) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT decode(string_agg(lpad(to_hex(255 - get_byte(bytes, i)), 2, '0'), '' ORDER BY i), 'hex') FROM generate_series(0, length(bytes) - 1) i
$$;
CREATE FUNCTION escaped(bytes bytea) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT decode(replace(regexp_replace(encode(bytes, 'hex'), '(..)', '\1 ', 'g'), '00 ', '00ff'), 'hex') $$;
SELECT compare_cells(:'cells', $$SELECT cell(convert_to((crc32c(binary(tenant) || convert_to(device, 'UTF8')) % 4)::text, 'UTF8') || flipped(escaped(ordered(at)) || '\x0001') || flipped(escaped(binary(tenant)) || '\x0001') || convert_to(device, 'UTF8'), 'f:v', v) FROM local.m$$);
SELECT compare($$SELECT tenant, device, at, v FROM m$$);
SELECT p FROM plan($$SELECT tenant, device, at FROM m WHERE tenant = 7 AND device = 'd1' AND at > '2024-01-01 02:00+00' ORDER BY at DESC LIMIT 1$$) p;
SELECT compare($$SELECT tenant, device, at FROM m WHERE tenant = 7 AND device = 'd1' AND at > '2024-01-01 02:00+00' ORDER BY at DESC LIMIT 1$$, true);
-- a bucket, and all of it
SELECT plan($$SELECT at FROM m WHERE tenant = 7 AND device = 'd1'$$);
SELECT compare($$SELECT at FROM m WHERE tenant = 7 AND device = 'd1'$$);
SELECT plan($$SELECT at FROM m WHERE tenant = 7 AND device IN ('d1', 'd2') AND at = '2024-01-01 02:00+00'$$);
SELECT compare($$SELECT at FROM m WHERE tenant = 7 AND device IN ('d1', 'd2') AND at = '2024-01-01 02:00+00'$$);
SELECT plan($$SELECT at FROM m WHERE device = 'd1' AND at > '2024-01-01 02:00+00'$$);
SELECT compare($$SELECT at FROM m WHERE device = 'd1' AND at > '2024-01-01 02:00+00'$$);

-- an order over all buckets: they are read at once, and merged by what follows the bucket
SELECT check_query($$SELECT at, tenant, device FROM m ORDER BY at DESC, tenant DESC, device$$, true);
SELECT check_query($$SELECT at, tenant, device FROM m ORDER BY at, tenant, device DESC LIMIT 7$$, true);
SELECT check_query($$SELECT at, tenant, device FROM m WHERE at > '2024-01-01 02:00+00' ORDER BY at DESC, tenant DESC, device LIMIT 7 OFFSET 3$$, true);
SELECT check_query($$SELECT at, tenant, device FROM m WHERE at = '2024-01-01 02:00+00' ORDER BY tenant DESC, device$$, true);
SELECT check_query($$SELECT at, tenant, device FROM m WHERE v > 'u' ORDER BY at DESC, tenant DESC, device LIMIT 1$$, true);
SELECT p FROM plan($$SELECT max(at) FROM m$$) p WHERE p !~ 'Result|InitPlan';
SELECT compare($$SELECT min(at), max(at) FROM m$$);
SELECT counters($$SELECT at FROM m ORDER BY at DESC LIMIT 1$$);
SET enable_hashjoin = off;
SET enable_nestloop = off;
SELECT compare($$SELECT x.at, x.device, y.v FROM m x JOIN m y ON x.at = y.at AND x.tenant = y.tenant AND x.device = y.device$$);
RESET enable_hashjoin;
RESET enable_nestloop;
-- keys that are in no bucket have no place in it
SELECT cell(k, 'f:v', 'x') FROM (VALUES ('!zzz'), ('9'), ('0')) v(k)
\g |$LOAD m
ALTER FOREIGN TABLE m OPTIONS (ADD on_key_mismatch 'skip');
SELECT check_query($$SELECT at FROM m ORDER BY at DESC LIMIT 5$$, true);
ALTER FOREIGN TABLE m OPTIONS (DROP on_key_mismatch);
-- more buckets than can be read at once
ALTER FOREIGN TABLE m OPTIONS (SET key_salt '65');
SELECT plan($$SELECT at FROM m ORDER BY at DESC LIMIT 1$$);
ALTER FOREIGN TABLE m OPTIONS (SET key_salt '4');

-- rows in another bucket than theirs
\! $CREATE odd f
SELECT cell(k, 'f:v', k) FROM (VALUES ('0#a'), ('1#a'), ('2#a'), ('x#a'), ('a'), ('10#a')) v(k)
\g |$LOAD odd
SELECT crc32c('a') % 3 AS "bucket of a";
CREATE FOREIGN TABLE odd (a text OPTIONS (key_part '1') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (key_delimiter '#', key_salt '3', key_salt_columns 'a', on_key_mismatch 'null');
SELECT * FROM odd;
SELECT * FROM odd WHERE a = 'a';
SELECT * FROM odd WHERE a IS NOT NULL;
ALTER FOREIGN TABLE odd OPTIONS (SET on_key_mismatch 'error');
CREATE FUNCTION reading(key text) RETURNS SETOF text LANGUAGE sql AS $$ SELECT failure(format('SELECT a FROM odd WHERE v = %L', key)) $$;
SELECT reading('0#a');
SELECT reading('1#a');
SELECT reading('2#a');
SELECT reading('x#a');
SELECT reading('a');
