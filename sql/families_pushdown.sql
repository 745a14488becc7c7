-- Families as jsonb: only the keys that a query looks at are asked for, and
-- conditions on them are those of cells.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C", tag jsonb, n jsonb, v text COLLATE "C");
INSERT INTO local.t VALUES ('a', '{"color": "red", "size": "5", "x.y": "1"}', '{"visits": 7}', 'one'), ('b', '{"color": "blue", "{": "brace"}', NULL, NULL), ('c', '{"size": ""}', '{"visits": 3, "text": "abc"}', 'two'),
  ('d', NULL, '{"other": 1}', NULL), ('e', '{"color": {"$bin": "/w=="}, "größe": "ß", "\\x00ff": "bin"}', NULL, 'three'), ('f', '{"color": "{\"$bin\": \"/w==\"}"}', NULL, NULL), ('g', NULL, NULL, 'v'), ('h', '{"size": "05", "n": "-7"}', NULL, NULL);
\! $CREATE t tag n f
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", tag jsonb OPTIONS (family 'tag'), n jsonb OPTIONS (family 'n', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v') COLLATE "C") SERVER bt;
INSERT INTO t SELECT * FROM local.t;
-- a version that must not match
SELECT cell('a', 'tag:color', 'old'::text, 1000000) \g |$LOAD t
SELECT compare('SELECT * FROM t');

-- ---- only the keys that are looked at ----
SELECT plan($$SELECT tag->>'color' FROM t$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT tag->>'color', tag->'size', tag['x.y'], v FROM t$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT id, tag->>'\x00ff', tag->>'größe' FROM t$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT max(length(tag->>'color')) FROM t GROUP BY tag->>'size' HAVING count(tag->>'n') < 5$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT tag->>'\x61' FROM t$$, 'COSTS OFF, VERBOSE');
-- all of the family: the column itself, the whole row, whether a key is there
SELECT query, bool_or(line ~ 'family "tag", latest' OR line ~ 'family "tag", ') AS whole FROM unnest('{"SELECT tag, tag->>''color'' FROM t","SELECT t FROM t","SELECT tag ? ''color'' FROM t","SELECT id FROM t WHERE NOT tag ? ''color''","SELECT tag->>v FROM t",
  "SELECT tag->>''color'', (SELECT count(*) FROM jsonb_each(tag)) FROM t","SELECT a.tag->>''color'' FROM t a JOIN t b ON a.tag = b.tag","SELECT tag->>''color'' FROM t FOR UPDATE","SELECT tag->>0 FROM t","SELECT tag#>>''{color}'' FROM t"}'::text[]) query,
  plan(query, 'COSTS OFF, VERBOSE') line GROUP BY 1 ORDER BY 1;
CREATE TABLE queries (number serial, query text);
INSERT INTO queries (query) VALUES
  ($$SELECT tag->>'color' FROM t$$), ($$SELECT id, tag->'color', tag->>'size', tag['x.y'] FROM t$$), ($$SELECT id, tag->>'\x00ff', tag->>'größe', tag->>'{' FROM t$$), ($$SELECT id, tag->>'\x61', tag->>'\xzz' FROM t$$),
  ($$SELECT id, tag ? 'color' FROM t$$), ($$SELECT id FROM t WHERE tag ? 'color'$$), ($$SELECT id FROM t WHERE NOT tag ? 'color'$$), ($$SELECT id FROM t WHERE NOT (tag ? 'color') OR v = 'v'$$), ($$SELECT id FROM t WHERE (tag ? 'color') IS NULL$$),
  ($$SELECT id FROM t WHERE (tag ? 'color') IS NOT TRUE$$), ($$SELECT id, tag->>'size' FROM t WHERE tag ? 'color'$$), ($$SELECT id FROM t WHERE tag ? 'color' AND tag ? 'size'$$), ($$SELECT id FROM t WHERE tag ? '\xzz'$$), ($$SELECT id FROM t WHERE tag ? '\x00ff'$$),
  ($$SELECT id FROM t WHERE tag->>'color' = 'red'$$), ($$SELECT id FROM t WHERE 'red' = tag->>'color'$$), ($$SELECT id FROM t WHERE tag->>'color' IN ('red', 'blue')$$), ($$SELECT id FROM t WHERE tag->>'color' = 'old'$$), ($$SELECT id FROM t WHERE tag->>'color' = '{"$bin": "/w=="}'$$),
  ($$SELECT id FROM t WHERE tag->>'color' <> 'red'$$), ($$SELECT id FROM t WHERE tag->>'color' IS NULL$$), ($$SELECT id FROM t WHERE tag->'color' IS NOT NULL$$), ($$SELECT id FROM t WHERE tag->>'color' IS NOT NULL AND tag->>'size' IS NULL$$),
  ($$SELECT id FROM t WHERE tag->>'color' = 'red' OR tag->>'color' = 'blue'$$), ($$SELECT id FROM t WHERE tag->>'color' = 'red' OR tag->>'size' = ''$$), ($$SELECT id FROM t WHERE tag->>'color' = tag->>'size'$$), ($$SELECT id FROM t WHERE tag->>'color' >= 'c' COLLATE "C"$$),
  ($$SELECT id FROM t WHERE tag->>'size' = '5'$$), ($$SELECT id FROM t WHERE (tag->>'size')::text LIKE '%5'$$), ($$SELECT id FROM t WHERE tag->>'color' LIKE 'r%'$$), ($$SELECT id FROM t WHERE tag->'color' = '"red"'$$),
  ($$SELECT id, n->>'visits' FROM t WHERE (n->>'visits')::int > 3$$), ($$SELECT id FROM t WHERE n->>'visits' = '7'$$), ($$SELECT sum((n->>'visits')::int), sum((n['visits'])::int) FROM t$$), ($$SELECT id FROM t WHERE n ? 'visits' AND v IS NOT NULL$$),
  ($$SELECT count(*) FROM t WHERE tag->>'color' IS NOT NULL$$), ($$SELECT tag->>'color', count(*) FROM t GROUP BY 1$$), ($$SELECT id FROM t ORDER BY tag->>'size', id$$), ($$SELECT DISTINCT tag->>'size' FROM t$$),
  ($$SELECT a.id, b.id FROM t a JOIN t b ON a.tag->>'size' = b.tag->>'size'$$), ($$SELECT id, (SELECT b.tag->>'color' FROM t b WHERE b.id = a.id) FROM t a WHERE a.tag ? 'size'$$), ($$SELECT id, row_number() OVER (PARTITION BY tag->>'color' ORDER BY id) FROM t$$),
  ($$SELECT id, coalesce(tag->>'color', 'none') FROM t WHERE v IS NULL$$), ($$SELECT x.c FROM (SELECT id, tag->>'color' AS c, tag FROM t OFFSET 0) x WHERE x.tag ? 'size'$$), ($$SELECT id FROM t WHERE tag->>'color' = ANY (ARRAY['red', NULL])$$),
  ($$SELECT id FROM t WHERE tag ?| ARRAY['color', 'n']$$), ($$SELECT id FROM t WHERE tag ?& ARRAY['color', 'size']$$), ($$SELECT id FROM t WHERE tag @> '{"size": "5"}' AND tag ? 'color'$$), ($$SELECT tag->>'color', tag->>'size' FROM t WHERE id = 'a'$$);
SELECT compare(query) AS compared, count(*) FROM queries WHERE compare(query) ~ '^DIFFERENT' GROUP BY 1;
SELECT number, compare(query) FROM queries ORDER BY number;

-- ---- conditions on keys ----
SELECT check_query($$SELECT id FROM t WHERE tag ? 'color'$$);
SELECT plan($$SELECT id FROM t WHERE tag ? 'color'$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT id FROM t WHERE tag->>'color' = 'red'$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT tag->>'size' FROM t WHERE tag->>'color' IN ('red', 'blue') AND tag ? '\x00ff'$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT tag FROM t WHERE tag->>'color' = 'red'$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT id FROM t WHERE tag->'size' IS NOT NULL$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT id FROM t WHERE tag->>'size' = '5'$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT id FROM t WHERE tag->>'color' = '{"$bin": "/w=="}'$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT id FROM t WHERE n->>'visits' = '7' AND n ? 'visits'$$, 'COSTS OFF, VERBOSE');
-- parameters
PREPARE p AS SELECT id FROM t WHERE tag->>'color' = $1 ORDER BY id;
SET plan_cache_mode = force_generic_plan;
EXECUTE p('red');
EXECUTE p('{"$bin": "/w=="}');
EXECUTE p(NULL);
EXPLAIN (COSTS OFF) EXECUTE p('red');
RESET plan_cache_mode;
-- a nondeterministic collation is not the server's
CREATE COLLATION test.insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT plan($$SELECT id FROM t WHERE (tag->>'color') COLLATE insensitive = 'RED'$$);
SELECT id FROM t WHERE (tag->>'color') COLLATE insensitive = 'RED';
