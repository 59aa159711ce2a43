/*
 * atomic.h - atomic operations with the memory order in the name (L0).
 *
 * Plain fields of shared structures are accessed through these, so that the
 * orders in use can be listed with grep.  They work on any lock-free integer
 * or pointer; the sequentially consistent default is left out on purpose.
 */
#ifndef TMTOP_BASE_ATOMIC_H
#define TMTOP_BASE_ATOMIC_H

#include "base/compiler.h"

#define load_relaxed(p)		__atomic_load_n(p, __ATOMIC_RELAXED)
#define load_acquire(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store_relaxed(p, v)	__atomic_store_n(p, v, __ATOMIC_RELAXED)
#define store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define add_relaxed(p, v)	__atomic_fetch_add(p, v, __ATOMIC_RELAXED)
#define sub_relaxed(p, v)	__atomic_fetch_sub(p, v, __ATOMIC_RELAXED)
#define or_relaxed(p, v)	__atomic_fetch_or(p, v, __ATOMIC_RELAXED)
#define exchange_acq_rel(p, v)	__atomic_exchange_n(p, v, __ATOMIC_ACQ_REL)

/* Compare and swap; on failure *expected holds what was found. */
#define cas_relaxed(p, expected, v)					\
	__atomic_compare_exchange_n(p, expected, v, false,		\
	    __ATOMIC_RELAXED, __ATOMIC_RELAXED)
#define cas_acq_rel(p, expected, v)					\
	__atomic_compare_exchange_n(p, expected, v, false,		\
	    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

/*
 * 16 aligned bytes as one word.  Loads and stores of that size are single
 * accesses on every processor that has vector registers of it and a cache
 * that is coherent by lines; compare and swap is an instruction of its own
 * (cmpxchg16b; ldxp and stxp), acquire and release.
 */
typedef uint64_t word_pair __attribute__((vector_size(16), may_alias));

#ifdef __SANITIZE_THREAD__
/* The sanitizer knows only its own as one access. */
#define load_pair(p)							\
	((word_pair)__atomic_load_n((const __int128 *)(p), __ATOMIC_RELAXED))
#define store_pair(p, v)						\
	__atomic_store_n((__int128 *)(p), (__int128)(v), __ATOMIC_RELAXED)
#else
#define load_pair(p)		(*(const volatile word_pair *)(p))
#define store_pair(p, v)	(*(volatile word_pair *)(p) = (v))
#endif

static ATTR_INLINE bool
cas_pair(void *p, word_pair expected, word_pair wanted)
{
	return __sync_bool_compare_and_swap((__int128 *)p,
	    (__int128)expected, (__int128)wanted);
}

#define fence_acquire()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define fence_release()		__atomic_thread_fence(__ATOMIC_RELEASE)

#endif
