#include "session_blocks.h"

#include "session_state.h"

/* What the reader is told, by what is wanted for what. */
void
session_ask_for_blocks(struct session *s)
{
	if (s->reader != NULL)
		reader_want_blocks(s->reader, s->wants_blocks ||
		    s->options->blocks || filter_set_has_block_tests(s->filters));
}

enum stage
session_want_blocks(struct session *s, bool on)
{
	s->wants_blocks = on;
	session_ask_for_blocks(s);
	return on && !session_has_blocks(s) ? STAGE_SNAPSHOT : STAGE_IDLE;
}

static bool
has_blocks(const struct snapshot *snapshot)
{
	return snapshot == NULL || snapshot->blocks != NULL ||
	    snapshot->totals.blocks == 0;
}

bool
session_has_blocks(const struct session *s)
{
	return has_blocks(s->now.snapshot);
}

enum blocks_lack
session_lacks_blocks(const struct session *s)
{
	if (!filter_set_has_block_tests(s->filters))
		return BLOCKS_KNOWN;
	if (!has_blocks(s->now.snapshot))
		return BLOCKS_UNKNOWN_NOW;
	return s->baseline >= 0 && !has_blocks(s->base.snapshot) ?
	    BLOCKS_UNKNOWN_THEN : BLOCKS_KNOWN;
}

static int
compare_addresses(const void *a, const void *b)
{
	const struct live_block *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

struct live_block *
session_blocks(const struct session *s, uint32_t stack, size_t *n)
{
	const struct query_traces *traces = &s->now.filtered;
	VEC(struct live_block) found = VEC_INIT;
	const struct live_block *blocks;
	size_t n_blocks;

	for (uint32_t i = 0; i < traces->n; i++) {
		if (traces->traces[i].stack != stack)
			continue;
		blocks = snapshot_blocks(s->now.snapshot,
		    traces->traces[i].origin, &n_blocks);
		for (size_t j = 0; j < n_blocks; j++)
			vec_push(&found, blocks[j]);
	}
	if (found.n > 0)
		qsort(found.items, found.n, sizeof found.items[0],
		    compare_addresses);
	*n = found.n;
	return found.items;
}

bool
session_find_block(const struct session *s, uint64_t address,
    struct live_block *block, uint32_t *stack)
{
	const struct snapshot *snapshot = s->now.snapshot;
	const struct query_traces *traces = &s->now.filtered;
	bool is_found = false;

	*stack = 0;
	for (size_t i = 0; snapshot != NULL && i < snapshot->n_blocks; i++) {
		uint64_t offset = address - snapshot->blocks[i].address;

		/* a block of no bytes has its address too */
		is_found = offset < snapshot->blocks[i].size || offset == 0;
		if (is_found) {
			*block = snapshot->blocks[i];
			break;
		}
	}
	for (uint32_t i = 0; is_found && i < traces->n; i++) {
		if (traces->traces[i].origin == block->trace)
			*stack = traces->traces[i].stack;
	}
	return is_found;
}

int
session_block_age(const struct session *s, uint32_t generation)
{
	const struct snapshot *now = s->now.snapshot;
	uint32_t newest = 0;
	int age = -1;

	if (generation == 0 || now == NULL)
		return BLOCK_AGE_UNKNOWN;
	for (size_t i = N_FIXED_MARKS; i < s->marks.n; i++) {
		const struct snapshot *then = s->marks.items[i].snapshot;

		if (then == NULL || then->birth.generation == 0 ||
		    then->birth.clear_epoch != now->birth.clear_epoch)
			continue;
		if (then->birth.generation <= generation &&
		    then->birth.generation >= newest) {
			newest = then->birth.generation;
			age = (int)i;
		}
	}
	return age;
}
