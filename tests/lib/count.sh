# count.sh - run programs under the counting library; source after tap.sh.
# shellcheck shell=bash

counter=$TMTOP_BUILD/tests/count/.libs/counter.so

# counted DIRECTORY COMMAND...: run the command with an account of every
# process in the new directory.
counted()
{
	local directory=$1

	shift
	mkdir -p "$directory" || return
	ALLOC_COUNT_DIR=$directory LD_PRELOAD=${LD_PRELOAD:+$LD_PRELOAD }$counter \
	    "$@"
}

# accounts DIRECTORY: a line "PID ALLOCS FREES BYTES NAME" for each process
# that allocated or freed, by pid.
accounts()
{
	local file

	for file in "$1"/*; do
		[ -f "$file" ] || continue
		printf '%s %s\n' \
		    "$(od -A n -v -t u8 -w32 -N 32 "$file" | tr -s ' ')" \
		    "$(tail -c +33 "$file" | head -c 31 | tr -d '\0')"
	done | sed 's/^ *//' | sort -n
}

# account_of DIRECTORY NAME: "ALLOCS FREES BYTES" of the only process of that
# name.
account_of()
{
	accounts "$1" | awk -v name="$2" '$5 == name { print $2, $3, $4 }'
}
