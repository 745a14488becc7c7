-- Many keys or ranges, read by several streams at once: the rows are those of one.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int);
INSERT INTO local.t SELECT to_char(i, 'FM00000'), i FROM generate_series(1, 6000) i;
\! $CREATE t f
SELECT cell(id, 'f:n', n::text) FROM local.t
\g |$LOAD t
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt;
ANALYZE local.t;

-- A query with 5,000 keys for %s, of which each third does not exist and some
-- are there twice: its rows by one, three and eight streams, beside the local
-- copy's.
CREATE FUNCTION with_keys(query text) RETURNS text LANGUAGE sql AS $$
  SELECT format(query, string_agg(quote_literal(to_char(i * 7919 % 5003, 'FM00000') || CASE i % 3 WHEN 0 THEN 'x' ELSE '' END), ', ' ORDER BY i))
  FROM generate_series(1, 5000) i
$$;
CREATE FUNCTION by_streams(query text, ordered boolean DEFAULT false) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
  FOREACH n IN ARRAY '{1,3,8}'::int[] LOOP
    PERFORM set_config('bigtable_fdw.max_streams', n::text, false);
    RETURN NEXT format('%s at most: %s; %s', n, compare(query, ordered), counters(query));
  END LOOP;
END $$;

SELECT by_streams(with_keys('SELECT * FROM t WHERE id IN (%s)'));
SELECT by_streams(with_keys('SELECT * FROM t WHERE id IN (%s) ORDER BY id'), true);
SELECT by_streams(with_keys('SELECT count(*), sum(n) FROM t WHERE id IN (%s)'));
SELECT by_streams(with_keys('SELECT * FROM t WHERE id IN (%s) AND n %% 7 = 3 ORDER BY id'), true);
SELECT by_streams(with_keys('SELECT * FROM t WHERE id IN (%s) AND id > ''03000'' ORDER BY id LIMIT 700 OFFSET 50'), true);
SELECT by_streams(with_keys('SELECT min(id), max(n) FROM (SELECT * FROM t WHERE id IN (%s) ORDER BY id LIMIT 2500) s'));
SELECT by_streams(with_keys('SELECT * FROM t WHERE id = ANY (ARRAY[%s]) OR id LIKE ''00%%'' OR id >= ''05990'''));
SELECT by_streams('SELECT * FROM t WHERE id LIKE ''01%'' OR id LIKE ''03%'' OR id > ''05000''');
SELECT by_streams('SELECT * FROM t WHERE id LIKE ''01%'' OR id LIKE ''03%'' OR id > ''05000'' ORDER BY id', true);

-- keys that are known only when the scan begins, again and again
SET bigtable_fdw.max_streams = 4;
PREPARE by_keys(text[]) AS SELECT count(*), sum(n) FROM t WHERE id = ANY ($1);
SET plan_cache_mode = force_generic_plan;
SELECT array_agg(to_char(i, 'FM00000')) FILTER (WHERE i <= 30) AS few, array_agg(to_char(i, 'FM00000')) AS many FROM generate_series(1, 9000) i \gset
EXECUTE by_keys(:'few');
EXECUTE by_keys(:'many');
EXECUTE by_keys(:'few');
EXECUTE by_keys('{}');
EXECUTE by_keys(NULL);
RESET plan_cache_mode;
SELECT compare($$SELECT g, s.* FROM (SELECT g, ARRAY(SELECT to_char(i * g, 'FM00000') FROM generate_series(1, 400) i) AS ids FROM generate_series(1, 4) g OFFSET 0) a,
  LATERAL (SELECT * FROM t WHERE id = ANY (a.ids)) s$$);
SELECT compare(with_keys($$SELECT a.id, b.n FROM t a JOIN t b USING (id) WHERE a.id IN (%1$s) AND b.id IN (%1$s) ORDER BY id$$), true);

-- a scan that ends early, and a cursor that stays open beside others
SELECT count(*) FROM (SELECT n FROM t WHERE id <> '03000' LIMIT 3) s;
SELECT EXISTS (SELECT FROM t WHERE n > 0 AND (id < '02000' OR id > '04000'));
BEGIN;
SELECT with_keys('DECLARE c CURSOR FOR SELECT id FROM t WHERE id IN (%s) ORDER BY id') AS declare \gset
:declare;
FETCH 3 FROM c;
SELECT compare(with_keys('SELECT count(*) FROM t WHERE id IN (%s)'));
MOVE 3000 FROM c;
FETCH 2 FROM c;
SELECT with_keys('SELECT id FROM local.t WHERE id IN (%s) ORDER BY id OFFSET 3003 LIMIT 2') AS "check" \gset
:check;
CLOSE c;
COMMIT;

-- writes find their rows so, too
SELECT change(with_keys('UPDATE t SET n = -n WHERE id IN (%s) AND n %% 2 = 0'));
SELECT change($$DELETE FROM t WHERE id BETWEEN '01000' AND '01999' OR id BETWEEN '04000' AND '04999'$$);
SELECT change(with_keys('DELETE FROM t WHERE id IN (%s) AND n < 0'));

-- the setting
SET bigtable_fdw.max_streams = 0;
SET bigtable_fdw.max_streams = 65;
SHOW bigtable_fdw.max_streams;
RESET bigtable_fdw.max_streams;
SHOW bigtable_fdw.max_streams;
