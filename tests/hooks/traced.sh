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
