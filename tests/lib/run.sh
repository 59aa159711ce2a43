# run.sh - for tests of tmtop-run: a viewer without a screen; source after
# tap.sh.
#
#	viewer [OPTION]... -- PROGRAM [ARG]...	in the foreground
#	viewer_start ... / viewer_end		in the background, $viewer_pid
#
# What it is told is in $events, terminal output in $output; `tell LINE` gives
# it a command.
# shellcheck shell=bash

run_client=$TMTOP_BUILD/tests/lib/run_client
events=$work/events
output=$work/output
commands=$work/commands
viewer_pid=

[ -x "$run_client" ] || bail_out "no $run_client: make check builds it"

# Sockets and logs of the tests alone, to see what is left behind.
XDG_RUNTIME_DIR=$work/runtime
mkdir -m 700 "$XDG_RUNTIME_DIR"
export XDG_RUNTIME_DIR

viewer()
{
	: >"$events"
	: >"$output"
	timeout -s KILL 60 "$run_client" --events="$events" \
	    --output="$output" "$@"
}

viewer_start()
{
	: >"$events"
	: >"$output"
	rm -f "$commands"
	mkfifo "$commands"
	timeout -s KILL 120 "$run_client" --events="$events" \
	    --output="$output" --commands="$commands" "$@" &
	timeout_pid=$!
	at_exit "kill -KILL $timeout_pid 2>/dev/null"
	until grep -q '^started\|^failed' "$events"; do
		sleep 0.02
	done
	# `timeout` keeps itself out of the way of signals by a child.
	viewer_pid=$(pgrep -P "$timeout_pid" -x run_client)
}

tell()
{
	# Opened both ways: a viewer that is gone must not make us wait.
	printf '%s\n' "$*" 1<>"$commands"
}

has_event()
{
	grep -qE "$1" "$events"
}

program_pid()
{
	awk '/^started/ { print $2 }' "$events"
}

helper_pid()
{
	awk '/^started/ { print $4 }' "$events"
}

gone()
{
	local pid

	for pid; do
		# A zombie of ours is gone, too.
		[ ! -e "/proc/$pid" ] ||
		    grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null ||
		    return 1
	done
}

# Helpers of this test that still run: its directory is in their environment.
helpers_left()
{
	local pid

	for pid in $(pgrep -x tmtop-run); do
		grep -qs "XDG_RUNTIME_DIR=$work/" "/proc/$pid/environ" &&
		    echo "$pid"
	done
}

# A file grows: twice another size.  For `wait_for`.
grows()
{
	local size last=${grows_last:-none}

	size=$(stat -c %s "$1" 2>/dev/null)
	grows_last=$size
	[ "$last" != none ] && [ "$size" != "$last" ]
}
