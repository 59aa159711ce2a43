/*
 * regions.c - for regions.test: regions with known numbers, nested and in
 * threads.  C and C++.
 *
 * Says "ok NAME" or "not ok NAME: WHAT" of what it is told itself, and "region
 * {NAME} BYTES BLOCKS" of what is live in the end of all that was allocated
 * there, as viewers must see it.
 */
#include "tmtop.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE	__attribute__((noinline))

enum { N_THREADS = 8, N_ROUNDS = 500, N_KEPT = 10000 };

static const char *failure;
static void *kept[N_KEPT];
static int n_kept;

#define EXPECT(condition) do {						\
	if (!(condition) && failure == NULL)				\
		failure = #condition;					\
} while (0)

NOINLINE static void *
get(size_t size)
{
	void *block = malloc(size);

	__asm__ volatile("" : : : "memory");
	return block;
}

static void
keep(size_t size)
{
	kept[__atomic_fetch_add(&n_kept, 1, __ATOMIC_RELAXED)] = get(size);
}

static int
is(const struct tmtop_region *r, long bytes, long blocks, long peak,
    long allocated_bytes, long allocated_blocks)
{
	if (r->net_bytes == bytes && r->net_blocks == blocks &&
	    r->peak_bytes == peak && r->allocated_bytes == allocated_bytes &&
	    r->allocated_blocks == allocated_blocks)
		return 1;
	fprintf(stderr, "net %lld in %lld, peak %lld, allocated %lld in %lld\n",
	    r->net_bytes, r->net_blocks, r->peak_bytes, r->allocated_bytes,
	    r->allocated_blocks);
	return 0;
}

/* ---- one thread ---- */

static void
test_begin_end(void)
{
	struct tmtop_region r;
	void *old = get(5000), *block;

	EXPECT(tmtop_region_begin(&r, "begin_end") == 0);
	keep(1000);
	block = get(300);
	EXPECT(tmtop_region_read(&r) == 0 && is(&r, 1300, 2, 1300, 1300, 2));
	free(block);
	block = get(20);
	free(block);
	EXPECT(tmtop_region_end(&r) == 0 && is(&r, 1000, 1, 1300, 1320, 3));
	/* It is over. */
	free(old);
	free(get(77));
	EXPECT(tmtop_region_read(&r) == -1);
	EXPECT(tmtop_region_end(&r) == -1);
	EXPECT(is(&r, 1000, 1, 1300, 1320, 3));
}

/* What was there before goes. */
static void
test_below_nothing(void)
{
	void *old = get(5000);
	struct tmtop_region r;

	tmtop_region_begin(&r, "below_nothing");
	free(old);
	old = get(100);
	tmtop_region_end(&r);
	EXPECT(is(&r, -4900, 0, 0, 100, 1));
	free(old);
}

static void
test_realloc(void)
{
	void *block = get(100);
	struct tmtop_region r;

	tmtop_region_begin(&r, "realloc");
	block = realloc(block, 1000);
	EXPECT(tmtop_region_read(&r) == 0 && is(&r, 900, 0, 900, 1000, 1));
	block = realloc(block, 10);
	tmtop_region_end(&r);
	EXPECT(is(&r, -90, 0, 900, 1010, 2));
	free(block);
}

NOINLINE static void
inner(struct tmtop_region *result)
{
	void *block;

	TMTOP_REGION_AS(r, "inner");
	keep(10);
	block = get(1000);
	free(block);
	tmtop_region_read(&r);
	*result = r;
}

NOINLINE static void
outer(struct tmtop_region *result, struct tmtop_region *of_inner)
{
	TMTOP_REGION_AS(r, "outer");

	keep(200);
	inner(of_inner);
	{
		TMTOP_REGION("by the way");
		TMTOP_REGION("by the way, too");
		keep(30);
		tmtop_region_read(&r);
		EXPECT(is(&r, 240, 3, 1200 + 10, 1240, 4));
	}
	keep(4);
	tmtop_region_read(&r);
	*result = r;
}

static void
test_nested(void)
{
	struct tmtop_region of_outer, of_inner;
	int i;

	for (i = 0; i < 3; i++) {
		outer(&of_outer, &of_inner);
		EXPECT(is(&of_inner, 10, 1, 1010, 1010, 2));
		EXPECT(is(&of_outer, 244, 4, 1210, 1244, 5));
	}
	inner(&of_inner);
	EXPECT(is(&of_inner, 10, 1, 1010, 1010, 2));
}

NOINLINE static int
deeper(int n)
{
	struct tmtop_region r;
	int is_open = tmtop_region_begin(&r, "deep") == 0, inside = 0;

	keep(1);
	if (n > 1)
		inside = deeper(n - 1);
	if (is_open) {
		EXPECT(tmtop_region_end(&r) == 0);
		EXPECT(is(&r, n, n, n, n, n));
	} else
		EXPECT(tmtop_region_end(&r) == -1);
	return is_open + inside;
}

static void
test_depth(void)
{
	EXPECT(deeper(16) == 16);
	EXPECT(deeper(20) == 16);
}

/* The whole of a recursion is counted once. */
static void
test_name_of_any_length(void)
{
	char name[300];
	struct tmtop_region r;
	int i;

	for (i = 0; i < 299; i++)
		name[i] = 'x';
	name[299] = '\0';
	EXPECT(tmtop_region_begin(&r, name) == 0);
	free(get(1));
	EXPECT(tmtop_region_end(&r) == 0 && is(&r, 0, 0, 1, 1, 1));
	EXPECT(tmtop_region_begin(&r, NULL) == 0);
	EXPECT(tmtop_region_end(&r) == 0);
	EXPECT(tmtop_region_begin(&r, "") == 0);
	EXPECT(tmtop_region_end(&r) == 0);
}

static jmp_buf out;

NOINLINE static void
leave_by_longjmp(int n)
{
	TMTOP_REGION("left");

	if (n > 0) {
		leave_by_longjmp(n - 1);
		return;
	}
	free(get(100));
	if (n_kept > 0)		/* always, which no compiler knows */
		longjmp(out, 1);
}

/* Those left end with the one around them, or when the next begins. */
static void
test_longjmp(void)
{
	struct tmtop_region r, next;
	volatile int i;

	tmtop_region_begin(&r, "around");
	for (i = 0; i < 20; i++)
		if (setjmp(out) == 0)
			leave_by_longjmp(3);
	tmtop_region_begin(&next, "next");
	free(get(50));
	EXPECT(tmtop_region_end(&next) == 0 && is(&next, 0, 0, 50, 50, 1));
	EXPECT(tmtop_region_end(&r) == 0 && is(&r, 0, 0, 100, 2050, 21));
	if (setjmp(out) == 0)
		leave_by_longjmp(3);
	tmtop_region_begin(&next, "next");
	keep(60);
	EXPECT(tmtop_region_end(&next) == 0 && is(&next, 60, 1, 60, 60, 1));
}

/* Memory of malloc only, but for their tracebacks. */
static void
test_objects(void)
{
	static char object[8];
	struct tmtop_region r;
	void *frames[4];

	tmtop_region_begin(&r, "objects");
	EXPECT(tmtop_track(5, object, 4321) == 0);
	EXPECT(tmtop_region_end(&r) == 0 && is(&r, 0, 0, 0, 0, 0));
	EXPECT(tmtop_get_traceback(5, object, frames, 4, NULL) >= 2);
}

static void
test_hold(void)
{
	struct tmtop_region r;

	tmtop_region_begin(&r, "hold");
	keep(10);
	tmtop_hold();
	free(get(1000));
	tmtop_start();
	keep(20);
	EXPECT(tmtop_region_end(&r) == 0 && is(&r, 30, 2, 30, 30, 2));
}

static void
test_fork(void)
{
	struct tmtop_region r, of_child;
	int status = -1;
	pid_t child;

	tmtop_region_begin(&r, "fork");
	keep(10);
	child = fork();
	if (child == 0) {
		EXPECT(tmtop_region_end(&r) == -1);
		tmtop_region_begin(&of_child, "child");
		free(get(40));
		EXPECT(tmtop_region_end(&of_child) == 0);
		EXPECT(is(&of_child, 0, 0, 40, 40, 1));
		_exit(failure == NULL ? 0 : 1);
	}
	waitpid(child, &status, 0);
	EXPECT(status == 0);
	EXPECT(tmtop_region_end(&r) == 0 && is(&r, 10, 1, 10, 10, 1));
}

/* ---- others at the same time ---- */

static void
on_signal(int signal)
{
	struct tmtop_region r;

	(void)signal;
	/* Refused where it interrupts the hook, else complete. */
	if (tmtop_region_begin(&r, "handler") == 0)
		EXPECT(tmtop_region_end(&r) == 0 && is(&r, 0, 0, 0, 0, 0));
}

static void
test_signals(void)
{
	struct sigaction action;
	struct tmtop_region r;
	timer_t timer;
	struct itimerspec often = { { 0, 200000 }, { 0, 200000 } };
	int i;

	action.sa_handler = on_signal;
	sigemptyset(&action.sa_mask);
	action.sa_flags = 0;
	sigaction(SIGALRM, &action, NULL);
	EXPECT(timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0);
	tmtop_region_begin(&r, "signals");
	timer_settime(timer, 0, &often, NULL);
	for (i = 0; i < 100000; i++)
		free(get(16));
	timer_delete(timer);
	EXPECT(tmtop_region_end(&r) == 0);
	EXPECT(is(&r, 0, 0, 16, 1600000, 100000));
}

static void *
work(void *ignored)
{
	struct tmtop_region of_outer, of_inner, mine;
	int i;

	(void)ignored;
	tmtop_region_begin(&mine, "thread");
	for (i = 0; i < N_ROUNDS; i++) {
		free(get(64));
		TMTOP_REGION("round");
		free(get(640));
	}
	inner(&of_inner);
	outer(&of_outer, &of_inner);
	tmtop_region_read(&mine);
	if (!is(&mine, 254, 5, 1220, 1244 + 1010 + N_ROUNDS * 704,
	    7 + 2 * N_ROUNDS) || !is(&of_outer, 244, 4, 1210, 1244, 5))
		return (void *)1;
	/* It ends with the thread. */
	return NULL;
}

static void
test_threads(void)
{
	pthread_t threads[N_THREADS];
	struct tmtop_region r;
	void *bad = NULL;
	int i, n = 0;

	for (; n < N_THREADS; n++)
		if (pthread_create(&threads[n], NULL, work, NULL) != 0)
			break;
	EXPECT(n == N_THREADS);
	tmtop_region_begin(&r, "main's");
	keep(11);
	for (i = 0; i < n; i++) {
		pthread_join(threads[i], &bad);
		EXPECT(bad == NULL);
	}
	tmtop_region_end(&r);
	/* What others allocate is theirs; a thread's own memory goes when it
	 * is joined. */
	EXPECT(r.allocated_bytes == 11 && r.allocated_blocks == 1);
}

#ifdef __cplusplus
NOINLINE static void
leave_by_exception()
{
	TMTOP_REGION("thrown");

	keep(3);
	throw 1;
}

static void
test_exceptions(void)
{
	struct tmtop_region r;
	int i;

	tmtop_region_begin(&r, "catching");
	for (i = 0; i < 3; i++) {
		try {
			leave_by_exception();
		} catch (int) {
			keep(1);
		}
	}
	EXPECT(tmtop_region_end(&r) == 0 && r.net_bytes == 12);
}
#endif

/* ---- the end ---- */

static void
say(const char *name)
{
	if (failure == NULL)
		printf("ok %s\n", name);
	else
		printf("not ok %s: %s\n", name, failure);
	failure = NULL;
}

#define RUN(name) do {							\
	test_##name();							\
	say(#name);							\
} while (0)

int
main(void)
{
	static char room[1 << 12];
	struct tmtop_region r;

	setvbuf(stdout, room, _IOFBF, sizeof room);
	if (tmtop_is_tracing() == -2) {
		TMTOP_REGION("nothing");
		r.net_bytes = r.peak_bytes = 1;
		printf("%d ", tmtop_region_begin(&r, "x"));
		printf("%d %d %lld %lld\n", tmtop_region_read(&r),
		    tmtop_region_end(&r), r.net_bytes, r.peak_bytes);
		return 0;
	}
	RUN(begin_end);
	RUN(below_nothing);
	RUN(realloc);
	RUN(nested);
	RUN(depth);
	RUN(name_of_any_length);
	RUN(longjmp);
	RUN(objects);
	RUN(hold);
	RUN(fork);
	RUN(signals);
	RUN(threads);
#ifdef __cplusplus
	RUN(exceptions);
	printf("region {thrown} 9 3\nregion {catching} 12 6\n");
#endif
	/* 3 in the main thread, and one of each other. */
	printf("region {outer} %d %d\n", 244 * (3 + N_THREADS),
	    4 * (3 + N_THREADS));
	/* In those, and once more each. */
	printf("region {inner} %d %d\n", 10 * (4 + 2 * N_THREADS),
	    4 + 2 * N_THREADS);
	printf("region {by the way} %d %d\n", 30 * (3 + N_THREADS),
	    3 + N_THREADS);
	printf("region {thread} %d %d\n", 254 * N_THREADS, 5 * N_THREADS);
	printf("region {deep} 36 36\n");
	printf("region {begin_end} 1000 1\n");
	printf("region {next} 60 1\n");
	printf("region {objects} 4321 1\n");
	printf("region {hold} 30 2\n");
	printf("region {main's} 11 1\n");
	fflush(stdout);
	return 0;
}
