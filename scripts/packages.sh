# Which Debian packages a goal needs, and their installation. Sourced after common.sh.
#
# PG_MAJOR and PG_CONFIG, if the caller's environment has them, choose the PostgreSQL; else it is the
# newest supported one that is installed, else the distribution's own. PG_CONFIG may be that of a PostgreSQL
# which is of no package.

SUPPORTED_MAJORS="18 17 16 15"
APT_LISTS_FRESH=

# True if the named Debian package is installed.
is_installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Runs a command as root; sudo asks for a password only at a terminal.
as_admin()
{
	if is_root; then
		"$@"
	elif ! command -v sudo >/dev/null; then
		fail "missing Debian packages: $WANTED_PACKAGES; install them as root, or install sudo"
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

# Refreshes apt's lists, once in a run.
apt_update()
{
	[ -z "$APT_LISTS_FRESH" ] || return 0
	as_admin apt-get -qq update >/dev/null || warn "apt-get update failed; going on with the lists at hand"
	APT_LISTS_FRESH=yes
}

# True if an apt source has the package.
is_available()
{
	LC_ALL=C apt-cache policy "$1" 2>/dev/null | grep '^  Candidate: [^(]' >/dev/null
}

# Installs those of the named packages that are missing.
install_packages()
{
	local package missing=()
	for package in "$@"; do
		is_installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	WANTED_PACKAGES=${missing[*]}
	say "installing Debian packages: $WANTED_PACKAGES"
	apt_update
	apt_install "${missing[@]}" >"$TEMP/apt.log" 2>&1 || {
		tail -n 30 "$TEMP/apt.log" >&2
		fail "could not install: $WANTED_PACKAGES"
	}
}

# Installs packages without their recommendations. Where PostgreSQL is new to the machine, its package would
# create and start a database that nobody asked for; a drop-in, there only meanwhile, prevents that.
apt_install()
{
	local drop_in=
	is_installed postgresql-common || drop_in=/etc/postgresql-common/createcluster.d/bigtable_fdw.conf
	# shellcheck disable=SC2016 # expanded by the inner shell
	as_admin sh -eu -c '
		drop_in=$1
		shift
		if [ -n "$drop_in" ]; then
			trap "rm -f $drop_in; rmdir ${drop_in%/*} 2>/dev/null || true" EXIT
			trap "exit 1" HUP INT TERM
			mkdir -p "${drop_in%/*}"
			echo "create_main_cluster = false" >"$drop_in"
		fi
		DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
			--no-install-recommends install "$@"' \
		sh "$drop_in" "$@"
}

# Sets PG_MAJOR and PG_CONFIG, and exports them. Does not need PostgreSQL to be installed yet.
choose_postgresql()
{
	local major
	if [ -n "${PG_CONFIG:-}" ]; then
		[ -x "$PG_CONFIG" ] || fail "PG_CONFIG is not a program: $PG_CONFIG"
		PG_MAJOR=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
	elif [ -z "${PG_MAJOR:-}" ]; then
		for major in $SUPPORTED_MAJORS; do
			if is_installed "postgresql-$major"; then
				PG_MAJOR=$major
				break
			fi
		done
	fi
	if [ -z "${PG_MAJOR:-}" ]; then
		WANTED_PACKAGES="postgresql postgresql-server-dev-NN"
		apt_update
		PG_MAJOR=$(LC_ALL=C apt-cache depends postgresql | sed -n 's/^ *Depends: postgresql-\([0-9]*\)$/\1/p')
	fi
	case " $SUPPORTED_MAJORS " in
		*" ${PG_MAJOR:-none} "*) ;;
		*) fail "PostgreSQL ${PG_MAJOR:-} is not supported, only $SUPPORTED_MAJORS" ;;
	esac
	PG_CONFIG=${PG_CONFIG:-/usr/lib/postgresql/$PG_MAJOR/bin/pg_config}
	export PG_MAJOR PG_CONFIG
}

# Prints the package with the run-time libraries of the distribution's clang.
clang_runtime()
{
	local major
	is_installed clang || apt_update
	major=$(LC_ALL=C apt-cache depends clang | sed -n 's/^ *Depends: clang-\([0-9]*\)$/\1/p')
	printf 'libclang-rt-%s-dev\n' "${major:-14}"
}

# True if the chosen PostgreSQL is, or will be, of a Debian package.
is_packaged_postgresql()
{
	case $(readlink -m "$PG_CONFIG") in
		/usr/lib/postgresql/* | /usr/bin/*) ;;
		*) return 1 ;;
	esac
}

# Installs what a goal needs: build, test, lint, fuzz or valgrind. May be given several.
install_for()
{
	local goal packages=()
	command -v dpkg-query >/dev/null ||
		fail "this is no Debian: install the dependencies named in doc/development.md and use make"
	choose_postgresql
	for goal in "$@"; do
		case $goal in
			build)
				! is_packaged_postgresql || packages+=("postgresql-$PG_MAJOR" "postgresql-server-dev-$PG_MAJOR")
				packages+=(libgrpc-dev libprotobuf-c-dev protobuf-c-compiler libcurl4-openssl-dev
					libjansson-dev libicu-dev libssl-dev pkg-config make gcc libc6-dev)
				;;
			test) packages+=(perl libipc-run-perl) ;;
			lint) packages+=(clang-format clang-tidy cppcheck) ;;
			fuzz) packages+=(clang "$(clang_runtime)") ;;
			valgrind) packages+=(valgrind) ;;
		esac
	done
	install_packages "${packages[@]}"
}
