/*
 * sample.c - for sample.test: blocks of many sizes, and the program's own
 * account of them, "site LINE SIZE LIVE EVER" each.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_THREADS = 4, N_LARGEST = 200000 };

static char *kept[N_LARGEST];

static void
say(int line, size_t size, long live, long ever)
{
	printf("site %d %zu %ld %ld\n", line, size, live, ever);
}

#define KEEP(size, n) do {						\
	for (long i = 0; i < (n); i++)					\
		kept[i] = malloc(size);					\
	say(__LINE__, size, n, n);					\
} while (0)

#define FREE_FROM(from, n) do {						\
	for (long i = (from); i < (n); i++)				\
		free(kept[i]);						\
} while (0)

static void *
work(void *line)
{
	for (int i = 0; i < 10000; i++)
		if (malloc(700) == NULL)
			abort();
	*(int *)line = __LINE__ - 2;
	return NULL;
}

static void
work_in_threads(void)
{
	pthread_t threads[N_THREADS];
	int line = 0;

	for (int i = 0; i < N_THREADS; i++)
		pthread_create(&threads[i], NULL, work, &line);
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	say(line, 700, 10000 * N_THREADS, 10000 * N_THREADS);
}

/* Of blocks that are known or not, new ones are made. */
static void
resize(long n, size_t size)
{
	for (long i = 0; i < n; i++)
		kept[i] = realloc(kept[i], size);
	say(__LINE__ - 1, size, n, n);
}

int
main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	KEEP(16, 200000);
	KEEP(1000, 20000);
	KEEP(65536, 300);
	KEEP(8 << 20, 5);
	work_in_threads();
	for (long i = 0; i < 50000; i++)
		kept[i] = malloc(512);
	say(__LINE__ - 1, 512, 0, 50000);
	FREE_FROM(0, 50000);
	for (long i = 0; i < 30000; i++)
		kept[i] = malloc(3000);
	say(__LINE__ - 1, 3000, 10000, 30000);
	FREE_FROM(10000, 30000);
	for (long i = 0; i < 10000; i++)
		kept[i] = malloc(200);
	say(__LINE__ - 1, 200, 0, 10000);
	resize(10000, 5000);
	return 0;
}
