-- Writing without a foreign table.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
\! $CREATE functions cf g
CREATE FOREIGN TABLE remote.t (id text OPTIONS (row_key 'true') COLLATE "C", a text OPTIONS (family 'cf', qualifier 'a'), b text OPTIONS (family 'cf', qualifier 'b'),
  n bigint OPTIONS (family 'g', qualifier 'n', encoding 'binary'), odd bytea OPTIONS (family 'cf', qualifier '\x00ff'), at timestamptz OPTIONS (family 'cf', qualifier 'a', cell 'timestamp'))
  SERVER bt OPTIONS (table_name 'functions');

-- constructors: text and bytes, times and ranges
SELECT bigtable_set_cell('cf', 'a', 'ä', '2024-01-01Z');
SELECT bigtable_set_cell('cf', 'n', int8send(5));
SELECT bigtable_set_cell('cf', '\x00ff'::bytea, '\xff00'::bytea, ts => '2024-01-01Z');
SELECT bigtable_add_to_cell('g', 'n', 5), bigtable_delete_cells('cf', 'a', '2020-01-01Z', '2021-01-01Z'), bigtable_delete_family('cf'), bigtable_delete_row();
SELECT bigtable_increment('g', 'n'), bigtable_increment('g', 'n', -5), bigtable_append('cf', 'a', 'x');

-- one row: mutations in their order, all or nothing
SELECT bigtable_mutate_row('bt', 'functions', 'k1', ARRAY[bigtable_set_cell('cf', 'a', 'one', '2024-01-01 00:00:00.123Z'), bigtable_set_cell('cf', 'b', 'gone'),
  bigtable_delete_cells('cf', 'b'), bigtable_set_cell('g', 'n', int8send(40)), bigtable_set_cell('cf', '\x00ff'::bytea, '\x00'::bytea)]);
SELECT * FROM t;
SELECT bigtable_mutate_row('bt', 'functions', '\x6b31'::bytea, ARRAY[bigtable_set_cell('cf', 'a', 'newer', '2025-01-01Z'), bigtable_set_cell('cf', 'a', 'newest', '2026-01-01Z')]);
SELECT bigtable_mutate_row('bt', 'functions', 'k1', ARRAY[bigtable_delete_cells('cf', 'a', '2025-06-01Z')]);
SELECT a, at FROM t;
SELECT bigtable_mutate_row('bt', 'functions', 'k1', ARRAY[bigtable_delete_cells('cf', 'a', until => '2025-01-01 00:00:00.001Z')]);
SELECT id, a, b, n FROM t;
SELECT bigtable_mutate_row('bt', 'functions', 'k1', ARRAY[bigtable_delete_family('cf')], app_profile => 'any');
SELECT * FROM t;
SELECT bigtable_mutate_row('bt', 'functions', 'k1', ARRAY[bigtable_delete_row()]);
SELECT * FROM t;

-- many rows: each has its own outcome
SELECT index, convert_from(row_key, 'UTF8') AS key, code, message FROM bigtable_mutate_rows('bt', 'functions', ARRAY[
  bigtable_row('m1', bigtable_set_cell('cf', 'a', '1'), bigtable_set_cell('g', 'n', int8send(1))),
  bigtable_row('m2', bigtable_set_cell('nosuch', 'a', '2')),
  bigtable_row('m3', bigtable_set_cell('cf', 'a', '3')),
  bigtable_row('m1', bigtable_set_cell('cf', 'a', 'again')),
  bigtable_row('\x6d34'::bytea, bigtable_delete_row())]);
SELECT id, a, n FROM t;
SELECT count(*), sum(code) FROM bigtable_mutate_rows('bt', 'functions', (SELECT array_agg(bigtable_row('x' || i, bigtable_set_cell('cf', 'a', i::text))) FROM generate_series(1, 2500) i));
SELECT count(*), sum(a::int) FROM t WHERE id ^@ 'x';
SELECT * FROM bigtable_mutate_rows('bt', 'functions', '{}');

-- check and mutate
SELECT bigtable_check_and_mutate('bt', 'functions', 'm1', '{"value_regex_filter": "again"}', ARRAY[bigtable_set_cell('cf', 'b', 'it was')], ARRAY[bigtable_set_cell('cf', 'b', 'it was not')]);
SELECT bigtable_check_and_mutate('bt', 'functions', 'm3', '{"value_regex_filter": "again"}', ARRAY[bigtable_set_cell('cf', 'b', 'it was')], ARRAY[bigtable_set_cell('cf', 'b', 'it was not')]);
SELECT id, a, b FROM t WHERE id ^@ 'm';

-- read, modify, write; the server's order of families is not always the same
SELECT family, convert_from(qualifier, 'UTF8') AS qualifier, value FROM bigtable_read_modify_write('bt', 'functions', 'm1', ARRAY[bigtable_increment('g', 'n', 41), bigtable_append('cf', 'a', '!'), bigtable_append('cf', 'new', 'x')]) ORDER BY family, qualifier;
SELECT family, qualifier, value FROM bigtable_read_modify_write('bt', 'functions', '\x6d31'::bytea, ARRAY[bigtable_increment('g', 'n', -2), bigtable_increment('g', 'n')]);
SELECT id, a, n FROM t WHERE id = 'm1';

-- drop a range
SELECT bigtable_drop_row_range('bt', 'functions', 'x1');
SELECT count(*) FROM t WHERE id ^@ 'x';
SELECT failure($$SELECT bigtable_drop_row_range('bt', 'functions', '')$$);
SELECT failure($$SELECT bigtable_drop_row_range('bt', 'functions', NULL::bytea)$$);
SELECT failure($$SELECT bigtable_drop_row_range('bt', 'functions', 'x', true)$$);
SELECT bigtable_drop_row_range('bt', 'functions', NULL, whole_table => true);
SELECT count(*) FROM t;

-- arguments
CREATE FUNCTION mutate(key bytea, mutation bigtable_mutation) RETURNS void LANGUAGE sql AS $$ SELECT bigtable_mutate_row('bt', 'functions', key, ARRAY[mutation]) $$;
SELECT failure($$SELECT mutate('', bigtable_delete_row())$$);
SELECT failure($$SELECT mutate(NULL, bigtable_delete_row())$$);
SELECT failure($$SELECT mutate(convert_to(repeat('k', 4097), 'UTF8'), bigtable_delete_row())$$);
SELECT failure($$SELECT mutate('k', NULL)$$);
SELECT failure($$SELECT mutate('k', bigtable_set_cell(NULL, 'a', 'x'))$$);
SELECT failure($$SELECT mutate('k', bigtable_set_cell('c:f', 'a', 'x'))$$);
SELECT failure($$SELECT mutate('k', bigtable_set_cell('cf', NULL::text, 'x'))$$);
SELECT failure($$SELECT mutate('k', bigtable_set_cell('cf', repeat('q', 16385), 'x'))$$);
SELECT failure($$SELECT mutate('k', bigtable_set_cell('cf', 'a', NULL::text))$$);
SELECT failure($$SELECT mutate('k', bigtable_set_cell('cf', 'a', 'x', '1969-01-01Z'))$$);
SELECT failure($$SELECT mutate('k', bigtable_set_cell('cf', 'a', 'x', '2024-01-01 00:00:00.0001Z'))$$);
SELECT failure($$SELECT mutate('k', bigtable_set_cell('cf', 'a', 'x', 'infinity'))$$);
SELECT failure($$SELECT mutate('k', bigtable_delete_cells('cf', 'a', '2024-01-01 00:00:00.0001Z'))$$);
SELECT failure($$SELECT mutate('k', bigtable_delete_cells('cf', 'a', '2021-01-01Z', '2020-01-01Z'))$$);
SELECT failure($$SELECT mutate('k', ROW('set_row', 'cf', 'a', 'x', NULL, NULL, NULL, NULL)::bigtable_mutation)$$);
SELECT failure($$SELECT bigtable_mutate_row('bt', 'functions', 'k', '{}')$$);
SELECT failure($$SELECT bigtable_mutate_row('bt', 'functions', 'k', NULL)$$);
SELECT failure($$SELECT bigtable_mutate_row(NULL, 'functions', 'k', ARRAY[bigtable_delete_row()])$$);
SELECT failure($$SELECT bigtable_mutate_row('nosuch', 'functions', 'k', ARRAY[bigtable_delete_row()])$$);
SELECT failure($$SELECT bigtable_mutate_row('bt', 'func/tions', 'k', ARRAY[bigtable_delete_row()])$$);
SELECT failure($$SELECT bigtable_mutate_row('bt', 'nosuch', 'k', ARRAY[bigtable_delete_row()])$$);
SELECT failure($$SELECT bigtable_mutate_row('bt', 'functions', 'k', ARRAY[bigtable_delete_row()], 'pro/file')$$);
SELECT failure($$SELECT bigtable_check_and_mutate('bt', 'functions', 'k', NULL)$$);
SELECT failure($$SELECT bigtable_read_modify_write('bt', 'functions', 'k', '{}')$$);
SELECT failure($$SELECT bigtable_read_modify_write('bt', 'functions', 'k', ARRAY[ROW('cf', 'a', 1, 'x')::bigtable_rmw_rule])$$);
SELECT failure($$SELECT bigtable_read_modify_write('bt', 'functions', 'k', ARRAY[ROW('cf', 'a', NULL, NULL)::bigtable_rmw_rule])$$);
SELECT count(*) FROM t;

-- who may
CREATE ROLE bigtable_test_nobody;
SET ROLE bigtable_test_nobody;
SELECT public.bigtable_mutate_row('bt', 'functions', 'k', ARRAY[public.bigtable_delete_row()]);
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER bt TO bigtable_test_nobody;
SET ROLE bigtable_test_nobody;
SELECT public.bigtable_mutate_row('bt', 'functions', 'k', ARRAY[public.bigtable_delete_row()]);
RESET ROLE;
REVOKE USAGE ON FOREIGN SERVER bt FROM bigtable_test_nobody;
DROP ROLE bigtable_test_nobody;
BEGIN READ ONLY;
SELECT bigtable_mutate_row('bt', 'functions', 'k', ARRAY[bigtable_delete_row()]);
ROLLBACK;
CREATE FOREIGN DATA WRAPPER test_other;
CREATE SERVER test_other FOREIGN DATA WRAPPER test_other;
SELECT failure($$SELECT bigtable_drop_row_range('test_other', 'functions', 'x')$$);
DROP FOREIGN DATA WRAPPER test_other CASCADE;
