/*
 * segment.h - the shared memory of a run: making it, and its slots (L1).
 *
 * tmtop-run makes it; hooks and viewers map it.  No function here allocates,
 * prints or waits; failures are -1 with errno.
 */
#ifndef TMTOP_TABLES_SEGMENT_H
#define TMTOP_TABLES_SEGMENT_H

#include "tables/layout.h"

/* The lobby as mapped: LOBBY_SIZE bytes from offset 0 of the memfd. */
struct lobby_map {
	struct lobby	*lobby;
	struct control	*control;
	struct slot	*slots;		/* N_SLOTS */
};

/* What tmtop-run decides before the program starts. */
struct segment_plan {
	uint64_t	nonce;		/* random, also in the environment */
	uint64_t	table_limit;	/* bytes per process; 0: default */
	uint32_t	max_frames;	/* 0: all */
	uint32_t	options;	/* enum lobby_option */
};

/*
 * Make the memfd: full size (sparse), lobby and control page written, sealed
 * against shrinking, growing and new seals, close-on-exec.  Returns the
 * descriptor, owned by the caller.  tmtop-run only.
 */
int segment_create(const struct segment_plan *plan);

/*
 * Map the lobby of a descriptor and check seals, size, magic, version.
 * writable false: for viewers.  EPROTO: not a segment of this version.
 */
int lobby_map_fd(struct lobby_map *map, int fd, bool writable);
void lobby_unmap(struct lobby_map *map);

/* Offset of a slot's region in the memfd. */
static inline uint64_t
slot_region_offset(uint32_t slot)
{
	return REGIONS_OFFSET + slot * REGION_SIZE;
}

/*
 * A dead slot's tables are no longer wanted: give the memory back (hole
 * punched) and make the slot free.  tmtop-run only, after viewers have read
 * the final state.
 */
int slot_recycle(struct lobby_map *map, int fd, uint32_t slot);

/* Set with release order: the slot's tables are final. tmtop-run only. */
void slot_set_dead(struct lobby_map *map, uint32_t slot, enum slot_end end,
    int wait_status);

/*
 * The environment of a traced program, one variable:
 *	TMTOP_SEGMENT=HELPERPID:FD:NONCE[:SOCKETPATH]	(NONCE 16 hex digits)
 */
#define SEGMENT_ENV	"TMTOP_SEGMENT"

#endif
