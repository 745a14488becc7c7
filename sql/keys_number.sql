-- Keys that are numbers, times and UUIDs. In binary encoding numbers are
-- big-endian two's complement, which bytewise puts the negative ones last: a
-- range is up to two ranges, and there is no order to rely on.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

-- bigint, binary
CREATE TABLE local.n8 (k bigint PRIMARY KEY, v text);
INSERT INTO local.n8 SELECT k, 'v' || k FROM unnest('{-9223372036854775808,-9223372036854775807,-4294967296,-65536,-256,-255,-3,-2,-1,0,1,2,3,127,128,255,256,65535,2147483647,2147483648,9223372036854775806,9223372036854775807}'::bigint[]) k;
\! $CREATE n8 f
SELECT cell(binary(k), 'f:v', v) FROM local.n8
\g |$LOAD n8
CREATE FOREIGN TABLE n8 (k bigint OPTIONS (row_key 'true', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt;
SELECT check_query($$SELECT * FROM n8$$);
SELECT check_query($$SELECT * FROM n8 WHERE k = 255$$);
SELECT check_query($$SELECT * FROM n8 WHERE k = -1$$);
SELECT check_query($$SELECT * FROM n8 WHERE k = 1::smallint$$);
SELECT check_query($$SELECT * FROM n8 WHERE k = 1::bigint$$);
SELECT check_query($$SELECT * FROM n8 WHERE k = 1::numeric$$);
SELECT check_query($$SELECT * FROM n8 WHERE k = 1.0::float8$$);
SELECT check_query($$SELECT * FROM n8 WHERE k <> 0$$);
SELECT check_query($$SELECT * FROM n8 WHERE k <> -1$$);
SELECT check_query($$SELECT * FROM n8 WHERE k < 0$$);
SELECT check_query($$SELECT * FROM n8 WHERE k <= 0$$);
SELECT check_query($$SELECT * FROM n8 WHERE k > 0$$);
SELECT check_query($$SELECT * FROM n8 WHERE k >= 0$$);
SELECT check_query($$SELECT * FROM n8 WHERE k < -1$$);
SELECT check_query($$SELECT * FROM n8 WHERE k > -1$$);
SELECT check_query($$SELECT * FROM n8 WHERE k > -3$$);
SELECT check_query($$SELECT * FROM n8 WHERE k < 2$$);
SELECT check_query($$SELECT * FROM n8 WHERE k BETWEEN -256 AND 256$$);
SELECT check_query($$SELECT * FROM n8 WHERE k BETWEEN -256 AND -2$$);
SELECT check_query($$SELECT * FROM n8 WHERE k BETWEEN 2 AND 256$$);
SELECT check_query($$SELECT * FROM n8 WHERE k BETWEEN 2 AND -2$$);
SELECT check_query($$SELECT * FROM n8 WHERE k > 9223372036854775806$$);
SELECT check_query($$SELECT * FROM n8 WHERE k > 9223372036854775807$$);
SELECT check_query($$SELECT * FROM n8 WHERE k >= 9223372036854775807$$);
SELECT check_query($$SELECT * FROM n8 WHERE k <= 9223372036854775807$$);
SELECT check_query($$SELECT * FROM n8 WHERE k < (-9223372036854775808)$$);
SELECT check_query($$SELECT * FROM n8 WHERE k <= (-9223372036854775808)$$);
SELECT check_query($$SELECT * FROM n8 WHERE k >= (-9223372036854775808)$$);
SELECT check_query($$SELECT * FROM n8 WHERE k IN (3, -3, 5)$$);
SELECT check_query($$SELECT * FROM n8 WHERE k = ANY ('{3,NULL,-3}'::smallint[])$$);
SELECT check_query($$SELECT * FROM n8 WHERE (k < -2 OR k > 2) AND k < 256$$);
SELECT check_query($$SELECT * FROM n8 WHERE 100 < k$$);
SELECT check_query($$SELECT * FROM n8 WHERE k % 2 = 0$$);
SELECT check_query($$SELECT * FROM n8 ORDER BY k$$, true);
SELECT check_query($$SELECT * FROM n8 WHERE k > 0 ORDER BY k LIMIT 3$$, true);
SELECT compare($$SELECT min(k), max(k) FROM n8$$);

-- integer and smallint, binary: constants of another width
CREATE TABLE local.n4 (k integer PRIMARY KEY);
INSERT INTO local.n4 SELECT unnest('{-2147483648,-65537,-32769,-32768,-1,0,1,32767,32768,2147483647}'::int[]);
\! $CREATE n4 f
SELECT cell(binary(k), 'f:v', '') FROM local.n4
\g |$LOAD n4
CREATE FOREIGN TABLE n4 (k integer OPTIONS (row_key 'true', encoding 'binary')) SERVER bt;
SELECT check_query($$SELECT * FROM n4$$);
SELECT check_query($$SELECT * FROM n4 WHERE k = 1$$);
SELECT check_query($$SELECT * FROM n4 WHERE k > 0$$);
SELECT check_query($$SELECT * FROM n4 WHERE k BETWEEN -32768 AND 32767$$);
SELECT check_query($$SELECT * FROM n4 WHERE k > 4294967296$$);
SELECT check_query($$SELECT * FROM n4 WHERE k < 4294967296$$);
SELECT check_query($$SELECT * FROM n4 WHERE k > -4294967296$$);
SELECT check_query($$SELECT * FROM n4 WHERE k = 4294967297$$);
SELECT check_query($$SELECT * FROM n4 WHERE k <> 4294967297$$);
SELECT check_query($$SELECT * FROM n4 WHERE k IN (1, 4294967297, -1)$$);
SELECT check_query($$SELECT * FROM n4 WHERE k > 32767::smallint$$);
CREATE TABLE local.n2 (k smallint PRIMARY KEY);
INSERT INTO local.n2 SELECT unnest('{-32768,-257,-256,-1,0,1,255,256,32767}'::int[]);
\! $CREATE n2 f
SELECT cell(binary(k), 'f:v', '') FROM local.n2
\g |$LOAD n2
CREATE FOREIGN TABLE n2 (k smallint OPTIONS (row_key 'true', encoding 'binary')) SERVER bt;
SELECT check_query($$SELECT * FROM n2 WHERE k > -257$$);
SELECT check_query($$SELECT * FROM n2 WHERE k <= 255::smallint$$);
SELECT check_query($$SELECT * FROM n2 WHERE k < 32768$$);
SELECT check_query($$SELECT * FROM n2 WHERE k = 65537$$);
SELECT check_query($$SELECT * FROM n2 WHERE k <> -1::smallint$$);

-- integers as text: one form each, so equality holds, and no range does
CREATE TABLE local.digits (k bigint PRIMARY KEY);
INSERT INTO local.digits SELECT unnest('{-10,-9,-1,0,1,2,9,10,11,100,9223372036854775807,-9223372036854775808}'::bigint[]);
\! $CREATE digits f
SELECT cell(k::text, 'f:v', '') FROM local.digits
\g |$LOAD digits
CREATE FOREIGN TABLE digits (k bigint OPTIONS (row_key 'true')) SERVER bt;
SELECT check_query($$SELECT * FROM digits$$);
SELECT check_query($$SELECT * FROM digits WHERE k = 10$$);
SELECT check_query($$SELECT * FROM digits WHERE k = -10::smallint$$);
SELECT check_query($$SELECT * FROM digits WHERE k <> 10$$);
SELECT check_query($$SELECT * FROM digits WHERE k IN (0, 1, 9223372036854775807, -9223372036854775808)$$);
SELECT check_query($$SELECT * FROM digits WHERE k > 9$$);
SELECT check_query($$SELECT * FROM digits WHERE k > 9 AND k <> 11$$);
SELECT check_query($$SELECT * FROM digits ORDER BY k$$, true);

-- a key in another form than we would write is an error, never a wrong answer
\! $CREATE odd f
SELECT cell(k, 'f:v', '') FROM (VALUES ('007'), ('1'), ('-0')) v(k)
\g |$LOAD odd
CREATE FOREIGN TABLE odd (k bigint OPTIONS (row_key 'true')) SERVER bt;
SELECT failure('SELECT * FROM odd');
SELECT failure('SELECT * FROM odd WHERE k > 0');
SELECT * FROM odd WHERE k = 1;
SELECT count(*) FROM odd;
\! $CREATE odd f
SELECT cell(k, 'f:v', '') FROM (VALUES ('\x01'::bytea), ('\x0000000000000002'::bytea)) v(k)
\g |$LOAD odd
ALTER FOREIGN TABLE odd OPTIONS (encoding 'binary');
SELECT failure('SELECT * FROM odd');
SELECT * FROM odd WHERE k = 2;

-- UUIDs
CREATE TABLE local.uuids (k uuid PRIMARY KEY);
INSERT INTO local.uuids SELECT md5(i::text)::uuid FROM generate_series(1, 20) i;
INSERT INTO local.uuids VALUES ('00000000-0000-0000-0000-000000000000'), ('ffffffff-ffff-ffff-ffff-ffffffffffff'), ('80000000-0000-0000-0000-000000000000');
\! $CREATE uuids f
SELECT cell(uuid_send(k), 'f:v', '') FROM local.uuids
\g |$LOAD uuids
CREATE FOREIGN TABLE uuids (k uuid OPTIONS (row_key 'true', encoding 'binary')) SERVER bt;
SELECT check_query($$SELECT * FROM uuids$$);
SELECT check_query($$SELECT * FROM uuids WHERE k = '80000000-0000-0000-0000-000000000000'$$);
SELECT check_query($$SELECT * FROM uuids WHERE k >= '80000000-0000-0000-0000-000000000000'$$);
SELECT check_query($$SELECT * FROM uuids WHERE k < '80000000-0000-0000-0000-000000000000'$$);
SELECT check_query($$SELECT * FROM uuids WHERE k <> '80000000-0000-0000-0000-000000000000'$$);
SELECT check_query($$SELECT * FROM uuids WHERE k IN ('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff')$$);
SELECT check_query($$SELECT * FROM uuids WHERE k > 'c0000000-0000-0000-0000-000000000000' ORDER BY k LIMIT 3$$, true);
\! $CREATE uuids_text f
SELECT cell(k::text, 'f:v', '') FROM local.uuids
\g |$LOAD uuids_text
ALTER FOREIGN TABLE uuids OPTIONS (table_name 'uuids_text');
ALTER FOREIGN TABLE uuids ALTER k OPTIONS (SET encoding 'text');
SELECT check_query($$SELECT * FROM uuids WHERE k = '80000000-0000-0000-0000-000000000000'$$);
SELECT check_query($$SELECT * FROM uuids WHERE k >= '80000000-0000-0000-0000-000000000000'$$);
\! $CREATE uuids_odd f
SELECT cell(k, 'f:v', '') FROM (VALUES ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11')) v(k)
\g |$LOAD uuids_odd
ALTER FOREIGN TABLE uuids OPTIONS (SET table_name 'uuids_odd');
SELECT failure('SELECT * FROM uuids');

-- dates
CREATE TABLE local.dates (k date PRIMARY KEY);
INSERT INTO local.dates SELECT unnest('{4713-01-01 BC,0001-01-01,1969-12-30,1969-12-31,1970-01-01,1970-01-02,2000-01-01,2024-02-29,9999-12-31,5874897-12-31}'::date[]);
\! $CREATE dates f
SELECT cell(binary(k), 'f:v', '') FROM local.dates
\g |$LOAD dates
CREATE FOREIGN TABLE dates (k date OPTIONS (row_key 'true', encoding 'binary')) SERVER bt;
SELECT check_query($$SELECT * FROM dates$$);
SELECT check_query($$SELECT * FROM dates WHERE k = '2024-02-29'$$);
SELECT check_query($$SELECT * FROM dates WHERE k >= '1969-12-31'$$);
SELECT check_query($$SELECT * FROM dates WHERE k < '1970-01-01'$$);
SELECT check_query($$SELECT * FROM dates WHERE k BETWEEN '1969-12-31' AND '1970-01-01'$$);
SELECT check_query($$SELECT * FROM dates WHERE k < 'infinity' AND k > '-infinity'$$);
SELECT check_query($$SELECT * FROM dates WHERE k = 'infinity'$$);
SELECT check_query($$SELECT * FROM dates WHERE k >= '2000-01-01'::timestamp$$);
SELECT check_query($$SELECT * FROM dates WHERE k > '5874897-12-31'$$);
SELECT check_query($$SELECT * FROM dates ORDER BY k$$, true);
\! $CREATE dates_text f
SELECT cell(k::text, 'f:v', '') FROM local.dates
\g |$LOAD dates_text
ALTER FOREIGN TABLE dates OPTIONS (table_name 'dates_text');
ALTER FOREIGN TABLE dates ALTER k OPTIONS (SET encoding 'text');
SELECT check_query($$SELECT * FROM dates WHERE k = '2024-02-29'$$);
SELECT check_query($$SELECT * FROM dates WHERE k IN ('4713-01-01 BC', '0001-01-01', '5874897-12-31')$$);
SELECT check_query($$SELECT * FROM dates WHERE k > '2000-01-01'$$);
SET datestyle = 'German';
SELECT check_query($$SELECT * FROM dates WHERE k = '29.02.2024'$$);
SELECT compare($$SELECT * FROM dates$$);
SET datestyle = 'ISO, YMD';

-- timestamps
CREATE TABLE local.times (k timestamptz PRIMARY KEY);
INSERT INTO local.times SELECT unnest('{4713-01-01 00:00:00+00 BC,1969-12-31 23:59:59.999999+00,1970-01-01 00:00:00+00,1970-01-01 00:00:00.000001+00,2000-01-01 00:00:00+00,2024-02-29 12:34:56.789+00,9999-12-31 00:00:00+00}'::timestamptz[]);
\! $CREATE times f
SELECT cell(binary(k), 'f:v', '') FROM local.times
\g |$LOAD times
CREATE FOREIGN TABLE times (k timestamptz OPTIONS (row_key 'true', encoding 'binary')) SERVER bt;
SELECT check_query($$SELECT * FROM times$$);
SELECT check_query($$SELECT * FROM times WHERE k = '2024-02-29 12:34:56.789+00'$$);
SELECT check_query($$SELECT * FROM times WHERE k < '1970-01-01 00:00:00+00'$$);
SELECT check_query($$SELECT * FROM times WHERE k > '1969-12-31 23:59:59.999999+00'$$);
SELECT check_query($$SELECT * FROM times WHERE k BETWEEN '1969-12-31 23:00+00' AND '1970-01-01 01:00+00'$$);
SELECT check_query($$SELECT * FROM times WHERE k < 'infinity'$$);
SELECT check_query($$SELECT * FROM times WHERE k > '294276-12-31 23:59:59+00'$$);
SELECT check_query($$SELECT * FROM times WHERE k < '294276-12-31 23:59:59+00'$$);
SELECT check_query($$SELECT * FROM times WHERE k >= '2000-01-01'::date$$);
SELECT compare($$SELECT * FROM times WHERE k <= now() AND k > now() - interval '5000 years'$$);
\! $CREATE times_text f
SELECT cell(k::text, 'f:v', '') FROM local.times
\g |$LOAD times_text
ALTER FOREIGN TABLE times OPTIONS (table_name 'times_text');
ALTER FOREIGN TABLE times ALTER k OPTIONS (SET encoding 'text');
SELECT check_query($$SELECT * FROM times WHERE k = '2024-02-29 12:34:56.789+00'$$);
SELECT check_query($$SELECT * FROM times WHERE k > '1990-01-01'$$);

-- infinite ones, and what is too large
CREATE TABLE local.ends (k timestamp PRIMARY KEY);
INSERT INTO local.ends VALUES ('-infinity'), ('infinity'), ('2000-01-01'), ('294247-01-10 04:00:54.775806');
\! $CREATE ends f
SELECT cell(k, 'f:v', '') FROM (VALUES ('\x8000000000000000'::bytea), ('\x7fffffffffffffff'), ('\x7ffffffffffffffe'), (binary('2000-01-01'::timestamp))) v(k)
\g |$LOAD ends
CREATE FOREIGN TABLE ends (k timestamp OPTIONS (row_key 'true', encoding 'binary')) SERVER bt;
SELECT check_query($$SELECT * FROM ends WHERE k = 'infinity'$$);
SELECT check_query($$SELECT * FROM ends WHERE k > '2000-01-01'$$);
SELECT check_query($$SELECT * FROM ends WHERE k < '2000-01-01'$$);
SELECT check_query($$SELECT * FROM ends WHERE k <= '-infinity'$$);
SELECT check_query($$SELECT * FROM ends WHERE k = '294247-01-10 04:00:54.775806'$$);
SELECT check_query($$SELECT * FROM ends WHERE k > '294276-12-31 23:59:59.999999'$$);
SELECT check_query($$SELECT * FROM ends WHERE k >= '294276-12-31 23:59:59.999999'$$);
SELECT check_query($$SELECT * FROM ends WHERE k = '294276-12-31 23:59:59.999999'$$);
SELECT check_query($$SELECT * FROM ends WHERE k <> '294276-12-31 23:59:59.999999'$$);
SELECT check_query($$SELECT * FROM ends WHERE k < '294276-12-31 23:59:59.999999'$$);
SELECT check_query($$SELECT * FROM ends WHERE k <= '294276-12-31 23:59:59.999999'$$);

-- numbers without a byte form of their own
CREATE TABLE local.floats (k float8 PRIMARY KEY);
INSERT INTO local.floats VALUES (1.5), (-2);
\! $CREATE floats f
SELECT cell(float8send(k), 'f:v', '') FROM local.floats
\g |$LOAD floats
CREATE FOREIGN TABLE floats (k float8 OPTIONS (row_key 'true', encoding 'binary')) SERVER bt;
SELECT check_query($$SELECT * FROM floats WHERE k = 1.5$$);
SELECT check_query($$SELECT * FROM floats WHERE k < 0$$);
CREATE TABLE local.numerics (k numeric PRIMARY KEY);
INSERT INTO local.numerics VALUES (1.50), (-2);
\! $CREATE numerics f
SELECT cell(k::text, 'f:v', '') FROM local.numerics
\g |$LOAD numerics
CREATE FOREIGN TABLE numerics (k numeric OPTIONS (row_key 'true')) SERVER bt;
SELECT check_query($$SELECT * FROM numerics WHERE k = 1.5$$);
