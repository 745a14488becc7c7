-- Several versions of a cell: arrays of values and of timestamps, and history.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

-- ---- reading: the local copy is made of the cells by SQL ----
CREATE TABLE local.cells (key text, col text, value bytea, ts bigint);
INSERT INTO local.cells SELECT key, 'f:' || col, value, 1704067200000000 + hour * 3600000000
FROM (VALUES ('a', 't', 'one'::bytea, 1), ('a', 't', 'two', 2), ('a', 't', 'three', 3), ('a', 'n', '10', 1), ('a', 'n', '-20', 5), ('a', 'n', '', 7),
  ('b', 't', 'only', 1), ('b', 'b', '\x0000000000000005', 1), ('b', 'b', '\x0006', 2), ('b', 'b', '\x07', 3), ('c', 't', '', 1), ('c', 't', '\xff00', 2), ('c', 'o', '\x80', 1), ('c', 'o', '\xc040', 4),
  ('d', 'x', 'unmapped', 1)) v(key, col, value, hour);
\! $CREATE t f
SELECT cell(key, col, value, ts) FROM local.cells \g |$LOAD t
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C",
  t bytea OPTIONS (family 'f', qualifier 't'), tt bytea[] OPTIONS (family 'f', qualifier 't', max_versions '2'), tts timestamptz[] OPTIONS (family 'f', qualifier 't', max_versions '2', cell 'timestamp'),
  ta bytea[] OPTIONS (family 'f', qualifier 't', max_versions '2147483647'), at timestamptz OPTIONS (family 'f', qualifier 't', cell 'timestamp'),
  nn int[] OPTIONS (family 'f', qualifier 'n', max_versions '9'), bb bigint[] OPTIONS (family 'f', qualifier 'b', max_versions '9', encoding 'binary'),
  oo smallint[] OPTIONS (family 'f', qualifier 'o', max_versions '1', encoding 'ordered'), th jsonb OPTIONS (family 'f', qualifier 't', cell 'history'),
  bh jsonb OPTIONS (family 'f', qualifier 'b', cell 'history', max_versions '2', encoding 'binary'), oh jsonb OPTIONS (family 'f', qualifier 'o', cell 'history', encoding 'ordered')) SERVER bt;
CREATE FUNCTION test.versions(k text, c text, n int) RETURNS TABLE (value bytea, ts timestamptz) LANGUAGE sql AS $$
  SELECT value, 'epoch'::timestamptz + ts * interval '1 microsecond' FROM local.cells WHERE key = k AND col = c ORDER BY cells.ts DESC LIMIT n
$$;
CREATE TABLE local.t AS SELECT key AS id,
  (SELECT value FROM versions(key, 'f:t', 1)) AS t, (SELECT array_agg(value) FROM versions(key, 'f:t', 2)) AS tt, (SELECT array_agg(ts) FROM versions(key, 'f:t', 2)) AS tts,
  (SELECT array_agg(value) FROM versions(key, 'f:t', 99)) AS ta, (SELECT ts FROM versions(key, 'f:t', 1)) AS at,
  (SELECT array_agg(nullif(convert_from(value, 'UTF8'), '')::int) FROM versions(key, 'f:n', 9)) AS nn,
  CASE key WHEN 'b' THEN '{7,6,5}'::bigint[] END AS bb, CASE key WHEN 'c' THEN '{64}'::smallint[] END AS oo
FROM (SELECT DISTINCT key FROM local.cells) c;
SELECT id, t, tt, tts, ta, nn, bb, oo FROM t ORDER BY id;
SELECT compare('SELECT id, t, tt, tts, ta, at, nn, bb, oo FROM t');
SELECT id, th, bh, oh FROM t ORDER BY id;

-- each is asked for in as many versions as are needed
SELECT plan('SELECT t FROM t', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT tt FROM t', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT t, tt, nn, ta FROM t', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT t, nn, at FROM t', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT th FROM t WHERE nn IS NOT NULL', 'COSTS OFF, VERBOSE');
-- tests look at the newest version
SELECT check_query($$SELECT id, tt FROM t WHERE t = 'three'$$);
SELECT check_query($$SELECT id, tt FROM t WHERE t = 'two'$$);
SELECT check_query($$SELECT id, ta FROM t WHERE 'one' = ANY (ta)$$);
SELECT check_query($$SELECT id, tt, tts FROM t WHERE at >= '2024-01-01 02:00+00'$$);
SELECT check_query($$SELECT id FROM t WHERE tts[1] >= '2024-01-01 02:00+00' AND cardinality(tt) = 2$$);
SELECT check_query('SELECT id, nn FROM t WHERE nn IS NOT NULL');
SELECT check_query('SELECT id FROM t WHERE nn IS NULL AND bb IS NULL');
SELECT check_query('SELECT count(*), count(tt) FROM t');
SELECT check_query($$SELECT id, v, n FROM t, unnest(tt) WITH ORDINALITY u(v, n) WHERE id IN ('a', 'c')$$);

-- values that do not decode, in any of the versions
SELECT failure('ALTER FOREIGN TABLE t ALTER tt TYPE text[]'), failure('SELECT tt FROM t');
ALTER FOREIGN TABLE t OPTIONS (ADD on_decode_error 'null');
SELECT id, tt FROM t ORDER BY id;
SELECT line FROM plan('SELECT tt FROM t', 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF') line WHERE line ~ 'Decoded';
ALTER FOREIGN TABLE t OPTIONS (DROP on_decode_error);

-- ---- writing: what is written is read ----
CREATE FOREIGN TABLE w (id text OPTIONS (row_key 'true') COLLATE "C", v text[] OPTIONS (family 'f', qualifier 'v', max_versions '3'),
  ts timestamptz[] OPTIONS (family 'f', qualifier 'v', max_versions '3', cell 'timestamp'), n int[] OPTIONS (family 'f', qualifier 'n', max_versions '5', encoding 'binary'),
  p text OPTIONS (family 'f', qualifier 'p')) SERVER bt;
CREATE TABLE local.w (id text, v text[], ts timestamptz[], n int[], p text);
\! $CREATE w f
SELECT change($$INSERT INTO w (id, v, n) VALUES ('a', '{new,old}', '{3,2,1}'), ('b', '{one}', NULL), ('c', NULL, '{-5}'), ('d', '{"",a,b}', '{0}')$$, query => 'SELECT id, v, n, p FROM w');
SELECT change($$INSERT INTO w VALUES ('e', '{x,y}', '{2024-01-02 00:00+00,2024-01-01 00:00+00}', NULL, 'p')$$, query => $$SELECT * FROM w WHERE id = 'e'$$);
SELECT change($$UPDATE w SET n = n || 7 WHERE id = 'a'$$, query => 'SELECT id, v, n, p FROM w');
SELECT change($$UPDATE w SET v = ARRAY['next'] || v[1:2], p = 'changed' WHERE id IN ('a', 'b')$$, query => 'SELECT id, v, n, p FROM w');
SELECT change($$UPDATE w SET v = NULL WHERE id = 'd'$$, query => 'SELECT id, v, n, p FROM w');
SELECT change($$UPDATE w SET ts = '{2024-02-02 00:00+00,2024-02-01 00:00+00}' WHERE id = 'e'$$, query => $$SELECT * FROM w WHERE id = 'e'$$);
SELECT change($$UPDATE w SET v = '{z}', ts = '{2024-03-01 00:00+00}' WHERE id = 'e'$$, query => $$SELECT * FROM w WHERE id = 'e'$$);
\set cells `$READ w`
SELECT * FROM written(:'cells');
SELECT ts FROM cells(:'cells') WHERE key = 'e' AND col = 'f:v';
-- a millisecond apart
SELECT DISTINCT max(ts) OVER w - ts AS us, row_number() OVER w FROM cells(:'cells') WHERE key = 'a' WINDOW w AS (PARTITION BY col ORDER BY ts DESC) ORDER BY 1;
-- INSERT adds versions to a row that is there; with write_mode replace it replaces them
INSERT INTO w (id, n) VALUES ('c', '{-6}');
SELECT n FROM w WHERE id = 'c';
ALTER FOREIGN TABLE w OPTIONS (ADD write_mode 'replace');
INSERT INTO w (id, n) VALUES ('c', '{8,9}');
SELECT n FROM w WHERE id = 'c';
-- what would not be read back
SELECT failure($$INSERT INTO w (id, n) VALUES ('x', '{}')$$);
SELECT failure($$INSERT INTO w (id, n) VALUES ('x', '{1,NULL}')$$);
SELECT failure($$INSERT INTO w (id, n) VALUES ('x', '{{1,2},{3,4}}')$$);
SELECT failure($$INSERT INTO w (id, v) VALUES ('x', '{1,2,3,4}')$$);
SELECT failure($$INSERT INTO w (id, ts) VALUES ('x', '{2024-01-01 00:00+00}')$$);
SELECT failure($$INSERT INTO w (id, v, ts) VALUES ('x', '{1,2}', '{2024-01-01 00:00+00}')$$);
SELECT failure($$INSERT INTO w (id, v, ts) VALUES ('x', '{1,2}', '{2024-01-01 00:00+00,2024-01-02 00:00+00}')$$);
SELECT failure($$INSERT INTO t (id, th) VALUES ('x', '[]')$$);
SELECT failure($$UPDATE t SET th = '[]' WHERE id = 'a'$$);

-- ---- contradictory options ----
SELECT option, f.* FROM unnest('{"n int OPTIONS (family ''f'', qualifier ''n'', max_versions ''2'')","n jsonb OPTIONS (family ''f'', qualifier ''n'', max_versions ''2'')",
  "n timestamptz[] OPTIONS (family ''f'', qualifier ''n'', cell ''timestamp'')","n timestamptz OPTIONS (family ''f'', qualifier ''n'', cell ''timestamp'', max_versions ''2'')",
  "n json OPTIONS (family ''f'', qualifier ''n'', cell ''history'')","n jsonb[] OPTIONS (family ''f'', qualifier ''n'', cell ''history'', max_versions ''2'')",
  "n jsonb OPTIONS (family ''f'', qualifier ''n'', cell ''history'', encoding ''hex'')","n text[] OPTIONS (family ''f'', qualifier ''n'', max_versions ''2'', encoding ''ordered'')"}'::text[]) option,
  LATERAL (SELECT failure(format('DROP FOREIGN TABLE IF EXISTS bad; CREATE FOREIGN TABLE bad (id text OPTIONS (row_key ''true''), %s) SERVER bt; SELECT * FROM bad', option))) f;
SELECT option, f.* FROM unnest('{"max_versions ''0''","max_versions ''many''","row_key ''true'', max_versions ''2''","row_key ''true'', cell ''history''"}'::text[]) option,
  failure(format('CREATE FOREIGN TABLE bad (id text OPTIONS (%s)) SERVER bt', option)) f;
