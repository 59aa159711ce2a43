/*
 * rows.c - which row stands where, and which is selected (L7).
 *
 * Shape      Two parallel arrays by place on the screen: index of the row in
 *            the table of this refresh, and its identity, which is what
 *            survives to the next refresh.
 * Why        A cursor that stays on line 5 while the lines change under it
 *            selects the wrong row; users of other live tables have been
 *            reporting that for ten years.
 */
#include "ui/rows.h"

#include "base/hash.h"
#include "util/idmap.h"
#include "util/xalloc.h"

#include <assert.h>
#include <stdlib.h>

void
row_list_fini(struct row_list *list)
{
	free(list->order);
	free(list->identities);
	*list = (struct row_list){ 0 };
}

static bool
is_same(const void *table, uint32_t id, const void *key)
{
	const uint64_t *identities = table;

	return identities[id] == *(const uint64_t *)key;
}

/* Places as before for rows that are still there, then the new ones. */
static void
order_held(const struct row_list *old, const uint64_t *identities,
    uint32_t n, uint32_t *order)
{
	struct idmap map = IDMAP_INIT;
	bool *is_placed = xcalloc(n + 1, sizeof *is_placed);
	uint32_t n_placed = 0;
	uint32_t id;

	idmap_reserve(&map, n);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t hash = hash_word(identities[i]);

		if (idmap_find(&map, hash, is_same, identities,
		    &identities[i]) == IDMAP_NONE)
			idmap_add(&map, hash, i);
	}
	for (uint32_t i = 0; i < old->n; i++) {
		id = idmap_find(&map, hash_word(old->identities[i]), is_same,
		    identities, &old->identities[i]);
		if (id != IDMAP_NONE && !is_placed[id]) {
			is_placed[id] = true;
			order[n_placed++] = id;
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		if (!is_placed[i])
			order[n_placed++] = i;
	}
	assert(n_placed == n);
	free(is_placed);
	idmap_fini(&map);
}

/* Place of an identity; n when it is gone. */
static uint32_t
find_place(const struct row_list *list, uint64_t identity)
{
	uint32_t place = 0;

	while (place < list->n && list->identities[place] != identity)
		place++;
	return place;
}

void
row_list_update(struct row_list *list, const uint64_t *identities,
    uint32_t n, bool hold)
{
	uint64_t selected = list->n > 0 ? list->identities[list->cursor] : 0;
	bool had_rows = list->n > 0;
	uint32_t *order = xreallocarray(NULL, n + 1, sizeof *order);
	uint32_t place;

	if (hold)
		order_held(list, identities, n, order);
	for (uint32_t i = 0; !hold && i < n; i++)
		order[i] = i;
	free(list->order);
	list->order = order;
	list->identities = xreallocarray(list->identities, n + 1,
	    sizeof *list->identities);
	for (uint32_t i = 0; i < n; i++)
		list->identities[i] = identities[order[i]];
	list->n = n;
	if (!list->has_moved) {
		list->cursor = list->top = 0;
		return;
	}
	place = had_rows ? find_place(list, selected) : n;
	if (place < n)
		list->cursor = place;
	else if (list->cursor >= n)
		list->cursor = n > 0 ? n - 1 : 0;
}

void
row_list_go(struct row_list *list, uint32_t place)
{
	list->has_moved = true;
	list->cursor = place < list->n ? place : list->n > 0 ? list->n - 1 : 0;
}

void
row_list_move(struct row_list *list, int64_t by)
{
	int64_t place = (int64_t)list->cursor + by;

	row_list_go(list, place < 0 ? 0 :
	    place > UINT32_MAX ? UINT32_MAX : (uint32_t)place);
}

void
row_list_reset(struct row_list *list)
{
	list->has_moved = false;
	list->cursor = list->top = 0;
}

uint32_t
row_list_fit(struct row_list *list, uint32_t visible, bool can_fold)
{
	if (visible == 0)
		return 0;
	if (list->n <= visible) {
		list->top = 0;
		return list->n;
	}
	if (list->top > list->n - visible)
		list->top = list->n - visible;
	if (list->cursor < list->top)
		list->top = list->cursor;
	if (list->cursor >= list->top + visible)
		list->top = list->cursor - visible + 1;
	if (!can_fold || visible < 2 || list->top > 0)
		return visible;
	if (list->cursor == visible - 1) {
		list->top = 1;
		return visible;
	}
	return visible - 1;
}
