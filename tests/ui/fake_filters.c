/* fake_filters.c - session_filters.h on the traces of the fake session. */
#include "fake_private.h"

struct filter_set *
fake_filters(const struct session *s)
{
	struct strbuf text = STRBUF_INIT(10000);
	struct filter_set *set = filter_list_make_set(&s->filters, s->quick,
	    &text);

	strbuf_fini(&text);
	return set;
}

void
fake_name_filters(struct session *s)
{
	strbuf_clear(&s->filters_text);
	filter_set_free(filter_list_make_set(&s->filters, s->quick,
	    &s->filters_text));
}

const struct filter_list *
session_filters(const struct session *s)
{
	return &s->filters;
}

enum stage
session_set_filters(struct session *s, const struct filter_list *list)
{
	filter_list_copy(&s->filters, list);
	fake_name_filters(s);
	return STAGE_FILTER;
}

enum stage
session_want_hits(struct session *s, bool on)
{
	(void)s;
	(void)on;
	return STAGE_DRAW;
}

bool
session_filter_hits(const struct session *s, size_t i,
    struct filter_hits *hits)
{
	struct query_traces traces = { .stacks = s->stacks,
		.n = (uint32_t)s->traces.n, .traces = s->traces.items };
	struct filter_entry entry = { .text = s->quick,
		.mode = FILTER_PROMPT };
	struct filter *filter;

	if (i < s->filters.entries.n)
		entry = s->filters.entries.items[i];
	filter = filter_list_parse(&entry);
	*hits = filter_count_hits(filter, &traces, s->grouping,
	    s->cumulative);
	filter_free(filter);
	return true;
}

/* There are no single blocks. */
enum blocks_lack
session_lacks_blocks(const struct session *s)
{
	struct filter_set *set = fake_filters(s);
	bool has_tests = filter_set_has_block_tests(set);

	filter_set_free(set);
	return has_tests ? BLOCKS_UNKNOWN_NOW : BLOCKS_KNOWN;
}

/* ---- blocks: as many as the trace has, up to 40, and they add up ---- */

enum { MAX_BLOCKS = 40 };

enum stage
session_want_blocks(struct session *s, bool on)
{
	(void)s;
	(void)on;
	return STAGE_DRAW;
}

bool
session_has_blocks(const struct session *s)
{
	(void)s;
	return true;
}

struct live_block *
session_blocks(const struct session *s, uint32_t stack, size_t *n)
{
	const struct query_trace *trace = session_trace(s, stack);
	struct live_block *blocks = xcalloc(MAX_BLOCKS, sizeof *blocks);
	uint64_t left = trace != NULL ? trace->size : 0;
	uint64_t count = trace != NULL ? trace->count : 0;

	*n = count < MAX_BLOCKS ? (size_t)count : MAX_BLOCKS;
	for (size_t i = 0; i < *n; i++) {
		uint64_t size = i + 1 < *n ? left / 2 : left;

		blocks[i] = (struct live_block){ .address = 0x5581c0de0000 +
			i * 64, .size = size, .generation = 1 + i % 3 };
		left -= size;
	}
	return blocks;
}

bool
session_find_block(const struct session *s, uint64_t address,
    struct live_block *block, uint32_t *stack)
{
	*block = (struct live_block){ .address = address - 16, .size = 64 };
	*stack = s->traces.items[0].stack;
	return address != 0xdead;
}

int
session_block_age(const struct session *s, uint32_t generation)
{
	(void)s;
	return generation == 3 ? MARK_START : (int)generation - 3;
}
