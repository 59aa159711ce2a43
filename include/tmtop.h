/*
 * tmtop.h - for programs that want to be asked about their memory.
 *
 * Include it anywhere: there is nothing to link.  Under tmtop the functions
 * do what they say; without it each is a test of one address, and returns
 * TMTOP_NOT_TRACED.  C and C++, any thread, also in signal handlers; none
 * allocates or changes errno, and only those wait that say so.
 *
 * What they change holds for all processes of the run; what they tell is of
 * this one.  tmtop.h(3) says more.
 */
#ifndef TMTOP_H
#define TMTOP_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TMTOP_NOT_TRACED	(-2)
#define TMTOP_BAD_FILTER	(-3)	/* tmtop_get_growth() */

/*
 * What a thread has done to malloc's memory in a region, those in it included.
 * Net is what it has allocated less what it has freed, which may have been
 * there before; all are 0 without tmtop.
 */
struct tmtop_region {
	long long	net_bytes, net_blocks;
	long long	peak_bytes;		/* most that net_bytes was */
	long long	allocated_bytes, allocated_blocks;
};

/* What is live now less what was live at the latest mark. */
struct tmtop_growth {
	long long	bytes, blocks;
};

/* What tmtop brings along; call the functions below instead. */
extern int tmtop_hook_start(void) __attribute__((weak));
extern int tmtop_hook_stop(void) __attribute__((weak));
extern int tmtop_hook_hold(void) __attribute__((weak));
extern int tmtop_hook_is_tracing(void) __attribute__((weak));
extern int tmtop_hook_clear_traces(void) __attribute__((weak));
extern int tmtop_hook_reset_peak(void) __attribute__((weak));
extern int tmtop_hook_mark(const char *name) __attribute__((weak));
extern int tmtop_hook_get_traced_memory(size_t *current, size_t *peak)
    __attribute__((weak));
extern int tmtop_hook_get_tracing_memory(size_t *bytes)
    __attribute__((weak));
extern int tmtop_hook_get_traceback_limit(void) __attribute__((weak));
extern int tmtop_hook_set_traceback_limit(unsigned n_frames)
    __attribute__((weak));
extern int tmtop_hook_get_traceback(unsigned domain, const void *address,
    void **frames, int room, int *total_nframe) __attribute__((weak));
extern int tmtop_hook_track(unsigned domain, const void *address, size_t size)
    __attribute__((weak));
extern int tmtop_hook_untrack(unsigned domain, const void *address)
    __attribute__((weak));
extern int tmtop_hook_touch(unsigned domain, const void *address)
    __attribute__((weak));
extern int tmtop_hook_name_domain(unsigned domain, const char *name)
    __attribute__((weak));
extern int tmtop_hook_region_begin(const void *region, const char *name)
    __attribute__((weak));
extern int tmtop_hook_region_read(struct tmtop_region *region, size_t size,
    int ends) __attribute__((weak));
extern int tmtop_hook_get_growth(const char *filter,
    struct tmtop_growth *growth) __attribute__((weak));
extern int tmtop_hook_snapshot(const char *path) __attribute__((weak));

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

/* Never a frame of its own. */
#define TMTOP_INLINE	static inline __attribute__((always_inline, unused))

#define TMTOP_CALL(function, parameters, arguments) do {		\
	int (*tmtop_call)parameters;					\
									\
	TMTOP_LOOK_UP(function, tmtop_call);				\
	return tmtop_call ? tmtop_call arguments : TMTOP_NOT_TRACED;	\
} while (0)

/* Record allocations (again): after tmtop_stop(), tmtop_hold(), or when the
 * run began with --stopped.  0. */
TMTOP_INLINE int
tmtop_start(void)
{
	TMTOP_CALL(tmtop_hook_start, (void), ());
}

/* Forget all blocks and record nothing.  0. */
TMTOP_INLINE int
tmtop_stop(void)
{
	TMTOP_CALL(tmtop_hook_stop, (void), ());
}

/* Record no new blocks, but follow those recorded: what is freed or resized
 * is still seen.  0. */
TMTOP_INLINE int
tmtop_hold(void)
{
	TMTOP_CALL(tmtop_hook_hold, (void), ());
}

/* 1: new blocks are recorded.  0: stopped or held. */
TMTOP_INLINE int
tmtop_is_tracing(void)
{
	TMTOP_CALL(tmtop_hook_is_tracing, (void), ());
}

/* Forget all blocks, and go on recording.  0. */
TMTOP_INLINE int
tmtop_clear_traces(void)
{
	TMTOP_CALL(tmtop_hook_clear_traces, (void), ());
}

/* The peak is what is traced now.  0. */
TMTOP_INLINE int
tmtop_reset_peak(void)
{
	TMTOP_CALL(tmtop_hook_reset_peak, (void), ());
}

/*
 * Remember this moment: viewers can tell afterwards what was live now, by
 * traceback.  A moment is kept until the next.  name: at most 31 bytes are
 * kept for viewers; NULL: none.  0.
 */
TMTOP_INLINE int
tmtop_mark(const char *name)
{
	TMTOP_CALL(tmtop_hook_mark, (const char *), (name));
}

/* ---- questions ---- */

/* Live bytes, and the most there were since the peak was reset; both 0 when
 * recording is stopped.  Either may be NULL.  0. */
TMTOP_INLINE int
tmtop_get_traced_memory(size_t *current, size_t *peak)
{
	TMTOP_CALL(tmtop_hook_get_traced_memory, (size_t *, size_t *),
	    (current, peak));
}

/* Bytes of memory that tmtop uses in this process for its tables.  0. */
TMTOP_INLINE int
tmtop_get_tracing_memory(size_t *bytes)
{
	TMTOP_CALL(tmtop_hook_get_tracing_memory, (size_t *), (bytes));
}

/* Most frames that are stored of a traceback. */
TMTOP_INLINE int
tmtop_get_traceback_limit(void)
{
	TMTOP_CALL(tmtop_hook_get_traceback_limit, (void), ());
}

/* Store only so many frames from now on, the most recent ones; 0: as the run
 * began.  0; -1: more than 65535. */
TMTOP_INLINE int
tmtop_set_traceback_limit(unsigned n_frames)
{
	TMTOP_CALL(tmtop_hook_set_traceback_limit, (unsigned), (n_frames));
}

/*
 * Where a live block (TMTOP_MALLOC) or object was allocated: up to `room`
 * return addresses, most recent first.  How many; -1: nothing is known of it.
 * *total_nframe, if not NULL: how many there were before the limit.
 */
TMTOP_INLINE int
tmtop_get_traceback(unsigned domain, const void *address, void **frames,
    int room, int *total_nframe)
{
	TMTOP_CALL(tmtop_hook_get_traceback, (unsigned, const void *, void **,
	    int, int *), (domain, address, frames, room, total_nframe));
}

/*
 * ---- objects of the program's own ----
 *
 * Objects that a pool hands out from its blocks, or memory that malloc knows
 * nothing of, in a domain of their own: 2 to 65535.  An address may be any
 * number, and in use once in each domain.  Calls for one object wait for each
 * other, at most half a second.
 */
#define TMTOP_MALLOC	0u		/* the domain of malloc's blocks */

/* An object was handed out, in place of what was at this address.  0; -1: it
 * cannot be recorded; TMTOP_NOT_TRACED. */
TMTOP_INLINE int
tmtop_track(unsigned domain, const void *address, size_t size)
{
	TMTOP_CALL(tmtop_hook_track, (unsigned, const void *, size_t),
	    (domain, address, size));
}

/* An object was given back, if it was known.  0; TMTOP_NOT_TRACED. */
TMTOP_INLINE int
tmtop_untrack(unsigned domain, const void *address)
{
	TMTOP_CALL(tmtop_hook_untrack, (unsigned, const void *),
	    (domain, address));
}

/* An object or a block (TMTOP_MALLOC) is used anew: from now on it has the
 * traceback of this call, and its size still.  0; -1: nothing is known of
 * it; TMTOP_NOT_TRACED. */
TMTOP_INLINE int
tmtop_touch(unsigned domain, const void *address)
{
	TMTOP_CALL(tmtop_hook_touch, (unsigned, const void *),
	    (domain, address));
}

/* What viewers call a domain: at most 27 bytes.  0; -1: 32 have names. */
TMTOP_INLINE int
tmtop_name_domain(unsigned domain, const char *name)
{
	TMTOP_CALL(tmtop_hook_name_domain, (unsigned, const char *),
	    (domain, name));
}

/*
 * ---- regions ----
 *
 * A piece of code and what it calls, as long as the thread is in it; up to 16
 * in each other.  Viewers show what was allocated there below a frame of the
 * region's name (at most 63 bytes).
 *
 *	TMTOP_REGION("name");		to the end of the block it stands in
 *	TMTOP_REGION_AS(parse, "parse");	the same with a variable:
 *	tmtop_region_read(&parse);	... parse.net_bytes
 *
 *	struct tmtop_region parse;	or from call to call, in one thread;
 *	tmtop_region_begin(&parse, "parse");	it may not move meanwhile
 *	tmtop_region_end(&parse);
 */
#define TMTOP_REGION_AS(variable, name)					\
	struct tmtop_region variable					\
	    __attribute__((cleanup(tmtop_region_leave), unused)),	\
	    *TMTOP_JOIN(tmtop_opened_, __LINE__) __attribute__((unused)) \
	    = tmtop_region_enter(&variable, name)
#define TMTOP_REGION(name)						\
	TMTOP_REGION_AS(TMTOP_JOIN(tmtop_region_, __LINE__), name)
#define TMTOP_JOIN(a, b)	TMTOP_JOIN_(a, b)
#define TMTOP_JOIN_(a, b)	a##b

/* 0; -1: too many, nothing is counted; TMTOP_NOT_TRACED. */
TMTOP_INLINE int
tmtop_region_begin(struct tmtop_region *region, const char *name)
{
	region->net_bytes = region->net_blocks = region->peak_bytes = 0;
	region->allocated_bytes = region->allocated_blocks = 0;
	TMTOP_CALL(tmtop_hook_region_begin, (const void *, const char *),
	    (region, name));
}

/* What it has become so far, or at its end.  0; -1, with the region as it is:
 * it is not open in this thread; TMTOP_NOT_TRACED. */
TMTOP_INLINE int
tmtop_region_read(struct tmtop_region *region)
{
	TMTOP_CALL(tmtop_hook_region_read, (struct tmtop_region *, size_t,
	    int), (region, sizeof *region, 0));
}

TMTOP_INLINE int
tmtop_region_end(struct tmtop_region *region)
{
	TMTOP_CALL(tmtop_hook_region_read, (struct tmtop_region *, size_t,
	    int), (region, sizeof *region, 1));
}

TMTOP_INLINE struct tmtop_region *
tmtop_region_enter(struct tmtop_region *region, const char *name)
{
	tmtop_region_begin(region, name);
	return region;
}

TMTOP_INLINE void
tmtop_region_leave(struct tmtop_region *region)
{
	tmtop_region_end(region);
}

/*
 * ---- what the viewer knows ----
 *
 * These ask tmtop and wait for its answer, at most 10 s; it may have files to
 * read for names.  Not in signal handlers.
 */

/*
 * What this process has more than at its latest tmtop_mark(), or than nothing,
 * where a filter holds (as those of --filter; NULL: everywhere).  0; -1: there
 * is no answer; TMTOP_BAD_FILTER; TMTOP_NOT_TRACED.  But for 0 growth is 0.
 *
 *	struct tmtop_growth growth;
 *	tmtop_mark("before");
 *	...
 *	tmtop_get_growth("*" "/cache.c", &growth);
 *	assert(growth.bytes <= 0);
 */
TMTOP_INLINE int
tmtop_get_growth(const char *filter, struct tmtop_growth *growth)
{
	growth->bytes = growth->blocks = 0;
	TMTOP_CALL(tmtop_hook_get_growth, (const char *,
	    struct tmtop_growth *), (filter, growth));
}

/* Have tmtop save what it sees now to a file (.tms).  0; -1: not done;
 * TMTOP_NOT_TRACED. */
TMTOP_INLINE int
tmtop_snapshot(const char *path)
{
	TMTOP_CALL(tmtop_hook_snapshot, (const char *), (path));
}

#undef TMTOP_CALL
#undef TMTOP_INLINE
#undef TMTOP_LOOK_UP

#ifdef __cplusplus
}
#endif

#endif
