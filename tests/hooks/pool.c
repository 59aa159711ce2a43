/*
 * pool.c - for pool.test: a program with a pool of its own, which keeps
 * account of it: "row LINE SIZE COUNT" of what is live at the end, "domain
 * BYTES COUNT" of all of it, "blocks BYTES" of what malloc was asked for.
 *
 *	pool [THREADS]	as many, each with a pool of its own; one domain
 */
#include "pool.h"

#include <pthread.h>

enum { DOMAIN = 7, N_TAKEN = 1000 };

struct work {
	struct pool	 pool;
	void		*objects[N_TAKEN];
	int		 first_line, second_line, reuse_line;
	int		 n_first, n_second, n_reused;
};

static struct work work[16];

#define NOINLINE	__attribute__((noinline))

NOINLINE static void *
first(struct work *w)
{
	void *object = pool_take(&w->pool);

	w->first_line = __LINE__ + 1;
	tmtop_track(DOMAIN, object, OBJECT_SIZE);
	w->n_first++;
	return object;
}

NOINLINE static void *
second(struct work *w)
{
	void *object = pool_take(&w->pool);

	w->second_line = __LINE__ + 1;
	tmtop_track(DOMAIN, object, OBJECT_SIZE);
	w->n_second++;
	return object;
}

/* An object in place: given to somebody else without going back. */
NOINLINE static void
reuse(struct work *w, void *object)
{
	w->reuse_line = __LINE__ + 1;
	tmtop_touch(DOMAIN, object);
	w->n_reused++;
}

static void *
run(void *argument)
{
	struct work *w = (struct work *)argument;
	int i;

	w->pool.domain = DOMAIN;
	for (i = 0; i < N_TAKEN; i++)
		w->objects[i] = first(w);
	for (i = 0; i < N_TAKEN; i += 2) {
		pool_give(&w->pool, w->objects[i]);
		w->n_first--;
	}
	for (i = 0; i < N_TAKEN; i += 4)
		w->objects[i] = second(w);
	for (i = 1; i < N_TAKEN; i += 10) {
		reuse(w, w->objects[i]);
		w->n_first--;
	}
	return NULL;
}

static void
row(int line, int count)
{
	printf("row %d %d %d\n", line, count * OBJECT_SIZE, count);
}

int
main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0, i;
	int n_first = 0, n_second = 0, n_reused = 0;
	pthread_t threads[16];
	long blocks = 0;

	tmtop_name_domain(DOMAIN, "pool");
	if (n == 0)
		run(&work[0]);
	for (i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, run, &work[i]) != 0)
			return 1;
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 16; i++) {
		n_first += work[i].n_first;
		n_second += work[i].n_second;
		n_reused += work[i].n_reused;
		blocks += work[i].pool.blocks_bytes;
	}
	row(work[0].first_line, n_first);
	row(work[0].second_line, n_second);
	row(work[0].reuse_line, n_reused);
	n_first += n_second + n_reused;
	printf("domain %d %d\n", n_first * OBJECT_SIZE, n_first);
	printf("blocks %ld\n", blocks);
	return 0;
}
