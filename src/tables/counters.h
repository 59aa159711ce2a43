/*
 * counters.h - what happened at each traceback (L1).
 *
 * Context    Hook side, guard held, any thread.  `alone` says that the
 *            process has one thread: plain instead of atomic additions.
 *            No system call, no lock.
 */
#ifndef TMTOP_TABLES_COUNTERS_H
#define TMTOP_TABLES_COUNTERS_H

#include "tables/layout.h"

/* A block of `size` bytes came alive at this traceback (id != 0). */
void counters_add(const struct control *control, uint32_t traceback,
    uint64_t size, bool alone);

/* One of its blocks died; temporary: by its thread's next event. */
void counters_remove(const struct control *control, uint32_t traceback,
    uint64_t size, bool temporary, bool alone);

/* A block lost part of its bytes and stays one block. */
void counters_shrink(const struct control *control, uint32_t traceback,
    uint64_t by, bool alone);

/* An allocation that cannot be recorded. */
void counters_lose(uint64_t size, bool nested);

#endif
