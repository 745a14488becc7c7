-- Row filters as jsonb, in the predicates of bigtable_check_and_mutate().
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
\! $CREATE filters cf g
SELECT cell('row', 'cf:a', 'one', 1704067200000000) UNION ALL SELECT cell('row', 'cf:a', 'old', 1704067100000000)
  UNION ALL SELECT cell('row', 'cf:b', '\x00ff'::bytea, 1704067200000000) UNION ALL SELECT cell('row', 'g:größe', 'zwei', 1704067300000000) \g |$LOAD filters

-- Does any cell of the row pass? Either way, nothing of it changes.
CREATE FUNCTION passes(filter jsonb) RETURNS boolean LANGUAGE sql AS
$$ SELECT bigtable_check_and_mutate('bt', 'filters', 'row', filter, ARRAY[bigtable_set_cell('cf', 'noted', 'x', '2020-01-01Z')], ARRAY[bigtable_set_cell('cf', 'noted', 'x', '2020-01-01Z')]) $$;
CREATE FUNCTION wrong(filter text) RETURNS SETOF text LANGUAGE sql AS $$ SELECT failure(format('SELECT passes(%L)', filter)) $$;

-- every kind, once so that it passes, once so that it does not
SELECT filter, passes(filter) FROM (VALUES
  (1, '{"pass_all_filter": true}'::jsonb),
  (2, '{"block_all_filter": true}'),
  (3, '{"row_key_regex_filter": "r.w"}'),
  (4, '{"row_key_regex_filter": "r"}'),
  (5, '{"family_name_regex_filter": "c[f]"}'),
  (6, '{"family_name_regex_filter": "c"}'),
  (7, '{"column_qualifier_regex_filter": "gr.*e"}'),
  (8, '{"column_qualifier_regex_filter": {"$bin": "eA=="}}'),
  (9, '{"value_regex_filter": "on."}'),
  (10, '{"value_regex_filter": "on"}'),
  (11, '{"column_range_filter": {"family_name": "cf", "start_qualifier_closed": "b", "end_qualifier_open": "c"}}'),
  (12, '{"column_range_filter": {"family_name": "cf", "start_qualifier_open": "noted"}}'),
  (13, '{"column_range_filter": {"family_name": "g"}}'),
  (14, '{"timestamp_range_filter": {"start_timestamp_micros": 1704067300000000}}'),
  (15, '{"timestamp_range_filter": {"start_timestamp_micros": "1704067200001000", "end_timestamp_micros": "1704067300000000"}}'),
  (16, '{"value_range_filter": {"start_value_closed": {"$bin": "AP8="}, "end_value_closed": {"$bin": "AP8="}}}'),
  (17, '{"value_range_filter": {"start_value_open": "zwei"}}'),
  (18, '{"chain": [{"cells_per_column_limit_filter": 1}, {"value_regex_filter": "old"}]}'),
  (19, '{"chain": [{"cells_per_column_limit_filter": 2}, {"value_regex_filter": "old"}]}'),
  (20, '{"cells_per_row_limit_filter": 1}'),
  (21, '{"cells_per_row_offset_filter": 100}'),
  (22, '{"chain": {"filters": [{"strip_value_transformer": true}, {"value_regex_filter": ""}]}}'),
  (23, '{"chain": [{"strip_value_transformer": true}, {"value_regex_filter": "one"}]}'),
  (24, '{"interleave": [{"block_all_filter": true}, {"family_name_regex_filter": "g"}]}'),
  (25, '{"interleave": [{"block_all_filter": true}, {"family_name_regex_filter": "h"}]}'),
  (26, '{"condition": {"predicate_filter": {"value_regex_filter": "one"}, "true_filter": {"block_all_filter": true}, "false_filter": {"pass_all_filter": true}}}'),
  (27, '{"condition": {"predicate_filter": {"value_regex_filter": "none"}, "false_filter": {"pass_all_filter": true}}}'),
  (28, '{"chain": [{"apply_label_transformer": "a-1"}, {"value_regex_filter": "zwei"}]}'),
  (29, '{"sink": true}'),
  (30, '{"row_sample_filter": 0.999999999999}')) v (i, filter) ORDER BY i;
SELECT passes(NULL);
SELECT bigtable_check_and_mutate('bt', 'filters', 'no row', NULL, false_mutations => ARRAY[bigtable_delete_row()]);

-- what is wrong is said before anything is sent, with its place
SELECT wrong('{}');
SELECT wrong('[]');
SELECT wrong('5');
SELECT wrong('{"pass_all_filter": true, "block_all_filter": true}');
SELECT wrong('{"pass_all": true}');
SELECT wrong('{"strip_value": true}');
SELECT wrong('{"nothing like it": true}');
SELECT wrong('{"pass_all_filter": false}');
SELECT wrong('{"chain": [{"pass_all_filter": true}]}');
SELECT wrong('{"chain": []}');
SELECT wrong('{"chain": 5}');
SELECT wrong('{"chain": {"filter": []}}');
SELECT wrong('{"interleave": [{"pass_all_filter": true}, {"chain": [{"pass_all_filter": true}, {"value_regex": "x"}]}]}');
SELECT wrong('{"chain": {"filters": [{"pass_all_filter": true}, {"cells_per_row_limit_filter": 0}]}}');
SELECT wrong('{"cells_per_column_limit_filter": 3000000000}');
SELECT wrong('{"cells_per_column_limit_filter": 1.5}');
SELECT wrong('{"cells_per_row_offset_filter": -1}');
SELECT wrong('{"cells_per_row_limit_filter": "many"}');
SELECT wrong('{"family_name_regex_filter": "cf:a"}');
SELECT wrong('{"family_name_regex_filter": 5}');
SELECT wrong('{"column_qualifier_regex_filter": {"$bin": "not base64!"}}');
SELECT wrong('{"column_qualifier_regex_filter": {"bin": "eA=="}}');
SELECT wrong('{"value_regex_filter": null}');
SELECT wrong('{"column_range_filter": {"start_qualifier_closed": "a"}}');
SELECT wrong('{"column_range_filter": {"family_name": "c:f"}}');
SELECT wrong('{"column_range_filter": {"family_name": "cf", "start_qualifier_closed": "a", "start_qualifier_open": "b"}}');
SELECT wrong('{"column_range_filter": {"family_name": "cf", "start_qualifier": "a"}}');
SELECT wrong('{"value_range_filter": {"start_value": "a"}}');
SELECT wrong('{"timestamp_range_filter": {"start_timestamp_micros": 1}}');
SELECT wrong('{"timestamp_range_filter": {"start_timestamp_micros": -1000}}');
SELECT wrong('{"timestamp_range_filter": {"from": 1000}}');
SELECT wrong('{"row_sample_filter": 1}');
SELECT wrong('{"row_sample_filter": "half"}');
SELECT wrong('{"apply_label_transformer": "Label"}');
SELECT wrong('{"apply_label_transformer": "a-label-that-is-too-long"}');
SELECT wrong('{"chain": [{"apply_label_transformer": "a"}, {"apply_label_transformer": "b"}]}');
SELECT wrong('{"condition": {"true_filter": {"pass_all_filter": true}}}');
SELECT wrong('{"condition": {"predicate_filter": {"pass_all_filter": true}}}');
SELECT wrong('{"condition": {"predicate_filter": {"pass_all_filter": true}, "else": {"pass_all_filter": true}}}');
SELECT wrong('{"condition": {"predicate_filter": {"pass_all_filter": true}, "true_filter": {"sink": true}}}');
SELECT wrong('{"value_bitmask_filter": "x"}');
SELECT wrong(repeat('{"chain": [{"pass_all_filter": true}, ', 20) || '{"pass_all_filter": true}' || repeat(']}', 20));
SELECT passes((repeat('{"chain": [{"pass_all_filter": true}, ', 19) || '{"pass_all_filter": true}' || repeat(']}', 19))::jsonb);
SELECT wrong(format('{"value_regex_filter": "%s"}', repeat('x', 20480)));
