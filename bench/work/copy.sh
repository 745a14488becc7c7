# copy: rows that are written, by COPY and by INSERT ... SELECT, into a server that only acknowledges, and into
# the emulator.

work_copy()
{
	local rows=200000 columns=4
	describe copy "200,000 rows of a key and 4 text cells of 40 bytes, written"

	create_heap copy_source "$rows" "$columns"
	ask_once "CREATE TABLE copy_target (LIKE copy_source);
		CREATE TABLE copy_heap (LIKE copy_source);
		COPY copy_source TO '$TEMP/copy.tsv';
		ALTER SERVER loopback OPTIONS (ADD batch_size '1000');"
	create_loopback copy_loopback copy_target "$columns"
	start_mock copy --family cf
	create_foreign copy_bigtable "${MOCK_ADDRESS[copy]}" "$columns"
	open_mock_session bigtable copy
	open_loopback_session loopback copy_loopback
	open_session heap

	contender copy bigtable copied "COPY copy_bigtable FROM '$TEMP/copy.tsv'; SELECT $rows;"
	contender insert bigtable copied "INSERT INTO copy_bigtable SELECT * FROM copy_source; SELECT $rows;"
	contender loopback loopback copied "INSERT INTO copy_loopback SELECT * FROM copy_source; SELECT $rows;"
	contender heap heap copied "COPY copy_heap FROM '$TEMP/copy.tsv'; SELECT $rows;"
	take_copy_turns "$rows"
	compare_copies
	copy_to_emulator
}

# Takes turns; the tables that keep rows are emptied between, which does not count.
take_copy_turns()
{
	local run name
	for ((run = 1; run <= WARM_UPS + RUNS; run++)); do
		for name in copy loopback insert heap; do
			time_contender "$name"
			check_answer "$name"
			if [ "$run" -gt "$WARM_UPS" ]; then
				record copy "$name" rows/s "$(($1 * 1000000 / WALL_US))"
				record copy "$name" "CPU us/row" "$(thousandths $((LOCAL_NS / $1)))"
			fi
			ask_once "TRUNCATE copy_target, copy_heap;"
		done
	done
}

compare_copies()
{
	local unit
	for unit in rows/s "CPU us/row"; do
		if [ "$unit" = rows/s ]; then
			compare copy "COPY" "$unit" copy postgres_fdw loopback "ratio >= 2"
		else
			compare copy "COPY" "$unit" copy postgres_fdw loopback
		fi
		compare copy "INSERT ... SELECT" "$unit" insert postgres_fdw loopback
		compare copy "COPY" "$unit" copy "local table" heap
	done
	note copy "postgres_fdw has batch_size 1000, and inserts into a local table; it is given INSERT ... SELECT, as it cannot copy faster."
	note copy "the mock server counts the rows of a request, and acknowledges them."
}

# The same rows into the emulator, beside Google's command-line client, if it is there.
copy_to_emulator()
{
	local run rows=20000 columns=4 start
	need_emulator
	ask_once "COPY (SELECT * FROM copy_source ORDER BY key LIMIT $rows) TO '$TEMP/copy_small.tsv';
		COPY (SELECT * FROM copy_source ORDER BY key LIMIT $rows) TO '$TEMP/copy_rows.csv' (FORMAT csv);"
	{ printf ',cf,,,\n,c0,c1,c2,c3\n'; cat "$TEMP/copy_rows.csv"; } >"$TEMP/copy_small.csv"
	create_foreign copy_emulator "$BIGTABLE_EMULATOR" "$columns"
	open_session emulator
	for ((run = 1; run <= 1 + RUNS; run++)); do
		"$BTLOAD" "$BIGTABLE_EMULATOR" p i create copy_emulator cf >"$TEMP/load.log" 2>&1 || fail "could not create a table"
		ask emulator "COPY copy_emulator FROM '$TEMP/copy_small.tsv';"
		[ "$run" -eq 1 ] || record copy emulator rows/s "$((rows * 1000000 / WALL_US))"
		type cbt >/dev/null 2>&1 || continue
		"$BTLOAD" "$BIGTABLE_EMULATOR" p i create copy_emulator cf >"$TEMP/load.log" 2>&1 || fail "could not create a table"
		start=$(date +%s%N)
		BIGTABLE_EMULATOR_HOST=$BIGTABLE_EMULATOR cbt -project p -instance i import copy_emulator "$TEMP/copy_small.csv" \
			batch-size=1000 workers=2 >"$TEMP/cbt.log" 2>&1 || fail "cbt import failed"
		[ "$run" -eq 1 ] || record copy cbt rows/s "$((rows * 1000000000 / ($(date +%s%N) - start)))"
	done
	ask emulator "SELECT count(*) FROM copy_emulator;"
	[ "$ANSWER" = "$rows" ] || fail "$ANSWER of $rows rows are in the emulator"
	if type cbt >/dev/null 2>&1; then
		compare copy "COPY into the emulator" rows/s emulator "cbt import" cbt "ratio >= 1"
		note copy "cbt import has 2 workers and batches of 1,000 rows, and is a process of its own."
	fi
}
