/*
 * footprint.c - what a thread costs, and how much stack a call takes.
 *
 *	footprint threads N DEPTH	N threads, DEPTH frames deep
 *	footprint stack DEPTH		malloc and free, DEPTH frames deep
 *
 * Prints the bytes that became resident when each thread called malloc, and
 * what is left of that after as many others came and went; or how many bytes
 * below the caller a call has touched: the first of a thread, where it walks
 * what nobody has walked, and one like the call before.
 *
 * Invariant  Between two readings of the resident pages the threads do nothing
 *            but call malloc and free once, which leaves libc what it was.
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOINLINE	__attribute__((noinline))
#define PAINTED		(64u << 10)
#define PAINT		0xa5

enum { MAX_THREADS = 256 };

static pthread_barrier_t barrier;
static int depth;

/* ---- resident pages ---- */

static long
resident(void)
{
	char text[128] = "";
	long all, pages;
	int fd = open("/proc/self/statm", O_RDONLY);

	if (read(fd, text, sizeof text - 1) < 0 ||
	    sscanf(text, "%ld %ld", &all, &pages) != 2)
		exit(2);
	close(fd);
	return pages * sysconf(_SC_PAGESIZE);
}

NOINLINE static void
descend(int left, void (*function)(void))
{
	if (left > 0)
		descend(left - 1, function);
	else
		function();
	__asm__ volatile("");
}

NOINLINE static void
allocate(void)
{
	void *block = malloc(40);

	__asm__ volatile("" : "+r" (block));
	free(block);
}

static void
wait_allocate_wait(void)
{
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	allocate();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
}

static void
touch_stack(void)
{
	volatile char page[16 << 10];

	for (unsigned i = 0; i < sizeof page; i += 1024)
		page[i] = 1;
}

static void *
thread(void *unused)
{
	/* The stack's pages that malloc will need are there before. */
	descend(depth, touch_stack);
	descend(depth, wait_allocate_wait);
	return unused;
}

/* Bytes that their calls made resident. */
static long
round_of(int n)
{
	pthread_t threads[MAX_THREADS];
	long before, after;
	int i;

	for (i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, thread, NULL) != 0)
			exit(2);
	pthread_barrier_wait(&barrier);
	before = resident();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	after = resident();
	pthread_barrier_wait(&barrier);
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return after - before;
}

/* ---- stack ---- */

static unsigned touched[6];	/* malloc and free, three times */

/* How far below its own frame the caller's callees have written. */
NOINLINE static unsigned
lowest_paint(void)
{
	unsigned char area[PAINTED];
	unsigned i = 0;

	__asm__ volatile("" : "=m" (area));

	while (i < sizeof area && area[i] == PAINT)
		i++;
	return (unsigned)sizeof area - i;
}

NOINLINE static void
paint(void)
{
	unsigned char area[PAINTED];

	memset(area, PAINT, sizeof area);
	__asm__ volatile("" : : "r" (area) : "memory");
}

static void
measure(void)
{
	void *block;
	unsigned i;

	for (i = 0; i < 6; i += 2) {
		paint();
		block = malloc(40);
		touched[i] = lowest_paint();
		__asm__ volatile("" : "+r" (block));
		paint();
		free(block);
		touched[i + 1] = lowest_paint();
	}
}

static void *
measuring_thread(void *unused)
{
	descend(depth, measure);
	return unused;
}

int
main(int argc, char **argv)
{
	long taken, before;
	pthread_t only;
	int n;

	/* One heap, and no cache per thread: libc takes nothing for a thread. */
	mallopt(M_ARENA_MAX, 1);
	if (argc == 4 && strcmp(argv[1], "threads") == 0) {
		n = atoi(argv[2]);
		depth = atoi(argv[3]);
		pthread_barrier_init(&barrier, NULL, (unsigned)n + 1);
		taken = round_of(n);
		before = resident();
		round_of(n);
		printf("taken %ld left %ld\n", taken, resident() - before);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "stack") == 0) {
		depth = atoi(argv[2]);
		if (pthread_create(&only, NULL, measuring_thread, NULL) != 0)
			return 2;
		pthread_join(only, NULL);
		printf("first %u %u again %u %u\n", touched[0], touched[1],
		    touched[4], touched[5]);
		return 0;
	}
	return 2;
}
