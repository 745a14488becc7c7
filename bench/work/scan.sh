# scan: all rows and columns of a table, with messages of 1,000, 100 and 1 rows.

work_scan()
{
	local rows=200000 columns=4 sum per_message
	sum=$(sum_of_lengths "$columns")
	describe scan "200,000 rows of a key and 4 text cells of 40 bytes, sum(length(...)) over all 5 columns"

	create_heap scan_heap "$rows" "$columns"
	create_loopback scan_loopback scan_heap "$columns"
	for per_message in 1000 100 1; do
		start_mock "$per_message" --rows "$rows" --columns "$columns" --rows-per-message "$per_message"
		create_foreign "scan_$per_message" "${MOCK_ADDRESS[$per_message]}" "$columns"
		open_mock_session "bigtable_$per_message" "$per_message"
		# OFFSET 0 keeps the aggregate where the rows are wanted.
		contender "$per_message" "bigtable_$per_message" scan "SELECT $sum FROM (SELECT * FROM scan_$per_message OFFSET 0) s;"
	done
	create_foreign scan_not_null "${MOCK_ADDRESS[1000]}" "$columns" "NOT NULL"
	open_mock_session bigtable_not_null 1000
	open_loopback_session loopback scan_loopback
	open_session heap
	contender not_null bigtable_not_null scan "SELECT $sum FROM (SELECT * FROM scan_not_null OFFSET 0) s;"
	contender loopback loopback scan "SELECT $sum FROM (SELECT * FROM scan_loopback OFFSET 0) s;"
	contender loopback_pushed loopback scan "SELECT $sum FROM scan_loopback;"
	contender heap heap scan "SELECT $sum FROM (SELECT * FROM scan_heap OFFSET 0) s;"

	take_turns scan "$rows" 1000 loopback heap not_null 100 1 loopback_pushed
	compare_scans
}

compare_scans()
{
	local unit units=(rows/s "CPU us/row" "remote CPU us/row")
	compare scan "1,000 rows a message" rows/s 1000 postgres_fdw loopback "ratio >= 1.3"
	compare scan "1,000 rows a message" "CPU us/row" 1000 postgres_fdw loopback
	compare scan "1,000 rows a message" "remote CPU us/row" 1000 postgres_fdw loopback
	compare scan "1,000 rows a message" rows/s 1000 "local table" heap "ratio >= 0.5"
	compare scan "1,000 rows a message" "CPU us/row" 1000 "local table" heap
	for unit in "${units[@]}"; do
		compare scan "1,000, columns NOT NULL" "$unit" not_null postgres_fdw loopback
	done
	for unit in "${units[@]}"; do
		compare scan "100 rows a message" "$unit" 100 postgres_fdw loopback
	done
	for unit in "${units[@]}"; do
		compare scan "1 row a message" "$unit" 1 postgres_fdw loopback
	done
	compare scan "1,000 rows a message" rows/s 1000 "postgres_fdw, pushed down" loopback_pushed
	note scan "remote: the mock server, and the backend that serves postgres_fdw."
	note scan "NOT NULL spares one more cell a row, which else shows that a row exists even if all its columns are absent."
	note scan "pushed down: postgres_fdw has the remote server add up the lengths, and transfers one row. Bigtable cannot."
}
