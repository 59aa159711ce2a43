/*
 * capi.c - for capi.test: what CPython's tests of its C API demand, asked of
 * tmtop.h.  C and C++.
 *
 *	capi [LIMIT]	"ok NAME" or "not ok NAME: WHAT" for each; LIMIT: frames
 *			that are stored of a traceback
 *
 * What is expected is the program's own knowledge: sizes it has asked for, and
 * where its functions begin and end.
 */
#include "tmtop.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define DOMAIN		5
#define MAX_FRAMES	64
#ifdef __clang__
#define NOINLINE	__attribute__((noinline))
#else
#define NOINLINE	__attribute__((noinline, noclone))
#endif

static const char *failure;
static int limit = 1024;

#define EXPECT(condition) do {						\
	if (!(condition) && failure == NULL)				\
		failure = #condition;					\
} while (0)

/* Functions between two others: a return address tells which it is. */
struct place {
	const char	*from, *to;
};

/* ---- who allocates ---- */

static char object[1 << 16];

NOINLINE static int
track_here(const void *address, size_t size)
{
	int result = tmtop_track(DOMAIN, address, size);

	__asm__ volatile("" : : : "memory");
	return result;
}

NOINLINE static int
track_there(const void *address, size_t size)
{
	int result = tmtop_track(DOMAIN, address, size);

	__asm__ volatile("" : : : "memory");
	return result;
}

NOINLINE static int
touch_there(unsigned domain, const void *address)
{
	int result = tmtop_touch(domain, address);

	__asm__ volatile("" : : : "memory");
	return result;
}

NOINLINE static void *
allocate_here(size_t size)
{
	void *block = malloc(size);

	__asm__ volatile("" : : : "memory");
	return block;
}

/* Is the newest frame in this function?  None is longer than that. */
#define FROM(domain, address, function)					\
	newest_lies_in(domain, address, (const char *)(size_t)function)

static int
newest_lies_in(unsigned domain, const void *address, const char *function)
{
	void *frames[MAX_FRAMES];
	int n = tmtop_get_traceback(domain, address, frames, MAX_FRAMES,
	    NULL);

	return n > 0 && (const char *)frames[0] > function &&
	    (const char *)frames[0] < function + 160;
}

static int
is_known(unsigned domain, const void *address)
{
	return tmtop_get_traceback(domain, address, NULL, 0, NULL) >= 0;
}

static size_t
current(void)
{
	size_t now = 0;

	tmtop_get_traced_memory(&now, NULL);
	return now;
}

static size_t
peak(void)
{
	size_t most = 0;

	tmtop_get_traced_memory(NULL, &most);
	return most;
}

/* ---- what is known ---- */

static void
test_is_tracing(void)
{
	EXPECT(tmtop_is_tracing() == 1);
	tmtop_stop();
	EXPECT(tmtop_is_tracing() == 0);
	tmtop_start();
	EXPECT(tmtop_is_tracing() == 1);
}

static void
test_get_traced_memory(void)
{
	size_t before = current(), most;
	void *block = allocate_here(1 << 20);

	EXPECT(current() == before + (1 << 20));
	most = peak();
	EXPECT(most >= current());
	free(block);
	EXPECT(current() == before);
	EXPECT(peak() == most);
	tmtop_clear_traces();
	EXPECT(current() == 0 && peak() == 0);
	block = allocate_here(100);
	EXPECT(current() == 100 && peak() == 100);
	tmtop_stop();
	EXPECT(current() == 0 && peak() == 0);
	free(block);
	tmtop_start();
	EXPECT(current() == 0 && peak() == 0);
}

static void
test_get_tracing_memory(void)
{
	size_t before = 0, after = 0;

	EXPECT(tmtop_get_tracing_memory(&before) == 0);
	EXPECT(before > 0);
	tmtop_clear_traces();
	EXPECT(tmtop_get_tracing_memory(&after) == 0);
	EXPECT(after <= before);
}

static void
test_clear_traces(void)
{
	void *block = allocate_here(123);

	EXPECT(track_here(object, 10) == 0);
	EXPECT(is_known(TMTOP_MALLOC, block) && is_known(DOMAIN, object));
	tmtop_clear_traces();
	EXPECT(!is_known(TMTOP_MALLOC, block) && !is_known(DOMAIN, object));
	/* Nothing to touch, and nothing happens when they go. */
	EXPECT(tmtop_touch(DOMAIN, object) == -1);
	EXPECT(tmtop_touch(TMTOP_MALLOC, block) == -1);
	EXPECT(tmtop_untrack(DOMAIN, object) == 0);
	free(block);
	EXPECT(current() == 0);
}

static void
test_reset_peak(void)
{
	void *block = allocate_here(1 << 20);
	size_t most = peak(), less;

	free(block);
	EXPECT(tmtop_reset_peak() == 0);
	less = peak();
	EXPECT(less < most);
	EXPECT(less >= current());
	block = allocate_here(12345);
	EXPECT(peak() == less + 12345);
	free(block);
	EXPECT(peak() == less + 12345);
}

static void
test_get_traceback_limit(void)
{
	EXPECT(tmtop_get_traceback_limit() == limit);
	tmtop_stop();
	EXPECT(tmtop_get_traceback_limit() == limit);
	tmtop_start();
}

static void
test_set_traceback_limit(void)
{
	void *frames[MAX_FRAMES], *block;
	int total = 0;

	EXPECT(tmtop_set_traceback_limit(65536) == -1);
	EXPECT(tmtop_set_traceback_limit(2) == 0);
	EXPECT(tmtop_get_traceback_limit() == 2);
	block = allocate_here(10);
	EXPECT(tmtop_get_traceback(TMTOP_MALLOC, block, frames, MAX_FRAMES,
	    &total) == 2);
	EXPECT(total > 2);
	free(block);
	EXPECT(tmtop_set_traceback_limit(1) == 0);
	block = allocate_here(10);
	EXPECT(tmtop_get_traceback(TMTOP_MALLOC, block, frames, MAX_FRAMES,
	    NULL) == 1);
	EXPECT(FROM(TMTOP_MALLOC, block, allocate_here));
	free(block);
	EXPECT(tmtop_set_traceback_limit(0) == 0);
	EXPECT(tmtop_get_traceback_limit() == limit);
}

/* How many frames there are, of these stored. */
NOINLINE static void
deep(int n)
{
	void *frames[MAX_FRAMES], *block;
	int total = 0, stored;

	if (n > 0) {
		deep(n - 1);
		__asm__ volatile("" : : : "memory");
		return;
	}
	block = allocate_here(10);
	stored = tmtop_get_traceback(TMTOP_MALLOC, block, frames, MAX_FRAMES,
	    &total);
	EXPECT(total >= 14);
	EXPECT(stored == (limit < total ? limit : total));
	EXPECT(tmtop_get_traceback(TMTOP_MALLOC, block, frames, 3, NULL) ==
	    (limit < 3 ? limit : 3));
	free(block);
}

static void
test_traceback_limit(void)
{
	deep(12);
}

static void
test_get_object_traceback(void)
{
	char *block = (char *)allocate_here(12345);

	EXPECT(FROM(TMTOP_MALLOC, block, allocate_here));
	EXPECT(!is_known(DOMAIN, block));
	EXPECT(!is_known(TMTOP_MALLOC, block + 64));
	free(block);
	EXPECT(!is_known(TMTOP_MALLOC, block));
	EXPECT(!is_known(TMTOP_MALLOC, NULL));
}

static void
test_new_reference(void)
{
	void *block = allocate_here(64);
	size_t before;

	EXPECT(track_here(object, 48) == 0);
	before = current();
	EXPECT(touch_there(DOMAIN, object) == 0);
	EXPECT(FROM(DOMAIN, object, touch_there));
	EXPECT(touch_there(TMTOP_MALLOC, block) == 0);
	EXPECT(FROM(TMTOP_MALLOC, block, touch_there));
	EXPECT(current() == before);
	EXPECT(touch_there(DOMAIN, object + 1) == -1);
	free(block);
	EXPECT(tmtop_untrack(DOMAIN, object) == 0);
	EXPECT(current() == before - 64 - 48);
}

/* ---- track ---- */

static void
test_track(void)
{
	size_t before = current();

	EXPECT(track_here(object, 123) == 0);
	EXPECT(FROM(DOMAIN, object, track_here));
	EXPECT(current() == before + 123);
	EXPECT(!is_known(TMTOP_MALLOC, object) && !is_known(6, object));
	tmtop_untrack(DOMAIN, object);
}

static void *
track_in_thread(void *address)
{
	int result = track_here(address, 1000);

	__asm__ volatile("" : : : "memory");
	return result == 0 ? address : NULL;
}

static void
test_track_without_gil(void)
{
	void *tracked = NULL;
	size_t before = current();
	pthread_t thread;

	if (pthread_create(&thread, NULL, track_in_thread, object) == 0)
		pthread_join(thread, &tracked);
	EXPECT(tracked == object);
	EXPECT(FROM(DOMAIN, object, track_here));
	/* What the thread is made of may stay. */
	EXPECT(current() >= before + 1000);
	before = current();
	EXPECT(tmtop_untrack(DOMAIN, object) == 0);
	EXPECT(current() == before - 1000);
}

static void
test_track_already_tracked(void)
{
	size_t before = current();

	EXPECT(track_here(object, 1000) == 0);
	EXPECT(track_there(object, 10) == 0);
	EXPECT(current() == before + 10);
	EXPECT(FROM(DOMAIN, object, track_there));
	/* The same address in another domain is another object. */
	EXPECT(tmtop_track(6, object, 7) == 0);
	EXPECT(current() == before + 17);
	EXPECT(FROM(DOMAIN, object, track_there));
	EXPECT(tmtop_untrack(DOMAIN, object) == 0);
	EXPECT(current() == before + 7);
	EXPECT(tmtop_untrack(6, object) == 0);
	EXPECT(current() == before);
}

/* The first object of a pool has the address of the pool's block. */
static void
test_track_first_of_block(void)
{
	char *block = (char *)allocate_here(640);
	size_t before = current();
	int i;

	for (i = 0; i < 10; i++)
		EXPECT(track_there(block + 64 * i, 64) == 0);
	EXPECT(FROM(TMTOP_MALLOC, block, allocate_here));
	EXPECT(FROM(DOMAIN, block, track_there));
	EXPECT(current() == before + 640);
	for (i = 0; i < 10; i++)
		EXPECT(tmtop_untrack(DOMAIN, block + 64 * i) == 0);
	EXPECT(is_known(TMTOP_MALLOC, block));
	free(block);
	EXPECT(current() == before - 640);
}

/* Any number is an address, and any of some 65,000 a domain. */
static void
test_track_any(void)
{
	size_t before = current(), i;

	for (i = 0; i < 100; i++)
		EXPECT(tmtop_track(65535, (void *)i, i) == 0);
	EXPECT(tmtop_track(65535, (void *)~(size_t)0, 1) == 0);
	EXPECT(current() == before + 99 * 50 + 1);
	for (i = 0; i < 100; i++)
		EXPECT(tmtop_untrack(65535, (void *)i) == 0);
	EXPECT(tmtop_untrack(65535, (void *)~(size_t)0) == 0);
	EXPECT(current() == before);
	/* These are malloc's, mmap's, and none. */
	EXPECT(tmtop_track(0, object, 1) == -1);
	EXPECT(tmtop_track(1, object, 1) == -1);
	EXPECT(tmtop_track(65536, object, 1) == -1);
	EXPECT(current() == before);
}

static void
test_untrack(void)
{
	size_t before = current();

	EXPECT(track_here(object, 500) == 0);
	EXPECT(tmtop_untrack(DOMAIN, object) == 0);
	EXPECT(!is_known(DOMAIN, object));
	EXPECT(current() == before);
	/* Again, and of what never was: nothing happens. */
	EXPECT(tmtop_untrack(DOMAIN, object) == 0);
	EXPECT(tmtop_untrack(DOMAIN, object + 1) == 0);
	EXPECT(current() == before);
}

static void
test_stop_track(void)
{
	tmtop_stop();
	EXPECT(track_here(object, 10) == -2);
	EXPECT(tmtop_touch(DOMAIN, object) == -2);
	EXPECT(tmtop_get_traceback(DOMAIN, object, NULL, 0, NULL) == -2);
	tmtop_start();
	EXPECT(!is_known(DOMAIN, object));
}

static void
test_stop_untrack(void)
{
	EXPECT(track_here(object, 10) == 0);
	tmtop_stop();
	EXPECT(tmtop_untrack(DOMAIN, object) == -2);
	tmtop_start();
	EXPECT(!is_known(DOMAIN, object));
	EXPECT(current() == 0);
}

static void
test_hold_track(void)
{
	size_t before = current();

	EXPECT(track_here(object, 10) == 0);
	EXPECT(track_here(object + 1, 20) == 0);
	EXPECT(track_here(object + 2, 30) == 0);
	tmtop_hold();
	EXPECT(tmtop_untrack(DOMAIN, object) == 0);
	/* The old one is gone, the new one is not recorded. */
	EXPECT(track_here(object + 1, 1000) == -2);
	EXPECT(track_here(object + 3, 1000) == -2);
	tmtop_start();
	EXPECT(current() == before + 30);
	EXPECT(!is_known(DOMAIN, object + 1) && is_known(DOMAIN, object + 2));
	EXPECT(tmtop_untrack(DOMAIN, object + 2) == 0);
}

/* ---- threads and processes ---- */

enum { N_RACERS = 8, N_RACES = 4000 };

static int is_racing;

static void *
race(void *bad)
{
	int i, tracked, untracked;

	for (i = 0; i < N_RACES; i++) {
		tracked = tmtop_track(123, (void *)10, 1);
		untracked = tmtop_untrack(123, (void *)10);
		if ((tracked != 0 && tracked != -2) ||
		    (untracked != 0 && untracked != -2))
			__atomic_store_n((int *)bad, 1, __ATOMIC_RELAXED);
	}
	__atomic_sub_fetch(&is_racing, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* All name one object, while recording stops and starts. */
static void
test_tracemalloc_track_race(void)
{
	pthread_t threads[N_RACERS];
	int bad = 0, i, n = 0;

	is_racing = N_RACERS;
	for (; n < N_RACERS; n++)
		if (pthread_create(&threads[n], NULL, race, &bad) != 0)
			break;
	EXPECT(n == N_RACERS);
	while (n == N_RACERS &&
	    __atomic_load_n(&is_racing, __ATOMIC_RELAXED) > 0) {
		tmtop_stop();
		tmtop_start();
	}
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	EXPECT(bad == 0);
	EXPECT(!is_known(123, (void *)10));
	/* In the end it holds nothing. */
	tmtop_clear_traces();
	EXPECT(tmtop_untrack(123, (void *)10) == 0);
	EXPECT(current() == 0);
}

/* The child begins with nothing, and tracks what it likes. */
static void
test_fork(void)
{
	int status = -1;
	pid_t child;

	EXPECT(track_here(object, 10) == 0);
	child = fork();
	if (child == 0) {
		EXPECT(tmtop_is_tracing() == 1);
		EXPECT(!is_known(DOMAIN, object));
		EXPECT(tmtop_untrack(DOMAIN, object) == 0);
		EXPECT(track_there(object, 99) == 0);
		EXPECT(FROM(DOMAIN, object, track_there));
		EXPECT(tmtop_untrack(DOMAIN, object) == 0);
		_exit(failure == NULL ? 0 : 1);
	}
	waitpid(child, &status, 0);
	EXPECT(status == 0);
	EXPECT(FROM(DOMAIN, object, track_here));
	EXPECT(tmtop_untrack(DOMAIN, object) == 0);
}

enum { N_CHILDREN = 150 };

static int is_forking;

/* Objects of its own, and some that all name. */
static void *
track_meanwhile(void *own)
{
	int i;

	for (i = 0; __atomic_load_n(&is_forking, __ATOMIC_RELAXED); i++) {
		tmtop_track(DOMAIN, (char *)own + i % 500, 8);
		tmtop_track(9, (void *)(size_t)(i % 100), 8);
		tmtop_untrack(DOMAIN, (char *)own + (i + 250) % 500);
		tmtop_untrack(9, (void *)(size_t)((i + 50) % 100));
	}
	for (i = 0; i < 500; i++)
		tmtop_untrack(DOMAIN, (char *)own + i);
	return NULL;
}

/* Children of a process whose threads are in the middle of it. */
static int
track_in_child(void)
{
	int i, bad = 0;

	for (i = 0; i < 1000; i++)
		bad |= tmtop_track(DOMAIN, object + i, 1) != 0;
	for (i = 0; i < 1000; i++)
		bad |= tmtop_untrack(DOMAIN, object + i) != 0 ||
		    is_known(DOMAIN, object + i);
	return bad;
}

static void
test_fork_among_threads(void)
{
	pthread_t threads[4];
	int status, bad = 0, i, n = 0;
	size_t before;
	pid_t child;

	tmtop_clear_traces();
	before = current();
	is_forking = 1;
	for (; n < 4; n++)
		if (pthread_create(&threads[n], NULL, track_meanwhile,
		    object + 8192 * n) != 0)
			break;
	for (i = 0; i < N_CHILDREN; i++) {
		child = fork();
		if (child == 0) {
			alarm(60);
			_exit(track_in_child());
		}
		bad |= child < 0 || waitpid(child, &status, 0) != child ||
		    status != 0;
	}
	__atomic_store_n(&is_forking, 0, __ATOMIC_RELAXED);
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 100; i++)
		tmtop_untrack(9, (void *)(size_t)i);
	EXPECT(n == 4);
	EXPECT(bad == 0);
	/* No more than what the threads themselves have left. */
	EXPECT(current() - before < 10000);
	for (i = 0; i < 8192 * 4; i++)
		EXPECT(!is_known(DOMAIN, object + i));
}

static void
test_pymem_alloc0(void)
{
	void *blocks[3] = { malloc(0), calloc(0, 1), realloc(NULL, 0) };
	size_t before = current();
	int i;

	for (i = 0; i < 3; i++)
		EXPECT(FROM(TMTOP_MALLOC, blocks[i], test_pymem_alloc0) ||
		    is_known(TMTOP_MALLOC, blocks[i]));
	for (i = 0; i < 3; i++)
		free(blocks[i]);
	EXPECT(track_here(object, 0) == 0);
	EXPECT(is_known(DOMAIN, object));
	EXPECT(tmtop_untrack(DOMAIN, object) == 0);
	EXPECT(current() == before);
}

/* ---- at the end ---- */

static void
say(const char *name)
{
	if (failure == NULL)
		printf("ok %s\n", name);
	else
		printf("not ok %s: %s\n", name, failure);
	failure = NULL;
}

/* After main(), when much is gone already. */
static void
test_late_untrack(void)
{
	EXPECT(is_known(DOMAIN, object));
	EXPECT(tmtop_untrack(DOMAIN, object) == 0);
	EXPECT(!is_known(DOMAIN, object));
	EXPECT(track_here(object, 77) == 0);
	say("late_untrack");
	fflush(stdout);
}

__attribute__((destructor)) static void
untrack_very_late(void)
{
	tmtop_untrack(DOMAIN, object);
}

#define RUN(name) do {							\
	test_##name();							\
	say(#name);							\
} while (0)

int
main(int argc, char **argv)
{
	static char room[1 << 12];

	/* What stdio allocates is nobody's business here. */
	setvbuf(stdout, room, _IOFBF, sizeof room);
	if (tmtop_is_tracing() == -2) {
		printf("%d %d %d %d %d\n", track_here(object, 1),
		    tmtop_untrack(DOMAIN, object), touch_there(0, object),
		    tmtop_get_traceback(0, object, NULL, 0, NULL),
		    tmtop_get_traceback_limit());
		return 0;
	}
	if (argc > 1)
		limit = atoi(argv[1]);
	RUN(is_tracing);
	RUN(get_traced_memory);
	RUN(get_tracing_memory);
	RUN(clear_traces);
	RUN(reset_peak);
	RUN(get_traceback_limit);
	RUN(set_traceback_limit);
	RUN(traceback_limit);
	RUN(get_object_traceback);
	RUN(new_reference);
	RUN(track);
	RUN(track_already_tracked);
	RUN(track_first_of_block);
	RUN(track_any);
	RUN(untrack);
	RUN(stop_track);
	RUN(stop_untrack);
	RUN(hold_track);
	RUN(pymem_alloc0);
	RUN(fork);
	RUN(track_without_gil);
	RUN(tracemalloc_track_race);
	RUN(fork_among_threads);
	/* The same with threads about. */
	RUN(new_reference);
	RUN(track);
	RUN(track_already_tracked);
	RUN(fork);
	EXPECT(track_here(object, 10) == 0);
	atexit(test_late_untrack);
	fflush(stdout);
	return 0;
}
