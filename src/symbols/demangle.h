/*
 * demangle.h - C++ and Rust names as people write them (L4, helper).
 */
#ifndef TMTOP_SYMBOLS_DEMANGLE_H
#define TMTOP_SYMBOLS_DEMANGLE_H

#include "base/compiler.h"

/*
 * A linkage name as text: without return type and parameters, template
 * arguments kept, a Rust hash removed.  A name that is not mangled is
 * copied.
 *
 * to, room   where; cut to room - 1 bytes and terminated
 * Returns    the length of what was written
 * Context    One thread.  Bounded stack; the time is the watchdog's affair.
 */
size_t demangle(char *to, size_t room, const char *mangled);

#endif
