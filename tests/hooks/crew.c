/*
 * crew.c - threads that allocate, free each other's blocks, take names and
 * end; each prints what of its own is still alive at the end.
 *
 * Prints "thread NAME TID BYTES BLOCKS" a line, then "ready", and goes when
 * its input ends.  A block is its allocator's, whoever frees it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { N_THREADS = 6, N_BLOCKS = 500 };

struct member {
	pthread_t	thread;
	int		number;
	int		tid;
	char		name[16];
	void		*blocks[N_BLOCKS];
	size_t		sizes[N_BLOCKS];
	size_t		live, count;
};

static struct member crew[N_THREADS];
static pthread_barrier_t all_have_allocated, all_have_freed, the_end;

static __attribute__((noinline)) void
work(struct member *m, int i)
{
	m->sizes[i] = (size_t)(m->number + 1) * 100 + (size_t)i % 37;
	m->blocks[i] = malloc(m->sizes[i]);
	m->live += m->sizes[i];
	m->count++;
}

static void *
live(void *argument)
{
	struct member *m = argument, *other;

	m->tid = (int)syscall(SYS_gettid);
	for (int i = 0; i < N_BLOCKS; i++) {
		work(m, i);
		/* After its first blocks, as programs do. */
		if (i == 10) {
			snprintf(m->name, sizeof m->name, "crew-%d",
			    m->number);
			pthread_setname_np(pthread_self(), m->name);
		}
	}
	pthread_barrier_wait(&all_have_allocated);
	other = &crew[(m->number + 1) % N_THREADS];
	for (int i = 0; i < N_BLOCKS; i += m->number + 2) {
		free(other->blocks[i]);
		other->live -= other->sizes[i];
		other->count--;
	}
	pthread_barrier_wait(&all_have_freed);
	/* Every second one ends, the others are there to the last. */
	if (m->number % 2 == 1)
		pthread_barrier_wait(&the_end);
	return NULL;
}

int
main(void)
{
	char c;

	setvbuf(stdout, NULL, _IONBF, 0);
	pthread_barrier_init(&all_have_allocated, NULL, N_THREADS);
	pthread_barrier_init(&all_have_freed, NULL, N_THREADS + 1);
	pthread_barrier_init(&the_end, NULL, N_THREADS);
	for (int i = 0; i < N_THREADS; i++) {
		crew[i].number = i;
		pthread_create(&crew[i].thread, NULL, live, &crew[i]);
	}
	pthread_barrier_wait(&all_have_freed);
	for (int i = 0; i < N_THREADS; i += 2)
		pthread_join(crew[i].thread, NULL);
	for (int i = 0; i < N_THREADS; i++)
		printf("thread %s %d %zu %zu\n", crew[i].name, crew[i].tid,
		    crew[i].live, crew[i].count);
	puts("ready");
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	_exit(0);
}
