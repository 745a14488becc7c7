-- Reading without a foreign table.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
\! $CREATE functions_read cf
-- families come in the order in which they were made
SELECT bigtable_set_families('bt', 'functions_read', '{"g": {}}');
CREATE TABLE local.cells (row_key bytea, family text, qualifier bytea, "timestamp" timestamptz, value bytea);
INSERT INTO local.cells VALUES
  ('a', 'cf', 'q', '2024-01-01Z', 'a1'), ('a', 'cf', 'q', '2023-01-01Z', 'a0'), ('a', 'g', '', '2024-01-01Z', 'empty qualifier'),
  ('\x00', 'cf', '\x00ff', '1970-01-01Z', '\xff00'), ('b', 'cf', 'q', '2024-01-01 00:00:00.001Z', ''), ('b', 'cf', 'r', '2024-01-01Z', 'br'),
  ('\x6200', 'g', 'q', '2024-01-01Z', 'after b'), ('user#1', 'cf', 'q', '2024-01-01Z', 'u1'), ('user#2', 'cf', 'q', '2024-01-01Z', 'u2'),
  ('user$', 'cf', 'q', '2024-01-01Z', 'not a user'), ('\xff', 'cf', 'q', '2024-01-01Z', 'last'), ('\xffff', 'cf', 'q', '2024-01-01Z', 'very last');
SELECT cell(row_key, convert_to(family || ':', 'UTF8') || qualifier, value, (extract(epoch FROM "timestamp") * 1000000)::bigint)
  FROM local.cells ORDER BY row_key \g |$LOAD functions_read

-- Compares what a call reads, in its order, with the cells that a condition allows.
CREATE FUNCTION test.check_read(arguments text, condition text, ordering text DEFAULT 'row_key') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  remote text[];
  local text[];
BEGIN
  EXECUTE format('SELECT array_agg(r::text ORDER BY n) FROM (SELECT row_key, family, qualifier, "timestamp", value, n FROM bigtable_read_rows(''bt'', ''functions_read''%s) WITH ORDINALITY AS f(row_key, family, qualifier, "timestamp", value, labels, n)) s, LATERAL (SELECT s.row_key, s.family, s.qualifier, s."timestamp", s.value) r', arguments) INTO remote;
  EXECUTE format('SELECT array_agg(c::text ORDER BY %s, family, qualifier, "timestamp" DESC) FROM local.cells c WHERE %s', ordering, condition) INTO local;
  IF remote IS NOT DISTINCT FROM local THEN
    RETURN format('%s cells', coalesce(cardinality(local), 0));
  END IF;
  RETURN format('DIFFERENT: %s, expected %s', remote, local);
END $$;

-- all of it, and what a cell looks like
SELECT * FROM bigtable_read_rows('bt', 'functions_read', '{a}');
SELECT test.check_read('', 'true');
SELECT test.check_read(', NULL, NULL, NULL, NULL, NULL, NULL', 'true');
SELECT test.check_read(', NULL', 'true');

-- keys
SELECT test.check_read($$, ARRAY['a', 'user#1', 'nosuch', 'a']$$, $$row_key IN ('a', 'user#1')$$);
SELECT test.check_read($$, ARRAY['\x00', '\xff', 'b']::bytea[]$$, $$row_key IN ('\x00', '\xff', 'b')$$);
SELECT test.check_read($$, '{user#2,a}'$$, $$row_key IN ('a', 'user#2')$$);
SELECT test.check_read($$, '{}'::bytea[]$$, 'false');
SELECT test.check_read($$, '{}'::text[]$$, 'false');
SELECT test.check_read($$, NULL::text[]$$, 'true');

-- ranges: open and closed, none, with bounds and without
SELECT test.check_read($$, row_ranges => '{[a,b]}'$$, $$row_key >= 'a' AND row_key <= 'b'$$);
SELECT test.check_read($$, row_ranges => '{(a,b)}'$$, $$row_key > 'a' AND row_key < 'b'$$);
SELECT test.check_read($$, row_ranges => '{(a,b]}'$$, $$row_key > 'a' AND row_key <= 'b'$$);
SELECT test.check_read($$, row_ranges => '{(b,"user#2")}'$$, $$row_key > 'b' AND row_key < 'user#2'$$);
SELECT test.check_read($$, row_ranges => '{(,a]}'$$, $$row_key <= 'a'$$);
SELECT test.check_read($$, row_ranges => '{("user#2",)}'$$, $$row_key > 'user#2'$$);
SELECT test.check_read($$, row_ranges => '{(,)}'$$, 'true');
SELECT test.check_read($$, row_ranges => '{["",)}'$$, 'true');
SELECT test.check_read($$, row_ranges => '{["",""]}'$$, 'false');
SELECT test.check_read($$, row_ranges => '{}'$$, 'false');
SELECT test.check_read($$, row_ranges => '{(a,a]}'$$, 'false');
SELECT test.check_read($$, row_ranges => '{[a,a],["user#1","user#2"),["\\xff",]}'$$, $$row_key IN ('a', 'user#1') OR row_key >= '\xff'$$);
SELECT test.check_read($$, row_ranges => bytearange('a', 'b', '[]')::byteamultirange$$, $$row_key >= 'a' AND row_key <= 'b'$$);
SELECT test.check_read($$, ARRAY['a', 'b'], '{[b,"user#1"]}'$$, $$row_key >= 'b' AND row_key <= 'user#1' OR row_key = 'a'$$);
SELECT test.check_read($$, '{}'::text[], '{[b,b]}'$$, $$row_key = 'b'$$);
SELECT test.check_read($$, ARRAY['a'], '{}'$$, $$row_key = 'a'$$);
SELECT test.check_read($$, row_ranges => bigtable_prefix('user#')$$, $$row_key IN ('user#1', 'user#2')$$);
SELECT test.check_read($$, row_ranges => bigtable_prefix('\xff'::bytea)$$, $$row_key >= '\xff'$$);
SELECT test.check_read($$, row_ranges => bigtable_prefix('b') + bigtable_range('user#2', 'user$')$$, $$row_key IN ('b', '\x6200', 'user#2')$$);
SELECT test.check_read($$, row_ranges => bigtable_range('b', NULL)$$, $$row_key >= 'b'$$);
SELECT bigtable_prefix('user#'), bigtable_prefix('\x61ff'::bytea), bigtable_prefix('\xffff'::bytea), bigtable_range('a'::bytea, 'b'), bigtable_range('b', 'b');

-- limits count rows, not cells
SELECT test.check_read(', rows_limit => 2', $$row_key <= 'a'$$);
SELECT test.check_read(', rows_limit => 0', 'false');
SELECT test.check_read(', rows_limit => 9223372036854775807', 'true');
SELECT test.check_read($$, ARRAY['b', 'a'], rows_limit => 1$$, $$row_key = 'a'$$);

-- filters
SELECT test.check_read($$, filter => '{"family_name_regex_filter": "g"}'$$, $$family = 'g'$$);
SELECT test.check_read($$, filter => '{"chain": [{"family_name_regex_filter": "cf"}, {"cells_per_column_limit_filter": 1}, {"value_regex_filter": "[au].*"}]}'$$,
  $$family = 'cf' AND value IN ('a1', 'u1', 'u2')$$);
SELECT test.check_read($$, filter => '{"timestamp_range_filter": {"end_timestamp_micros": 1000}}'$$, $$"timestamp" = '1970-01-01Z'$$);
SELECT test.check_read($$, ARRAY['a'], filter => '{"column_range_filter": {"family_name": "cf", "start_qualifier_closed": "q"}}', rows_limit => 1$$, $$row_key = 'a' AND family = 'cf'$$);
SELECT row_key, value, labels FROM bigtable_read_rows('bt', 'functions_read', ARRAY['b'],
  filter => '{"interleave": [{"chain": [{"column_qualifier_regex_filter": "r"}, {"apply_label_transformer": "one"}]}, {"chain": [{"column_qualifier_regex_filter": "r"}, {"strip_value_transformer": true}]}]}') ORDER BY labels;

-- used as any set is
SELECT convert_from(row_key, 'UTF8') AS key, count(*) FROM bigtable_read_rows('bt', 'functions_read', row_ranges => bigtable_prefix('user')) GROUP BY 1 ORDER BY 1;
SELECT k, convert_from(value, 'UTF8') FROM unnest('{user#1,nosuch,user#2}'::text[]) k LEFT JOIN LATERAL bigtable_read_rows('bt', 'functions_read', ARRAY[k]) ON true ORDER BY k;
SELECT (bigtable_read_rows('bt', 'functions_read', ARRAY['user#1'])).value;
PREPARE reading(bytea[], bigint) AS SELECT row_key, value FROM bigtable_read_rows('bt', 'functions_read', $1, rows_limit => $2);
SET plan_cache_mode = force_generic_plan;
EXECUTE reading('{user#1,user#2}', NULL);
EXECUTE reading(NULL, 1);
EXECUTE reading('{}', 1);
DEALLOCATE reading;
RESET plan_cache_mode;

-- samples: the emulator's are random, but for the last row and the end
SELECT row_key, offset_bytes > 0 AS behind_data FROM (SELECT *, row_number() OVER (ORDER BY offset_bytes DESC) AS n FROM bigtable_sample_row_keys('bt', 'functions_read')) s WHERE n <= 2 ORDER BY n DESC;
SELECT count(*) FROM bigtable_sample_row_keys('bt', 'functions_read') s WHERE row_key <> '' AND NOT EXISTS (SELECT FROM local.cells c WHERE c.row_key = s.row_key);
\! $CREATE functions_empty cf
SELECT * FROM bigtable_sample_row_keys('bt', 'functions_empty', 'any', '1 minute');
SELECT * FROM bigtable_read_rows('bt', 'functions_empty');

-- more than fits into work_mem
SET work_mem = '64kB';
SELECT count(*), sum(code) FROM bigtable_mutate_rows('bt', 'functions_empty', (SELECT array_agg(bigtable_row('row' || i, bigtable_set_cell('cf', 'q', repeat('x', 1000)))) FROM generate_series(1, 500) i));
SELECT count(*), count(DISTINCT row_key), sum(length(value)) FROM bigtable_read_rows('bt', 'functions_empty', row_ranges => bigtable_prefix('row'));
RESET work_mem;

-- mistakes
SELECT failure($$SELECT * FROM bigtable_read_rows('bt', 'nosuch')$$);
SELECT failure($$SELECT * FROM bigtable_read_rows('nosuch', 'functions_read')$$);
SELECT failure($$SELECT * FROM bigtable_read_rows(NULL, 'functions_read')$$);
SELECT failure($$SELECT * FROM bigtable_read_rows('bt', NULL)$$);
SELECT failure($$SELECT * FROM bigtable_read_rows('bt', 'functions/read')$$);
SELECT failure($$SELECT * FROM bigtable_read_rows('bt', 'functions_read', '{a,""}')$$);
SELECT failure($$SELECT * FROM bigtable_read_rows('bt', 'functions_read', ARRAY['a', NULL])$$);
SELECT failure($$SELECT * FROM bigtable_read_rows('bt', 'functions_read', ARRAY[repeat('k', 4097)])$$);
SELECT failure($$SELECT * FROM bigtable_read_rows('bt', 'functions_read', row_ranges => '{[b,a]}')$$);
SELECT failure($$SELECT * FROM bigtable_read_rows('bt', 'functions_read', rows_limit => -1)$$);
SELECT failure($$SELECT * FROM bigtable_read_rows('bt', 'functions_read', filter => '{"chain": [{"cells_per_column_limit_filter": 0}, {"pass_all_filter": true}]}')$$);
SELECT failure($$SELECT * FROM bigtable_read_rows('bt', 'functions_read', app_profile => 'a/b')$$);
SELECT failure($$SELECT * FROM bigtable_read_rows('bt', 'functions_read', timeout => '0')$$);
SELECT failure($$SELECT * FROM bigtable_read_rows('bt', 'functions_read', timeout => '-1 second')$$);
SELECT failure($$SELECT * FROM bigtable_read_rows('bt', 'functions_read', timeout => '1 year 2 months')$$);
SELECT failure($$SELECT * FROM bigtable_read_rows('bt', 'functions_read', timeout => '178000000 years')$$);
SELECT failure($$SELECT * FROM bigtable_sample_row_keys('bt', 'nosuch')$$);
SELECT failure($$SELECT * FROM bigtable_sample_row_keys('bt', 'functions_read', timeout => '0 s')$$);
SELECT failure($$SELECT bigtable_mutate_row('bt', 'functions_read', 'k', ARRAY[bigtable_delete_row()], timeout => '-1 day')$$);
SELECT failure($$SELECT bigtable_mutate_rows('bt', 'functions_read', '{}', timeout => '-1 day')$$);
SELECT failure($$SELECT bigtable_check_and_mutate('bt', 'functions_read', 'k', NULL, ARRAY[bigtable_delete_row()], timeout => '0')$$);
SELECT failure($$SELECT bigtable_read_modify_write('bt', 'functions_read', 'k', ARRAY[bigtable_increment('cf', 'n')], timeout => '0')$$);
SELECT failure($$SELECT bigtable_drop_row_range('bt', 'functions_read', 'nosuch', timeout => '0')$$);
SELECT failure($$SELECT bigtable_prefix('')$$);
SELECT test.check_read('', 'true');

-- who may, and where
CREATE ROLE bigtable_test_nobody;
SET ROLE bigtable_test_nobody;
SELECT * FROM public.bigtable_read_rows('bt', 'functions_read');
SELECT * FROM public.bigtable_sample_row_keys('bt', 'functions_read');
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER bt TO bigtable_test_nobody;
SET ROLE bigtable_test_nobody;
SELECT count(*) FROM public.bigtable_read_rows('bt', 'functions_read');
RESET ROLE;
REVOKE USAGE ON FOREIGN SERVER bt FROM bigtable_test_nobody;
DROP ROLE bigtable_test_nobody;
BEGIN READ ONLY;
SELECT count(*) FROM bigtable_read_rows('bt', 'functions_read', timeout => '1 minute');
ROLLBACK;
