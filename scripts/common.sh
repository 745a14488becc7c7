# What every script here needs first: messages, a temporary directory that is always cleaned up, and
# the user that PostgreSQL runs as. Sourced, never run; the caller has set -euo pipefail.
#
# ROOT      the checkout
# TEMP      after make_temp_dir: a directory that lives as long as the script
# RUN_USER  after choose_run_user: the user of all that is built and run, which owns TEMP

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SCRIPT_NAME=$(basename "$0")
TEMP=
RUN_USER=

say()
{
	printf '%s\n' "$*"
}

warn()
{
	printf '%s: %s\n' "$SCRIPT_NAME" "$*" >&2
}

fail()
{
	warn "$*"
	exit 1
}

# Prints the comment at the head of the running script, which is its --help.
usage()
{
	sed -n '2,/^[^#]/ { s/^# \{0,1\}//p }' "$0"
}

is_root()
{
	[ "$(id -u)" = 0 ]
}

# Frees the environment from settings that would lead the tests or the demo somewhere else.
sanitize_environment()
{
	local name
	for name in $(compgen -e | grep '^PG' || true); do
		case $name in
			PG_CONFIG | PG_MAJOR) ;;
			*) unset "$name" ;;
		esac
	done
	unset BIGTABLE_EMULATOR_HOST MAKEFLAGS MAKELEVEL MFLAGS LC_ALL LANGUAGE
	export LANG=C.UTF-8 TZ=UTC
	# gRPC sends even local calls through a proxy if it is told of one.
	export no_proxy="localhost,127.0.0.1,::1${no_proxy:+,$no_proxy}"
}

# Makes TEMP and arranges that it goes away, with every process of this run, however the script ends.
# make_temp_dir [PARENT]
make_temp_dir()
{
	local parent=${1:-${TMPDIR:-/tmp}}
	# Root's own TMPDIR may be closed to RUN_USER, and a Unix socket's path has room for 107 bytes.
	if [ $# = 0 ] && { is_root || [ "${#parent}" -gt 50 ]; }; then
		parent=/tmp
	fi
	trap clean_up EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	TEMP=$(mktemp -d "$parent/bigtable_fdw.XXXXXX")
	export BIGTABLE_FDW_RUN=$TEMP		# how clean_up knows its processes
}

# Chooses RUN_USER: the caller, but postgres (or nobody) for root, as PostgreSQL refuses to run as
# root. Called once the packages are there, as they bring the user postgres.
choose_run_user()
{
	RUN_USER=$(id -un)
	if is_root; then
		RUN_USER=$(id -un postgres 2>/dev/null || echo nobody)
		chown "$RUN_USER:" "$TEMP"
	fi
	as_run_user mkdir "$TEMP/home"
}

# Runs a command as RUN_USER, with a home of its own.
as_run_user()
{
	if is_root; then
		HOME=$TEMP/home setpriv --reuid="$RUN_USER" --regid="$(id -g "$RUN_USER")" --init-groups -- "$@"
	else
		HOME=$TEMP/home "$@"
	fi
}

# Runs a command in a directory, so that Ctrl-C or a TERM ends the script at once: bash runs a trap
# only after a command in the foreground is done, but while it waits for one in the background, right
# away. interruptible DIRECTORY COMMAND...
interruptible()
{
	local dir=$1
	shift
	(cd "$dir" && "$@") </dev/null &
	wait $!
}

# The same, with the output in a log file; shows the end of it if the command fails.
# logged LOGFILE DIRECTORY COMMAND...
logged()
{
	local log=$1 status=0
	shift
	interruptible "$@" >>"$log" 2>&1 || status=$?
	if [ "$status" != 0 ]; then
		tail -n 60 "$log" >&2
		warn "failed: ${*:2}"
	fi
	return "$status"
}

# Starts a server of this run in the background and waits until a condition holds; returns non-zero if
# the server ends before it does. It is in a session of its own, as Ctrl-C in a psql is not meant for it.
# start_server LOGFILE CONDITION COMMAND...; CONDITION is the name of a function.
start_server()
{
	local log=$1 condition=$2 pid deadline=$((SECONDS + 60))
	shift 2
	: >"$log"		# the condition may look into it before the server has begun
	(cd "$TEMP" && as_run_user setsid "$@") </dev/null >"$log" 2>&1 &
	pid=$!
	until "$condition"; do
		if ! kill -0 "$pid" 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
			tail -n 20 "$log" >&2
			return 1
		fi
		sleep 0.02
	done
}

# The folder for what is worth keeping between runs. Root has one of its own, so that a run through
# sudo leaves nothing of root's in a user's home.
cache_dir()
{
	local dir
	if is_root; then
		dir=/var/cache/bigtable_fdw
	else
		dir=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/bigtable_fdw
	fi
	if ! { mkdir -p "$dir" && [ -w "$dir" ]; } 2>/dev/null; then
		dir=$TEMP/cache
		mkdir -p "$dir"
	fi
	printf '%s\n' "$dir"
}

# Prints the pids of all processes that this run started, daemons too: they inherit BIGTABLE_FDW_RUN.
# PostgreSQL overwrites its environment with its process title, so it is known by where it runs.
processes_of_run()
{
	local link
	{
		grep -l -z -F -x "BIGTABLE_FDW_RUN=$TEMP" /proc/[0-9]*/environ
		find /proc -maxdepth 2 -name cwd -lname "$TEMP/*" | while IFS= read -r link; do
			case $(readlink "${link%cwd}exe") in
				*/postgres) printf '%s\n' "$link" ;;
			esac
		done
	} 2>/dev/null | cut -d/ -f3 | sort -nu
}

# Ends all that the script started and removes TEMP. PostgreSQL gets QUIT, its immediate shutdown, the
# rest TERM; what is left after ten seconds gets KILL.
clean_up()
{
	local status=$? pid deadline=$((SECONDS + 10))
	trap - EXIT
	trap '' HUP INT TERM
	set +e
	unset BIGTABLE_FDW_RUN		# the commands below are not of the run
	if [ -n "$TEMP" ]; then
		for pid in $(processes_of_run); do
			case $(readlink "/proc/$pid/exe") in
				*/postgres) kill -QUIT "$pid" ;;
				*) kill -TERM "$pid" ;;
			esac 2>/dev/null
		done
		while pid=$(processes_of_run) && [ -n "$pid" ] && [ "$SECONDS" -lt "$((deadline + 5))" ]; do
			# shellcheck disable=SC2086 # one word a pid
			[ "$SECONDS" -lt "$deadline" ] || kill -KILL $pid 2>/dev/null
			sleep 0.05
		done
		[ -n "$pid" ] || wait		# leaves no zombie, whatever process 1 is
		rm -rf --one-file-system "$TEMP"
	fi
	exit "$status"
}
