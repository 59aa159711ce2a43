#!/usr/bin/env bash
#
# bootstrap.sh - from a bare Debian machine to a running tmtop.
#
#   ./bootstrap.sh                      packages and build
#   ./bootstrap.sh run [PROGRAM [ARG]]  then start tmtop on PROGRAM, or on the
#                                       example server
#   ./bootstrap.sh check                then run the tests
#
# The build goes to $BUILD (default: build/ below the sources) and is brought
# up to date by every call.  CONFIGURE_ARGS is given to configure when there
# is no configured build yet, and whenever it differs from the last time.
# CHECK_PACKAGES are installed for check, too.
set -eu

top=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-$top/build}

build_packages="autoconf automake libtool pkgconf gcc g++ make libc6-dev
	libncurses-dev libunwind-dev libpcre2-dev libdw-dev libelf-dev
	libiberty-dev libsqlite3-dev zlib1g-dev"
check_packages="libcmocka-dev tmux python3 python3-pyte python3-jsonschema
	dwz libdebuginfod1 sqlite3 jq libxml2-utils redis-server redis-tools
	valgrind gdb heaptrack clang libclang-rt-14-dev mandoc binutils file
	strace musl-tools libjemalloc2 libtcmalloc-minimal4 libmimalloc2.0
	nodejs default-jre-headless procps glibc-source xz-utils
	openssh-client ${CHECK_PACKAGES:-}"

say()
{
	printf 'bootstrap: %s\n' "$*" >&2
}

die()
{
	say "$@"
	exit 125
}

usage()
{
	sed -n '3,9s/^# \{0,1\}//p' "$0"
}

is_installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = \
	    installed ]
}

# Run a command as root, if that can be had.
as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		return 127
	fi
}

install_packages()
{
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
	    --no-install-recommends "$@" >&2
}

# Install what is missing of the named Debian packages.
need_packages()
{
	local package
	local -a missing=()

	if ! command -v dpkg-query >/dev/null 2>&1; then
		say "not a Debian machine: install what corresponds to: $*"
		return 0
	fi
	for package in "$@"; do
		is_installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0

	say "installing: ${missing[*]}"
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
		die "not root and no sudo here.  As root: apt-get install" \
		    "${missing[*]}"
	fi
	# Package lists may be missing, or older than what the servers have.
	if ! apt-cache show "${missing[@]}" >/dev/null 2>&1 ||
	    ! install_packages "${missing[@]}"; then
		as_root apt-get update -q >&2 ||
		    die "apt-get update failed; wanted: ${missing[*]}"
		install_packages "${missing[@]}" ||
		    die "could not install: ${missing[*]}"
	fi
}

# Bring configure and the Makefile up to date, then make.
build_all()
{
	local stamp=$build/.configure-args
	local args=${CONFIGURE_ARGS:-}

	if [ ! -x "$top/configure" ]; then
		say "generating configure"
		(cd "$top" && autoreconf -i >&2) || die "autoreconf failed"
	fi
	mkdir -p "$build"
	if [ ! -f "$build/config.status" ] ||
	    [ "$(cat "$stamp" 2>/dev/null)" != "$args" ]; then
		say "configuring in $build"
		# Words of CONFIGURE_ARGS are separate arguments.
		# shellcheck disable=SC2086
		(cd "$build" && "$top/configure" -q $args >&2) ||
		    die "configure failed"
		printf '%s\n' "$args" >"$stamp"
	fi
	say "building"
	make -s -C "$build" -j"$(nproc)" >&2 || die "the build failed"
}

run()
{
	[ $# -gt 0 ] || set -- "$build/examples/leaky/leaky"
	if [ -t 0 ] && [ -t 1 ]; then
		exec "$build/tmtop" -- "$@"
	fi
	exec "$build/tmtop" -b -- "$@"
}

command=${1:-build}
[ $# -eq 0 ] || shift
# The lists are words.
# shellcheck disable=SC2086
case $command in
build)
	need_packages $build_packages
	build_all
	say "done: $build/tmtop"
	;;
run)
	need_packages $build_packages
	build_all
	run "$@"
	;;
check)
	need_packages $build_packages $check_packages
	build_all
	exec make -C "$build" check "$@"
	;;
-h|--help|help)
	usage
	;;
*)
	usage >&2
	exit 125
	;;
esac
