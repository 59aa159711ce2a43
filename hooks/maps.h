/*
 * maps.h - /proc/self/maps without libc (L2).
 *
 * Context    Guard held, any thread.  A descriptor is open meanwhile, no
 *            lock, no allocation, below 2 KiB of stack.
 */
#ifndef TMTOP_HOOKS_MAPS_H
#define TMTOP_HOOKS_MAPS_H

#include "base/compiler.h"

struct mapping {
	uintptr_t	start, end;
	bool		is_readable, is_executable;
};

/* Called for each mapping in order of address; false: enough seen. */
typedef bool maps_visitor(void *context, const struct mapping *mapping);

void maps_visit(maps_visitor *visitor, void *context);

/* The mapping that holds this address; false: none, or /proc is not there. */
bool maps_find(uintptr_t address, struct mapping *mapping);

#endif
