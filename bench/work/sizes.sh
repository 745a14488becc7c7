# sizes: rows of 1 KB and of 100 cells, and a prefix of a table.

work_sizes()
{
	describe sizes "rows of other sizes, 1,000 or 100 rows a message; sum(length(...)) over all columns"
	measure_size 1kb 100000 4 240 1000 "4 cells of 240 bytes"
	measure_size 100cells 20000 100 20 100 "100 cells of 20 bytes"
	measure_prefix
	note sizes "the prefix names 10,000 of 200,000 rows of a key and 4 text cells of 40 bytes; rows/s are of what is found."
}

# measure_size NAME ROWS COLUMNS BYTES PER_MESSAGE DESCRIPTION
measure_size()
{
	local name=$1 rows=$2 columns=$3 VALUE_BYTES=$4 sum
	sum=$(sum_of_lengths "$columns")
	create_heap "sizes_heap_$name" "$rows" "$columns"
	create_loopback "sizes_loopback_$name" "sizes_heap_$name" "$columns"
	start_mock "$name" --rows "$rows" --columns "$columns" --rows-per-message "$5"
	create_foreign "sizes_$name" "${MOCK_ADDRESS[$name]}" "$columns" "NOT NULL"
	open_mock_session "bigtable_$name" "$name"
	open_loopback_session "loopback_$name" "sizes_loopback_$name"
	contender "$name" "bigtable_$name" "sizes_$name" "SELECT $sum FROM (SELECT * FROM sizes_$name OFFSET 0) s;"
	contender "loopback_$name" "loopback_$name" "sizes_$name" "SELECT $sum FROM (SELECT * FROM sizes_loopback_$name OFFSET 0) s;"
	take_turns sizes "$rows" "$name" "loopback_$name"
	compare sizes "$6" rows/s "$name" postgres_fdw "loopback_$name"
	compare sizes "$6" "CPU us/row" "$name" postgres_fdw "loopback_$name"
}

measure_prefix()
{
	local rows=200000 found=10000 columns=4 sum name
	sum=$(sum_of_lengths "$columns")
	create_heap sizes_heap "$rows" "$columns"
	create_loopback sizes_loopback sizes_heap "$columns"
	start_mock prefix --rows "$rows" --columns "$columns"
	create_foreign sizes_prefix "${MOCK_ADDRESS[prefix]}" "$columns" "NOT NULL"
	open_mock_session bigtable_prefix prefix
	open_loopback_session loopback_prefix sizes_loopback
	for name in bigtable:sizes_prefix loopback:sizes_loopback; do
		contender "${name%:*}_prefix" "${name%:*}_prefix" sizes_prefix \
			"SELECT $sum FROM (SELECT * FROM ${name#*:} WHERE key LIKE 'row000012%' OFFSET 0) s;"
	done
	take_turns sizes "$found" bigtable_prefix loopback_prefix
	compare sizes "prefix" rows/s bigtable_prefix postgres_fdw loopback_prefix
}
