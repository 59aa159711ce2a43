/*
 * registry.c - a program that says where its blocks are.
 *
 * Several threads allocate, resize and free blocks of all sizes; at the end
 * each live one is printed, "ADDRESS SIZE GENERATION", in hexadecimal for the
 * first.  The generation is 1 and one more for each mark it has set, between
 * which all threads wait for each other.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <tmtop.h>

enum { N_THREADS = 4, N_BLOCKS = 2000, N_ROUNDS = 3 };

struct entry {
	void		*block;
	size_t		size;
	int		generation;
};

static struct entry entries[N_THREADS][N_BLOCKS];
static pthread_barrier_t all;

/* xorshift, Marsaglia 2003. */
static uint64_t
next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

static size_t
choose_size(uint64_t *state)
{
	switch (next(state) % 8) {
	case 0:
		return next(state) % 16;		/* 0 too */
	case 1:
		return next(state) % 200000;
	default:
		return next(state) % 500;
	}
}

static void *
allocate(uint64_t *state, size_t size)
{
	void *block = NULL;

	switch (next(state) % 4) {
	case 0:
		return calloc(1, size);
	case 1:
		return posix_memalign(&block, 8u << next(state) % 10,
		    size) == 0 ? block : NULL;
	default:
		return malloc(size);
	}
}

static void
change(struct entry *entry, uint64_t *state, int generation)
{
	void *block;

	if (entry->block == NULL) {
		entry->size = choose_size(state);
		entry->block = allocate(state, entry->size);
	} else if (next(state) % 2 == 0) {
		free(entry->block);
		entry->block = NULL;
	} else {
		entry->size = choose_size(state) + 1;
		block = realloc(entry->block, entry->size);
		entry->block = block;
	}
	entry->generation = generation;
}

static void *
run(void *argument)
{
	struct entry *mine = argument;
	uint64_t state = (uint64_t)(mine - entries[0]) + 88172645463325252u;

	for (int round = 0; round < N_ROUNDS; round++) {
		for (int i = 0; i < 2 * N_BLOCKS; i++)
			change(&mine[next(&state) % N_BLOCKS], &state,
			    round + 1);
		if (pthread_barrier_wait(&all) == PTHREAD_BARRIER_SERIAL_THREAD)
			tmtop_mark("round");
		pthread_barrier_wait(&all);
	}
	return NULL;
}

int
main(void)
{
	static char buffer[1 << 16];
	pthread_t threads[N_THREADS];
	struct entry large = { .size = (size_t)300 << 20,
	    .generation = N_ROUNDS + 1 };

	setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
	pthread_barrier_init(&all, NULL, N_THREADS);
	for (int i = 0; i < N_THREADS; i++)
		pthread_create(&threads[i], NULL, run, entries[i]);
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	large.block = malloc(large.size);
	printf("%lx %zu %d\n", (unsigned long)large.block, large.size,
	    large.generation);
	for (int i = 0; i < N_THREADS; i++)
		for (int j = 0; j < N_BLOCKS; j++)
			if (entries[i][j].block != NULL)
				printf("%lx %zu %d\n", (unsigned long)
				    entries[i][j].block, entries[i][j].size,
				    entries[i][j].generation);
	fflush(stdout);
	_exit(0);
}
