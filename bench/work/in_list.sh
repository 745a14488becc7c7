# in_list: 1,000 of 100,000 rows by their keys, by several streams and by one, from a server that answers at once
# and from one that takes its time: 2 ms until it begins, and 1 ms for each 50 keys, as if it looked them up in turn.

work_in_list()
{
	local rows=100000 columns=4 keys=1000 list sum kind
	describe in_list "1,000 of 100,000 rows by a list of keys, 4 text cells of 40 bytes"
	sum=$(sum_of_lengths "$columns")
	list=$(in_list_of_keys "$keys")

	create_heap in_list_heap "$rows" "$columns"
	create_loopback in_list_loopback in_list_heap "$columns"
	printf '%s\n' call 'sleep 2' 'trickle 1' replay >"$TEMP/in_list.script"
	start_mock in_list_near --rows "$rows" --columns "$columns" --rows-per-message 50
	start_mock in_list_far --rows "$rows" --columns "$columns" --rows-per-message 50 --script "$TEMP/in_list.script"
	for kind in near far; do
		create_foreign "in_list_$kind" "${MOCK_ADDRESS[in_list_$kind]}" "$columns"
		open_mock_session "$kind" "in_list_$kind"
		open_mock_session "one_$kind" "in_list_$kind"
		ask "one_$kind" "SET bigtable_fdw.max_streams = 1;"
		contender "$kind" "$kind" in_list "SELECT $sum FROM (SELECT * FROM in_list_$kind WHERE key IN ($list) OFFSET 0) s;"
		contender "one_$kind" "one_$kind" in_list "SELECT $sum FROM (SELECT * FROM in_list_$kind WHERE key IN ($list) OFFSET 0) s;"
	done
	open_loopback_session loopback in_list_loopback
	open_session heap
	contender loopback loopback in_list "SELECT $sum FROM (SELECT * FROM in_list_loopback WHERE key IN ($list) OFFSET 0) s;"
	contender heap heap in_list "SELECT $sum FROM (SELECT * FROM in_list_heap WHERE key IN ($list) OFFSET 0) s;"

	take_turns in_list "$keys" far one_far near one_near loopback heap
	compare in_list "a server with latency" rows/s far "ours, one stream" one_far "ratio >= 2"
	compare in_list "a server that answers at once" rows/s near "ours, one stream" one_near
	compare in_list "a server that answers at once" "CPU us/row" near "ours, one stream" one_near
	compare in_list "a server that answers at once" rows/s near postgres_fdw loopback
	compare in_list "a server that answers at once" rows/s near "local table" heap
	note in_list "latency: 2 ms until the server begins, and 1 ms for each 50 keys. Both have messages of 50 rows."
}

# Prints a list of keys in an order of their own.
in_list_of_keys()
{
	local i list=''
	for ((i = 1; i <= $1; i++)); do
		list+="${list:+, }'row$(printf '%010d' $((i * 7919 % 100000)))'"
	done
	printf '%s' "$list"
}
