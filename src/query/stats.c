#include "query/stats.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const sort_names[N_SORT_KEYS] = {
	[SORT_SIZE] = "size",
	[SORT_GROWTH] = "growth",
	[SORT_GROWTH_SIGNED] = "growth-signed",
	[SORT_COUNT] = "count",
	[SORT_COUNT_DIFF] = "count-diff",
	[SORT_AVERAGE] = "average",
	[SORT_ALLOCS] = "allocs",
	[SORT_ALLOCATED] = "allocated",
	[SORT_TEMPORARY] = "temporary",
	[SORT_LOCATION] = "location",
};

const char *
sort_key_name(enum sort_key key)
{
	return (unsigned)key < N_SORT_KEYS ? sort_names[key] : NULL;
}

int
sort_key_find(const char *name)
{
	for (int key = 0; key < N_SORT_KEYS; key++) {
		if (strcmp(sort_names[key], name) == 0)
			return key;
	}
	return -1;
}

void
stats_free(struct stats_table *table)
{
	if (table == NULL)
		return;
	free(table->rows);
	free(table);
}

bool
sort_key_is_past(enum sort_key key)
{
	return key == SORT_ALLOCS || key == SORT_ALLOCATED ||
	    key == SORT_TEMPORARY;
}

uint32_t
stats_n_rows(const struct stats_table *table, enum sort_key key)
{
	uint32_t n = 0;

	if (sort_key_is_past(key))
		return table->n_all;
	for (uint32_t i = 0; i < table->n_all; i++)
		n += stats_is_live(&table->rows[i]);
	return n;
}

bool
stats_is_live(const struct statistic *row)
{
	return row->count != 0 || row->size != 0 || row->count_diff != 0 ||
	    row->size_diff != 0;
}

uint32_t
stats_put_live_first(struct statistic *rows, uint32_t n)
{
	uint32_t n_live = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!stats_is_live(&rows[i]))
			continue;
		if (i != n_live) {
			struct statistic dead = rows[n_live];

			rows[n_live] = rows[i];
			rows[i] = dead;
		}
		n_live++;
	}
	return n_live;
}

bool
stats_is_at(const struct stats_table *table, const struct statistic *row,
    uint32_t node)
{
	struct stack_tables tables = stacks_tables(table->stacks);
	const struct stack_frame *a, *b;

	assert(row->stack < tables.n_nodes && node < tables.n_nodes);
	if (table->grouping == BY_TRACEBACK)
		return node == row->stack;
	a = &tables.frames[tables.nodes[row->stack].frame];
	b = &tables.frames[tables.nodes[node].frame];
	return table->grouping == BY_FILENAME ?
	    a->symbol.file == b->symbol.file : a->location == b->location;
}

void
stats_subtract(struct statistic *row, const struct statistic *old)
{
	row->size_diff = (int64_t)(row->size - old->size);
	row->count_diff = (int64_t)(row->count - old->count);
	row->allocs_diff = (int64_t)(row->allocs - old->allocs);
	row->allocated_diff = (int64_t)(row->allocated - old->allocated);
}

struct statistic
stats_vanish(const struct statistic *old)
{
	struct statistic row = *old;

	row.size = row.count = row.allocs = row.frees = 0;
	row.allocated = row.temporary = 0;
	row.survivor_size = row.survivor_count = 0;
	row.n_tracebacks = 0;
	stats_subtract(&row, old);
	return row;
}
