-- Random queries on composite keys, each compared with the same query over the
-- local copy: delimited by one and by several bytes, by one that sorts above
-- letters and by zero; of fixed width, signed and flipped; ordered numbers; ordered
-- code; salted.
--
-- The queries follow from the seed alone. From the environment, as in random.sql:
-- BIGTABLE_RANDOM_SEED, BIGTABLE_RANDOM_COUNT, BIGTABLE_TEST_FULL, EMULATOR_REVERSE.
-- A query that differs is shown with its number; to see it again:
-- SELECT * FROM test.run(seed, number, 1).
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
\set ECHO none

\set seed 1
\set count 1000
\set reverse yes
\getenv full BIGTABLE_TEST_FULL
\if :{?full}
\if :full
\set count 10000
\endif
\endif
\getenv seed BIGTABLE_RANDOM_SEED
\getenv count BIGTABLE_RANDOM_COUNT
\getenv reverse EMULATOR_REVERSE
SELECT set_config('test.reverse', :'reverse', false) \g /dev/null

-- ---- the data ----

CREATE FUNCTION one_of(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;

-- A value of a type, of few, with neighbours that begin alike. Letters are chosen
-- below and above the delimiters.
CREATE FUNCTION random_text(letters text[], most int) RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(string_agg(letters[1 + floor(random() * cardinality(letters))::int], ''), '') FROM generate_series(1, floor(random() * (most + 1))::int)
$$;
CREATE FUNCTION random_value(type text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  CASE type
    WHEN 'text' THEN RETURN random_text('{a,a,b,!," ",~,é}', 3);
    WHEN 'colons' THEN RETURN random_text('{a,b,:," "}', 3);
    WHEN 'bytea' THEN RETURN '\x' || random_text('{01,01,02,61,ff}', 2);
    WHEN 'zeros' THEN RETURN '\x' || random_text('{00,00,01,61,ff}', 3);
    WHEN 'boolean' THEN RETURN one_of('true', 'false');
    WHEN 'smallint' THEN RETURN one_of('-32768', '-2', '-1', '0', '1', '35', '256', '32767');
    WHEN 'integer' THEN RETURN one_of('-2147483648', '-65', '-1', '0', '1', '35', '9123', '2147483647');
    WHEN 'bigint' THEN RETURN one_of('-9223372036854775808', '-8193', '-65', '-1', '0', '1', '35', '64', '8192', '9223372036854775807');
    WHEN 'uuid' THEN RETURN md5(floor(random() * 6)::text)::uuid;
    WHEN 'date' THEN RETURN one_of('1969-12-31', '1970-01-01', '1970-02-05', '2024-02-29', '-infinity', 'infinity');
    ELSE RETURN one_of('1969-12-31 23:59:59.999999+00', '1970-01-01 00:00+00', '1970-01-01 00:00:00.000035+00', '2024-01-01 00:00+00', '2024-01-01 00:00:00.000001+00', 'infinity', '-infinity');
  END CASE;
END $$;
CREATE FUNCTION sql_type(kind text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE kind WHEN 'colons' THEN 'text' WHEN 'zeros' THEN 'bytea' ELSE kind END $$;

-- The parts of each table: their kinds, their options.
CREATE TABLE test.tables (tab text, table_options text, kinds text[], options text[]);
INSERT INTO test.tables VALUES
  ('hash', $$key_delimiter '#'$$, '{text,text,integer}', ARRAY['', '', $$, encoding 'binary'$$]),
  ('bar', $$key_delimiter '|'$$, '{text,integer,text}', ARRAY['', '', '']),
  ('zero', $$key_delimiter '\x00'$$, '{text,bytea,text}', ARRAY['', '', '']),
  ('colons', $$key_delimiter '::'$$, '{colons,colons,colons}', ARRAY['', '', '']),
  ('fixed', $$encoding 'binary'$$, '{smallint,boolean,bigint}', ARRAY['', '', $$, reversed 'true'$$]),
  ('flipped', $$encoding 'binary'$$, '{timestamptz,uuid,date}', ARRAY[$$, reversed 'true'$$, $$, reversed 'true'$$, '']),
  ('ordered', $$encoding 'ordered'$$, '{bigint,timestamptz,integer}', ARRAY[$$, reversed 'true'$$, '', $$, reversed 'true', encoding 'binary'$$]),
  ('code', $$key_encoding 'ordered_code'$$, '{text,zeros,bigint}', ARRAY['', $$, reversed 'true'$$, $$, encoding 'ordered'$$]),
  ('empties', $$key_encoding 'ordered_code'$$, '{text,text,zeros}', ARRAY['', '', '']),
  ('salted', $$key_delimiter '|', key_salt '5', key_salt_columns 'a'$$, '{text,bigint,text}', ARRAY['', $$, reversed 'true', encoding 'ordered'$$, '']),
  ('salted2', $$key_encoding 'ordered_code', key_salt '3', key_salt_columns 'c,b'$$, '{smallint,text,uuid}', ARRAY[$$, encoding 'ordered'$$, $$, reversed 'true'$$, $$, encoding 'binary'$$]);

CREATE FUNCTION column_list(kinds text[], options text[]) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s %s %s %s', chr(96 + i), sql_type(kinds[i]), CASE WHEN options IS NOT NULL THEN format('OPTIONS (key_part ''%s''%s)', i, options[i]) END, CASE WHEN sql_type(kinds[i]) = 'text' THEN 'COLLATE "C"' END), ', ' ORDER BY i)
  FROM generate_series(1, cardinality(kinds)) i
$$;
SELECT setseed(0.25) \g /dev/null
DO $$
DECLARE
  t test.tables;
BEGIN
  FOR t IN SELECT * FROM test.tables LOOP
    EXECUTE format('CREATE TABLE local.%I (%s, v text COLLATE "C", PRIMARY KEY (a, b, c))', t.tab, column_list(t.kinds, NULL));
    FOR i IN 1..120 LOOP
      BEGIN
        EXECUTE format('INSERT INTO local.%I VALUES (%L, %L, %L, %s) ON CONFLICT DO NOTHING', t.tab, random_value(t.kinds[1]), random_value(t.kinds[2]), random_value(t.kinds[3]), i);
      END;
    END LOOP;
    EXECUTE format('CREATE FOREIGN TABLE remote.%I (%s, v text OPTIONS (family ''f'', qualifier ''v'') COLLATE "C") SERVER bt OPTIONS (%s)', t.tab, column_list(t.kinds, t.options), t.table_options);
  END LOOP;
  -- what cannot be told from the delimiter, and the key that cannot be
  DELETE FROM local.colons WHERE a ~ '::|:$' OR b ~ '::|:$' OR c ~ '::';
END $$;
\! for t in hash bar zero colons fixed flipped ordered code empties salted salted2; do $CREATE $t f || exit; done
DO $$
DECLARE
  t test.tables;
BEGIN
  FOR t IN SELECT * FROM test.tables LOOP
    EXECUTE format('INSERT INTO remote.%I SELECT * FROM local.%I', t.tab, t.tab);
    EXECUTE format('ANALYZE local.%I', t.tab);
  END LOOP;
END $$;

-- ---- the generator ----

-- A literal, near the values of a part; or its text alone, for a parameter.
CREATE FUNCTION literal(kind text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF random() < 0.02 THEN
    RETURN 'NULL::' || sql_type(kind);
  ELSIF kind IN ('smallint', 'integer', 'bigint') AND random() < 0.3 THEN
    RETURN format('%L::bigint', CASE WHEN random() < 0.5 THEN random_value('bigint') ELSE (random_value('integer')::bigint + one_of('-1', '1')::int)::text END);
  END IF;
  -- some hold a delimiter, as no key does
  RETURN format('%L::%s', random_value(kind) || CASE WHEN sql_type(kind) = 'text' AND random() < 0.1 THEN one_of('#', '|', '::', '#a', '::b') ELSE '' END, sql_type(kind));
END $$;

CREATE FUNCTION leaf(kinds text[], alias text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  p int := one_of('1', '1', '1', '2', '2', '3')::int;
  kind text := kinds[p];
  x text := format('%s.%s', alias, chr(96 + p));
  coll text := CASE WHEN sql_type(kind) = 'text' AND random() < 0.15 THEN one_of(' COLLATE "und-x-icu"', ' COLLATE "POSIX"') ELSE '' END;
BEGIN
  IF kind = 'boolean' AND random() < 0.7 THEN
    RETURN one_of(x, 'NOT ' || x, x || ' IS TRUE', x || ' IS NOT TRUE', x || ' IS FALSE');
  END IF;
  CASE floor(random() * CASE WHEN sql_type(kind) = 'text' THEN 11 ELSE 9 END)::int
    WHEN 0, 1, 2 THEN RETURN format('%s = %s%s', x, literal(kind), coll);
    WHEN 3, 4 THEN RETURN format('%s %s %s%s', x, one_of('<', '<=', '>', '>=', '<>'), literal(kind), coll);
    WHEN 5 THEN RETURN format('%s IN (%s, %s, %s)', x, literal(kind), literal(kind), literal(kind));
    WHEN 6 THEN RETURN format('%s = ANY (%L::%s[])', x, ARRAY[random_value(kind), random_value(kind), NULL]::text, sql_type(kind));
    WHEN 7 THEN RETURN format('%s%s BETWEEN %s AND %s', x, one_of('', ' NOT'), literal(kind), literal(kind));
    WHEN 8 THEN RETURN x || one_of(' IS NULL', ' IS NOT NULL', ' IS NOT NULL');
    WHEN 9 THEN RETURN format('%s LIKE %L', x, regexp_replace(random_value(kind), '([%_\\])', '\\\1', 'g') || one_of('%', '%', '', '_'));
    ELSE RETURN format('%s ^@ %s', x, literal(kind));
  END CASE;
END $$;

-- A comparison of rows, mostly of the first parts in their order.
CREATE FUNCTION rows_leaf(kinds text[], alias text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  parts int[] := CASE floor(random() * 6)::int WHEN 0 THEN '{1,2,3}' WHEN 1 THEN '{1,2,3}' WHEN 2 THEN '{1,2}' WHEN 3 THEN '{1,3}' WHEN 4 THEN '{2,3}' ELSE '{2,1}' END;
  columns text := (SELECT string_agg(format('%s.%s', alias, chr(96 + p)), ', ' ORDER BY o) FROM unnest(parts) WITH ORDINALITY u(p, o));
  vals text := (SELECT string_agg(literal(kinds[p]), ', ' ORDER BY o) FROM unnest(parts) WITH ORDINALITY u(p, o));
  op text := one_of('<', '<=', '>', '>=', '=', '<>');
BEGIN
  RETURN CASE WHEN random() < 0.8 THEN format('(%s) %s (%s)', columns, op, vals) ELSE format('(%s) %s (%s)', vals, op, columns) END;
END $$;

CREATE FUNCTION condition(kinds text[], alias text, depth int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF depth = 0 OR random() < 0.15 THEN
    RETURN CASE WHEN random() < 0.2 THEN rows_leaf(kinds, alias) WHEN random() < 0.05 THEN format('%s.v < %L', alias, '5') ELSE leaf(kinds, alias) END;
  END IF;
  CASE one_of('and', 'and', 'and', 'or', 'or', 'not')
    WHEN 'and' THEN RETURN format('(%s AND %s)', condition(kinds, alias, depth - 1), condition(kinds, alias, depth - 1));
    WHEN 'or' THEN RETURN format('(%s OR %s)', condition(kinds, alias, depth - 1), condition(kinds, alias, depth - 1));
    ELSE RETURN format('NOT (%s)', condition(kinds, alias, depth - 1));
  END CASE;
END $$;

-- All parts, so that the order is one: mostly that of the keys or its reverse.
CREATE FUNCTION random_order(kinds text[], options text[], alias text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  perm int[] := CASE WHEN random() < 0.7 THEN '{1,2,3}' ELSE ARRAY(SELECT i FROM generate_series(1, 3) i ORDER BY random()) END;
  backwards boolean := current_setting('test.reverse') <> 'no' AND random() < 0.5;
  straight boolean := random() < 0.7;
BEGIN
  RETURN (SELECT string_agg(format('%s.%s%s', alias, chr(96 + p), CASE WHEN CASE WHEN straight THEN (options[p] ~ 'reversed') <> backwards ELSE random() < 0.5 END THEN ' DESC' ELSE '' END), ', ' ORDER BY o)
    FROM unnest(perm) WITH ORDINALITY u(p, o));
END $$;

CREATE FUNCTION random_query(OUT query text, OUT ordered boolean) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  t test.tables;
  cond text;
  n int;
BEGIN
  SELECT * INTO t FROM test.tables ORDER BY random() LIMIT 1;
  cond := condition(t.kinds, 'x', 3);
  ordered := false;
  CASE floor(random() * 8)::int
    WHEN 0, 1 THEN query := format('SELECT %s FROM %I x WHERE %s', one_of('x.*', 'a, b, c', 'v', '1', 'b'), t.tab, cond);
    WHEN 2, 3, 4 THEN
      query := format('SELECT a, b, c FROM %I x WHERE %s ORDER BY %s%s', t.tab, one_of(cond, leaf(t.kinds, 'x'), leaf(t.kinds, 'x'), 'true'), random_order(t.kinds, t.options, 'x'),
        one_of('', format(' LIMIT %s', floor(random() * 20)::int), format(' LIMIT %s OFFSET %s', floor(random() * 5)::int, floor(random() * 5)::int)));
      ordered := true;
    WHEN 5 THEN query := format('SELECT count(*), count(v), min(v) FROM %I x WHERE %s', t.tab, cond);
    ELSE
      n := 1 + floor(random() * 3)::int;
      query := format('SELECT x.a, x.b, x.c, y.* FROM %I x %s %I y ON %s WHERE x.v < %L AND %s', t.tab, one_of('JOIN', 'LEFT JOIN'), t.tab,
        (SELECT string_agg(format('%s = %s', CASE WHEN i % 2 = 0 THEN 'x.' ELSE 'y.' END || chr(96 + i), CASE WHEN i % 2 = 0 THEN 'y.' ELSE 'x.' END || chr(96 + i)), ' AND ') FROM generate_series(1, n) i)
          || CASE WHEN n < 3 AND random() < 0.5 THEN format(' AND y.%s %s x.%s', chr(97 + n), one_of('<', '>=', '<>'), chr(97 + n)) ELSE '' END,
        one_of('2', '13', '5'), leaf(t.kinds, one_of('x', 'x', 'y')));
  END CASE;
END $$;

-- ---- the comparison ----

CREATE TABLE test.statistics (name text PRIMARY KEY, value bigint);
INSERT INTO test.statistics VALUES ('executions', 0), ('with rows', 0), ('prepared', 0), ('ranges', 0);

CREATE FUNCTION choose_settings() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT string_agg(set_config(name, CASE WHEN random() < 0.7 THEN 'on' ELSE 'off' END, false), ',')
  FROM unnest('{enable_hashjoin,enable_mergejoin,enable_nestloop,enable_memoize,enable_material,enable_sort,enable_incremental_sort}'::text[]) name
$$;

-- The same query with its literals as parameters, in a generic plan.
CREATE FUNCTION compare_prepared(query text, ordered boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  lits text[] := ARRAY(SELECT m[1] FROM regexp_matches(query, '((?:E?''(?:[^'']|'''')*''|NULL)::(?:text|bytea|boolean|smallint|integer|bigint|uuid|date|timestamptz)(?:\[\])?)', 'g') m);
  prepared text := query;
  remote text[];
  local text[];
  schema text;
BEGIN
  IF lits = '{}' THEN
    RETURN compare(query, ordered);
  END IF;
  UPDATE test.statistics SET value = value + 1 WHERE name = 'prepared';
  FOR i IN 1 .. cardinality(lits) LOOP
    prepared := overlay(prepared PLACING '$' || i FROM position(lits[i] IN prepared) FOR length(lits[i]));
  END LOOP;
  PERFORM set_config('plan_cache_mode', 'force_generic_plan', false);
  FOREACH schema IN ARRAY '{remote,local}'::text[] LOOP
    PERFORM set_config('search_path', schema || ', test', false);
    EXECUTE format('PREPARE random_%s (%s) AS %s', schema, (SELECT string_agg(regexp_replace(l, '^.*::', ''), ', ' ORDER BY o) FROM unnest(lits) WITH ORDINALITY u(l, o)), prepared);
  END LOOP;
  PERFORM set_config('search_path', 'remote, test, public', false);
  remote := rows_of(format('EXECUTE random_remote (%s)', array_to_string(lits, ', ')), 'remote');
  local := rows_of(format('EXECUTE random_local (%s)', array_to_string(lits, ', ')), 'local');
  DEALLOCATE random_remote;
  DEALLOCATE random_local;
  PERFORM set_config('plan_cache_mode', 'auto', false);
  IF NOT ordered THEN
    remote := ARRAY(SELECT unnest(remote) COLLATE "C" ORDER BY 1);
    local := ARRAY(SELECT unnest(local) COLLATE "C" ORDER BY 1);
  END IF;
  RETURN CASE WHEN remote = local THEN format('%s rows, as in the local copy', cardinality(local)) ELSE format('PREPARED DIFFERS: %s, in the local copy %s', left(remote::text, 1000), left(local::text, 1000)) END;
END $$;

CREATE FUNCTION run(seed int, first int, n int) RETURNS TABLE (run_seed int, number int, query text, outcome text) LANGUAGE plpgsql AS $$
DECLARE
  q record;
BEGIN
  run_seed := seed;
  FOR each IN first .. first + n - 1 LOOP
    number := each;
    PERFORM setseed(((seed::bigint * 7919 + number::bigint * 104729) % 1000003) / 1000003.0);
    SELECT * INTO q FROM random_query();
    query := q.query;
    PERFORM choose_settings();
    BEGIN
      outcome := CASE WHEN number % 3 = 0 THEN compare_prepared(query, q.ordered) ELSE compare(query, q.ordered) END;
    EXCEPTION WHEN OTHERS THEN
      outcome := format('%s: %s', SQLSTATE, SQLERRM);
    END;
    UPDATE test.statistics SET value = value + 1 WHERE name = 'executions' OR (name = 'with rows' AND outcome !~ '^0 rows');
    IF number % 3 = 1 AND EXISTS (SELECT FROM plan(query) p WHERE p ~ 'Row Set: ' AND p !~ 'full table') THEN
      UPDATE test.statistics SET value = value + 1 WHERE name = 'ranges';
    END IF;
    IF outcome !~ 'as in the local copy' THEN
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;
\set ECHO all

-- the data, seen from both sides
SELECT tab, compare(format('SELECT * FROM %I', tab)) FROM tables ORDER BY tab COLLATE "C";

-- no query differs
SELECT * FROM run(:seed, 1, :count);

-- they were not all trivial, and many of those with constants were ranges
SELECT executions = :count AS "all executed", prepared > :count / 5 AS "enough prepared", with_rows > :count / 2 AS "enough rows", ranges > :count / 3 * 0.33 AS "enough ranges"
FROM (SELECT sum(value) FILTER (WHERE name = 'executions') AS executions, sum(value) FILTER (WHERE name = 'prepared') AS prepared, sum(value) FILTER (WHERE name = 'with rows') AS with_rows,
  sum(value) FILTER (WHERE name = 'ranges') AS ranges FROM statistics) s;
\set ECHO none
