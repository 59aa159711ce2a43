/*
 * record.h - events of blocks, from the hooked functions to the tables (L2).
 *
 * Context    Any thread, any moment, signal handlers included.  Never fails
 *            the caller, never blocks, never changes errno; what cannot be
 *            recorded is counted.
 */
#ifndef TMTOP_HOOKS_RECORD_H
#define TMTOP_HOOKS_RECORD_H

#include "hooks/unwind.h"
#include "tables/blocks.h"

/* `block` of `size` bytes was handed out to the caller described by start. */
void record_alloc(void *block, size_t size, struct frame_state start);

/* A mapping was made for the caller; only with LOBBY_MAPPINGS. */
void record_map(void *address, size_t size, struct frame_state start);

/* A range is about to be unmapped or replaced.  True: something that was
 * recorded lay in it. */
bool record_unmap(void *address, size_t size);

/* `block` is about to be given back. */
void record_free(void *block);

/*
 * A realloc in two halves, so that nobody can meet a record of an address
 * that is somebody else's already: detach before the real call, then either
 * forget (it succeeded, or freed the block) or put back (it failed).
 */
void record_detach(void *block, struct block *old);
void record_forget(const struct block *old);
void record_put_back(void *block, const struct block *old);

#endif
