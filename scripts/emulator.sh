# Finds, installs or builds a Bigtable emulator, and starts it. Sourced after packages.sh.
#
# find_emulator exports
#   CBTEMULATOR          the program; takes -host, -port and -address
#   EMULATOR_REVERSE     yes or no: can it read in reverse order?
#   EMULATOR_AGGREGATES  yes or no: does it have families of aggregate type?
# start_emulator exports
#   BIGTABLE_EMULATOR    HOST:PORT of the one that runs
#
# BIGTABLE_FDW_EMULATOR=build in the environment asks for the one built from Debian's packages.

SDK_EMULATOR=platform/bigtable-emulator/cbtemulator

# Prints the emulator of an installed Google Cloud SDK.
find_sdk_emulator()
{
	local gcloud dirs=() dir
	gcloud=$(readlink -f "$(command -v gcloud)" 2>/dev/null || true)
	[ -z "$gcloud" ] || dirs+=("$(dirname "$gcloud")/..")
	dirs+=("${CLOUDSDK_ROOT_DIR:-}" /usr/lib/google-cloud-sdk /usr/share/google-cloud-sdk
		/opt/google-cloud-sdk /snap/google-cloud-cli/current /snap/google-cloud-sdk/current
		"${HOME:-}/google-cloud-sdk")
	for dir in "${dirs[@]}"; do
		if [ -n "$dir" ] && [ -x "$dir/$SDK_EMULATOR" ]; then
			readlink -f "$dir/$SDK_EMULATOR"
			return
		fi
	done
	return 1
}

# Installs Google's package if an apt source has it.
install_sdk_emulator()
{
	is_available google-cloud-cli-bigtable-emulator || return 1
	install_packages google-cloud-cli-bigtable-emulator
}

# Builds scripts/emulator/main.go with Debian's Go packages, once for each version of them and of
# main.go; prints the path.
build_emulator()
{
	local version program go=/usr/bin/go
	install_packages golang-go golang-google-cloud-dev >&2
	[ -x "$go" ] || go=go
	version=$(dpkg-query -W -f '${Version} ' golang-go golang-google-cloud-dev |
		cat - "$ROOT/scripts/emulator/main.go" | sha256sum | cut -c1-12)
	program=$(cache_dir)/emulator-$version/cbtemulator
	if [ ! -x "$program" ]; then
		say "building a Bigtable emulator from Debian's Go packages (once, about a minute)" >&2
		mkdir -p "$TEMP/go"
		cp "$ROOT/scripts/emulator/main.go" "$TEMP/go/"
		logged "$TEMP/go/log" "$TEMP/go" env HOME="$TEMP/go" GOCACHE="$TEMP/go/cache" \
			GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' GOTOOLCHAIN=local GOPROXY=off \
			"$go" build -o cbtemulator main.go || return 1
		mkdir -p "$(dirname "$program")"
		mv "$TEMP/go/cbtemulator" "$program.$$"
		mv "$program.$$" "$program"
		rm -rf "$TEMP/go"
	fi
	printf '%s\n' "$program"
}

# True if the emulator's program holds the text, an error message of the feature in question. The
# emulator has no version to ask for, and a call that it lacks may end it.
emulator_says()
{
	if grep -a -q -F "$1" "$CBTEMULATOR"; then echo yes; else echo no; fi
}

# Sets CBTEMULATOR and what is known of it.
find_emulator()
{
	local found=
	if [ "${BIGTABLE_FDW_EMULATOR:-}" != build ]; then
		found=${CBTEMULATOR:-$(command -v cbtemulator || find_sdk_emulator || true)}
		if [ -z "$found" ] && install_sdk_emulator; then
			found=$(find_sdk_emulator || true)
		fi
	fi
	if [ -z "$found" ]; then
		found=$(build_emulator) || fail "could not build a Bigtable emulator; set CBTEMULATOR to one"
	fi
	[ -x "$found" ] || fail "not a program: CBTEMULATOR=$found"

	CBTEMULATOR=$found
	if ! as_run_user test -x "$found"; then
		cp "$found" "$TEMP/cbtemulator"
		chmod 755 "$TEMP/cbtemulator"
		CBTEMULATOR=$TEMP/cbtemulator
	fi
	EMULATOR_REVERSE=$(emulator_says "doesn't support reverse scans yet")
	EMULATOR_AGGREGATES=$(emulator_says "illegal attempt to use AddToCell on non-aggregate cell")
	export CBTEMULATOR EMULATOR_REVERSE EMULATOR_AGGREGATES
	say "emulator: $found"
	[ "$EMULATOR_REVERSE" = yes ] || say "emulator: an older one without reverse scans; what needs them is skipped"
	[ "$EMULATOR_AGGREGATES" = yes ] || say "emulator: an older one without aggregate families; what needs them is skipped"
}

# Sets BIGTABLE_EMULATOR from the line that the emulator prints once it listens.
emulator_is_up()
{
	BIGTABLE_EMULATOR=$(sed -n 's/^Cloud Bigtable emulator running on //p' "$TEMP/emulator.log")
	[ -n "$BIGTABLE_EMULATOR" ]
}

# Starts the emulator on a free port.
start_emulator()
{
	start_server "$TEMP/emulator.log" emulator_is_up "$CBTEMULATOR" -host 127.0.0.1 -port 0 ||
		fail "the Bigtable emulator did not start"
	export BIGTABLE_EMULATOR
}
