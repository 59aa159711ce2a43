/*
 * real.h - the next definition of each hooked function, and the memory that
 * serves while they are looked up (L2).
 */
#ifndef TMTOP_HOOKS_REAL_H
#define TMTOP_HOOKS_REAL_H

#include "base/compiler.h"
#include "hooks/hook_list.h"

#include <sys/types.h>

struct real_functions {
#define H(name, required, type, parameters) type (*name) parameters;
	HOOK_LIST(H)
#undef H
};

/* Complete once real_resolve() has returned true; entries that the libc does
 * not have are NULL. */
extern struct real_functions real ATTR_HIDDEN;

/* Look all of them up (RTLD_NEXT).  May call malloc: the caller serves such
 * calls from the bootstrap arena.  False: a required one is missing. */
bool real_resolve(void);

/*
 * Bootstrap memory, 16-byte aligned, zeroed, never given back.  Any thread,
 * no lock.  NULL only when the kernel has no memory left.
 */
void *bootstrap_alloc(size_t size, size_t alignment);

/* Blocks from there are recognised for ever: programs free them later. */
bool bootstrap_owns(const void *block);

/* False: surely not.  A range that holds them all, and others perhaps. */
extern uintptr_t bootstrap_low ATTR_HIDDEN, bootstrap_span ATTR_HIDDEN;

static ATTR_INLINE bool
bootstrap_may_own(const void *block)
{
	return unlikely((uintptr_t)block - bootstrap_low < bootstrap_span);
}
size_t bootstrap_size(const void *block);

#endif
