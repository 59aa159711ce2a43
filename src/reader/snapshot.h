/*
 * snapshot.h - the state of a run at one reading, immutable (L3).
 *
 * One `trace` is one distinct traceback of one process with its live and
 * cumulative counters; tracemalloc's list of blocks appears here already
 * summed.  Stacks are ids of a frame_store that outlives the snapshot.
 * Totals are computed from the same reading as the traces.
 *
 * The blocks themselves are read only when asked for (reader_want_blocks):
 * they are as many as the program has, and they are read after the traces,
 * one by one while it runs.  So the sum of a trace's blocks is its size when
 * the program is at rest; else they differ by what came and went meanwhile.
 * Survivors of a mark are counted from the blocks, and so as near as these.
 */
#ifndef TMTOP_READER_SNAPSHOT_H
#define TMTOP_READER_SNAPSHOT_H

#include "reader/frames.h"

#include <sys/types.h>

enum trace_flag {
	TRACE_GUESSED	= 1,	/* has frames found by frame pointer only */
	TRACE_CUT	= 2,	/* the walk ended early */
	TRACE_TRUNCATED	= 4,	/* fewer frames stored than there were */
};

struct trace {
	uint64_t	size;		/* live bytes, as asked for */
	uint64_t	count;		/* live blocks */
	uint64_t	allocs;		/* allocations ever */
	uint64_t	allocated;	/* bytes ever */
	uint64_t	temporary;	/* blocks freed by the next event */
	/* of the live ones, those born after the mark that was asked about;
	 * only with snapshot.has_survivors */
	uint64_t	survivor_size, survivor_count;
	uint32_t	stack;		/* most recent frame, in frame_store */
	uint32_t	process;	/* index into snapshot.processes */
	uint32_t	thread;		/* that allocated: index into
					 * snapshot.threads, + 1; 0: threads
					 * are not told apart */
	uint32_t	total_nframe;	/* before truncation; 0: unknown */
	uint16_t	domain;
	uint16_t	flags;		/* enum trace_flag */
};

/* One live block.  Of a sample: one of those that stand for all. */
struct live_block {
	uint64_t	address;
	uint64_t	size;
	uint32_t	trace;		/* index into snapshot.traces */
	uint32_t	generation;	/* see struct birth */
};

/*
 * When blocks were made, in marks: each mark begins a generation, and clearing
 * the traces begins with the first one again.  Blocks of a generation before a
 * mark's were made before that mark.  Generation 0: not known.
 */
#define GENERATION_OF_START	1u
struct birth {
	uint32_t	clear_epoch;
	uint32_t	generation;
};

/* A thread that has allocated, told apart from the others (--by-thread). */
struct snapshot_thread {
	uint32_t	process;	/* index into snapshot.processes */
	pid_t		tid;
	bool		has_exited;
	char		name[64];	/* sanitised, "" if unknown */
};

/* Exact integers; sizes in bytes.  Field names are those of the JSON sample. */
struct totals {
	uint64_t	traced_bytes, peak_bytes, blocks;
	uint64_t	allocs, frees, allocated_bytes;
	uint64_t	tracebacks;
	uint64_t	overhead_bytes;		/* the hook's own memory */
	uint64_t	rss_bytes;
	/* coverage; the last two are 0 when the kernel does not say, as of a
	 * process that has ended */
	uint64_t	heap_bytes;		/* traced, of domain 0: malloc's */
	uint64_t	anon_bytes;		/* anonymous memory, resident */
	uint64_t	retained_bytes;		/* of that neither malloc's blocks
						 * nor the hook's own */
	/* the tables, of overhead_bytes */
	uint64_t	frame_bytes, traceback_bytes, block_bytes;
	uint64_t	uninterned_bytes;	/* if every live block had a list
						 * of its frames' addresses */
	uint64_t	lost, lost_bytes;	/* allocations not recorded */
	uint64_t	truncated, guessed, cut; /* captures */
	uint64_t	captures;
	uint64_t	unknown_frees;		/* of blocks never recorded */
	uint64_t	skew_bytes;		/* allocated and freed meanwhile */
	uint64_t	sample_bytes;		/* 0; else all counts and sizes
						 * are estimates of a sample */
	uint64_t	unwind_compared, unwind_mismatches;
	bool		is_memory_refused; /* lost, and not by --table-size */
};

/* What to do about lost > 0, a few words. */
const char *totals_lost_advice(const struct totals *totals);

enum process_state {
	PROCESS_RUNNING,
	PROCESS_EXITED,		/* status: wait status when known, else -1 */
	PROCESS_EXECED,		/* replaced itself by another program */
};

struct process {
	pid_t		pid, ppid;
	enum process_state state;
	int		wait_status;	/* -1 unknown */
	uint32_t	n_threads;
	uint64_t	start_ns;	/* CLOCK_MONOTONIC */
	uint64_t	inherited_bytes; /* live in the parent at fork */
	bool		is_fork;	/* of a traced process, no exec since */
	bool		is_corrupt;	/* tables failed a check; partly shown */
	char		name[64];	/* sanitised basename of the program */
	char		command[256];	/* sanitised command line, cut */
	char		allocator[64];	/* whose malloc it is, sanitised: glibc,
					 * jemalloc, a file; own: the program's,
					 * which is not traced; "" unknown */
	struct totals	totals;
};

/* What becomes of new blocks; when stopped, nothing is known of old ones
 * either. */
enum record_mode { RECORD_ON, RECORD_HELD, RECORD_STOPPED, N_RECORD_MODES };

/* A domain of the program's own that has a name; printable. */
struct named_domain {
	uint32_t	domain;
	char		name[128];
};

struct snapshot {
	uint64_t	time_ns;	/* CLOCK_MONOTONIC of the reading */
	struct totals	totals;		/* sums of what counts (see below) */
	uint32_t	n_traces;
	uint32_t	n_processes;
	struct trace	*traces;
	struct process	*processes;
	uint32_t	n_threads;	/* 0: not told apart */
	struct snapshot_thread *threads;
	uint32_t	n_domains;	/* that have names */
	struct named_domain *domains;
	/* ordered by trace, then address; NULL unless asked for */
	struct live_block *blocks;
	size_t		n_blocks;
	struct birth	birth;		/* of a block made right then */
	bool		has_survivors;	/* trace.survivor_* are known */
	struct birth	survivors_since; /* of the mark they are of */
	uint32_t	n_references;	/* see take/release */
	bool		is_corrupt;	/* some table failed a check */
	char		corruption[160]; /* which, one line, "" if none */
};

/*
 * Which processes' live blocks count: while any traced process runs, only
 * those of running ones (an exited process owns no memory any more); when
 * all have ended, the last state of each.  Cumulative figures (allocs, frees,
 * allocated_bytes, lost ...) always cover all.
 */

/* The blocks of a trace; *n is 0 where there are none, or they were not asked
 * for.  Borrowed from the snapshot. */
const struct live_block *snapshot_blocks(const struct snapshot *snapshot,
    uint32_t trace, size_t *n);

/* What a domain is called: "malloc", "mmap" or as the program says; NULL: it
 * has no name.  And the domain of that name; -1: there is none. */
const char *snapshot_domain_name(const struct snapshot *snapshot,
    uint32_t domain);
int snapshot_find_domain(const struct snapshot *snapshot, const char *name);

/* Counted references: a mark and the current view may share one. */
struct snapshot *snapshot_take(struct snapshot *snapshot);
void snapshot_release(struct snapshot *snapshot);	/* NULL is fine */

/* An empty snapshot with one reference and room for the given numbers;
 * caller fills it before anybody else sees it. */
struct snapshot *snapshot_new(uint32_t n_traces, uint32_t n_processes);

#endif
