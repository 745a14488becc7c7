-- Asynchronous scans: an Append takes the rows of several tables as they come.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.a (id text COLLATE "C" PRIMARY KEY, n int);
CREATE TABLE local.b (LIKE local.a INCLUDING ALL);
CREATE TABLE local.c (LIKE local.a INCLUDING ALL);
INSERT INTO local.a SELECT 'a' || to_char(i, 'FM0000'), i FROM generate_series(1, 900) i;
INSERT INTO local.b SELECT 'b' || to_char(i, 'FM0000'), nullif(i % 50, 7) FROM generate_series(1, 600) i;
INSERT INTO local.c SELECT 'c' || to_char(i, 'FM0000'), i FROM generate_series(1, 30) i;
\! $CREATE async_a f
SELECT line FROM local.a, LATERAL (VALUES (cell(id, 'f:n', n::text)), (cell(id, 'f:x', 'x'))) v(line) WHERE line IS NOT NULL
\g |$LOAD async_a
\! $CREATE async_b f
SELECT line FROM local.b, LATERAL (VALUES (cell(id, 'f:n', n::text)), (cell(id, 'f:x', 'x'))) v(line) WHERE line IS NOT NULL
\g |$LOAD async_b
\! $CREATE async_c f
SELECT line FROM local.c, LATERAL (VALUES (cell(id, 'f:n', n::text)), (cell(id, 'f:x', 'x'))) v(line) WHERE line IS NOT NULL
\g |$LOAD async_c
CREATE FOREIGN TABLE a (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 'async_a');
CREATE FOREIGN TABLE b (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 'async_b');
CREATE FOREIGN TABLE c (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 'async_c');
CREATE TABLE local.p (id text COLLATE "C", n int) PARTITION BY RANGE (id);
CREATE TABLE local.p_a PARTITION OF local.p FOR VALUES FROM ('a') TO ('b');
CREATE TABLE local.p_b PARTITION OF local.p FOR VALUES FROM ('b') TO ('c');
CREATE TABLE local.p_c PARTITION OF local.p FOR VALUES FROM ('c') TO ('d');
INSERT INTO local.p TABLE local.a UNION ALL TABLE local.b UNION ALL TABLE local.c;
CREATE TABLE p (id text COLLATE "C", n int) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE p_a (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 'async_a');
ALTER TABLE p ATTACH PARTITION p_a FOR VALUES FROM ('a') TO ('b');
CREATE FOREIGN TABLE p_b (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 'async_b');
ALTER TABLE p ATTACH PARTITION p_b FOR VALUES FROM ('b') TO ('c');
CREATE FOREIGN TABLE p_c (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 'async_c');
ALTER TABLE p ATTACH PARTITION p_c FOR VALUES FROM ('c') TO ('d');

SELECT check_query($$SELECT * FROM p$$);
SELECT check_query($$SELECT count(*), count(n), sum(n) FROM p WHERE id > 'a05' AND n % 3 = 1$$);
SELECT check_query($$SELECT id FROM a WHERE n < 10 UNION ALL SELECT id FROM c UNION ALL SELECT id FROM b WHERE n = 3$$);
SELECT compare($$SELECT id, n FROM p ORDER BY id DESC LIMIT 700$$, true);
SELECT compare($$SELECT n, count(*) FROM p GROUP BY n$$);
SELECT compare($$SELECT * FROM p WHERE n IS NULL$$);
SELECT compare($$SELECT * FROM p WHERE id = 'b0003' OR id = 'a0077'$$);
SELECT compare($$SELECT p.id, a.n FROM p JOIN a ON a.id = 'a' || right(p.id, 4)$$);
SELECT compare($$SELECT count(*) FROM (SELECT * FROM p UNION ALL SELECT * FROM p) x$$);
SELECT compare($$SELECT count(*) FROM (SELECT * FROM p LIMIT 1200) x$$);
-- one that is empty, one of a single key, many keys
SELECT compare($$SELECT id FROM a WHERE id > 'x' UNION ALL SELECT id FROM b WHERE id = 'b0001' UNION ALL SELECT id FROM c WHERE id IN ('c0001', 'c0002')$$);
SELECT count(*) FROM (SELECT id FROM a WHERE id = ANY (ARRAY(SELECT 'a' || to_char(i, 'FM0000') FROM generate_series(1, 900, 2) i)) UNION ALL SELECT id FROM b) x;
-- rescans
SELECT compare($$SELECT x, (SELECT count(*) FROM p WHERE n % 7 = x) FROM generate_series(1, 5) x$$);
SELECT compare($$SELECT x, s.* FROM generate_series(1, 3) x, LATERAL (SELECT id FROM p WHERE n % 40 = x LIMIT 30) s WHERE false$$);
-- local tables beside, and an error in one
CREATE TABLE test.plain (id text, n int);
INSERT INTO plain VALUES ('z1', 1), ('z2', NULL);
SELECT count(*), sum(n) FROM (SELECT id, n FROM a UNION ALL SELECT id, n FROM plain UNION ALL SELECT id, n FROM b) x;
SELECT (SELECT sum(n) FROM local.a) + (SELECT sum(n) FROM plain) + (SELECT sum(n) FROM local.b);
CREATE FOREIGN TABLE wrong (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'x')) SERVER bt OPTIONS (table_name 'async_c');
SELECT failure($$SELECT id, n FROM a UNION ALL SELECT id, n FROM wrong$$);
SELECT compare($$SELECT count(*), sum(n) FROM p$$);
-- what says that it must not be
ALTER FOREIGN TABLE p_b OPTIONS (async_capable 'false');
SELECT check_query($$SELECT * FROM p$$);
ALTER SERVER bt OPTIONS (async_capable 'false');
SELECT plan($$SELECT * FROM p$$);
ALTER SERVER bt OPTIONS (DROP async_capable);
