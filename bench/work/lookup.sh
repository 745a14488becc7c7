# lookup: one row by its key, by pgbench with prepared statements, one client and an open connection.

# Transactions of a run that do not count: those with custom plans, and what warms up.
LOOKUP_WARM_UP=200
LOOKUP_COUNT=2000

work_lookup()
{
	local rows=10000 columns=4 run name
	describe lookup "one row of 10,000 by its key, 4 text cells of 40 bytes, 2,000 lookups a run"

	need_emulator
	create_heap lookup_heap "$rows" "$columns"
	create_loopback lookup_loopback lookup_heap "$columns"
	create_foreign lookup_bigtable "$BIGTABLE_EMULATOR" "$columns"
	load_lookup_table
	for name in bigtable loopback heap; do
		printf '%s\n' "\\set n random(1, $rows)" \
			"SELECT * FROM lookup_$name WHERE key = 'row' || lpad((:n)::int::text, 10, '0');" >"$TEMP/lookup_$name.sql"
		check_lookup "$name"
	done

	for ((run = 0; run < RUNS; run++)); do
		for name in bigtable loopback heap; do
			run_pgbench "$name"
		done
	done
	compare_lookups
}

compare_lookups()
{
	local unit
	compare lookup "median" "ms p50" bigtable postgres_fdw loopback "ours < 0.5"
	for unit in p95 p99; do
		compare lookup "${unit#p}th percentile" "ms $unit" bigtable postgres_fdw loopback
	done
	compare lookup "median" "ms p50" bigtable "local table" heap
	compare lookup "first, with the connection" "ms first" bigtable postgres_fdw loopback
	note lookup "ours asks the emulator over TCP; postgres_fdw the same server over a Unix socket, in a transaction with a cursor."
}

# Copies the rows of the local table to the emulator.
load_lookup_table()
{
	local target=("$BTLOAD" "$BIGTABLE_EMULATOR" p i)
	ask_once "COPY (SELECT key || E'\\t' || c || E'\\t\\t' || v FROM lookup_heap,
		LATERAL (VALUES ('cf:c0', c0), ('cf:c1', c1), ('cf:c2', c2), ('cf:c3', c3)) AS cell (c, v) ORDER BY key, c)
		TO '$TEMP/lookup.cells' (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02');"
	if ! { "${target[@]}" create lookup_bigtable cf &&
		"${target[@]}" load lookup_bigtable <"$TEMP/lookup.cells"; } >"$TEMP/load.log" 2>&1; then
		cat "$TEMP/load.log" >&2
		fail "could not load the emulator"
	fi
}

# All contenders must find the same.
check_lookup()
{
	open_session lookup
	ask lookup "SELECT * FROM lookup_$1 WHERE key = 'row' || lpad((4711)::int::text, 10, '0');"
	contender "$1" lookup lookup ''
	check_answer "$1"
	end_session lookup
}

# Runs pgbench once and records what its log says, in ms.
run_pgbench()
{
	local log=$TEMP/lookup_$1.log p50 p95 p99 first unit
	rm -f "$log".*
	logged "$TEMP/pgbench.log" "$TEMP" "$(pg_bin pgbench)" --no-vacuum --protocol=prepared --client=1 \
		--transactions=$((LOOKUP_WARM_UP + LOOKUP_COUNT)) --file="$TEMP/lookup_$1.sql" \
		--log --log-prefix="$log" || fail "pgbench failed"
	# shellcheck disable=SC2034 # read by their names
	read -r first p50 p95 p99 < <(percentiles "$log".* | paste -s -d " ")
	for unit in first p50 p95 p99; do
		record lookup "$1" "ms $unit" "$(thousandths "${!unit}")"
	done
}

# Prints the first latency of a log of pgbench, and percentiles of those that count, in us.
percentiles()
{
	awk 'NR == 1 { print $3 }' "$@"
	tail -n +$((LOOKUP_WARM_UP + 1)) "$@" | awk '{ print $3 }' | sort -n |
		awk '{ us[NR] = $1 } END { print us[int((NR + 1) / 2)], us[int(NR * 0.95 + 0.5)], us[int(NR * 0.99 + 0.5)] }'
}
