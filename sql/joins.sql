-- Joins: the outer side's values look up keys, in nested loops and in prepared
-- statements whose plan is generic.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.users (id text COLLATE "C" PRIMARY KEY, name text, boss text COLLATE "C");
INSERT INTO local.users SELECT 'u' || to_char(i, 'FM00'), 'name ' || i, CASE WHEN i > 1 THEN 'u' || to_char(i / 2, 'FM00') END FROM generate_series(1, 40) i;
\! $CREATE users f
SELECT line FROM local.users, LATERAL (VALUES (cell(id, 'f:name', name)), (cell(id, 'f:boss', boss))) v(line) WHERE line IS NOT NULL
\g |$LOAD users
CREATE FOREIGN TABLE users (id text OPTIONS (row_key 'true') COLLATE "C", name text OPTIONS (family 'f', qualifier 'name'),
  boss text OPTIONS (family 'f', qualifier 'boss') COLLATE "C") SERVER bt;
CREATE TABLE local.numbers (k bigint PRIMARY KEY, v text);
INSERT INTO local.numbers SELECT i, 'v' || i FROM generate_series(-20, 20) i;
\! $CREATE numbers f
SELECT cell(binary(k), 'f:v', v) FROM local.numbers
\g |$LOAD numbers
CREATE FOREIGN TABLE numbers (k bigint OPTIONS (row_key 'true', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt;

-- local tables, the same for both sides
CREATE TABLE test.orders (o int, user_id text COLLATE "C", low int, high smallint);
INSERT INTO test.orders VALUES (1, 'u03', -2, 2), (2, 'u03', 5, 3), (3, 'u17', -1, -1), (4, NULL, NULL, 5), (5, 'nobody', 18, 30), (6, 'u40', -30, -19), (7, '', 0, NULL);
CREATE TABLE test.prefixes (p text COLLATE "C");
INSERT INTO test.prefixes VALUES ('u0'), ('u1%'), ('u3_'), ('u20'), ('x'), (NULL), ('');
ANALYZE test.orders, test.prefixes;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_memoize = off;
SET enable_material = off;
SET bigtable_fdw.enable_lookup_join = off;

-- one lookup a row of the other side
SELECT check_query($$SELECT o.o, u.name FROM orders o JOIN users u ON u.id = o.user_id$$);
SELECT counters($$SELECT o.o, u.name FROM orders o JOIN users u ON u.id = o.user_id$$);
SELECT check_query($$SELECT o.o, u.name FROM orders o LEFT JOIN users u ON u.id = o.user_id$$);
SELECT check_query($$SELECT o.o, u.name FROM orders o LEFT JOIN users u ON u.id = o.user_id AND u.name LIKE '%7'$$);
SELECT check_query($$SELECT o.o, u.name FROM orders o LEFT JOIN users u ON u.id = o.user_id WHERE u.id IS NULL$$);
SELECT check_query($$SELECT o.o, u.name FROM orders o JOIN users u ON u.id = lower('U' || substr(o.user_id, 2))$$);
SELECT check_query($$SELECT o.o, n.v FROM orders o JOIN numbers n ON n.k = o.low$$);
SELECT check_query($$SELECT o.o, n.v FROM orders o JOIN numbers n ON n.k = o.high$$);
SELECT check_query($$SELECT o.o, n.v FROM orders o JOIN numbers n ON n.k IN (o.low, o.high)$$);
SELECT check_query($$SELECT o.o, n.v FROM orders o JOIN numbers n ON n.k = ANY (ARRAY[o.low, o.high, 7])$$);
SELECT check_query($$SELECT o.o, n.v FROM orders o JOIN numbers n ON n.k = o.low OR n.k = o.high + 1$$);

-- ranges and prefixes
SELECT check_query($$SELECT o.o, n.k FROM orders o JOIN numbers n ON n.k BETWEEN o.low AND o.high$$);
SELECT check_query($$SELECT o.o, n.k FROM orders o JOIN numbers n ON n.k > o.low AND n.k < 3$$);
SELECT check_query($$SELECT o.o, n.k FROM orders o LEFT JOIN numbers n ON n.k <> o.low AND n.k BETWEEN -1 AND 1$$);
SELECT check_query($$SELECT p, u.id FROM prefixes JOIN users u ON u.id LIKE p$$);
SELECT check_query($$SELECT p, u.id FROM prefixes JOIN users u ON u.id ^@ p$$);
SELECT check_query($$SELECT p, u.id FROM prefixes JOIN users u ON u.id >= p AND u.id < p || 'z'$$);

-- EXISTS and NOT EXISTS, IN and NOT IN
SELECT compare($$SELECT o FROM orders o WHERE EXISTS (SELECT FROM users u WHERE u.id = o.user_id)$$);
SELECT compare($$SELECT o FROM orders o WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = o.user_id)$$);
SELECT compare($$SELECT o FROM orders o WHERE user_id IN (SELECT id FROM users)$$);
SELECT compare($$SELECT o FROM orders o WHERE user_id NOT IN (SELECT id FROM users)$$);
SELECT compare($$SELECT o FROM orders o WHERE user_id NOT IN (SELECT id FROM users WHERE id > 'u05') AND user_id <> ''$$);
SELECT compare($$SELECT id FROM users u WHERE id IN (SELECT user_id FROM orders)$$);
SELECT compare($$SELECT id FROM users u WHERE EXISTS (SELECT FROM orders o WHERE o.user_id = u.id AND o.low > 0)$$);
SELECT compare($$SELECT id FROM users u WHERE NOT EXISTS (SELECT FROM orders o WHERE o.user_id >= u.id)$$);
SELECT compare($$SELECT id FROM users WHERE id = ANY (SELECT user_id FROM orders)$$);
SELECT compare($$SELECT id FROM users WHERE id = ANY (ARRAY(SELECT user_id FROM orders))$$);
SELECT counters($$SELECT id FROM users WHERE id = ANY (ARRAY(SELECT user_id FROM orders))$$);

-- with itself
SELECT check_query($$SELECT u.id, b.name FROM users u JOIN users b ON b.id = u.boss WHERE u.id < 'u05'$$);
SELECT compare($$SELECT u.id, b.name, bb.name FROM users u LEFT JOIN users b ON b.id = u.boss LEFT JOIN users bb ON bb.id = b.boss WHERE u.id < 'u05'$$);
SELECT compare($$SELECT a.id, b.id FROM users a JOIN users b ON a.id < b.id AND b.id < 'u05'$$);
SELECT compare($$WITH RECURSIVE up AS (SELECT id, boss FROM users WHERE id = 'u37' UNION ALL SELECT u.id, u.boss FROM up JOIN users u ON u.id = up.boss) SELECT * FROM up$$);
SELECT compare($$SELECT u.id FROM users u, users v, numbers n WHERE u.id = v.boss AND n.k = length(v.id) AND v.id = 'u10'$$);

-- lateral, and sub-selects
SELECT compare($$SELECT o.o, s.* FROM orders o, LATERAL (SELECT id, name FROM users u WHERE u.id >= o.user_id ORDER BY id LIMIT 2) s$$);
SELECT compare($$SELECT o.o, s.* FROM orders o LEFT JOIN LATERAL (SELECT max(name), count(*) FROM users u WHERE u.id LIKE left(o.user_id, 2) || '%') s ON true$$);
SELECT compare($$SELECT o.o, (SELECT name FROM users u WHERE u.id = o.user_id) FROM orders o$$);
SELECT compare($$SELECT o.o, (SELECT count(*) FROM numbers n WHERE n.k BETWEEN o.low AND o.high) FROM orders o$$);
SELECT compare($$SELECT u.id, (SELECT sum(k) FROM numbers n WHERE n.k < length(u.name)) FROM users u$$);
SELECT compare($$SELECT o.o, x.name FROM orders o, LATERAL (SELECT o.o + 1 AS next, u.name FROM users u WHERE u.id = o.user_id) x$$);

-- rescans: with the same parameter, with another one, with one that is NULL,
-- after an incomplete scan, and from the beginning without any
CREATE TABLE test.same (id text COLLATE "C");
INSERT INTO test.same VALUES ('u01'), ('u01'), ('u02'), (NULL), ('u02'), ('u01'), (NULL), ('u03');
SELECT compare($$SELECT s.id, u.name FROM same s LEFT JOIN users u ON u.id = s.id$$);
SELECT counters($$SELECT s.id, u.name FROM same s LEFT JOIN users u ON u.id = s.id$$);
SELECT compare($$SELECT s.id, (SELECT u.id FROM users u WHERE u.id > s.id LIMIT 1) FROM same s$$);
SELECT compare($$SELECT s.id, EXISTS (SELECT FROM users u WHERE u.id > s.id) FROM same s$$);
SELECT compare($$SELECT s.id, u.id FROM same s CROSS JOIN (SELECT id FROM users WHERE id < 'u03') u$$);
SELECT compare($$SELECT s.id, u.id FROM same s LEFT JOIN users u ON length(u.id) + length(s.id) = 6 AND u.id < 'u03'$$);
SET enable_memoize = on;
SELECT compare($$SELECT s.id, u.name FROM same s LEFT JOIN users u ON u.id = s.id$$);
SET enable_material = on;
SELECT compare($$SELECT s.id, u.id FROM same s CROSS JOIN (SELECT id FROM users WHERE id < 'u03') u$$);
RESET enable_hashjoin;
RESET enable_mergejoin;
SELECT compare($$SELECT s.id, u.name FROM same s LEFT JOIN users u ON u.id = s.id$$);
SELECT compare($$SELECT s.id, u.name FROM same s FULL JOIN users u ON u.id = s.id$$);
SELECT compare($$SELECT u.id, n.k FROM users u FULL JOIN numbers n ON n.k = length(u.name)$$);

-- prepared: every execution gets its own keys, whether the plan is custom or generic
PREPARE by_key(text) AS SELECT name FROM users WHERE id = $1;
EXECUTE by_key('u01');
EXECUTE by_key('u02');
EXECUTE by_key('u03');
EXECUTE by_key('u04');
EXECUTE by_key('u05');
EXECUTE by_key('u06');
EXECUTE by_key('u07');
EXECUTE by_key(NULL);
EXPLAIN (COSTS OFF) EXECUTE by_key('u08');
SELECT counters($$EXECUTE by_key('u08')$$);
SELECT counters($$EXECUTE by_key(NULL)$$);
PREPARE by_range(text, text) AS SELECT count(*), min(id), max(id) FROM (SELECT id FROM users WHERE id BETWEEN $1 AND $2 OFFSET 0) s;
PREPARE by_list(text[]) AS SELECT array_agg(id) FROM users WHERE id = ANY ($1);
PREPARE by_prefix(text) AS SELECT array_agg(id) FROM users WHERE id LIKE $1;
PREPARE by_start(text) AS SELECT array_agg(id) FROM users WHERE id ^@ $1;
PREPARE by_number(int, bigint) AS SELECT array_agg(k) FROM (SELECT k FROM numbers WHERE k > $1 AND k <= $2 AND k <> 0 ORDER BY k) s;
PREPARE by_value(text, int) AS SELECT array_agg(id) FROM users WHERE boss = $1 AND length(id) > $2;
PREPARE by_either(text, text) AS SELECT array_agg(id) FROM users WHERE id = $1 OR id > $2;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE by_range('u05', 'u08');
EXECUTE by_range('u05', 'u08');
EXECUTE by_range('u08', 'u05');
EXECUTE by_range(NULL, 'u05');
EXPLAIN (COSTS OFF) EXECUTE by_list('{u07,u05}');
EXECUTE by_list('{u07,u05,u07,NULL,x}');
EXECUTE by_list('{}');
EXECUTE by_list(NULL);
EXECUTE by_list('{NULL}');
EXPLAIN (COSTS OFF) EXECUTE by_prefix('u1%');
EXECUTE by_prefix('u1%');
EXECUTE by_prefix('u_1');
EXECUTE by_prefix('u11');
EXECUTE by_prefix('%');
EXECUTE by_prefix('');
EXECUTE by_prefix(NULL);
EXECUTE by_prefix('u\1%');
EXPLAIN (COSTS OFF) EXECUTE by_start('u2');
EXECUTE by_start('u2');
EXECUTE by_start('');
EXECUTE by_start(NULL);
EXPLAIN (COSTS OFF) EXECUTE by_number(-3, 2);
EXECUTE by_number(-3, 2);
EXECUTE by_number(17, 9223372036854775807);
EXECUTE by_number(-2147483648, -19);
EXECUTE by_number(2, -2);
EXPLAIN (COSTS OFF) EXECUTE by_value('u02', 1);
EXECUTE by_value('u02', 1);
EXECUTE by_value('u01', 1);
EXECUTE by_value('u02', 5);
EXECUTE by_value(NULL, 1);
EXPLAIN (COSTS OFF) EXECUTE by_either('u02', 'u39');
EXECUTE by_either('u02', 'u39');
EXECUTE by_either(NULL, 'u38');
EXECUTE by_either('u02', NULL);
SELECT failure($$EXECUTE by_prefix('u\')$$);
RESET plan_cache_mode;

-- and in functions, whose statements are prepared
CREATE FUNCTION test.name_of(key text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT name FROM remote.users WHERE id = key); END $$;
SELECT string_agg(coalesce(test.name_of('u' || to_char(i, 'FM00')), 'none'), ', ' ORDER BY i) FROM generate_series(0, 9) i;
CREATE FUNCTION test.name_of_sql(key text) RETURNS text LANGUAGE sql AS $$ SELECT name FROM remote.users WHERE id = key $$;
SELECT string_agg(coalesce(test.name_of_sql('u' || to_char(i, 'FM00')), 'none'), ', ' ORDER BY i) FROM generate_series(0, 9) i;
