-- Projection: only what a query needs is asked for, and no row is lost: one
-- that has none of the needed cells is still a row.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.sparse (id text COLLATE "C" PRIMARY KEY, a text, b int, c text, at timestamptz);
INSERT INTO local.sparse VALUES
  ('1 all', 'a', 1, 'c', '2024-01-01 00:00+00'), ('2 a', 'a', NULL, NULL, '2024-01-01 00:00+00'), ('3 b', NULL, 1, NULL, NULL),
  ('4 c', NULL, NULL, 'c', NULL), ('5 other column', NULL, NULL, NULL, NULL), ('6 other family', NULL, NULL, NULL, NULL), ('7 empty', '', NULL, '', '2024-01-01 00:00+00');
\! $CREATE sparse f g h
SELECT line FROM local.sparse, LATERAL (VALUES (cell(id, 'f:a', a)), (cell(id, 'f:b', b::text)), (cell(id, 'g:c', c))) v(line) WHERE line IS NOT NULL
UNION ALL SELECT cell('5 other column', 'f:x', 'x') UNION ALL SELECT cell('6 other family', 'h:a', 'x') UNION ALL SELECT cell('7 empty', 'f:b', '')
\g |$LOAD sparse
CREATE FOREIGN TABLE sparse (
  id text OPTIONS (row_key 'true') COLLATE "C",
  a text OPTIONS (family 'f', qualifier 'a'),
  b int OPTIONS (family 'f', qualifier 'b'),
  c text OPTIONS (family 'g', qualifier 'c'),
  at timestamptz OPTIONS (family 'f', qualifier 'a', cell 'timestamp'))
SERVER bt;

-- what each query asks for
SELECT plan('SELECT * FROM sparse', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT id FROM sparse', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT a FROM sparse', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT a, b FROM sparse', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT a, at FROM sparse', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT a, c FROM sparse', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT count(*) FROM sparse', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT 1 FROM sparse', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT sparse FROM sparse', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT c FROM sparse WHERE b + 1 = 2', 'COSTS OFF, VERBOSE');

-- and what it gets
SELECT id, a, b, c, at FROM sparse;
SELECT compare('SELECT * FROM sparse');
SELECT compare('SELECT id FROM sparse');
SELECT compare('SELECT a FROM sparse');
SELECT compare('SELECT b FROM sparse');
SELECT compare('SELECT c FROM sparse');
SELECT compare('SELECT at FROM sparse');
SELECT compare('SELECT a, b FROM sparse');
SELECT compare('SELECT b, c FROM sparse');
SELECT compare('SELECT a, at FROM sparse');
SELECT compare('SELECT count(*) FROM sparse');
SELECT compare('SELECT count(a), count(b), count(c), count(at) FROM sparse');
SELECT compare('SELECT 1 FROM sparse');
SELECT compare('SELECT sparse FROM sparse');
SELECT compare('SELECT (sparse).b FROM sparse');
SELECT compare('SELECT row_to_json(sparse) FROM sparse');
SELECT compare('SELECT DISTINCT a FROM sparse');
SELECT compare('SELECT a, count(*) FROM sparse GROUP BY a');
SELECT compare('SELECT id FROM sparse WHERE a IS NULL');
SELECT compare('SELECT id FROM sparse WHERE a IS NOT NULL');
SELECT compare('SELECT id FROM sparse WHERE a IS NULL AND b IS NULL AND c IS NULL');
SELECT compare('SELECT id FROM sparse WHERE coalesce(b, 0) = 0');
SELECT compare('SELECT id FROM sparse WHERE b IS NOT NULL OR c IS NOT NULL');
SELECT compare('SELECT count(*) FROM sparse WHERE b IS NULL');
SELECT compare('SELECT c FROM sparse WHERE b + 1 = 2');
SELECT compare('SELECT c FROM sparse WHERE (b + 1 = 2) IS NOT TRUE');
SELECT compare('SELECT EXISTS (SELECT FROM sparse WHERE id = ''6 other family'')');
SELECT compare('SELECT x.id, y.c FROM sparse x LEFT JOIN sparse y ON y.id = x.id');
SELECT compare('SELECT id FROM sparse FOR UPDATE');

-- NOT NULL promises a cell in every row: it does without the extra cell
ALTER FOREIGN TABLE sparse ALTER a SET NOT NULL;
SELECT plan('SELECT * FROM sparse', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT a FROM sparse', 'COSTS OFF, VERBOSE');
SELECT plan('SELECT b FROM sparse', 'COSTS OFF, VERBOSE');
SELECT compare($$SELECT a, b FROM sparse WHERE id IN ('1 all', '2 a')$$);
SELECT compare($$SELECT b FROM sparse$$);
ALTER FOREIGN TABLE sparse ALTER a DROP NOT NULL;
ALTER FOREIGN TABLE sparse ALTER id SET NOT NULL;
SELECT compare('SELECT id, a FROM sparse');

-- system columns
SELECT tableoid::regclass, id FROM sparse WHERE id < '3';
SELECT tableoid::regclass, count(*) FROM sparse GROUP BY 1;
SELECT plan('SELECT tableoid FROM sparse', 'COSTS OFF, VERBOSE');
SELECT ctid FROM sparse WHERE id < '2';
SELECT failure('SELECT xmin FROM sparse');
SELECT failure('SELECT cmax FROM sparse');
SELECT id FROM sparse WHERE ctid = '(0,1)';

-- so many columns that their names fill the largest filter allowed
DO $$ BEGIN
  EXECUTE (SELECT format('CREATE FOREIGN TABLE wide (id text OPTIONS (row_key ''true''), %s) SERVER bt OPTIONS (table_name ''sparse'')',
    string_agg(format('c%s text OPTIONS (family %L, qualifier %L)', i, CASE i % 2 WHEN 0 THEN 'f' ELSE 'g' END, repeat('q', 40) || i), ', '))
  FROM generate_series(1, 800) i);
END $$;
ALTER FOREIGN TABLE wide ADD a text OPTIONS (family 'f', qualifier 'a'), ADD c text OPTIONS (family 'g', qualifier 'c');
SELECT count(*), count(wide), count(c800), count(a), count(c) FROM wide WHERE wide IS NOT NULL OR wide IS NULL OR true;
SELECT (wide).a, (wide).c, (wide).c1 FROM (SELECT wide FROM wide OFFSET 0) s;
SELECT length(p) < 400, p LIKE '%family "%' FROM plan('SELECT wide FROM wide', 'COSTS OFF, VERBOSE') p WHERE p LIKE '%Row Filter%';
