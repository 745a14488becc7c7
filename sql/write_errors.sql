-- Bad input: one clear error, and nothing is written of the row.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
\! $CREATE write_errors cf
CREATE FOREIGN TABLE remote.t (
  id text OPTIONS (row_key 'true') COLLATE "C",
  a text OPTIONS (family 'cf', qualifier 'a'),
  seen timestamptz OPTIONS (family 'cf', qualifier 'a', cell 'timestamp'),
  lost timestamptz OPTIONS (family 'cf', qualifier 'lost', cell 'timestamp'),
  d timestamptz OPTIONS (family 'cf', qualifier 'd', encoding 'binary')
) SERVER bt OPTIONS (table_name 'write_errors');

-- keys
SELECT failure($$INSERT INTO t (a) VALUES ('x')$$);
SELECT failure($$INSERT INTO t VALUES ('', 'x')$$);
SELECT failure($$INSERT INTO t VALUES (repeat('ä', 2049), 'x')$$);
INSERT INTO t VALUES (repeat('k', 4096), 'longest');
SELECT length(id), a FROM t;
DELETE FROM t WHERE id = repeat('k', 4096);

-- rows without a cell
SELECT failure($$INSERT INTO t VALUES ('only a key')$$);
INSERT INTO t VALUES ('last', 'x');
SELECT failure($$UPDATE t SET a = NULL WHERE id = 'last'$$);
SELECT id, a FROM t;

-- the same for a row with cells that no column maps, which stays
SELECT cell('mixed', 'cf:a', 'x') UNION ALL SELECT cell('mixed', 'cf:other', 'y') \g |$LOAD write_errors
UPDATE t SET a = NULL WHERE id = 'mixed';
SELECT id, a FROM t;

-- timestamps of cells
SELECT failure($$INSERT INTO t VALUES ('k', 'x', '1969-12-31 23:59:59.999Z')$$);
SELECT failure($$INSERT INTO t VALUES ('k', 'x', 'infinity')$$);
SELECT failure($$INSERT INTO t VALUES ('k', 'x', '2024-01-01 00:00:00.0001Z')$$);
SELECT failure($$INSERT INTO t VALUES ('k', NULL, '2024-01-01 00:00:00Z', NULL, '2024-01-01')$$);
SELECT failure($$INSERT INTO t VALUES ('k', 'x', NULL, '2024-01-01 00:00:00Z')$$);
SELECT failure($$UPDATE t SET seen = '1960-01-01' WHERE id = 'last'$$);
INSERT INTO t VALUES ('at', 'x', '1970-01-01 00:00:00Z'), ('at2', 'y', '2024-02-29 12:34:56.789Z');
SELECT id, a, seen FROM t WHERE id ^@ 'at';
UPDATE t SET seen = '2020-01-01 00:00:00Z' WHERE id = 'at2';
SELECT id, a, seen FROM t WHERE id = 'at2';

-- values
SELECT failure($$INSERT INTO t (id, a) SELECT 'big', repeat('x', 100 * 1024 * 1024 + 1)$$);
SELECT failure($$INSERT INTO t (id, d) VALUES ('k', '294276-12-31 23:59:59.999999Z')$$);

-- a row key stays what it is
SELECT failure($$UPDATE t SET id = 'other' WHERE id = 'last'$$);
SELECT failure($$UPDATE t SET id = NULL WHERE id = 'last'$$);
SELECT id, a FROM t;

-- families and tables that are not there: nothing is sent
CREATE FOREIGN TABLE remote.nofamily (id text OPTIONS (row_key 'true'), a text OPTIONS (family 'cf', qualifier 'a'),
  x text OPTIONS (family 'nosuch', qualifier 'x')) SERVER bt OPTIONS (table_name 'write_errors');
SELECT failure($$INSERT INTO nofamily VALUES ('k', 'a', 'x')$$);
SELECT failure($$UPDATE nofamily SET x = 'x' WHERE id = 'last'$$);
INSERT INTO nofamily (id, a) VALUES ('fine', 'a');
SELECT count(*) FROM t WHERE id = 'k';
CREATE FOREIGN TABLE remote.notable (id text OPTIONS (row_key 'true'), a text OPTIONS (family 'cf', qualifier 'a')) SERVER bt;
SELECT failure($$INSERT INTO notable VALUES ('k', 'a')$$);
SELECT failure($$DELETE FROM notable WHERE id = 'k'$$);
SELECT failure($$TRUNCATE notable$$);

-- read-only tables
CREATE FOREIGN TABLE remote.nokey (a text OPTIONS (family 'cf', qualifier 'a')) SERVER bt OPTIONS (table_name 'write_errors');
CREATE FOREIGN TABLE remote.view (id text OPTIONS (row_key 'true'), a text OPTIONS (family 'cf', qualifier 'a'))
  SERVER bt OPTIONS (materialized_view 'v');
CREATE FOREIGN TABLE remote.fixed (id text OPTIONS (row_key 'true'), a text OPTIONS (family 'cf', qualifier 'a'))
  SERVER bt OPTIONS (table_name 'write_errors', updatable 'false');
CREATE FOREIGN TABLE remote.kept (id text OPTIONS (row_key 'true'), a text OPTIONS (family 'cf', qualifier 'a'))
  SERVER bt OPTIONS (table_name 'write_errors', truncatable 'false');
SELECT name, f.* FROM unnest('{nokey,view,fixed}'::text[]) name, failure(format('INSERT INTO %I (a) VALUES (%L)', name, 'x')) f;
SELECT name, f.* FROM unnest('{nokey,view,fixed}'::text[]) name, failure(format('UPDATE %I SET a = %L', name, 'x')) f;
SELECT name, f.* FROM unnest('{nokey,view,fixed}'::text[]) name, failure(format('DELETE FROM %I', name)) f;
SELECT name, f.* FROM unnest('{nokey,view,fixed,kept}'::text[]) name, failure(format('TRUNCATE %I', name)) f;
SELECT relname, pg_relation_is_updatable(oid, false) FROM pg_class WHERE relnamespace = 'remote'::regnamespace ORDER BY relname;
SELECT failure($$COPY fixed (id, a) FROM PROGRAM 'echo'$$);

-- constraints of the foreign table, which nobody else would check
CREATE FOREIGN TABLE remote.checked (id text OPTIONS (row_key 'true') CHECK (id ^@ 'c'), a text OPTIONS (family 'cf', qualifier 'a') NOT NULL,
  up text OPTIONS (family 'cf', qualifier 'up') GENERATED ALWAYS AS (upper(a)) STORED)
  SERVER bt OPTIONS (table_name 'write_errors');
SELECT failure($$INSERT INTO checked VALUES ('c1', NULL)$$);
SELECT failure($$INSERT INTO checked VALUES ('x1', 'a')$$);
INSERT INTO checked VALUES ('c1', 'a');
UPDATE checked SET a = 'b' WHERE id = 'c1';
SELECT failure($$UPDATE checked SET a = NULL WHERE id = 'c1'$$);
SELECT * FROM checked WHERE id ^@ 'c';
SELECT cell('c1', 'cf:up', '') IS NOT NULL AND up = 'B' FROM checked WHERE id = 'c1';

-- what PostgreSQL itself refuses
SELECT failure($$INSERT INTO t VALUES ('k', 'x') ON CONFLICT (id) DO NOTHING$$);
SELECT failure($$INSERT INTO t VALUES ('k', 'x') ON CONFLICT (id) DO UPDATE SET a = 'y'$$);
SELECT failure($$MERGE INTO t USING (VALUES ('k')) v (id) ON t.id = v.id WHEN MATCHED THEN DELETE$$);
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM t;
FETCH 1 FROM c;
UPDATE t SET a = 'y' WHERE CURRENT OF c;
ROLLBACK;
BEGIN READ ONLY;
INSERT INTO t VALUES ('k', 'x');
ROLLBACK;

-- a statement that fails in the middle leaves what it has written (and warns of it: see t/)
SET client_min_messages = error;
COPY t (id, a) FROM STDIN;
w1	a
w2	b
\N	c
\.
ALTER FOREIGN TABLE remote.t OPTIONS (ADD batch_size '1');
COPY t (id, a, seen) FROM STDIN;
w1	a	2024-01-01
w2	b	2024-01-01
w3	c	1924-01-01
\.
