# columns: two of twenty columns beside all twenty.

work_columns()
{
	local rows=50000 columns=20 all two
	all=$(sum_of_lengths "$columns")
	two="sum(length(c7) + length(c13))"
	describe columns "50,000 rows of a key and 20 text cells of 40 bytes, 1,000 rows a message: 2 columns, or key and all 20"

	create_heap columns_heap "$rows" "$columns"
	create_loopback columns_loopback columns_heap "$columns"
	start_mock columns --rows "$rows" --columns "$columns"
	create_foreign columns_bigtable "${MOCK_ADDRESS[columns]}" "$columns"
	open_mock_session bigtable columns
	open_loopback_session loopback columns_loopback
	contender two bigtable two "SELECT $two FROM (SELECT c7, c13 FROM columns_bigtable OFFSET 0) s;"
	contender all bigtable all "SELECT $all FROM (SELECT * FROM columns_bigtable OFFSET 0) s;"
	contender loopback_two loopback two "SELECT $two FROM (SELECT c7, c13 FROM columns_loopback OFFSET 0) s;"
	contender loopback_all loopback all "SELECT $all FROM (SELECT * FROM columns_loopback OFFSET 0) s;"

	take_turns columns "$rows" two loopback_two all loopback_all
	compare columns "2 of 20" rows/s two "ours, all 20" all "ratio >= 3"
	compare columns "2 of 20" "CPU us/row" two "ours, all 20" all
	compare columns "2 of 20" rows/s two postgres_fdw loopback_two
	compare columns "2 of 20" "CPU us/row" two postgres_fdw loopback_two
	compare columns "all 20" rows/s all postgres_fdw loopback_all
	compare columns "all 20" "CPU us/row" all postgres_fdw loopback_all
}
