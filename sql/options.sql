-- Options: every one is checked where it is set, and refused with a reason.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

-- names: where they belong, and the nearest one
SELECT failure($$ALTER FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (project_id 'p')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (projectid 'p')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (instanse_id 'i')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (row_key 'true')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (access_token 't')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (colour 'red')$$);
SELECT failure($$CREATE USER MAPPING FOR CURRENT_USER SERVER bt OPTIONS (project_id 'p')$$);
SELECT failure($$CREATE USER MAPPING FOR CURRENT_USER SERVER bt OPTIONS (password 'p')$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text) SERVER bt OPTIONS (instance_id 'i')$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text) SERVER bt OPTIONS (tablename 't')$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text) SERVER bt OPTIONS (family 'f')$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text OPTIONS (qualifyer 'q')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text OPTIONS (rowkey 'true')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text OPTIONS (table_name 't')) SERVER bt$$);
SELECT failure(format($$CREATE FOREIGN TABLE t (k text OPTIONS ("%s" 'x')) SERVER bt$$, repeat('family', 12)));

-- IDs, which are parts of resource names
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (project_id '')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (project_id 'projects/p')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (instance_id 'my instance')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (app_profile_id 'profil-é')$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text) SERVER bt OPTIONS (table_name '')$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text) SERVER bt OPTIONS (table_name 'projects/p/instances/i/tables/t')$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text) SERVER bt OPTIONS (table_name e'a\tb')$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text) SERVER bt OPTIONS (authorized_view 'v/w')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (emulator_host '')$$);

-- families and qualifiers
SELECT failure($$CREATE FOREIGN TABLE t (k text OPTIONS (family '', qualifier 'q')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text OPTIONS (family 'f:g', qualifier 'q')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text OPTIONS (family 'fé', qualifier 'q')) SERVER bt$$);
SELECT failure(format($$CREATE FOREIGN TABLE t (k text OPTIONS (family '%s', qualifier 'q')) SERVER bt$$, repeat('f', 65)));
SELECT failure(format($$CREATE FOREIGN TABLE accepted (k text OPTIONS (family '%s', qualifier 'q')) SERVER bt$$, repeat('f', 64)));
SELECT failure($$CREATE FOREIGN TABLE t (k text OPTIONS (family 'f', qualifier '\x0')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text OPTIONS (family 'f', qualifier '\x0g')) SERVER bt$$);
SELECT failure(format($$CREATE FOREIGN TABLE t (k text OPTIONS (family 'f', qualifier '%s')) SERVER bt$$, repeat('q', 16385)));
SELECT failure(format($$CREATE FOREIGN TABLE t (k text OPTIONS (family 'f', qualifier '\x%s')) SERVER bt$$, repeat('00', 16385)));

-- times, counts and costs
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (operation_timeout 'soon')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (operation_timeout '0')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (attempt_timeout '-5s')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (attempt_timeout '5 years')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (retry_initial_delay '')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (max_attempts '0')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (max_attempts '1001')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (max_attempts 'many')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (fdw_startup_cost '-1')$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text) SERVER bt OPTIONS (fdw_tuple_cost 'cheap')$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text) SERVER bt OPTIONS (fdw_tuple_cost 'NaN')$$);
SELECT failure($$CREATE FOREIGN TABLE infinite (k text) SERVER bt OPTIONS (fdw_tuple_cost 'inf')$$);

-- choices
SELECT failure($$CREATE FOREIGN TABLE t (k text) SERVER bt OPTIONS (layout 'columns')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (encoding 'Binary')$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text) SERVER bt OPTIONS (encoding 'utf8')$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text OPTIONS (encoding '')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text OPTIONS (row_key 'maybe')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE t (k timestamptz OPTIONS (family 'f', qualifier 'q', cell 'time')) SERVER bt$$);

-- contradictions
SELECT failure($$CREATE FOREIGN TABLE t (k text OPTIONS (row_key 'true', family 'f', qualifier 'q')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text OPTIONS (row_key 'true', qualifier 'q')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE t (k timestamptz OPTIONS (row_key 'true', cell 'timestamp')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE t (k timestamptz OPTIONS (family 'f', qualifier 'q', cell 'timestamp', encoding 'binary')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE t (k timestamptz OPTIONS (family 'f', cell 'timestamp')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text OPTIONS (qualifier 'q')) SERVER bt$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text) SERVER bt OPTIONS (authorized_view 'a', materialized_view 'm')$$);
SELECT failure($$CREATE FOREIGN TABLE t (k text) SERVER bt OPTIONS (table_name 't', materialized_view 'm')$$);
SELECT failure($$ALTER FOREIGN TABLE accepted ALTER k OPTIONS (ADD row_key 'true')$$);

-- reserved: refused until they do something
SELECT name, f.* FROM unnest('{on_key_mismatch,on_decode_error,insert_mode,write_mode,batch_size,updatable,truncatable,async_capable,use_remote_estimate}'::text[]) AS name,
  failure(format('CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (%I %L)', name, 'x')) AS f;
SELECT name, f.* FROM unnest('{key_salt,on_key_mismatch,on_decode_error,insert_mode,write_mode,batch_size,updatable,truncatable,async_capable,use_remote_estimate}'::text[]) AS name,
  failure(format('CREATE FOREIGN TABLE t (k text) SERVER bt OPTIONS (%I %L)', name, 'x')) AS f;
SELECT name, f.* FROM unnest('{key_part,reversed,row_json,max_versions}'::text[]) AS name,
  failure(format('CREATE FOREIGN TABLE t (k text OPTIONS (%I %L)) SERVER bt', name, 'x')) AS f;

-- all that is accepted, and changed
CREATE SERVER accepted FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (
  project_id 'google.com:p', instance_id 'i', app_profile_id 'batch', emulator_host 'localhost:1',
  operation_timeout '1h', attempt_timeout '1500', retry_initial_delay '20ms', max_attempts '1',
  fdw_startup_cost '0', fdw_tuple_cost '1e-3', encoding 'binary');
CREATE USER MAPPING FOR CURRENT_USER SERVER accepted;
CREATE FOREIGN TABLE accepted2 (
  k text OPTIONS (row_key 'on', encoding 'text') COLLATE "C" NOT NULL,
  v bytea OPTIONS (row_key 'off', family 'F-1_a.b', qualifier '\x00FFaB'),
  t timestamptz OPTIONS (family 'f', qualifier 'with space', cell 'timestamp'))
SERVER accepted OPTIONS (authorized_view 'view', table_name 't', app_profile_id 'x', layout 'rows', fdw_startup_cost '5', encoding 'text');
ALTER SERVER accepted OPTIONS (SET operation_timeout '2min', DROP max_attempts);
ALTER FOREIGN TABLE accepted2 OPTIONS (DROP table_name, DROP authorized_view, ADD materialized_view 'm');
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM accepted2;
ALTER FOREIGN TABLE accepted2 OPTIONS (DROP materialized_view, ADD authorized_view 'view');
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM accepted2;
DROP SERVER accepted CASCADE;
