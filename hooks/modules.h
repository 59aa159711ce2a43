/*
 * modules.h - the loaded objects that code was seen in (L2).
 *
 * Unloading is noticed without interposing dlclose: ld.so gives a module's
 * link_map back through the program's own free(), so a freed address that is
 * a known link_map says which module is gone.
 * Context    Guard held, any thread, no locks.
 */
#ifndef TMTOP_HOOKS_MODULES_H
#define TMTOP_HOOKS_MODULES_H

#include "base/compiler.h"

struct dl_find_object;

enum module_state {
	MODULE_NONE, MODULE_CLAIMED, MODULE_ALIVE, MODULE_GONE
};

/* Never moved; an entry whose module is gone may serve another one later,
 * with another id. */
struct module {
	uintptr_t	load_bias;
	uintptr_t	map_start, map_end;
	const void	*link_map;
	uint32_t	id;		/* in SECTION_MODULES */
	uint32_t	is_alive;	/* enum module_state, atomic */
};

/* The module that _dl_find_object() described, made known when new; NULL when
 * there is no room. */
const struct module *modules_intern(const struct dl_find_object *found);

/* The executable's program headers (AT_PHDR, AT_PHNUM), once. */
void modules_set_program(const void *headers, unsigned n);

/* Is the module with this id (not 0) still loaded? */
bool modules_is_alive(uint32_t id);

/* Advances with every unload: what was derived from a module before may be
 * stale if the module is not alive any more. */
extern uint32_t modules_epoch ATTR_HIDDEN;

/* One bit per hash of a known link_map address: nearly every free() of a
 * process that records nothing ends its check here.  While recording, the
 * block record of a link_map is flagged. */
#define MODULE_FILTER_BITS	4096u
extern uint64_t modules_filter[MODULE_FILTER_BITS / 64] ATTR_HIDDEN;

static inline uint32_t
module_filter_bit(const void *address)
{
	return (uint32_t)((uintptr_t)address * 0x9e3779b97f4a7c15ull >> 52);
}

void modules_unloaded_slow(const void *link_map);

/* False: surely no link_map. */
static inline bool
modules_may_be(const void *block)
{
	uint32_t bit = module_filter_bit(block);

	return unlikely(modules_filter[bit / 64] >> (bit % 64) & 1);
}

/* To be called with blocks that are freed: any, or those with the flag. */
static inline void
modules_check_free(const void *block)
{
	if (modules_may_be(block))
		modules_unloaded_slow(block);
}

/* Fork child: same modules, but their records are in the parent's tables. */
void modules_abandon(void);

#endif
