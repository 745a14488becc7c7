-- Conditions on a cell's timestamp that nothing can satisfy, and bounds that
-- are not whole milliseconds, which a filter must be.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

\! $CREATE t f
SELECT cell('a', 'f:v', 'x'::bytea, 1704067200000000) UNION ALL SELECT cell('b', 'f:v', 'y'::bytea, 1704067200001000)
\g |$LOAD t
CREATE FOREIGN TABLE t (
  k text OPTIONS (row_key 'true') COLLATE "C",
  v varchar(3) OPTIONS (family 'f', qualifier 'v'),
  at timestamptz OPTIONS (family 'f', qualifier 'v', cell 'timestamp')) SERVER bt;

EXPLAIN (VERBOSE, COSTS OFF) SELECT k FROM t WHERE at > '2025-01-01' AND at < '2024-01-01';
SELECT k FROM t WHERE at > '2025-01-01' AND at < '2024-01-01';
SELECT k FROM t WHERE at > 'infinity';
SELECT k FROM t WHERE at = ANY ('{}');
SELECT k FROM t WHERE at = NULL;
SELECT k, at FROM t WHERE at > '2024-01-01 00:00:00';
SELECT k, at FROM t WHERE at <= '2024-01-01 00:00:00';
SELECT k, at FROM t WHERE at = '2024-01-01 00:00:00.001';
SELECT k, at FROM t WHERE at >= '2024-01-01 00:00:00.0005' AND at < '2024-01-01 00:00:00.0015';
SELECT k, at FROM t WHERE at < 'infinity' ORDER BY k;

-- varchar(n) cuts off spaces that are too many, so its cells are not compared as bytes
SELECT cell('c', 'f:v', 'ab   '::bytea)
\g |$LOAD t
SELECT k, v || '|' FROM t WHERE v = 'ab ';
SELECT k, v || '|' FROM t WHERE v LIKE 'ab_';
SELECT k, v || '|' FROM t WHERE v >= 'ab ' COLLATE "C" AND v < 'x';
