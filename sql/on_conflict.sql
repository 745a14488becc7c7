-- Keys that exist: insert_mode strict refuses them, ON CONFLICT DO NOTHING skips
-- them. Both ask and write in one atomic request a row.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int, v text COLLATE "C");
\! $CREATE t f g
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v') COLLATE "C") SERVER bt;

-- ON CONFLICT DO NOTHING
SELECT change($$INSERT INTO t VALUES ('a', 1, 'one'), ('b', 2, 'two') ON CONFLICT DO NOTHING$$);
SELECT change($$INSERT INTO t VALUES ('b', 3, 'three'), ('c', 4, 'four') ON CONFLICT DO NOTHING$$);
SELECT change($$INSERT INTO t VALUES ('b', 3, 'three'), ('d', 5, 'five') ON CONFLICT DO NOTHING RETURNING *$$);
SELECT change($$INSERT INTO t VALUES ('e', 1, 'first'), ('e', 2, 'second'), ('e', 3, 'third') ON CONFLICT DO NOTHING$$);
SELECT change($$INSERT INTO t VALUES ('f', 1, 'first'), ('f', 2, 'second') ON CONFLICT DO NOTHING RETURNING id, n$$);
SELECT change($$INSERT INTO t SELECT 'g' || i, i FROM generate_series(1, 200) i ON CONFLICT DO NOTHING$$);
SELECT change($$INSERT INTO t SELECT 'g' || i, -i FROM generate_series(101, 300) i ON CONFLICT DO NOTHING$$);
SELECT change($$INSERT INTO t SELECT 'h' || i % 10, i FROM generate_series(1, 100) i ON CONFLICT DO NOTHING$$);
SELECT change($$WITH w AS (INSERT INTO t VALUES ('a', 9, 'nine'), ('i', 9, 'nine') ON CONFLICT DO NOTHING RETURNING id) SELECT * FROM w$$);
SELECT change($$INSERT INTO t SELECT id, n + 1 FROM t UNION ALL SELECT 'j', 1 ON CONFLICT DO NOTHING$$);
ALTER FOREIGN TABLE t OPTIONS (ADD batch_size '3');
SELECT change($$INSERT INTO t SELECT 'g' || i, -i FROM generate_series(291, 310) i ON CONFLICT DO NOTHING$$);
ALTER FOREIGN TABLE t OPTIONS (DROP batch_size);

-- what is skipped is not touched
\set cells `$READ t`
SELECT compare_cells(:'cells', $$SELECT line FROM local.t, LATERAL (VALUES (cell(id, 'f:n', int4send(n))), (cell(id, 'f:v', v))) c(line)$$);

-- a row exists if it has any cell, even where no column is
SELECT cell('unmapped', 'g:u', 'u')
\g |$LOAD t
INSERT INTO t VALUES ('unmapped', 1, 'one') ON CONFLICT DO NOTHING RETURNING id;
SELECT * FROM t WHERE id = 'unmapped';

-- there are no constraints to name, and nothing else to do
SELECT failure($$INSERT INTO t VALUES ('a', 1, 'one') ON CONFLICT (id) DO NOTHING$$);
SELECT failure($$INSERT INTO t VALUES ('a', 1, 'one') ON CONFLICT ON CONSTRAINT t_pkey DO NOTHING$$);
SELECT failure($$INSERT INTO t VALUES ('a', 1, 'one') ON CONFLICT (id) DO UPDATE SET n = excluded.n$$);

-- strict
ALTER FOREIGN TABLE t OPTIONS (ADD insert_mode 'strict');
INSERT INTO t VALUES ('s1', 1, 'one'), ('s2', 2, 'two');
SELECT failure($$INSERT INTO t VALUES ('s1', 9, 'nine')$$);
SELECT failure($$INSERT INTO t VALUES ('s1', 9, 'nine') RETURNING *$$);
SELECT failure($$INSERT INTO t VALUES ('s3', 3, 'three'), ('s2', 9, 'nine'), ('s4', 4, 'four')$$);
SELECT failure($$INSERT INTO t VALUES ('s5', 5, 'five'), ('s5', 6, 'six')$$);
SELECT failure($$INSERT INTO t VALUES ('unmapped', 1, 'one')$$);
SELECT * FROM t WHERE id LIKE 's%' ORDER BY id;
INSERT INTO t SELECT 'many ' || i, i FROM generate_series(1, 500) i;
SELECT count(*), sum(n) FROM t WHERE id LIKE 'many%';
SELECT failure($$INSERT INTO t SELECT 'many ' || i, i FROM generate_series(500, 501) i$$);
INSERT INTO t VALUES ('s1', 9, 'nine'), ('s6', 6, 'six') ON CONFLICT DO NOTHING RETURNING *;

-- UPDATE and DELETE are as ever
UPDATE t SET n = 10 WHERE id = 's1';
DELETE FROM t WHERE id = 's2';
SELECT * FROM t WHERE id IN ('s1', 's2');
INSERT INTO t VALUES ('s2', 20, 'anew') RETURNING *;

-- special keys in messages
CREATE FOREIGN TABLE b (id bytea OPTIONS (row_key 'true'), n int OPTIONS (family 'f', qualifier 'n', encoding 'binary')) SERVER bt OPTIONS (table_name 't', insert_mode 'strict');
INSERT INTO b VALUES ('\x00ff', 1), ('\xe697a5', 2);
SELECT failure($$INSERT INTO b VALUES ('\x00ff', 1)$$);
SELECT failure($$INSERT INTO t VALUES ('日', 1)$$);
SELECT failure($$INSERT INTO t VALUES (repeat('k', 4096), 1), (repeat('k', 4096), 2)$$);

-- of the server, and against it
ALTER FOREIGN TABLE t OPTIONS (DROP insert_mode);
ALTER SERVER bt OPTIONS (ADD insert_mode 'strict');
SELECT failure($$INSERT INTO t VALUES ('s1', 9, 'nine')$$);
ALTER FOREIGN TABLE t OPTIONS (ADD insert_mode 'upsert');
INSERT INTO t VALUES ('s1', 9, 'nine');
SELECT * FROM t WHERE id = 's1';
ALTER SERVER bt OPTIONS (DROP insert_mode);

-- rows that cannot be written at all
ALTER FOREIGN TABLE t OPTIONS (SET insert_mode 'strict');
SELECT failure($$INSERT INTO t (id) VALUES ('empty')$$);
SELECT failure($$INSERT INTO t (n) VALUES (1)$$);
SELECT failure($$INSERT INTO t (id, n) VALUES ('', 1) ON CONFLICT DO NOTHING$$);
