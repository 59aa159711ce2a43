/*
 * sites.h - what is known about a return address: the rule that leads to its
 * caller, and which module it belongs to (L2).
 *
 * A cache: everything in it can be derived again.
 * Context    Guard held, any thread, lock-free.
 */
#ifndef TMTOP_HOOKS_SITES_H
#define TMTOP_HOOKS_SITES_H

#include "base/atomic.h"
#include "hooks/eh_frame.h"
#include "tables/tree.h"

enum site_step {
	STEP_NONE,	/* no unwind information: only a guess is possible */
	STEP_SIMPLE,	/* cfa = register + offset; see the fields */
	STEP_LOADED,	/* cfa = word at (rbp + offset): realigned stacks */
	STEP_GENERAL,	/* expressions, signal frames: derived each time */
	STEP_END,	/* the outermost frame: no return address */
};

enum site_rbp { RBP_SAME, RBP_AT_CFA, RBP_AT_RBP };

/* 32 bytes: two to a cache line, none across. */
struct site {
	uint64_t	key;		/* address << 1 | is exact; 0 = empty.
					 * Written last */
	struct tree_key	frame;		/* module, offset, kind */
	uint32_t	epoch;		/* of modules, when last found valid */
	int32_t		cfa_offset;
	int16_t		rbp_offset;
	uint8_t		step : 3;	/* enum site_step */
	uint8_t		rbp : 2;	/* enum site_rbp */
	uint8_t		cfa_is_rbp : 1;	/* else rsp */
	uint8_t		is_signal : 1;	/* the caller was interrupted */
};

/* The module of a site; 0: none. */
static inline uint32_t
site_module(const struct site *site)
{
	return site->frame.module_kind >> NODE_MODULE_SHIFT;
}

/* The table, for site_find() alone. */
struct site_table {
	uint32_t	shift;		/* 64 - log2 of the size */
	uint32_t	mask;		/* size - 1 */
	uint32_t	n_used;		/* atomic; includes dead ones */
	size_t		map_size;
	struct site	sites[] __attribute__((aligned(64)));
};

extern struct site_table *sites_table ATTR_HIDDEN;
extern uint32_t modules_epoch ATTR_HIDDEN;

const struct site *site_find_slow(uintptr_t pc, bool is_exact,
    struct site *fallback);

/* Fibonacci hashing: the upper bits of the product depend on all of the
 * address. */
static ATTR_INLINE uint32_t
site_place(const struct site_table *table, uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15ull >> table->shift);
}

/* The entry of a return address, if it is there and easily found. */
static ATTR_INLINE const struct site *
site_peek(uintptr_t pc)
{
	/* ORDER site-table: other end grow(). */
	const struct site_table *table = load_acquire(&sites_table);
	const struct site *site;

	if (unlikely(table == NULL))
		return NULL;
	site = &table->sites[site_place(table, (uint64_t)pc << 1)];
	/* ORDER site: other end publish(). */
	return load_acquire(&site->key) == (uint64_t)pc << 1 &&
	    site->epoch == load_relaxed(&modules_epoch) ? site : NULL;
}

/*
 * The entry of an address; is_exact: not a return address but where a signal
 * interrupted.  `fallback` is the caller's, filled in and returned when the
 * address must not be cached (code outside modules) or no memory is left.
 */
static ATTR_INLINE const struct site *
site_find(uintptr_t pc, bool is_exact, struct site *fallback)
{
	/* ORDER site-table: other end grow(). */
	const struct site_table *table = load_acquire(&sites_table);
	uint64_t key = (uint64_t)pc << 1 | is_exact;
	const struct site *site;

	if (likely(table != NULL)) {
		site = &table->sites[site_place(table, key)];
		/* ORDER site: other end publish(). */
		if (likely(load_acquire(&site->key) == key) &&
		    likely(site->epoch == load_relaxed(&modules_epoch)))
			return site;
	}
	return site_find_slow(pc, is_exact, fallback);
}

/* The full row of unwind information, for STEP_GENERAL. */
bool site_row(uintptr_t pc, bool is_exact, struct cfi_row *row);

void sites_abandon(void);	/* fork child: module ids changed */

#endif
