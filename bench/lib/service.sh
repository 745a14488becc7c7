# The servers that the works need, and the tables of the contenders. Sourced after session.sh.
#
# prepare_services               builds everything, starts PostgreSQL
# start_mock NAME OPTION...      starts a mock server; sets MOCK_ADDRESS[NAME] and MOCK_PID[NAME]
# need_emulator                  starts the emulator, at its first call
# create_heap TABLE ROWS COLUMNS           a local table with the rows that the mock replays
# create_loopback TABLE HEAP COLUMNS       a table of postgres_fdw on a local one
# create_foreign TABLE ADDRESS COLUMNS ["NOT NULL"]
#                                          a table of bigtable_fdw on a mock or an emulator
# open_loopback_session NAME TABLE         a session that has its connection of postgres_fdw
# open_mock_session NAME MOCK              a session that reads from a mock
# Both set SESSION_REMOTE.
# shellcheck disable=SC2034 # SESSION_REMOTE is for measure.sh

declare -A MOCK_ADDRESS=() MOCK_PID=()
MOCK=
VALUE_BYTES=40

prepare_services()
{
	install_for build
	choose_run_user
	cached_build || fail "the build failed"
	build_mock
	write_config
	cat >>"$TEMP_CONFIG" <<-CONF
		# All tables stay in memory, and nothing runs beside what is measured.
		shared_buffers = 1GB
		autovacuum = off
		max_wal_size = 8GB
		checkpoint_timeout = 1d
		# One backend against one backend, and no compiler that the number of rows would switch on.
		max_parallel_workers_per_gather = 0
		jit = off
	CONF
	start_cluster
	open_session admin
	ask admin "SET client_min_messages = warning; CREATE EXTENSION bigtable_fdw; CREATE EXTENSION postgres_fdw;
		CREATE SERVER loopback FOREIGN DATA WRAPPER postgres_fdw
			OPTIONS (host '$PGHOST', port '$PGPORT', dbname '$PGDATABASE', fetch_size '10000', application_name 'loopback_%p');
		CREATE USER MAPPING FOR PUBLIC SERVER loopback OPTIONS (user '$PGUSER');"
	end_session admin
}

# Prints a digest of all that the mock server's build depends on.
mock_key()
{
	{
		dpkg-query -W libgrpc-dev libprotobuf-c-dev gcc
		cd "$TREE" && cat test/Makefile test/mock/*.[ch] proto/*.proto
	} | sha256sum | cut -c1-16
}

# Sets MOCK to the mock server's program. It is built in TREE, once for each mock_key.
build_mock()
{
	local kept
	kept=$(cache_dir)/bench-mock-$(mock_key)
	if [ ! -x "$kept" ]; then
		say "building the mock server"
		make_in_tree "$TEMP/build.log" -C test build/bigtable_mock CFLAGS=-O2 || fail "the build failed"
		find "${kept%/*}" -maxdepth 1 -name 'bench-mock-*' -exec rm -f {} +
		cp "$TREE/test/build/bigtable_mock" "$kept.$$"
		mv "$kept.$$" "$kept"
	fi
	MOCK=$TEMP/bigtable_mock
	cp "$kept" "$MOCK"
	chmod 755 "$MOCK"
}

STARTING_MOCK=

mock_is_up()
{
	MOCK_ADDRESS[$STARTING_MOCK]=$(sed -n 's/^listening on //p' "$TEMP/mock_$STARTING_MOCK.log")
	[ -n "${MOCK_ADDRESS[$STARTING_MOCK]}" ]
}

start_mock()
{
	STARTING_MOCK=$1
	shift
	: >"$TEMP/mock_$STARTING_MOCK.log"
	# shellcheck disable=SC2016 # expanded by the inner shell
	start_server "$TEMP/mock_$STARTING_MOCK.log" mock_is_up \
		sh -c 'echo $$ >"$1"; shift; exec "$@"' sh "$TEMP/mock_$STARTING_MOCK.pid" \
		"$MOCK" --value-bytes "$VALUE_BYTES" "$@" || fail "the mock server did not start"
	MOCK_PID[$STARTING_MOCK]=$(cat "$TEMP/mock_$STARTING_MOCK.pid")
}

end_mocks()
{
	[ ${#MOCK_PID[@]} = 0 ] || kill -TERM "${MOCK_PID[@]}"
	MOCK_PID=()
	MOCK_ADDRESS=()
}

need_emulator()
{
	[ -z "${BIGTABLE_EMULATOR:-}" ] || return 0
	find_emulator
	start_emulator
}

# Prints a list of the columns key, c0, c1, ...: column_list COLUMNS [PREFIX [SEPARATOR [SUFFIX]]]
column_list()
{
	local prefix=${2:-} separator=${3:-, } suffix=${4:-} column
	printf '%skey%s' "$prefix" "$suffix"
	for ((column = 0; column < $1; column++)); do
		printf '%s%sc%d%s' "$separator" "$prefix" "$column" "$suffix"
	done
}

# Prints an expression that needs every column: the sum of their lengths.
sum_of_lengths()
{
	printf 'sum(%s)' "$(column_list "$1" 'length(' ' + ' ')')"
}

create_heap()
{
	local table=$1 rows=$2 columns=$3 values='' column
	for ((column = 0; column < columns; column++)); do
		values+=", rpad(format('r%sc%s-', r, $column), $VALUE_BYTES, 'abcdefghijklmnopqrstuvwxyz')"
	done
	ask_once "CREATE TABLE $table ($(column_list "$columns" '' ', ' ' text COLLATE "C"'));
		INSERT INTO $table SELECT 'row' || lpad(r::text, 10, '0')$values FROM generate_series(1, $rows) r;
		ALTER TABLE $table ADD PRIMARY KEY (key);
		VACUUM (FREEZE, ANALYZE) $table;"
}

create_loopback()
{
	ask_once "CREATE FOREIGN TABLE $1 ($(column_list "$3" '' ', ' ' text COLLATE "C"'))
		SERVER loopback OPTIONS (table_name '$2');"
}

create_foreign()
{
	local table=$1 address=$2 not_null=${4:-} columns='' column
	for ((column = 0; column < $3; column++)); do
		columns+=", c$column text OPTIONS (family 'cf', qualifier 'c$column') COLLATE \"C\" $not_null"
	done
	ask_once "CREATE SERVER ${table}_server FOREIGN DATA WRAPPER bigtable_fdw
			OPTIONS (project_id 'p', instance_id 'i', emulator_host '$address');
		CREATE USER MAPPING FOR PUBLIC SERVER ${table}_server;
		CREATE FOREIGN TABLE $table (key text OPTIONS (row_key 'true') COLLATE \"C\" NOT NULL$columns)
			SERVER ${table}_server OPTIONS (table_name '$table');"
}

open_loopback_session()
{
	open_session "$1"
	ask "$1" "SELECT count(*) FROM (SELECT FROM $2 LIMIT 1) one;"
	ask "$1" "SELECT pid FROM pg_stat_activity WHERE application_name = 'loopback_${SESSION_BACKEND[$1]}';"
	SESSION_REMOTE[$1]=$ANSWER
}

open_mock_session()
{
	open_session "$1"
	SESSION_REMOTE[$1]=${MOCK_PID[$2]}
}

# Runs statements in a session of their own.
ask_once()
{
	open_session once
	ask once "$1"
	end_session once
}
