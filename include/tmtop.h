/*
 * tmtop.h - for programs that want to be asked about their memory.
 *
 * Include it anywhere: there is nothing to link.  Under tmtop the functions
 * do what they say; without it each is a test of one address, and returns
 * TMTOP_NOT_TRACED.  C and C++, any thread, also in signal handlers; none
 * allocates, blocks or changes errno.
 *
 * What they change holds for all processes of the run.
 */
#ifndef TMTOP_H
#define TMTOP_H

#ifdef __cplusplus
extern "C" {
#endif

#define TMTOP_NOT_TRACED	(-2)

/* What tmtop brings along; call the functions below instead. */
extern int tmtop_hook_start(void) __attribute__((weak));
extern int tmtop_hook_stop(void) __attribute__((weak));
extern int tmtop_hook_hold(void) __attribute__((weak));
extern int tmtop_hook_is_tracing(void) __attribute__((weak));
extern int tmtop_hook_clear_traces(void) __attribute__((weak));
extern int tmtop_hook_reset_peak(void) __attribute__((weak));
extern int tmtop_hook_mark(const char *name) __attribute__((weak));

/*
 * For a program that is not position independent the linker decides that what
 * is weak and not there never will be, unless it is looked up in the table
 * that the loader fills in.  Elsewhere compilers do that by themselves.
 */
#if defined(__x86_64__) && defined(__LP64__) && !defined(__PIC__)
#define TMTOP_LOOK_UP(function, result)					\
	__asm__(".weak " #function "\n\tmovq " #function		\
	    "@GOTPCREL(%%rip), %0" : "=r"(result))
#else
#define TMTOP_LOOK_UP(function, result)	(result = function)
#endif

#define TMTOP_CALL(function, parameters, arguments) do {		\
	int (*tmtop_call)parameters;					\
									\
	TMTOP_LOOK_UP(function, tmtop_call);				\
	return tmtop_call ? tmtop_call arguments : TMTOP_NOT_TRACED;	\
} while (0)

/* Record allocations (again): after tmtop_stop(), tmtop_hold(), or when the
 * run began with --stopped.  0. */
static inline int
tmtop_start(void)
{
	TMTOP_CALL(tmtop_hook_start, (void), ());
}

/* Forget all blocks and record nothing.  0. */
static inline int
tmtop_stop(void)
{
	TMTOP_CALL(tmtop_hook_stop, (void), ());
}

/* Record no new blocks, but follow those recorded: what is freed or resized
 * is still seen.  0. */
static inline int
tmtop_hold(void)
{
	TMTOP_CALL(tmtop_hook_hold, (void), ());
}

/* 1: new blocks are recorded.  0: stopped or held. */
static inline int
tmtop_is_tracing(void)
{
	TMTOP_CALL(tmtop_hook_is_tracing, (void), ());
}

/* Forget all blocks, and go on recording.  0. */
static inline int
tmtop_clear_traces(void)
{
	TMTOP_CALL(tmtop_hook_clear_traces, (void), ());
}

/* The peak is what is traced now.  0. */
static inline int
tmtop_reset_peak(void)
{
	TMTOP_CALL(tmtop_hook_reset_peak, (void), ());
}

/*
 * Remember this moment: viewers can tell afterwards what was live now, by
 * traceback.  A moment is kept until the next.  name: at most 31 bytes are
 * kept for viewers; NULL: none.  0.
 */
static inline int
tmtop_mark(const char *name)
{
	TMTOP_CALL(tmtop_hook_mark, (const char *), (name));
}

#undef TMTOP_CALL
#undef TMTOP_LOOK_UP

#ifdef __cplusplus
}
#endif

#endif
