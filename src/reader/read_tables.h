/*
 * read_tables.h - the tables of one slot, as checked copies (L3, internal to
 * the reader).
 *
 * A slot_tables follows one incarnation of a slot.  Nodes and modules are
 * append-only and read once; counters are read anew each time.
 */
#ifndef TMTOP_READER_READ_TABLES_H
#define TMTOP_READER_READ_TABLES_H

#include "reader/read_counters.h"
#include "util/vec.h"

struct slot_tables {
	int		 fd;		/* borrowed */
	uint64_t	 region_offset;
	const struct control *control;	/* borrowed */
	struct frame_store *store;	/* borrowed */
	const struct process_header *header;	/* mapped, hostile */
	uint32_t	*patience;	/* borrowed: waits that all tables of
					 * a reading have left together; NULL:
					 * each reading has MOMENT_PATIENCE */
	uint64_t	 n_pages;	/* of the file, when last asked */
	const char	*chunks[DIRECTORY_SIZE];	/* mapped or NULL */
	VEC(uint32_t)	 modules;	/* process id -> store id, + 1 */
	VEC(uint32_t)	 stacks;	/* node id -> store stack; 0 unknown,
					 * STACK_EMPTY a thread's marker */
	VEC(uint32_t)	 owners;	/* node id -> thread record, or 0; as
					 * far as there are any */
	VEC(struct snapshot_thread) threads; /* by record id - 1 */
	uint32_t	 next_asked;	/* of them, for its name */
	VEC(uint32_t)	 path;		/* working memory */
	uint32_t	 n_rooted;	/* frames put below regions so far */
	struct delta_refs deltas;	/* the same */
	VEC(uint32_t)	 places;	/* of the latest reading: traceback ->
					 * index of its trace, + 1 */
	bool		 is_corrupt;
	char		 corruption[160];
};

/* Map the header of the region at this offset. Borrows fd, control (mapped,
 * hostile) and store. NULL: no memory or fd. */
struct slot_tables *slot_tables_open(int fd, uint64_t region_offset,
    const struct control *control, struct frame_store *store);
void slot_tables_close(struct slot_tables *tables);	/* NULL is fine */

/*
 * Read header and counters at a moment.  *traces is allocated (free()),
 * n_traces long, their .process left 0.  totals and the identity fields of
 * process are filled in.  What is malformed is left out and sets is_corrupt.
 */
void slot_tables_read(struct slot_tables *tables, enum reader_moment moment,
    struct process *process, struct trace **traces, uint32_t *n_traces);

/* Resident memory of the hook beside the tables, about: what it has mapped
 * there is mostly never touched. */
uint64_t slot_tables_private_bytes(const struct slot_tables *tables);

/* ---- for the other files of read_*.c ---- */

uint32_t slot_per_chunk(enum section_id section);

/* Elements in use, bounded by what the section can hold. */
uint32_t slot_count(const struct slot_tables *tables,
    enum section_id section);

/*
 * Has the file as many pages as n elements of this section take?  Else the
 * count is a lie: looking for them would take its time, and reading the holes
 * of a sparse file fills them.
 */
bool slot_can_have(struct slot_tables *tables, enum section_id section,
    uint32_t n);

/* Address of an element below slot_count(), mapped and hostile; NULL: it is
 * not there (yet). */
const void *slot_element(struct slot_tables *tables, enum section_id section,
    uint32_t id);

/* Note what is wrong, if it is the first. */
void slot_corrupt(struct slot_tables *tables, const char *format, ...)
    ATTR_PRINTF(2, 3);

/*
 * The stack of a traceback that ends in this node; 0: not complete or corrupt.
 * One in another domain than malloc's ends in a marker below it.  *thread: the
 * record of who made it, below the number of those; 0: not known.
 */
#define STACK_EMPTY	UINT32_MAX
uint32_t slot_traceback_stack(struct slot_tables *tables, uint32_t node,
    uint32_t *thread);

/* Bring tables->threads up to date: those there are by now, and their names. */
void slot_tables_read_threads(struct slot_tables *tables,
    const struct process *process);

#endif
