#!/bin/sh
#
# build.sh - the fuzzers, into $TMTOP_BUILD/tests/fuzz/built.
#
# usage: build.sh [NAME...]	fuzz_NAME.c; without any, all there are
#
# The layers below the screen are compiled again, by clang, with libFuzzer's
# instrumentation, AddressSanitizer and UBSan, into one archive; each target
# takes of it what it needs.  Only what has changed is made again.
set -eu

: "${TMTOP_SRC:?}" "${TMTOP_BUILD:?}"
sanitizers=address,undefined
compile="${CLANG:-clang} -std=gnu11 -g -O1 -mcx16 -w -D_GNU_SOURCE
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer
	-DPACKAGE_VERSION=\"0\" -DTMTOP_PKGLIBDIR=\"/nowhere\"
	-DTMTOP_PKGLIBEXECDIR=\"/nowhere\""
cd "$TMTOP_SRC"
out=$TMTOP_BUILD/tests/fuzz/built
objects=$out/objects
mkdir -p "$objects"

# files.c replaces open() for libdw, which no target wants.
sources=$(find src tests/unit/traced.c -name '*.c' ! -name 'main.c' \
    ! -name symbols_main.c ! -path src/symbols/files.c | sort)

# Any header that has changed concerns everything.
newest=$(find src include tests/unit tests/fuzz -name '*.h' -newer "$objects" |
    head -n 1)
if [ -n "$newest" ]; then
	rm -f "$objects"/*.o
	touch "$objects"
fi
for source in $sources; do
	object=$objects/$(echo "$source" | tr / -).o
	if [ ! -f "$object" ] || [ "$source" -nt "$object" ]; then
		echo "$source -o $object"
	fi
# The flags are words.
# shellcheck disable=SC2086
done | xargs -r -L 1 -P "$(nproc)" $compile -Isrc -I. -Iinclude \
    -fsanitize=fuzzer-no-link,$sanitizers -c
rm -f "$out/libfuzz.a"
ar cr "$out/libfuzz.a" "$objects"/*.o

[ $# -gt 0 ] || set -- $(cd tests/fuzz &&
    ls fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')
for name; do
	# shellcheck disable=SC2086
	$compile -Isrc -I. -Itests -Iinclude \
	    -fsanitize=fuzzer,$sanitizers -o "$out/fuzz_$name" \
	    "tests/fuzz/fuzz_$name.c" "$out/libfuzz.a" \
	    -lpcre2-32 -lsqlite3 -lcmocka -lpthread -lm
done
