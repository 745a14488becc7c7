-- write_mode: append adds a version, replace leaves but the one it writes.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

\! $CREATE t f g
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", a text OPTIONS (family 'f', qualifier 'a'), b text OPTIONS (family 'f', qualifier 'b'), c text OPTIONS (family 'g', qualifier 'c')) SERVER bt;
CREATE FUNCTION test.fill() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT cell('r', 'f:' || col, col || version, version * 1000000::bigint) FROM unnest('{a,b,unmapped}'::text[]) col, generate_series(1, 3) version
  UNION ALL SELECT cell('r', 'g:a', 'other family', 1000000) UNION ALL SELECT cell('s', 'f:a', 'other row', 1000000)
$$;

-- append
SELECT fill() \g |$LOAD t
INSERT INTO t VALUES ('r', 'new a', NULL, 'new c');
\set cells `$READ t`
SELECT * FROM written(:'cells');
UPDATE t SET b = 'new b' WHERE id = 'r';
\set cells `$READ t`
SELECT * FROM written(:'cells');
SELECT * FROM t ORDER BY id;

-- replace; a column that is not given stays with all its versions
TRUNCATE t;
SELECT fill() \g |$LOAD t
ALTER FOREIGN TABLE t OPTIONS (ADD write_mode 'replace');
INSERT INTO t VALUES ('r', 'new a', NULL, 'new c');
\set cells `$READ t`
SELECT * FROM written(:'cells');
UPDATE t SET b = 'new b' WHERE id = 'r';
\set cells `$READ t`
SELECT * FROM written(:'cells');
SELECT * FROM t ORDER BY id;

-- several rows of one key, in one statement and in batches of one
INSERT INTO t VALUES ('r', 'one', 'one', NULL), ('r', 'two', NULL, NULL), ('s', NULL, 's', NULL), ('r', 'three', NULL, 'three');
\set cells `$READ t`
SELECT * FROM written(:'cells');
ALTER FOREIGN TABLE t OPTIONS (ADD batch_size '1');
INSERT INTO t SELECT 'r', i, i, i FROM generate_series(1, 20) i;
\set cells `$READ t`
SELECT * FROM written(:'cells');
ALTER FOREIGN TABLE t OPTIONS (DROP batch_size);

-- an older time is written all the same: nothing newer is left
CREATE FOREIGN TABLE times (id text OPTIONS (row_key 'true') COLLATE "C", a text OPTIONS (family 'f', qualifier 'a'), at timestamptz OPTIONS (family 'f', qualifier 'a', cell 'timestamp')) SERVER bt OPTIONS (table_name 't', write_mode 'replace');
INSERT INTO times VALUES ('r', 'old', '2000-01-01');
SELECT * FROM times WHERE id = 'r';
INSERT INTO times VALUES ('r', 'older', '1970-01-01');
SELECT * FROM times WHERE id = 'r';
UPDATE times SET a = 'now' WHERE id = 'r';
SELECT id, a, at > '2020-01-01' FROM times WHERE id = 'r';
-- with append the newest counts
ALTER FOREIGN TABLE times OPTIONS (SET write_mode 'append');
INSERT INTO times VALUES ('r', 'old', '2000-01-01');
SELECT id, a, at > '2020-01-01' FROM times WHERE id = 'r';
\set cells `$READ t`
SELECT ts < 946684800000001, shown(value) FROM cells(:'cells') WHERE shown(key) = 'r' AND shown(col) = 'f:a';

-- NULL: neither mode touches the column at INSERT, both remove it at UPDATE
INSERT INTO t VALUES ('n', 'a', 'b', NULL);
INSERT INTO t VALUES ('n', NULL, NULL, 'c');
SELECT * FROM t WHERE id = 'n';
UPDATE t SET a = NULL WHERE id = 'n';
SELECT * FROM t WHERE id = 'n';
ALTER FOREIGN TABLE t OPTIONS (SET write_mode 'append');
INSERT INTO t VALUES ('n', 'a', NULL, NULL);
INSERT INTO t VALUES ('n', NULL, 'b', NULL);
UPDATE t SET b = NULL WHERE id = 'n';
SELECT * FROM t WHERE id = 'n';
\set cells `$READ t`
SELECT * FROM written(:'cells') w WHERE w LIKE 'n%';

-- strict and ON CONFLICT write the same
ALTER FOREIGN TABLE t OPTIONS (SET write_mode 'replace', ADD insert_mode 'strict');
INSERT INTO t VALUES ('strict', 'a', 'b', NULL);
INSERT INTO t VALUES ('strict', 'aa', 'bb', 'cc'), ('new', 'a', NULL, NULL) ON CONFLICT DO NOTHING;
\set cells `$READ t`
SELECT * FROM written(:'cells') w WHERE w ~ '^(strict|new)';

-- of the server, and against it
ALTER FOREIGN TABLE t OPTIONS (DROP write_mode, DROP insert_mode);
ALTER SERVER bt OPTIONS (ADD write_mode 'replace');
SELECT cell('server', 'f:a', 'a' || i, i * 1000) FROM generate_series(1, 2) i \g |$LOAD t
UPDATE t SET a = 'replaced' WHERE id = 'server';
\set cells `$READ t`
SELECT * FROM written(:'cells') w WHERE w LIKE 'server%';
ALTER FOREIGN TABLE t OPTIONS (ADD write_mode 'append');
SELECT cell('server', 'f:a', 'loaded', 1000) \g |$LOAD t
UPDATE t SET a = 'appended' WHERE id = 'server';
\set cells `$READ t`
SELECT * FROM written(:'cells') w WHERE w LIKE 'server%';
ALTER SERVER bt OPTIONS (DROP write_mode);
