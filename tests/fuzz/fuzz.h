/*
 * fuzz.h - what the targets of libFuzzer share.
 *
 * A target is one file, tests/fuzz/fuzz_NAME.c, with its kept inputs in
 * tests/fuzz/seeds/NAME; tests/fuzz/build.sh finds it by that.
 */
#ifndef TMTOP_TESTS_FUZZ_H
#define TMTOP_TESTS_FUZZ_H

#include "base/compiler.h"

#include <stdio.h>

/* The target: any bytes; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that holds for every input; what does not ends the run. */
#define REQUIRE(condition)						\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "does not hold: %s\n",		\
			    #condition);				\
			__builtin_trap();				\
		}							\
	} while (0)

#endif
