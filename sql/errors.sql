-- Errors: one clear message with a SQLSTATE, and the session goes on.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

\! $CREATE t f g
SELECT cell('k' || i, 'f:v', 'v' || i) FROM generate_series(1, 20) i
\g |$LOAD t
\! $CREATE empty f
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v')) SERVER bt;

-- no such table
CREATE FOREIGN TABLE no_table (id text OPTIONS (row_key 'true'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt;
SELECT failure('SELECT * FROM no_table');
SELECT failure($$SELECT * FROM no_table WHERE id = 'x'$$);
SELECT failure('SELECT count(*) FROM no_table');
CREATE FOREIGN TABLE renamed (id text OPTIONS (row_key 'true')) SERVER bt OPTIONS (table_name 'gone');
SELECT failure('SELECT * FROM renamed');
CREATE SERVER other FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (project_id 'other', instance_id 'test', emulator_host :'emulator');
CREATE FOREIGN TABLE elsewhere (id text OPTIONS (row_key 'true')) SERVER other OPTIONS (table_name 't');
SELECT failure('SELECT * FROM elsewhere');
DROP SERVER other CASCADE;
SELECT count(*) FROM t;

-- no such family, noticed when nothing is found in it
CREATE FOREIGN TABLE no_family (id text OPTIONS (row_key 'true') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v'), w text OPTIONS (family 'h', qualifier 'w')) SERVER bt OPTIONS (table_name 't');
SELECT failure('SELECT * FROM no_family');
SELECT failure('SELECT w FROM no_family');
SELECT failure($$SELECT v FROM no_family WHERE w = 'x'$$);
SELECT failure($$SELECT id FROM no_family WHERE w IS NOT NULL AND id < 'k2'$$);
SELECT count(v) FROM no_family;
CREATE FOREIGN TABLE family_of_nothing (id text OPTIONS (row_key 'true'), v text OPTIONS (family 'h', qualifier 'v')) SERVER bt OPTIONS (table_name 'empty');
SELECT failure('SELECT * FROM family_of_nothing');
SELECT count(*) FROM family_of_nothing;
-- no column is no error, and neither is a family without cells
CREATE FOREIGN TABLE no_column (id text OPTIONS (row_key 'true'), v text OPTIONS (family 'f', qualifier 'nothing'), w text OPTIONS (family 'g', qualifier 'nothing')) SERVER bt OPTIONS (table_name 't');
SELECT count(*), count(v), count(w) FROM no_column;
-- a family that is made later is found
\! $CREATE empty f h
SELECT count(*) FROM (SELECT v FROM family_of_nothing OFFSET 0) s;

-- no such server: said at once or after a few attempts, never after minutes
CREATE SERVER nowhere FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (project_id 'p', instance_id 'i', emulator_host 'localhost:1', max_attempts '1');
CREATE FOREIGN TABLE nowhere (id text OPTIONS (row_key 'true')) SERVER nowhere;
SELECT clock_timestamp() AS before \gset
SELECT failure('SELECT * FROM nowhere');
SELECT clock_timestamp() - :'before' < interval '10 seconds';
ALTER SERVER nowhere OPTIONS (DROP max_attempts);
SELECT clock_timestamp() AS before \gset
SELECT failure('SELECT * FROM nowhere');
SELECT clock_timestamp() - :'before' < interval '20 seconds';
ALTER SERVER nowhere OPTIONS (ADD operation_timeout '500ms');
SELECT clock_timestamp() AS before \gset
SELECT regexp_replace(f, 'after \d+ attempts?', 'after N attempts') FROM failure('SELECT * FROM nowhere') f;
SELECT clock_timestamp() - :'before' < interval '10 seconds';
SET statement_timeout = '300ms';
ALTER SERVER nowhere OPTIONS (SET operation_timeout '1h');
SELECT * FROM nowhere;
SELECT count(*) FROM nowhere;
RESET statement_timeout;
SELECT count(*) FROM t;

-- once a server is there, it is used
ALTER SERVER nowhere OPTIONS (SET emulator_host :'emulator', SET project_id 'test', SET instance_id 'test');
ALTER FOREIGN TABLE nowhere OPTIONS (table_name 't');
SELECT count(*) FROM nowhere;
DROP SERVER nowhere CASCADE;

-- errors of the executor in mid-scan
SELECT failure($$SELECT 1 / (length(v) - 3) FROM t$$);
SELECT failure($$SELECT id FROM t WHERE 1 / (length(v) - 3) > 0$$);
SELECT failure($$SELECT id FROM t WHERE id = (SELECT v FROM t)$$);
SELECT failure($$SELECT id::int FROM t$$);
SELECT count(*) FROM t;
BEGIN;
SELECT 1 / (length(v) - 3) FROM t WHERE id = 'k20';
SELECT count(*) FROM t;
ROLLBACK;
SELECT count(*) FROM t;

-- rights
CREATE ROLE regress_bigtable_user;
GRANT USAGE ON SCHEMA remote, test TO regress_bigtable_user;
SET ROLE regress_bigtable_user;
SELECT failure('SELECT count(*) FROM t');
RESET ROLE;
GRANT SELECT (id) ON t TO regress_bigtable_user;
SET ROLE regress_bigtable_user;
SELECT count(id) FROM t;
SELECT failure('SELECT v FROM t');
SELECT failure($$CREATE SERVER mine FOREIGN DATA WRAPPER bigtable_fdw$$);
RESET ROLE;
REVOKE ALL ON SCHEMA remote, test FROM regress_bigtable_user;
REVOKE ALL ON t FROM regress_bigtable_user;
DROP OWNED BY regress_bigtable_user;
DROP ROLE regress_bigtable_user;
