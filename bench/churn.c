/*
 * churn.c - what one malloc and one free cost: a set of live blocks, of which
 * a random one is freed and allocated anew, again and again.
 *
 *	churn [NAME=NUMBER]...
 *
 *	base	frames entered once, that never change		[0]
 *	depth	frames entered and left for every pair		[10]
 *	sites	different tracebacks, at most 8 to the depth	[64]
 *	outer	1: the outermost of these differ, not the innermost [0]
 *	live	blocks alive, all threads together		[10000]
 *	pairs	in a round, all threads together		[200000]
 *	rounds	of which the median counts			[5]
 *	threads	that do this; 1: the program has no other	[1]
 *	idle	threads that only wait				[0]
 *	least, most	bytes of a block			[16, 512]
 *	calls	1: time every single call, too			[0]
 *	marks	taken in the rounds, through tmtop.h		[0]
 *	stop	1: stop recording after the first fill		[0]
 *
 * Shape      main -> work -> enter x base -> rounds -> timed_round ->
 *            descend x depth -> pair -> release_block, obtain_block.  The last
 *            four names are known to others: callgrind counts by them.
 * Why        Round -1 warms up on the very tracebacks of the others.  There is
 *            a call site per octal digit of the traceback's number, nearest to
 *            malloc first, as in real programs.  The processor time of the
 *            process is the measure: other processes do not change it.
 * Output     One line: ns_pair=NANOSECONDS of processor time a pair,
 *            wall_pair=..., pairs=..., max_call_ns=..., marks=...
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE	__attribute__((noinline))
/* Keeps calls from being merged, or from becoming jumps. */
#define BARRIER(n)	__asm__ volatile("# " #n ::: "memory")

enum { MAX_THREADS = 64, MAX_ROUNDS = 99 };

static long base, depth = 10, sites = 64, n_live = 10000, n_pairs = 200000,
    n_rounds = 5, n_threads = 1, n_idle, least = 16, most = 512, calls,
    n_marks, stop, outer;

static const struct {
	const char	*name;
	long		*value, min, max;
} settings[] = {
	{ "base", &base, 0, 10000 },
	{ "depth", &depth, 0, 10000 },
	{ "sites", &sites, 1, 1L << 31 },
	{ "outer", &outer, 0, 1 },
	{ "live", &n_live, 1, 1L << 31 },
	{ "pairs", &n_pairs, 1, 1L << 40 },
	{ "rounds", &n_rounds, 1, MAX_ROUNDS },
	{ "threads", &n_threads, 1, MAX_THREADS },
	{ "idle", &n_idle, 0, MAX_THREADS },
	{ "least", &least, 1, 1 << 30 },
	{ "most", &most, 1, 1 << 30 },
	{ "calls", &calls, 0, 1 },
	{ "marks", &n_marks, 0, 1000000 },
	{ "stop", &stop, 0, 1 },
};

/* One thread's, alone on its cache lines. */
struct worker {
	void		**blocks;
	long		n_blocks, n_pairs, next_mark;
	uint64_t	random, max_call_ns;
	pthread_t	thread;
	char		pad[64];
};

static struct worker workers[MAX_THREADS];
static pthread_barrier_t barrier;
static double cpu_ns[MAX_ROUNDS], wall_ns[MAX_ROUNDS];
static int (*mark)(const char *);
static int (*stop_recording)(void);
static long marks_taken;

static uint64_t
clock_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Marsaglia's xorshift64; the upper half is used. */
static inline uint64_t
draw(struct worker *w, uint64_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (w->random >> 32) * below >> 32;
}

/* ---- the pair ---- */

NOINLINE static void
release_block(void *block)
{
	free(block);
	BARRIER(release);
}

NOINLINE static void *
obtain_block(size_t size)
{
	char *block = malloc(size);

	*block = 1;
	return block;
}

static inline size_t
draw_size(struct worker *w)
{
	return (size_t)least + draw(w, (uint64_t)(most - least) + 1);
}

/* The thread's own processor time: being preempted is not the call's. */
static void
note_call(struct worker *w, uint64_t start)
{
	uint64_t ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;

	if (ns > w->max_call_ns)
		w->max_call_ns = ns;
}

NOINLINE static void
pair(struct worker *w)
{
	void **block = &w->blocks[draw(w, (uint64_t)w->n_blocks)];
	size_t size = draw_size(w);
	uint64_t start;

	if (!calls) {
		release_block(*block);
		*block = obtain_block(size);
		return;
	}
	start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	release_block(*block);
	note_call(w, start);
	start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	*block = obtain_block(size);
	note_call(w, start);
}

/* ---- the stack above it ---- */

#define CALL(n)	case n: descend(w, left - 1, path >> 3); BARRIER(n); break;

NOINLINE static void
descend(struct worker *w, long left, uint64_t path)
{
	if (left == 0) {
		pair(w);
		BARRIER(last);
		return;
	}
	switch (path & 7) {
	CALL(0) CALL(1) CALL(2) CALL(3) CALL(4) CALL(5) CALL(6) CALL(7)
	}
}

/* The digits of the site's number, the lowest for the innermost frame, or the
 * outermost. */
static inline uint64_t
path_to(uint64_t site)
{
	uint64_t path = 0;
	long n = depth < 21 ? depth : 21;

	if (outer)
		return site;
	while (n-- > 0 && site != 0) {
		path |= (site & 7) << (3 * n);
		site >>= 3;
	}
	return path;
}

static void
take_mark(struct worker *w, long i)
{
	if (i < w->next_mark)
		return;
	w->next_mark += w->n_pairs / (n_marks + 1) + 1;
	mark("bench");
	marks_taken++;
}

NOINLINE static void
timed_round(struct worker *w)
{
	for (long i = 0; i < w->n_pairs; i++) {
		descend(w, depth, path_to(draw(w, (uint64_t)sites)));
		if (n_marks > 0 && w == workers && mark != NULL)
			take_mark(w, i);
	}
}

/* ---- rounds ---- */

static void
together(void)
{
	if (n_threads > 1)
		pthread_barrier_wait(&barrier);
}

NOINLINE static void
rounds(struct worker *w)
{
	uint64_t cpu = 0, wall = 0;

	/* What is new at first is not measured: that is round -1. */
	for (long r = -1; r < n_rounds; r++) {
		w->next_mark = 0;
		together();
		if (w == workers) {
			wall = clock_ns(CLOCK_MONOTONIC);
			cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		}
		together();
		timed_round(w);
		together();
		if (r < 0)
			w->max_call_ns = 0;
		else if (w == workers) {
			cpu_ns[r] = (double)(clock_ns(
			    CLOCK_PROCESS_CPUTIME_ID) - cpu);
			wall_ns[r] = (double)(clock_ns(CLOCK_MONOTONIC) -
			    wall);
		}
	}
}

NOINLINE static void
enter(struct worker *w, long left)
{
	if (left > 0)
		enter(w, left - 1);
	else
		rounds(w);
	BARRIER(enter);
}

static void *
work(void *argument)
{
	struct worker *w = argument;

	for (long i = 0; i < w->n_blocks; i++)
		w->blocks[i] = obtain_block(draw_size(w));
	together();
	if (w == workers && stop && stop_recording != NULL)
		stop_recording();
	together();
	enter(w, base);
	for (long i = 0; i < w->n_blocks; i++)
		release_block(w->blocks[i]);
	return NULL;
}

static void *
wait_for_ever(void *argument)
{
	pause();
	return argument;
}

/* ---- program ---- */

static int
take_setting(const char *word)
{
	const char *equals = strchr(word, '=');
	char *end;

	for (size_t i = 0; equals != NULL &&
	    i < sizeof settings / sizeof *settings; i++) {
		size_t size = (size_t)(equals - word);

		if (strncmp(settings[i].name, word, size) != 0 ||
		    settings[i].name[size] != '\0')
			continue;
		*settings[i].value = strtol(equals + 1, &end, 10);
		if (*end == '\0' && end > equals + 1 &&
		    *settings[i].value >= settings[i].min &&
		    *settings[i].value <= settings[i].max)
			return 0;
	}
	fprintf(stderr, "churn: what is %s?\n", word);
	return -1;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median_per_pair(double *rounds_ns)
{
	qsort(rounds_ns, (size_t)n_rounds, sizeof *rounds_ns, compare);
	return rounds_ns[n_rounds / 2] /
	    (double)(workers[0].n_pairs * n_threads);
}

int
main(int argc, char **argv)
{
	uint64_t slowest = 0;
	pthread_t idle;

	for (int i = 1; i < argc; i++)
		if (take_setting(argv[i]) < 0)
			return 2;
	if (most < least || n_live < n_threads || n_pairs < n_threads)
		return 2;
	*(void **)&mark = dlsym(RTLD_DEFAULT, "tmtop_hook_mark");
	*(void **)&stop_recording = dlsym(RTLD_DEFAULT, "tmtop_hook_stop");
	for (long i = 0; i < n_idle; i++)
		pthread_create(&idle, NULL, wait_for_ever, NULL);
	pthread_barrier_init(&barrier, NULL, (unsigned)n_threads);
	for (long i = 0; i < n_threads; i++) {
		struct worker *w = &workers[i];

		w->n_blocks = n_live / n_threads;
		w->n_pairs = n_pairs / n_threads;
		w->random = 0x9e3779b97f4a7c15u * (uint64_t)(i + 1);
		w->blocks = calloc((size_t)w->n_blocks, sizeof *w->blocks);
	}
	for (long i = 1; i < n_threads; i++)
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	work(&workers[0]);
	for (long i = 0; i < n_threads; i++) {
		if (i > 0)
			pthread_join(workers[i].thread, NULL);
		if (workers[i].max_call_ns > slowest)
			slowest = workers[i].max_call_ns;
	}
	printf("ns_pair=%.2f wall_pair=%.2f pairs=%ld max_call_ns=%llu "
	    "marks=%ld stopped=%d\n", median_per_pair(cpu_ns),
	    median_per_pair(wall_ns), workers[0].n_pairs * n_threads,
	    (unsigned long long)slowest, marks_taken,
	    stop && stop_recording != NULL);
	return 0;
}
