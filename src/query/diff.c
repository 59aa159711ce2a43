/*
 * diff.c - join of two groupings (L5).
 *
 * Shape      The old rows are indexed by identity; each present row looks its
 *            partner up, and what finds none is added with nothing on the
 *            present side.  A row that is in one side only keeps its full
 *            value as difference.
 * Invariant  Both tables come from the same stacks and the same grouping, so
 *            that ids of names and nodes compare.
 */
#include "query/diff.h"

#include "util/idmap.h"
#include "util/slice.h"
#include "util/xalloc.h"

#include <assert.h>
#include <stdlib.h>

/* The place itself is compared, not only its hash: identities of different
 * rows may collide. */
static bool
is_same_row(const void *table, uint32_t id, const void *key)
{
	const struct stats_table *old = table;
	const struct statistic *a = &old->rows[id], *b = key;

	return a->identity == b->identity && (old->grouping == BY_THREAD ||
	    stats_is_at(old, a, b->stack));
}

static void
index_rows(struct idmap *map, const struct stats_table *table)
{
	if (map->slots != NULL)
		return;
	idmap_reserve(map, table->n_all);
	for (uint32_t i = 0; i < table->n_all; i++) {
		slice_point_at(i);
		idmap_add(map, table->rows[i].identity, i);
	}
}

/* The old row that is the same as `row`, or IDMAP_NONE.  Two readings have
 * their rows in the same order but for what is new: so the one behind the last
 * partner is tried before the index, which may then not be needed at all. */
static uint32_t
find_partner(struct idmap *map, const struct stats_table *old,
    const struct statistic *row, uint32_t *next)
{
	uint32_t id = *next;

	if (id >= old->n_all || !is_same_row(old, id, row)) {
		index_rows(map, old);
		id = idmap_find(map, row->identity, is_same_row, old, row);
	}
	if (id != IDMAP_NONE)
		*next = id + 1;
	return id;
}

void
stats_find_partners(const struct stats_table *old,
    const struct stats_table *now, uint32_t *partners)
{
	struct idmap map = IDMAP_INIT;
	uint32_t next = 0;

	for (uint32_t i = 0; i < now->n_all; i++) {
		slice_point_at(i);
		partners[i] = find_partner(&map, old, &now->rows[i], &next);
		assert(partners[i] == NO_ROW || partners[i] < old->n_all);
	}
	idmap_fini(&map);
}

struct stats_table *
stats_join(const struct stats_table *old, const struct stats_table *now,
    const uint32_t *partners)
{
	static const struct statistic nothing;
	struct stats_table *table = xcalloc(1, sizeof *table);
	bool *is_matched = xcalloc(old->n_all, sizeof *is_matched);
	uint32_t n = 0;

	*table = *now;
	table->has_diff = true;
	table->rows = xreallocarray(NULL, (size_t)old->n_all + now->n_all,
	    sizeof *table->rows);
	for (uint32_t i = 0; i < now->n_all; i++) {
		uint32_t id = partners[i];

		slice_point_at(i);
		if (id != NO_ROW) {
			assert(!is_matched[id]);
			is_matched[id] = true;
		}
		table->rows[n] = now->rows[i];
		stats_subtract(&table->rows[n++], id != NO_ROW ?
		    &old->rows[id] : &nothing);
	}
	for (uint32_t i = 0; i < old->n_all; i++) {
		if (!is_matched[i])
			table->rows[n++] = stats_vanish(&old->rows[i]);
	}
	free(is_matched);
	table->n_all = n;
	table->n_rows = stats_put_live_first(table->rows, table->n_all);
	table->size_diff = (int64_t)(now->size - old->size);
	table->count_diff = (int64_t)(now->count - old->count);
	return table;
}

struct stats_table *
diff_tables(const struct stats_table *old, const struct stats_table *now)
{
	uint32_t *partners = xcalloc(now->n_all, sizeof *partners);
	struct stats_table *table;

	assert(old->stacks == now->stacks);
	assert(old->grouping == now->grouping);
	assert(old->n_rows <= old->n_all && now->n_rows <= now->n_all);
	stats_find_partners(old, now, partners);
	table = stats_join(old, now, partners);
	free(partners);
	return table;
}
