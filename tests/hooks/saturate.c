/*
 * saturate.c - more live blocks than small tables can record; then all of
 * them are given back.
 *
 *	saturate N
 */
#include "account.h"

static void **blocks;

/* A site and a size for each, so that every table is asked for room. */
static __attribute__((noinline)) void *
make(unsigned way, unsigned depth, size_t size)
{
	void *block;

	if (depth == 0)
		return take(size);
	if (way & 1)
		block = make(way >> 1, depth - 1, size);
	else
		block = make(way >> 1, depth - 1, size);
	return kept(block);
}

int
main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 1000, i;

	blocks = take((size_t)n * sizeof(*blocks));
	for (i = 0; i < n; i++)
		blocks[i] = make((unsigned)i * 2654435761u, 10,
		    (size_t)i % 40);
	for (i = 0; i < n; i++)
		give(blocks[i], (size_t)i % 40);
	give(blocks, (size_t)n * sizeof(*blocks));
	account_print();
	return 0;
}
