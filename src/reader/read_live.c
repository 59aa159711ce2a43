/*
 * read_live.c - blocks and survivors of all processes (L3).
 *
 * Why        Whoever asks for blocks mostly does so when the program has
 *            ended: what has leaked?  So the tables of the processes that
 *            ended last are kept, and their slots are not given back.
 */
#include "reader/read_private.h"

#include "base/atomic.h"

/* Where the blocks of one process go. */
struct block_sink {
	struct snapshot	*snapshot;
	uint32_t	 process;	/* whose turn it is */
	uint32_t	 first_trace;	/* its */
	uint32_t	 since;		/* survivors' first generation */
	bool		 wants_blocks;
	VEC(struct live_block) blocks;
};

static void
take_block(void *context, const struct live_block *block)
{
	struct block_sink *sink = context;
	uint32_t index = sink->first_trace + block->trace;
	struct trace *trace;

	if (sink->snapshot->has_survivors && block->generation >= sink->since) {
		trace = &sink->snapshot->traces[index];
		trace->survivor_size += block->size;
		trace->survivor_count++;
	}
	if (!sink->wants_blocks)
		return;
	vec_push(&sink->blocks, *block);
	vec_last(&sink->blocks)->trace = index;
}

/* Blocks of a sample are worth nothing as a sum. */
static bool
can_count_survivors(const struct reader *reader,
    const struct snapshot *snapshot)
{
	return reader->survivors_since.generation != 0 &&
	    snapshot->totals.sample_bytes == 0;
}

/* Traces were cleared since that mark: all there are were born later. */
static uint32_t
first_generation(const struct reader *reader)
{
	uint32_t epoch = load_relaxed(&reader->lobby.control->clear_epoch);

	return reader->survivors_since.clear_epoch == epoch ?
	    reader->survivors_since.generation : 0;
}

/* The next process of the snapshot; tables: NULL, they are not kept. */
static void
add_process(struct reader *reader, struct block_sink *sink,
    struct slot_tables *tables, const struct process_reading *reading)
{
	struct snapshot *snapshot = sink->snapshot;

	if (tables != NULL) {
		slot_tables_visit_blocks(tables, take_block, sink);
		reader_note_corruption(reader, tables,
		    &snapshot->processes[sink->process]);
	} else if (reading->process.totals.blocks > 0) {
		snapshot->has_survivors = false;
	}
	sink->first_trace += reading->n_traces;
	sink->process++;
}

void
reader_add_blocks(struct reader *reader, struct snapshot *snapshot,
    const struct process_reading *live, uint32_t n_live)
{
	struct block_sink sink = { .snapshot = snapshot,
	    .since = first_generation(reader),
	    .wants_blocks = reader->wants_blocks };
	uint32_t i;

	snapshot->has_survivors = can_count_survivors(reader, snapshot);
	snapshot->survivors_since = reader->survivors_since;
	if (!sink.wants_blocks && !snapshot->has_survivors)
		return;
	for (i = 0; i < n_live; i++)
		add_process(reader, &sink, reader->tables[live[i].slot],
		    &live[i]);
	for (i = 0; n_live == 0 && i < reader->ended.n; i++)
		add_process(reader, &sink, reader->ended.items[i].tables,
		    &reader->ended.items[i]);
	if (!sink.wants_blocks)
		return;
	live_blocks_sort(sink.blocks.items, sink.blocks.n,
	    snapshot->n_traces);
	/* Asked for, also when there are none. */
	vec_reserve(&sink.blocks, 1);
	snapshot->blocks = sink.blocks.items;
	snapshot->n_blocks = sink.blocks.n;
}

void
reader_want_blocks(struct reader *reader, bool wanted)
{
	reader->wants_blocks = wanted;
}

void
reader_want_survivors(struct reader *reader, const struct birth *since)
{
	reader->survivors_since = since != NULL ? *since :
	    (struct birth){ 0, 0 };
}

void
reader_keep_ended(struct reader *reader, uint32_t n)
{
	reader->n_kept = n;
}

void
reader_let_go(struct reader *reader)
{
	struct process_reading *old;

	if (reader->ended.n <= reader->n_kept)
		return;
	old = &reader->ended.items[reader->ended.n - 1 - reader->n_kept];
	slot_tables_close(old->tables);
	old->tables = NULL;
}
