-- Random queries over tables with layout 'cells', each compared with the same
-- query over the local copy. They follow from the seed, BIGTABLE_RANDOM_SEED; a
-- query that differs is shown.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
\set ECHO none

\set seed 1
\set count 400
\getenv full BIGTABLE_TEST_FULL
\if :{?full}
\if :full
\set count 4000
\endif
\endif
\getenv seed BIGTABLE_RANDOM_SEED

-- ---- the data: one table of bytes, one of text ----

CREATE FUNCTION pick(list text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT list[1 + floor(random() * cardinality(list))::int] $$;
CREATE FUNCTION word(most int) RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(string_agg(pick(ARRAY['a', 'a', 'b', 'A', 'ä', '日', '%', '_', '\', '.', '|', e'\n', '0']), ''), '') FROM generate_series(1, floor(random() * (most + 1))::int)
$$;
CREATE FUNCTION bytes(most int) RETURNS bytea LANGUAGE sql VOLATILE AS $$
  SELECT decode(coalesce(string_agg(pick(ARRAY['00', '00', '01', '25', '5c', '61', '62', '7f', '80', 'ff', 'ff']), ''), ''), 'hex') FROM generate_series(1, floor(random() * (most + 1))::int)
$$;
CREATE FUNCTION moment() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT '2024-01-01'::timestamptz + floor(random() * 8) * interval '1 ms' $$;
SELECT setseed(0.5) \g /dev/null
CREATE TABLE local.b AS SELECT DISTINCT ON (1, 2, 3, 4) '\x61'::bytea || bytes(2) AS row_key, pick(ARRAY['f', 'g', 'fg.x']) COLLATE "C" AS family, bytes(2) AS qualifier, moment() AS "timestamp", bytes(2) AS value
  FROM generate_series(1, 400);
CREATE TABLE local.t AS SELECT DISTINCT ON (1, 2, 3, 4) 'k' || word(1) COLLATE "C" AS row_key, pick(ARRAY['f', 'g', 'fg.x']) COLLATE "C" AS family, word(2) COLLATE "C" AS qualifier, moment() AS "timestamp", word(2) COLLATE "C" AS value
  FROM generate_series(1, 400);
\! $CREATE b f g fg.x
\! $CREATE t f g fg.x
CREATE FOREIGN TABLE b (row_key bytea, family text COLLATE "C", qualifier bytea, "timestamp" timestamptz, value bytea) SERVER bt OPTIONS (layout 'cells');
CREATE FOREIGN TABLE t (row_key text COLLATE "C", family text COLLATE "C", qualifier text COLLATE "C", "timestamp" timestamptz, value text COLLATE "C") SERVER bt OPTIONS (layout 'cells');
INSERT INTO b SELECT * FROM local.b;
INSERT INTO t SELECT * FROM local.t;

-- ---- the queries ----

-- A literal for a column: often one of its values, or close to one.
CREATE FUNCTION literal(tab text, col text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  result text;
BEGIN
  IF col = 'timestamp' THEN
    RETURN quote_literal(moment() + floor(random() * 3) * interval '500 microseconds');
  END IF;
  IF random() < 0.6 THEN
    EXECUTE format('SELECT %I::text FROM local.%I ORDER BY random() LIMIT 1', col, tab) INTO result;
  ELSIF col = 'family' THEN
    result := pick(ARRAY['', 'f', 'fg', 'g', 'h', 'fgxx', 'ö']);
  ELSE
    result := CASE tab WHEN 't' THEN word(2) ELSE bytes(2)::text END;
  END IF;
  RETURN quote_literal(result);
END $$;

CREATE FUNCTION condition(tab text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  col text := pick(ARRAY['row_key', 'family', 'family', 'qualifier', 'qualifier', 'timestamp', 'value']);
BEGIN
  CASE floor(random() * 6)::int
    WHEN 0, 1 THEN RETURN format('%I = %s', col, literal(tab, col));
    WHEN 2 THEN RETURN format('%I %s %s', col, pick(ARRAY['<', '<=', '>', '>=', '<>']), literal(tab, col));
    WHEN 3 THEN RETURN format('%I IN (%s, %s, %s)', col, literal(tab, col), literal(tab, col), literal(tab, col));
    WHEN 4 THEN RETURN format('%I BETWEEN %s AND %s', col, literal(tab, col), literal(tab, col));
    ELSE
      IF col = 'timestamp' THEN
        RETURN pick(ARRAY['"timestamp" IS NOT NULL', '"timestamp" IS NULL', 'extract(milliseconds FROM "timestamp") > 3']);
      END IF;
      -- a backslash at the end of a pattern is an error
      RETURN CASE WHEN tab = 't' OR col = 'family'
        THEN format('%I LIKE %L', col, pick(ARRAY['', 'a', 'b', 'k', 'ka', 'f', 'fg.', '\%', '\\', 'ä', '.', '|']) || pick(ARRAY['%', '', '_', '%a']))
        ELSE format('%I LIKE %L', col, pick(ARRAY['\x25', '\x6125', '\x0025', '\xff25', '\x615f', '\x61ff25', '\x615c5c25'])) END;
  END CASE;
END $$;

CREATE FUNCTION predicate(tab text, depth int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF depth = 0 OR random() < 0.3 THEN
    RETURN condition(tab);
  END IF;
  RETURN format('(%s %s %s)', predicate(tab, depth - 1), pick(ARRAY['AND', 'AND', 'OR']), predicate(tab, depth - 1));
END $$;

CREATE FUNCTION query(tab text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  source text := format('%I WHERE %s', tab, predicate(tab, 3));
BEGIN
  CASE floor(random() * 6)::int
    WHEN 0 THEN RETURN 'SELECT count(*) FROM ' || source;
    WHEN 1 THEN RETURN 'SELECT row_key, count(*) FROM ' || source || ' GROUP BY row_key';
    WHEN 2 THEN RETURN 'SELECT family, qualifier FROM ' || source;
    WHEN 3 THEN RETURN format('SELECT row_key FROM %s ORDER BY row_key LIMIT %s OFFSET %s', source, floor(random() * 20), floor(random() * 3));
    WHEN 4 THEN RETURN format('SELECT row_key FROM %I ORDER BY row_key LIMIT %s OFFSET %s', tab, floor(random() * 20), floor(random() * 3));
    ELSE RETURN 'SELECT * FROM ' || source;
  END CASE;
END $$;

CREATE TABLE test.outcomes (query text, outcome text);
CREATE PROCEDURE run(seed int, n int) LANGUAGE plpgsql AS $$
DECLARE
  q text;
BEGIN
  FOR i IN 1..n LOOP
    PERFORM setseed((seed * 7919 + i) % 1000003 / 1000003.0);
    q := query(pick(ARRAY['b', 't']));
    INSERT INTO test.outcomes VALUES (q, compare(q, q LIKE '%ORDER BY%'));
  END LOOP;
END $$;
\set ECHO all

-- the data, seen from both sides
SELECT compare('SELECT * FROM b'), compare('SELECT * FROM t');

-- no query differs
CALL run(:seed, :count);
SELECT query, outcome FROM outcomes WHERE outcome NOT LIKE '%as in the local copy';

-- and they were not all trivial
SELECT count(*) = :count AS "all run", count(*) FILTER (WHERE outcome NOT LIKE '0 rows%') > :count / 2 AS "enough rows" FROM outcomes;
