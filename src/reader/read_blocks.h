/*
 * read_blocks.h - the live blocks of one process (L3); for read.c.
 *
 * Owners write block records without locks while this reads them, each by one
 * store.  So a block is whole or not there; a list of them is no moment: it
 * has what was live all the time, and some of what came and went meanwhile.
 */
#ifndef TMTOP_READER_READ_BLOCKS_H
#define TMTOP_READER_READ_BLOCKS_H

#include "reader/read_tables.h"

/* Called for each block: .trace is an index into the latest reading's traces
 * of this process. */
typedef void block_visitor(void *context, const struct live_block *block);

/*
 * Visit all live blocks of the tracebacks that the latest slot_tables_read()
 * had; malloc's in the order of their addresses.  O(blocks) and their pages.
 */
void slot_tables_visit_blocks(struct slot_tables *tables,
    block_visitor *visit, void *context);

/* Blocks by trace, then address, in place; traces are below n_traces. */
void live_blocks_sort(struct live_block *blocks, size_t n,
    uint32_t n_traces);

#endif
