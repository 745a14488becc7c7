-- Rows come in the order of the key, and of nothing else: a join or a
-- set-returning function makes several rows of one key, whose order the scan
-- does not decide.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int);
INSERT INTO local.t VALUES ('a', 1), ('b', 2);
\! $CREATE t f
SELECT cell(id, 'f:n', n::text) FROM local.t
\g |$LOAD t
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt;

SET enable_hashagg = off;
SELECT t.id, v.x FROM t, (VALUES (3), (1), (2)) v(x) ORDER BY t.id, v.x;
SELECT t.id, v.x, count(*) FROM t, (VALUES (3), (1), (3)) v(x) GROUP BY t.id, v.x ORDER BY 1, 2;
SELECT DISTINCT t.id, v.x FROM t, (VALUES (3), (1), (3)) v(x) ORDER BY 1, 2;
SELECT id, generate_series(3, 1, -1) AS g FROM t ORDER BY id, g;
SELECT t.id, g FROM t, LATERAL generate_series(3, 1, -1) g ORDER BY t.id, g LIMIT 4;
SELECT t.id, v.x, rank() OVER (PARTITION BY t.id ORDER BY v.x) FROM t, (VALUES (3), (1)) v(x) ORDER BY 1, 2;

-- by itself, the key decides all of it
SELECT check_query($$SELECT * FROM t ORDER BY id, n DESC$$, true);
