-- Whole families and rows as jsonb: reading.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.cells (key text, col bytea, value bytea, ts bigint);
INSERT INTO local.cells SELECT key, col, value, 1704067200000000 + hour * 3600000000
FROM (VALUES ('a', 'tag:color'::bytea, 'red'::bytea, 2), ('a', 'tag:color', 'old', 1), ('a', 'tag:size', '', 1), ('a', 'info:name', 'Ann', 1), ('a', 'n:visits', '\x0000000000000007', 1), ('a', 'n:last', '\xfffffffffffffffe', 1),
  ('b', convert_to('tag:größe', 'UTF8'), convert_to('üß', 'UTF8'), 1), ('b', 'tag:'::bytea || '\x00ff', 'binary key', 1), ('b', convert_to('tag:\x41', 'UTF8'), 'backslash', 1), ('b', 'tag:bin', '\xff00', 1), ('b', 'tag:nul', '\x610062', 1), ('b', 'tag:', 'empty', 1),
  ('b', 'n:text', 'abc', 1), ('b', 'n:eight', 'abcdefgh', 1), ('b', 'n:bin', '\xffff', 1), ('c', 'info:name', 'Cid', 1), ('d', 'tag:$bin', 'YQ==', 1), ('d', 'tag:bin', 'x', 1)) v(key, col, value, hour);
\! $CREATE t tag info n
SELECT cell(convert_to(key, 'UTF8'), col, value, ts) FROM local.cells \g |$LOAD t
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", tag jsonb OPTIONS (family 'tag'), n jsonb OPTIONS (family 'n', encoding 'binary'), nt jsonb OPTIONS (family 'n'),
  doc jsonb OPTIONS (row_json 'true'), bdoc jsonb OPTIONS (row_json 'true', encoding 'binary'), name text OPTIONS (family 'info', qualifier 'name') COLLATE "C",
  color text OPTIONS (family 'tag', qualifier 'color'), colors text[] OPTIONS (family 'tag', qualifier 'color', max_versions '5')) SERVER bt;

-- the local copy is made of the cells by SQL
CREATE FUNCTION test.is_text(b bytea) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM convert_from(b, 'UTF8'); RETURN true; EXCEPTION WHEN OTHERS THEN RETURN false; END $$;
CREATE FUNCTION test.key_json(q bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN substr(q, 1, 2) = '\x5c78' OR NOT is_text(q) THEN '\x' || encode(q, 'hex') ELSE convert_from(q, 'UTF8') END $$;
CREATE FUNCTION test.value_json(b bytea, form text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN form = 'binary' AND length(b) = 8 THEN to_jsonb(('x' || encode(b, 'hex'))::bit(64)::bigint)
    WHEN is_text(b) THEN to_jsonb(convert_from(b, 'UTF8')) ELSE jsonb_build_object('$bin', encode(b, 'base64')) END
$$;
CREATE FUNCTION test.family_of(col bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT convert_from(substr(col, 1, position(':'::bytea in col) - 1), 'UTF8') $$;
CREATE FUNCTION test.family_json(k text, f text, form text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_object_agg(key_json(substr(col, length(f) + 2)), value_json(value, form))
  FROM (SELECT DISTINCT ON (col) col, value FROM local.cells WHERE key = k AND family_of(col) = f ORDER BY col, ts DESC) c
$$;
CREATE FUNCTION test.row_json(k text, form text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_object_agg(f, family_json(k, f, form)) FROM (SELECT DISTINCT family_of(col) AS f FROM local.cells WHERE key = k) c
$$;
CREATE TABLE local.t AS SELECT key AS id, family_json(key, 'tag', 'text') AS tag, family_json(key, 'n', 'binary') AS n, family_json(key, 'n', 'text') AS nt, row_json(key, 'text') AS doc, row_json(key, 'binary') AS bdoc,
  family_json(key, 'info', 'text')->>'name' AS name, family_json(key, 'tag', 'text')->>'color' AS color, CASE key WHEN 'a' THEN '{red,old}'::text[] END AS colors
FROM (SELECT DISTINCT key FROM local.cells) c;
SELECT id, tag, n FROM t ORDER BY id;
SELECT id, doc FROM t ORDER BY id;
SELECT compare('SELECT * FROM t');
SELECT compare(format('SELECT id, %s FROM t', columns)) AS compared, count(*) FROM unnest('{tag,n,doc,name,color,colors}'::text[]) a, unnest('{tag,nt,bdoc,name,color,colors,id}'::text[]) b, LATERAL (SELECT a || ', ' || b AS columns) c GROUP BY 1;

-- a family is asked for by its name, a row without a filter; nothing twice
SELECT plan('SELECT tag FROM t', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT tag, color, name FROM t', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT tag, n, colors FROM t', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT doc FROM t', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT doc, tag, colors FROM t', 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT doc FROM t WHERE name = 'Ann'$$, 'COSTS OFF, VERBOSE');
SELECT compare($$SELECT doc, tag, colors, color FROM t WHERE name = 'Ann'$$);
SELECT check_query('SELECT id, tag FROM t WHERE tag IS NOT NULL');
SELECT check_query('SELECT id FROM t WHERE tag IS NULL');
SELECT check_query($$SELECT id FROM t WHERE tag @> '{"color": "red"}'$$);
SELECT check_query('SELECT count(*), count(tag), count(n) FROM t');
SELECT check_query($$SELECT id, key, value FROM t, jsonb_each_text(tag) WHERE id > 'a'$$);
SELECT check_query('SELECT (jsonb_each(doc)).key, count(*) FROM t GROUP BY 1');

-- many cells, and names that a regular expression must not take for its own
\! $CREATE wide a.b axb
SELECT cell('r', 'a.b:q' || i, i::text) FROM generate_series(1, 3000) i UNION ALL SELECT cell('r', 'axb:q', 'other') \g |$LOAD wide
CREATE FOREIGN TABLE wide (id text OPTIONS (row_key 'true'), ab jsonb OPTIONS (family 'a.b'), doc jsonb OPTIONS (row_json 'true')) SERVER bt;
SELECT (SELECT count(*) FROM jsonb_object_keys(ab)), ab->>'q77', ab ? 'q', doc->'axb' FROM wide;

-- a family that is not there
CREATE FOREIGN TABLE missing (id text OPTIONS (row_key 'true'), x jsonb OPTIONS (family 'no')) SERVER bt OPTIONS (table_name 't');
SELECT failure('SELECT * FROM missing');

-- other encodings; options that contradict each other, and types
ALTER FOREIGN TABLE t ALTER n OPTIONS (SET encoding 'ordered');
SELECT id, n FROM t WHERE id = 'b';
ALTER FOREIGN TABLE t ALTER n OPTIONS (SET encoding 'hex');
SELECT failure('SELECT * FROM t');
-- one that is inherited applies where it fits
ALTER FOREIGN TABLE t ALTER n OPTIONS (DROP encoding), ALTER name OPTIONS (ADD encoding 'text'), ALTER id OPTIONS (ADD encoding 'text'), OPTIONS (ADD encoding 'base64');
SELECT id, n, name FROM t ORDER BY id;
SELECT option, f.* FROM unnest('{"n json OPTIONS (family ''f'')","n text OPTIONS (family ''f'')","n json OPTIONS (row_json ''true'')","n jsonb[] OPTIONS (family ''f'')","n jsonb OPTIONS (row_json ''true'', family ''f'')",
  "n jsonb OPTIONS (row_json ''true'', row_key ''true'')","n jsonb OPTIONS (family ''f'', cell ''history'')","n jsonb OPTIONS (family ''f'', max_versions ''2'')","n timestamptz OPTIONS (row_json ''true'', as_of ''true'')",
  "n jsonb OPTIONS (row_json ''maybe'')","n jsonb OPTIONS (qualifier ''q'')"}'::text[]) option,
  LATERAL (SELECT failure(format('DROP FOREIGN TABLE IF EXISTS bad; CREATE FOREIGN TABLE bad (id text OPTIONS (row_key ''true''), %s) SERVER bt; SELECT * FROM bad', option))) f;
