#include "session_tree.h"

#include "session_state.h"

#include "util/slice.h"

enum stage
session_want_tree(struct session *s, bool on)
{
	if (s->tree.is_wanted == on)
		return STAGE_IDLE;
	s->tree.is_wanted = on;
	if (on && !tree_open_has(&s->tree.open, TREE_ROOT))
		s->tree.is_new = true;
	return on ? STAGE_TREE : STAGE_IDLE;
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
	s->tree.is_new = false;
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

/* ---- refreshing ---- */

void
session_plan_tree(struct session *s)
{
	struct session_tree *tree = &s->refresh.tree;

	*tree = (struct session_tree){ .is_wanted = s->tree.is_wanted,
		.is_bottom_up = s->tree.is_bottom_up,
		.hot = s->tree.is_new ? TREE_ROOT : s->tree.hot };
	tree_open_copy(&tree->open, &s->tree.open);
	if (s->tree.is_wanted)
		s->tree.hot = 0;
}

void
session_make_tree(struct session *s)
{
	struct session_refresh *r = &s->refresh;
	struct tree_wants wants = { .is_bottom_up = r->tree.is_bottom_up,
		.by_growth = r->key == SORT_GROWTH ||
		    r->key == SORT_GROWTH_SIGNED, .hot = r->tree.hot };

	if (!r->tree.is_wanted)
		return;
	r->tree.tree = s->tree.tree;
	if (r->from <= STAGE_GROUP || s->tree.tree == NULL)
		r->tree.tree = call_tree_new(&r->now.filtered,
		    r->has_base ? &r->base.filtered : NULL);
	call_tree_list(r->tree.tree, &wants, &r->tree.open, &r->tree.rows);
}

void
session_commit_tree(struct session *s)
{
	struct session_tree *made = &s->refresh.tree;

	/* without a new one the old would show stacks that are no more */
	if (s->tree.tree != made->tree)
		call_tree_free(s->tree.tree);
	s->tree.tree = made->tree;
	vec_fini(&s->tree.rows);
	s->tree.rows = made->rows;
	for (size_t i = 0; made->hot != 0 && i < made->open.ids.n; i++)
		tree_open_add(&s->tree.open, made->open.ids.items[i]);
	tree_open_fini(&made->open);
	if (made->rows.n > 1 && symbols_n_pending(s->symbols) == 0 &&
	    !s->symbols_changed)
		s->tree.is_new = false;
}

void
session_drop_tree(struct session *s)
{
	call_tree_free(s->tree.tree);
	vec_fini(&s->tree.rows);
	tree_open_fini(&s->tree.open);
}

/* ---- what is behind a node ---- */

static struct stats_table *
group_node(const struct session *s, const struct session_side *side,
    const struct tree_row *row)
{
	const struct query_traces *from = &side->filtered;
	struct query_traces found = *from;
	struct stats_table *table;

	found.n = 0;
	found.traces = xcalloc(from->n, sizeof *found.traces);
	for (uint32_t i = 0; i < from->n; i++) {
		if (call_tree_holds(from->stacks, from->traces[i].stack, row,
		    s->tree.is_bottom_up))
			found.traces[found.n++] = from->traces[i];
	}
	table = group_by(&found, BY_TRACEBACK, CUMULATIVE_OFF);
	free(found.traces);
	return table;
}

struct stats_table *
session_tree_tracebacks(const struct session *s, const struct tree_row *row)
{
	struct stats_table *now = group_node(s, &s->now, row);
	struct stats_table *table = now;

	if (s->rows->has_diff) {
		struct stats_table *base = group_node(s, &s->base, row);

		table = diff_tables(base, now);
		stats_free(base);
		stats_free(now);
	}
	order_rows(table, SORT_SIZE, false);
	return table;
}
