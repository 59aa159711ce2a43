/*
 * growth.c - for growth.test: a program that asks tmtop what has grown, and
 * knows it.  C and C++.
 *
 *	growth plain		"ok NAME" or "not ok NAME: WHAT" for each case
 *	growth leak BYTES	a unit test of a cache: fails if it leaks
 *	growth late		asks once when a line has come, and prints the
 *				answer
 *	growth save PATH	saves 12,345 bytes and what else there is
 */
#include "tmtop.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE	__attribute__((noinline))

enum { N_THREADS = 8, N_QUESTIONS = 20 };

static const char *failure;
static void *kept[100];
static int n_kept;

#define EXPECT(condition) do {						\
	if (!(condition) && failure == NULL)				\
		failure = #condition;					\
} while (0)

NOINLINE static void *
cache_load(size_t size)
{
	void *block = malloc(size);

	__asm__ volatile("" : : : "memory");
	return block;
}

NOINLINE static void *
other(size_t size)
{
	void *block = malloc(size);

	__asm__ volatile("nop" : : : "memory");	/* not equal */
	return block;
}

/* 1: that is the answer. */
static int
grown(const char *filter, long bytes, long blocks)
{
	struct tmtop_growth growth;
	int result = tmtop_get_growth(filter, &growth);

	if (result == 0 && growth.bytes == bytes && growth.blocks == blocks)
		return 1;
	fprintf(stderr, "%s: %d, %lld in %lld\n", filter ? filter : "all",
	    result, growth.bytes, growth.blocks);
	return 0;
}

/* ---- cases ---- */

/* Before any mark: since nothing.  C++ brings some of its own. */
static void
test_no_mark(void)
{
	kept[n_kept++] = cache_load(1000);
	EXPECT(grown("func=cache_load*", 1000, 1));
	EXPECT(grown("*/growth.c", 1000, 1));
	EXPECT(grown("*/growth.c @0", 1000, 1));
}

static void
test_mark(void)
{
	void *block;

	tmtop_mark("here");
	EXPECT(grown(NULL, 0, 0));
	EXPECT(grown("", 0, 0));
	block = cache_load(500);
	kept[n_kept++] = other(70);
	EXPECT(grown(NULL, 570, 2));
	EXPECT(grown("func=cache_load*", 500, 1));
	EXPECT(grown("func=other*", 70, 1));
	EXPECT(grown("!func=other*", 500, 1));
	EXPECT(grown("*/nowhere.c", 0, 0));
	free(block);
	free(kept[0]);
	EXPECT(grown(NULL, -930, 0));
	EXPECT(grown("func=cache_load*", -1000, -1));
	/* The latest mark counts. */
	tmtop_mark("there");
	EXPECT(grown(NULL, 0, 0));
}

static void
test_domains(void)
{
	static char object[100];

	tmtop_mark("domains");
	tmtop_track(7, object, 100);
	kept[n_kept++] = other(30);
	EXPECT(grown("* @7", 100, 1));
	EXPECT(grown("* @things", 0, 0));
	tmtop_name_domain(7, "things");
	EXPECT(grown("* @things", 100, 1));
	EXPECT(grown("* @malloc", 30, 1));
	EXPECT(grown("* @0", 30, 1));
	EXPECT(grown(NULL, 130, 2));
	tmtop_untrack(7, object);
}

static void
test_regions(void)
{
	tmtop_mark("regions");
	{
		TMTOP_REGION("warm");
		kept[n_kept++] = other(31);
	}
	kept[n_kept++] = other(32);
	EXPECT(grown("{warm} all", 31, 1));
	EXPECT(grown("!{warm} all", 32, 1));
}

static void
test_bad_filters(void)
{
	struct tmtop_growth growth;
	char *large = (char *)malloc(6000);

	EXPECT(tmtop_get_growth("* @7x", &growth) == TMTOP_BAD_FILTER);
	EXPECT(growth.bytes == 0 && growth.blocks == 0);
	EXPECT(tmtop_get_growth("size>10", &growth) == TMTOP_BAD_FILTER);
	EXPECT(tmtop_get_growth("* \"", &growth) == TMTOP_BAD_FILTER);
	memset(large, 'x', 6000);
	large[5999] = '\0';
	EXPECT(tmtop_get_growth(large, &growth) == -1);
	large[4000] = '\0';
	EXPECT(tmtop_get_growth(large, &growth) == 0);
	free(large);
}

static volatile sig_atomic_t n_signals;

static void
on_signal(int signal)
{
	(void)signal;
	n_signals++;
}

static void
test_signals(void)
{
	struct itimerval often = { { 0, 100 }, { 0, 100 } };
	struct sigaction action;
	int i, n = 0;

	action.sa_handler = on_signal;
	sigemptyset(&action.sa_mask);
	action.sa_flags = 0;
	sigaction(SIGALRM, &action, NULL);
	tmtop_mark("signals");
	setitimer(ITIMER_REAL, &often, NULL);
	for (i = 0; i < 200 || n_signals < 20; i++)
		n += !grown("*", 0, 0);
	often.it_interval.tv_usec = often.it_value.tv_usec = 0;
	setitimer(ITIMER_REAL, &often, NULL);
	EXPECT(n == 0);
}

static void *
ask_often(void *bad)
{
	int i;

	for (i = 0; i < N_QUESTIONS; i++)
		if (!grown("func=cache_load*", 444, 1))
			*(int *)bad = 1;
	return NULL;
}

static void
test_threads(void)
{
	pthread_t threads[N_THREADS];
	int bad[N_THREADS] = { 0 }, i, n = 0;

	tmtop_mark("threads");
	kept[n_kept++] = cache_load(444);
	for (; n < N_THREADS; n++)
		if (pthread_create(&threads[n], NULL, ask_often,
		    &bad[n]) != 0)
			break;
	EXPECT(n == N_THREADS);
	for (i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		EXPECT(bad[i] == 0);
	}
}

/* Each process is asked about itself. */
static void
test_fork(void)
{
	int status = -1;
	pid_t child;

	tmtop_mark("fork");
	kept[n_kept++] = cache_load(10);
	child = fork();
	if (child == 0) {
		kept[n_kept++] = cache_load(20);
		EXPECT(grown("func=cache_load*", 20, 1));
		tmtop_mark("in the child");
		kept[n_kept++] = cache_load(30);
		EXPECT(grown("func=cache_load*", 30, 1));
		_exit(failure == NULL ? 0 : 1);
	}
	waitpid(child, &status, 0);
	EXPECT(status == 0);
	/* The child's mark holds for all. */
	EXPECT(grown("func=cache_load*", 0, 0));
}

/* ---- what is run ---- */

#define RUN(name) do {							\
	test_##name();							\
	if (failure == NULL)						\
		printf("ok %s\n", #name);				\
	else								\
		printf("not ok %s: %s\n", #name, failure);		\
	failure = NULL;							\
} while (0)

static void
plain(void)
{
	RUN(no_mark);
	RUN(mark);
	RUN(domains);
	RUN(regions);
	RUN(bad_filters);
	RUN(signals);
	RUN(fork);
	RUN(threads);
}

/* As unit tests would have it: nothing may be left of a cache. */
static void
unit_test(size_t leaked)
{
	struct tmtop_growth growth;
	void *entries[10];
	int i;

	tmtop_mark("before");
	for (i = 0; i < 10; i++)
		entries[i] = cache_load(1000);
	if (leaked > 0)
		kept[n_kept++] = cache_load(leaked);
	for (i = 0; i < 10; i++)
		free(entries[i]);
	tmtop_get_growth("func=cache_load*", &growth);
	assert(growth.bytes <= 0);
}

int
main(int argc, char **argv)
{
	static char room[1 << 12];
	struct tmtop_growth growth;
	int result;

	setvbuf(stdout, room, _IOFBF, sizeof room);
	if (argc == 2 && strcmp(argv[1], "plain") == 0 &&
	    tmtop_is_tracing() != -2) {
		plain();
	} else if (argc == 2 && strcmp(argv[1], "plain") == 0) {
		result = tmtop_get_growth("*", &growth);
		printf("%d %lld %lld %d\n", result, growth.bytes,
		    growth.blocks, tmtop_snapshot("none.tms"));
	} else if (argc == 3 && strcmp(argv[1], "leak") == 0) {
		unit_test((size_t)atol(argv[2]));
	} else if (argc == 2 && strcmp(argv[1], "late") == 0) {
		if (fgets(room, sizeof room, stdin) == NULL)
			return 1;
		printf("%d\n", tmtop_get_growth("*", &growth));
	} else if (argc == 3 && strcmp(argv[1], "save") == 0) {
		kept[n_kept++] = cache_load(12345);
		printf("%d\n", tmtop_snapshot(argv[2]));
		kept[n_kept++] = cache_load(100000);
	} else {
		return 2;
	}
	fflush(stdout);
	return 0;
}
