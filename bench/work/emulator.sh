# emulator: the CPU that clients take to read a table of the emulator, which sends one row a message: a backend
# beside Google's command-line client and its client for Node.js, where they are there.

work_emulator()
{
	local rows=20000 columns=4 run sum
	sum=$(sum_of_lengths "$columns")
	describe emulator "20,000 rows of a key and 4 text cells of 40 bytes, read from the emulator, client's CPU"

	need_emulator
	create_heap emulator_heap "$rows" "$columns"
	load_emulator_table
	create_foreign emulator_bigtable "$BIGTABLE_EMULATOR" "$columns" "NOT NULL"
	open_session bigtable
	contender bigtable bigtable emulator "SELECT $sum FROM (SELECT * FROM emulator_bigtable OFFSET 0) s;"
	take_turns emulator "$rows" bigtable
	for ((run = 0; run < RUNS; run++)); do
		read_by_others "$rows"
	done
	if type cbt >/dev/null 2>&1; then
		compare emulator "all columns" "CPU us/row" bigtable "cbt read" cbt "ratio <= 0.333"
	fi
	if [ -n "$NODE_CLIENT" ]; then
		compare emulator "all columns" "CPU us/row" bigtable "client for Node.js" node "ratio <= 0.1"
	fi
	note emulator "others: user and system time of the whole process, from its start, output dropped."
}

# Copies the rows of the local table to the emulator.
load_emulator_table()
{
	local target=("$BTLOAD" "$BIGTABLE_EMULATOR" p i)
	ask_once "COPY (SELECT key || E'\\t' || c || E'\\t\\t' || v FROM emulator_heap,
		LATERAL (VALUES ('cf:c0', c0), ('cf:c1', c1), ('cf:c2', c2), ('cf:c3', c3)) AS cell (c, v) ORDER BY key, c)
		TO '$TEMP/emulator.cells' (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02');"
	"${target[@]}" create emulator_bigtable cf >"$TEMP/load.log" 2>&1 &&
		"${target[@]}" load emulator_bigtable <"$TEMP/emulator.cells" >"$TEMP/load.log" 2>&1 ||
		fail "could not load the emulator"
}

# One read by each of the others.
read_by_others()
{
	local cpu
	if type cbt >/dev/null 2>&1; then
		cpu=$(BIGTABLE_EMULATOR_HOST=$BIGTABLE_EMULATOR cpu_of cbt -project p -instance i read emulator_bigtable)
		record emulator cbt "CPU us/row" "$(awk -v us="$cpu" -v rows="$1" 'BEGIN { printf "%.3f", us / rows }')"
	fi
	find_node_client
	if [ -n "$NODE_CLIENT" ]; then
		cpu=$(cd "$NODE_CLIENT" && BIGTABLE_EMULATOR_HOST=$BIGTABLE_EMULATOR cpu_of node read.js p i emulator_bigtable "$1")
		record emulator node "CPU us/row" "$(awk -v us="$cpu" -v rows="$1" 'BEGIN { printf "%.3f", us / rows }')"
	fi
}

NODE_CLIENT=

# Sets NODE_CLIENT to a directory with Bigtable's official client for Node.js, from npm's registry, if Node.js is
# on the machine.
find_node_client()
{
	local dir
	[ -z "$NODE_CLIENT" ] || return 0
	type node npm >/dev/null 2>&1 || return 0
	dir=$(cache_dir)/bench-node
	if [ ! -d "$dir/node_modules/@google-cloud/bigtable" ]; then
		say "installing Bigtable's client for Node.js"
		mkdir -p "$dir"
		(cd "$dir" && npm init -y && npm install --no-audit --no-fund @google-cloud/bigtable) >"$TEMP/npm.log" 2>&1 || {
			warn "could not install Bigtable's client for Node.js; going on without it"
			return 0
		}
	fi
	cp "$HERE/lib/read.js" "$dir/"
	NODE_CLIENT=$dir
}
