-- TRUNCATE: all rows at once, also those that no column maps.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

\! $CREATE t f g
\! $CREATE other f
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt;
CREATE FOREIGN TABLE same (id text OPTIONS (row_key 'true') COLLATE "C", u text OPTIONS (family 'g', qualifier 'u')) SERVER bt OPTIONS (table_name 't');
CREATE FOREIGN TABLE other (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt;
CREATE TABLE local.t (n serial);
CREATE FUNCTION fill() RETURNS void LANGUAGE sql AS $$
  INSERT INTO t SELECT i, i FROM generate_series(1, 10) i;
  INSERT INTO same SELECT 'u' || i, i FROM generate_series(1, 10) i;
  INSERT INTO other SELECT i, i FROM generate_series(1, 10) i;
  INSERT INTO local.t DEFAULT VALUES;
$$;

SELECT fill();
TRUNCATE t;
SELECT count(*) FROM t;
\set cells `$READ t`
SELECT count(*) FROM cells(:'cells');
SELECT count(*) FROM other;
TRUNCATE t;

-- several, local ones among them
SELECT fill();
TRUNCATE t, other, local.t RESTART IDENTITY CASCADE;
SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM other), (SELECT count(*) FROM local.t);

-- partitions
CREATE TABLE parent (id text, n int) PARTITION BY LIST (n);
CREATE FOREIGN TABLE child (id text OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 'other');
ALTER TABLE parent ATTACH PARTITION child FOR VALUES IN (1);
CREATE TABLE local_child PARTITION OF parent FOR VALUES IN (2);
INSERT INTO parent VALUES ('a', 1), ('b', 2);
SELECT tableoid::regclass, * FROM parent ORDER BY id;
TRUNCATE parent;
SELECT count(*) FROM parent;
\set cells `$READ other`
SELECT count(*) FROM cells(:'cells');

-- ROLLBACK brings nothing back
SELECT fill();
BEGIN;
TRUNCATE t;
ROLLBACK;
SELECT count(*) FROM t;

-- refused: by option, of the table and of the server; then nothing is truncated
ALTER FOREIGN TABLE t OPTIONS (ADD truncatable 'false');
SELECT failure('TRUNCATE t');
SELECT failure('TRUNCATE other, t');
SELECT count(*) FROM other;
ALTER FOREIGN TABLE t OPTIONS (DROP truncatable);
ALTER SERVER bt OPTIONS (ADD truncatable 'false');
SELECT failure('TRUNCATE t');
ALTER FOREIGN TABLE t OPTIONS (ADD truncatable 'true');
TRUNCATE t;
ALTER SERVER bt OPTIONS (DROP truncatable);

-- tables that are read-only, and parts of tables
ALTER FOREIGN TABLE t OPTIONS (ADD updatable 'false');
SELECT failure('TRUNCATE t');
ALTER FOREIGN TABLE t OPTIONS (DROP updatable);
CREATE FOREIGN TABLE no_key (n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 't');
SELECT failure('TRUNCATE no_key');
CREATE FOREIGN TABLE view (id text OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 't', authorized_view 'v');
SELECT failure('TRUNCATE view');
CREATE FOREIGN TABLE materialized (id text OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (materialized_view 'v');
SELECT failure('TRUNCATE materialized');
CREATE FOREIGN TABLE nothing (id text OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n')) SERVER bt;
SELECT failure('TRUNCATE nothing');
SELECT failure('TRUNCATE other, nothing');

-- rights, and triggers of statements
CREATE ROLE regress_bigtable_truncate;
GRANT USAGE ON SCHEMA remote, test TO regress_bigtable_truncate;
GRANT SELECT, INSERT, UPDATE, DELETE ON other TO regress_bigtable_truncate;
SET ROLE regress_bigtable_truncate;
SELECT failure('TRUNCATE other');
RESET ROLE;
DROP OWNED BY regress_bigtable_truncate;
DROP ROLE regress_bigtable_truncate;
