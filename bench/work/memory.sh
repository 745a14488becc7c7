# memory: how much a backend grows, from its start, while it reads many rows.

work_memory()
{
	local columns=4 sum run kind
	sum=$(sum_of_lengths "$columns")
	describe memory "growth of a new backend's resident memory, at its peak, over rows of a key and 4 text cells of 40 bytes"

	create_heap memory_heap 200000 "$columns"
	ask_once "CREATE VIEW memory_first AS SELECT h.* FROM memory_heap h;
		CREATE VIEW memory_all AS SELECT h.* FROM generate_series(1, 10), memory_heap h;"
	for kind in first all; do
		create_loopback "memory_loopback_$kind" "memory_$kind" "$columns"
	done
	start_mock first --rows 200000 --columns "$columns"
	start_mock all --rows 2000000 --columns "$columns"
	create_foreign memory_bigtable_first "${MOCK_ADDRESS[first]}" "$columns"
	create_foreign memory_bigtable_all "${MOCK_ADDRESS[all]}" "$columns"

	for ((run = 0; run < (RUNS < 3 ? RUNS : 3); run++)); do
		for kind in bigtable loopback; do
			measure_growth "$kind" "$sum"
		done
	done
	compare memory "200,000 rows" MB bigtable_first postgres_fdw loopback_first
	compare memory "2,000,000 rows" MB bigtable_all postgres_fdw loopback_all "ours < 32"
	note memory "both figures are from one session: the 2,000,000 rows come after the 200,000."
}

# Records the growth of a new backend that reads the two tables of a kind, one after the other.
measure_growth()
{
	local kind=$1 part before backend
	open_session memory
	backend=${SESSION_BACKEND[memory]}
	before=$(memory_kb VmRSS "$backend")
	for part in first all; do
		ask memory "SELECT $2 FROM (SELECT * FROM memory_${kind}_$part OFFSET 0) s;"
		contender "${kind}_$part" memory "memory_$part" ''
		check_answer "${kind}_$part"
		record memory "${kind}_$part" MB "$(thousandths $((($(memory_kb VmHWM "$backend") - before) * 1000 / 1024)))"
	done
	end_session memory
}

# Prints a line of a process's status, in kB.
memory_kb()
{
	awk -v name="$1:" '$1 == name { print $2 }' "/proc/$2/status"
}
