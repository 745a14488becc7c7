# parallel: an aggregate with two workers, beside the same without.

work_parallel()
{
	local rows=400000 columns=4 aggregate
	describe parallel "400,000 rows of a key and 4 text cells of 40 bytes, an aggregate that keeps a processor busy"
	aggregate="count(*), max(md5(c0 || c1)), max(md5(c2 || c3)), max(md5(c0 || c3))"
	sample_keys "$rows" >"$TEMP/parallel.script"
	start_mock parallel --rows "$rows" --columns "$columns" --script "$TEMP/parallel.script"
	create_foreign parallel_bigtable "${MOCK_ADDRESS[parallel]}" "$columns" "NOT NULL"
	open_parallel_session none 0
	open_parallel_session two 2
	contender none none parallel "SELECT $aggregate FROM parallel_bigtable;"
	contender two two parallel "SELECT $aggregate FROM parallel_bigtable;"
	take_turns parallel "$rows" two none
	compare parallel "2 workers" rows/s two "no workers" none "ratio >= 1.6"
	note parallel "each worker is a process that connects anew; the mock server takes a part of the two processors."
}

# Prints a script with 40 keys that split a table of so many rows; what it says nothing of is replayed.
sample_keys()
{
	local i
	printf 'call SampleRowKeys\n'
	for ((i = 1; i <= 40; i++)); do
		printf 'sample row%010d %d\nsend\n' $(($1 * i / 40)) $((5200 * i))
	done
	printf 'sample end %d\nsend\n' $((5200 * 41))
}

open_parallel_session()
{
	open_mock_session "$1" parallel
	ask "$1" "SET max_parallel_workers_per_gather = $2; SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0;"
}
