-- Tables that are read-only: all that writes is refused, with the reason, and the
-- catalogs say so.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

\! $CREATE t f
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt;
INSERT INTO t VALUES ('a', 1), ('b', 2);
CREATE FOREIGN TABLE no_key (n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 't');
CREATE FOREIGN TABLE dropped_key (id text OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 't');
ALTER FOREIGN TABLE dropped_key DROP COLUMN id;
CREATE FOREIGN TABLE no_longer (_key text OPTIONS (family 'f', qualifier 'k'), n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 't');
CREATE FOREIGN TABLE named (_key text, "f:n" int) SERVER bt OPTIONS (table_name 't');
CREATE FOREIGN TABLE not_updatable (id text OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 't', updatable 'false');
CREATE FOREIGN TABLE materialized (id text OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (materialized_view 'v');
CREATE FOREIGN TABLE authorized (id text OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 't', authorized_view 'v');
CREATE FOREIGN TABLE only_key (id text OPTIONS (row_key 'true')) SERVER bt OPTIONS (table_name 't');
CREATE VIEW view AS SELECT * FROM not_updatable;
CREATE VIEW good_view AS SELECT * FROM t;

SELECT relname, pg_relation_is_updatable(oid, false) AS events, pg_column_is_updatable(oid, 1::int2, false) AS column FROM pg_class
WHERE relnamespace = 'remote'::regnamespace AND relkind IN ('f', 'v') ORDER BY relname;
SELECT table_name, is_insertable_into FROM information_schema.tables WHERE table_schema = 'remote' ORDER BY table_name;
SELECT table_name, is_updatable, is_insertable_into FROM information_schema.views WHERE table_schema = 'remote' ORDER BY table_name;

SELECT name, failure(format(command, name)) FROM unnest('{no_key,dropped_key,no_longer,not_updatable,materialized,view}'::text[]) name,
  unnest(ARRAY['INSERT INTO %I (n) VALUES (1)', 'UPDATE %I SET n = 1', 'DELETE FROM %I', 'DELETE FROM %I WHERE n = 1 RETURNING n']) command;
SELECT name, failure(format($$COPY %I (n) FROM PROGRAM 'echo 1'$$, name)) FROM unnest('{no_key,dropped_key,no_longer,not_updatable,materialized}'::text[]) name;
SELECT failure('INSERT INTO not_updatable SELECT * FROM t WHERE false');
SELECT failure('EXPLAIN INSERT INTO not_updatable VALUES (1, 1)');
SELECT failure('EXPLAIN UPDATE not_updatable SET n = n + 1 WHERE id = $$a$$');
SELECT failure('EXPLAIN DELETE FROM no_key');
SELECT failure('INSERT INTO not_updatable VALUES ($$a$$, 1) ON CONFLICT DO NOTHING');
-- they can be read
SELECT * FROM no_key ORDER BY n;
SELECT * FROM dropped_key ORDER BY n;
SELECT * FROM not_updatable ORDER BY n;

-- a server whose tables are read-only, but one
ALTER SERVER bt OPTIONS (ADD updatable 'false');
SELECT failure($$INSERT INTO t VALUES ('c', 3)$$);
SELECT pg_relation_is_updatable('t'::regclass, false), pg_relation_is_updatable('named'::regclass, false);
ALTER FOREIGN TABLE named OPTIONS (ADD updatable 'true');
SELECT pg_relation_is_updatable('named'::regclass, false);
INSERT INTO named VALUES ('c', 3);
UPDATE named SET "f:n" = 4 WHERE _key = 'c';
DELETE FROM named WHERE _key = 'a';
SELECT * FROM t ORDER BY id;
ALTER SERVER bt OPTIONS (DROP updatable);

-- nothing but a key: rows can be deleted, not written
SELECT failure($$INSERT INTO only_key VALUES ('x')$$);
SELECT failure($$UPDATE only_key SET id = 'x' WHERE id = 'b'$$);
UPDATE only_key SET id = id;
DELETE FROM only_key WHERE id = 'b';
SELECT * FROM t ORDER BY id;

-- a partition that is read-only
CREATE TABLE parent (id text COLLATE "C", n int) PARTITION BY LIST (n);
ALTER FOREIGN TABLE t OPTIONS (ADD updatable 'false');
ALTER TABLE parent ATTACH PARTITION t FOR VALUES IN (4);
CREATE TABLE other PARTITION OF parent DEFAULT;
INSERT INTO parent VALUES ('d', 5);
SELECT failure($$INSERT INTO parent VALUES ('e', 4)$$);
SELECT failure($$INSERT INTO parent VALUES ('f', 6), ('e', 4)$$);
SELECT failure($$UPDATE parent SET id = id$$);
UPDATE parent SET id = 'dd' WHERE n = 5;
DELETE FROM parent WHERE n = 5;
SELECT failure($$UPDATE parent SET n = 4 WHERE n = 5$$);
SELECT * FROM parent ORDER BY id;
