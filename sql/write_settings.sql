-- What is written does not depend on the settings of the session, nor does what
-- is read.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TYPE test.pair AS (d date, t timestamptz, f float8, i interval);
CREATE DOMAIN test.moment AS timestamptz;
\! $CREATE settings f
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", d date OPTIONS (family 'f', qualifier 'd'), ts timestamp OPTIONS (family 'f', qualifier 'ts'), tz timestamptz OPTIONS (family 'f', qualifier 'tz'),
  mo moment OPTIONS (family 'f', qualifier 'mo'), ti time OPTIONS (family 'f', qualifier 'ti'), tt timetz OPTIONS (family 'f', qualifier 'tt'), iv interval OPTIONS (family 'f', qualifier 'iv'),
  f4 float4 OPTIONS (family 'f', qualifier 'f4'), f8 float8 OPTIONS (family 'f', qualifier 'f8'), n numeric OPTIONS (family 'f', qualifier 'n'), po point OPTIONS (family 'f', qualifier 'po'),
  b bytea OPTIONS (family 'f', qualifier 'b'), ba bytea[] OPTIONS (family 'f', qualifier 'ba'), da timestamptz[] OPTIONS (family 'f', qualifier 'da'), tr tstzrange OPTIONS (family 'f', qualifier 'tr'),
  pa pair OPTIONS (family 'f', qualifier 'pa'), rc regclass OPTIONS (family 'f', qualifier 'rc'), rp regprocedure OPTIONS (family 'f', qualifier 'rp'), ry regtype OPTIONS (family 'f', qualifier 'ry'),
  mn money OPTIONS (family 'f', qualifier 'mn'), j jsonb OPTIONS (family 'f', qualifier 'j')) SERVER bt OPTIONS (table_name 'settings');
CREATE FUNCTION test.write(key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO remote.t VALUES (key, date '2024-02-03', timestamp '2024-02-03 04:05:06.7', timestamptz '2024-02-03 04:05:06.7+00', timestamptz '2024-02-03 04:05:06.7+00', '04:05:06.7', '04:05:06.7+01',
    make_interval(1, 2, 0, -3, 4, 5, 6.7), 0.1, 0.1, 12345.67, point(0.1, 1e100), '\x00ff5c', ARRAY['\x00ff5c'::bytea], ARRAY[timestamptz '2024-02-03 04:05:06.7+00'],
    tstzrange(timestamptz '2024-02-03 00:00:00+00', timestamptz '2024-02-04 00:00:00+00'), ROW(date '2024-02-03', timestamptz '2024-02-03 04:05:06.7+00', 0.1, make_interval(0, 0, 0, 1)), 'remote.t'::regclass,
    'test.write(text)'::regprocedure, 'test.pair'::regtype, 1234.5::numeric::money, jsonb_build_object('t', 1.50, 'd', '2024-02-03'));
END $$;
SELECT write('usual');
\set cells `$READ settings`
SELECT shown(col), shown(value) FROM cells(:'cells') ORDER BY 1;

-- each setting by itself
SET datestyle = 'German, DMY'; SELECT write('1 german');
SET datestyle = 'SQL, DMY'; SELECT write('2 sql dmy');
SET datestyle = 'SQL, MDY'; SELECT write('3 sql mdy');
SET datestyle = 'Postgres, DMY'; SELECT write('4 postgres');
SET datestyle = 'ISO, DMY'; SELECT write('5 iso dmy');
SET datestyle = 'ISO, YMD';
SET timezone = 'America/St_Johns'; SELECT write('6 st johns');
SET timezone = 'Asia/Kolkata'; SELECT write('7 kolkata');
SET timezone = 'UTC';
SET intervalstyle = 'iso_8601'; SELECT write('8 iso_8601');
SET intervalstyle = 'sql_standard'; SELECT write('9 sql_standard');
SET intervalstyle = 'postgres_verbose'; SELECT write('a verbose');
RESET intervalstyle;
SET extra_float_digits = 0; SELECT write('b 0 digits');
SET extra_float_digits = -15; SELECT write('c -15 digits');
SET extra_float_digits = 3; SELECT write('d 3 digits');
RESET extra_float_digits;
SET bytea_output = 'escape'; SELECT write('e escape');
RESET bytea_output;
SET search_path = test, remote, public, pg_catalog; SELECT write('f search_path');
SET search_path = ''; SELECT test.write('g no search_path');
SET search_path = remote, test, public;
SET lc_numeric = 'C'; SET lc_time = 'C'; SET lc_messages = 'C'; SELECT write('h lc');
SET quote_all_identifiers = on; SELECT write('i quoted');
RESET quote_all_identifiers;
SET xmlbinary = 'hex'; SET xmloption = 'document'; SET client_encoding = 'LATIN1'; SELECT write('j client');
SET client_encoding = 'UTF8';

-- all together, and by UPDATE and COPY
SET datestyle = 'German, DMY'; SET timezone = 'America/St_Johns'; SET intervalstyle = 'iso_8601'; SET extra_float_digits = -15; SET bytea_output = 'escape';
SELECT write('k all');
INSERT INTO t (id, n) VALUES ('l update', 0);
UPDATE t SET d = s.d, ts = s.ts, tz = s.tz, mo = s.mo, ti = s.ti, tt = s.tt, iv = s.iv, f4 = s.f4, f8 = s.f8, n = s.n, po = s.po, b = s.b, ba = s.ba, da = s.da, tr = s.tr, pa = s.pa, rc = s.rc, rp = s.rp, ry = s.ry, mn = s.mn, j = s.j
FROM (SELECT * FROM t WHERE id = 'usual') s WHERE t.id = 'l update';
INSERT INTO t SELECT 'm insert', d, ts, tz, mo, ti, tt, iv, f4, f8, n, po, b, ba, da, tr, pa, rc, rp, ry, mn, j FROM t WHERE id = 'usual';
SHOW datestyle;
SHOW timezone;
SHOW intervalstyle;
SHOW extra_float_digits;
SHOW bytea_output;
SHOW search_path;
RESET datestyle;
RESET timezone;
RESET intervalstyle;
RESET extra_float_digits;
RESET bytea_output;

-- the same bytes
\set cells `$READ settings`
CREATE TEMP TABLE latest AS SELECT DISTINCT ON (key, col) shown(key) AS key, shown(col) AS col, value FROM cells(:'cells') ORDER BY key, col, ts DESC;
SELECT count(DISTINCT key), count(*) FROM latest;
SELECT c.key, c.col, shown(c.value), shown(u.value) AS usual FROM latest c JOIN latest u ON u.key = 'usual' AND u.col = c.col WHERE c.value <> u.value ORDER BY 1, 2;

-- read with any settings, they are the same values
CREATE FUNCTION test.equal() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM remote.t WHERE id = 'usual' AND d = make_date(2024, 2, 3) AND ts = make_timestamp(2024, 2, 3, 4, 5, 6.7) AND tz = make_timestamptz(2024, 2, 3, 4, 5, 6.7, 'UTC')
    AND mo = make_timestamptz(2024, 2, 3, 4, 5, 6.7, 'UTC') AND iv = make_interval(1, 2, 0, -3, 4, 5, 6.7) AND f4 = 0.1::float4 AND f8 = 0.1 AND n = 12345.67 AND b = '\x00ff5c' AND ba[1] = '\x00ff5c'
    AND da[1] = make_timestamptz(2024, 2, 3, 4, 5, 6.7, 'UTC') AND lower(tr) = make_timestamptz(2024, 2, 3, 0, 0, 0, 'UTC') AND (pa).t = make_timestamptz(2024, 2, 3, 4, 5, 6.7, 'UTC') AND (pa).f = 0.1 AND rc = 'remote.t'::regclass
$$;
SELECT equal();
SET datestyle = 'German, DMY'; SELECT equal();
SET datestyle = 'SQL, MDY'; SELECT equal();
SET timezone = 'America/St_Johns'; SELECT equal();
SET intervalstyle = 'sql_standard'; SELECT equal();
SET extra_float_digits = -15; SET bytea_output = 'escape'; SELECT equal();
SET search_path = ''; SELECT test.equal();
SET search_path = remote, test, public;
RESET datestyle;
RESET timezone;
RESET intervalstyle;
RESET extra_float_digits;
RESET bytea_output;

-- the settings of the session are as they were after an error, too
SET datestyle = 'German, DMY'; SET timezone = 'Asia/Kolkata'; SET extra_float_digits = 2;
SELECT failure($$INSERT INTO t (id, rc, tz) VALUES ('', 'pg_class', now())$$);
SELECT failure($$INSERT INTO t (id, iv) SELECT 'x', make_interval(i) / (i - 2) FROM generate_series(1, 3) i$$);
SHOW datestyle;
SHOW timezone;
SHOW extra_float_digits;
