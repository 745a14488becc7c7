# Builds the extension in a temporary copy of the checkout. Sourced after packages.sh. Nothing is written
# into the checkout and nothing is installed into the system.
#
# copy_tree        makes TREE, a copy of the checkout that RUN_USER owns
# copy_postgresql  makes POSTGRESQL_COPY, a copy of a PostgreSQL that loads extensions from nowhere else
# build_extension  builds TREE and installs into STAGE, a root directory for DESTDIR; or into the copy
# cached_build     the same, but takes STAGE and BTLOAD, the loader, from an earlier run if nothing changed

TREE=
STAGE=
BTLOAD=
POSTGRESQL_COPY=

# What a build or a test run leaves behind; kept out of the copy.
BUILD_RESULTS=(--exclude='*.o' --exclude='*.so' --exclude='*.bc' --exclude='*.pb-c.[ch]'
	--exclude=./.git --exclude=./results --exclude='./regression.*' --exclude=./tmp_check
	--exclude=./stage --exclude=./test/build --exclude=./bench/out)

# Copies a directory's content as RUN_USER. copy_as_run_user FROM TO TAR_OPTION...
copy_as_run_user()
{
	local from=$1 to=$2
	shift 2
	as_run_user mkdir -p "$to"
	tar -C "$from" "$@" -cf - . | as_run_user tar -C "$to" --no-same-owner -xf -
}

# Copies the checkout, as it is now, to TEMP/tree.
copy_tree()
{
	TREE=$TEMP/tree
	copy_as_run_user "$ROOT" "$TREE" "${BUILD_RESULTS[@]}"
}

# Before 18 only Debian's PostgreSQL loads an extension from another directory. Any other one is copied, which
# it is made to bear, for the extension to be installed into the copy; PG_CONFIG is then the copy's.
copy_postgresql()
{
	local bin prefix
	if is_packaged_postgresql || [ "$PG_MAJOR" -ge 18 ]; then
		return 0
	fi
	bin=$("$PG_CONFIG" --bindir)
	prefix=$(dirname "$bin")
	case $("$PG_CONFIG" --pkglibdir) in
		"$prefix"/*) ;;
		*) fail "this PostgreSQL is not in one directory, so that it cannot be copied: $PG_CONFIG" ;;
	esac
	say "copying PostgreSQL from $prefix"
	POSTGRESQL_COPY=$TEMP/postgresql
	copy_as_run_user "$prefix" "$POSTGRESQL_COPY"
	PG_CONFIG=$POSTGRESQL_COPY/$(basename "$bin")/pg_config
}

# Runs make in TREE as RUN_USER, with the output in a log file. make_in_tree LOGFILE ARGUMENT...
make_in_tree()
{
	local log=$1
	shift
	logged "$log" "$TREE" as_run_user make -j2 PG_CONFIG="$PG_CONFIG" "$@"
}

# Builds the extension, with the given arguments for make, and installs it into STAGE.
build_extension()
{
	[ -n "$POSTGRESQL_COPY" ] || STAGE=$TEMP/stage
	make_in_tree "$TEMP/build.log" all "$@" &&
		make_in_tree "$TEMP/build.log" install DESTDIR="$STAGE" "$@"
}

# Prints a digest of all that a build depends on: sources, compiler and libraries.
build_key()
{
	{
		dpkg-query -W "postgresql-server-dev-$PG_MAJOR" libgrpc-dev libprotobuf-c-dev gcc
		cd "$TREE" || exit
		find . \( -path ./doc -o -path ./t -o -path ./expected -o -path ./demo -o -path ./bench -o -path ./scripts \) -prune \
			-o -name '*.md' -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
	} | sha256sum | cut -c1-16
}

# Takes STAGE and BTLOAD from the cache, after a build if they are not there. Older builds are dropped.
cached_build()
{
	local cache build
	copy_tree
	cache=$(cache_dir)
	build=$cache/build-$PG_MAJOR-$(build_key)
	if [ ! -d "$build" ]; then
		say "building bigtable_fdw for PostgreSQL $PG_MAJOR"
		build_extension COPT= && make_in_tree "$TEMP/build.log" -C test build/btload CFLAGS=-O2 || return 1
		mkdir "$build.$$"
		cp -R "$STAGE" "$build.$$/stage"
		cp "$TREE/test/build/btload" "$build.$$/"
		find "$cache" -maxdepth 1 -name "build-$PG_MAJOR-*" ! -name "*.$$" -exec rm -rf {} +
		mv -T "$build.$$" "$build"
	fi
	copy_as_run_user "$build" "$TEMP/cached"
	STAGE=$TEMP/cached/stage
	BTLOAD=$TEMP/cached/btload
}
