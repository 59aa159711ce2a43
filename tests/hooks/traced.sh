# traced.sh - run programs under tmtop and read what it reports; source after
# tap.sh.
#
#	traced $work/t ./program arg...
#	total $work/t allocs frees
#	process $work/t program blocks
#
# The numbers come from `tmtop -b -f json`, as a user would get them.
# shellcheck shell=bash

need jq

tmtop=$TMTOP_BUILD/tmtop
[ -x "$tmtop" ] || skip_all "tmtop is not built"
tests=$TMTOP_SRC/tests/hooks

# Seconds after which a command is killed: a hang is a failure, not a wait.
limit=60
# More options for tmtop.
tmtop_options=()

# limited COMMAND...
limited()
{
	timeout -s KILL "$limit" "$@"
}

# traced REPORT COMMAND...
traced()
{
	local report=$1

	shift
	limited "$tmtop" -b -f json -o "$report" "${tmtop_options[@]}" -- "$@"
}

# with_counter REPORT DIRECTORY COMMAND...: traced, with an account by the
# counting library (../lib/count.sh) of the same run, for programs of which no
# two runs are equal.  It goes before the hook, which then is its malloc; what
# the hook makes libc allocate it does not count.
with_counter()
{
	local report=$1 directory=$2

	shift 2
	mkdir -p "$directory"
	ALLOC_COUNT_DIR=$(realpath "$directory") traced "$report" sh -c \
	    'export LD_PRELOAD="$0 $LD_PRELOAD"; exec "$@"' "$counter" "$@"
}

# total REPORT FIELD...: of the last reading, all processes together, on one
# line.
total()
{
	local report=$1

	shift
	jq -r -n --args '[inputs | select(.type == "sample")] | last as $s |
	    [$ARGS.positional[] as $f | $s[$f]] | join(" ")' "$@" <"$report"
}

# process REPORT NAME FIELD...: a line for each process of that name (a
# regular expression, all of it), in the order of pids.
process()
{
	local report=$1 name=$2

	shift 2
	jq -r -n --arg name "^($name)\$" --args '
	    [inputs | select(.type == "process")] | max_by(.seq).seq as $last |
	    map(select(.seq == $last and (.name | test($name)))) |
	    sort_by(.pid)[] as $p |
	    [$ARGS.positional[] as $f | $p[$f]] | join(" ")' "$@" <"$report"
}

# compile NAME FLAG...: tests/hooks/NAME.{c,cc,S} to $work/NAME
compile()
{
	local name=$1 source

	shift
	for source in "$tests/$name".c "$tests/$name".cc "$tests/$name".S; do
		[ -f "$source" ] && break
	done
	case $source in
	*.cc)	set -- "${CXX:-c++}" -std=gnu++17 "$@" ;;
	*)	set -- "${CC:-cc}" -std=gnu11 -D_GNU_SOURCE "$@" ;;
	esac
	"$@" -g -Wall -Wextra -I"$tests" -o "$work/$name" "$source" ||
	    bail_out "cannot compile $source"
}

# accounts_printed FILE: what programs said about themselves (account.h),
# "PID ALLOCS FREES BYTES BLOCKS LIVE", in the order of pids.
accounts_printed()
{
	sed -n 's/^account \([0-9 ]*\)$/\1/p' "$1" | sort -n
}

# The same figures as tmtop has them, for the processes named.
accounts_seen()
{
	process "$1" "$2" pid allocs frees allocated_bytes blocks traced_bytes
}

# rows_seen REPORT FILE: "LINE SIZE COUNT" of each line of a source file that
# holds memory.
rows_seen()
{
	jq -r -n --arg file "/$2\$" '[inputs | select(.type == "stat")] |
	    max_by(.seq).seq as $last | .[] | select(.seq == $last and
	    (.key.filename | test($file))) |
	    "\(.key.lineno) \(.size) \(.count)"' <"$1" | sort -n
}

# rows_printed FILE: the same as programs say it: "row LINE SIZE COUNT".
rows_printed()
{
	sed -n 's/^row //p' "$1" | sort -n
}

# by_valgrind COMMAND...: "ALLOCS FREES BYTES"
by_valgrind()
{
	limited valgrind --run-libc-freeres=no --run-cxx-freeres=no "$@" 2>&1 \
	    >/dev/null |
	    sed -n 's/.*heap usage: \(.*\) allocs, \(.*\) frees, \(.*\) bytes.*/\1 \2 \3/p' |
	    tr -d ,
}
