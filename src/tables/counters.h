/*
 * counters.h - what happened at each traceback (L1).
 *
 * While the process has one thread (`own` NULL) changes are plain writes.
 * With more, each gathers its changes in a delta block of its own, in the
 * segment, and adds them to the tracebacks when it needs the room.
 *
 * Amounts are bytes and blocks; of a sample they are estimates, and blocks
 * count in units of 1 / SAMPLE_UNIT.
 * Context    Hook side, guard held, any thread.  No system call, no lock.
 */
#ifndef TMTOP_TABLES_COUNTERS_H
#define TMTOP_TABLES_COUNTERS_H

#include "tables/layout.h"

struct amount {
	uint64_t	bytes;
	uint64_t	count;
};

/*
 * The writer: which way to write.  alone: the process has one thread.  own:
 * this thread's delta block; NULL with alone false: there was none to be had,
 * and each change is added at once.
 */
struct writer {
	const struct control *control;
	struct delta_block *own;
	bool		 alone;
};

/* Blocks came alive at this traceback (id != 0). */
void counters_add(const struct writer *writer, uint32_t traceback,
    struct amount amount);

/* Some of its blocks died; temporary: by their thread's next event. */
void counters_remove(const struct writer *writer, uint32_t traceback,
    struct amount amount, bool temporary);

/* The traceback counts: traces were not cleared since it was made. */
bool counters_is_known(const struct control *control, uint32_t traceback);

/* A block lost part of its bytes and stays one block. */
void counters_shrink(const struct writer *writer, uint32_t traceback,
    uint64_t by);

/*
 * Live bytes of this process, and the most there were since the peak was
 * reset.  Exact with one thread; with more the peak may miss DELTA_FLUSH_BYTES
 * of each.  Without the guard, too.
 */
void counters_totals(const struct control *control, uint64_t *current,
    uint64_t *peak);

/* An allocation that cannot be recorded. */
void counters_lose(uint64_t size, bool nested);

/* A delta block for a new thread; NULL: no room. */
struct delta_block *deltas_take(const struct control *control,
    uint32_t owner);

/* Add all that a thread has gathered, and give its block back. */
void deltas_give(const struct control *control, struct delta_block *block);

/* Fork child: the blocks are the parent's. */
void deltas_abandon(void);

#endif
