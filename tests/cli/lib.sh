# lib.sh - tmtop on the command line; source after tap.sh.
#
#	run [ENV=VALUE...] COMMAND...	$status, $out, $err afterwards
# shellcheck shell=bash

export PATH=$TMTOP_BUILD:$PATH LC_ALL=C.UTF-8
fixture=$TMTOP_BUILD/tests/tui/fixture/fixture
fixture_src=$TMTOP_SRC/tests/tui/fixture
unset FIX_FIFO FIX_ACK

for tool in "$TMTOP_BUILD/tmtop" "$fixture"; do
	[ -x "$tool" ] || bail_out "no $tool"
done

# Output keeps its last newline out, as $( ) does.
# shellcheck disable=SC2034	# for the test that sources this
run()
{
	env "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	out=$(cat "$work/out")
	err=$(cat "$work/err")
}

# line_of FILE MARK: the number of the line with /* MARK */ in the fixture.
line_of()
{
	grep -n "/\* $2 \*/" "$fixture_src/$1" | cut -d: -f1
}

# sample FILE FIELD...: of the last sample, numbers with blanks between.
sample()
{
	local file=$1 field filter=

	shift
	for field; do
		filter="$filter${filter:+, }.$field"
	done
	jq -s -r "map(select(.type == \"sample\")) | last |
	    [$filter] | map(tostring) | join(\" \")" "$file"
}
