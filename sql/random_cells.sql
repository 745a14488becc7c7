-- Random queries over encodings, versions and jsonb, each compared with the same
-- query over the local copy. random.sql does so for keys and plain columns.
--
-- The queries of a run follow from its seed alone; BIGTABLE_RANDOM_SEED (1 by
-- default) and BIGTABLE_RANDOM_COUNT (200, or 4000 if BIGTABLE_TEST_FULL is
-- "yes") may be set. To see a query again: SELECT * FROM test.run(seed, number, 1).
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
\set ECHO none

\set seed 1
\set count 200
\getenv full BIGTABLE_TEST_FULL
\if :{?full}
\if :full
\set count 2000
\endif
\endif
\getenv seed BIGTABLE_RANDOM_SEED
\getenv count BIGTABLE_RANDOM_COUNT

-- ---- the data: cells, and what rows they make, by SQL alone ----

CREATE FUNCTION one_of(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;
CREATE FUNCTION bytes() RETURNS bytea LANGUAGE sql VOLATILE AS $$
  SELECT decode(coalesce(string_agg(one_of('00', '01', '25', '5c', '61', '62', 'c3a4', 'f09f9880', '7f'), ''), ''), 'hex') FROM generate_series(1, floor(random() * 4)::int)
$$;
CREATE FUNCTION word() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(string_agg(one_of('a', 'a', 'b', 'B', 'ä', '{', '5', '-', '%', '"', '\'), ''), '') FROM generate_series(1, floor(random() * 3)::int)
$$;
CREATE FUNCTION number() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT one_of('0', '1', '-1', '5', '63', '64', '-64', '-65', '8191', '8192', '-8193', '32767', '-32768', '2147483647', '-2147483648', '4294967296', '-9223372036854775808', '9223372036854775807')::bigint
$$;

-- OrderedCode, worked out bit by bit: a number of n bytes has n bits of 1 and a 0 in front.
CREATE FUNCTION ordered(v bigint) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT decode(string_agg(lpad(to_hex(CASE WHEN v < 0 THEN 255 - byte ELSE byte END), 2, '0'), '' ORDER BY i), 'hex')
  FROM (SELECT x::bit(64)::text AS bits, length(ltrim(x::bit(64)::text, '0')) AS used FROM (SELECT CASE WHEN v < 0 THEN -1 - v ELSE v END AS x) n) b,
    LATERAL (SELECT min(size) AS size FROM generate_series(1, 10) size WHERE 7 * size - 1 >= used) s,
    LATERAL (SELECT rpad(repeat('1', size), size + 1, '0') || lpad(right(bits, least(64, 7 * size - 1)), 7 * size - 1, '0') AS code) c,
    generate_series(0, size - 1) i, LATERAL (SELECT substr(code, 8 * i + 1, 8)::bit(8)::int AS byte) p
$$;

SELECT setseed(0.5) \g /dev/null
CREATE TABLE test.data AS
  SELECT 'k' || lpad(no::text, 3, '0') AS k, CASE WHEN random() < 0.8 THEN bytes() END AS h, CASE WHEN random() < 0.8 THEN word() END AS ht, CASE WHEN random() < 0.8 THEN bytes() END AS b,
    CASE WHEN random() < 0.8 THEN number() END AS o, CASE WHEN random() < 0.8 THEN '1970-01-01'::date + (number() % 10000)::int END AS d,
    CASE WHEN random() < 0.8 THEN (SELECT array_agg(number()) FROM generate_series(0, floor(random() * 5)::int + 0 * no)) END AS versions, random() < 0.5 AS upper
  FROM generate_series(1, 150) no;
-- the cells of the families, in two versions of which the second is older
CREATE TABLE test.pairs AS
  SELECT DISTINCT ON (k, f, name) k, f, name, CASE WHEN f = 'num' AND random() < 0.7 THEN int8send(number()) WHEN random() < 0.2 THEN bytes() || '\xff'::bytea ELSE convert_to(word(), 'UTF8') END AS value
  FROM test.data, unnest('{tag,num}'::text[]) f, LATERAL (SELECT CASE WHEN random() < 0.1 THEN '\xff00'::bytea ELSE convert_to(one_of('a', 'a', 'b', 'c', '', 'ä', '{', 'x.y', '\x61'), 'UTF8') END AS name FROM generate_series(1, floor(random() * 5)::int) WHERE k <> '') n
  WHERE random() < 0.9;
CREATE FUNCTION is_text(b bytea) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM convert_from(b, 'UTF8'); RETURN true; EXCEPTION WHEN OTHERS THEN RETURN false; END $$;
CREATE FUNCTION key_json(q bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN substr(q, 1, 2) = '\x5c78' OR NOT is_text(q) THEN '\x' || encode(q, 'hex') ELSE convert_from(q, 'UTF8') END $$;
CREATE FUNCTION value_json(b bytea, f text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN f = 'num' AND length(b) = 8 THEN to_jsonb(('x' || encode(b, 'hex'))::bit(64)::bigint) WHEN is_text(b) THEN to_jsonb(convert_from(b, 'UTF8')) ELSE jsonb_build_object('$bin', encode(b, 'base64')) END
$$;
CREATE TABLE local.t AS
  SELECT k, h, ht, b, o, d, versions[1]::bigint AS v, versions[1:3] AS vs, (SELECT jsonb_object_agg(key_json(name), value_json(value, f)) FROM pairs p WHERE p.k = data.k AND f = 'tag') AS tag,
    (SELECT jsonb_object_agg(key_json(name), value_json(value, f)) FROM pairs p WHERE p.k = data.k AND f = 'num') AS num FROM data;
ALTER TABLE local.t ALTER k TYPE text COLLATE "C", ALTER ht TYPE text COLLATE "C";
ANALYZE local.t;
CREATE FUNCTION cells_of(r data) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT line FROM (VALUES (cell(r.k, 'f:h', CASE WHEN r.upper THEN upper(encode(r.h, 'hex')) ELSE encode(r.h, 'hex') END)), (cell(r.k, 'f:ht', CASE WHEN r.upper THEN upper(encode(convert_to(r.ht, 'UTF8'), 'hex')) ELSE encode(convert_to(r.ht, 'UTF8'), 'hex') END)),
    (cell(r.k, 'f:b', CASE WHEN r.upper THEN rtrim(translate(encode(r.b, 'base64'), '+/', '-_'), '=') ELSE encode(r.b, 'base64') END)), (cell(r.k, 'f:o', ordered(r.o))), (cell(r.k, 'f:d', ordered(r.d - '1970-01-01'::date))), (cell(r.k, 'f:unmapped', 'x'::bytea)),
    (CASE WHEN r.h IS NOT NULL THEN cell(r.k, 'f:h', '6161'::bytea, 1000) END), (CASE WHEN r.o IS NOT NULL THEN cell(r.k, 'f:o', '\x81'::bytea, 1000) END)) v(line) WHERE line IS NOT NULL
  UNION ALL SELECT cell(r.k, 'f:v', v::text, 1704067200000000 - i * 1000) FROM unnest(r.versions) WITH ORDINALITY u(v, i)
  UNION ALL SELECT cell(convert_to(p.k, 'UTF8'), convert_to(p.f || ':', 'UTF8') || p.name, c.value, c.ts) FROM pairs p, LATERAL (VALUES (p.value, 1704067200000000), ('aa'::bytea, 1000)) c(value, ts) WHERE p.k = r.k
$$;
\! $CREATE t f tag num
SELECT cells_of(data) FROM test.data \g |$LOAD t 2>/dev/null
CREATE FOREIGN TABLE remote.t (k text OPTIONS (row_key 'true') COLLATE "C", h bytea OPTIONS (family 'f', qualifier 'h', encoding 'hex'), ht text OPTIONS (family 'f', qualifier 'ht', encoding 'hex') COLLATE "C",
  b bytea OPTIONS (family 'f', qualifier 'b', encoding 'base64'), o bigint OPTIONS (family 'f', qualifier 'o', encoding 'ordered'), d date OPTIONS (family 'f', qualifier 'd', encoding 'ordered'),
  v bigint OPTIONS (family 'f', qualifier 'v'), vs bigint[] OPTIONS (family 'f', qualifier 'v', max_versions '3'), tag jsonb OPTIONS (family 'tag'), num jsonb OPTIONS (family 'num', encoding 'binary')) SERVER bt;
\set ECHO all
SELECT compare('SELECT * FROM t');
\set ECHO none

-- ---- the generator ----

CREATE FUNCTION value_of(col text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  result text;
BEGIN
  IF random() < 0.7 THEN
    EXECUTE format('SELECT %I::text FROM local.t WHERE %I IS NOT NULL ORDER BY random() LIMIT 1', col, col) INTO result;
    RETURN result;
  END IF;
  RETURN CASE col WHEN 'ht' THEN word() WHEN 'o' THEN number()::text WHEN 'v' THEN number()::text WHEN 'd' THEN ('1970-01-01'::date + (number() % 10000)::int)::text ELSE bytes()::text END;
END $$;
CREATE FUNCTION key_name() RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT quote_literal(one_of('a', 'a', 'b', 'c', '', 'ä', '{', 'x.y', '\xff00', '\x5c783631', '\x61', 'none')) $$;
CREATE FUNCTION json_text(f text) RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT quote_literal(coalesce((SELECT value FROM local.t, jsonb_each_text(CASE f WHEN 'tag' THEN tag ELSE num END) WHERE random() < 0.8 ORDER BY random() LIMIT 1), word()))
$$;

CREATE FUNCTION leaf(a text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  col text := one_of('h', 'ht', 'b', 'o', 'd', 'v', 'vs', 'tag', 'tag', 'tag', 'num', 'num');
  x text := a || '.' || col;
  op text := one_of('=', '=', '<', '<=', '>', '>=', '<>');
  f text := format('%s->>%s', x, key_name());
BEGIN
  IF random() < 0.08 THEN
    RETURN x || one_of(' IS NULL', ' IS NOT NULL');
  END IF;
  IF col IN ('tag', 'num') THEN
    RETURN one_of(format('%s ? %s', x, key_name()), format('%s ? %s', x, key_name()), format('%s = %s', f, json_text(col)), format('%s = %s', f, json_text(col)), format('%s IN (%s, %s, %s)', f, json_text(col), json_text(col), json_text(col)),
      format('%s = (SELECT %s::text)', f, json_text(col)), format('%s %s %s COLLATE "C"', f, op, json_text(col)), f || one_of(' IS NULL', ' IS NOT NULL'), format('%s->%s IS NOT NULL', x, key_name()), format('%s[%s] IS NULL', x, key_name()),
      format('(%s ? %s) IS %s', x, key_name(), one_of('TRUE', 'NOT TRUE', 'FALSE', 'NULL')), format('%s ?| ARRAY[%s, %s]', x, key_name(), key_name()), format('%s = %s->>%s', f, x, key_name()), format('jsonb_typeof(%s->%s) = ''number''', x, key_name()),
      format('(SELECT count(*) FROM jsonb_object_keys(%s)) > 2', x));
  ELSIF col = 'vs' THEN
    RETURN one_of(format('%s::bigint = ANY (%s)', quote_literal(number()), x), format('%s[1] %s %L::bigint', x, op, number()), format('cardinality(%s) = %s', x, floor(random() * 4)), format('%s @> ARRAY[%L::bigint]', x, number()), format('%s[1] = %s.v', x, a));
  END IF;
  RETURN one_of(format('%s %s %L', x, op, value_of(col)), format('%s %s %L', x, op, value_of(col)), format('%s IN (%L, %L, NULL)', x, value_of(col), value_of(col)), format('%s BETWEEN %L AND %L', x, value_of(col), value_of(col)),
    format('%L %s %s', value_of(col), op, x), CASE WHEN col IN ('o', 'v') THEN format('%s %s (SELECT %L::bigint)', x, op, number()) WHEN col = 'ht' THEN format('%s ^@ %L', x, word()) ELSE format('%s IS DISTINCT FROM %L', x, value_of(col)) END);
END $$;
CREATE FUNCTION condition(a text, depth int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF depth = 0 OR random() < 0.3 THEN
    RETURN leaf(a);
  END IF;
  RETURN CASE one_of('and', 'and', 'or', 'not') WHEN 'and' THEN format('(%s AND %s)', condition(a, depth - 1), condition(a, depth - 1)) WHEN 'or' THEN format('(%s OR %s)', condition(a, depth - 1), condition(a, depth - 1)) ELSE format('NOT (%s)', condition(a, depth - 1)) END;
END $$;
CREATE FUNCTION output(a text) RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT string_agg(x, ', ') FROM (SELECT x FROM unnest(ARRAY['k', 'h', 'ht', 'b', 'o', 'd', 'v', 'vs', 'tag', 'num', 'tag', format('tag->>%s', key_name()), format('tag->%s', key_name()), format('num->>%s', key_name()), format('tag ? %s', key_name()), format('num[%s]', key_name()), format('vs[%s]', 1 + floor(random() * 3))]) c(c),
    LATERAL (SELECT a || '.' || c AS x) q ORDER BY random() LIMIT 1 + floor(random() * 4)::int) s
$$;
CREATE FUNCTION random_query() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  CASE floor(random() * 8)::int
    WHEN 0, 1, 2 THEN RETURN format('SELECT %s FROM t a WHERE %s', output('a'), condition('a', 2));
    WHEN 3 THEN RETURN format('SELECT a.k, %s FROM t a WHERE %s', output('a'), leaf('a'));
    WHEN 4 THEN RETURN format('SELECT count(*), count(a.tag), count(a.tag->>%s), sum(a.o::numeric), max(a.vs[1]) FROM t a WHERE %s', key_name(), condition('a', 2));
    WHEN 5 THEN RETURN format('SELECT a.tag->>%s, count(*) FROM t a WHERE %s GROUP BY 1', key_name(), condition('a', 1));
    WHEN 6 THEN RETURN format('SELECT a.k, %s FROM t a %s JOIN t b ON a.k = b.k AND %s WHERE %s', output('b'), one_of('', 'LEFT'), leaf('b'), condition('a', 1));
    ELSE RETURN format('SELECT a.k FROM t a WHERE %s AND %s EXISTS (SELECT FROM t b WHERE b.tag->>%s = a.tag->>%s AND %s)', leaf('a'), one_of('', 'NOT'), key_name(), key_name(), leaf('b'));
  END CASE;
END $$;

-- Runs queries; those that differ come out.
CREATE TABLE test.statistics (executions int, with_rows int);
INSERT INTO test.statistics VALUES (0, 0);
CREATE FUNCTION run(seed int, first int, n int) RETURNS TABLE (run_seed int, number int, query text, outcome text) LANGUAGE plpgsql AS $$
BEGIN
  run_seed := seed;
  FOR number IN first .. first + n - 1 LOOP
    PERFORM setseed(((seed * 7919 + number) % 10007) / 10007.0);
    query := random_query();
    BEGIN
      outcome := compare(query);
    EXCEPTION WHEN OTHERS THEN
      outcome := format('%s: %s', SQLSTATE, SQLERRM);
    END;
    UPDATE statistics SET executions = executions + 1, with_rows = with_rows + (outcome !~ '^0 rows')::int;
    IF outcome !~ 'as in the local copy' THEN
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;
SET search_path = test, remote, public;
\set ECHO all
-- queries whose rows differ
SELECT * FROM run(:seed, 1, :count);
-- and most of the others have rows
SELECT executions >= 200 AND with_rows > executions * 0.6 FROM statistics;
