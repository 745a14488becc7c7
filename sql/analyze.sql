-- ANALYZE: statistics as of a local table, and plans that follow.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int, grp text, tags text[]);
INSERT INTO local.t SELECT 'k' || to_char(i, 'FM00000'), CASE WHEN i % 7 > 0 THEN i / 10 END, CASE WHEN i % 5 > 0 THEN 'g' || least(i % 11, 6) END FROM generate_series(1, 3000) i;
\! $CREATE analyze f
SELECT line FROM local.t, LATERAL (VALUES (cell(id, 'f:n', n::text)), (cell(id, 'f:grp', grp)), (cell(id, 'f:other', repeat('x', 30)))) v(line) WHERE line IS NOT NULL
\g |$LOAD analyze
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", gone int, n int OPTIONS (family 'f', qualifier 'n'),
  grp text OPTIONS (family 'f', qualifier 'grp')) SERVER bt OPTIONS (table_name 'analyze');
ALTER FOREIGN TABLE t DROP COLUMN gone;
ALTER TABLE local.t DROP COLUMN tags;
SELECT reltuples, relpages FROM pg_class WHERE oid = 'remote.t'::regclass;
EXPLAIN SELECT * FROM t;
ANALYZE t;
ANALYZE local.t;

-- all rows are in the sample, so the statistics are the same
SELECT reltuples FROM pg_class WHERE oid = 'remote.t'::regclass;
SELECT relpages > 1 AS size FROM pg_class WHERE oid = 'remote.t'::regclass;
SELECT attname, null_frac, n_distinct, most_common_vals, most_common_freqs FROM pg_stats WHERE schemaname = 'remote' AND tablename = 't' AND attname IN ('id', 'grp') ORDER BY 1;
SELECT attname, r.null_frac = l.null_frac AND r.n_distinct = l.n_distinct AND r.avg_width = l.avg_width AND r.most_common_vals::text IS NOT DISTINCT FROM l.most_common_vals::text
    AND r.histogram_bounds::text IS NOT DISTINCT FROM l.histogram_bounds::text AND r.correlation IS NOT DISTINCT FROM l.correlation AS same
  FROM pg_stats r JOIN pg_stats l USING (tablename, attname) WHERE r.schemaname = 'remote' AND l.schemaname = 'local' AND tablename = 't' ORDER BY 1;

-- plans
CREATE FUNCTION test.estimate(query text) RETURNS int LANGUAGE sql AS $$ SELECT (plan_json(query, 'COSTS ON')->>'Plan Rows')::int $$;
SELECT estimate($$SELECT * FROM t$$);
SELECT estimate($$SELECT * FROM t WHERE id < 'k00300'$$) BETWEEN 280 AND 320 AS range;
SELECT estimate($$SELECT * FROM t WHERE id = 'k00300'$$);
SELECT estimate($$SELECT * FROM t WHERE grp = 'g6'$$) BETWEEN 1000 AND 1200 AS value;
SELECT (plan_json($$SELECT id, n FROM t$$, 'COSTS ON')->>'Plan Width')::int;
CREATE TABLE test.many AS SELECT 'k' || to_char(i, 'FM00000') AS fk FROM generate_series(1, 3000) i;
CREATE TABLE test.few AS SELECT 'k' || to_char(i * 100, 'FM00000') AS fk FROM generate_series(1, 20) i;
ANALYZE many, few;
SELECT plan($$SELECT * FROM few JOIN t ON id = fk$$);
SELECT plan($$SELECT * FROM many JOIN t ON id = fk$$);

-- what the server says, where nobody has analyzed
CREATE FOREIGN TABLE r (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 'analyze');
SELECT estimate($$SELECT * FROM r$$);
ALTER FOREIGN TABLE r OPTIONS (use_remote_estimate 'true');
SELECT estimate($$SELECT * FROM r$$) BETWEEN 500 AND 10000 AS remote;
-- a third of the rows; the emulator samples some 30 of them, others at each call
SELECT estimate($$SELECT * FROM r WHERE id < 'k01000'$$)::float / estimate($$SELECT * FROM r$$) BETWEEN 0.05 AND 0.9 AS share;
SELECT estimate($$SELECT * FROM r WHERE id > 'x'$$);
ANALYZE r;
SELECT estimate($$SELECT * FROM r$$) BETWEEN 2900 AND 3100 AS analyzed;
SELECT estimate($$SELECT * FROM r WHERE id BETWEEN 'k01000' AND 'k02000' AND n > 150$$) BETWEEN 200 AND 700 AS analyzed;

-- some columns; a smaller sample than there are rows; again
ALTER FOREIGN TABLE t ALTER n SET STATISTICS 0;
ANALYZE t (id);
SET default_statistics_target = 1;
ANALYZE t;
SELECT reltuples FROM pg_class WHERE oid = 'remote.t'::regclass;
SELECT abs(null_frac - 0.2) < 0.15 AS near FROM pg_stats WHERE schemaname = 'remote' AND tablename = 't' AND attname = 'grp';
RESET default_statistics_target;

-- an empty table, and errors
\! $CREATE analyze_empty f
CREATE FOREIGN TABLE e (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 'analyze_empty');
ANALYZE e;
SELECT reltuples, relpages FROM pg_class WHERE oid = 'remote.e'::regclass;
CREATE FOREIGN TABLE wrong (id text OPTIONS (row_key 'true') COLLATE "C", grp int OPTIONS (family 'f', qualifier 'grp')) SERVER bt OPTIONS (table_name 'analyze');
SELECT failure('ANALYZE wrong');
ALTER FOREIGN TABLE wrong OPTIONS (on_decode_error 'null');
ANALYZE wrong;
SELECT null_frac FROM pg_stats WHERE schemaname = 'remote' AND tablename = 'wrong' AND attname = 'grp';
CREATE FOREIGN TABLE missing (id text OPTIONS (row_key 'true')) SERVER bt;
SELECT failure('ANALYZE missing');

-- the time that a session reads as of does not matter
SET bigtable_fdw.as_of = '2000-01-01';
ANALYZE t (grp);
SELECT reltuples FROM pg_class WHERE oid = 'remote.t'::regclass;
