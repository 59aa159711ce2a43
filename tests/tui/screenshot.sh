#!/usr/bin/env bash
#
# screenshot.sh - put tmtop's screen on examples/leaky, as it is drawn in a
# terminal of 80x24, into README.md (`make screenshot`).
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/lib.sh"

tui_begin
unset TMTOP_TEST
fixture_dir=$TMTOP_BUILD/examples/leaky
readme=$TMTOP_SRC/README.md

start 80 24 'tmtop ./leaky'
await 'session\.c'
# Half a minute of history, for the line that draws it.
TUI_PATIENCE=90
await '00:00:3[0-9]'
{
	sed '/^<!-- screenshot:/q' "$readme"
	# shellcheck disable=SC2016	# Markdown's fence
	printf '```text\n%s\n```\n' "$(screen | sed 's/ *$//')"
	sed -n '/^<!-- end of screenshot/,$p' "$readme"
} >"$work/README.md"
grep -q '^<!-- end of screenshot' "$work/README.md" ||
    bail_out "no markers in $readme"
cat "$work/README.md" >"$readme"
screen
