# counters: one row's counter, incremented by UPDATE, against the emulator.

COUNTER_TIMES=2000

work_counters()
{
	local run name
	describe counters "UPDATE ... SET n = n + 1 of one row, $COUNTER_TIMES times in a loop, in one session"
	need_emulator
	"$BTLOAD" "$BIGTABLE_EMULATOR" p i create counters cf >"$TEMP/load.log" 2>&1 || fail "could not create a table"
	ask_once "CREATE SERVER counters FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (project_id 'p', instance_id 'i', emulator_host '$BIGTABLE_EMULATOR');
		CREATE FOREIGN TABLE counters (key text OPTIONS (row_key 'true') COLLATE \"C\", n bigint OPTIONS (family 'cf', qualifier 'n', encoding 'binary')) SERVER counters;
		CREATE TABLE counters_heap (key text PRIMARY KEY, n bigint);
		INSERT INTO counters_heap VALUES ('one', 0);
		INSERT INTO counters VALUES ('one', 0), ('two', 0);
		CREATE FOREIGN TABLE counters_loopback (key text, n bigint) SERVER loopback OPTIONS (table_name 'counters_heap');"
	open_session direct
	open_session read
	open_session loopback
	contender direct direct counted "$(counter_loop "UPDATE counters SET n = n + 1 WHERE key = 'one'")"
	contender read read counted "$(counter_loop "UPDATE counters SET n = n * 1 + 1 WHERE key = 'two'")"
	contender loopback loopback counted "$(counter_loop "UPDATE counters_loopback SET n = n + 1 WHERE key = 'one'")"
	for ((run = 1; run <= WARM_UPS + RUNS; run++)); do
		for name in direct read loopback; do
			time_contender "$name"
			[ "$run" -le "$WARM_UPS" ] || record counters "$name" "us each" "$(thousandths $((WALL_US * 1000 / COUNTER_TIMES)))"
		done
	done
	ask direct "SELECT n FROM counters WHERE key = 'one';"
	[ "$ANSWER" = $((COUNTER_TIMES * (WARM_UPS + RUNS))) ] || fail "the counter is $ANSWER"
	compare counters "one counter" "us each" direct postgres_fdw loopback
	compare counters "one counter" "us each" direct "read and written" read
	note counters "postgres_fdw runs the loop in one transaction; a rollback would take its counts back."
}

counter_loop()
{
	printf 'DO $$ BEGIN FOR i IN 1 .. %d LOOP %s; END LOOP; END $$; SELECT 1;' "$COUNTER_TIMES" "$1"
}
