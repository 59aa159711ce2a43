/*
 * turns.h - what stress.cc and reborn.cc have in common: numbers at random, a
 * block that a destructor frees, and the innermost frame.
 */
#ifndef TESTS_HOOKS_TURNS_H
#define TESTS_HOOKS_TURNS_H

#include "account.h"

struct random_state {
	unsigned long state;
	unsigned next(unsigned below)
	{
		state = state * 6364136223846793005ul + 1442695040888963407ul;
		return static_cast<unsigned>(state >> 40) % below;
	}
};

/* Holds a block for a while; destructors allocate, too. */
struct holder {
	void *block;
	explicit holder(size_t size) : block(kept(malloc(size))) {}
	~holder()
	{
		free(block);
		free(kept(malloc(17)));
	}
};

/* The outermost frame of a makecontext() stack returns to the beginning of a
 * function, where unwinders find nothing: those walks end cut. */
static thread_local bool is_in_coroutine;
static long n_in_coroutines;

static __attribute__((noinline)) void
leaf(size_t size)
{
	if (is_in_coroutine)
		__atomic_fetch_add(&n_in_coroutines, 1, __ATOMIC_RELAXED);
	free(kept(malloc(size)));
	__asm__ volatile("" ::: "memory");
}

#endif
