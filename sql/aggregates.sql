-- Families that hold sums: INSERT adds, UPDATE by the key adds or subtracts.
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
\! $CREATE aggregates sum:sum max:max cf
CREATE FOREIGN TABLE remote.t (
  id text OPTIONS (row_key 'true') COLLATE "C" NOT NULL,
  n bigint OPTIONS (family 'sum', qualifier 'n', encoding 'binary'),
  at timestamptz OPTIONS (family 'sum', qualifier 'n', cell 'timestamp'),
  i int OPTIONS (family 'sum', qualifier 'i', encoding 'binary'),
  top bigint OPTIONS (family 'max', qualifier 'top', encoding 'binary'),
  plain bigint OPTIONS (family 'cf', qualifier 'plain', encoding 'binary')
) SERVER bt OPTIONS (table_name 'aggregates');
INSERT INTO t (id, n, i, plain) VALUES ('a', 5, 1, 5), ('b', -7, 2, 7);
INSERT INTO t (id, n, i, plain) VALUES ('a', 10, 1, 10);
INSERT INTO t (id, n) SELECT 'a', 1 FROM generate_series(1, 100);
SELECT id, n, i, plain FROM t;
UPDATE t SET n = n + 1 WHERE id = 'a';
UPDATE t SET n = n - 3, i = i WHERE id = 'b';
UPDATE t SET n = n - 3 WHERE id IN ('b', 'new');
SELECT id, n, i, plain FROM t;

-- buckets of time
INSERT INTO t (id, n, at) VALUES ('hits', 1, '2024-01-01 10:00Z'), ('hits', 2, '2024-01-01 10:00Z'), ('hits', 4, '2024-01-01 11:00Z');
SELECT id, n, at FROM t WHERE id = 'hits';

-- UPDATE to a value sets it
UPDATE t SET n = 1000, plain = 1 WHERE id = 'a';
SELECT id, n, plain FROM t WHERE id = 'a';
UPDATE t SET n = NULL WHERE id = 'a';
SELECT id, n, plain FROM t WHERE id = 'a';

-- what cannot be
SELECT failure($$UPDATE t SET n = n + 1 WHERE id = 'a' RETURNING n$$);
SELECT failure($$UPDATE t SET n = n + 1, plain = plain + 1 WHERE id = 'a'$$);
SELECT failure($$UPDATE t SET top = top + 1 WHERE id = 'a'$$);
CREATE FOREIGN TABLE remote.texts (id text OPTIONS (row_key 'true'), n text OPTIONS (family 'sum', qualifier 'n')) SERVER bt OPTIONS (table_name 'aggregates');
SELECT failure($$INSERT INTO texts VALUES ('a', '5')$$);
