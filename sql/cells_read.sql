-- layout 'cells': a row for each cell, all versions of it. What is pushed down,
-- and that it changes nothing.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.c (row_key bytea, family text COLLATE "C", qualifier bytea, "timestamp" timestamptz, value bytea, labels text[] DEFAULT '{}');
INSERT INTO local.c (row_key, family, qualifier, "timestamp", value)
  SELECT convert_to('user#' || u, 'UTF8'), f, q, '2024-01-01'::timestamptz + v * interval '1 day', convert_to('v' || (u * v) % 7, 'UTF8')
  FROM generate_series(1, 9) u, unnest(ARRAY['info', 'stats', 'tag.x']) f, unnest(ARRAY['name', 'n', 'a.b', 'age']::bytea[]) q, generate_series(1, 3) v
  WHERE (u + length(q) + v) % 3 > 0;
INSERT INTO local.c (row_key, family, qualifier, "timestamp", value) VALUES
  ('\x00', 'info', '', '2024-01-01', 'empty qualifier'), ('\xff00', 'info', '\x00ff', '2024-01-01', ''),
  ('\xff00', 'stats', '\x0a', '2024-01-01', '\x00'), ('k', 'info', convert_to('größe', 'UTF8'), '2024-01-01', convert_to('ü', 'UTF8')),
  ('k', 'info', 'a+b', '2024-01-01', 'x'), ('k', 'info', 'aab', '2024-01-01', 'y'), ('k', 'info', 'a%b', '1970-01-01', ''),
  ('k', 'info', 'n', '2024-01-01 00:00:00.001', 'ms'), ('k', 'info', 'n', '2024-01-01 00:00:00.002', 'ms');
\! $CREATE c info stats tag.x
SELECT cell(row_key, convert_to(family || ':', 'UTF8') || qualifier, value, (extract(epoch FROM "timestamp") * 1000000)::bigint) FROM local.c
\g |$LOAD c
CREATE FOREIGN TABLE c (row_key bytea, family text COLLATE "C", qualifier bytea, "timestamp" timestamptz, value bytea, labels text[])
  SERVER bt OPTIONS (layout 'cells');

SELECT check_query('SELECT * FROM c');
SELECT * FROM c WHERE row_key = 'k';
SELECT check_query('SELECT count(*) FROM c');
SELECT counters('SELECT count(*) FROM c');
SELECT plan('SELECT count(*) FROM c', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT value FROM c', 'COSTS OFF, VERBOSE');

-- row keys
SELECT check_query($$SELECT * FROM c WHERE row_key = 'user#3'$$);
SELECT check_query($$SELECT * FROM c WHERE row_key IN ('user#3', 'k', 'none')$$);
SELECT check_query($$SELECT * FROM c WHERE row_key > 'user#3' AND row_key <= '\xff'$$);
SELECT check_query($$SELECT * FROM c WHERE row_key LIKE 'user%'$$);
SELECT compare($$SELECT * FROM c WHERE row_key = 'k' AND row_key = 'l'$$);
SELECT check_query($$SELECT * FROM c WHERE row_key = 'k' AND row_key > 'l'$$);

-- Shows the plan with the filter, and compares.
CREATE FUNCTION filtered(condition text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT plan_json('SELECT * FROM c WHERE ' || condition, 'COSTS OFF, VERBOSE')->>'Row Filter'
  UNION ALL SELECT compare('SELECT * FROM c WHERE ' || condition)
  UNION ALL SELECT counters('SELECT * FROM c WHERE ' || condition)
$$;

-- families
SELECT filtered($$family = 'stats'$$);
SELECT filtered($$family IN ('stats', 'tag.x')$$);
SELECT filtered($$family LIKE 'tag%'$$);
SELECT filtered($$family LIKE 'tag.%'$$);
SELECT filtered($$family ^@ 's'$$);
SELECT filtered($$family > 'info'$$);
SELECT filtered($$family <> 'info'$$);
SELECT filtered($$family = 'tagsx'$$);
SELECT filtered($$family = ''$$);
SELECT filtered($$family = 'größe'$$);
SELECT filtered($$family IS NOT NULL$$);
SELECT filtered($$family IS NULL$$);

-- qualifiers, in known families and in all
SELECT filtered($$qualifier = 'name'$$);
SELECT filtered($$family = 'info' AND qualifier = 'name'$$);
SELECT filtered($$family = 'info' AND qualifier IN ('name', 'n', '')$$);
SELECT filtered($$family IN ('info', 'stats') AND qualifier IN ('name', 'age')$$);
SELECT filtered($$qualifier IN ('name', 'a.b', 'a+b')$$);
SELECT filtered($$qualifier = 'a.b'$$);
SELECT filtered($$qualifier = 'a+b'$$);
SELECT filtered($$qualifier LIKE 'a%'$$);
SELECT filtered($$qualifier LIKE 'a\\%%'$$);
SELECT filtered($$family = 'info' AND qualifier LIKE 'a%'$$);
SELECT filtered($$family = 'info' AND qualifier >= 'a.' AND qualifier < 'age'$$);
SELECT filtered($$family IN ('info', 'stats') AND qualifier > 'a'$$);
SELECT filtered($$qualifier > 'age'$$);
SELECT filtered($$qualifier = ''$$);
SELECT filtered($$family = 'info' AND qualifier = ''$$);
SELECT filtered($$family = 'info' AND qualifier <= ''$$);
SELECT filtered($$qualifier = '\x6772c3b6c39f65'$$);
SELECT filtered($$family = 'info' AND qualifier = '\x6772c3b6c39f65'$$);
SELECT filtered($$qualifier = '\x00ff'$$);
SELECT filtered($$family = 'info' AND qualifier = '\x00ff'$$);
SELECT filtered($$qualifier = '\x0a'$$);
SELECT filtered($$qualifier LIKE '\x00ff25'$$);
SELECT filtered($$family LIKE 'i%' AND qualifier LIKE 'n%'$$);
SELECT filtered($$family > 'j' AND qualifier LIKE 'n%'$$);
SELECT compare($$SELECT * FROM c WHERE qualifier = 'n' AND qualifier = 'age'$$);
SELECT filtered($$qualifier = 'n' AND qualifier < 'age'$$);

-- timestamps: in milliseconds, so the filter may let more pass
SELECT filtered($$"timestamp" = '2024-01-02'$$);
SELECT filtered($$"timestamp" >= '2024-01-03'$$);
SELECT filtered($$"timestamp" < '2024-01-03' AND "timestamp" > '2024-01-01 00:00:00.0015'$$);
SELECT filtered($$"timestamp" < '2024-01-01 00:00:00.0015'$$);
SELECT filtered($$"timestamp" > '2024-01-01 00:00:00.001' AND "timestamp" < '2024-01-01 00:00:00.002'$$);
SELECT filtered($$"timestamp" IN ('2024-01-02', '2024-01-04')$$);
SELECT filtered($$"timestamp" < 'epoch'$$);
SELECT filtered($$"timestamp" <= 'epoch'$$);
SELECT filtered($$"timestamp" < 'infinity'$$);

-- as of a time
SET bigtable_fdw.as_of = '2024-01-02 12:00';
SELECT plan_json($$SELECT * FROM c WHERE family = 'info'$$, 'COSTS OFF, VERBOSE')->>'Row Filter';
SELECT count(*), max("timestamp") FROM c;
SELECT count(*), max("timestamp") FROM local.c WHERE "timestamp" <= '2024-01-02 12:00';
SELECT failure($$DELETE FROM c$$);
RESET bigtable_fdw.as_of;

-- values
SELECT filtered($$value = 'v3'$$);
SELECT filtered($$value IN ('v3', 'v5', '')$$);
SELECT filtered($$value = ''$$);
SELECT filtered($$value > 'v4'$$);
SELECT filtered($$value LIKE 'v%'$$);
SELECT filtered($$value < '\x01'$$);

-- all of it
SELECT filtered($$row_key > 'user#2' AND family = 'info' AND qualifier LIKE 'n%' AND "timestamp" >= '2024-01-03' AND value <> 'v1'$$);
SELECT filtered($$family = 'stats' AND qualifier IN ('n', 'age') AND "timestamp" = '2024-01-02' AND value >= 'v2'$$);
SELECT filtered($$family = 'info' AND qualifier = 'n' OR family = 'stats' AND qualifier = 'age'$$);
SELECT filtered($$row_key = 'user#1' AND family = 'info' OR row_key = 'user#2' AND family = 'stats'$$);
SELECT filtered($$family = 'info' OR value = 'v3'$$);
SELECT filtered($$labels = '{}' AND length(value) = 1$$);
SELECT filtered($$family = 'info' AND length(qualifier) > 3$$);

-- too many to ask for
SELECT compare($$SELECT * FROM c WHERE family IN ('info', 'stats') AND qualifier = ANY (SELECT ('q' || i)::bytea FROM generate_series(1, 10) i)$$);
SELECT length(plan_json(format($$SELECT * FROM c WHERE family = 'info' AND qualifier = ANY (%L)$$, ARRAY(SELECT ('q' || i)::bytea FROM generate_series(1, 100) i) || 'n'::bytea), 'COSTS OFF, VERBOSE')->>'Row Filter');
SELECT compare(format($$SELECT * FROM c WHERE family = 'info' AND qualifier = ANY (%L)$$, ARRAY(SELECT ('q' || i)::bytea FROM generate_series(1, 100) i) || 'n'::bytea));
SELECT filtered(format($$family = 'info' AND qualifier = ANY (%L)$$, ARRAY(SELECT ('qualifier' || i)::bytea FROM generate_series(1, 3000) i) || 'n'::bytea));
SELECT filtered(format($$value = ANY (%L)$$, ARRAY(SELECT ('w' || i)::bytea FROM generate_series(1, 101) i) || 'v1'::bytea));

-- order: that of the keys, and no more
SELECT check_query('SELECT * FROM c ORDER BY row_key, family, qualifier, "timestamp" DESC', true);
SELECT plan('SELECT row_key FROM c ORDER BY row_key');
SELECT check_query('SELECT row_key, count(*) FROM c GROUP BY row_key ORDER BY row_key', true);
SELECT check_query('SELECT DISTINCT family, qualifier FROM c');

-- LIMIT: so many rows have as many cells at least
SELECT plan('SELECT row_key FROM c LIMIT 3');
SELECT plan('SELECT row_key FROM c ORDER BY row_key LIMIT 3 OFFSET 2', 'COSTS OFF, VERBOSE');
SELECT compare('SELECT row_key FROM c ORDER BY row_key LIMIT 10', true);
SELECT compare('SELECT row_key FROM c ORDER BY row_key LIMIT 10 OFFSET 15', true);
SELECT compare('SELECT count(*) FROM (SELECT * FROM c LIMIT 20) s');
SELECT counters('SELECT row_key FROM c LIMIT 3');
SELECT compare('SELECT row_key FROM c LIMIT 0');
SELECT plan($$SELECT row_key FROM c WHERE family = 'info' LIMIT 3$$);
SELECT compare($$SELECT count(*) FROM (SELECT * FROM c WHERE family = 'stats' LIMIT 20) s$$);
SELECT compare($$SELECT count(*) FROM (SELECT * FROM c WHERE row_key > 'user' LIMIT 20) s$$);

-- joins, prepared statements, rescans
CREATE TABLE local.keys (k bytea, f text COLLATE "C", q bytea);
INSERT INTO local.keys VALUES ('user#1', 'info', 'n'), ('user#5', 'stats', 'age'), ('user#5', 'stats', 'age'), ('none', 'info', 'n');
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT check_query('SELECT c.* FROM local.keys JOIN c ON row_key = k AND family = f AND qualifier = q');
SET bigtable_fdw.enable_lookup_join = off;
SELECT check_query('SELECT c.* FROM local.keys JOIN c ON row_key = k AND family = f AND qualifier = q');
SELECT check_query('SELECT k, (SELECT count(*) FROM c WHERE row_key = k) FROM local.keys');
SELECT compare('SELECT a.row_key, b.value FROM c a JOIN c b USING (row_key, family, qualifier) WHERE a."timestamp" < b."timestamp"');
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET bigtable_fdw.enable_lookup_join;
SET plan_cache_mode = force_generic_plan;
PREPARE p(bytea, text, bytea) AS SELECT row_key, value FROM c WHERE row_key > $1 AND family = $2 AND qualifier = $3 ORDER BY row_key, "timestamp" LIMIT 2;
EXPLAIN (COSTS OFF) EXECUTE p('user#4', 'info', 'n');
EXECUTE p('user#4', 'info', 'n');
EXECUTE p('user#4', 'stats', 'age');
EXECUTE p('user#4', NULL, 'age');
RESET plan_cache_mode;

-- columns in any order, as text, and only some of them
CREATE FOREIGN TABLE texts (value text COLLATE "C", qualifier text COLLATE "C", row_key text COLLATE "C") SERVER bt OPTIONS (table_name 'c', layout 'cells');
SELECT * FROM texts WHERE row_key LIKE 'user#1%' AND qualifier = 'name';
SELECT plan($$SELECT * FROM texts WHERE row_key = 'user#1' AND qualifier < 'b' AND value >= 'v2'$$, 'COSTS OFF, VERBOSE');
SELECT count(*) FROM texts WHERE row_key = 'k' AND value = 'ü' AND qualifier = 'größe';
SELECT failure('SELECT * FROM texts');
SELECT failure($$SELECT qualifier FROM texts WHERE row_key > 'user'$$);
SELECT count(*) FROM texts;
ALTER FOREIGN TABLE texts OPTIONS (ADD on_decode_error 'null');
SELECT count(*), count(value) FROM texts;
SELECT failure($$SELECT qualifier FROM texts WHERE row_key > 'user'$$);
CREATE FOREIGN TABLE families (family text) SERVER bt OPTIONS (table_name 'c', layout 'cells');
SELECT family, count(*) FROM families GROUP BY 1 ORDER BY 1;
CREATE FOREIGN TABLE nothing () SERVER bt OPTIONS (table_name 'c', layout 'cells');
SELECT count(*) = (SELECT count(*) FROM local.c) FROM nothing;
ALTER FOREIGN TABLE c DROP COLUMN labels, ADD COLUMN labels text[];
SELECT * FROM c WHERE row_key = '\x00';
SELECT c FROM c WHERE row_key = '\x00';
SELECT tableoid::regclass, qualifier FROM c WHERE row_key = '\x00';

-- one row of many cells, and an empty table
\! $CREATE wide f
SELECT cell('row', 'f:q' || lpad(i::text, 5, '0'), repeat('x', 100)) FROM generate_series(1, 3000) i
\g |$LOAD wide
CREATE FOREIGN TABLE wide (row_key text, family text, qualifier text, value text) SERVER bt OPTIONS (layout 'cells');
SELECT count(*), count(DISTINCT qualifier), min(qualifier), max(qualifier), sum(length(value)) FROM wide;
SELECT counters('SELECT * FROM wide LIMIT 5');
SELECT (plan_json('SELECT * FROM wide LIMIT 5', 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF')->'Plans'->0->>'Bytes Received')::int < 1500 AS few_bytes;
\! $CREATE empty f
CREATE FOREIGN TABLE empty (row_key text, value text) SERVER bt OPTIONS (layout 'cells');
SELECT * FROM empty;
SELECT count(*) FROM empty;

-- what is not a cell's
SELECT failure($$CREATE FOREIGN TABLE bad (row_key text) SERVER bt OPTIONS (layout 'cell')$$);
SELECT failure($$CREATE FOREIGN TABLE bad (row_key text) SERVER bt OPTIONS (layout 'cells', write_mode 'replace')$$);
SELECT failure($$CREATE FOREIGN TABLE bad (row_key text) SERVER bt OPTIONS (layout 'cells', insert_mode 'strict')$$);
SELECT failure($$CREATE FOREIGN TABLE bad (row_key text) SERVER bt OPTIONS (layout 'cells', encoding 'binary')$$);
CREATE FOREIGN TABLE bad1 (row_key text, name text) SERVER bt OPTIONS (table_name 'c', layout 'cells');
SELECT failure('SELECT * FROM bad1');
CREATE FOREIGN TABLE bad2 (row_key text, value jsonb) SERVER bt OPTIONS (table_name 'c', layout 'cells');
SELECT failure('SELECT * FROM bad2');
CREATE FOREIGN TABLE bad3 (row_key text, value bytea OPTIONS (family 'info', qualifier 'n')) SERVER bt OPTIONS (table_name 'c', layout 'cells');
SELECT failure('SELECT * FROM bad3');
CREATE FOREIGN TABLE bad4 (row_key text, "timestamp" bigint) SERVER bt OPTIONS (table_name 'c', layout 'cells');
SELECT failure('SELECT * FROM bad4');
