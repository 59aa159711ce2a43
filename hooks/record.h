/*
 * record.h - events of blocks, from the hooked functions to the tables (L2).
 *
 * Context    Any thread, any moment, signal handlers included.  Never fails
 *            the caller, never blocks, never changes errno; what cannot be
 *            recorded is counted.  `own` is the frame of the hooked function.
 */
#ifndef TMTOP_HOOKS_RECORD_H
#define TMTOP_HOOKS_RECORD_H

#include "hooks/unwind.h"
#include "tables/blocks.h"

/* `block` of `size` bytes was handed out to the hooked function's caller, and
 * is to be recorded; of a sampled run, when the sample says so. */
void record_alloc(void *block, size_t size, own_frame own);

/* A mapping was made for the caller; only with LOBBY_MAPPINGS. */
void record_map(void *address, size_t size, own_frame own);

/* A range is about to be unmapped or replaced.  True: something that was
 * recorded lay in it. */
bool record_unmap(void *address, size_t size);

/* `block` is about to be given back; record: what blocks_find() gave, and it
 * is not 0. */
void record_free(void *block, uint64_t *record);

/* A block is about to be given back that was never recorded. */
void record_unknown_free(void);

/*
 * A realloc in two halves, so that nobody can meet a record of an address
 * that is somebody else's already: detach before the real call, then either
 * forget (it succeeded, or freed the block) or put back (it failed).
 */
void record_detach(void *block, struct block *old);
void record_forget(const struct block *old);
void record_put_back(void *block, const struct block *old);

/* A detached block was recorded, and traces were not cleared since. */
bool record_is_followed(const struct block *old);

#endif
