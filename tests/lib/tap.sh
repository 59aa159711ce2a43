# tap.sh - TAP for shell tests; source it.
#
#	. "${TMTOP_SRC:-$(dirname "$0")/../..}/tests/lib/tap.sh"
#	is "$got" "$expected" "what must hold"
#	done_testing
#
# TMTOP_SRC and TMTOP_BUILD (absolute) come from `make check`; without them
# the sources are those of the test and the build is $BUILD or ./build there.
# $work is an empty directory that goes away at the end.
# shellcheck shell=bash

set -u

if [ -z "${TMTOP_SRC:-}" ]; then
	TMTOP_SRC=$(cd "$(dirname "$0")/../.." && pwd)
fi
: "${TMTOP_BUILD:=${BUILD:-$TMTOP_SRC/build}}"
export TMTOP_SRC TMTOP_BUILD
# No symbols from an earlier test, and none for the user's next tmtop.
export XDG_CACHE_HOME=/dev/null

tap_n=0
tap_failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/tmtop-test.XXXXXX")

# A test that needs more at the end appends to this with at_exit.
tap_at_exit=""

at_exit()
{
	tap_at_exit="$1; $tap_at_exit"
}

tap_cleanup()
{
	eval "$tap_at_exit"
	rm -rf "$work"
}
trap tap_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

pass()
{
	tap_n=$((tap_n + 1))
	printf 'ok %d - %s\n' "$tap_n" "$1"
}

# fail NAME [WHY...]
fail()
{
	tap_n=$((tap_n + 1))
	tap_failed=$((tap_failed + 1))
	printf 'not ok %d - %s\n' "$tap_n" "$1"
	shift
	[ $# -eq 0 ] || diag "$*"
}

# skip NAME WHY
skip()
{
	tap_n=$((tap_n + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tap_n" "$1" "$2"
}

# is GOT EXPECTED NAME
is()
{
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3" "expected:
$2
got:
$1"
	fi
}

# like TEXT EXTENDED-REGEXP NAME
like()
{
	if printf '%s\n' "$1" | grep -qE -- "$2"; then
		pass "$3"
	else
		fail "$3" "no match for: $2
in:
$1"
	fi
}

# unlike TEXT EXTENDED-REGEXP NAME
unlike()
{
	if printf '%s\n' "$1" | grep -qE -- "$2"; then
		fail "$3" "should not match: $2
in:
$1"
	else
		pass "$3"
	fi
}

# check NAME COMMAND...: passes when the command does
check()
{
	local name=$1 out

	shift
	if out=$("$@" 2>&1); then
		pass "$name"
	else
		fail "$name" "status $? of: $*
$out"
	fi
}

# empty TEXT NAME: a list of what is wrong that should have no lines
empty()
{
	if [ -z "$1" ]; then
		pass "$2"
	else
		fail "$2" "$1"
	fi
}

# wait_for NAME SECONDS COMMAND...: until the command succeeds
wait_for()
{
	local name=$1 end=$((SECONDS + $2))

	shift 2
	until "$@" >/dev/null 2>&1; do
		if [ $SECONDS -ge $end ]; then
			fail "$name" "not within the time: $*"
			return 1
		fi
		sleep 0.05
	done
	pass "$name"
}

# The whole test makes no sense here.
skip_all()
{
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

need()
{
	local tool

	for tool; do
		command -v "$tool" >/dev/null 2>&1 ||
		    skip_all "$tool is not installed"
	done
}

bail_out()
{
	printf 'Bail out! %s\n' "$*"
	exit 1
}

done_testing()
{
	printf '1..%d\n' "$tap_n"
	[ "$tap_failed" -eq 0 ]
}
