-- Endpoints: where a server may be, and what contradicts itself.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

SELECT name, f.* FROM unnest('{endpoint,admin_endpoint,universe_domain,ssl_ca_file}'::text[]) AS name,
  failure(format('CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (%I %L)', name, '.x')) AS f;
SELECT value, f.* FROM unnest('{bigtable.googleapis.com,:443,host:,host:0,host:65536,host:port,dns://evil/bigtable.googleapis.com:443,unix:/tmp/s,[::1]x:1,[::1:443}'::text[]) AS value,
  failure(format('CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (endpoint %L)', value)) AS f;
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (universe_domain 'Googleapis.com')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (universe_domain 'evil/')$$);
SELECT name, f.* FROM unnest('{endpoint,admin_endpoint}'::text[]) AS name,
  failure(format('CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (%I %L, emulator_host %L)', name, '[::1]:443', 'localhost:1')) AS f;
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (ssl_ca_file '/ca.pem', emulator_host 'localhost:1')$$);
SELECT failure($$CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (universe_domain 'example.com', emulator_host 'localhost:1')$$);
