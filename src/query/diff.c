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
#include "query/stats.h"

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

/* Fill in rows (room for both sides); returns how many there are. */
static uint32_t
join(struct statistic *rows, const struct stats_table *old,
    const struct stats_table *now)
{
	static const struct statistic nothing;
	bool *is_matched = xcalloc(old->n_all, sizeof *is_matched);
	struct idmap map = IDMAP_INIT;
	uint32_t n = 0, next = 0, id;

	for (uint32_t i = 0; i < now->n_all; i++) {
		slice_point_at(i);
		rows[n] = now->rows[i];
		id = find_partner(&map, old, &rows[n], &next);
		if (id != IDMAP_NONE) {
			assert(id < old->n_all && !is_matched[id]);
			is_matched[id] = true;
		}
		stats_subtract(&rows[n++], id != IDMAP_NONE ? &old->rows[id] :
		    &nothing);
	}
	for (uint32_t i = 0; i < old->n_all; i++) {
		if (!is_matched[i])
			rows[n++] = stats_vanish(&old->rows[i]);
	}
	idmap_fini(&map);
	free(is_matched);
	return n;
}

struct stats_table *
diff_tables(const struct stats_table *old, const struct stats_table *now)
{
	struct stats_table *table = xcalloc(1, sizeof *table);

	assert(old->stacks == now->stacks);
	assert(old->grouping == now->grouping);
	assert(old->n_rows <= old->n_all && now->n_rows <= now->n_all);
	*table = *now;
	table->has_diff = true;
	table->rows = xreallocarray(NULL, (size_t)old->n_all + now->n_all,
	    sizeof *table->rows);
	table->n_all = join(table->rows, old, now);
	table->n_rows = stats_put_live_first(table->rows, table->n_all);
	assert(table->n_all >= now->n_all);
	table->size_diff = (int64_t)(now->size - old->size);
	table->count_diff = (int64_t)(now->count - old->count);
	return table;
}
