-- Random queries, each compared with the same query over the local copy.
--
-- The queries of a run follow from its seed alone. From the environment:
--
--   BIGTABLE_RANDOM_SEED    the seed of the run, 1 by default
--   BIGTABLE_RANDOM_COUNT   how many queries, 1200 by default; "yes" in
--                           BIGTABLE_TEST_FULL makes it 12000
--   EMULATOR_REVERSE        "no" leaves out what needs reversed scans
--
-- A query that differs is shown with its seed and number; to see it again:
-- SELECT * FROM test.run(seed, number, 1).
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
\set ECHO none
SET bigtable_fdw.max_streams = 4;

\set seed 1
\set count 1200
\set reverse yes
\getenv full BIGTABLE_TEST_FULL
\if :{?full}
\if :full
\set count 12000
\endif
\endif
\getenv seed BIGTABLE_RANDOM_SEED
\getenv count BIGTABLE_RANDOM_COUNT
\getenv reverse EMULATOR_REVERSE
SELECT set_config('test.reverse', :'reverse', false) \g /dev/null

-- ---- the data ----

-- Text of few letters, so that it often meets its like: prefixes, case,
-- non-ASCII letters of all lengths, what is special in LIKE and in regexes.
CREATE FUNCTION word(most int) RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(string_agg((ARRAY['a', 'a', 'b', 'A', 'B', 'ä', 'é', '日', '😀', '%', '_', '\', '-', ' ', e'\n', '0', '1'])[1 + floor(random() * 17)::int], ''), '')
  FROM generate_series(1, floor(random() * (most + 1))::int)
$$;
CREATE FUNCTION bytes(most int) RETURNS bytea LANGUAGE sql VOLATILE AS $$
  SELECT decode(coalesce(string_agg((ARRAY['00', '00', '01', '25', '5c', '61', '62', '7f', '80', 'fe', 'ff', 'ff'])[1 + floor(random() * 12)::int], ''), ''), 'hex')
  FROM generate_series(1, floor(random() * (most + 1))::int)
$$;
CREATE FUNCTION number() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT CASE floor(random() * 6)::int
    WHEN 0 THEN floor(random() * 9)::bigint - 4
    WHEN 1 THEN floor(random() * 600)::bigint - 300
    WHEN 2 THEN (ARRAY[-128, -129, 127, 128, -32768, -32769, 32767, 32768, 65536, -65536])[1 + floor(random() * 10)::int]
    WHEN 3 THEN (ARRAY[-2147483648, -2147483649, 2147483647, 2147483648, 4294967296, -4294967296])[1 + floor(random() * 6)::int]
    WHEN 4 THEN (ARRAY[-9223372036854775808, -9223372036854775807, 9223372036854775807, 9223372036854775806])[1 + floor(random() * 4)::int]
    ELSE floor(random() * 9)::bigint
  END
$$;
CREATE FUNCTION moment() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
  SELECT CASE floor(random() * 4)::int
    WHEN 0 THEN '1970-01-01 00:00+00'::timestamptz + (floor(random() * 7) - 3) * interval '1 microsecond'
    WHEN 1 THEN '1970-01-01 00:00+00'::timestamptz + (floor(random() * 7) - 3) * interval '1 day'
    WHEN 2 THEN '2024-01-01 00:00+00'::timestamptz + floor(random() * 30) * interval '1 hour'
    ELSE (ARRAY['infinity', '-infinity', '4713-01-01 00:00+00 BC', '9999-12-31 00:00+00', '1900-01-01 00:00+00'])[1 + floor(random() * 5)::int]::timestamptz
  END
$$;
-- The binary encoding of a number in as few bytes as it needs, or in more.
CREATE FUNCTION binary_of_some_width(n bigint, r int) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE
    WHEN n BETWEEN -128 AND 127 AND r % 4 = 0 THEN substring(int2send(n::int2), 2)
    WHEN n BETWEEN -32768 AND 32767 AND r % 4 <= 1 THEN int2send(n::int2)
    WHEN n BETWEEN -2147483648 AND 2147483647 AND r % 4 <= 2 THEN int4send(n::int4)
    ELSE int8send(n) END
$$;
CREATE FUNCTION binary_date(d date) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT CASE d WHEN 'infinity' THEN '\x7fffffff' WHEN '-infinity' THEN '\x80000000' ELSE binary(d) END $$;
CREATE FUNCTION binary_time(t timestamptz) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT CASE t WHEN 'infinity' THEN '\x7fffffffffffffff' WHEN '-infinity' THEN '\x8000000000000000' ELSE binary(t) END $$;

SELECT setseed(0.25) \g /dev/null
CREATE TABLE test.keys AS SELECT no, word(3) AS w, bytes(3) AS b, number() AS n, moment() AS t FROM generate_series(1, 300) no;
CREATE TABLE test.vals AS
  SELECT no, CASE WHEN random() < 0.8 THEN word(2) END AS t, CASE WHEN random() < 0.8 THEN bytes(2) END AS b,
    CASE WHEN random() < 0.8 THEN number() END AS n, CASE WHEN random() < 0.8 THEN (number() % 30000)::int2 END AS s,
    CASE WHEN random() < 0.8 THEN number() % 10 END AS i, CASE WHEN random() < 0.8 THEN moment() END AS tz,
    CASE WHEN random() < 0.8 THEN '1970-01-01'::date + (number() % 1000)::int END AS d, CASE WHEN random() < 0.8 THEN random() < 0.5 END AS bo,
    '2024-01-01 00:00+00'::timestamptz + floor(random() * 5) * interval '1 hour' AS at, floor(random() * 4)::int AS width
  FROM generate_series(1, 300) no;

-- Rows without a value have an unmapped cell. "x" is the row, whose cells are
-- made of its columns below; "at" is the time of the cell of "t".
CREATE FUNCTION create_copies(name text, type text, key text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  coll text := CASE WHEN type ~ 'COLLATE' THEN substring(type FROM 'COLLATE .*') ELSE '' END;
  base text := split_part(type, ' ', 1);
BEGIN
  EXECUTE format('CREATE TABLE local.%I (k %s PRIMARY KEY, t text COLLATE "C", b bytea, n int8, s int2, i int8, tz timestamptz, d date, bo bool, at timestamptz)', name, type);
  EXECUTE format('INSERT INTO local.%I SELECT DISTINCT ON (k) k, v.t, v.b, v.n, v.s, v.i, v.tz, v.d, v.bo, CASE WHEN v.t IS NOT NULL THEN at END
    FROM (SELECT no, %s AS k FROM test.keys) keys JOIN test.vals v USING (no) WHERE k::text <> %L AND k::text <> %L ORDER BY k, no', name, key, '', '\x');
  EXECUTE format('CREATE FOREIGN TABLE remote.%I (k %s OPTIONS (row_key ''true'', encoding %L) %s, t text OPTIONS (family ''f'', qualifier ''t'') COLLATE "C", b bytea OPTIONS (family ''f'', qualifier ''b''),
    n int8 OPTIONS (family ''f'', qualifier ''n'', encoding ''binary''), s int2 OPTIONS (family ''g'', qualifier ''s'', encoding ''binary''), i int8 OPTIONS (family ''g'', qualifier ''i''),
    tz timestamptz OPTIONS (family ''g'', qualifier ''tz'', encoding ''binary''), d date OPTIONS (family ''g'', qualifier ''d'', encoding ''binary''), bo bool OPTIONS (family ''g'', qualifier ''bo''),
    at timestamptz OPTIONS (family ''f'', qualifier ''t'', cell ''timestamp'')) SERVER bt', name, base, CASE WHEN base IN ('int8', 'timestamptz') THEN 'binary' ELSE 'text' END, coll);
END $$;
SELECT create_copies('words', 'text COLLATE "C"', 'w') \g /dev/null
SELECT create_copies('icu', 'text COLLATE "und-x-icu"', 'w') \g /dev/null
SELECT create_copies('blobs', 'bytea', 'b') \g /dev/null
SELECT create_copies('numbers', 'int8', 'n') \g /dev/null
SELECT create_copies('times', 'timestamptz', 't') \g /dev/null

-- Each value has an older version, too, that must not be seen.
CREATE FUNCTION cells_of(k bytea, t text, b bytea, n int8, s int2, i int8, tz timestamptz, d date, bo bool, at timestamptz) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT line FROM (VALUES
    (cell(k, 'f:t', t, (extract(epoch FROM at) * 1000000)::bigint)), (cell(k, 'f:b', b)), (cell(k, 'f:n', binary_of_some_width(n, (length(k) + coalesce(i, 0))::int))),
    (cell(k, 'g:s', binary_of_some_width(s, 3))), (cell(k, 'g:i', i::text)), (cell(k, 'g:tz', binary_time(tz))), (cell(k, 'g:d', binary_date(d))), (cell(k, 'g:bo', bo::text)),
    (cell(k, 'f:t', 'a' || substr(t, 2), 1000)), (CASE WHEN b IS NOT NULL THEN cell(k, 'f:b', '\x00'::bytea, 1000) END), (CASE WHEN n IS NOT NULL THEN cell(k, 'f:n', '\x00'::bytea, 1000) END),
    (cell(k, 'f:unmapped', ''))) v(line)
  WHERE line IS NOT NULL
$$;
\! $CREATE words f g && $CREATE icu f g && $CREATE blobs f g && $CREATE numbers f g && $CREATE times f g
SELECT cells_of(convert_to(k, 'UTF8'), t, b, n, s, i, tz, d, bo, at) FROM local.words \g |$LOAD words 2>/dev/null
SELECT cells_of(convert_to(k, 'UTF8'), t, b, n, s, i, tz, d, bo, at) FROM local.icu \g |$LOAD icu 2>/dev/null
SELECT cells_of(k, t, b, n, s, i, tz, d, bo, at) FROM local.blobs \g |$LOAD blobs 2>/dev/null
SELECT cells_of(binary(k), t, b, n, s, i, tz, d, bo, at) FROM local.numbers \g |$LOAD numbers 2>/dev/null
SELECT cells_of(binary_time(k), t, b, n, s, i, tz, d, bo, at) FROM local.times \g |$LOAD times 2>/dev/null
ANALYZE local.words, local.icu, local.blobs, local.numbers, local.times;

-- ---- the generator ----

-- What there is to ask about, with the values that there are.
CREATE TABLE test.columns (tab text, col text, kind text, pool text[]);
DO $$
DECLARE
  c record;
BEGIN
  FOR c IN SELECT relname, attname, format_type(atttypid, NULL) AS type FROM pg_attribute JOIN pg_class r ON r.oid = attrelid
    WHERE relnamespace = 'local'::regnamespace AND relkind = 'r' AND attnum > 0 ORDER BY relname, attnum
  LOOP
    EXECUTE format('INSERT INTO test.columns SELECT %L, %L, %L, array_agg(%I::text ORDER BY %I) FROM local.%I WHERE %I IS NOT NULL', c.relname, c.attname,
      CASE c.type WHEN 'bigint' THEN 'int' WHEN 'smallint' THEN 'int' WHEN 'timestamp with time zone' THEN 'timestamptz' ELSE c.type END, c.attname, c.attname, c.relname, c.attname);
  END LOOP;
END $$;

CREATE FUNCTION one_of(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;

-- The generator works in two steps. First it writes a query with markers
-- {{type:table:column}} for the values; then each marker is replaced by a
-- value near those of the column, or by a parameter.
CREATE FUNCTION marker(type text, tab text, col text) RETURNS text LANGUAGE sql AS $$ SELECT format('{{%s:%s:%s}}', type, tab, col) $$;

-- A condition on one column.
CREATE FUNCTION leaf(t text, alias text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  c test.columns;
  x text;
  m text;
  op text := one_of('=', '=', '<', '<=', '>', '>=', '<>');
  coll text := CASE WHEN random() < 0.3 THEN one_of(' COLLATE "C"', ' COLLATE "und-x-icu"', ' COLLATE "POSIX"') ELSE '' END;
BEGIN
  IF random() < 0.6 THEN
    SELECT * INTO c FROM test.columns WHERE tab = t AND col = 'k';
  ELSE
    SELECT * INTO c FROM test.columns WHERE tab = t ORDER BY random() LIMIT 1;
  END IF;
  x := format('%s.%s', alias, c.col);
  IF random() < 0.05 THEN
    RETURN x || one_of(' IS NULL', ' IS NOT NULL');
  END IF;
  m := marker(CASE c.kind WHEN 'int' THEN one_of('int2', 'int4', 'int8', 'int8', 'numeric') ELSE c.kind END, c.tab, c.col);
  IF c.kind = 'boolean' THEN
    RETURN one_of(x, format('NOT %s', x), format('%s = %s', x, m), format('%s IS NOT TRUE', x));
  ELSIF c.kind NOT IN ('text', 'bytea') THEN
    coll := '';
  END IF;
  IF c.kind = 'bytea' THEN
    coll := '';
  END IF;
  CASE floor(random() * CASE WHEN c.kind IN ('text', 'bytea') THEN 9 ELSE 6 END)::int
    WHEN 0 THEN RETURN format('%s %s %s%s', x, op, m, coll);
    WHEN 1 THEN RETURN format('%s%s %s %s', m, coll, op, x);
    WHEN 2 THEN RETURN format('%s%s BETWEEN (%s%s) AND %s', x, one_of('', ' NOT'), m, coll, m);
    WHEN 3 THEN RETURN format('%s%s IN (%s, %s%s, %s)', x, one_of('', '', ' NOT'), m, m, coll, m);
    WHEN 4 THEN RETURN format('%s = ANY (%s%s)', x, regexp_replace(m, '^\{\{(\w+)', '{{\1[]'), coll);
    WHEN 5 THEN RETURN one_of(format('%s IS %sDISTINCT FROM %s', x, one_of('', 'NOT '), m), format('(%s %s %s) IS %s', x, op, m, one_of('TRUE', 'NOT TRUE', 'NULL', 'NOT FALSE')),
      format('coalesce(%s %s %s, true)', x, op, m), format('%s <> ALL (%s)', x, regexp_replace(m, '^\{\{(\w+)', '{{\1[]')));
    ELSE
      IF c.kind = 'text' THEN
        RETURN one_of(format('%s %s %s%s', x, one_of('LIKE', 'LIKE', 'NOT LIKE', 'ILIKE'), marker('like', c.tab, c.col), coll), format('%s ^@ %s', x, m),
          format('%s %s %s%s', x, one_of('~<~', '~<=~', '~>~', '~>=~'), m, coll), format('starts_with(%s, %s)', x, m));
      END IF;
      RETURN format('%s %s %s', x, one_of('LIKE', 'NOT LIKE'), marker('likeb', c.tab, c.col));
  END CASE;
END $$;

CREATE FUNCTION condition(t text, alias text, depth int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF depth = 0 OR random() < 0.3 THEN
    RETURN leaf(t, alias);
  END IF;
  CASE one_of('and', 'and', 'or', 'or', 'not')
    WHEN 'and' THEN RETURN format('(%s AND %s)', condition(t, alias, depth - 1), condition(t, alias, depth - 1));
    WHEN 'or' THEN RETURN format('(%s OR %s)', condition(t, alias, depth - 1), condition(t, alias, depth - 1));
    ELSE RETURN format('NOT (%s)', condition(t, alias, depth - 1));
  END CASE;
END $$;

-- How the key of b relates to a.
CREATE FUNCTION join_condition(ta text, tb text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  c test.columns;
  x text;
BEGIN
  SELECT a.* INTO c FROM test.columns a JOIN test.columns b ON b.tab = tb AND b.col = 'k' AND b.kind = a.kind
  WHERE a.tab = ta ORDER BY random() * CASE a.col WHEN 'k' THEN 0.5 ELSE 1 END LIMIT 1;
  x := 'a.' || c.col;
  CASE c.kind
    WHEN 'text' THEN
      x := x || one_of('', ' COLLATE "C"', ' COLLATE "C"', ' COLLATE "und-x-icu"');
      IF x !~ 'COLLATE' THEN
        x := x || ' COLLATE "C"';
      END IF;
      RETURN one_of(format('b.k = %s', x), format('b.k = %s', x), format('b.k ^@ (%s)', x), format('b.k > %s AND b.k < (%s || ''b'')', x, x), format('b.k IN (%s, %s)', x, marker('text', tb, 'k')),
        format('b.k ~>=~ (%s) AND b.k ~<=~ (%s || ''a'')', x, x));
    WHEN 'bytea' THEN RETURN one_of(format('b.k = %s', x), format('%s = b.k', x), format('b.k >= %s AND b.k < (%s || ''\x61'')', x, x));
    WHEN 'int' THEN RETURN one_of(format('b.k = %s', x), format('b.k = %s', x), format('b.k IN (%s, %s)', x, marker('int4', tb, 'k')), format('b.k BETWEEN %s %% 1000 - 2 AND %s %% 1000 + 2', x, x));
    ELSE RETURN one_of(format('b.k = %s', x), format('b.k > %s AND b.k < %s', x, marker(c.kind, tb, 'k')));
  END CASE;
END $$;

CREATE FUNCTION columns_of(alias text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s.%s', alias, c), ', ') FROM (SELECT c FROM unnest('{k,t,b,n,s,i,tz,d,bo,at}'::text[]) c ORDER BY random() LIMIT 1 + floor(random() * 4)::int) s
$$;

-- A query with markers; "ordered" says whether its rows have one order.
CREATE FUNCTION random_query(OUT query text, OUT ordered boolean) LANGUAGE plpgsql AS $$
DECLARE
  ta text := one_of('words', 'words', 'icu', 'blobs', 'numbers', 'times');
  tb text := ta;
  direction text := CASE WHEN current_setting('test.reverse') = 'no' THEN '' ELSE one_of('', ' DESC') END;
  coll text := '';
  tail text := '';
  few text := format('a.k = ANY (%s)', marker((SELECT CASE kind WHEN 'int' THEN 'int8' ELSE kind END FROM test.columns WHERE tab = ta AND col = 'k') || '[]', ta, 'k'));
BEGIN
  ordered := false;
  IF ta IN ('words', 'icu') THEN
    coll := one_of('', '', ' COLLATE "C"', ' COLLATE "und-x-icu"');
    tb := one_of('words', 'icu');
  END IF;
  IF random() < 0.5 THEN
    tail := format(' LIMIT %s%s', marker('count', '', ''), CASE WHEN random() < 0.5 THEN ' OFFSET ' || marker('count', '', '') ELSE '' END);
  END IF;
  CASE floor(random() * 12)::int
    WHEN 0, 1, 2 THEN
      query := format('SELECT %s FROM %s a WHERE %s', one_of(columns_of('a'), columns_of('a'), 'a', '*', '1'), ta, condition(ta, 'a', 3));
    WHEN 3, 4, 5 THEN
      query := format('SELECT %s, a.k FROM %s a WHERE %s ORDER BY a.k%s%s%s%s', columns_of('a'), ta, one_of(condition(ta, 'a', 2), leaf(ta, 'a'), 'true'), coll, direction, one_of('', '', ', a.t, a.n'), tail);
      ordered := true;
    WHEN 6 THEN
      query := format('SELECT count(*), count(a.t), sum(a.i), min(a.s), max(a.d) %s FROM %s a WHERE %s',
        CASE WHEN ta <> 'blobs' THEN ', min(a.k)' || CASE WHEN current_setting('test.reverse') = 'no' THEN '' ELSE ', max(a.k)' END ELSE '' END, ta, condition(ta, 'a', 2));
    WHEN 7 THEN
      query := format('SELECT a.k, %s FROM %s a %s JOIN %s b ON %s%s WHERE %s', columns_of('b'), ta, one_of('', 'LEFT', 'LEFT'), tb, join_condition(ta, tb), CASE WHEN random() < 0.5 THEN ' AND ' || leaf(tb, 'b') ELSE '' END,
        one_of(few, few || ' AND ' || leaf(ta, 'a'), few || ' OR ' || few));
    WHEN 8 THEN
      query := format('SELECT a.k FROM %s a WHERE %s AND %s EXISTS (SELECT FROM %s b WHERE %s%s)', ta, condition(ta, 'a', 1), one_of('', 'NOT'), tb, join_condition(ta, tb), CASE WHEN random() < 0.5 THEN ' AND ' || leaf(tb, 'b') ELSE '' END);
    WHEN 9 THEN
      query := format('SELECT a.k, s.* FROM %s a %s LATERAL (SELECT %s FROM %s b WHERE %s ORDER BY b.k%s%s LIMIT 2) s ON true WHERE %s', ta, one_of('JOIN', 'LEFT JOIN'), columns_of('b'), tb, join_condition(ta, tb), coll, direction, few);
    WHEN 10 THEN
      query := format('SELECT a.k, (SELECT count(*) FROM %s b WHERE %s AND %s) FROM %s a WHERE %s', tb, join_condition(ta, tb), leaf(tb, 'b'), ta, few);
    ELSE
      IF ta IN ('words', 'icu') THEN
        coll := one_of(' COLLATE "C"', ' COLLATE "und-x-icu"');
      END IF;
      query := format('SELECT a.k FROM %s a WHERE a.k%s %s IN (SELECT b.k%s FROM %s b WHERE %s) AND %s', ta, coll, one_of('', 'NOT'), coll, tb, condition(tb, 'b', 1), leaf(ta, 'a'));
  END CASE;
END $$;

-- A value of a type, near those of a column.
CREATE FUNCTION random_value(type text, t text, c text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  pool text[] := (SELECT k.pool FROM test.columns k WHERE k.tab = t AND k.col = c);
  v text := pool[1 + floor(random() * cardinality(pool))::int];
  how int := floor(random() * 6)::int;
BEGIN
  IF type LIKE '%[]' THEN
    RETURN CASE WHEN random() < 0.98 THEN (SELECT array_agg(random_value(left(type, -2), t, c))::text FROM generate_series(1, floor(random() * 7)::int)) END;
  ELSIF random() < 0.02 THEN
    RETURN NULL;
  END IF;
  CASE type
    WHEN 'count' THEN RETURN floor(random() * 12)::int;
    WHEN 'text' THEN
      RETURN CASE how WHEN 0 THEN word(2) WHEN 1 THEN left(v, -1) WHEN 2 THEN v || word(1) ELSE v END;
    WHEN 'like' THEN
      RETURN regexp_replace(CASE how WHEN 0 THEN '' WHEN 1 THEN left(v, -1) ELSE v END, CASE how WHEN 2 THEN '(\\)' ELSE '([%_\\])' END, '\\\1', 'g') || one_of('%', '%', '', '_', '%a', '%%', 'a%b%', '\%', '\\', '\a%');
    WHEN 'likeb' THEN
      RETURN (decode(regexp_replace(regexp_replace(encode(CASE how WHEN 0 THEN bytes(2) ELSE v::bytea END, 'hex'), '(..)', '\1 ', 'g'), '5c ', '5c5c ', 'g'), 'hex') || one_of('%', '%', '_', '%a', '\\%', '\\\\')::bytea);
    WHEN 'bytea' THEN
      RETURN CASE how WHEN 0 THEN bytes(2) WHEN 1 THEN substring(v::bytea FROM 1 FOR greatest(length(v::bytea) - 1, 0)) WHEN 2 THEN v::bytea || bytes(1) ELSE v::bytea END;
    WHEN 'int2' THEN RETURN CASE WHEN v::numeric BETWEEN -32768 AND 32767 AND how > 0 THEN v ELSE (number() % 32768)::text END;
    WHEN 'int4' THEN RETURN CASE WHEN v::numeric BETWEEN -2147483647 AND 2147483646 THEN v::int + (CASE how WHEN 0 THEN 1 WHEN 1 THEN -1 ELSE 0 END) ELSE number() % 2147483648 END;
    WHEN 'int8' THEN RETURN CASE WHEN how = 0 THEN number() WHEN how = 1 AND v::numeric < 9223372036854775807 THEN v::bigint + 1 WHEN how = 2 AND v::numeric > -9223372036854775808 THEN v::bigint - 1 ELSE v::bigint END;
    WHEN 'numeric' THEN RETURN v::numeric + CASE how WHEN 0 THEN 0.5 WHEN 1 THEN -1 ELSE 0 END;
    WHEN 'date' THEN RETURN CASE how WHEN 0 THEN one_of('infinity', '-infinity', '5874897-12-31', '1970-01-01') WHEN 1 THEN (v::date + 1)::text ELSE v END;
    WHEN 'timestamptz' THEN RETURN CASE how WHEN 0 THEN moment()::text WHEN 1 THEN (v::timestamptz + interval '1 microsecond')::text ELSE v END;
    ELSE RETURN one_of('true', 'false');
  END CASE;
END $$;

CREATE FUNCTION sql_type(type text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE type WHEN 'like' THEN 'text' WHEN 'likeb' THEN 'bytea' WHEN 'count' THEN 'bigint' ELSE type END $$;

-- ---- the comparison ----

CREATE TABLE test.statistics (name text PRIMARY KEY, value bigint);
INSERT INTO test.statistics VALUES ('executions', 0), ('with rows', 0), ('prepared', 0);

-- Runs a query with both kinds of tables; NULL if the rows are the same.
CREATE FUNCTION difference(query text, ordered boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  verdict text;
BEGIN
  verdict := compare(query, ordered);
  UPDATE test.statistics SET value = value + 1 WHERE name = 'executions' OR (name = 'with rows' AND verdict !~ '^0 rows');
  RETURN CASE WHEN verdict !~ 'as in the local copy' THEN verdict END;
EXCEPTION WHEN OTHERS THEN
  RETURN format('%s: %s', SQLSTATE, SQLERRM);
END $$;

-- Which kinds of join the planner may use; most often all.
CREATE FUNCTION choose_settings() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(set_config(name, CASE WHEN random() < 0.7 THEN 'on' ELSE 'off' END, false), ',')
  FROM unnest('{enable_hashjoin,enable_mergejoin,enable_nestloop,enable_memoize,enable_material,enable_sort}'::text[]) name
$$;

CREATE FUNCTION run(seed int, first int, n int) RETURNS TABLE (run_seed int, number int, query text, outcome text) LANGUAGE plpgsql AS $$
DECLARE
  q record;
  parts text[];
  markers text[];
  m text[];
  types text[];
  refs text[];
  arguments text;
  schema text;
BEGIN
  run_seed := seed;
  FOR each IN first .. first + n - 1 LOOP
    number := each;
    PERFORM setseed(((seed::bigint * 7919 + number::bigint * 104729) % 1000003) / 1000003.0);
    SELECT * INTO q FROM random_query();
    parts := regexp_split_to_array(q.query, '\{\{[^}]*\}\}');
    markers := ARRAY(SELECT x[1] FROM regexp_matches(q.query, '\{\{([^}]*)\}\}', 'g') x);
    types := '{}';
    refs := '{}';
    query := parts[1];
    FOR i IN 1 .. cardinality(markers) LOOP
      m := string_to_array(markers[i], ':');
      IF number % 3 = 0 AND random() < 0.7 THEN
        types := types || sql_type(m[1]);
        refs := refs || markers[i];
        query := query || '$' || cardinality(types) || parts[i + 1];
      ELSE
        query := query || format('%s::%s', quote_nullable(random_value(m[1], m[2], m[3])), sql_type(m[1])) || parts[i + 1];
      END IF;
    END LOOP;
    PERFORM choose_settings();
    IF types = '{}' THEN
      outcome := difference(query, q.ordered);
      IF outcome IS NOT NULL THEN
        RETURN NEXT;
      END IF;
      CONTINUE;
    END IF;

    -- Seven executions: five with plans of their own, then generic ones.
    UPDATE test.statistics SET value = value + 1 WHERE name = 'prepared';
    FOREACH schema IN ARRAY '{remote,local}'::text[] LOOP
      PERFORM set_config('search_path', schema || ', test', false);
      EXECUTE format('PREPARE random_%s (%s) AS %s', schema, array_to_string(types, ', '), query);
    END LOOP;
    PERFORM set_config('search_path', 'remote, test, public', false);
    FOR i IN 1..7 LOOP
      PERFORM set_config('plan_cache_mode', CASE WHEN i <= 5 THEN 'auto' ELSE 'force_generic_plan' END, false);
      arguments := (SELECT string_agg(quote_nullable(random_value(split_part(r, ':', 1), split_part(r, ':', 2), split_part(r, ':', 3))), ', ' ORDER BY o) FROM unnest(refs) WITH ORDINALITY u(r, o));
      outcome := difference_of_prepared(arguments, q.ordered);
      IF outcome IS NOT NULL THEN
        query := format('%s; execution %s with (%s)', query, i, arguments);
        RETURN NEXT;
        EXIT;
      END IF;
    END LOOP;
    PERFORM set_config('plan_cache_mode', 'auto', false);
    DEALLOCATE random_remote;
    DEALLOCATE random_local;
  END LOOP;
END $$;

-- The same for a prepared query, whose name says which tables it reads.
CREATE FUNCTION difference_of_prepared(arguments text, ordered boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  remote text[];
  local text[];
BEGIN
  UPDATE test.statistics SET value = value + 1 WHERE name = 'executions';
  remote := rows_of(format('EXECUTE random_remote(%s)', arguments), 'remote');
  local := rows_of(format('EXECUTE random_local(%s)', arguments), 'local');
  UPDATE test.statistics SET value = value + 1 WHERE name = 'with rows' AND cardinality(local) > 0;
  IF NOT ordered THEN
    remote := ARRAY(SELECT unnest(remote) COLLATE "C" ORDER BY 1);
    local := ARRAY(SELECT unnest(local) COLLATE "C" ORDER BY 1);
  END IF;
  RETURN CASE WHEN remote <> local THEN format('DIFFERENT: %s, in the local copy %s', left(remote::text, 1000), left(local::text, 1000)) END;
EXCEPTION WHEN OTHERS THEN
  RETURN format('%s: %s', SQLSTATE, SQLERRM);
END $$;
\set ECHO all

-- the data, seen from both sides
SELECT tab, compare(format('SELECT * FROM %I', tab)) FROM (SELECT DISTINCT tab FROM columns) s ORDER BY tab COLLATE "C";

-- no query differs
SELECT * FROM run(:seed, 1, :count);

-- and they were not all trivial
SELECT executions > :count * 1.5 AS "enough executions", prepared > :count / 5 AS "enough prepared", with_rows > executions / 2 AS "enough rows"
FROM (SELECT sum(value) FILTER (WHERE name = 'executions') AS executions, sum(value) FILTER (WHERE name = 'prepared') AS prepared, sum(value) FILTER (WHERE name = 'with rows') AS with_rows FROM statistics) s;
