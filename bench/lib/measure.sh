# Times statements, keeps the figures, and reports them. Sourced after session.sh.
#
# contender NAME SESSION GROUP SQL   declares one; those of a GROUP must give the same answer
# take_turns WORK ROWS NAME...       runs contenders, one after the other, again and again, and records rows/s,
#                                    CPU and remote CPU of a row
# record WORK NAME UNIT VALUE        keeps a figure of one run
# cpu_of COMMAND...                  prints the CPU time of a program
# compare WORK CASE UNIT OURS OPPONENT THEIRS [BAR]
#                                    asks for a line of the report: UNIT of the contender OURS beside that of
#                                    THEIRS, which the reader knows as OPPONENT
# describe WORK TEXT; note WORK TEXT the report's words above and below the lines of a work
# report table|json|svg              prints it all
#
# A BAR is "ours" or "ratio", a comparison (< <= > >=) and a number.

# Turns that do not count: the first finds nothing in memory, and opens the connections.
WARM_UPS=2

declare -A CONTENDER_SESSION=() CONTENDER_GROUP=() CONTENDER_SQL=()
declare -A ANSWER_OF_GROUP=()
LOCAL_NS=
REMOTE_NS=

contender()
{
	CONTENDER_SESSION[$1]=$2
	CONTENDER_GROUP[$1]=$3
	CONTENDER_SQL[$1]=$4
}

# Sets CPU_NS to the time that a process has used: the sum over its threads, in ns, and CPU_TICKS to what
# the kernel says of the whole process, with threads that ended, in ticks.
read_cpu()
{
	local file ns line
	CPU_NS=0
	for file in /proc/"$1"/task/*/schedstat; do
		if { read -r ns _ <"$file"; } 2>/dev/null; then
			CPU_NS=$((CPU_NS + ns))
		fi
	done
	read -r line <"/proc/$1/stat"
	# shellcheck disable=SC2086 # one word a field
	set -- ${line##*) }
	CPU_TICKS=$((${12} + ${13}))
}

# Sets USED_NS to the CPU time of a process since a state of it: cpu_since PID NS TICKS. The threads' sum is
# exact, but lacks the threads that ended meanwhile; then it is the coarser figure that counts.
cpu_since()
{
	local ticks_ns
	read_cpu "$1"
	USED_NS=$((CPU_NS - $2))
	ticks_ns=$(((CPU_TICKS - $3) * NS_OF_TICK))
	if [ "$((ticks_ns - USED_NS))" -gt "$((2 * NS_OF_TICK))" ]; then
		USED_NS=$ticks_ns
	fi
}

NS_OF_TICK=$((1000000000 / $(getconf CLK_TCK)))

# Runs a contender's statement; sets ANSWER, WALL_US, LOCAL_NS and REMOTE_NS (empty if nothing is remote).
time_contender()
{
	local session=${CONTENDER_SESSION[$1]} backend remote local_before remote_before
	backend=${SESSION_BACKEND[$session]}
	remote=${SESSION_REMOTE[$session]:-}
	if [ -n "$remote" ]; then
		read_cpu "$remote"
		remote_before="$CPU_NS $CPU_TICKS"
	fi
	read_cpu "$backend"
	local_before="$CPU_NS $CPU_TICKS"
	ask "$session" "${CONTENDER_SQL[$1]}"
	# shellcheck disable=SC2086 # two words
	cpu_since "$backend" $local_before
	LOCAL_NS=$USED_NS
	REMOTE_NS=
	if [ -n "$remote" ]; then
		# shellcheck disable=SC2086 # two words
		cpu_since "$remote" $remote_before
		REMOTE_NS=$USED_NS
	fi
}

# Prints the user and system time of a program, in us, and drops its output: cpu_of COMMAND...
cpu_of()
{
	local TIMEFORMAT='%U %S' times
	{ times=$({ time "$@" >/dev/null 2>"$TEMP/cpu_of.log" || fail "failed: $*"; } 2>&1); } || fail "failed: $*"
	awk '{ printf "%d", ($1 + $2) * 1e6 }' <<<"$times"
}

check_answer()
{
	local group=${CONTENDER_GROUP[$1]}
	: "${ANSWER_OF_GROUP[$group]:=$ANSWER}"
	if [ -z "$ANSWER" ] || [ "$ANSWER" != "${ANSWER_OF_GROUP[$group]}" ]; then
		fail "$1 answers $ANSWER, others ${ANSWER_OF_GROUP[$group]}"
	fi
}

take_turns()
{
	local work=$1 rows=$2 run name
	shift 2
	for ((run = 1; run <= WARM_UPS + RUNS; run++)); do
		for name in "$@"; do
			time_contender "$name"
			check_answer "$name"
			if [ "$run" -gt "$WARM_UPS" ]; then
				record "$work" "$name" rows/s "$((rows * 1000000 / WALL_US))"
				record "$work" "$name" "CPU us/row" "$(thousandths $((LOCAL_NS / rows)))"
				[ -z "$REMOTE_NS" ] || record "$work" "$name" "remote CPU us/row" "$(thousandths $((REMOTE_NS / rows)))"
			fi
		done
	done
}

# Prints a number of thousandths with a decimal point.
thousandths()
{
	printf '%d.%03d' "$(($1 / 1000))" "$(($1 % 1000))"
}

# The report's material, a line a fact, with tabs between the fields.
record()
{
	printf 'sample\t%s\t%s\t%s\t%s\n' "$@" >>"$TEMP/report.in"
}

compare()
{
	printf 'compare\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" "$6" "${7:-}" >>"$TEMP/report.in"
}

describe()
{
	printf 'describe\t%s\t%s\n' "$@" >>"$TEMP/report.in"
}

note()
{
	printf 'note\t%s\t%s\n' "$@" >>"$TEMP/report.in"
}

report()
{
	[ "$1" != table ] || describe_machine
	awk -v format="$1" -f "$HERE/lib/report.awk" "$TEMP/report.in"
}

describe_machine()
{
	printf '%s cores (%s), PostgreSQL %s, gRPC %s, load average %s\n' "$(nproc)" \
		"$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)" \
		"$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([^ ]*\).*/\1/')" \
		"$(dpkg-query -W -f '${Version}' libgrpc-dev)" "$(cut -d' ' -f1-3 /proc/loadavg)"
}
