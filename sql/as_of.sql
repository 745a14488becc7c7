-- Reading as of a time: by the setting, and by a condition on a virtual column.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

-- what each cell was, day by day; the local copy is one for each time
CREATE TABLE local.cells (key text, col text, value text, day int);
INSERT INTO local.cells VALUES ('a', 'f:v', 'a1', 1), ('a', 'f:v', 'a2', 2), ('a', 'f:v', 'a4', 4), ('a', 'f:n', '1', 1), ('a', 'f:n', '3', 3),
  ('b', 'f:v', 'b3', 3), ('b', 'f:n', '30', 3), ('b', 'f:n', '10', 1), ('c', 'f:v', 'c4', 4), ('d', 'f:other', 'd1', 1);
\! $CREATE t f
SELECT cell(key, col, value::bytea, 1704067200000000 + day * 86400000000::bigint) FROM local.cells \g |$LOAD t
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n'),
  at timestamptz OPTIONS (family 'f', qualifier 'v', cell 'timestamp'), vs text[] OPTIONS (family 'f', qualifier 'v', max_versions '9'), as_of timestamptz OPTIONS (as_of 'true')) SERVER bt;
CREATE FUNCTION test.day(d int) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT '2024-01-01 00:00+00'::timestamptz + d * interval '1 day' $$;
CREATE FUNCTION test.rows_at(moment timestamptz) RETURNS TABLE (id text, v text, n int, at timestamptz, vs text[], as_of timestamptz) LANGUAGE sql AS $$
  WITH seen AS (SELECT *, day(day) AS ts FROM local.cells WHERE day(day) <= moment)
  SELECT key, (SELECT value FROM seen s WHERE s.key = k.key AND col = 'f:v' ORDER BY ts DESC LIMIT 1), (SELECT value::int FROM seen s WHERE s.key = k.key AND col = 'f:n' ORDER BY ts DESC LIMIT 1),
    (SELECT ts FROM seen s WHERE s.key = k.key AND col = 'f:v' ORDER BY ts DESC LIMIT 1), (SELECT array_agg(value ORDER BY ts DESC) FROM seen s WHERE s.key = k.key AND col = 'f:v'), moment
  FROM (SELECT DISTINCT key FROM seen) k
$$;
CREATE VIEW local.t AS SELECT * FROM rows_at(coalesce(nullif(current_setting('bigtable_fdw.as_of'), '')::timestamptz, 'infinity'));
CREATE FUNCTION test.compare_at(condition text DEFAULT 'true', columns text DEFAULT 'id, v, n, at, vs') RETURNS TABLE (at text, compared text) LANGUAGE plpgsql AS $$
BEGIN
  FOREACH at IN ARRAY ARRAY['', 'infinity', day(5)::text, day(4)::text, (day(4) - interval '1 microsecond')::text, (day(3) + interval '999 microseconds')::text, day(2)::text, day(1)::text, (day(1) - interval '1 ms')::text, '1969-12-31 00:00+00', '-infinity'] LOOP
    PERFORM set_config('bigtable_fdw.as_of', at, false);
    compared := compare(format('SELECT %s FROM t WHERE %s', columns, condition));
    RETURN NEXT;
  END LOOP;
  PERFORM set_config('bigtable_fdw.as_of', '', false);
END $$;
-- ---- the setting ----
SELECT * FROM t ORDER BY id;
SET bigtable_fdw.as_of = '2024-01-04 12:00+00';
SELECT * FROM t ORDER BY id;
SELECT count(*) FROM t;
SHOW bigtable_fdw.as_of;
SET timezone = 'Asia/Tokyo';
SELECT id, at, as_of FROM t WHERE id = 'a';
SET timezone = 'UTC';
SELECT plan($$SELECT id, v, vs FROM t WHERE v > 'a' AND n = 1$$, 'COSTS OFF, VERBOSE');
SELECT plan('SELECT count(*) FROM t', 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT v FROM t WHERE v = 'a2'$$, 'COSTS OFF, VERBOSE');
RESET bigtable_fdw.as_of;
SELECT plan($$SELECT v FROM t WHERE v = 'a2'$$, 'COSTS OFF, VERBOSE');
SELECT * FROM compare_at();
SELECT * FROM compare_at($$v >= 'a2'$$);
SELECT * FROM compare_at('n IS NULL', 'id');
SELECT * FROM compare_at($$at >= '2024-01-03 00:00+00'$$, 'id, v');
SELECT * FROM compare_at('true', 'count(*), max(id)');
SELECT DISTINCT compared FROM compare_at($$id = 'b' OR id > 'c'$$) ORDER BY 1;

-- a plan that is kept goes by the setting that there is when it runs
PREPARE q AS SELECT id, v FROM t ORDER BY id;
SET plan_cache_mode = force_generic_plan;
EXECUTE q;
SET bigtable_fdw.as_of = '2024-01-02';
EXECUTE q;
EXPLAIN (COSTS OFF) EXECUTE q;
RESET bigtable_fdw.as_of;
EXECUTE q;
RESET plan_cache_mode;
-- and is undone with a transaction
BEGIN;
SET LOCAL bigtable_fdw.as_of = '2024-01-02';
SELECT count(*) FROM t;
COMMIT;
SELECT count(*) FROM t;

-- times that are none
SELECT failure($$SET bigtable_fdw.as_of = 'yesteryear'$$);
SELECT failure($$SET bigtable_fdw.as_of = '2024-13-01'$$);
SET bigtable_fdw.as_of = 'now';
SELECT current_setting('bigtable_fdw.as_of')::timestamptz BETWEEN now() - interval '1 minute' AND now() + interval '1 minute';
RESET bigtable_fdw.as_of;

-- ---- the column ----
CREATE FUNCTION test.compare_column() RETURNS TABLE (day numeric, compared boolean) LANGUAGE sql AS $$
  SELECT d, (SELECT array_agg(t::text ORDER BY id) FROM remote.t WHERE as_of = moment) IS NOT DISTINCT FROM (SELECT array_agg(r::text ORDER BY id) FROM rows_at(moment) r)
  FROM generate_series(0, 5, 0.5) d, LATERAL (SELECT day(0) + d::float8 * interval '1 day' AS moment OFFSET 0) t
$$;
SELECT * FROM compare_column();
SELECT plan($$SELECT id, v, as_of FROM t WHERE as_of = '2024-01-03 00:00+00' AND v > 'a'$$, 'COSTS OFF, VERBOSE');
SELECT id, v, as_of FROM t WHERE as_of = '2024-01-03 00:00+00' AND v > 'a';
-- it is no condition that leaves out rows
SELECT (plan_json('SELECT * FROM t', 'COSTS ON')->>'Plan Rows') = (plan_json($$SELECT * FROM t WHERE as_of = '2024-01-03'$$, 'COSTS ON')->>'Plan Rows');
-- it goes before the setting
SET bigtable_fdw.as_of = '2024-01-02';
SELECT id, v, as_of FROM t WHERE as_of = '2024-01-04 00:00+00' ORDER BY id;
RESET bigtable_fdw.as_of;
-- two scans at different times, and what has changed between them
SELECT coalesce(new.id, old.id) AS id, old.v, new.v FROM (SELECT * FROM t WHERE as_of = day(2)) old FULL JOIN (SELECT * FROM t WHERE as_of = day(4)) new ON old.id = new.id
WHERE old.v IS DISTINCT FROM new.v ORDER BY 1;
-- parameters, and a subquery for each time
PREPARE p AS SELECT id, v FROM t WHERE as_of = $1 ORDER BY id;
SET plan_cache_mode = force_generic_plan;
EXECUTE p(day(1));
EXECUTE p(day(3));
EXECUTE p(NULL);
RESET plan_cache_mode;
SELECT d, s.* FROM generate_series(1, 4) d, LATERAL (SELECT id, v, n FROM t WHERE as_of = day(d) AND id = 'a' OFFSET 0) s;
-- times that contradict each other
SELECT count(*) FROM t WHERE as_of = day(1) AND as_of = day(2);
SELECT count(*) FROM t WHERE as_of IN (day(4));
SELECT count(*), count(as_of) FROM t WHERE as_of IS NULL;
SELECT count(*) FROM t WHERE as_of IS NOT NULL;
-- what does not say one time
SELECT failure($$SELECT * FROM t WHERE as_of <= '2024-01-03'$$);
SELECT failure($$SELECT * FROM t WHERE as_of IN ('2024-01-03', '2024-01-04')$$);
SELECT failure($$SELECT * FROM t WHERE as_of = at$$);
SELECT failure($$SELECT * FROM t JOIN generate_series(1, 2) d ON as_of = day(d)$$);
SELECT failure($$SELECT * FROM t JOIN (VALUES (day(1))) v(at) USING (at) WHERE as_of > at$$);

-- ---- the past is read only ----
SET bigtable_fdw.as_of = '2024-01-03';
SELECT failure($$INSERT INTO t (id, v) VALUES ('x', 'y')$$);
SELECT failure($$UPDATE t SET v = 'y'$$);
SELECT failure($$DELETE FROM t WHERE id = 'a'$$);
SELECT failure($$TRUNCATE t$$);
EXPLAIN (COSTS OFF) DELETE FROM t WHERE id = 'a';
RESET bigtable_fdw.as_of;
SELECT failure($$UPDATE t SET v = 'y' WHERE as_of = '2024-01-03'$$);
SELECT failure($$DELETE FROM t WHERE as_of = '2024-01-03' AND id = 'a'$$);
SELECT failure($$INSERT INTO t (id, v, as_of) VALUES ('x', 'y', now())$$);
-- but it can be brought back
INSERT INTO t (id, v, n) SELECT id, v, n FROM t WHERE as_of = day(2) AND id = 'a';
SELECT id, v, n FROM t WHERE id = 'a';

-- ---- options ----
SELECT option, f.* FROM unnest('{"as_of ''true'', row_key ''true''","as_of ''true'', family ''f'', qualifier ''q''","as_of ''true'', encoding ''text''","as_of ''maybe''"}'::text[]) option,
  failure(format('CREATE FOREIGN TABLE bad (id timestamptz OPTIONS (%s)) SERVER bt', option)) f;
CREATE FOREIGN TABLE bad (id text OPTIONS (row_key 'true'), at date OPTIONS (as_of 'true')) SERVER bt;
SELECT failure('SELECT * FROM bad');
