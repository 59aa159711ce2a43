/*
 * inherit.c - a child that frees, resizes and outgrows what its parent
 * allocated; the parent's tables must not notice.
 *
 * The parent prints its rows and account (the child's come on the way); a line
 * "inherited BYTES" says what it held when it forked.
 */
#include "account.h"

#include <sys/wait.h>

#define N	2000

static void *blocks[N];

static size_t
size_of(int i)
{
	return (size_t)(i % 300) * 7 + 1;
}

static void
child(void)
{
	long i;

	account_clear();
	for (i = 0; i < N; i += 2) {	/* given back, not ours */
		free(blocks[i]);
		ADD(frees, 1);
	}
	for (i = 1; i < N; i += 4) {	/* exchanged for one of ours */
		ADD(frees, 1);
		took(kept(realloc(blocks[i], 5000)), 5000);
	}
	for (i = 0; i < 200000; i++)
		give(take((size_t)i % 900), (size_t)i % 900);
	take(77);
	/* "Blocks" is what was allocated here and is still held. */
	say("account %d %ld %ld %ld %d %d\n", (int)getpid(), account.allocs,
	    account.frees, account.bytes, N / 4 + 1, N / 4 * 5000 + 77);
	_exit(0);
}

int
main(void)
{
	long live = 0;
	int i, at = 0;

	for (i = 0; i < N; i++) {
		at = __LINE__, blocks[i] = take(size_of(i));
		live += (long)size_of(i);
	}
	say("row %d %ld %d\n", at, live, N);
	say("inherited %ld\n", account.live);
	if (fork() == 0)
		child();
	wait(NULL);
	for (i = 0; i < 100; i++)
		give(take(123), 123);
	account_print();
	return 0;
}
