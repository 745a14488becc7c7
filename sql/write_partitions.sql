-- Partitions: rows are routed into foreign ones, changed through the parent, and
-- moved from local ones.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.p (id text COLLATE "C", n int, v text COLLATE "C") PARTITION BY RANGE (n);
CREATE TABLE local.p1 PARTITION OF local.p FOR VALUES FROM (0) TO (10);
CREATE TABLE local.p2 PARTITION OF local.p FOR VALUES FROM (10) TO (20);
CREATE TABLE local.p3 PARTITION OF local.p FOR VALUES FROM (20) TO (30);
CREATE TABLE remote.p (id text COLLATE "C", n int, v text COLLATE "C") PARTITION BY RANGE (n);
\! $CREATE p1 f
\! $CREATE p2 f
CREATE FOREIGN TABLE p1 (
  id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v') COLLATE "C") SERVER bt;
-- the columns in another order, and one that is dropped
CREATE FOREIGN TABLE p2 (
  gone int OPTIONS (family 'f', qualifier 'gone'), v text OPTIONS (family 'f', qualifier 'v') COLLATE "C",
  n int OPTIONS (family 'f', qualifier 'n'), id text OPTIONS (row_key 'true') COLLATE "C") SERVER bt;
ALTER FOREIGN TABLE p2 DROP COLUMN gone;
ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (0) TO (10);
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20);
CREATE TABLE remote.p3 PARTITION OF remote.p FOR VALUES FROM (20) TO (30);
CREATE FUNCTION test.change_p(command text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT change(command, NULL, $q$SELECT tableoid::regclass::text AS partition, * FROM p$q$)
$$;

-- INSERT, COPY
SELECT change_p($$INSERT INTO p VALUES ('a', 1, 'one'), ('b', 11, 'eleven'), ('c', 21, 'twenty-one'), ('d', 2, NULL)$$);
SELECT change_p($$INSERT INTO p SELECT 'r' || i, i FROM generate_series(0, 29) i$$);
SELECT change_p($$INSERT INTO p VALUES ('e', 5, 'five'), ('f', 15, 'fifteen'), ('g', 25, 'twenty-five') RETURNING tableoid::regclass::text, *$$);
COPY p FROM stdin;
h	3	three
i	13	thirteen
j	23	\N
k	14	\N
\.
COPY local.p FROM stdin;
h	3	three
i	13	thirteen
j	23	\N
k	14	\N
\.
SELECT change_p($$INSERT INTO p1 VALUES ('direct', 9, 'nine')$$);
\set cells `$READ p2`
SELECT compare_cells(:'cells', $$SELECT line FROM local.p2, LATERAL (VALUES (cell(id, 'f:n', n::text)), (cell(id, 'f:v', v))) c(line)$$);

-- rows that belong nowhere, or elsewhere
SELECT failure($$INSERT INTO p VALUES ('x', 30, NULL)$$);
SELECT failure($$INSERT INTO p1 VALUES ('x', 10, NULL)$$);
SELECT failure($$INSERT INTO p1 VALUES ('x', NULL, 'null')$$);
SELECT failure($$UPDATE p1 SET n = 10 WHERE id = 'a'$$);
SELECT failure($$INSERT INTO p VALUES (NULL, 1, NULL)$$);
SELECT failure($$INSERT INTO p VALUES ('', 11, NULL)$$);

-- UPDATE and DELETE through the parent
SELECT change_p($$UPDATE p SET v = 'changed ' || id WHERE n % 5 = 0$$);
SELECT change_p($$UPDATE p SET v = 'key' WHERE id IN ('a', 'b', 'c')$$);
SELECT change_p($$UPDATE p SET v = v || s.x FROM (VALUES ('a', 1), ('b', 2), ('c', 3)) s(k, x) WHERE k = id RETURNING tableoid::regclass::text, p.*$$);
SELECT change_p($$UPDATE p SET n = n WHERE n IN (1, 11, 21)$$);
SELECT change_p($$UPDATE p SET n = n + 1 WHERE n IN (2, 12, 22)$$);
SELECT change_p($$DELETE FROM p WHERE n % 7 = 0$$);
SELECT change_p($$DELETE FROM p WHERE id IN ('a', 'b', 'c')$$);
SELECT change_p($$DELETE FROM p WHERE v LIKE '%chang%' RETURNING tableoid::regclass::text, *$$);
SELECT change_p($$DELETE FROM p USING generate_series(8, 23) i WHERE i = n AND v IS NULL$$);

-- rows that move into a foreign partition
SELECT change_p($$INSERT INTO p VALUES ('move 1', 26, 'one'), ('move 2', 26, 'two'), ('move 3', 26, NULL)$$);
SELECT change_p($$UPDATE p SET n = 6 WHERE id = 'move 1'$$);
SELECT change_p($$UPDATE p3 SET n = 27 WHERE id = 'move 2'$$);
SELECT change_p($$UPDATE p SET n = 16, v = 'moved' WHERE id LIKE 'move%' AND n > 20 RETURNING tableoid::regclass::text, *$$);
-- none can move out of one
SELECT failure($$UPDATE p SET n = 26 WHERE id = 'move 1'$$);
SELECT failure($$UPDATE p SET n = 17 WHERE id = 'move 1'$$);
SET enable_async_append = off;
SELECT failure($$UPDATE p SET n = n + 10 WHERE n < 20$$);
RESET enable_async_append;
SELECT compare('SELECT * FROM p');

-- several levels
\! $CREATE deep f
CREATE TABLE remote.p4 PARTITION OF remote.p FOR VALUES FROM (30) TO (40) PARTITION BY LIST (v);
CREATE FOREIGN TABLE deep (v text OPTIONS (family 'f', qualifier 'v') COLLATE "C", id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary')) SERVER bt;
ALTER TABLE p4 ATTACH PARTITION deep FOR VALUES IN ('deep', NULL);
CREATE TABLE remote.shallow PARTITION OF remote.p4 DEFAULT;
CREATE TABLE local.p4 PARTITION OF local.p FOR VALUES FROM (30) TO (40) PARTITION BY LIST (v);
CREATE TABLE local.deep PARTITION OF local.p4 FOR VALUES IN ('deep', NULL);
CREATE TABLE local.shallow PARTITION OF local.p4 DEFAULT;
SELECT change_p($$INSERT INTO p VALUES ('l', 31, 'deep'), ('m', 32, 'x'), ('n', 33, NULL), ('o', 4, 'four') RETURNING tableoid::regclass::text, id$$);
SELECT change_p($$UPDATE p SET v = 'deep' WHERE id = 'm'$$);
SELECT change_p($$UPDATE p SET n = n + 1 WHERE n BETWEEN 31 AND 34$$);
SELECT change_p($$DELETE FROM p WHERE n > 30$$);

-- strict partitions, and conflicts
ALTER FOREIGN TABLE p1 OPTIONS (ADD insert_mode 'strict');
SELECT failure($$INSERT INTO p VALUES ('o', 4, 'again')$$);
INSERT INTO p VALUES ('o', 4, 'again'), ('p', 4, 'new'), ('q', 14, 'new'), ('i', 13, 'again'), ('r', 24, 'new') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO p VALUES ('o', 4, 'again'), ('s', 4, 'new') ON CONFLICT DO NOTHING;
\echo :ROW_COUNT
SELECT id, v FROM p WHERE id IN ('i', 'o', 'p', 'q', 'r', 's') ORDER BY id;
ALTER FOREIGN TABLE p1 OPTIONS (DROP insert_mode);

-- many rows, in turns
CREATE TABLE remote.q (id text COLLATE "C", n int, v text COLLATE "C") PARTITION BY HASH (id);
\! $CREATE q1 f
\! $CREATE q2 f
CREATE FOREIGN TABLE q1 (
  id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v') COLLATE "C") SERVER bt OPTIONS (batch_size '10');
CREATE FOREIGN TABLE q2 (
  id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v') COLLATE "C") SERVER bt;
ALTER TABLE q ATTACH PARTITION q1 FOR VALUES WITH (MODULUS 3, REMAINDER 0);
ALTER TABLE q ATTACH PARTITION q2 FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE remote.q3 PARTITION OF remote.q FOR VALUES WITH (MODULUS 3, REMAINDER 2);
CREATE TABLE local.q (id text COLLATE "C", n int, v text COLLATE "C");
SELECT change($$INSERT INTO q SELECT 'k' || i, i, repeat('v', i % 100) FROM generate_series(1, 3000) i$$, NULL, 'SELECT * FROM q');
SELECT count(*) > 100 FROM q1;
SELECT count(*) > 100 FROM q2;
SELECT change($$UPDATE q SET n = n * 2 WHERE n % 2 = 0$$, NULL, 'SELECT * FROM q');
SELECT change($$DELETE FROM q WHERE n % 3 = 0$$, NULL, 'SELECT * FROM q');
SELECT change($$INSERT INTO q SELECT id || 'x', n, v FROM q$$, NULL, 'SELECT * FROM q');

-- inheritance
\! $CREATE child f
CREATE TABLE remote.h (id text COLLATE "C", n int, v text COLLATE "C");
CREATE FOREIGN TABLE child (
  id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v') COLLATE "C", more text OPTIONS (family 'f', qualifier 'more')) SERVER bt;
ALTER FOREIGN TABLE child INHERIT h;
INSERT INTO h VALUES ('a', 1, 'local');
INSERT INTO child VALUES ('b', 2, 'foreign', 'more');
UPDATE h SET n = n + 10, v = v || '!' RETURNING tableoid::regclass, *;
SELECT * FROM child;
DELETE FROM h WHERE n = 12 RETURNING *;
SELECT * FROM child;
