-- Making, listing, describing, changing and dropping tables.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
-- what an earlier run has left
SELECT count(bigtable_drop_table('bt', t)) * 0 FROM bigtable_tables('bt') t WHERE t LIKE 'admin%';

-- tables
SELECT bigtable_create_table('bt', 'admin_b', '["info", "tag"]');
SELECT bigtable_create_table('bt', 'admin_a', '{}');
SELECT bigtable_create_table('bt', 'admin_c', '{"cf": {}}', splits => ARRAY['g', 'p']);
SELECT bigtable_create_table('bt', 'admin_d', '{"cf": {}}', '{"\\x00ff"}', '1 minute');
SELECT bigtable_create_table('bt', 'admin.e_E-9', '[]', NULL);
SELECT * FROM bigtable_tables('bt') WHERE table_name ^@ 'admin';
SELECT t FROM bigtable_tables('bt', '1 minute') t WHERE t = 'admin_a';

-- families and their garbage collection, as they were given
SELECT * FROM bigtable_families('bt', 'admin_b');
SELECT * FROM bigtable_families('bt', 'admin_a');
SELECT bigtable_create_table('bt', 'admin_rules', '{
  "none": {},
  "versions": {"gc_rule": {"max_num_versions": 3}},
  "age": {"gc_rule": {"max_age": "7 days"}},
  "hours": {"gc_rule": {"max_age": "1 day 12:00"}},
  "seconds": {"gc_rule": {"max_age": "90061.5 s"}},
  "month": {"gc_rule": {"max_age": "1 mon"}},
  "either": {"gc_rule": {"union": [{"max_num_versions": 3}, {"max_age": "7 days"}]}},
  "both": {"gc_rule": {"intersection": [{"max_num_versions": 1}, {"union": [{"max_age": "1 minute"}, {"max_age": "604800s"}]}]}},
  "api": {"gc_rule": {"union": {"rules": [{"max_num_versions": "2"}]}}}}');
SELECT * FROM bigtable_families('bt', 'admin_rules');
SET intervalstyle = 'iso_8601';
SELECT gc_rule FROM bigtable_families('bt', 'admin_rules') WHERE family IN ('age', 'seconds');
RESET intervalstyle;

-- what is shown makes the same again
SELECT bigtable_create_table('bt', 'admin_copy', (SELECT jsonb_object_agg(family, jsonb_build_object('gc_rule', gc_rule)) FROM bigtable_families('bt', 'admin_rules')));
SELECT count(*) FROM (SELECT * FROM bigtable_families('bt', 'admin_rules') EXCEPT SELECT * FROM bigtable_families('bt', 'admin_copy')) s;

-- changing families: what is not mentioned stays
SELECT bigtable_set_families('bt', 'admin_b', '{"info": {"gc_rule": {"max_num_versions": 1}}, "tag": {"drop": true}, "stats": {"gc_rule": {"max_age": "30 days"}}}');
SELECT * FROM bigtable_families('bt', 'admin_b');
SELECT bigtable_set_families('bt', 'admin_b', '{"info": {}, "more": {}}');
SELECT * FROM bigtable_families('bt', 'admin_b');
SELECT bigtable_set_families('bt', 'admin_b', '["info", "stats"]');
SELECT bigtable_set_families('bt', 'admin_b', '{}');
SELECT bigtable_set_families('bt', 'admin_b', '{"info": {"gc_rule": null}, "more": {"drop": true}}', timeout => '1 minute');
SELECT * FROM bigtable_families('bt', 'admin_b');

-- a whole life: the foreign table sees what has changed meanwhile
CREATE FOREIGN TABLE remote.b (id text OPTIONS (row_key 'true') COLLATE "C", a text OPTIONS (family 'late', qualifier 'a')) SERVER bt OPTIONS (table_name 'admin_b');
SELECT failure('SELECT a FROM b');
SELECT bigtable_set_families('bt', 'admin_b', '["late"]');
SELECT a FROM b;
INSERT INTO b VALUES ('k', 'v');
SELECT * FROM b;
SELECT bigtable_set_families('bt', 'admin_b', '{"late": {"drop": true}}');
SELECT failure('SELECT a FROM b');
SELECT bigtable_drop_table('bt', 'admin_b');
SELECT failure('SELECT a FROM b');
SELECT failure($$SELECT * FROM bigtable_families('bt', 'admin_b')$$);
SELECT bigtable_create_table('bt', 'admin_b', '["late"]');
SELECT a FROM b;

-- mistakes
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_a', '{}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'has space', '{}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', '', '{}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', '-x', '{}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', repeat('x', 51), '{}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', NULL)$$);
SELECT failure($$SELECT bigtable_create_table('nosuch', 'admin_x', '{}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{}', timeout => '0')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{}', ARRAY['a', ''])$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{}', '{a,NULL}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '"cf"')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '["cf", 1]')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '["cf", "a:b"]')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '["cf", "g", "cf"]')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"a:b": {}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": null}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"drop": true}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"max_age": "1 day"}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"value_type": "avg"}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"gc_rule": {}}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"gc_rule": {"max_age": "1 day", "max_num_versions": 1}}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"gc_rule": {"max_versions": 1}}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"gc_rule": {"max_num_versions": 0}}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"gc_rule": {"max_num_versions": 1.5}}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"gc_rule": {"max_age": 7}}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"gc_rule": {"max_age": "seven days"}}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"gc_rule": {"union": [{"max_age": "7 days"}, {"max_age": "-1 s"}]}}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"gc_rule": {"max_age": "1 us"}}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"gc_rule": {"max_age": "178000000 years"}}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"gc_rule": {"union": []}}}')$$);
SELECT failure($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"gc_rule": {"union": {"members": []}}}}')$$);
SELECT failure(format($$SELECT bigtable_create_table('bt', 'admin_x', '{"cf": {"gc_rule": {"union": [%s]}}}')$$, (SELECT string_agg('{"max_num_versions": ' || i || '}', ',') FROM generate_series(1000, 1100) i)));
SELECT failure($$SELECT bigtable_set_families('bt', 'admin_a', '{"cf": null}')$$);
SELECT failure($$SELECT bigtable_set_families('bt', 'admin_a', '{"cf": {"drop": false}}')$$);
SELECT failure($$SELECT bigtable_set_families('bt', 'admin_a', '{"cf": {"drop": true, "gc_rule": null}}')$$);
SELECT failure($$SELECT bigtable_set_families('bt', 'admin_a', '{"cf": {"drop": true}}')$$);
SELECT failure($$SELECT bigtable_set_families('bt', 'admin_nosuch', '["cf"]')$$);
SELECT failure($$SELECT bigtable_families('bt', 'admin_nosuch')$$);
SELECT failure($$SELECT bigtable_families('bt', 'a/b')$$);
SELECT failure($$SELECT bigtable_drop_table('bt', 'admin_nosuch')$$);
SELECT failure($$SELECT bigtable_drop_table('bt', NULL)$$);
SELECT failure($$SELECT bigtable_drop_table('bt', '')$$);
SELECT failure($$SELECT bigtable_tables('nosuch')$$);
SELECT failure($$SELECT bigtable_tables('bt', '-1 s')$$);
SELECT count(*) FROM bigtable_tables('bt') t WHERE t LIKE 'admin\_x%';

-- who may, and where
CREATE ROLE bigtable_test_nobody;
SET ROLE bigtable_test_nobody;
SELECT * FROM public.bigtable_tables('bt');
SELECT * FROM public.bigtable_families('bt', 'admin_a');
SELECT public.bigtable_create_table('bt', 'admin_x', '{}');
SELECT public.bigtable_set_families('bt', 'admin_a', '["x"]');
SELECT public.bigtable_drop_table('bt', 'admin_a');
RESET ROLE;
DROP ROLE bigtable_test_nobody;
BEGIN READ ONLY;
SELECT count(*) FROM bigtable_families('bt', 'admin_rules');
SELECT bigtable_create_table('bt', 'admin_x', '{}');
ROLLBACK;
BEGIN READ ONLY;
SELECT bigtable_set_families('bt', 'admin_a', '["x"]');
ROLLBACK;
BEGIN READ ONLY;
SELECT bigtable_drop_table('bt', 'admin_a');
ROLLBACK;

-- dropping
SELECT count(bigtable_drop_table('bt', t)) > 5 AS dropped FROM bigtable_tables('bt') t WHERE t LIKE 'admin%';
SELECT count(*) FROM bigtable_tables('bt') t WHERE t LIKE 'admin%';
