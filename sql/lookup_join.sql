-- Lookup joins: the row keys of many outer rows in one request.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.users (id text COLLATE "C" PRIMARY KEY, name text, boss text COLLATE "C");
INSERT INTO local.users SELECT 'u' || to_char(i, 'FM000'), CASE WHEN i % 5 > 0 THEN 'name ' || i END, CASE WHEN i > 1 THEN 'u' || to_char(i / 2, 'FM000') END FROM generate_series(1, 300) i;
\! $CREATE lookup_users f
SELECT line FROM local.users, LATERAL (VALUES (cell(id, 'f:name', name)), (cell(id, 'f:boss', boss)), (cell(id, 'f:none', 'x'))) v(line) WHERE line IS NOT NULL
\g |$LOAD lookup_users
CREATE FOREIGN TABLE users (id text OPTIONS (row_key 'true') COLLATE "C", name text OPTIONS (family 'f', qualifier 'name'),
  boss text OPTIONS (family 'f', qualifier 'boss') COLLATE "C") SERVER bt OPTIONS (table_name 'lookup_users');
CREATE TABLE local.numbers (k bigint PRIMARY KEY, v text);
INSERT INTO local.numbers SELECT i, 'v' || i FROM generate_series(-200, 200) i;
\! $CREATE lookup_numbers f
SELECT cell(binary(k), 'f:v', v) FROM local.numbers
\g |$LOAD lookup_numbers
CREATE FOREIGN TABLE numbers (k bigint OPTIONS (row_key 'true', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (table_name 'lookup_numbers');

-- the other side: keys that come often, never, as NULL, and empty
CREATE TABLE test.orders (o int, user_id text COLLATE "C", low int, high smallint, list bigint[]);
INSERT INTO test.orders
  SELECT i, CASE WHEN i % 7 = 0 THEN NULL WHEN i % 11 = 0 THEN 'nobody' WHEN i % 13 = 0 THEN '' ELSE 'u' || to_char(i * 37 % 320, 'FM000') END,
    CASE WHEN i % 9 > 0 THEN i % 450 - 225 END, i % 300, CASE WHEN i % 4 > 0 THEN ARRAY[i % 5, NULL, -i, i % 5] END
  FROM generate_series(1, 500) i;
ANALYZE test.orders;

-- each kind of join, by its plan
SELECT check_query($$SELECT o.o, u.name FROM orders o JOIN users u ON u.id = o.user_id$$);
SELECT check_query($$SELECT o.o, u.id FROM orders o LEFT JOIN users u ON u.id = o.user_id AND u.name LIKE '%7' AND o.low < length(u.name) WHERE o.o < 300$$);
SELECT check_query($$SELECT o.o FROM orders o WHERE EXISTS (SELECT FROM users u WHERE u.id = o.user_id AND length(u.name) > o.low)$$);
SELECT check_query($$SELECT o.o FROM orders o WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = o.user_id)$$);
SELECT counters($$SELECT o.o, u.name FROM orders o JOIN users u ON u.id = o.user_id$$);

-- what it takes: batches and keys, once each
SELECT node->'Batches' AS batches, node->'Keys' AS keys, node->'Join Type' AS type FROM jsonb_path_query(plan_json($$SELECT o.o, u.name FROM orders o JOIN users u ON u.id = o.user_id$$, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF'), 'strict $.** ? (@."Batches" > 0)') node;
SELECT count(DISTINCT user_id) AS keys FROM orders WHERE user_id <> '';

-- every kind of join and of key, with batches of several sizes
CREATE TABLE test.queries (n serial, query text);
INSERT INTO queries (query) SELECT format(shape, clause) FROM (VALUES
    ('SELECT o.o, u.id, u.name FROM orders o JOIN users u ON %s'),
    ('SELECT o.o, u.id, u.name FROM orders o LEFT JOIN users u ON %s'),
    ('SELECT o.o, u.id FROM orders o LEFT JOIN users u ON %s WHERE u.name IS NULL OR o.low < 0'),
    ('SELECT o.o FROM orders o LEFT JOIN users u ON %s WHERE u.id IS NULL'),
    ('SELECT o.o FROM orders o WHERE EXISTS (SELECT FROM users u WHERE %s)'),
    ('SELECT o.o FROM orders o WHERE NOT EXISTS (SELECT FROM users u WHERE %s)')) s(shape), (VALUES
    ('u.id = o.user_id'),
    ('u.id = o.user_id AND u.name > o.user_id'),
    ('u.id = o.user_id AND o.o % 3 = length(u.boss) % 3'),
    ('u.id = lower(''U'' || substr(o.user_id, 2)) AND o.low > 0'),
    ('u.id IN (o.user_id, ''u001'')'),
    ('(u.id = o.user_id OR u.id = ''u'' || to_char(o.high, ''FM000''))'),
    ('u.id = o.user_id AND u.id > ''u100'' AND u.id = ''u'' || right(o.user_id, 3)')) c(clause);
INSERT INTO queries (query) SELECT format(shape, clause) FROM (VALUES
    ('SELECT o.o, n.k, n.v FROM orders o JOIN numbers n ON %s'),
    ('SELECT o.o, n.* FROM orders o LEFT JOIN numbers n ON %s'),
    ('SELECT o.o, n FROM orders o JOIN numbers n ON %s WHERE n.v <> ''v7'''),
    ('SELECT o.o FROM orders o WHERE NOT EXISTS (SELECT FROM numbers n WHERE %s)')) s(shape), (VALUES
    ('n.k = o.low'),
    ('n.k = o.high - 100'),
    ('n.k IN (o.low, o.high, 3)'),
    ('n.k = ANY (o.list)'),
    ('n.k = o.low AND n.k = ANY (o.list)')) c(clause);
CREATE FUNCTION test.is_lookup(query text) RETURNS boolean LANGUAGE sql AS $$ SELECT count(*) > 0 FROM plan(query) p WHERE p ~ 'BigtableLookupJoin' $$;
SELECT count(*), count(*) FILTER (WHERE is_lookup(query)) AS lookups FROM queries;
SELECT query FROM queries WHERE NOT is_lookup(query);
SELECT result, count(*) FROM queries, compare(query) result WHERE result ~ 'DIFF' GROUP BY 1;
SET bigtable_fdw.lookup_batch_size = 1;
SELECT result, count(*) FROM queries, compare(query) result WHERE n % 5 = 0 AND result ~ 'DIFF' GROUP BY 1;
SET bigtable_fdw.lookup_batch_size = 7;
SELECT result, count(*) FROM queries, compare(query) result WHERE result ~ 'DIFF' GROUP BY 1;
SET bigtable_fdw.lookup_batch_size = 250;
SELECT result, count(*) FROM queries, compare(query) result WHERE result ~ 'DIFF' GROUP BY 1;
RESET bigtable_fdw.lookup_batch_size;

-- over other joins, and below them
SELECT compare($$SELECT o.o, u.id, b.id, bb.name FROM orders o LEFT JOIN users u ON u.id = o.user_id LEFT JOIN users b ON b.id = u.boss LEFT JOIN users bb ON bb.id = b.boss$$);
SELECT compare($$SELECT o.o, u.id, n.v FROM orders o LEFT JOIN (users u JOIN numbers n ON n.k = length(u.name)) ON u.id = o.user_id$$);
SELECT compare($$SELECT o.o, s.x, s.y FROM orders o LEFT JOIN (SELECT id, 'x' || name AS x, coalesce(name, 'none') AS y FROM users) s ON s.id = o.user_id$$);
SELECT compare($$SELECT o.o, s.y, n.v FROM orders o LEFT JOIN (SELECT id, coalesce(name, 'none') AS y FROM users) s ON s.id = o.user_id LEFT JOIN numbers n ON n.k = length(s.y)$$);
SELECT compare($$SELECT count(*), sum(length(u.name)) FROM orders o JOIN users u ON u.id = o.user_id GROUP BY o.low % 3$$);
SELECT compare($$SELECT o.o, u FROM orders o LEFT JOIN users u ON u.id = o.user_id$$);
SELECT compare($$SELECT x.o, u.name FROM (SELECT o, user_id FROM orders ORDER BY o DESC LIMIT 50) x JOIN users u ON u.id = x.user_id ORDER BY x.o, u.id$$, true);
SELECT check_query($$SELECT u.id, b.name FROM users u JOIN users b ON b.id = u.boss WHERE u.id < 'u050'$$);
SELECT compare($$SELECT u.id FROM users u FULL JOIN orders o ON u.id = o.user_id$$);

-- rescans, and parameters from above
SELECT compare($$SELECT x, s.* FROM generate_series(1, 4) x, LATERAL (SELECT o.o, u.name FROM orders o JOIN users u ON u.id = o.user_id WHERE o.low = x OFFSET 0) s$$);
SELECT compare($$SELECT x, (SELECT count(u.name) FROM orders o JOIN users u ON u.id = o.user_id AND length(u.name) > x + 2 WHERE o.high > x) FROM generate_series(1, 4) x$$);
SELECT compare($$SELECT x, (SELECT count(*) FROM orders o WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = o.user_id AND u.id > 'u00' || x)) FROM generate_series(1, 4) x$$);
SELECT compare($$WITH RECURSIVE up AS (SELECT id, boss FROM users WHERE id > 'u290' UNION SELECT u.id, u.boss FROM up JOIN users u ON u.id = up.boss) SELECT * FROM up$$);
PREPARE by_low(int) AS SELECT count(*), count(u.name) FROM orders o LEFT JOIN users u ON u.id = o.user_id AND u.id > 'u' || $1 WHERE o.low > $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE by_low(0);
EXECUTE by_low(200);
SELECT count(*), count(u.name) FROM orders o LEFT JOIN local.users u ON u.id = o.user_id AND u.id > 'u0' WHERE o.low > 0;
SELECT count(*), count(u.name) FROM orders o LEFT JOIN local.users u ON u.id = o.user_id AND u.id > 'u200' WHERE o.low > 200;
RESET plan_cache_mode;

-- few rows are wanted: the first batches are small
SELECT check_query($$SELECT count(*) FROM (SELECT o.o, u.name FROM orders o JOIN users u ON u.id = o.user_id LIMIT 5) s$$);
SELECT jsonb_path_query(plan_json($$SELECT o.o, u.name FROM orders o JOIN users u ON u.id = o.user_id LIMIT 5$$, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF'), 'strict $.** ? (@."Batches" > 0)')->'Batches' AS batches;
SELECT compare($$SELECT o.o, u.name FROM orders o JOIN users u ON u.id = o.user_id ORDER BY o.o LIMIT 300$$);
BEGIN;
DECLARE c CURSOR FOR SELECT o.o, u.id FROM orders o JOIN users u ON u.id = o.user_id;
FETCH 1 FROM c;
MOVE 100 FROM c;
CLOSE c;
COMMIT;

-- one lookup a row where that is as cheap, the whole table where that is cheaper
SELECT plan($$SELECT o.o, u.name FROM orders o JOIN users u ON u.id = o.user_id WHERE o.o = 1$$);
ALTER FOREIGN TABLE users OPTIONS (fdw_tuple_cost '0.0001');
SELECT plan($$SELECT a.o, u.name FROM orders a, orders b, orders c, users u WHERE u.id = a.user_id || b.user_id || c.user_id$$);
ALTER FOREIGN TABLE users OPTIONS (DROP fdw_tuple_cost);

-- not where a clause names no keys, or must not be sent
SELECT is_lookup($$SELECT o.o, u.id FROM orders o JOIN users u ON u.id > o.user_id$$);
SELECT is_lookup($$SELECT o.o, u.id FROM orders o JOIN users u ON u.id LIKE o.user_id$$);
SELECT is_lookup($$SELECT o.o, u.id FROM orders o JOIN users u ON u.id = o.user_id || random()$$);
SELECT is_lookup($$SELECT o.o, u.id FROM orders o JOIN users u ON u.name = o.user_id$$);
SET bigtable_fdw.enable_lookup_join = off;
SELECT is_lookup($$SELECT o.o, u.id FROM orders o JOIN users u ON u.id = o.user_id$$);
RESET bigtable_fdw.enable_lookup_join;

-- keys of several parts: all of them named by the other side, by constants, by lists
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_nestloop = off;
CREATE TABLE local.visits (site text COLLATE "C", day int, user_id text COLLATE "C", n int, PRIMARY KEY (site, day, user_id));
INSERT INTO local.visits SELECT 's' || i % 3, i % 7 - 3, 'u' || to_char(i % 320, 'FM000'), i FROM generate_series(1, 600) i ON CONFLICT DO NOTHING;
\! $CREATE lookup_visits f
SELECT cell(convert_to(site || '#' || day || '#' || user_id, 'UTF8'), 'f:n', n::text) FROM local.visits
\g |$LOAD lookup_visits
CREATE FOREIGN TABLE visits (site text OPTIONS (key_part '1') COLLATE "C", day int OPTIONS (key_part '2'), user_id text OPTIONS (key_part '3') COLLATE "C",
  n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 'lookup_visits', key_delimiter '#');
CREATE TABLE test.wanted (site text COLLATE "C", day int, user_id text COLLATE "C", days int[]);
INSERT INTO wanted SELECT 's' || i % 4, i % 9 - 4, CASE WHEN i % 10 > 0 THEN 'u' || to_char(i % 320, 'FM000') END, ARRAY[i % 5, -i % 4, NULL] FROM generate_series(1, 900) i;
ANALYZE wanted;
SELECT check_query($$SELECT w.user_id, v.* FROM wanted w JOIN visits v USING (site, day, user_id)$$);
SELECT check_query($$SELECT w.user_id, v.n FROM wanted w LEFT JOIN visits v ON v.user_id = w.user_id AND v.day = w.day AND v.site = 's1' WHERE w.site = 's1'$$);
SELECT check_query($$SELECT w.user_id, n FROM wanted w JOIN visits v ON v.user_id = w.user_id AND v.day IN (w.day, 2, -1) WHERE v.site IN ('s1', 's2')$$);
SELECT compare($$SELECT w.user_id, v.site, v.n FROM wanted w JOIN visits v ON v.user_id = w.user_id AND v.day = ANY (w.days) AND v.site = w.site$$);
SELECT compare($$SELECT w.user_id FROM wanted w WHERE NOT EXISTS (SELECT FROM visits v WHERE v.user_id = w.user_id AND v.day = w.day AND v.site = w.site AND v.n > 100)$$);
SELECT compare($$SELECT w.user_id FROM wanted w WHERE EXISTS (SELECT FROM visits v WHERE v.user_id = w.user_id AND v.day = 1 AND v.site = 's2')$$);
SELECT is_lookup($$SELECT w.user_id, v.n FROM wanted w JOIN visits v ON v.user_id = w.user_id AND v.day = w.day$$);
SELECT compare($$SELECT w.user_id, v.n FROM wanted w JOIN visits v ON v.user_id = w.user_id AND v.day = w.day$$);
-- so many combinations that they are not listed
CREATE TABLE test.wide AS SELECT i AS o, ARRAY(SELECT 's' || j % 4 || CASE WHEN j > 3 THEN j::text ELSE '' END COLLATE "C" FROM generate_series(0, 150) j) AS sites,
    ARRAY(SELECT j FROM generate_series(-75, 75) j) AS days, 'u' || to_char(i, 'FM000') COLLATE "C" AS user_id FROM generate_series(1, 30) i;
ANALYZE wide;
SELECT is_lookup($$SELECT o, v.* FROM wide w JOIN visits v ON v.site = ANY (w.sites) AND v.day = ANY (w.days) AND v.user_id = w.user_id$$);
SELECT compare($$SELECT o, v.* FROM wide w JOIN visits v ON v.site = ANY (w.sites) AND v.day = ANY (w.days) AND v.user_id = w.user_id$$);
SELECT compare($$SELECT o, v.* FROM wide w LEFT JOIN visits v ON v.site = ANY (w.sites) AND v.day = ANY (w.days) AND v.user_id = w.user_id AND v.n > w.o * 10$$);
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_nestloop;

-- an error in the middle, and the next query
CREATE FOREIGN TABLE wrong (id text OPTIONS (row_key 'true') COLLATE "C", name int OPTIONS (family 'f', qualifier 'name')) SERVER bt OPTIONS (table_name 'lookup_users');
SELECT failure($$SELECT o.o, w.name FROM orders o JOIN wrong w ON w.id = o.user_id WHERE o.user_id <> ''$$);
SELECT compare($$SELECT o.o, u.id FROM orders o JOIN users u ON u.id = o.user_id$$);

-- an UPDATE and a DELETE of a local table by looked up rows
CREATE TABLE test.copy AS SELECT o, user_id, NULL::text AS name FROM orders;
ANALYZE test.copy;
SELECT plan($$UPDATE copy SET name = u.name FROM users u WHERE u.id = copy.user_id$$);
UPDATE copy SET name = u.name FROM users u WHERE u.id = copy.user_id;
SELECT count(*), count(*) FILTER (WHERE copy.name IS DISTINCT FROM u.name) AS wrong FROM copy LEFT JOIN local.users u ON u.id = copy.user_id;
DELETE FROM copy USING users u WHERE u.id = copy.user_id;
SELECT count(*) FROM copy;
SELECT count(*) FROM orders WHERE NOT EXISTS (SELECT FROM local.users u WHERE u.id = orders.user_id);
