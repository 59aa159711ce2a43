/*
 * xalloc.h - memory for tmtop's own processes: allocate or die (L0h).
 *
 * The viewer may die of memory, the traced program survives it.  Before the
 * one line on stderr, xalloc_on_death is called, so that a terminal in raw
 * mode is given back first.  Sizes are checked for overflow.  Memory is
 * released with free().
 */
#ifndef TMTOP_UTIL_XALLOC_H
#define TMTOP_UTIL_XALLOC_H

#include "base/compiler.h"

/* Called once when memory ran out, before the message; NULL: nothing to do.
 * It must not allocate. */
extern void (*xalloc_on_death)(void);

/* None of these returns NULL, also not for size 0. */
void *xmalloc(size_t size)
    __attribute__((malloc, returns_nonnull, alloc_size(1)));
void *xcalloc(size_t n, size_t size)
    __attribute__((malloc, returns_nonnull, alloc_size(1, 2)));
void *xrealloc(void *old, size_t size)
    __attribute__((returns_nonnull, alloc_size(2)));

/* An array of n items, contents as far as the old one went. */
void *xreallocarray(void *old, size_t n, size_t size)
    __attribute__((returns_nonnull, alloc_size(2, 3)));

/* Copies; xstrndup stops at a NUL or after n bytes and always terminates. */
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *text, size_t n)
    __attribute__((malloc, returns_nonnull));

/* n bytes as they are, NULs included, plus a NUL behind them. */
char *xmemdup(const void *bytes, size_t n)
    __attribute__((malloc, returns_nonnull));

/* End tmtop: call the hook, say that `size` bytes were not to be had. */
void xalloc_die(size_t size) ATTR_NORETURN ATTR_COLD;

#endif
