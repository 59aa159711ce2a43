/*
 * frames.c - for frames.test: blocks at every depth of a recursion.
 *
 *	frames deep N	blocks of 16 bytes at N depths, kept
 *	frames flat N	as many from one place
 */
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE	16

static volatile long n_made;

static void
make(void)
{
	if (malloc(BLOCK_SIZE) != NULL)
		n_made++;
}

static void
descend(long n)
{
	make();
	if (n > 1)
		descend(n - 1);
	n_made += 0;		/* no tail call */
}

int
main(int argc, char **argv)
{
	long n = argc == 3 ? atol(argv[2]) : 0;

	if (argc != 3)
		return 2;
	if (strcmp(argv[1], "deep") == 0)
		descend(n);
	else
		for (long i = 0; i < n; i++)
			make();
	return n_made == n ? 0 : 1;
}
