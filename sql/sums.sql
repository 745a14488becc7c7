-- Families of aggregate type: what is written is added. An emulator without them
-- says so in the environment; then there is nothing to see here.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

\getenv aggregates EMULATOR_AGGREGATES
\if :{?aggregates}
\else
\set aggregates yes
\endif
\if :aggregates
\else
\echo skipped: this emulator has no families of aggregate type
\quit
\endif

\! $CREATE t sums:sum f
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", n bigint OPTIONS (family 'sums', qualifier 'n', encoding 'binary'), m int OPTIONS (family 'sums', qualifier 'm', encoding 'binary'),
  s smallint OPTIONS (family 'sums', qualifier 's', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v') COLLATE "C", c bigint OPTIONS (family 'f', qualifier 'c', encoding 'binary')) SERVER bt;

-- INSERT adds, COPY too; plain columns are set
INSERT INTO t VALUES ('a', 1, 10, 100, 'one');
SELECT * FROM t;
INSERT INTO t VALUES ('a', 2, NULL, -50, 'two'), ('b', -5, 0, NULL, NULL), ('a', 4, 40, NULL, NULL);
SELECT * FROM t ORDER BY id;
COPY t (id, n) FROM stdin;
a	1000
b	5
c	9223372036854775807
\.
SELECT * FROM t ORDER BY id;
INSERT INTO t (id, n) SELECT 'many', i FROM generate_series(1, 2000) i;
SELECT n FROM t WHERE id = 'many';
ALTER FOREIGN TABLE t OPTIONS (ADD batch_size '7');
INSERT INTO t (id, n) SELECT 'many ' || i % 10, i FROM generate_series(1, 500) i;
SELECT id, n, (SELECT sum(i) FROM generate_series(1, 500) i WHERE i % 10 = right(id, 1)::int) AS expected FROM t WHERE id LIKE 'many %' ORDER BY id;
ALTER FOREIGN TABLE t OPTIONS (DROP batch_size);
INSERT INTO t (id, n) VALUES ('a', 1) RETURNING id, n;

-- one cell, of time 0 and eight bytes
\set cells `$READ t`
SELECT shown(col), CASE WHEN shown(col) LIKE 'sums%' THEN ts END AS ts, value FROM cells(:'cells') WHERE shown(key) = 'a' AND shown(col) <> 'f:v' ORDER BY col;

-- write_mode replace is for plain columns alone
ALTER FOREIGN TABLE t OPTIONS (ADD write_mode 'replace');
INSERT INTO t VALUES ('a', 1, 1, 1, 'replaced');
SELECT * FROM t WHERE id = 'a';
\set cells `$READ t`
SELECT * FROM written(:'cells') w WHERE w LIKE 'a f:%';
ALTER FOREIGN TABLE t OPTIONS (DROP write_mode);

-- UPDATE sets, an increment adds without reading
EXPLAIN (COSTS OFF) UPDATE t SET n = n + 5 WHERE id = 'a';
UPDATE t SET n = n + 5 WHERE id IN ('a', 'new');
SELECT id, n FROM t WHERE id IN ('a', 'new') ORDER BY id;
UPDATE t SET n = n - 5 WHERE id = 'new';
UPDATE t SET n = 7, m = 8, v = 'set' WHERE id = 'a';
SELECT * FROM t WHERE id = 'a';
UPDATE t SET n = n + 1, v = 'read' WHERE id = 'a';
SELECT * FROM t WHERE id = 'a';
UPDATE t SET n = n * 2 WHERE id < 'b' AND n > 0;
SELECT n FROM t WHERE id = 'a';
UPDATE t SET n = NULL WHERE id = 'a';
SELECT * FROM t WHERE id = 'a';
INSERT INTO t (id, n) VALUES ('a', 3);
SELECT n FROM t WHERE id = 'a';
SELECT failure($$UPDATE t SET n = n + 1 WHERE id = 'a' RETURNING n$$);
SELECT failure($$UPDATE t SET n = n + 1, c = c + 1 WHERE id = 'a'$$);
SELECT n, c FROM t WHERE id = 'a';

-- rows go as ever
DELETE FROM t WHERE id = 'a';
INSERT INTO t (id, n) VALUES ('a', 3);
SELECT n FROM t WHERE id = 'a';

-- a time of one's own: a sum for each
ALTER FOREIGN TABLE t ADD COLUMN at timestamptz OPTIONS (family 'sums', qualifier 'n', cell 'timestamp');
TRUNCATE t;
INSERT INTO t (id, n, at) VALUES ('day', 1, '2024-01-01 00:00:00Z'), ('day', 2, '2024-01-01 00:00:00Z'), ('day', 10, '2024-01-02 00:00:00Z'), ('day', 100, NULL);
\set cells `$READ t`
SELECT ts, value FROM cells(:'cells');
SELECT id, n, at FROM t;
ALTER FOREIGN TABLE t DROP COLUMN at;

-- strict, and conflicts
ALTER FOREIGN TABLE t OPTIONS (ADD insert_mode 'strict');
INSERT INTO t (id, n) VALUES ('strict', 1);
SELECT failure($$INSERT INTO t (id, n) VALUES ('strict', 1)$$);
INSERT INTO t (id, n) VALUES ('strict', 1), ('stricter', 2) ON CONFLICT DO NOTHING;
SELECT id, n FROM t WHERE id LIKE 'strict%' ORDER BY id;
ALTER FOREIGN TABLE t OPTIONS (DROP insert_mode);

-- columns that are no integers cannot be added
CREATE FOREIGN TABLE wrong (id text OPTIONS (row_key 'true'), n text OPTIONS (family 'sums', qualifier 'n')) SERVER bt OPTIONS (table_name 't');
SELECT failure($$INSERT INTO wrong VALUES ('a', '1')$$);
SELECT failure($$UPDATE wrong SET n = '1'$$);
ALTER FOREIGN TABLE wrong ALTER n TYPE numeric;
SELECT failure($$INSERT INTO wrong VALUES ('a', 1)$$);

-- the cells of such a family are integers by themselves, in whatever encoding a
-- column inherits: also those of eight bytes that are all digits
ALTER FOREIGN TABLE wrong ALTER n TYPE bigint;
INSERT INTO wrong VALUES ('text', 12), ('text', 3), ('digits', 3544952156018063160);
SELECT id, n, int8send(n) FROM t WHERE id IN ('text', 'digits') ORDER BY id;
SELECT * FROM wrong WHERE id IN ('text', 'digits') ORDER BY id;
SELECT id FROM wrong WHERE n = 15;
-- one that has another of its own is an error, and so are plain digits where none are
ALTER FOREIGN TABLE wrong ALTER n OPTIONS (ADD encoding 'ordered');
SELECT failure($$INSERT INTO wrong VALUES ('text', 1)$$);
CREATE FOREIGN TABLE plain (id text OPTIONS (row_key 'true'), n bigint OPTIONS (family 'f', qualifier 'n'), m int OPTIONS (family 'f', qualifier 'm')) SERVER bt OPTIONS (table_name 't');
INSERT INTO plain VALUES ('plain', 12345678, -1234567);
SELECT * FROM plain WHERE id = 'plain';
INSERT INTO t (id, c) VALUES ('binary', 5);
ALTER FOREIGN TABLE plain ALTER n OPTIONS (SET qualifier 'c');
SELECT failure($$SELECT * FROM plain WHERE id = 'binary'$$);

-- as jsonb they are numbers, in whatever encoding
\! $CREATE sums s:sum
CREATE FOREIGN TABLE sums (id text OPTIONS (row_key 'true'), s jsonb OPTIONS (family 's'), doc jsonb OPTIONS (row_json 'true')) SERVER bt;
INSERT INTO sums (id, s) VALUES ('a', '{"x": 5, "y": -1}'), ('b', '{"x": 7}');
INSERT INTO sums (id, s) VALUES ('a', '{"x": 2}');
SELECT id, s, doc FROM sums ORDER BY id;
SELECT id FROM sums WHERE s->>'x' = '7' ORDER BY id;
UPDATE sums SET s = (s || '{"x": 1, "z": 9}') - 'y'::text WHERE id = 'a';
SELECT id, s FROM sums WHERE id = 'a';
SELECT failure($$INSERT INTO sums (id, s) VALUES ('c', '{"x": "5"}')$$);
CREATE FOREIGN TABLE versions (id text OPTIONS (row_key 'true'), x int[] OPTIONS (family 's', qualifier 'x', max_versions '5'), h jsonb OPTIONS (family 's', qualifier 'x', cell 'history')) SERVER bt OPTIONS (table_name 'sums');
SELECT * FROM versions ORDER BY id;
SELECT failure($$INSERT INTO versions (id, x) VALUES ('c', '{5}')$$);

-- with layout 'cells', a value is an amount
CREATE FOREIGN TABLE cells (row_key text, family text, qualifier text, "timestamp" timestamptz, value bytea) SERVER bt OPTIONS (table_name 't', layout 'cells');
INSERT INTO cells (row_key, family, qualifier, value) VALUES ('cell', 'sums', 'n', int8send(5)), ('cell', 'sums', 'n', int8send(7)), ('cell', 'f', 'v', 'plain') RETURNING qualifier, "timestamp" = 'epoch';
SELECT id, n, v FROM t WHERE id = 'cell';
SELECT qualifier, "timestamp", value FROM cells WHERE row_key = 'cell' AND family = 'sums';
UPDATE cells SET value = int8send(100) WHERE row_key = 'cell' AND qualifier = 'n';
SELECT n FROM t WHERE id = 'cell';
UPDATE cells SET qualifier = 'm', "timestamp" = '2024-01-01' WHERE row_key = 'cell' AND qualifier = 'n';
SELECT qualifier, "timestamp", value FROM cells WHERE row_key = 'cell' AND family = 'sums';
SELECT failure($$INSERT INTO cells VALUES ('cell', 'sums', 'n', NULL, '5')$$);
DELETE FROM cells WHERE row_key = 'cell' AND family = 'sums';
SELECT id, n, m, v FROM t WHERE id = 'cell';
