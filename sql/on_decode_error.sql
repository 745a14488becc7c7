-- on_decode_error 'null': a value that does not decode is NULL, and is counted.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN even AS int CHECK (VALUE % 2 = 0);
CREATE DOMAIN short AS bytea CHECK (length(VALUE) < 3);
\! $CREATE broken f
SELECT cell(key, 'f:q', value) FROM (VALUES ('good'::text, '12'::bytea), ('word', 'one'), ('odd', '7'), ('utf8', '\x61ff62'), ('nul', '\x610062'), ('long', '99999999999999999999'), ('empty', '')) v(key, value)
\g |$LOAD broken
CREATE FOREIGN TABLE broken (
  key text OPTIONS (row_key 'true', encoding 'text') NOT NULL, t text OPTIONS (family 'f', qualifier 'q'), v varchar(3) OPTIONS (family 'f', qualifier 'q'), s short OPTIONS (family 'f', qualifier 'q'),
  i2 int2 OPTIONS (family 'f', qualifier 'q'), i8 int8 OPTIONS (family 'f', qualifier 'q'), e even OPTIONS (family 'f', qualifier 'q'), n numeric OPTIONS (family 'f', qualifier 'q'),
  d timestamptz OPTIONS (family 'f', qualifier 'q'), j jsonb OPTIONS (family 'f', qualifier 'q'), m mood OPTIONS (family 'f', qualifier 'q'), a int[] OPTIONS (family 'f', qualifier 'q'),
  q tsquery OPTIONS (family 'f', qualifier 'q'), r int4range OPTIONS (family 'f', qualifier 'q')
) SERVER bt OPTIONS (on_decode_error 'null');
SELECT key, t, v, s, i2, i8, e, n, d, j, m, a, r FROM broken ORDER BY key COLLATE "C";
SELECT key, q FROM broken WHERE key IN ('good', 'utf8');
-- so many as are NULL: of the cells that are not empty, those that are text are no numbers
SELECT plan_json('SELECT i8, n FROM broken', 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF')->'Values Not Decoded';
SELECT line FROM plan('SELECT i8 FROM broken', 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF') line WHERE line ~ 'Decoded';
SELECT line FROM plan($$SELECT i8 FROM broken WHERE key = 'good'$$, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF') line WHERE line ~ 'Decoded';

-- tests see NULL, whatever the server is asked
CREATE TABLE local.broken AS SELECT * FROM broken;
SELECT check_query('SELECT key FROM broken WHERE i8 IS NULL');
SELECT check_query('SELECT key FROM broken WHERE i8 IS NOT NULL');
SELECT check_query($$SELECT key, t FROM broken WHERE t > 'a' COLLATE "C"$$);
SELECT check_query($$SELECT key FROM broken WHERE t = 'one' OR t IS NULL$$);
SELECT check_query('SELECT count(*), count(i8), count(t), sum(i8) FROM broken');
SELECT check_query('SELECT key FROM broken WHERE i8 IS NOT NULL ORDER BY key COLLATE "C" LIMIT 1', true);
ALTER FOREIGN TABLE broken OPTIONS (ADD encoding 'binary');
SELECT key, i2, i8 FROM broken ORDER BY key COLLATE "C";
DROP TABLE local.broken;
CREATE TABLE local.broken AS SELECT * FROM broken;
SELECT compare(format('SELECT key, i2 FROM broken WHERE i2 %s 12594', op)) FROM unnest('{=,<,>=,<>}'::text[]) op;
SELECT compare('SELECT key, i2, i8 FROM broken WHERE i8 > 0 OR i2 IS NULL');
ALTER FOREIGN TABLE broken OPTIONS (SET encoding 'hex');
SELECT key, t, s, i8 FROM broken ORDER BY key COLLATE "C";
ALTER FOREIGN TABLE broken OPTIONS (SET encoding 'ordered');
SELECT key, i8 FROM broken WHERE i8 IS NOT NULL ORDER BY key COLLATE "C";
ALTER FOREIGN TABLE broken OPTIONS (DROP encoding);

-- the old row of an UPDATE may have such values; they stay as they are
UPDATE broken SET t = 'new' WHERE key = 'word';
\! $CREATE kept f
SELECT cell('a', col, value) FROM (VALUES ('f:n', 'none'), ('f:t', 'old')) v(col, value) \g |$LOAD kept
CREATE FOREIGN TABLE kept (key text OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n'), t text OPTIONS (family 'f', qualifier 't')) SERVER bt OPTIONS (on_decode_error 'null', write_mode 'replace');
UPDATE kept SET t = 'new' WHERE n IS NULL;
\set cells `$READ kept`
SELECT * FROM written(:'cells');

-- a NOT NULL column is believed: there it stays an error; so do keys
ALTER FOREIGN TABLE kept ALTER n SET NOT NULL;
SELECT failure('SELECT n FROM kept');
CREATE FOREIGN TABLE int_key (key int OPTIONS (row_key 'true')) SERVER bt OPTIONS (table_name 'kept', on_decode_error 'null');
SELECT failure('SELECT * FROM int_key');
-- inherited from the server, and overridden
ALTER FOREIGN TABLE kept ALTER n DROP NOT NULL, OPTIONS (DROP on_decode_error);
SELECT failure('SELECT n FROM kept');
ALTER SERVER bt OPTIONS (ADD on_decode_error 'null');
SELECT n FROM kept;
ALTER FOREIGN TABLE kept OPTIONS (ADD on_decode_error 'error');
SELECT failure('SELECT n FROM kept');
ALTER FOREIGN TABLE kept OPTIONS (SET on_decode_error 'null');

-- errors that are not about the data go on, and what a failure has begun is undone
CREATE FUNCTION test.refuse(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'out of order' USING ERRCODE = '58000'; END $$;
CREATE DOMAIN refused AS int CHECK (test.refuse(VALUE));
ALTER FOREIGN TABLE broken ALTER e TYPE refused;
SELECT failure($$SELECT e FROM broken WHERE key = 'odd'$$);
BEGIN;
SELECT count(n), count(j), count(*) FROM broken;
SAVEPOINT s;
SELECT n FROM broken WHERE key = 'word';
ROLLBACK TO s;
SELECT count(n) FROM broken;
COMMIT;
-- in a function, whose subtransaction fails later
SELECT failure($$DO 'BEGIN PERFORM n FROM broken; PERFORM 1/0; END'$$);
SELECT count(n) FROM broken;
-- in a parallel query
CREATE TABLE local.big AS SELECT i FROM generate_series(1, 20000) i;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT bool_or(line ~ 'Gather') FROM plan($$SELECT (SELECT n FROM broken WHERE key = 'good'), count(*) FROM local.big$$) line;
SELECT (SELECT n FROM broken WHERE key = 'good'), count(*) FROM local.big;
