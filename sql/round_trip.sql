-- Every type and encoding, written by SQL: read back equal, and the bytes are
-- those that other clients expect (t/019_cbt.pl asks one), whatever the settings.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
\! $CREATE round_trip t b
SET intervalstyle = 'postgres';
CREATE TYPE test.mood AS ENUM ('sad', 'ok', 'très happy');
CREATE DOMAIN test.posint AS int CHECK (value > 0);
CREATE DOMAIN test.label AS text;
CREATE TYPE test.pair AS (x int, y timestamptz);

-- The columns of a family, one of each type.
CREATE TABLE test.columns (n serial, name text, type text, family text, encoding text);
INSERT INTO test.columns (name, type, family, encoding)
  SELECT 't' || row_number() OVER (), type, 't', 'text' FROM unnest('{smallint,integer,bigint,real,double precision,numeric,boolean,text,varchar(20),char(6),bytea,date,time,timetz,timestamp,timestamptz,interval,uuid,json,jsonb,inet,cidr,macaddr,bit(4),varbit,name,"\"char\"",oid,regclass,test.mood,test.posint,test.label,"int[]","text[]","timestamptz[]","bytea[]",test.pair,tsvector,int4range,tstzrange,point,money,float8[]}'::text[]) type
  UNION ALL
  SELECT 'b' || row_number() OVER (), type, 'b', 'binary' FROM unnest('{smallint,integer,bigint,real,double precision,boolean,uuid,date,timestamp,timestamptz,text,varchar,bytea}'::text[]) type;
SELECT format('CREATE FOREIGN TABLE remote.t (id text OPTIONS (row_key %L) COLLATE "C", %s) SERVER bt OPTIONS (table_name %L)', 'true',
  string_agg(format('%I %s OPTIONS (family %L, qualifier %L, encoding %L)', name, type, family, name, encoding), ', ' ORDER BY n), 'round_trip') FROM test.columns \gexec
SELECT format('CREATE FOREIGN TABLE remote.raw (id text OPTIONS (row_key %L) COLLATE "C", %s) SERVER bt OPTIONS (table_name %L)', 'true',
  string_agg(format('%I bytea OPTIONS (family %L, qualifier %L)', name, family, name), ', ' ORDER BY n), 'round_trip') FROM test.columns \gexec
SELECT format('CREATE TABLE local.t (id text COLLATE "C", %s)', string_agg(format('%I %s', name, type), ', ' ORDER BY n)) FROM test.columns \gexec

-- Values, as text; each row takes the i-th of each type.
CREATE TABLE test.samples (type text, vals text[]);
INSERT INTO test.samples VALUES
  ('smallint', '{0,-32768,32767,-1}'), ('integer', '{0,-2147483648,2147483647,42}'), ('bigint', '{0,-9223372036854775808,9223372036854775807,-1}'),
  ('real', '{0,-0,NaN,3.4028235e+38}'), ('double precision', '{0.1,-Infinity,5e-324,1.7976931348623157e+308}'),
  ('numeric', '{0,-1.50,NaN,123456789012345678901234567890.123456789}'), ('boolean', '{t,f,t,f}'),
  ('text', ARRAY['', 'plain', 'größe 日本 😀', e'tab\tnew\nline\\"quote']), ('varchar(20)', '{"",a,"ä b",xxxxxxxxxxxxxxxxxxxx}'),
  ('varchar', '{"",a,"ä b",xxxxxxxxxxxxxxxxxxxx}'), ('char(6)', '{"",a,"ä b",xxxxxx}'),
  ('bytea', ARRAY['\x', '\x00', '\x00ff5c22', '\x636162']),
  ('date', '{1970-01-01,0044-03-15 BC,5874897-12-31,infinity}'), ('time', '{00:00:00,23:59:59.999999,24:00:00,12:34:56}'),
  ('timetz', '{00:00:00+00,23:59:59.999999-15:59,12:34:56+05:30,12:00:00+01}'),
  ('timestamp', '{1970-01-01 00:00:00,1969-12-31 23:59:59.999999,-infinity,2024-02-29 12:34:56.789}'),
  ('timestamptz', '{1970-01-01 00:00:00+00,1969-12-31 23:59:59.999999+00,infinity,2024-02-29 12:34:56.789+05:30}'),
  ('interval', '{0,-1 year 2 mons -3 days 04:05:06.789,178000000 years,1 day}'),
  ('uuid', '{00000000-0000-0000-0000-000000000000,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,ffffffff-ffff-ffff-ffff-ffffffffffff,01234567-89ab-cdef-0123-456789abcdef}'),
  ('json', ARRAY['null', '{"b":1,  "a":[]}', '"ä"', '[1.0]']), ('jsonb', ARRAY['null', '{"b":1,"a":[]}', '"ä"', '[1.0]']),
  ('inet', '{127.0.0.1,::1,10.0.0.0/8,192.168.1.5/24}'), ('cidr', '{10.0.0.0/8,::/0,192.168.1.0/24,127.0.0.1/32}'),
  ('macaddr', '{00:00:00:00:00:00,08:00:2b:01:02:03,ff:ff:ff:ff:ff:ff,01:02:03:04:05:06}'), ('bit(4)', '{0000,1111,1010,0001}'), ('varbit', '{"",1,10101010101,0}'),
  ('name', '{"",a,"B b",pg_class}'), ('"char"', '{a,b,c,d}'), ('oid', '{0,1,4294967295,42}'), ('regclass', '{pg_catalog.pg_class,test.columns,pg_catalog.pg_type,test.samples}'),
  ('test.mood', '{sad,ok,"très happy",sad}'), ('test.posint', '{1,2,3,2147483647}'), ('test.label', '{"",a,"ä b",xx}'),
  ('int[]', '{"{}","{1,NULL,3}","{{1,2},{3,4}}","[0:1]={5,6}"}'), ('text[]', ARRAY['{}', '{a,"b c",NULL,"NULL"}', '{"ä\"\\"}', '{""}']),
  ('timestamptz[]', '{"{}","{2024-02-29 12:34:56+00}","{infinity,NULL}","{1999-12-31 00:00:00+00}"}'), ('bytea[]', ARRAY['{}', '{"\\x00ff"}', '{NULL}', '{"\\x61"}']),
  ('float8[]', '{"{}","{0.1,0.30000000000000004}","{NaN}","{-0}"}'),
  ('test.pair', ARRAY['(,)', '(1,"2024-02-29 12:34:56+00")', '(-5,)', '(,infinity)']), ('int4range', '{empty,"[1,10)","(,)","[5,)"}'),
  ('tstzrange', ARRAY['empty', '["2024-02-29 00:00:00+00","2024-03-01 00:00:00+00")', '(,)', '["2024-02-29 00:00:00+00",)']),
  ('tsvector', ARRAY['', '''a'' ''b''', '''ä'':1', '''x'':1A,3']), ('point', '{"(0,0)","(0.1,-1e+300)","(NaN,Infinity)","(1,2)"}'), ('money', '{0,-1.50,"92233720368547758.07",12}');
SELECT type FROM test.columns EXCEPT SELECT type FROM test.samples;

SELECT format('INSERT INTO local.t SELECT %L, %s', 'r' || i, string_agg(format('%L::%s', vals[i], c.type), ', ' ORDER BY n))
  FROM test.columns c JOIN test.samples USING (type), generate_series(1, 4) i GROUP BY i ORDER BY i \gexec
INSERT INTO local.t (id, t8) VALUES ('nulls', 'all others are NULL');

-- read back equal
INSERT INTO remote.t SELECT * FROM local.t;
SELECT compare('SELECT * FROM t');
SELECT count(*) FROM remote.t r JOIN local.t l USING (id) WHERE to_jsonb(r)::text <> to_jsonb(l)::text;

-- What the bytes of a value have to be.
CREATE FUNCTION expected(value anyelement, type text, encoding text) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE result bytea;
BEGIN
  IF type IN ('bytea') THEN RETURN value; END IF;
  IF type = 'regclass' THEN -- qualified, unless it is in pg_catalog
    RETURN (SELECT convert_to(CASE nspname WHEN 'pg_catalog' THEN '' ELSE nspname || '.' END || relname, 'UTF8')
      FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = value::text::regclass);
  ELSIF type = 'inet' THEN
    RETURN convert_to(regexp_replace(value::text, '/(32|128)$', ''), 'UTF8');
  END IF;
  IF encoding = 'text' OR type IN ('text', 'varchar') THEN
    -- the text form, as the type's own output function says it: a cast would strip char(n)
    EXECUTE format('SELECT convert_to(CASE WHEN %L = %L THEN rpad($1::text, 6) WHEN %L = %L THEN left($1::text, 1) ELSE $1::text END, %L)', type, 'char(6)', type, 'boolean', 'UTF8')
      INTO result USING value;
    RETURN result;
  END IF;
  CASE type
    WHEN 'date' THEN RETURN CASE WHEN value::text = 'infinity' THEN '\x7fffffff' ELSE int4send(value::text::date - '1970-01-01'::date) END;
    WHEN 'timestamp', 'timestamptz' THEN
      RETURN CASE value::text WHEN 'infinity' THEN '\x7fffffffffffffff'::bytea WHEN '-infinity' THEN '\x8000000000000000'
        ELSE int8send((extract(epoch FROM value::text::timestamptz) * 1000000)::bigint) END;
    WHEN 'smallint' THEN RETURN int2send(value::text::smallint);
    WHEN 'integer' THEN RETURN int4send(value::text::integer);
    WHEN 'bigint' THEN RETURN int8send(value::text::bigint);
    WHEN 'real' THEN RETURN float4send(value::text::real);
    WHEN 'double precision' THEN RETURN float8send(value::text::float8);
    WHEN 'boolean' THEN RETURN boolsend(value::text::boolean);
    WHEN 'uuid' THEN RETURN uuid_send(value::text::uuid);
  END CASE;
END $$;
CREATE FUNCTION wrong_bytes() RETURNS TABLE (id text, name text, type text, got text, wanted text) LANGUAGE plpgsql AS $$
DECLARE c record;
BEGIN
  FOR c IN SELECT * FROM test.columns ORDER BY n LOOP
    RETURN QUERY EXECUTE format('SELECT id, %L, %L, encode(r.%I, %L), encode(w.b, %L) FROM local.t l JOIN remote.raw r USING (id),
      LATERAL (SELECT expected(l.%I, %L, %L) AS b) w WHERE r.%I IS DISTINCT FROM w.b',
      c.name, c.type, c.name, 'escape', 'escape', c.name, c.type, c.encoding, c.name);
  END LOOP;
END $$;
SELECT * FROM wrong_bytes();
SELECT count(*), sum((SELECT count(*) FROM jsonb_each_text(to_jsonb(raw)) WHERE value IS NOT NULL)) FROM remote.raw;

-- the bytes do not depend on the session's settings
CREATE TABLE test.before AS SELECT * FROM remote.raw;
DELETE FROM remote.raw;
SET datestyle = 'German'; SET timezone = 'Asia/Kolkata'; SET intervalstyle = 'sql_standard'; SET extra_float_digits = -15;
SET bytea_output = 'escape'; SET xmloption = 'document'; SET search_path = public, test, remote;
INSERT INTO remote.t SELECT * FROM local.t;
UPDATE remote.t SET t16 = t16, t17 = t17, t5 = t5, t35 = t35, t37 = t37, t39 = t39;
RESET datestyle; RESET timezone; SET intervalstyle = 'postgres'; RESET extra_float_digits; RESET bytea_output;
SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'; SET search_path = remote, test, public;
SELECT count(*) FROM remote.raw;
SELECT * FROM test.before EXCEPT SELECT * FROM remote.raw;
SELECT compare('SELECT * FROM t');

-- keys of other types
CREATE FOREIGN TABLE remote.numbers (k bigint OPTIONS (row_key 'true', encoding 'binary'), v text OPTIONS (family 't', qualifier 'v')) SERVER bt OPTIONS (table_name 'round_keys');
CREATE FOREIGN TABLE remote.bytes (k bytea OPTIONS (row_key 'true'), v text OPTIONS (family 't', qualifier 'v')) SERVER bt OPTIONS (table_name 'round_keys');
CREATE FOREIGN TABLE remote.times (k timestamptz OPTIONS (row_key 'true'), v text OPTIONS (family 't', qualifier 'v')) SERVER bt OPTIONS (table_name 'round_keys2');
\! $CREATE round_keys t
\! $CREATE round_keys2 t
INSERT INTO numbers VALUES (-9223372036854775808, 'min'), (-1, 'minus one'), (0, 'zero'), (256, 'two bytes');
SELECT * FROM bytes;
UPDATE numbers SET v = v || '!' WHERE k < 0;
DELETE FROM numbers WHERE k = 0;
INSERT INTO bytes VALUES ('\x00', 'a NUL'), ('\x00ff00', 'three bytes');
UPDATE bytes SET v = 'changed' WHERE k = '\x00ff00';
SELECT * FROM bytes;
SET timezone = 'America/New_York';
INSERT INTO times VALUES ('2024-01-01 00:00:00Z', 'x'), ('2024-07-01 12:00:00.5Z', 'y');
UPDATE times SET v = v || '!';
DELETE FROM times WHERE v = 'x!';
SET timezone = 'UTC';
SELECT * FROM times;
