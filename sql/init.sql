\set ECHO none
-- What every test includes first, without an echo. It makes the schemas anew:
--
--   remote  foreign tables, on the server "bt"
--   local   local copies of them, of the same names, filled from literals
--   test    the functions below
--
-- A local table is sent to Bigtable by test/build/btload, not through the
-- extension:
--
--   \! $CREATE table family...
--   SELECT cell(key, 'family:qualifier', value [, timestamp]) ... \g |$LOAD table
--
-- What the extension has written is read by btload, too:
--
--   \set cells `$READ table`
--   SELECT * FROM written(:'cells');

\pset format unaligned
\pset tuples_only on
\pset null NULL
\set VERBOSITY default
\set SHOW_CONTEXT errors

\getenv emulator BIGTABLE_EMULATOR
\if :{?emulator}
\else
\warn the environment variable BIGTABLE_EMULATOR must be the host:port of a Bigtable emulator
\set emulator ''
\endif
\getenv btload BTLOAD
\if :{?btload}
\else
\set btload :abs_srcdir '/test/build/btload'
\endif
\set command :btload ' ' :emulator ' test test create'
\setenv CREATE :command
\set command :btload ' ' :emulator ' test test load'
\setenv LOAD :command
\set command :btload ' ' :emulator ' test test read'
\setenv READ :command

SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
SET jit = off;
SET max_parallel_workers_per_gather = 0;
-- One stream a scan, so that rows come in the order of their keys.
SET bigtable_fdw.max_streams = 1;

DROP SCHEMA IF EXISTS remote, local, test CASCADE;
DROP SERVER IF EXISTS bt CASCADE;
CREATE SERVER bt FOREIGN DATA WRAPPER bigtable_fdw
  OPTIONS (project_id 'test', instance_id 'test', emulator_host :'emulator');
CREATE SCHEMA remote;
CREATE SCHEMA local;
CREATE SCHEMA test;
SET search_path = test, public;

-- One line of btload's input; NULL without a value.
CREATE FUNCTION cell(key bytea, col bytea, value bytea, ts bigint DEFAULT 1704067200000000)
RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT concat_ws(e'\t', '\x' || encode(key, 'hex'), '\x' || encode(col, 'hex'), ts, '\x' || encode(value, 'hex'))
$$;
CREATE FUNCTION cell(key bytea, col text, value bytea, ts bigint DEFAULT 1704067200000000)
RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT cell(key, convert_to(col, 'UTF8'), value, ts) $$;
CREATE FUNCTION cell(key text, col text, value bytea, ts bigint DEFAULT 1704067200000000)
RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT cell(convert_to(key, 'UTF8'), col, value, ts) $$;
CREATE FUNCTION cell(key bytea, col text, value text, ts bigint DEFAULT 1704067200000000)
RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT cell(key, col, convert_to(value, 'UTF8'), ts) $$;
CREATE FUNCTION cell(key text, col text, value text, ts bigint DEFAULT 1704067200000000)
RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT cell(key, col, convert_to(value, 'UTF8'), ts) $$;

-- The binary encoding of some types.
CREATE FUNCTION binary(value smallint) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS 'SELECT int2send(value)';
CREATE FUNCTION binary(value integer) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS 'SELECT int4send(value)';
CREATE FUNCTION binary(value bigint) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS 'SELECT int8send(value)';
CREATE FUNCTION binary(value date) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT int4send(value - '1970-01-01'::date) $$;
CREATE FUNCTION binary(value timestamp) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT int8send((extract(epoch FROM value) * 1000000)::bigint) $$;
CREATE FUNCTION binary(value timestamptz) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT int8send((extract(epoch FROM value) * 1000000)::bigint) $$;

-- The encoding "ordered": as many ones as there are bytes, a zero, the number;
-- a negative number is the flipped bits of the one that is as far from -1 as it is
-- from 0.
CREATE FUNCTION ordered(n bigint) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT decode(string_agg(lpad(to_hex(CASE WHEN n < 0 THEN 255 - byte ELSE byte END), 2, '0'), '' ORDER BY i), 'hex')
  FROM (SELECT len, repeat('1', len) || right(lpad((CASE WHEN n < 0 THEN -1 - n ELSE n END)::bit(64)::text, 70, '0'), 7 * len) AS bits
    FROM generate_series(1, 10) len WHERE len = 10 OR n BETWEEN - (2::numeric ^ (7 * len - 1)) AND 2::numeric ^ (7 * len - 1) - 1 ORDER BY len LIMIT 1) s,
    generate_series(1, len) i, LATERAL (SELECT substr(bits, 8 * i - 7, 8)::bit(8)::int AS byte) b
$$;
CREATE FUNCTION ordered(value date) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT ordered((value - '1970-01-01'::date)::bigint) $$;
CREATE FUNCTION ordered(value timestamptz) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT ordered((extract(epoch FROM value) * 1000000)::bigint) $$;

-- The rows of a query, as text, with the tables of a schema.
CREATE FUNCTION rows_of(query text, schema text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  path text := current_setting('search_path');
  result text[] := '{}';
  r record;
BEGIN
  PERFORM set_config('search_path', schema || ', test', false);
  FOR r IN EXECUTE query LOOP
    result := result || r::text;
  END LOOP;
  PERFORM set_config('search_path', path, false);
  RETURN result;
END $$;

-- Compares a query's rows with those of the local copy; their order too, if
-- the query says one.
CREATE FUNCTION compare(query text, ordered boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  remote text[] := rows_of(query, 'remote');
  local text[] := rows_of(query, 'local');
  more text[];
  fewer text[];
BEGIN
  IF remote = local OR
    NOT ordered AND ARRAY(SELECT unnest(remote) COLLATE "C" ORDER BY 1) = ARRAY(SELECT unnest(local) COLLATE "C" ORDER BY 1)
  THEN
    RETURN format('%s %s, as in the local copy', cardinality(local), CASE cardinality(local) WHEN 1 THEN 'row' ELSE 'rows' END);
  END IF;
  more := ARRAY(SELECT unnest(remote) EXCEPT ALL SELECT unnest(local));
  fewer := ARRAY(SELECT unnest(local) EXCEPT ALL SELECT unnest(remote));
  IF more = '{}' AND fewer = '{}' THEN
    RETURN format('DIFFERENT ORDER: %s, in the local copy %s', left(remote::text, 1000), left(local::text, 1000));
  END IF;
  RETURN format('DIFFERENT: too much %s, missing %s', left(more::text, 1000), left(fewer::text, 1000));
END $$;

-- The plan of a query over the foreign tables.
CREATE FUNCTION plan(query text, options text DEFAULT 'COSTS OFF') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('EXPLAIN (%s) %s', options, query);
END $$;

CREATE FUNCTION plan_json(query text, options text DEFAULT 'COSTS OFF') RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE format('EXPLAIN (%s, FORMAT JSON) %s', options, query) INTO plan;
  RETURN plan->0->'Plan';
END $$;

-- The plan, and how the rows compare.
CREATE FUNCTION check_query(query text, ordered boolean DEFAULT false) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT plan(query) UNION ALL SELECT compare(query, ordered)
$$;

-- What the foreign scans of a query did: the counters that do not vary.
CREATE FUNCTION counters(query text) RETURNS text LANGUAGE sql AS $$
  SELECT format('requests %s, rows %s', string_agg(node->>'Requests', ' + '), string_agg(node->>'Rows Returned', ' + '))
  FROM jsonb_path_query(plan_json(query, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF'), 'strict $.** ? (exists(@."Requests"))') AS node
$$;

-- What a command fails with. What the emulator says in its own words is left
-- out, and so is what is due to this function.
CREATE FUNCTION failure(command text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  state text;
  message text;
  detail text;
  hint text;
  context text;
BEGIN
  BEGIN
    EXECUTE command;
    RETURN NEXT 'no error';
    RETURN;
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
      detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
  END;
  RETURN NEXT format('%s: %s', state, message);
  detail := regexp_replace(detail, '^.*; gRPC status', '...; gRPC status');
  detail := regexp_replace(detail, 'from \S+ after', 'from HOST:PORT after');
  IF detail <> '' THEN
    RETURN NEXT '  DETAIL: ' || detail;
  END IF;
  IF hint <> '' THEN
    RETURN NEXT '  HINT: ' || hint;
  END IF;
  FOREACH context IN ARRAY string_to_array(context, e'\n') LOOP
    EXIT WHEN context ~ '^(SQL statement|PL/pgSQL)';
    RETURN NEXT '  CONTEXT: ' || context;
  END LOOP;
END $$;

-- ---- writing ----

-- The cells that btload has read.
CREATE FUNCTION cells(lines text) RETURNS TABLE (key bytea, col bytea, ts bigint, value bytea) LANGUAGE sql IMMUTABLE AS $$
  SELECT field[1]::bytea, field[2]::bytea, field[3]::bigint, field[4]::bytea
  FROM string_to_table(lines, e'\n') WITH ORDINALITY AS l(line, number), string_to_array(line, e'\t') field
  WHERE line <> '' ORDER BY number
$$;

-- Bytes as text if they are, else in hex.
CREATE FUNCTION shown(bytes bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN encode(bytes, 'escape') ~ '^[ -[\]-~]*$' THEN encode(bytes, 'escape') ELSE '\x' || encode(bytes, 'hex') END
$$;

-- The same for people to read: row key, column and value, newest version first.
CREATE FUNCTION written(lines text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
  SELECT concat_ws(' ', shown(key), shown(col) || '=' || shown(value))
  FROM (SELECT *, row_number() OVER () AS number FROM cells(lines)) c ORDER BY key, col, number
$$;

-- Compares the cells that btload has read with those that a query makes by
-- cell(), but for their timestamps. All versions count.
CREATE FUNCTION compare_cells(lines text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  found text[] := ARRAY(SELECT cell(key, col, value, 0) FROM cells(lines));
  wanted text[];
  more text[];
  fewer text[];
BEGIN
  EXECUTE format('SELECT array_agg(regexp_replace(line, e''\t[0-9]+\t'', e''\t0\t'')) FROM (%s) q(line) WHERE line IS NOT NULL', query) INTO wanted;
  wanted := coalesce(wanted, '{}');
  more := ARRAY(SELECT unnest(found) EXCEPT ALL SELECT unnest(wanted));
  fewer := ARRAY(SELECT unnest(wanted) EXCEPT ALL SELECT unnest(found));
  IF more = '{}' AND fewer = '{}' THEN
    RETURN format('%s cells, byte for byte', cardinality(found));
  END IF;
  RETURN format('DIFFERENT: too much %s, missing %s', left(more::text, 1000), left(fewer::text, 1000));
END $$;

-- Runs a command with the tables of a schema; what RETURNING gives, in no
-- order, or the number of rows.
CREATE FUNCTION outcome(command text, schema text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  path text := current_setting('search_path');
  result text[] := '{}';
  n bigint;
  r record;
BEGIN
  PERFORM set_config('search_path', schema || ', test, public', false);
  IF command ~* '\mRETURNING\M' THEN
    FOR r IN EXECUTE command LOOP
      result := result || r::text;
    END LOOP;
    result := ARRAY(SELECT unnest(result) COLLATE "C" ORDER BY 1);
  ELSE
    EXECUTE command;
    GET DIAGNOSTICS n = ROW_COUNT;
    result := ARRAY[n || CASE n WHEN 1 THEN ' row' ELSE ' rows' END];
  END IF;
  PERFORM set_config('search_path', path, false);
  RETURN array_to_string(result, ' ');
END $$;

-- Runs a command on the foreign tables and on the local copies (there perhaps
-- in other words), and compares its outcome, then the rows of a query.
CREATE FUNCTION change(command text, local_command text DEFAULT NULL, query text DEFAULT 'SELECT * FROM t')
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  remote text := outcome(command, 'remote');
  local text := outcome(coalesce(local_command, command), 'local');
BEGIN
  RETURN NEXT CASE WHEN remote = local THEN remote ELSE format('DIFFERENT: %s, in the local copy %s', remote, local) END;
  RETURN NEXT compare(query);
END $$;


SET search_path = remote, test, public;

\set ECHO all
