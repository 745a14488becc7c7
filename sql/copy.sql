-- COPY FROM: as INSERT, in any format.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int, v text COLLATE "C");
\! $CREATE t f
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary'),
  v text OPTIONS (family 'f', qualifier 'v') COLLATE "C") SERVER bt;

COPY t FROM stdin;
a	1	one
b	\N	two
c	3	\N
tab\tnew\nline\\	4	\x41\303\244
\.
COPY t (v, id) FROM stdin WITH (DELIMITER '|', NULL '-');
|empty
-a|-
--|b
\.
COPY t (v, id) FROM stdin WITH (DELIMITER '|', NULL '-');
|empty
-a|d
--|b
\.
COPY t FROM stdin WITH (FORMAT csv, HEADER true, FORCE_NULL (v));
id,n,v
e,5,"quoted, ""and""
over lines"
f,,""
g,7,
h,8,""""
\.
COPY t FROM stdin WITH (FORMAT csv, HEADER true, FORCE_NOT_NULL (v));
id,n,v
e,5,"quoted, ""and""
over lines"
f,6,""
g,7,
h,8,""""
\.
SELECT * FROM t ORDER BY id;
\set cells `$READ t`
-- (the newest version; "b" was written twice, within a millisecond or not)
SELECT * FROM written((SELECT string_agg(line, e'\n') FROM (SELECT DISTINCT ON (key, col) cell(key, col, value, ts) AS line FROM cells(:'cells') ORDER BY key, col, ts DESC) c));

-- rows that match a condition
COPY t (id, n) FROM stdin WHERE n > 10;
w10	10
w11	11
w12	12
\.
SELECT * FROM t WHERE id LIKE 'w%' ORDER BY id;

-- the number of rows, one of them twice
COPY t (id, n) FROM stdin;
x	1
y	2
x	3
\.
\echo :ROW_COUNT
SELECT * FROM t WHERE id IN ('x', 'y') ORDER BY id;

-- many rows, in the formats that hold any value
INSERT INTO local.t SELECT 'row ' || i, CASE WHEN i % 3 <> 0 THEN i END, e'v\t\\\n"\'é' || i FROM generate_series(1, 3000) i;
TRUNCATE t;
\copy local.t TO 'results/copy.data'
\copy t FROM 'results/copy.data'
\echo :ROW_COUNT
SELECT compare('SELECT * FROM t');
TRUNCATE t;
\copy local.t TO 'results/copy.data' WITH (FORMAT csv)
\copy t FROM 'results/copy.data' WITH (FORMAT csv)
SELECT compare('SELECT * FROM t');
TRUNCATE t;
\copy local.t TO 'results/copy.data' WITH (FORMAT binary)
\copy t FROM 'results/copy.data' WITH (FORMAT binary)
SELECT compare('SELECT * FROM t');
\set cells `$READ t`
SELECT compare_cells(:'cells', $$SELECT line FROM local.t, LATERAL (VALUES (cell(id, 'f:n', int4send(n))), (cell(id, 'f:v', v))) c(line)$$);
ALTER FOREIGN TABLE t OPTIONS (ADD batch_size '10');
TRUNCATE t;
\copy t FROM 'results/copy.data' WITH (FORMAT binary)
SELECT compare('SELECT * FROM t');
ALTER FOREIGN TABLE t OPTIONS (DROP batch_size);

-- and out again
\copy t TO 'results/copy.data'
COPY t TO stdout;
COPY (SELECT * FROM t WHERE id IN ('row 1', 'row 3')) TO stdout;

-- a strict table
TRUNCATE t;
TRUNCATE local.t;
ALTER FOREIGN TABLE t OPTIONS (ADD insert_mode 'strict');
COPY t FROM stdin;
a	1	one
b	2	two
\.
-- (psql shows the warning about c before or after the error)
SET client_min_messages = error;
COPY t FROM stdin;
c	3	three
b	4	four
\.
SET client_min_messages = warning;
SELECT * FROM t WHERE id IN ('a', 'b', 'c') ORDER BY id;
ALTER FOREIGN TABLE t OPTIONS (DROP insert_mode);

-- lines that are wrong: none of this small batch is sent
COPY t FROM stdin;
e	5	five
f	six	six
\.
COPY t FROM stdin;
e	5	five
\N	6	six
\.
COPY t FROM stdin;
e	5	five
	6	six
\.
COPY t FROM stdin;
e	5	five
f	\N	\N
\.
COPY t FROM stdin;
e	5
\.
SELECT count(*) FROM t WHERE id IN ('e', 'f');

