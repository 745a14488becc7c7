-- Families of aggregate type are made by SQL. An emulator without them says so in
-- the environment; then there is nothing to see here.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

\getenv aggregates EMULATOR_AGGREGATES
\if :{?aggregates}
\else
\set aggregates yes
\endif
\if :aggregates
\else
\echo skipped: this emulator has no families of aggregate type
\quit
\endif
SELECT count(bigtable_drop_table('bt', t)) * 0 FROM bigtable_tables('bt') t WHERE t = 'agg_families';
SELECT bigtable_create_table('bt', 'agg_families', '{"s": {"value_type": "sum", "gc_rule": {"max_num_versions": 1}}, "n": {"value_type": "min"}, "x": {"value_type": "max"}, "h": {"value_type": "hllpp_unique_count"}, "p": {"value_type": null}}');
SELECT * FROM bigtable_families('bt', 'agg_families') WHERE family <> 'p';
CREATE FOREIGN TABLE remote.sums (id text OPTIONS (row_key 'true') COLLATE "C", n bigint OPTIONS (family 's', qualifier 'n')) SERVER bt OPTIONS (table_name 'agg_families', encoding 'binary');
INSERT INTO sums VALUES ('k', 40);
INSERT INTO sums VALUES ('k', 2);
SELECT * FROM sums;
SELECT bigtable_set_families('bt', 'agg_families', '{"s": {"gc_rule": null, "value_type": "sum"}}');
INSERT INTO sums VALUES ('k', 100);
SELECT * FROM sums;
SELECT * FROM bigtable_families('bt', 'agg_families') WHERE family = 's';
SELECT failure($$SELECT bigtable_set_families('bt', 'agg_families', '{"s": {"value_type": "min"}}')$$);
SELECT failure($$SELECT bigtable_set_families('bt', 'agg_families', '{"p": {"value_type": "sum"}}')$$);
SELECT bigtable_drop_table('bt', 'agg_families');
