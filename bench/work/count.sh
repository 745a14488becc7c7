# count: count(*), which asks for keys only, beside reading all values.

work_count()
{
	local rows=200000 columns=4
	describe count "200,000 rows of a key and 4 text cells of 40 bytes, 1,000 rows a message"

	create_heap count_heap "$rows" "$columns"
	create_loopback count_loopback count_heap "$columns"
	start_mock count --rows "$rows" --columns "$columns"
	create_foreign count_bigtable "${MOCK_ADDRESS[count]}" "$columns"
	open_mock_session bigtable count
	open_loopback_session loopback count_loopback
	contender count bigtable count "SELECT count(*) FROM count_bigtable;"
	contender values bigtable values "SELECT $(sum_of_lengths "$columns") FROM (SELECT * FROM count_bigtable OFFSET 0) s;"
	contender loopback loopback count "SELECT count(*) FROM (SELECT FROM count_loopback OFFSET 0) s;"
	contender loopback_pushed loopback count "SELECT count(*) FROM count_loopback;"

	take_turns count "$rows" count values loopback loopback_pushed
	compare count "count(*)" rows/s count "ours, all values" values "ratio >= 3"
	compare count "count(*)" "CPU us/row" count "ours, all values" values
	compare count "count(*)" rows/s count postgres_fdw loopback
	compare count "count(*)" "CPU us/row" count postgres_fdw loopback
	compare count "count(*)" rows/s count "postgres_fdw, pushed down" loopback_pushed
	note count "postgres_fdw: an empty row for each row is transferred; pushed down: the remote server counts."
}
