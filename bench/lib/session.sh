# Sessions with PostgreSQL that stay open from one statement to the next: each is a psql behind two pipes.
# Sourced after scripts/cluster.sh.
#
# open_session NAME   starts one
# ask NAME SQL        runs statements; sets ANSWER, and WALL_US, their time as psql saw it
# end_sessions        ends all
#
# SESSION_BACKEND[NAME] is the pid of its backend. SESSION_REMOTE[NAME], if somebody sets it, is the pid of
# the process that serves rows to the backend.
# shellcheck disable=SC2034 # SESSION_BACKEND and WALL_US are for the others

declare -A SESSION_IN=() SESSION_OUT=() SESSION_BACKEND=() SESSION_REMOTE=()
ANSWER=
WALL_US=

# psql writes this line when it has run all that it was given.
END_OF_ANSWER='-- end of answer --'

open_session()
{
	local name=$1 pipe=$TEMP/session.$1 to from
	rm -f "$pipe".*
	mkfifo "$pipe.in" "$pipe.out"
	"$(pg_bin psql)" --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 \
		<"$pipe.in" >"$pipe.out" 2>"$pipe.err" &
	exec {to}>"$pipe.in" {from}<"$pipe.out"
	SESSION_IN[$name]=$to
	SESSION_OUT[$name]=$from
	ask "$name" '\timing on'
	ask "$name" 'SELECT pg_backend_pid();'
	SESSION_BACKEND[$name]=$ANSWER
}

ask()
{
	local name=$1 line us
	ANSWER=
	WALL_US=0
	printf '%s\n\\echo %s\n' "$2" "$END_OF_ANSWER" >&"${SESSION_IN[$name]}"
	# No "IFS= read" here: a trap that ends the read would run with that IFS, and cleaning up needs words.
	while read -r line <&"${SESSION_OUT[$name]}"; do
		case $line in
			"$END_OF_ANSWER") return ;;
			'Timing is on.') ;;
			'Time: '*' ms'*)
				us=${line#Time: }
				us=${us%% ms*}
				WALL_US=$((WALL_US + 10#${us/./}))
				;;
			*) ANSWER+=${ANSWER:+$'\n'}$line ;;
		esac
	done
	cat "$TEMP/session.$name.err" >&2
	fail "the session ended in: $2"
}

end_session()
{
	local to=${SESSION_IN[$1]} from=${SESSION_OUT[$1]}
	exec {to}>&- {from}<&-
	unset "SESSION_IN[$1]" "SESSION_OUT[$1]" "SESSION_BACKEND[$1]" "SESSION_REMOTE[$1]"
}

end_sessions()
{
	local name
	for name in "${!SESSION_IN[@]}"; do
		end_session "$name"
	done
}
