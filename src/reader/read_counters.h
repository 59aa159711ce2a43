/*
 * read_counters.h - one traceback's numbers at some moment (L3); for
 * read_tables.c.
 *
 * The threads of the program gather changes in delta blocks before they add
 * them to the tracebacks; here both are added up.
 */
#ifndef TMTOP_READER_READ_COUNTERS_H
#define TMTOP_READER_READ_COUNTERS_H

#include "reader/read.h"
#include "tables/layout.h"
#include "util/vec.h"

/* An entry of a delta block that had a traceback when it was listed. */
struct delta_ref {
	uint32_t	traceback;
	const struct delta *shared;	/* mapped, hostile */
};

/* Ordered by traceback; vec_fini() is the owner's. */
struct delta_refs {
	VEC(struct delta_ref) list;
};

struct counters {
	uint64_t	size, count, allocs, allocated, temporary;
};

/* Which moment: as the epochs stood when the reading began. */
struct moment {
	enum reader_moment kind;
	uint32_t	mark_epoch;	/* the control page's, masked */
	uint32_t	peak_epoch;	/* the header's */
	bool		is_sample;	/* counts in SAMPLE_UNIT parts */
	uint32_t	patience;	/* waits of 50 us that this reading
					 * has left */
};
#define MOMENT_PATIENCE	4000u

void delta_refs_sort(struct delta_refs *refs);

/*
 * Add up a traceback and the n entries for it.  While one of those is on its
 * way from the entry to the traceback the reading is repeated, with waits as
 * long as there is patience: the thread may have lost its processor.  What
 * moves for ever (it was killed there, or is hostile) is read as it is.
 */
void counters_read(struct counters *counters, const struct traceback *shared,
    const struct delta_ref *refs, size_t n, struct moment *moment);

#endif
