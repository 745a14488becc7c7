-- Statements that read the table that they write: they do not see what they
-- write themselves, however small the batches are.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int);
\! $CREATE t f
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary')) SERVER bt OPTIONS (batch_size '1');
CREATE FOREIGN TABLE same (key bytea OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n', encoding 'binary')) SERVER bt OPTIONS (table_name 't');
CREATE VIEW local.same AS SELECT convert_to(id, 'UTF8') AS key, n FROM local.t;
CREATE VIEW remote.v AS SELECT * FROM remote.t;
CREATE VIEW local.v AS SELECT * FROM local.t;
CREATE FUNCTION fill() RETURNS text LANGUAGE sql AS $$
  TRUNCATE remote.t, local.t;
  INSERT INTO local.t SELECT 'k' || i, i FROM generate_series(1, 100) i;
  INSERT INTO remote.t SELECT * FROM local.t;
  SELECT compare('SELECT * FROM t');
$$;
SELECT fill();

-- INSERT, of keys that come later in the order of the scan
SELECT change($$INSERT INTO t SELECT id || 'x', n + 1 FROM t$$);
SELECT change($$INSERT INTO t SELECT encode(key, 'escape') || 'y', n + 1 FROM same$$);
SELECT change($$INSERT INTO t SELECT id || 'z', n + 1 FROM v WHERE id >= 'k50'$$);
SELECT fill();
SELECT change($$INSERT INTO v SELECT id || 'x', n + 1 FROM v$$);
SELECT change($$WITH s AS (SELECT * FROM t) INSERT INTO t SELECT id || 'z', n + 1 FROM s WHERE id LIKE 'k9%'$$);
SELECT change($$WITH s AS MATERIALIZED (SELECT * FROM t) INSERT INTO t SELECT id || 'zz', n + 1 FROM s WHERE id LIKE 'k9%'$$);
SELECT change($$INSERT INTO t SELECT id || 'o', n FROM t UNION ALL SELECT id || 'p', n FROM t$$);
SELECT fill();
SELECT change($$INSERT INTO t SELECT a.id || b.id, a.n + b.n FROM t a, t b WHERE a.n <= 20 AND b.n <= 20$$);
SELECT fill();
SELECT change($$INSERT INTO t SELECT 'n' || i, (SELECT count(*) FROM t) FROM generate_series(1, 5) i$$);
SELECT change($$INSERT INTO t SELECT 'm' || i, (SELECT count(*) FROM t x WHERE x.n > i) FROM generate_series(1, 5) i$$);
SELECT change($$INSERT INTO t SELECT 'l' || i, 1 FROM generate_series(1, 5) i WHERE NOT EXISTS (SELECT FROM t x WHERE x.id = 'l' || (i - 1))$$);
SELECT change($$INSERT INTO t (id, n) SELECT 'j' || i, 1 FROM generate_series(1, 5) i WHERE 'j' || (i - 1) NOT IN (SELECT id FROM t) RETURNING id$$);
SELECT fill();
SELECT change($$WITH w AS (INSERT INTO t SELECT id || 'x', n + 1 FROM t RETURNING n) SELECT count(*), sum(n) FROM w$$);

-- UPDATE
SELECT fill();
SELECT change($$UPDATE t SET n = (SELECT count(*) FROM t x WHERE x.n < t.n)$$);
SELECT change($$UPDATE t SET n = (SELECT sum(x.n) FROM t x WHERE x.id <= t.id)$$);
SELECT change($$UPDATE t SET n = (SELECT max(n) FROM t) + 1$$);
SELECT fill();
SELECT change($$UPDATE t SET n = n + 1000 FROM generate_series(1, 3) i WHERE n > 50$$);
SELECT change($$UPDATE t SET n = s.n + t.n FROM t s WHERE s.id = 'k1'$$);
SELECT change($$UPDATE t SET n = 0 WHERE EXISTS (SELECT FROM t x WHERE x.n = t.n + 1)$$);
SELECT fill();
SELECT change($$UPDATE t SET n = -1 WHERE (SELECT count(*) FROM same x WHERE x.n = -1) < 10$$);
SELECT fill();
SELECT change($$UPDATE v SET n = s.n FROM v s WHERE s.id = 'k' || (v.n + 1)$$);
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT fill();
SELECT change($$UPDATE t SET n = s.n + t.n FROM t s WHERE s.id = 'k1'$$);
SELECT change($$UPDATE t SET n = s.n FROM t s WHERE s.id = 'k' || (t.n + 1)$$);
SELECT change($$UPDATE t SET n = t.n + s.n FROM t s WHERE s.id < t.id AND s.id || '0' = t.id$$);
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;

-- DELETE
SELECT fill();
SELECT change($$DELETE FROM t WHERE EXISTS (SELECT FROM t x WHERE x.n = t.n - 1)$$);
SELECT fill();
SELECT change($$DELETE FROM t WHERE (SELECT count(*) FROM t x WHERE x.n < t.n) < 20$$);
SELECT change($$DELETE FROM t WHERE (SELECT count(*) FROM same x) > 70$$);
SELECT fill();
SELECT change($$DELETE FROM t WHERE n % 2 = 0 AND (SELECT count(*) FROM same x WHERE x.n <= t.n) > 30$$);
SELECT fill();
SELECT change($$DELETE FROM t USING t x WHERE x.id = 'k' || (t.n - 1)$$);
SELECT fill();
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT change($$DELETE FROM t USING t x WHERE x.id = 'k' || (t.n - 1)$$);
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
