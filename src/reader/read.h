/*
 * read.h - the shared tables of a run to immutable snapshots (L3).
 *
 * Everything in the segment was written by strangers: each record is copied
 * once, checked, then used; what fails a check is left out and the snapshot
 * says so.  The traced processes are never stopped nor waited for.
 * Context    One thread.  Out of memory ends tmtop.
 */
#ifndef TMTOP_READER_READ_H
#define TMTOP_READER_READ_H

#include "base/errbuf.h"
#include "reader/snapshot.h"

struct reader;

/*
 * Open a run's segment.  Borrows the descriptor and the store, which must
 * outlive the reader.  NULL: not a segment of this version, why says so.
 */
struct reader *reader_open(int segment_fd, struct frame_store *store,
    struct errbuf *why);
void reader_close(struct reader *reader);	/* NULL is fine */

/* The state now: one reference, the caller's. Never NULL. */
struct snapshot *reader_snapshot(struct reader *reader);

/*
 * Moments that the hooks keep for whoever comes later.  What was live at the
 * latest mark is exact for changes that were complete when it was taken; at
 * the peak it is exact in a process with one thread; in others it is the
 * moment when the first decrease was handed on, within DELTA_FLUSH_BYTES a
 * thread of the peak.  Processes have their peaks at different times.
 */
enum reader_moment { READER_NOW, READER_MARK, READER_PEAK };

/*
 * As above at another moment; cumulative figures of READER_PEAK are those of
 * now.  Processes whose end the last snapshot has taken in are as they ended,
 * at READER_PEAK with reader_keep_peaks() as at their peak.
 */
struct snapshot *reader_snapshot_at(struct reader *reader,
    enum reader_moment moment);

/* Also keep, of each process that ends, what was live at its peak. */
void reader_keep_peaks(struct reader *reader);

/*
 * From the next reading at READER_NOW on, until told otherwise: blocks of all
 * processes whose live blocks count (snapshot.h), as far as they are kept.
 * O(live blocks).
 */
void reader_want_blocks(struct reader *reader, bool wanted);

/* Of processes that end, keep the tables of the n last ones for their blocks;
 * at first none. */
void reader_keep_ended(struct reader *reader, uint32_t n);

/*
 * The same for survivors: what of each trace was born after the mark whose
 * reading had this birth; NULL: not wanted.  Blocks that were in the making at
 * the instant of the mark may be on either side.  O(live blocks).  Not known
 * of samples, nor when a process with live blocks has ended and is not kept.
 */
void reader_want_survivors(struct reader *reader, const struct birth *since);

/* Ask for the names of the threads that run now, where they are told apart: the
 * last answer is kept when they end with their process.  No reading. */
void reader_look_at_threads(struct reader *reader);

enum record_mode reader_recording(const struct reader *reader);

/*
 * Number of the latest mark, from 1; 0: there was none.  And its name,
 * printable, when the program has set it (tmtop_mark), else "".
 */
#define MARK_NAME_ROOM	128
uint32_t reader_last_mark(const struct reader *reader,
    char name[MARK_NAME_ROOM]);

/*
 * Slots of ended processes whose final state the last snapshot has taken in:
 * their tables may be given back.  Each is reported once; false: no more.
 */
bool reader_next_finished(struct reader *reader, uint32_t *slot,
    uint32_t *incarnation);

/* Processes of this run that found no free slot, so far. */
uint32_t reader_n_untracked(const struct reader *reader);

#endif
