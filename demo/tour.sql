-- The tour that scripts/demo prints: one step a feature. Needs the variable emulator_reverse (yes or
-- no), as an old emulator cannot read in reverse order.
\pset null '(null)'
\pset footer off
SET timezone = 'UTC';
\set ECHO queries

\echo
\echo '== 1. One row by its key. A cell that the row does not have is NULL.'
\echo
SELECT id, name, email, city FROM users WHERE id = 'user#0050';

\echo '== 2. A range of keys is one row range; stats:logins is an 8-byte counter, read as bigint.'
\echo
SELECT id, name, logins FROM users WHERE id BETWEEN 'user#0100' AND 'user#0104';

\echo '== 3. So is a prefix: LIKE.'
\echo
SELECT id, name, signup, vip FROM users WHERE id LIKE 'user#012%';

\echo '== 4. Or the operator ^@: all orders of one user.'
\echo
SELECT id, product, quantity, amount, shipped FROM orders WHERE id ^@ 'order#user0042#';

\echo '== 5. A list of keys.'
\echo
SELECT id, name, city FROM users WHERE id IN ('user#0007', 'user#0700', 'user#1999', 'no such user');

\echo '== 6. A join with a local table: Bigtable is asked for the keys that the tickets name.'
\echo
SELECT t.number, t.subject, u.name, u.email
FROM tickets t JOIN users u ON u.id = t.user_id
ORDER BY t.number;

\if :emulator_reverse
\echo '== 7. The last rows in key order: a reverse scan with a limit.'
\echo
SELECT id, name, city FROM users ORDER BY id DESC LIMIT 3;
\else
\echo '== 7. ORDER BY id DESC LIMIT 3 is left out: this old emulator has no reverse scans.'
\echo
\endif

\echo '== 8. What is sent: EXPLAIN VERBOSE, which contacts nobody.'
\echo
EXPLAIN (VERBOSE, COSTS OFF)
SELECT id, name, logins FROM users WHERE id BETWEEN 'user#0100' AND 'user#0199' AND city = 'Lagos';

\echo '== 9. What it took: EXPLAIN ANALYZE.'
\echo
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT id, name, logins FROM users WHERE id BETWEEN 'user#0100' AND 'user#0199' AND city = 'Lagos';

\echo '== 10. Counting fetches one empty cell a row, no values.'
\echo
SELECT count(*) FROM users;

\echo '== 11. All of SQL works on it: a join of two Bigtable tables, and aggregates.'
\echo
SELECT u.city, count(*) AS orders, sum(o.amount) AS ordered, max(u.logins) AS most_logins
FROM users u JOIN orders o ON o.user_id = u.id
GROUP BY u.city ORDER BY ordered DESC LIMIT 5;

\echo '== 12. Writing: COPY and INSERT are batches, and nothing is rolled back.'
\echo
INSERT INTO users (id, name, city) VALUES ('user#3001', 'Grace Okafor', 'Lagos'), ('user#3002', 'Noor Silva', 'Lisboa');
UPDATE users SET city = 'Porto' WHERE id = 'user#3002';
SELECT id, name, city, logins FROM users WHERE id ^@ 'user#300';

\echo '== 13. A counter is one atomic request, without a read.'
\echo
EXPLAIN (COSTS OFF)
UPDATE users SET logins = logins + 1 WHERE id = 'user#3001';
UPDATE users SET logins = logins + 1 WHERE id = 'user#3001' RETURNING id, logins;

\echo '== 14. Qualifiers as data: whole families as jsonb, of which a query asks for what it looks at.'
\echo
INSERT INTO profiles (id, name, stats, tags) VALUES ('user#3003', 'Ada Silva', '{"logins": 1}', '{"beta": "yes", "color": "blue"}');
UPDATE profiles SET tags = (tags - 'beta') || '{"vip": "gold"}' WHERE id = 'user#3003';
SELECT id, stats, tags FROM profiles WHERE tags ? 'vip' AND id >= 'user#1990';
EXPLAIN (VERBOSE, COSTS OFF)
SELECT id, tags->>'vip' AS vip FROM profiles WHERE tags->>'beta' = 'yes';

\echo '== 15. Versions: what a cell held before, and a row as it was at a time.'
\echo
SELECT id, cities FROM profiles WHERE id = 'user#3002';
SELECT count(*) AS users_in_1999 FROM profiles WHERE as_of = '1999-12-31 00:00+00';

\echo '== 16. DELETE by keys needs no read, either.'
\echo
DELETE FROM users WHERE id IN ('user#3001', 'user#3002', 'user#3003');

\echo
\echo '== 17. All there is in a table: with layout cells, each cell is a row.'
\echo
SELECT family, qualifier, count(*), sum(length(value)) AS bytes FROM user_cells GROUP BY 1, 2 ORDER BY 1, 2;
EXPLAIN (VERBOSE, COSTS OFF)
SELECT row_key, "timestamp" FROM user_cells WHERE family = 'tag' AND qualifier IN ('beta', 'vip') AND row_key < 'user#0100';

\echo '== 18. Nothing to type: IMPORT FOREIGN SCHEMA takes columns, types and encodings from a sample.'
\echo
CREATE SCHEMA imported;
IMPORT FOREIGN SCHEMA demo LIMIT TO (users) FROM SERVER bigtable INTO imported;
SELECT attname AS "column", format_type(atttypid, atttypmod) AS type, array_to_string(attfdwoptions, ', ') AS options
FROM pg_attribute WHERE attrelid = 'imported.users'::regclass AND attnum > 0;

\echo
\echo '== 19. A time series: the last readings of a sensor are the first rows of its range.'
\echo
EXPLAIN (COSTS OFF) SELECT at, temperature, battery FROM readings WHERE sensor = 'sensor7' ORDER BY at DESC LIMIT 3;
SELECT at, temperature, battery FROM readings WHERE sensor = 'sensor7' ORDER BY at DESC LIMIT 3;

\echo '== 20. An hour of two sensors is two ranges; the latest of each is one row of each.'
\echo
EXPLAIN (COSTS OFF) SELECT sensor, avg(temperature) FROM readings
WHERE sensor IN ('sensor3', 'sensor12') AND at >= '2026-03-01 12:00Z' AND at < '2026-03-01 13:00Z' GROUP BY sensor;
SELECT sensor, avg(temperature) FROM readings
WHERE sensor IN ('sensor3', 'sensor12') AND at >= '2026-03-01 12:00Z' AND at < '2026-03-01 13:00Z' GROUP BY sensor;
SELECT s.sensor, r.at, r.temperature
FROM (VALUES ('sensor3'), ('sensor12')) s (sensor)
CROSS JOIN LATERAL (SELECT * FROM readings WHERE sensor = s.sensor ORDER BY at DESC LIMIT 1) r;

\echo '== 21. Without a foreign table: a table is made, written, read and dropped.'
\echo
SELECT bigtable_create_table('bigtable', 'visits', '{"page": {"gc_rule": {"max_age": "30 days"}}, "n": {}}');
SELECT * FROM bigtable_families('bigtable', 'visits');
SELECT count(*) AS written FROM bigtable_mutate_rows('bigtable', 'visits', (
    SELECT array_agg(bigtable_row('visit#' || i, bigtable_set_cell('page', 'path', '/page' || i % 3))) FROM generate_series(1, 9) i));
SELECT convert_from(value, 'UTF8') AS path, count(*)
FROM bigtable_read_rows('bigtable', 'visits', row_ranges => bigtable_range('visit#2', 'visit#8'))
GROUP BY path ORDER BY path;
SELECT server, endpoint <> '' AS has_endpoint, state, calls > 0 AS has_calls FROM bigtable_fdw_get_connections();
SELECT bigtable_drop_table('bigtable', 'visits');
