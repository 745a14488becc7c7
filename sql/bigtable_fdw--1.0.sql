/* sql/bigtable_fdw--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION bigtable_fdw" to load this file. \quit

CREATE FUNCTION bigtable_fdw_handler()
RETURNS fdw_handler
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;

CREATE FUNCTION bigtable_fdw_validator(text[], oid)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;

CREATE FOREIGN DATA WRAPPER bigtable_fdw
  HANDLER bigtable_fdw_handler
  VALIDATOR bigtable_fdw_validator;

-- ---- writing without a foreign table ----
--
-- Row keys, qualifiers and values are bytes; each function that takes them has
-- a twin that takes text, which is written in UTF-8.

CREATE TYPE bigtable_mutation AS (
  kind text,
  family text,
  qualifier bytea,
  value bytea,
  "timestamp" timestamptz,
  amount bigint,
  "from" timestamptz,
  until timestamptz
);

CREATE TYPE bigtable_row_mutations AS (
  row_key bytea,
  mutations bigtable_mutation[]
);

CREATE TYPE bigtable_rmw_rule AS (
  family text,
  qualifier bytea,
  increment bigint,
  append bytea
);

-- constructors

CREATE FUNCTION bigtable_set_cell(family text, qualifier bytea, value bytea, ts timestamptz DEFAULT NULL)
RETURNS bigtable_mutation LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ROW('set_cell', $1, $2, $3, $4, NULL, NULL, NULL)::@extschema@.bigtable_mutation $$;

CREATE FUNCTION bigtable_set_cell(family text, qualifier text, value bytea, ts timestamptz DEFAULT NULL)
RETURNS bigtable_mutation LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT ROW('set_cell', $1, convert_to($2, 'UTF8'), $3, $4, NULL, NULL, NULL)::@extschema@.bigtable_mutation $$;

CREATE FUNCTION bigtable_set_cell(family text, qualifier text, value text, ts timestamptz DEFAULT NULL)
RETURNS bigtable_mutation LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT ROW('set_cell', $1, convert_to($2, 'UTF8'), convert_to($3, 'UTF8'), $4, NULL, NULL, NULL)::@extschema@.bigtable_mutation $$;

CREATE FUNCTION bigtable_add_to_cell(family text, qualifier bytea, amount bigint, ts timestamptz DEFAULT '1970-01-01 00:00:00+00')
RETURNS bigtable_mutation LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ROW('add_to_cell', $1, $2, NULL, $4, $3, NULL, NULL)::@extschema@.bigtable_mutation $$;

CREATE FUNCTION bigtable_add_to_cell(family text, qualifier text, amount bigint, ts timestamptz DEFAULT '1970-01-01 00:00:00+00')
RETURNS bigtable_mutation LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT ROW('add_to_cell', $1, convert_to($2, 'UTF8'), NULL, $4, $3, NULL, NULL)::@extschema@.bigtable_mutation $$;

CREATE FUNCTION bigtable_delete_cells(family text, qualifier bytea, "from" timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS bigtable_mutation LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ROW('delete_cells', $1, $2, NULL, NULL, NULL, $3, $4)::@extschema@.bigtable_mutation $$;

CREATE FUNCTION bigtable_delete_cells(family text, qualifier text, "from" timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS bigtable_mutation LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT ROW('delete_cells', $1, convert_to($2, 'UTF8'), NULL, NULL, NULL, $3, $4)::@extschema@.bigtable_mutation $$;

CREATE FUNCTION bigtable_delete_family(family text)
RETURNS bigtable_mutation LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ROW('delete_family', $1, NULL, NULL, NULL, NULL, NULL, NULL)::@extschema@.bigtable_mutation $$;

CREATE FUNCTION bigtable_delete_row()
RETURNS bigtable_mutation LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ROW('delete_row', NULL, NULL, NULL, NULL, NULL, NULL, NULL)::@extschema@.bigtable_mutation $$;

CREATE FUNCTION bigtable_row(row_key bytea, VARIADIC mutations bigtable_mutation[])
RETURNS bigtable_row_mutations LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ROW($1, $2)::@extschema@.bigtable_row_mutations $$;

CREATE FUNCTION bigtable_row(row_key text, VARIADIC mutations bigtable_mutation[])
RETURNS bigtable_row_mutations LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT ROW(convert_to($1, 'UTF8'), $2)::@extschema@.bigtable_row_mutations $$;

CREATE FUNCTION bigtable_increment(family text, qualifier bytea, amount bigint DEFAULT 1)
RETURNS bigtable_rmw_rule LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ROW($1, $2, $3, NULL)::@extschema@.bigtable_rmw_rule $$;

CREATE FUNCTION bigtable_increment(family text, qualifier text, amount bigint DEFAULT 1)
RETURNS bigtable_rmw_rule LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT ROW($1, convert_to($2, 'UTF8'), $3, NULL)::@extschema@.bigtable_rmw_rule $$;

CREATE FUNCTION bigtable_append(family text, qualifier bytea, value bytea)
RETURNS bigtable_rmw_rule LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ROW($1, $2, NULL, $3)::@extschema@.bigtable_rmw_rule $$;

CREATE FUNCTION bigtable_append(family text, qualifier text, value text)
RETURNS bigtable_rmw_rule LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT ROW($1, convert_to($2, 'UTF8'), NULL, convert_to($3, 'UTF8'))::@extschema@.bigtable_rmw_rule $$;

-- functions

CREATE FUNCTION bigtable_mutate_row(server name, table_name text, row_key bytea,
  mutations bigtable_mutation[], app_profile text DEFAULT NULL, timeout interval DEFAULT NULL)
RETURNS void AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION bigtable_mutate_row(server name, table_name text, row_key text,
  mutations bigtable_mutation[], app_profile text DEFAULT NULL, timeout interval DEFAULT NULL)
RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$ SELECT @extschema@.bigtable_mutate_row($1, $2, convert_to($3, 'UTF8'), $4, $5, $6) $$;

CREATE FUNCTION bigtable_mutate_rows(server name, table_name text, entries bigtable_row_mutations[],
  app_profile text DEFAULT NULL, timeout interval DEFAULT NULL,
  OUT index integer, OUT row_key bytea, OUT code integer, OUT message text)
RETURNS SETOF record AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION bigtable_check_and_mutate(server name, table_name text, row_key bytea, predicate jsonb,
  true_mutations bigtable_mutation[] DEFAULT NULL, false_mutations bigtable_mutation[] DEFAULT NULL,
  app_profile text DEFAULT NULL, timeout interval DEFAULT NULL)
RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION bigtable_check_and_mutate(server name, table_name text, row_key text, predicate jsonb,
  true_mutations bigtable_mutation[] DEFAULT NULL, false_mutations bigtable_mutation[] DEFAULT NULL,
  app_profile text DEFAULT NULL, timeout interval DEFAULT NULL)
RETURNS boolean LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$ SELECT @extschema@.bigtable_check_and_mutate($1, $2, convert_to($3, 'UTF8'), $4, $5, $6, $7, $8) $$;

CREATE FUNCTION bigtable_read_modify_write(server name, table_name text, row_key bytea, rules bigtable_rmw_rule[],
  app_profile text DEFAULT NULL, timeout interval DEFAULT NULL,
  OUT family text, OUT qualifier bytea, OUT "timestamp" timestamptz, OUT value bytea)
RETURNS SETOF record AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION bigtable_read_modify_write(server name, table_name text, row_key text, rules bigtable_rmw_rule[],
  app_profile text DEFAULT NULL, timeout interval DEFAULT NULL,
  OUT family text, OUT qualifier bytea, OUT "timestamp" timestamptz, OUT value bytea)
RETURNS SETOF record LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$ SELECT * FROM @extschema@.bigtable_read_modify_write($1, $2, convert_to($3, 'UTF8'), $4, $5, $6) $$;

CREATE FUNCTION bigtable_drop_row_range(server name, table_name text, row_key_prefix bytea,
  whole_table boolean DEFAULT false, timeout interval DEFAULT NULL)
RETURNS void AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION bigtable_drop_row_range(server name, table_name text, row_key_prefix text,
  whole_table boolean DEFAULT false, timeout interval DEFAULT NULL)
RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$ SELECT @extschema@.bigtable_drop_row_range($1, $2, convert_to($3, 'UTF8'), $4, $5) $$;

-- ---- reading without a foreign table ----

CREATE TYPE bytearange AS RANGE (subtype = bytea, multirange_type_name = byteamultirange);

-- Ranges of row keys: those that begin with a prefix, and those from one (which
-- is in) up to another (which is not).  The prefix may not be empty.

CREATE FUNCTION bigtable_prefix(prefix bytea)
RETURNS byteamultirange AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION bigtable_prefix(prefix text)
RETURNS byteamultirange LANGUAGE sql STABLE STRICT PARALLEL SAFE
AS $$ SELECT @extschema@.bigtable_prefix(convert_to($1, 'UTF8')) $$;

CREATE FUNCTION bigtable_range("from" bytea, until bytea)
RETURNS byteamultirange LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT @extschema@.byteamultirange(@extschema@.bytearange($1, $2, '[)')) $$;

CREATE FUNCTION bigtable_range("from" text, until text)
RETURNS byteamultirange LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT @extschema@.byteamultirange(@extschema@.bytearange(convert_to($1, 'UTF8'), convert_to($2, 'UTF8'), '[)')) $$;

-- The server is of type text here, and of type name in the twin: so a call with
-- NULL for the keys is not ambiguous, but means the first.

CREATE FUNCTION bigtable_read_rows(server text, table_name text, row_keys bytea[] DEFAULT NULL,
  row_ranges byteamultirange DEFAULT NULL, filter jsonb DEFAULT NULL, rows_limit bigint DEFAULT NULL,
  reversed boolean DEFAULT false, app_profile text DEFAULT NULL, timeout interval DEFAULT NULL,
  OUT row_key bytea, OUT family text, OUT qualifier bytea, OUT "timestamp" timestamptz, OUT value bytea,
  OUT labels text[])
RETURNS SETOF record AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED;

CREATE FUNCTION bigtable_read_rows(server name, table_name text, row_keys text[],
  row_ranges byteamultirange DEFAULT NULL, filter jsonb DEFAULT NULL, rows_limit bigint DEFAULT NULL,
  reversed boolean DEFAULT false, app_profile text DEFAULT NULL, timeout interval DEFAULT NULL,
  OUT row_key bytea, OUT family text, OUT qualifier bytea, OUT "timestamp" timestamptz, OUT value bytea,
  OUT labels text[])
RETURNS SETOF record LANGUAGE sql VOLATILE PARALLEL RESTRICTED
AS $$
  SELECT * FROM @extschema@.bigtable_read_rows($1::text, $2,
    CASE WHEN $3 IS NOT NULL THEN ARRAY(SELECT convert_to(key, 'UTF8') FROM unnest($3) WITH ORDINALITY AS k(key, n) ORDER BY n) END,
    $4, $5, $6, $7, $8, $9)
$$;

CREATE FUNCTION bigtable_sample_row_keys(server name, table_name text, app_profile text DEFAULT NULL,
  timeout interval DEFAULT NULL, OUT row_key bytea, OUT offset_bytes bigint)
RETURNS SETOF record AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED;

-- ---- tables ----
--
-- Of bigtable_create_table, the twin whose splits are text takes the server as a
-- name: see bigtable_read_rows.

CREATE FUNCTION bigtable_create_table(server text, table_name text, families jsonb,
  splits bytea[] DEFAULT NULL, timeout interval DEFAULT NULL)
RETURNS void AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION bigtable_create_table(server name, table_name text, families jsonb,
  splits text[], timeout interval DEFAULT NULL)
RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
  SELECT @extschema@.bigtable_create_table($1::text, $2, $3,
    CASE WHEN $4 IS NOT NULL THEN ARRAY(SELECT convert_to(key, 'UTF8') FROM unnest($4) WITH ORDINALITY AS k(key, n) ORDER BY n) END,
    $5)
$$;

CREATE FUNCTION bigtable_drop_table(server name, table_name text, timeout interval DEFAULT NULL)
RETURNS void AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION bigtable_tables(server name, timeout interval DEFAULT NULL, OUT table_name text)
RETURNS SETOF text AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED;

CREATE FUNCTION bigtable_families(server name, table_name text, timeout interval DEFAULT NULL,
  OUT family text, OUT gc_rule jsonb, OUT value_type text)
RETURNS SETOF record AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED;

CREATE FUNCTION bigtable_set_families(server name, table_name text, families jsonb, timeout interval DEFAULT NULL)
RETURNS void AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- ---- connections of this session ----

CREATE FUNCTION bigtable_fdw_get_connections(OUT server name, OUT user_name name, OUT endpoint text,
  OUT state text, OUT calls bigint, OUT rows bigint, OUT bytes bigint, OUT retries bigint,
  OUT last_error text, OUT opened_at timestamptz)
RETURNS SETOF record AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

CREATE FUNCTION bigtable_fdw_disconnect(server name)
RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

CREATE FUNCTION bigtable_fdw_disconnect_all()
RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
