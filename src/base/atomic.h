/*
 * atomic.h - atomic operations with the memory order in the name (L0).
 *
 * Plain fields of shared structures are accessed through these, so that the
 * orders in use can be listed with grep.  They work on any lock-free integer
 * or pointer; the sequentially consistent default is left out on purpose.
 */
#ifndef TMTOP_BASE_ATOMIC_H
#define TMTOP_BASE_ATOMIC_H

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

#define fence_acquire()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define fence_release()		__atomic_thread_fence(__ATOMIC_RELEASE)

#endif
