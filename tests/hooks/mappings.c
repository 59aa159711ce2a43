/*
 * mappings.c - a program that states what of its own mappings is left.
 *
 * Pages are counted by hand next to each call; the sum of bytes and the number
 * of mappings that still have their beginning are printed for the test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE	4096ul

static char *
map(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

int
main(void)
{
	char *whole = map(10), *head = map(10), *tail = map(10);
	char *middle = map(10), *gone = map(10), *grown = map(10);
	char *replaced = map(10);

	/* A block whose size has its place beside those of mappings. */
	free(malloc(300ul << 20));
	(void)whole;					/* 10 */
	munmap(head, 4 * PAGE);				/* 6 */
	munmap(tail + 7 * PAGE, 3 * PAGE);		/* 7 */
	munmap(middle + 2 * PAGE, 5 * PAGE);		/* 5, in two parts */
	munmap(gone, 10 * PAGE);			/* 0 */
	grown = mremap(grown, 10 * PAGE, 300 * PAGE, MREMAP_MAYMOVE);
	if (grown == MAP_FAILED)			/* 300 */
		abort();
	if (mremap(grown, 300 * PAGE, ~0ul << 20, MREMAP_MAYMOVE) !=
	    MAP_FAILED)					/* still 300 */
		abort();
	/* Something else in its place. */
	if (mmap(replaced, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS |
	    MAP_FIXED, -1, 0) != replaced)		/* 7 and 3 */
		abort();
	printf("%lu\n", (10 + 6 + 7 + 5 + 300 + 10) * PAGE);
	fflush(stdout);
	_Exit(0);
}
