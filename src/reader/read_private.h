/*
 * read_private.h - what read.c and read_live.c share (L3).
 */
#ifndef TMTOP_READER_READ_PRIVATE_H
#define TMTOP_READER_READ_PRIVATE_H

#include "reader/read_blocks.h"
#include "tables/segment.h"

/* Fill in what the program calls its domains. */
void reader_name_domains(const struct control *control,
    struct snapshot *snapshot);

/* One process at this reading, or for ever when it has ended. */
struct process_reading {
	struct process	 process;
	struct trace	*traces;
	uint32_t	 n_traces;
	struct snapshot_thread *threads;	/* copies */
	uint32_t	 n_threads;
	uint32_t	 slot, incarnation;
	bool		 is_final;
	struct slot_tables *tables;	/* of an ended one: kept for its
					 * blocks; NULL: given back */
	bool		 is_reported;	/* by reader_next_finished() */
	/* of an ended one, when wanted: what was live at its peak */
	struct trace	*peak_traces;
	uint32_t	 n_peak_traces;
	struct totals	 peak_totals;
};

struct reader {
	int		 fd;
	struct frame_store *store;
	struct lobby_map lobby;
	struct slot_tables *tables[N_SLOTS];
	uint32_t	 incarnations[N_SLOTS];	/* of those tables */
	bool		 is_done[N_SLOTS];	/* final state taken */
	VEC(struct process_reading) ended;
	uint64_t	 highest_sum;	/* since these epochs */
	uint32_t	 clear_epoch, peak_reset_epoch;
	uint32_t	 patience;	/* what is left of it in this reading */
	bool		 keeps_peaks;
	uint32_t	 n_kept;	/* ended processes, with tables */
	bool		 wants_blocks;
	struct birth	 survivors_since;	/* generation 0: not wanted */
	bool		 is_corrupt;
	char		 corruption[160];
};

/* What the kernel says of a running process, its totals read before;
 * private_bytes: resident memory of the hook's beside the tables. */
void reader_read_proc(struct process *process, uint64_t private_bytes);

/* The tables of this process have failed a check, if so: say it. */
void reader_note_corruption(struct reader *reader,
    const struct slot_tables *tables, struct process *process);

/* Blocks and survivors, where they are wanted, for a snapshot of READER_NOW
 * whose traces are those of the n_live running processes, then the ended. */
void reader_add_blocks(struct reader *reader, struct snapshot *snapshot,
    const struct process_reading *live, uint32_t n_live);

/* A process has ended: the tables of one that did long before are needed no
 * more. */
void reader_let_go(struct reader *reader);

#endif
