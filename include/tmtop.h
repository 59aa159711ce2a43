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

#define TMTOP_CALL(function, arguments)					\
	(function ? function arguments : TMTOP_NOT_TRACED)

/* Record allocations (again): after tmtop_stop(), tmtop_hold(), or when the
 * run began with --stopped.  0. */
static inline int
tmtop_start(void)
{
	return TMTOP_CALL(tmtop_hook_start, ());
}

/* Forget all blocks and record nothing.  0. */
static inline int
tmtop_stop(void)
{
	return TMTOP_CALL(tmtop_hook_stop, ());
}

/* Record no new blocks, but follow those recorded: what is freed or resized
 * is still seen.  0. */
static inline int
tmtop_hold(void)
{
	return TMTOP_CALL(tmtop_hook_hold, ());
}

/* 1: new blocks are recorded.  0: stopped or held. */
static inline int
tmtop_is_tracing(void)
{
	return TMTOP_CALL(tmtop_hook_is_tracing, ());
}

/* Forget all blocks, and go on recording.  0. */
static inline int
tmtop_clear_traces(void)
{
	return TMTOP_CALL(tmtop_hook_clear_traces, ());
}

/* The peak is what is traced now.  0. */
static inline int
tmtop_reset_peak(void)
{
	return TMTOP_CALL(tmtop_hook_reset_peak, ());
}

/*
 * Remember this moment: viewers can tell afterwards what was live now, by
 * traceback.  A moment is kept until the next.  name: at most 31 bytes are
 * kept for viewers; NULL: none.  0.
 */
static inline int
tmtop_mark(const char *name)
{
	return TMTOP_CALL(tmtop_hook_mark, (name));
}

#undef TMTOP_CALL

#ifdef __cplusplus
}
#endif

#endif
