# lib.sh - tmtop's screen in tmux, for the tests beside; source after tap.sh.
#
#	tui_begin			once
#	start 80 24 'tmtop ./fixture'	in a new window of that size
#	cmd 'a 96 65536'		a command to the fixture, until it is done
#	keys q				tmux's names of keys; typed TEXT: as it is
#	want REGEXP NAME		until the screen shows it
#	wantno REGEXP NAME		until it does not
#
# Nothing here waits for time: want and wantno look again and again, and fail
# after $TUI_PATIENCE seconds.  A failure shows the screen and ends the test,
# for the next step would start from somewhere else.
# shellcheck shell=bash

: "${TUI_PATIENCE:=20}"
tui_socket=tmtop-$$
tui_name=tui

tui_tmux()
{
	tmux -f /dev/null -L "$tui_socket" "$@"
}

tui_begin()
{
	need tmux
	[ -x "$TMTOP_BUILD/tmtop" ] || bail_out "no $TMTOP_BUILD/tmtop"
	fixture_dir=$TMTOP_BUILD/tests/tui/fixture
	export HOME=$work/home XDG_RUNTIME_DIR=$work/run
	export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
	export XDG_CACHE_HOME=$work/cache
	export FIX_FIFO=$work/fifo FIX_ACK=$work/ack
	export LC_ALL=C.UTF-8 TMTOP_TEST=1 SHELL=/bin/sh
	export PATH=$TMTOP_BUILD:$PATH
	# What ncurses, and libraries that it has unloaded, leave behind is not
	# ours; the unit tests look for what is.
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	unset NO_COLOR TMUX COLUMNS LINES
	mkdir -m 700 "$HOME" "$XDG_RUNTIME_DIR" "$XDG_STATE_HOME" \
	    "$XDG_CONFIG_HOME" "$XDG_CACHE_HOME"
	mkfifo "$FIX_FIFO"
	# Open for reading too, so that writing never waits for a reader.
	exec 9<>"$FIX_FIFO"
	at_exit 'tui_tmux kill-server 2>/dev/null'
}

# start COLUMNS ROWS COMMAND: in the fixture's directory; the window shows
# EXIT=STATUS at its end and stays.
start()
{
	tui_stop
	: >"$FIX_ACK"
	tui_tmux new-session -d -s "$tui_name" -x "$1" -y "$2" \
	    -c "$fixture_dir" "$3; echo EXIT=\$?; exec cat" ||
	    bail_out "tmux does not start"
	tui_tmux set -g escape-time 0
	tui_tmux set -g status off
	tui_tmux resize-window -t "$tui_name" -x "$1" -y "$2"
}

# The window and what runs in it go away; commands nobody read too.
tui_stop()
{
	tui_tmux kill-session -t "$tui_name" 2>/dev/null
	while read -r -t 0.01 -u 9; do :; done
}

screen()
{
	tui_tmux capture-pane -p -t "$tui_name"
}

tui_gave_up()
{
	fail "$1" "$2
$(screen)"
	done_testing
	exit 1
}

# Until `tui_holds STATE REGEXP`: the screen has (yes) or has not (no) a line.
tui_holds()
{
	if screen | grep -qE -- "$2"; then
		[ "$1" = yes ]
	else
		[ "$1" = no ]
	fi
}

tui_until()
{
	local end=$((SECONDS + TUI_PATIENCE))

	until tui_holds "$1" "$2"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# want REGEXP [NAME]
want()
{
	tui_until yes "$1" || tui_gave_up "${2:-$1}" "missing: $1"
	pass "${2:-$1}"
}

# wantno REGEXP [NAME]
wantno()
{
	tui_until no "$1" || tui_gave_up "${2:-no $1}" "still: $1"
	pass "${2:-no $1}"
}

# Wait as want does, but count no test: a step on the way.
await()
{
	tui_until yes "$1" || tui_gave_up "waiting for $1" "missing: $1"
}

# has REGEXP NAME: on the screen as it is now; hasno: not.
has()
{
	like "$(screen)" "$1" "$2"
}

hasno()
{
	unlike "$(screen)" "$1" "$2"
}

keys()
{
	tui_tmux send-keys -t "$tui_name" "$@"
}

typed()
{
	tui_tmux send-keys -t "$tui_name" -l "$1"
}

# resize COLUMNS ROWS
resize()
{
	tui_tmux resize-window -t "$tui_name" -x "$1" -y "$2"
}

# Line N of the screen, from 1.
line()
{
	screen | sed -n "$1p"
}

# The row under the cursor.
selected()
{
	screen | grep -E '^>' | head -n 1
}

# The first row of the table: the line after the column titles.
first_row()
{
	screen | awk 'found { print; exit } /LOCATION/ { found = 1 }'
}

# want_first REGEXP NAME: until the first row of the table is such.
want_first()
{
	local end=$((SECONDS + TUI_PATIENCE))

	until first_row | grep -qE -- "$1"; do
		[ $SECONDS -lt $end ] ||
		    tui_gave_up "$2" "first row is not: $1"
		sleep 0.05
	done
	pass "$2"
}

# The process named so that descends from the window's, and from nobody
# else's.
tui_pid_of()
{
	local pids

	pids=$(tui_tmux display -p -t "$tui_name" '#{pane_pid}')
	while [ -n "$pids" ]; do
		pgrep -x -P "$(tr -s ' \n' ',' <<<"$pids" | sed 's/,$//')" \
		    "$1" && return
		pids=$(pgrep -P "$(tr -s ' \n' ',' <<<"$pids" |
		    sed 's/,$//')")
	done
	return 1
}

# How many commands the fixture has done.
tui_n_acks()
{
	wc -l <"$FIX_ACK"
}

# cmd COMMAND: to the fixture; back when it is done.
cmd()
{
	local before end=$((SECONDS + TUI_PATIENCE))

	before=$(tui_n_acks)
	printf '%s\n' "$1" >&9
	until [ "$(tui_n_acks)" -gt "$before" ]; do
		[ $SECONDS -lt $end ] ||
		    tui_gave_up "command: $1" "the fixture does not answer"
		sleep 0.02
	done
}

# The fixture has started: it acknowledges "ready" itself.
fixture_ready()
{
	local end=$((SECONDS + TUI_PATIENCE))

	until grep -q ready "$FIX_ACK" 2>/dev/null; do
		[ $SECONDS -lt $end ] ||
		    tui_gave_up "the fixture starts" "it does not"
		sleep 0.02
	done
}
