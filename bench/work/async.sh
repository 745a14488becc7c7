# async: four partitions on four servers that take 50 ms to answer, beside one.

work_async()
{
	local i run
	describe async "a table of 4 partitions, on servers that take 50 ms to begin their answer"
	printf '%s\n' call headers 'sleep 50' replay >"$TEMP/async.script"
	ask_once "CREATE TABLE async_four (key text COLLATE \"C\", c0 text COLLATE \"C\") PARTITION BY RANGE (key);"
	for i in 1 2 3 4; do
		start_mock "async$i" --rows 100 --columns 1 --script "$TEMP/async.script"
		create_foreign "async_$i" "${MOCK_ADDRESS[async$i]}" 1
		ask_once "ALTER TABLE async_four ATTACH PARTITION async_$i FOR VALUES FROM ('$i') TO ('$((i + 1))');"
	done
	open_session async
	ask async "SET enable_partition_pruning = off;"
	contender four async four "SELECT count(*) FROM async_four;"
	contender one async one "SELECT count(*) FROM async_1;"
	contender in_turn in_turn four "SELECT count(*) FROM async_four;"
	open_session in_turn
	ask in_turn "SET enable_async_append = off;"
	for ((run = 1; run <= WARM_UPS + RUNS; run++)); do
		for i in four one in_turn; do
			time_contender "$i"
			check_answer "$i"
			[ "$run" -le "$WARM_UPS" ] || record async "$i" ms "$(thousandths "$WALL_US")"
		done
	done
	compare async "4 partitions" ms four "one of them" one "ratio <= 1.3"
	compare async "4 partitions" ms four "4, one after the other" in_turn
}
