/*
 * entries.c - every entry point of malloc, so many times on a line of its own.
 *
 * Says for each line "row LINE SIZE COUNT": what it still holds, and for the
 * whole program an account.  free_sized() and friends are used when the
 * process has them.
 */
#include "account.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>

static void *blocks[2000];
static size_t n_blocks;

static void
hold(void *block)
{
	if (block == NULL)
		_exit(98);
	blocks[n_blocks++] = block;
}

/* `call` is executed n times and asks for `bytes` each time. */
#define HOLD(n, bytes, call) do {					\
	for (long i_ = 0; i_ < (n); i_++)				\
		hold(took(kept(call), bytes));				\
	say("row %d %ld %ld\n", __LINE__, (long)(n) * (long)(bytes),	\
	    (long)(n));							\
} while (0)

static void
row(int line, long size, long count)
{
	say("row %d %ld %ld\n", line, size, count);
}

/* All the ways a realloc can go. */
static void
reallocs(void)
{
	/* The compiler is not to know better. */
	volatile size_t too_much = SIZE_MAX / 2 + 1;
	int i, at = 0;
	void *block, *same;

	for (i = 0; i < 1000; i++) {		/* (p, 0) frees */
		block = take(33);
		if (kept(realloc(block, 0)) != NULL)
			_exit(97);
		gave(33);
	}
	for (i = 0; i < 100; i++) {		/* fails: the old one stays */
		at = __LINE__, block = take(44);
		same = kept(block);
		if (kept(realloc(block, too_much)) != NULL || errno != ENOMEM)
			_exit(96);
		block = kept(same);
		if (kept(reallocarray(block, too_much, 16)) != NULL)
			_exit(95);
		hold(same);
	}
	row(at, 44 * 100, 100);
	for (i = 0; i < 50; i++) {		/* shrinks in place */
		block = take(1000);
		gave(1000);
		at = __LINE__, hold(took(kept(realloc(block, 24)), 24));
	}
	row(at, 24 * 50, 50);
	for (i = 0; i < 50; i++) {		/* grows, moves */
		block = take(24);
		gave(24);
		at = __LINE__, hold(took(kept(realloc(block, 300000)), 300000));
	}
	row(at, 300000 * 50, 50);
	for (i = 0; i < 50; i++) {
		block = take(10);
		gave(10);
		at = __LINE__, hold(took(kept(reallocarray(block, 7, 9)), 63));
	}
	row(at, 63 * 50, 50);
}

/* More than 32 bits can say, if the machine gives it. */
static void
huge(void)
{
	size_t size = (size_t)5 << 30;
	int at;
	void *block;

	at = __LINE__, block = kept(malloc(size));
	if (block == NULL)
		return;
	hold(took(block, size));
	row(at, (long)size, 1);
}

/* C23's, where there are any: one of ours, so that all are in use. */
static void
sized_frees(void)
{
	void (*free_sized)(void *, size_t);
	void (*free_aligned_sized)(void *, size_t, size_t);
	int i;

	*(void **)&free_sized = dlsym(RTLD_DEFAULT, "free_sized");
	*(void **)&free_aligned_sized = dlsym(RTLD_DEFAULT,
	    "free_aligned_sized");
	if (free_sized == NULL || free_aligned_sized == NULL)
		return;
	for (i = 0; i < 100; i++) {
		free_sized(take(80), 80);
		gave(80);
		free_aligned_sized(took(kept(aligned_alloc(64, 128)), 128),
		    64, 128);
		gave(128);
	}
	say("sized frees\n");
}

int
main(void)
{
	void *block;

	HOLD(100, 100, malloc(100));
	HOLD(3, 0, malloc(0));
	HOLD(90, 7 * 13, calloc(7, 13));
	HOLD(80, 555, realloc(NULL, 555));
	HOLD(70, 30, reallocarray(NULL, 6, 5));
	HOLD(60, 1234, memalign(256, 1234));
	HOLD(50, 777, posix_memalign(&block, 4096, 777) == 0 ? block : NULL);
	HOLD(40, 640, aligned_alloc(128, 640));
	HOLD(30, 5000, valloc(5000));
	HOLD(20, 5001, pvalloc(5001));
	HOLD(10, 25, strdup("twenty-four characters!!"));
	HOLD(11, 5, strndup("long text", 4));
	HOLD(4, 200 << 20, malloc(200 << 20));
	HOLD(2, ((size_t)1 << 28) - 1, malloc(((size_t)1 << 28) - 1));
	HOLD(2, (size_t)1 << 28, malloc((size_t)1 << 28));
	huge();
	reallocs();
	sized_frees();
	account_print();
	return 0;
}
