/*
 * oracle_sites.h - the functions of oracle.c that allocate.
 *
 * A site is a function in a section of its own, so that the linker says where
 * it begins and ends.  Some are called by all threads, one by each thread
 * alone.
 */
#ifndef TESTS_HOOKS_ORACLE_SITES_H
#define TESTS_HOOKS_ORACLE_SITES_H

#include "account.h"
#include "oracle.h"

#include <malloc.h>

static inline void *
posix_memaligned(size_t size)
{
	void *block = NULL;

	return posix_memalign(&block, 64, size) == 0 ? block : NULL;
}

/* name, sizes below, call */
#define SHARED_SITES(S)							\
	S(tiny, 17, malloc(size))					\
	S(small, 300, malloc(size))					\
	S(large, 300000, malloc(size))					\
	S(zeroed, 2000, calloc(1, size))				\
	S(items, 3000, calloc(size / 8, 8))				\
	S(grown, 3000, realloc(old, size))				\
	S(array, 3000, reallocarray(old, size / 4, 4))			\
	S(lined, 4000, aligned_alloc(128, size))			\
	S(spaced, 4000, memalign(256, size))				\
	S(posix, 1000, posix_memaligned(size))				\
	S(paged, 9000, valloc(size))
#define OWN_8(S, o)							\
	S(own_##o##0, 500, malloc(size)) S(own_##o##1, 500, malloc(size)) \
	S(own_##o##2, 500, malloc(size)) S(own_##o##3, 500, malloc(size)) \
	S(own_##o##4, 500, malloc(size)) S(own_##o##5, 500, malloc(size)) \
	S(own_##o##6, 500, malloc(size)) S(own_##o##7, 500, malloc(size))
#define OWN_SITES(S)							\
	OWN_8(S, 0) OWN_8(S, 1) OWN_8(S, 2) OWN_8(S, 3)			\
	OWN_8(S, 4) OWN_8(S, 5) OWN_8(S, 6) OWN_8(S, 7)
/* Beyond what fits a block record; address space only. */
#define ALL_SITES(S)							\
	SHARED_SITES(S) S(huge, 9000, malloc(size + ORACLE_HUGE)) OWN_SITES(S)

#define SITE(name, below, call)						\
extern const char __start_site_##name[], __stop_site_##name[];		\
static void *__attribute__((noinline, noclone, section("site_" #name)))	\
at_##name(void *old, size_t size)					\
{									\
	void *block = (call);						\
									\
	(void)old;							\
	return kept(block);						\
}
ALL_SITES(SITE)

enum site_id {
#define S(name, below, call) SITE_##name,
	ALL_SITES(S)
#undef S
	N_SITES
};

static const struct site {
	void		*(*call)(void *old, size_t size);
	size_t		 below;
	const char	*start, *stop;
} sites[N_SITES] = {
#define S(name, below, call)						\
	[SITE_##name] = { at_##name, below,				\
	    __start_site_##name, __stop_site_##name },
	ALL_SITES(S)
#undef S
};

_Static_assert(N_SITES <= ORACLE_MAX_SITES, "they fit the page");
_Static_assert(N_SITES - SITE_own_00 == ORACLE_MAX_THREADS, "one for each");

/* What a site counts as asked for. */
static size_t
asked_for(unsigned site, size_t size)
{
	return site == SITE_huge ? size + ORACLE_HUGE :
	    site == SITE_items ? size / 8 * 8 :
	    site == SITE_array ? size / 4 * 4 : size;
}

#endif
