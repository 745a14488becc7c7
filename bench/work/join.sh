# join: the rows of a foreign table that local keys name, in batches, beside one lookup a key.

work_join()
{
	local rows=200000 columns=4
	describe join "local keys joined to a table of 200,000 rows of a key and 4 text cells of 40 bytes"

	create_heap join_heap "$rows" "$columns"
	create_keys 100000
	create_keys 10000
	start_mock join --rows "$rows" --columns "$columns"
	create_foreign join_bigtable "${MOCK_ADDRESS[join]}" "$columns"
	open_join_session batched join_bigtable
	open_join_session single join_bigtable "SET bigtable_fdw.enable_lookup_join = off;"
	joining batched batched 100000 bigtable
	joining batched_10000 batched 10000 bigtable
	joining single single 10000 bigtable
	joining heap batched 100000 heap

	take_turns join 100000 batched heap
	take_turns join 10000 batched_10000 single
	compare join "100,000 keys in batches" rows/s batched "ours, one lookup a key" single "ratio >= 20"
	compare join "100,000 keys in batches" "CPU us/row" batched "ours, one lookup a key" single
	compare join "100,000 keys in batches" rows/s batched "ours, 10,000 keys" batched_10000 "ratio >= 0.7"
	compare join "100,000 keys in batches" rows/s batched "local table, by its index" heap
	note join "one lookup a key, as a nested loop does, is measured with 10,000 keys."
}

# Every other key of the table, in no order.
create_keys()
{
	ask_once "CREATE TABLE join_keys_$1 AS SELECT 'row' || lpad((2 * r)::text, 10, '0') COLLATE \"C\" AS key
			FROM generate_series(1, $1) r ORDER BY md5(r::text);
		VACUUM (FREEZE, ANALYZE) join_keys_$1;"
}

# A session that joins by lookups, of whichever kind.
open_join_session()
{
	open_mock_session "$1" join
	ask "$1" "SET enable_hashjoin = off; SET enable_mergejoin = off; ${3:-}"
}

# Declares a contender: NAME SESSION KEYS TABLE
joining()
{
	contender "$1" "$2" "join_$3" "SELECT count(*), $(sum_of_lengths 4) FROM join_keys_$3 k JOIN join_$4 USING (key);"
}
