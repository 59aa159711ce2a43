/*
 * exec_maps.h - is this address executable code outside any module? (L2)
 *
 * Only asked for frames of generated code (JIT), which have no unwind
 * information: a guessed return address must at least lead to code.
 * Context    Guard held, any thread.  Reads /proc/self/maps now and then.
 */
#ifndef TMTOP_HOOKS_EXEC_MAPS_H
#define TMTOP_HOOKS_EXEC_MAPS_H

#include "base/compiler.h"

bool exec_maps_contain(uintptr_t address);

#endif
