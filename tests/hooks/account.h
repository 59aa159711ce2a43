/*
 * account.h - what a test program knows about its own allocations.
 *
 * Prints "account PID ALLOCS FREES BYTES BLOCKS LIVE" (calls that returned a
 * block, blocks given back, bytes asked for, blocks and bytes still held)
 * without allocating.  Any thread.
 */
#ifndef TESTS_HOOKS_ACCOUNT_H
#define TESTS_HOOKS_ACCOUNT_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADD(field, n)	__atomic_fetch_add(&account.field, n, __ATOMIC_RELAXED)

static struct {
	long	allocs, frees, bytes, live;
} account;

/* printf() that does not allocate. */
static inline void __attribute__((format(printf, 1, 2)))
say(const char *format, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		_exit(99);
}

static inline void
account_print(void)
{
	say("account %d %ld %ld %ld %ld %ld\n", (int)getpid(), account.allocs,
	    account.frees, account.bytes, account.allocs - account.frees,
	    account.live);
}

/* A forked child starts at nothing. */
static inline void
account_clear(void)
{
	memset(&account, 0, sizeof account);
}

static inline void *
took(void *block, size_t size)
{
	if (block != NULL) {
		ADD(allocs, 1);
		ADD(bytes, (long)size);
		ADD(live, (long)size);
	}
	return block;
}

static inline void
gave(size_t size)
{
	ADD(frees, 1);
	ADD(live, -(long)size);
}

/* The compiler must not know that a block is not used. */
static inline void *
kept(void *block)
{
	__asm__ volatile("" : "+r"(block) :: "memory");
	return block;
}

#define take(size)	took(kept(malloc(size)), size)

static inline void
give(void *block, size_t size)
{
	gave(size);
	free(kept(block));
}

#endif
