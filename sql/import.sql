-- IMPORT FOREIGN SCHEMA: the statements that it makes, and that they read what
-- is there.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

-- an instance of its own
\set ECHO none
\set command :btload ' ' :emulator ' test import create'
\setenv CREATE :command
\set command :btload ' ' :emulator ' test import load'
\setenv LOAD :command
\set ECHO all
DROP SERVER IF EXISTS import CASCADE;
CREATE SERVER import FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (project_id 'test', instance_id 'import', emulator_host :'emulator');
DROP SCHEMA IF EXISTS imported, subset CASCADE;
CREATE SCHEMA imported;

-- A foreign table as it was made.
CREATE FUNCTION described(name text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT '  ' || concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod),
    (SELECT 'COLLATE ' || quote_ident(collname) FROM pg_collation c WHERE c.oid = attcollation AND collname <> 'default'),
    CASE WHEN attnotnull THEN 'NOT NULL' END,
    (SELECT string_agg(format('%s %L', option_name, option_value), ', ') FROM pg_options_to_table(attfdwoptions)))
  FROM pg_attribute WHERE attrelid = ('imported.' || quote_ident(name))::regclass AND attnum > 0
  UNION ALL
  SELECT string_agg(format('%s %L', option_name, option_value), ', ') FROM pg_foreign_table, pg_options_to_table(ftoptions) WHERE ftrelid = ('imported.' || quote_ident(name))::regclass
$$;

-- Imports a table, and shows it.
CREATE FUNCTION import(name text, options text DEFAULT NULL) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('DROP FOREIGN TABLE IF EXISTS imported.%I', name);
  EXECUTE format('IMPORT FOREIGN SCHEMA import LIMIT TO (%I) FROM SERVER import INTO imported %s', name, 'OPTIONS (' || options || ')');
  RETURN QUERY SELECT * FROM described(name);
END $$;

-- what values are told apart: ten are enough, whether or not there are others
CREATE TABLE local.typed (id text COLLATE "C", i bigint, n numeric, d double precision, b boolean, day date, at timestamptz, stamp timestamp, u uuid, j jsonb, t text, c bigint);
INSERT INTO local.typed SELECT 'row' || lpad(i::text, 2, '0'), i * 1000 - 3000, i / 4.0 - 1, i * 1e-7::float8, i % 2 = 0, '2024-02-20'::date + i, '2024-02-28 12:00:00.5+00'::timestamptz + i * interval '1 hour',
    '2024-02-28'::timestamp + i * interval '1 min', ('00000000-0000-0000-0000-0000000000' || lpad(i::text, 2, '0'))::uuid, jsonb_build_object('n', i, 'a', array[null, 'ä']), 'text ' || i, i - 3
  FROM generate_series(1, 12) i;
\! $CREATE typed f counters
SELECT cell(id, col, value) FROM local.typed, LATERAL (VALUES ('f:i', i::text), ('f:n', n::text), ('f:d', d::text), ('f:b', b::text), ('f:day', day::text),
    ('f:at', to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.MSZ')), ('f:stamp', to_char(stamp, 'YYYY-MM-DD HH24:MI:SS')), ('f:u', u::text), ('f:j', j::text), ('f:t', t)) v(col, value)
UNION ALL SELECT cell(id, 'counters:c', binary(c)) FROM local.typed
\g |$LOAD typed
SELECT import('typed');
SELECT rows_of('SELECT b, i, n, d, day, at, stamp, u, j, t, c FROM typed', 'imported') = rows_of('SELECT b, i, n, d, day, at, stamp, u, j, t, c FROM typed', 'local') AS same;
SELECT import('typed', $$sample_rows '12'$$);
SELECT import('typed', $$sample_rows '9'$$);
SELECT import('typed', $$sample_rows '0'$$);

-- in doubt, it is text, or bytea: one value that does not fit
\! $CREATE doubt f
SELECT cell('row' || i, 'f:' || col, CASE i WHEN 7 THEN bad ELSE good END)
FROM generate_series(1, 12) i, (VALUES ('zip', '12345', '01234'), ('int', '1', 'n/a'), ('huge', '1', '12345678901234567890123456789012'), ('spaces', '1', ' 1'), ('date', '2024-02-29', '2023-02-29'),
  ('nanos', '2024-02-29T12:00:00Z', '2024-02-29T12:00:00.123456789Z'), ('mixed', '2024-02-29T12:00:00Z', '2024-02-29T12:00:00'), ('bool', 'true', 'True'), ('uuid', '00000000-0000-0000-0000-000000000000', '00000000000000000000000000000000'),
  ('json', '{"a": 1}', '{"a": 1'), ('nul', '{"a": 1}', '{"a": "\u0000"}'), ('big', '{"a": 1}', '{"a": 1e100000}'), ('decimals', '1.5', '2'), ('exponents', '1e5', '2.5'), ('minus', '0', '-0'),
  ('empty', '1', ''), ('eight', 'abcdefgh', 'ABCDEFGH'), ('newlines', E'a\nb', E'tab\tb')) v(col, good, bad)
UNION ALL
SELECT cell('row' || i, 'f:' || col, CASE i WHEN 7 THEN bad ELSE good END)
FROM generate_series(1, 12) i, (VALUES ('bytes', '\x61'::bytea, '\xff'::bytea), ('control', '\x6162', '\x6101'), ('length', '\x0000000000000001', '\x00000001'), ('double', '\x3ff0000000000000', '\x0000000000000000'),
  ('hash', '\x0123456789abcdef', '\x8123456789abcdef'), ('negative', '\xffffffffffffffff', '\x0000000000000000'), ('textual', '\x0000000000000001', 'abcdefgh')) v(col, good, bad)
\g |$LOAD doubt
SELECT import('doubt');
SELECT count(*), count(zip), count("empty"), sum(negative), count(bytes) FROM imported.doubt;
SELECT "empty", zip, "int", huge, decimals, exponents, control, textual FROM imported.doubt WHERE row_key = 'row7';
SELECT rows_of('SELECT row_key FROM doubt', 'imported') = ARRAY(SELECT format('(row%s)', i) FROM unnest(ARRAY[1, 10, 11, 12, 2, 3, 4, 5, 6, 7, 8, 9]) i) AS all_rows;

-- names
\! $CREATE hostile f g long-family.name_with.60_characters_or_so-that_is_quite_long_
SELECT cell('k', 'f:' || name, 'v') FROM unnest(ARRAY['row_key', 'order', 'Upper', 'with space', 'quo"te', 'quo''te', 'back\slash', '\x00', '\', 'größe', '名前', 'a:b', 'ctid', 'tableoid', 'same', 'f_same', 'same_2', '%s', '$1', 'new' || chr(10) || 'line',
  repeat('x', 63), repeat('y', 64), repeat('y', 65), repeat('ü', 32), repeat('z', 16000)]) name
UNION ALL SELECT cell('k', 'g:' || name, 'v') FROM unnest(ARRAY['same', 'order', 'only']) name
UNION ALL SELECT cell('k', 'long-family.name_with.60_characters_or_so-that_is_quite_long_:' || name, 'v') FROM unnest(ARRAY['same', 'order', 'other']) name
UNION ALL SELECT cell('k'::bytea, 'f:'::bytea || name, 'v'::bytea) FROM unnest(ARRAY['', '\x00', '\x00ff', '\xff', '\x07']::bytea[]) name
\g |$LOAD hostile
SELECT regexp_replace(line, '([yz])\1{70,}', '\1...\1', 'g') FROM import('hostile') line;
SELECT count(*) AS columns, count(*) FILTER (WHERE value = '"v"') AS values FROM imported.hostile, jsonb_each(to_jsonb(hostile) - 'row_key');
SELECT "\x00", f_00, f, f_row_key, g_same FROM imported.hostile;

-- row keys
\! $CREATE binary_keys f
SELECT cell('\x00ff'::bytea, 'f:v'::bytea, '1'::bytea) UNION ALL SELECT cell('a'::bytea, 'f:v'::bytea, '2'::bytea)
\g |$LOAD binary_keys
SELECT import('binary_keys');
SELECT * FROM imported.binary_keys;
\! $CREATE Mixed-Case.Name f
SELECT cell('k', 'f:v', 'x')
\g |$LOAD Mixed-Case.Name
SELECT import('Mixed-Case.Name');
SELECT * FROM imported."Mixed-Case.Name";

-- tables without rows
\! $CREATE no_rows f
SELECT import('no_rows');
SELECT count(*) FROM imported.no_rows;

-- the sample is taken from all over the table
\! $CREATE spread f
SELECT cell('row' || lpad(i::text, 4, '0'), CASE WHEN i < 500 THEN 'f:early' ELSE 'f:late' END, 'x') FROM generate_series(1, 1000) i
\g |$LOAD spread
SELECT import('spread', $$sample_rows '60'$$);
SELECT count(early), count(late) FROM imported.spread;

-- only the newest cell counts, as it does for the table
\! $CREATE versions f
SELECT cell('k', 'f:n', '17', 2000) UNION ALL SELECT cell('k', 'f:n', 'old', 1000)
\g |$LOAD versions
SELECT import('versions');
SELECT * FROM imported.versions;

-- style 'families', and families that have too many columns
SELECT import('typed', $$style 'families'$$);
SELECT row_key, counters, f->>'t' FROM imported.typed WHERE counters->>'c' = '3';
SELECT import('typed', $$style 'families', sample_rows '0'$$);
SELECT count(*), count(f), count(counters) FROM imported.typed;
SELECT import('hostile', $$style 'families'$$);
SELECT jsonb_object_agg(key, (SELECT count(*) FROM jsonb_each(value))) FROM imported.hostile, jsonb_each(to_jsonb(hostile) - 'row_key');
\! $CREATE tags info tag stats row_key
SELECT cell('user' || i, 'tag:t' || i, 'yes') FROM generate_series(1, 15) i UNION ALL SELECT cell('user' || i, 'info:name', 'n' || i) FROM generate_series(1, 15) i
UNION ALL SELECT cell('user' || i, 'row_key:' || c, c) FROM generate_series(1, 15) i, unnest('{a,b,tag}'::text[]) c
\g |$LOAD tags
SET client_min_messages = notice;
SELECT import('tags', $$max_columns '10'$$);
SELECT * FROM imported.tags ORDER BY 1 LIMIT 2;
SELECT import('tags', $$max_columns '3'$$);
SELECT import('tags', $$max_columns '1'$$);
SET client_min_messages = warning;

-- style 'cells'
SELECT import('versions', $$style 'cells'$$);
SELECT * FROM imported.versions;
SELECT import('binary_keys', $$style 'cells'$$);
SELECT import('no_rows', $$style 'cells'$$);
SELECT import('typed', $$style 'cells', sample_rows '0'$$);
SELECT count(*) FROM imported.typed;
SELECT import('hostile', $$style 'cells'$$);

-- the columns of a server whose default is another encoding
ALTER SERVER import OPTIONS (ADD encoding 'binary');
SELECT import('typed');
SELECT rows_of('SELECT b, i, n, d, day, at, stamp, u, j, t, c FROM typed', 'imported') = rows_of('SELECT b, i, n, d, day, at, stamp, u, j, t, c FROM typed', 'local') AS same;
ALTER SERVER import OPTIONS (DROP encoding);

-- all tables, LIMIT TO, EXCEPT
SELECT format('DROP FOREIGN TABLE imported.%I', relname) FROM pg_class WHERE relnamespace = 'imported'::regnamespace AND relkind = 'f' ORDER BY relname::text COLLATE "C"
\gexec
IMPORT FOREIGN SCHEMA import FROM SERVER import INTO imported;
SELECT relname FROM pg_class WHERE relnamespace = 'imported'::regnamespace ORDER BY relname::text COLLATE "C";
SELECT failure('IMPORT FOREIGN SCHEMA import LIMIT TO (typed) FROM SERVER import INTO imported');
CREATE SCHEMA subset;
IMPORT FOREIGN SCHEMA "test.import" LIMIT TO (doubt, typed, "no such table") FROM SERVER import INTO subset;
IMPORT FOREIGN SCHEMA "projects/test/instances/import" EXCEPT (doubt, typed, hostile, versions, "no such table") FROM SERVER import INTO subset;
SELECT relname FROM pg_class WHERE relnamespace = 'subset'::regnamespace ORDER BY relname::text COLLATE "C";

-- what cannot be
SELECT failure('IMPORT FOREIGN SCHEMA public FROM SERVER import INTO imported');
SELECT failure('IMPORT FOREIGN SCHEMA "other.import" FROM SERVER import INTO imported');
SELECT failure($$IMPORT FOREIGN SCHEMA import FROM SERVER import INTO imported OPTIONS (style 'rows')$$);
SELECT failure($$IMPORT FOREIGN SCHEMA import FROM SERVER import INTO imported OPTIONS (sample_rows '-1')$$);
SELECT failure($$IMPORT FOREIGN SCHEMA import FROM SERVER import INTO imported OPTIONS (sample_rows 'many')$$);
SELECT failure($$IMPORT FOREIGN SCHEMA import FROM SERVER import INTO imported OPTIONS (max_columns '1600')$$);
SELECT failure($$IMPORT FOREIGN SCHEMA import FROM SERVER import INTO imported OPTIONS (layout 'cells')$$);
DROP SERVER import CASCADE;
DROP SCHEMA imported, subset;
