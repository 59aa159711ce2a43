/* fake_tree.c - session_tree.h on the traces of the fake session. */
#include "fake_private.h"

#include <stdlib.h>

enum stage
session_want_tree(struct session *s, bool on)
{
	s->tree.is_wanted = on;
	if (on && !tree_open_has(&s->tree.open, TREE_ROOT))
		s->tree.hot = TREE_ROOT;
	return STAGE_TREE;
}

enum stage
session_set_bottom_up(struct session *s, bool on)
{
	s->tree.is_bottom_up = on;
	return STAGE_TREE;
}

bool
session_is_bottom_up(const struct session *s)
{
	return s->tree.is_bottom_up;
}

enum stage
session_open_node(struct session *s, uint64_t identity, bool on)
{
	if (on)
		tree_open_add(&s->tree.open, identity);
	else
		tree_open_remove(&s->tree.open, identity);
	return STAGE_TREE;
}

enum stage
session_open_hot_path(struct session *s, uint64_t identity)
{
	s->tree.hot = identity;
	return STAGE_TREE;
}

const struct tree_row *
session_tree(const struct session *s, size_t *n)
{
	*n = s->tree.rows.n;
	return s->tree.rows.items;
}

struct stats_table *
session_tree_tracebacks(const struct session *s, const struct tree_row *row)
{
	struct query_traces kept = fake_filtered(s, &s->traces);
	struct stats_table *table;
	uint32_t n = 0;

	for (uint32_t i = 0; i < kept.n; i++) {
		if (call_tree_holds(s->stacks, kept.traces[i].stack, row,
		    s->tree.is_bottom_up))
			kept.traces[n++] = kept.traces[i];
	}
	kept.n = n;
	table = group_by(&kept, BY_TRACEBACK, CUMULATIVE_OFF);
	order_rows(table, SORT_SIZE, false);
	free(kept.traces);
	return table;
}

void
fake_make_tree(struct session *s)
{
	struct tree_wants wants = { .is_bottom_up = s->tree.is_bottom_up,
		.hot = s->tree.hot };
	struct query_traces now, base = { .n = 0 };
	enum sort_key key = session_sort(s, NULL);
	struct call_tree *tree;

	vec_fini(&s->tree.rows);
	if (!s->tree.is_wanted)
		return;
	wants.by_growth = key == SORT_GROWTH || key == SORT_GROWTH_SIGNED;
	now = fake_filtered(s, &s->traces);
	if (s->baseline >= 0)
		base = fake_filtered(s, &s->marks[s->baseline].traces);
	tree = call_tree_new(&now, s->baseline >= 0 ? &base : NULL);
	call_tree_list(tree, &wants, &s->tree.open, &s->tree.rows);
	s->tree.hot = 0;
	call_tree_free(tree);
	free(now.traces);
	free(base.traces);
}

void
fake_drop_tree(struct session *s)
{
	vec_fini(&s->tree.rows);
	tree_open_fini(&s->tree.open);
}
