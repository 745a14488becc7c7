-- Row keys of types whose values have several forms: they are read in any, but a
-- row can be changed only if its key is what its value is written as.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

-- text forms of a time; the first row is one that we would write
\! $CREATE t f
SELECT cell(key, 'f:v', v) FROM (VALUES ('2024-01-01 00:00:00+00', 'ours'), ('2024-01-02T00:00:00Z', 'theirs')) s(key, v)
\g |$LOAD t
CREATE FOREIGN TABLE t (id timestamptz OPTIONS (row_key 'true'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (write_mode 'replace');
SELECT * FROM t ORDER BY id;
SELECT * FROM t WHERE id = '2024-01-02';
UPDATE t SET v = v || '!' WHERE id = '2024-01-01';
SELECT failure($$DELETE FROM t WHERE id = '2024-01-02'$$);
SELECT failure($$UPDATE t SET v = 'lost' WHERE v = 'theirs'$$);
SELECT failure($$DELETE FROM t USING (VALUES ('theirs')) s(x) WHERE v = s.x$$);
INSERT INTO t SELECT id + interval '2 years', v FROM t;
\set cells `$READ t`
SELECT * FROM written(:'cells');
-- by its bytes any row can be changed
CREATE FOREIGN TABLE bytes (id text OPTIONS (row_key 'true'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (table_name 't');
DELETE FROM bytes WHERE id = '2024-01-02T00:00:00Z';
SELECT id FROM bytes ORDER BY 1;
-- that other keys are left out does not help
SELECT cell('2024-01-02T00:00:00Z', 'f:v', 'again')
\g |$LOAD t
ALTER FOREIGN TABLE t OPTIONS (ADD on_key_mismatch 'skip');
SELECT failure($$UPDATE t SET v = 'lost' WHERE v = 'again'$$);
-- no value is needed to delete all
DELETE FROM t;
SELECT count(*) FROM bytes;

-- the same of a part
\! $CREATE t f
SELECT cell(key, 'f:v', v) FROM (VALUES ('a#1.5', 'ours'), ('a#1.50', 'theirs'), ('b#2', 'ours')) s(key, v)
\g |$LOAD t
CREATE FOREIGN TABLE parts (a text OPTIONS (key_part '1') COLLATE "C", n float8 OPTIONS (key_part '2'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt
  OPTIONS (table_name 't', key_delimiter '#');
SELECT * FROM parts ORDER BY a, v;
SELECT failure($$UPDATE parts SET v = 'lost' WHERE a = 'a'$$);
UPDATE parts SET v = v || '!' WHERE a = 'b';
SELECT * FROM parts ORDER BY a, v;

-- a float of four bytes is one of eight, too
\! $CREATE t f
SELECT cell(key, 'f:v', v) FROM (VALUES (float4send(1.5), 'short'), (float8send(2.5), 'long')) s(key, v)
\g |$LOAD t
CREATE FOREIGN TABLE floats (id float8 OPTIONS (row_key 'true', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (table_name 't');
SELECT * FROM floats ORDER BY id;
SELECT failure($$DELETE FROM floats WHERE id = 1.5$$);
DELETE FROM floats WHERE id = 2.5 AND v = 'long';
SELECT * FROM floats;

-- true as clients of HBase write it is not the key of true
\! $CREATE t f
SELECT cell(key, 'f:v', v) FROM (VALUES ('\x0001'::bytea, '0'), ('\x0101', '1'), ('\xff01', 'ff')) s(key, v)
\g |$LOAD t
CREATE FOREIGN TABLE flags (flag bool OPTIONS (key_part '1'), n bytea OPTIONS (key_part '2'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt
  OPTIONS (table_name 't', encoding 'binary');
SELECT failure($$SELECT * FROM flags$$);
ALTER FOREIGN TABLE flags OPTIONS (ADD on_key_mismatch 'skip');
SELECT * FROM flags ORDER BY 1;
SELECT * FROM flags WHERE flag;
