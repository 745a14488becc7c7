-- Several scans of one table in one query, each with an order, a limit and keys
-- of its own: what one path decides is not another's.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, g int, v text);
INSERT INTO local.t SELECT lpad(i::text, 3, '0'), i % 5, 'v' || i FROM generate_series(1, 100) i;
\! $CREATE paths f
SELECT cell(id, 'f:g', g::text) FROM local.t UNION ALL SELECT cell(id, 'f:v', v) FROM local.t
\g |$LOAD paths
CREATE FOREIGN TABLE remote.t (id text OPTIONS (row_key 'true') COLLATE "C", g int OPTIONS (family 'f', qualifier 'g'), v text OPTIONS (family 'f', qualifier 'v'))
SERVER bt OPTIONS (table_name 'paths');

-- both orders, with limits
SELECT compare($$(SELECT id FROM t ORDER BY id LIMIT 3) UNION ALL (SELECT id FROM t ORDER BY id DESC LIMIT 4) UNION ALL (SELECT id FROM t WHERE id > '050' ORDER BY id LIMIT 5)$$, true);
SELECT compare($$SELECT * FROM (SELECT id, v FROM t ORDER BY id LIMIT 5) a FULL JOIN (SELECT id, v FROM t ORDER BY id DESC LIMIT 98) b USING (id)$$);
SELECT compare('SELECT min(id), max(id) FROM t');
SELECT compare($$SELECT (SELECT min(id) FROM t WHERE id > '030'), (SELECT max(id) FROM t WHERE id < '020'), count(*) FROM t$$);
SELECT compare('SELECT a.id, (SELECT max(b.id) FROM t b WHERE b.id < a.id) FROM t a WHERE a.g = 1');

-- merge joins of the same table in both directions
SET enable_hashjoin = off;
SET enable_nestloop = off;
SELECT compare('SELECT a.id, b.v FROM t a JOIN t b ON a.id = b.id ORDER BY a.id', true);
SELECT compare('SELECT a.id, b.v FROM t a JOIN t b ON a.id = b.id ORDER BY a.id DESC', true);
SELECT compare('SELECT a.id, b.v FROM t a LEFT JOIN t b ON a.id = b.id AND b.g = 2 ORDER BY a.id DESC LIMIT 7', true);
SELECT compare('SELECT a.id, b.id FROM t a FULL JOIN t b ON a.id = b.id AND a.g < 3 ORDER BY 1, 2', true);
RESET enable_hashjoin;
RESET enable_nestloop;

-- the same scan as the outer and the inner side, with keys and without
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT compare($$SELECT a.id, b.id FROM t a, t b WHERE b.id = a.id AND a.id IN ('010', '020', '999')$$);
SELECT compare($$SELECT a.id, b.id, c.id FROM t a, t b, t c WHERE b.id = a.id AND c.id = lpad((b.g + 1)::text, 3, '0') AND a.id < '010'$$);
SELECT compare($$SELECT a.id, x.id FROM t a, LATERAL (SELECT id FROM t WHERE id > a.id ORDER BY id LIMIT 1) x WHERE a.g = 0$$);
SELECT compare($$SELECT a.id, x.id FROM t a, LATERAL (SELECT id FROM t WHERE id < a.id ORDER BY id DESC LIMIT 2) x WHERE a.g = 0$$);
RESET enable_hashjoin;
RESET enable_mergejoin;

-- one plan, several executions and cursors at once
SET plan_cache_mode = force_generic_plan;
PREPARE first_after(text, int) AS SELECT id FROM remote.t WHERE id > $1 ORDER BY id LIMIT $2;
EXECUTE first_after('010', 2);
EXECUTE first_after('098', 5);
EXECUTE first_after('', 1);
BEGIN;
DECLARE up CURSOR FOR SELECT id FROM remote.t ORDER BY id;
DECLARE down CURSOR FOR SELECT id FROM remote.t ORDER BY id DESC;
FETCH 2 FROM up;
FETCH 2 FROM down;
FETCH 1 FROM up;
FETCH 1 FROM down;
COMMIT;
