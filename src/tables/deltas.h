/*
 * deltas.h - what a thread has counted and not yet added (L1); for counters.c.
 *
 * Context    Hook side, guard held; a block is written by its own thread only.
 */
#ifndef TMTOP_TABLES_DELTAS_H
#define TMTOP_TABLES_DELTAS_H

#include "tables/counters.h"

/* As counters_add() and counters_remove(), in a process with threads. */
void deltas_add(const struct writer *writer, uint32_t traceback,
    struct amount amount);
void deltas_remove(const struct writer *writer, uint32_t traceback,
    struct amount amount, bool temporary);

/* Live bytes of this clear epoch that are not in header.current yet.  Without
 * the guard, too. */
int64_t deltas_current(uint32_t clear_epoch);

/* Save the live values: the peak epoch is newer than the traceback's. */
void deltas_save_peak(struct traceback *t);

#endif
