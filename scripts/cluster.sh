# Starts a throw-away PostgreSQL that loads the extension from STAGE. Sourced after build.sh. No TCP port
# is used, so that it does not matter what else runs on the machine.
#
# perl_modules   prints the directory of PostgreSQL's Perl modules for tests
# write_config   writes TEMP_CONFIG, the settings that make a server find the extension in STAGE
# start_cluster  starts a server; exports PGHOST, PGPORT, PGUSER, PGDATABASE
#
# SERVER_WRAPPER  an array: what the server is run by, such as "env NAME=VALUE" or "valgrind"

SERVER_WRAPPER=()

# The path of one of PostgreSQL's programs.
pg_bin()
{
	printf '%s/%s\n' "$("$PG_CONFIG" --bindir)" "$1"
}

# True if the server has the setting.
has_setting()
{
	(cd "$TEMP" && as_run_user "$(pg_bin postgres)" --describe-config) | cut -f1 | grep -x "$1" >/dev/null
}

# Prints the directory of PostgreSQL's Perl modules for tests: its own, if it was built to have them, else those
# of a Debian package, as they serve other releases, too.
perl_modules()
{
	local dir
	for dir in "$(dirname "$("$PG_CONFIG" --pgxs)")"/../test/perl /usr/lib/postgresql/*/lib/pgxs/src/test/perl; do
		if [ -e "$dir/PostgreSQL/Test/Cluster.pm" ]; then
			printf '%s\n' "$dir"
			return
		fi
	done
	fail "PostgreSQL is built without --enable-tap-tests; install a package postgresql-client-NN for its Perl modules"
}

# Writes the settings for every server of this run. PostgreSQL's own test tools read TEMP_CONFIG.
write_config()
{
	export TEMP_CONFIG=$TEMP/temp.conf
	{
		echo "fsync = off"
		if has_setting extension_control_path; then
			echo "extension_control_path = '$STAGE$("$PG_CONFIG" --sharedir):\$system'"
			echo "dynamic_library_path = '$STAGE$("$PG_CONFIG" --pkglibdir):\$libdir'"
		elif has_setting extension_destdir; then
			echo "extension_destdir = '$STAGE'"
		elif [ -z "$POSTGRESQL_COPY" ]; then
			fail "this PostgreSQL cannot load an extension from a temporary directory; use Debian's packages"
		fi
	} >"$TEMP_CONFIG"
	chmod 644 "$TEMP_CONFIG"
}

# True once the server accepts connections.
cluster_is_up()
{
	"$(pg_bin pg_isready)" --quiet
}

# True if the server that start_cluster started has collations of ICU.
has_icu()
{
	[ "$("$(pg_bin psql)" -X -A -t -c "SELECT count(*) > 0 FROM pg_collation WHERE collname = 'und-x-icu'")" = t ]
}

# Starts a server in TEMP that listens on a Unix socket only.
start_cluster()
{
	local data=$TEMP/data
	export PGHOST=$TEMP/socket PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
	as_run_user mkdir "$PGHOST"
	logged "$TEMP/initdb.log" "$TEMP" as_run_user "$(pg_bin initdb)" --pgdata="$data" \
		--username="$PGUSER" --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync ||
		fail "initdb failed"
	as_run_user tee -a "$data/postgresql.conf" >/dev/null <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$PGHOST'
		port = $PGPORT
		include '$TEMP_CONFIG'
	CONF
	start_server "$TEMP/postgresql.log" cluster_is_up "${SERVER_WRAPPER[@]}" "$(pg_bin postgres)" -D "$data" ||
		fail "PostgreSQL did not start"
}
