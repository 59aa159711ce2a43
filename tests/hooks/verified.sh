# verified.sh - real programs with every traceback compared with libunwind's;
# source after traced.sh.
#
# A comparison takes 50 to 100 us.  TMTOP_LONG=1 makes every input `scale`
# times as large: the two tests then compare more than 20 million captures.
# shellcheck shell=bash disable=SC2034

[ -f "$TMTOP_BUILD/.libs/libtmtop_unwind.so" ] ||
    skip_all "built without libunwind"

scale=${TMTOP_LONG:+16}
: "${scale:=1}"
limit=$((150 * scale))
sum=0

# compared NAME: what the last run under TMTOP_VERIFY=1 found.
compared()
{
	local name=$1 allocs compared mismatches guessed cut

	read -r allocs compared mismatches guessed cut < <(total "$name.json" \
	    allocs unwind_compared unwind_mismatches guessed cut)
	is "$mismatches" 0 "$name: no traceback differs from libunwind's"
	# The module is loaded by an early call, not before the first one, and
	# fork children are not compared.
	check "$name: (nearly) all were compared" \
	    test "$compared" -gt \
	    $((allocs - allocs / 500 - ${not_compared:-10}))
	diag "$name: compared $compared guessed $guessed cut $cut"
	sum=$((sum + compared))
}

# verified NAME COMMAND...
verified()
{
	local name=$1

	shift
	TMTOP_VERIFY=1 traced "$name.json" "$@" >"$name.out" 2>"$name.err" ||
	    fail "$name runs" "status $?: $(cat "$name.err")"
	compared "$name"
}

all_certain()
{
	is "$(total "$1.json" guessed cut)" "0 0" "$1: none guessed, none cut"
}
