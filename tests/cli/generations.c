/*
 * generations.c - a program that marks itself, and knows what of each line was
 * born after its last mark and is alive.
 *
 *	generations		mark, work, and end: "LINE BYTES BLOCKS" each
 *	generations wait	the same, and end with its input
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <tmtop.h>

enum { N = 300 };

static void *cache[N], *leaks[N], *steady[N];

static void __attribute__((noinline))
fill_cache(void)
{
	for (int i = 0; i < N; i++) {
		free(cache[i]);
		cache[i] = malloc(100 + (size_t)i % 7);		/* CACHE */
	}
}

static void __attribute__((noinline))
leak(int from, int to)
{
	for (int i = from; i < to; i++)
		leaks[i] = malloc(1000);			/* LEAK */
}

static void __attribute__((noinline))
keep(void)
{
	for (int i = 0; i < N; i++)
		steady[i] = malloc(50);				/* STEADY */
}

static void __attribute__((noinline))
pass(void)
{
	for (int i = 0; i < N; i++) {
		void *volatile block = malloc(70);		/* PASSING */

		free(block);
	}
}

static void
round_of(int from, int to)
{
	fill_cache();
	leak(from, to);
	pass();
}

int
main(int argc, char **argv)
{
	size_t cached = 0;
	char c;

	(void)argv;
	setvbuf(stdout, NULL, _IONBF, 0);
	round_of(0, 10);
	keep();
	tmtop_mark("first");
	round_of(10, 50);
	tmtop_mark("second");
	round_of(50, 57);
	/* Half of the steady ones go: they were none of the second's. */
	for (int i = 0; i < N; i += 2)
		free(steady[i]);
	for (int i = 0; i < N; i++)
		cached += 100 + (size_t)i % 7;
	printf("CACHE 0 %zu %d\n", cached, N);
	printf("LEAK 7000 %d %d\n", 7 * 1000, 7);
	printf("STEADY %d 0 0\n", -50 * N / 2);
	while (argc > 1 && read(STDIN_FILENO, &c, 1) > 0)
		;
	_exit(0);
}
