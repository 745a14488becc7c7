-- Mapping: what each column of a foreign table is in Bigtable.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

\! $CREATE places f g
SELECT cell('a', 'f:q', 'named') UNION ALL
SELECT cell('a', 'f:q:r', 'second colon') UNION ALL
SELECT cell('a', 'f:', 'empty qualifier') UNION ALL
SELECT cell('a', 'f:a.b|c*', 'special characters') UNION ALL
SELECT cell('a', 'f:aXb', 'decoy for the special characters') UNION ALL
SELECT cell('a', 'f:Größe', 'non-ASCII') UNION ALL
SELECT cell('a', 'f:\x41', 'backslash, x, 41') UNION ALL
SELECT cell('a', 'f:A', 'capital A') UNION ALL
SELECT cell('a', '\x663a00ff0a'::bytea, 'NUL, 0xff and newline'::bytea) UNION ALL
SELECT cell('a', 'g:q', 'other family')
\g |$LOAD places

-- by options: the key, the qualifier with any bytes, the same cell twice
CREATE FOREIGN TABLE by_options (
  id text OPTIONS (row_key 'true'),
  q text OPTIONS (family 'f', qualifier 'q'),
  again bytea OPTIONS (family 'f', qualifier 'q'),
  its_time timestamptz OPTIONS (family 'f', qualifier 'q', cell 'timestamp'),
  special text OPTIONS (family 'f', qualifier 'a.b|c*'),
  umlaut text OPTIONS (family 'f', qualifier 'Größe'),
  hex text OPTIONS (family 'f', qualifier '\x41'),
  escaped text OPTIONS (family 'f', qualifier '\x5c783431'),
  bytes text OPTIONS (family 'f', qualifier '\x00Ff0a'),
  other text OPTIONS (family 'g', qualifier 'q'),
  none text OPTIONS (family 'g', qualifier 'a')
) SERVER bt OPTIONS (table_name 'places');
\x on
SELECT * FROM by_options;
\x off

-- each alone: the filter is another one
SELECT q FROM by_options;
SELECT special FROM by_options;
SELECT hex, escaped FROM by_options;
SELECT bytes FROM by_options;
SELECT special, bytes FROM by_options;
SELECT none, other FROM by_options;
SELECT none FROM by_options;
SELECT plan('SELECT special, bytes, q FROM by_options', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT hex, escaped, other FROM by_options', 'COSTS OFF, VERBOSE');

-- by names: the first colon divides, and "_key" and "row_key" are the key
CREATE FOREIGN TABLE by_names ("f:q" text, _key text, "f:q:r" text, "f:" text, "f:Größe" text, "f:\x41" text)
SERVER bt OPTIONS (table_name 'places');
SELECT * FROM by_names;
CREATE FOREIGN TABLE by_names2 (row_key text, "f:q" text) SERVER bt OPTIONS (table_name 'places');
SELECT * FROM by_names2;

-- options win over names
CREATE FOREIGN TABLE by_both (
  "f:q" text OPTIONS (row_key 'true'),
  _key text OPTIONS (family 'f', qualifier 'q'),
  row_key text OPTIONS (family 'g', qualifier 'q'),
  "g:q" text OPTIONS (family 'f', qualifier '\x')
) SERVER bt OPTIONS (table_name 'places');
SELECT * FROM by_both;

-- the table's own name, by default; no key column; no column at all
CREATE FOREIGN TABLE places ("f:q" text, "g:q" text) SERVER bt;
SELECT * FROM places;
SELECT count(*) FROM places;
CREATE FOREIGN TABLE no_columns () SERVER bt OPTIONS (table_name 'places');
SELECT count(*) FROM no_columns;
SELECT * FROM no_columns;

-- columns that come and go
ALTER FOREIGN TABLE places ADD COLUMN gone text, ADD COLUMN key text OPTIONS (row_key 'true'), ADD COLUMN last text OPTIONS (family 'f', qualifier 'A');
SELECT failure('SELECT key FROM places');
ALTER FOREIGN TABLE places DROP COLUMN gone;
SELECT * FROM places;
SELECT places FROM places WHERE key = 'a';
ALTER FOREIGN TABLE places RENAME COLUMN last TO "g:last";
SELECT "g:last" FROM places;
ALTER FOREIGN TABLE places ALTER COLUMN "g:last" OPTIONS (SET family 'g', SET qualifier 'q');
SELECT "g:last" FROM places;

-- columns without a place
CREATE FOREIGN TABLE unmapped (id text OPTIONS (row_key 'true'), name text) SERVER bt OPTIONS (table_name 'places');
SELECT failure('SELECT id FROM unmapped');
SELECT failure('EXPLAIN SELECT id FROM unmapped');
ALTER FOREIGN TABLE unmapped RENAME COLUMN name TO ":q";
SELECT failure('SELECT id FROM unmapped');
CREATE FOREIGN TABLE not_the_key (_key text OPTIONS (row_key 'false')) SERVER bt OPTIONS (table_name 'places');
SELECT failure('SELECT * FROM not_the_key');

-- two keys
CREATE FOREIGN TABLE two_keys (a text OPTIONS (row_key 'true'), b bytea OPTIONS (row_key 'true')) SERVER bt;
SELECT failure('SELECT a FROM two_keys');
CREATE FOREIGN TABLE two_names (_key text, row_key text) SERVER bt;
SELECT failure('SELECT _key FROM two_names');

-- types that do not fit
CREATE FOREIGN TABLE misfit (_key text, "f:q" jsonb OPTIONS (encoding 'binary')) SERVER bt;
SELECT failure('SELECT _key FROM misfit');
ALTER FOREIGN TABLE misfit ALTER "f:q" OPTIONS (SET encoding 'text');
SELECT failure('EXPLAIN SELECT _key FROM misfit');
ALTER FOREIGN TABLE misfit ALTER "f:q" OPTIONS (DROP encoding, ADD cell 'timestamp');
SELECT failure('SELECT _key FROM misfit');
ALTER FOREIGN TABLE misfit DROP "f:q", ADD "f:q" timestamp OPTIONS (cell 'timestamp');
SELECT failure('SELECT _key FROM misfit');
CREATE FOREIGN TABLE key_time (_key timestamptz OPTIONS (cell 'timestamp')) SERVER bt;
SELECT failure('SELECT _key FROM key_time');

-- a server that says too little
CREATE SERVER incomplete FOREIGN DATA WRAPPER bigtable_fdw;
CREATE FOREIGN TABLE incomplete (_key text) SERVER incomplete OPTIONS (table_name 'places');
SELECT failure('SELECT * FROM incomplete');
ALTER SERVER incomplete OPTIONS (project_id 'test');
SELECT failure('SELECT * FROM incomplete');
ALTER SERVER incomplete OPTIONS (instance_id 'test');
EXPLAIN (COSTS OFF) SELECT * FROM incomplete;
SELECT failure('SELECT * FROM incomplete');
ALTER SERVER incomplete OPTIONS (emulator_host :'emulator');
SELECT * FROM incomplete;
DROP SERVER incomplete CASCADE;
