-- RETURNING: what was written, which is known at once.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int DEFAULT 7, v text COLLATE "C", m int GENERATED ALWAYS AS (n * 2) STORED);
\! $CREATE t f g
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary') DEFAULT 7,
  v text OPTIONS (family 'f', qualifier 'v') COLLATE "C", m int OPTIONS (family 'f', qualifier 'm') GENERATED ALWAYS AS (n * 2) STORED) SERVER bt;

-- INSERT
SELECT change($$INSERT INTO t (id, v) VALUES ('a', 'one') RETURNING *$$);
SELECT change($$INSERT INTO t (id, n, v) VALUES ('b', 2, 'two'), ('c', NULL, 'three') RETURNING id, n + 1 AS next, upper(v), m$$);
SELECT change($$INSERT INTO t (id, n) SELECT 'g' || i, i FROM generate_series(1, 3) i RETURNING id || n, v$$);
SELECT change($$INSERT INTO t AS x (id) VALUES ('d') RETURNING x, x.*, (SELECT count(*) FROM generate_series(1, x.n))$$);
SELECT change($$WITH w AS (INSERT INTO t (id, n) VALUES ('e', 5), ('f', 6) RETURNING *) SELECT sum(n), count(*) FROM w$$);
INSERT INTO t (id) VALUES ('tableoid') RETURNING tableoid::regclass, id;
INSERT INTO local.t (id) VALUES ('tableoid');

INSERT INTO t (id) VALUES ('h1'), ('h2');
INSERT INTO local.t (id) VALUES ('h1'), ('h2');

-- UPDATE
SELECT change($$UPDATE t SET n = n + 1 WHERE id = 'a' RETURNING *$$);
SELECT change($$UPDATE t SET v = v || '!' WHERE n < 10 RETURNING id, n, v, m$$);
SELECT change($$UPDATE t SET v = NULL WHERE id = 'b' RETURNING id, v$$);
SELECT change($$UPDATE t SET n = s.x FROM (VALUES ('a', 10), ('b', 20)) s(k, x) WHERE s.k = id RETURNING s.*, t.*, t$$);
SELECT change($$UPDATE t SET n = n FROM generate_series(1, 2) i WHERE id = 'd' RETURNING id$$);
SELECT change($$UPDATE t SET n = 1 WHERE id = 'none' RETURNING *$$);
SELECT change($$WITH w AS (UPDATE t SET n = 0 WHERE id LIKE 'g%' RETURNING n, id) SELECT count(*), max(id) FROM w$$);

-- DELETE: the row as it was
SELECT change($$DELETE FROM t WHERE id = 'a' RETURNING *$$);
SELECT change($$DELETE FROM t WHERE n < 5 RETURNING v, t.*$$);
SELECT change($$DELETE FROM t WHERE id = 'b' RETURNING m, upper(v) AS v$$);
SELECT change($$DELETE FROM t WHERE id = 'none' RETURNING *$$);
SELECT change($$DELETE FROM t USING (VALUES ('c', 1), ('d', 2), ('d', 2)) s(k, x) WHERE s.k = id RETURNING s.x, t$$);
SELECT change($$WITH w AS (DELETE FROM t WHERE id LIKE 'h%' RETURNING *) SELECT count(*), max(id), sum(m) FROM w$$);
DELETE FROM t WHERE id = 'tableoid' RETURNING tableoid::regclass, id;
DELETE FROM local.t WHERE id = 'tableoid';
SELECT compare('SELECT * FROM t');
SELECT change($$DELETE FROM t RETURNING id$$);

-- moves rows from one table to another
INSERT INTO t (id, n, v) SELECT 'x' || i, i, 'v' FROM generate_series(1, 5) i;
CREATE TABLE local.kept (id text, n int);
WITH w AS (DELETE FROM t WHERE n > 2 RETURNING id, n) INSERT INTO local.kept SELECT * FROM w;
SELECT * FROM local.kept ORDER BY id;
WITH w AS (DELETE FROM local.kept WHERE n < 5 RETURNING id, n) INSERT INTO t SELECT id || '+', n FROM w RETURNING id, n, m;
SELECT id, n, v, m FROM t ORDER BY id;

-- a dropped column
ALTER FOREIGN TABLE t DROP COLUMN v;
INSERT INTO t VALUES ('y', 3) RETURNING *;
UPDATE t SET n = 4 WHERE id = 'y' RETURNING *, t;
DELETE FROM t WHERE id = 'y' RETURNING *, t;
