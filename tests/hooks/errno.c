/*
 * errno.c - errno stays as it is over a million allocations and frees, from
 * many tracebacks, so that every table of the hook grows meanwhile.
 */
#include "account.h"

#include <errno.h>

#define N		1000000
#define MARK		12345
#define N_HELD		(1 << 18)

static void *held[N_HELD];

/* A traceback of its own for every path of `way`. */
static __attribute__((noinline)) void *
deep(unsigned way, unsigned depth, size_t size)
{
	void *block;

	if (depth == 0)
		return kept(malloc(size));
	block = way & 1 ? deep(way >> 1, depth - 1, size) :
	    kept(deep(way >> 1, depth - 1, size));
	__asm__ volatile("" ::: "memory");
	return block;
}

int
main(void)
{
	long bad = 0;
	unsigned i, at;

	for (i = 0; i < N; i++) {
		at = i * 2654435761u % N_HELD;
		errno = MARK;
		free(held[at]);
		bad += errno != MARK;
		errno = MARK;
		held[at] = deep(i, 14, i % 500);
		bad += errno != MARK;
		if (i % 16 == 0) {
			held[at] = realloc(held[at], i % 999 + 1);
			bad += errno != MARK;
		}
	}
	say("errno changed %ld times\n", bad);
	return bad != 0;
}
