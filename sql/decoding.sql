-- Values that cannot be decoded: one error that names column, table and key.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

\! $CREATE broken f
SELECT cell(key, 'f:q', value) FROM (VALUES
  ('good'::bytea, '1'::bytea), ('word', 'one'), ('utf8', '\x61ff62'), ('overlong', '\xc0af'), ('surrogate', '\xeda080'),
  ('nul', '\x610062'), ('long', '99999999999999999999'), ('three', '\x010203'), ('nine', '\x010203040506070809'), ('two', '\x02'), ('kff', '\xff'),
  ('\x6b65790022ff', 'one'), ('large', '\x7ffffffffffffffe'), ('low', '\x8000000000000001'), ('date', '\x7ffffffe')) v(key, value)
\g |$LOAD broken
CREATE FOREIGN TABLE broken (
  key bytea OPTIONS (row_key 'true'),
  t text OPTIONS (family 'f', qualifier 'q'), v varchar(3) OPTIONS (family 'f', qualifier 'q'), b bytea OPTIONS (family 'f', qualifier 'q'),
  bo bool OPTIONS (family 'f', qualifier 'q'), i2 int2 OPTIONS (family 'f', qualifier 'q'), i4 int4 OPTIONS (family 'f', qualifier 'q'),
  i8 int8 OPTIONS (family 'f', qualifier 'q'), f4 float4 OPTIONS (family 'f', qualifier 'q'), f8 float8 OPTIONS (family 'f', qualifier 'q'),
  n numeric OPTIONS (family 'f', qualifier 'q'), d date OPTIONS (family 'f', qualifier 'q'), ts timestamp OPTIONS (family 'f', qualifier 'q'),
  tz timestamptz OPTIONS (family 'f', qualifier 'q'), u uuid OPTIONS (family 'f', qualifier 'q'), j json OPTIONS (family 'f', qualifier 'q'),
  jb jsonb OPTIONS (family 'f', qualifier 'q')
) SERVER bt;

-- in text encoding
SELECT name, f.* FROM unnest('{bo,i2,i4,i8,f4,f8,n,d,ts,tz,u,j,jb}'::text[]) name, failure(format('SELECT %I FROM broken WHERE key = ''word''', name)) f;
SELECT name, f.* FROM unnest('{i2,i4,i8,f4}'::text[]) name, failure(format('SELECT %I FROM broken WHERE key = ''long''', name)) f;
SELECT key, f.* FROM unnest('{utf8,overlong,surrogate,nul}'::text[]) key, failure(format('SELECT t FROM broken WHERE key = %L', key)) f;
SELECT key, f.* FROM unnest('{utf8,nul}'::text[]) key, failure(format('SELECT v FROM broken WHERE key = %L', key)) f;
SELECT key, f.* FROM unnest('{utf8,nul}'::text[]) key, failure(format('SELECT i4 FROM broken WHERE key = %L', key)) f;
SELECT failure($$SELECT v FROM broken WHERE key = 'long'$$);
SELECT failure($$SELECT v FROM broken WHERE key = '\x6b65790022ff'$$);
SELECT failure($$SELECT i8 FROM broken WHERE key = '\x6b65790022ff'$$);
SELECT key, b FROM broken WHERE key IN ('utf8', 'nul', 'overlong') ORDER BY key;

-- in binary encoding
ALTER FOREIGN TABLE broken OPTIONS (ADD encoding 'binary');
SELECT name, f.* FROM unnest('{bo,i2,i4,i8,f4,f8,d,ts,tz,u}'::text[]) name, failure(format('SELECT %I FROM broken WHERE key = ''three''', name)) f;
SELECT name, f.* FROM unnest('{i2,i4,i8,f4,f8,d,ts,tz,u}'::text[]) name, failure(format('SELECT %I FROM broken WHERE key = ''nine''', name)) f;
SELECT failure($$SELECT bo FROM broken WHERE key = 'two'$$);
-- true, as HBase's clients write it
SELECT bo FROM broken WHERE key = 'kff';
SELECT i2, i4, i8 FROM broken WHERE key = 'two';
SELECT name, key, f.* FROM unnest('{i2,i4,ts,tz,f4}'::text[]) name, unnest('{large,low}'::text[]) key,
  failure(format('SELECT %I FROM broken WHERE key = %L', name, key)) f;
SELECT failure($$SELECT d FROM broken WHERE key = 'date'$$);
SELECT failure($$SELECT t FROM broken WHERE key = 'utf8'$$);

-- keys
CREATE FOREIGN TABLE text_key (id text OPTIONS (row_key 'true')) SERVER bt OPTIONS (table_name 'broken');
SELECT failure('SELECT * FROM text_key');
SELECT id FROM text_key WHERE id >= 'l' COLLATE "C" ORDER BY id COLLATE "C";
CREATE FOREIGN TABLE date_key (id date OPTIONS (row_key 'true')) SERVER bt OPTIONS (table_name 'broken');
SELECT failure('SELECT * FROM date_key');
CREATE FOREIGN TABLE int_key (id int OPTIONS (row_key 'true', encoding 'binary')) SERVER bt OPTIONS (table_name 'broken');
SELECT failure('SELECT * FROM int_key');

-- what is not asked for is not decoded, and the session goes on
SELECT count(*) FROM broken;
SELECT count(*) FROM text_key;
SELECT key, i8 FROM broken WHERE key < 'h' AND length(key) = 4 AND key <> 'date' ORDER BY key;
