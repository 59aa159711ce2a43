/*
 * churn.c - threads that allocate, resize and free without pause, with an
 * account in a file that survives whatever ends the process.
 *
 *	churn FILE THREADS OPERATIONS [MICROSECONDS]
 *
 * With the last argument the process kills itself (SIGKILL) after so long;
 * else it prints its account after so many operations a thread (0: never
 * ends).  `churn FILE` prints what FILE holds:
 *
 *	bounds ALLOCS ALLOCS FREES FREES BYTES BYTES BLOCKS BLOCKS LIVE LIVE
 *
 * least and most, because an operation may have been under way.
 */
#include "account.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

#define MAX_THREADS	16
#define N_HELD		512

/* One thread's, alone on its cache lines: what it has begun, what is done. */
struct ledger {
	struct {
		uint64_t	allocs, frees, bytes, freed_bytes;
	} begun, done;
	uint64_t	n_operations;
	uint64_t	pad[7];
};

static struct ledger *ledgers;
static uint64_t n_operations;
static volatile int go;

#define ORDERED()	__asm__ volatile("" ::: "memory")

static __attribute__((noinline)) void *
allocate(struct ledger *l, unsigned depth, size_t size)
{
	void *block;

	if (depth > 0) {
		block = allocate(l, depth - 1, size);
		ORDERED();
		return block;
	}
	l->begun.allocs++;
	l->begun.bytes += size;
	ORDERED();
	block = kept(malloc(size));
	ORDERED();
	l->done.allocs++;
	l->done.bytes += size;
	return block;
}

static void
release(struct ledger *l, void *block, size_t size)
{
	l->begun.frees++;
	l->begun.freed_bytes += size;
	ORDERED();
	free(kept(block));
	ORDERED();
	l->done.frees++;
	l->done.freed_bytes += size;
}

static void *
resize(struct ledger *l, void *block, size_t old, size_t size)
{
	l->begun.frees++;
	l->begun.freed_bytes += old;
	l->begun.allocs++;
	l->begun.bytes += size;
	ORDERED();
	block = kept(realloc(block, size));
	ORDERED();
	l->done.frees++;
	l->done.freed_bytes += old;
	l->done.allocs++;
	l->done.bytes += size;
	return block;
}

static void *
churn(void *argument)
{
	struct ledger *l = argument;
	static __thread void *held[N_HELD];
	static __thread size_t sizes[N_HELD];
	uint64_t state = (uint64_t)(l - ledgers) * 2654435761u + 1, i;
	unsigned at;
	size_t size;

	while (!go)
		;
	for (i = 0; n_operations == 0 || i < n_operations; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		at = (unsigned)(state >> 40) % N_HELD;
		size = (size_t)(state >> 20) % 2000 + 1;
		if (held[at] == NULL) {
			held[at] = allocate(l, (unsigned)(state >> 50) % 16,
			    size);
			sizes[at] = size;
		} else if (state >> 62 == 0) {
			held[at] = resize(l, held[at], sizes[at], size);
			sizes[at] = size;
		} else {
			release(l, held[at], sizes[at]);
			held[at] = NULL;
		}
		l->n_operations++;
	}
	return NULL;
}

static void
open_ledgers(const char *path, int flags)
{
	size_t size = MAX_THREADS * sizeof(*ledgers);
	int fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);

	if (fd < 0 || (flags != 0 && ftruncate(fd, (off_t)size) != 0))
		_exit(91);
	ledgers = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ledgers == MAP_FAILED)
		_exit(92);
	close(fd);
}

static void
print_bounds(void)
{
	struct ledger sum = { .n_operations = 0 };
	int i;

	for (i = 0; i < MAX_THREADS; i++) {
		const struct ledger *l = &ledgers[i];

		sum.begun.allocs += l->begun.allocs;
		sum.begun.frees += l->begun.frees;
		sum.begun.bytes += l->begun.bytes;
		sum.begun.freed_bytes += l->begun.freed_bytes;
		sum.done.allocs += l->done.allocs;
		sum.done.frees += l->done.frees;
		sum.done.bytes += l->done.bytes;
		sum.done.freed_bytes += l->done.freed_bytes;
		sum.n_operations += l->n_operations;
	}
	say("operations %lu\n", sum.n_operations);
	say("bounds %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu\n",
	    sum.done.allocs, sum.begun.allocs, sum.done.frees,
	    sum.begun.frees, sum.done.bytes, sum.begun.bytes,
	    sum.done.allocs - sum.begun.frees,
	    sum.begun.allocs - sum.done.frees,
	    sum.done.bytes - sum.begun.freed_bytes,
	    sum.begun.bytes - sum.done.freed_bytes);
}

int
main(int argc, char **argv)
{
	pthread_t threads[MAX_THREADS];
	int n = argc > 2 ? atoi(argv[2]) : 0, i;
	struct timespec end;
	long us;

	if (argc < 2 || n > MAX_THREADS)
		return 90;
	open_ledgers(argv[1], n > 0 ? O_CREAT | O_TRUNC : 0);
	if (n == 0) {
		print_bounds();
		return 0;
	}
	n_operations = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	if (argc > 4) {		/* before the threads: it is not counted */
		us = atol(argv[4]);
		clock_gettime(CLOCK_MONOTONIC, &end);
		end.tv_nsec += us % 1000000 * 1000;
		end.tv_sec += us / 1000000 + end.tv_nsec / 1000000000;
		end.tv_nsec %= 1000000000;
	}
	for (i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, churn,
		    &ledgers[i]) != 0)
			return 93;
	go = 1;
	if (argc > 4) {
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
		kill(getpid(), SIGKILL);
	}
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	print_bounds();
	return 0;
}
