/*
 * compiler.h - what the compiler offers, under one name each (L0).
 *
 * The only place with conditionals on the compiler.
 */
#ifndef TMTOP_BASE_COMPILER_H
#define TMTOP_BASE_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)

#define ATTR_PRINTF(f, a)	__attribute__((format(printf, f, a)))
#define ATTR_COLD		__attribute__((cold, noinline))
#define ATTR_NOINLINE		__attribute__((noinline))
#define ATTR_INLINE		__attribute__((always_inline)) inline
#define ATTR_NORETURN		__attribute__((noreturn))
#define ATTR_UNUSED		__attribute__((unused))
#define ATTR_WEAK		__attribute__((weak))
#define ATTR_EXPORT		__attribute__((visibility("default")))
/* For declarations: reached without a detour through the GOT. */
#define ATTR_HIDDEN		__attribute__((visibility("hidden")))

/* Thread-local storage that costs one instruction and never allocates: the
 * dynamic models call __tls_get_addr, which may call malloc. */
#define THREAD_LOCAL	__thread __attribute__((tls_model("initial-exec")))

#define array_size(a)		(sizeof(a) / sizeof((a)[0]))

/* Stops the compiler, not the processor, from moving memory accesses. */
#define compiler_barrier()	__asm__ volatile("" ::: "memory")

#endif
