# limit: the CPU of a scan beside that of a program that receives the same messages by gRPC and drops them,
# which no client can do without.

# Reads of one run of that program, so that its start does not count.
LIMIT_READS=10

work_limit()
{
	local rows=200000 columns=4 run sum
	# Of bytes, since counting characters would take as long as the scan.
	sum="sum($(column_list "$columns" 'octet_length(' ' + ' ')'))"
	describe limit "200,000 rows of a key and 4 text cells of 40 bytes, 1,000 rows a message, client's CPU"

	start_mock limit --rows "$rows" --columns "$columns"
	create_foreign limit_bigtable "${MOCK_ADDRESS[limit]}" "$columns" "NOT NULL"
	open_mock_session bigtable limit
	contender all bigtable limit "SELECT $sum FROM (SELECT * FROM limit_bigtable OFFSET 0) s;"
	contender keys bigtable keys "SELECT count(*) FROM limit_bigtable;"
	take_turns limit "$rows" all keys
	for ((run = 0; run < RUNS; run++)); do
		record limit drop "CPU us/row" "$(drop_rows "$rows")"
	done
	compare limit "all columns" "CPU us/row" all "bare gRPC loop" drop "ratio <= 5"
	note limit "the loop asks for all rows, $LIMIT_READS times on one channel, and drops the bytes unseen."
}

# Prints the CPU of the program, in us a row.
drop_rows()
{
	local cpu
	cpu=$(cpu_of "$BTLOAD" "${MOCK_ADDRESS[limit]}" p i drain limit_bigtable "$LIMIT_READS")
	awk -v us="$cpu" -v rows="$1" -v reads="$LIMIT_READS" 'BEGIN { printf "%.3f", us / rows / reads }'
}
