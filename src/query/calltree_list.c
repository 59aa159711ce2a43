/*
 * calltree_list.c - rows of a call tree, made as far as it is open (L5).
 *
 * Shape      A node is a set of items: top-down the slots that are the same
 *            function called the same way, bottom-up the owning slots, each
 *            with how far its callers have been followed.  Opening a node
 *            takes its items one step further and groups them by function.
 * Why        Nobody opens a million nodes, so nothing is made but what is
 *            open: one pass over the items of each open node.
 * Invariant  Items of a node are disjoint parts of those of its parent, so
 *            every trace is counted once on a level.
 * Limits     Of a node's children the first MAX_BRANCHES are rows, the others
 *            one more.
 */
#include "query/calltree_private.h"

#include "base/hash.h"
#include "util/idmap.h"
#include "util/slice.h"

#include <assert.h>

enum { MAX_BRANCHES = 500 };

static bool
is_nothing(const struct tree_sum *sum)
{
	return (sum->size | sum->count | sum->old_size | sum->old_count) == 0;
}

/* ---- the nodes of one level ---- */

struct item {
	uint32_t	at;		/* slot */
	uint32_t	owner;		/* slot; top-down the same */
};

typedef VEC(struct item) item_list;

struct branch {
	uint32_t	 slot;		/* one of its frames */
	uint32_t	 line;		/* of all of them; 0: several */
	size_t		 first, n;	/* its items */
	struct tree_sum	 sum;
	struct tree_sum	 self;
	bool		 has_children;
};

struct level {
	struct branch	*branches;
	size_t		 n, next;
	struct item	*items;		/* by branch */
	uint64_t	 parent;	/* identity */
};

struct lister {
	const struct call_tree	*tree;
	const struct tree_wants	*wants;
	struct tree_open	*open;
	tree_rows		*rows;
	VEC(struct level)	 levels;
	uint64_t		 hot;	/* node whose hot path is followed */
};

static const struct stack_frame *
frame_at(const struct call_tree *tree, uint32_t slot)
{
	return call_tree_frame(&tree->tables, tree->grove.nodes[slot]);
}

struct branch_table {
	const struct call_tree		*tree;
	VEC(struct branch)		 branches;
};

static bool
is_branch(const void *table, uint32_t id, const void *key)
{
	const struct branch_table *t = table;

	return call_tree_same(frame_at(t->tree, t->branches.items[id].slot),
	    key);
}

/* The items one step further: the callees of a node, or the callers. */
static void
step(const struct lister *l, const struct item *items, size_t n,
    item_list *next)
{
	const struct grove *grove = &l->tree->grove;
	struct item item;

	for (size_t i = 0; i < n; i++) {
		slice_point_at(i);
		if (l->wants->is_bottom_up) {
			item = items[i];
			item.at = grove->parents[item.at];
			if (item.at != 0)
				vec_push(next, item);
			continue;
		}
		item.at = grove->children[items[i].at];
		for (; item.at != 0; item.at = grove->siblings[item.at]) {
			item.owner = item.at;
			if (!is_nothing(&l->tree->all[item.at]))
				vec_push(next, item);
		}
	}
}

/* What the tree starts from: the roots, or whatever owns something. */
static void
list_first(const struct lister *l, item_list *first)
{
	static const struct item top = { 0, 0 };

	if (!l->wants->is_bottom_up) {
		step(l, &top, 1, first);
		return;
	}
	for (uint32_t slot = 1; slot < l->tree->grove.n_slots; slot++) {
		struct item item = { slot, slot };

		slice_point_at(slot);
		if (!is_nothing(&l->tree->own[slot]))
			vec_push(first, item);
	}
}

/* An item joins its branch. */
static void
add_item(const struct lister *l, struct branch *branch,
    const struct item *item)
{
	const struct call_tree *tree = l->tree;
	uint32_t line = frame_at(tree, item->at)->symbol.line;

	if (branch->n++ == 0) {
		branch->slot = item->at;
		branch->line = line;
	} else if (branch->line != line) {
		branch->line = 0;
	}
	if (l->wants->is_bottom_up) {
		tree_sum_add(&branch->sum, &tree->own[item->owner]);
		if (tree->grove.parents[item->at] != 0)
			branch->has_children = true;
		else
			tree_sum_add(&branch->self, &tree->own[item->owner]);
		return;
	}
	tree_sum_add(&branch->sum, &tree->all[item->at]);
	tree_sum_add(&branch->self, &tree->own[item->at]);
	branch->has_children |= tree->grove.children[item->at] != 0;
}

/* Put items together by function; branch_of says of each where it went. */
static void
find_branches(const struct lister *l, const item_list *items,
    struct branch_table *table, uint32_t *branch_of)
{
	struct idmap map = IDMAP_INIT;

	for (size_t i = 0; i < items->n; i++) {
		const struct stack_frame *frame = frame_at(l->tree,
		    items->items[i].at);
		uint64_t hash = call_tree_hash(frame);
		uint32_t id = idmap_find(&map, hash, is_branch, table, frame);

		slice_point_at(i);
		if (id == IDMAP_NONE) {
			id = (uint32_t)table->branches.n;
			idmap_add(&map, hash, id);
			vec_push_zeroed(&table->branches, 1);
		}
		add_item(l, &table->branches.items[id], &items->items[i]);
		branch_of[i] = id;
	}
	idmap_fini(&map);
}

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static uint64_t
change_of(const struct tree_sum *sum)
{
	return sum->size > sum->old_size ? sum->size - sum->old_size :
	    sum->old_size - sum->size;
}

/* The larger first, and names where they are equal. */
static int
compare_branches(const void *a, const void *b, void *lister)
{
	const struct lister *l = lister;
	const struct branch *x = a, *y = b;
	const struct symbol_frame *f = &frame_at(l->tree, x->slot)->symbol;
	const struct symbol_frame *g = &frame_at(l->tree, y->slot)->symbol;
	int order = l->wants->by_growth ? compare_numbers(change_of(&x->sum),
	    change_of(&y->sum)) : 0;

	if (order == 0)
		order = compare_numbers(x->sum.size, y->sum.size);
	if (order == 0)
		order = compare_numbers(change_of(&x->sum),
		    change_of(&y->sum));
	if (order == 0)
		order = compare_numbers(x->sum.count, y->sum.count);
	if (order == 0)
		order = strcmp(name_text(l->tree->names, f->function),
		    name_text(l->tree->names, g->function));
	if (order == 0)
		order = strcmp(name_text(l->tree->names, f->file),
		    name_text(l->tree->names, g->file));
	return order != 0 ? order : compare_numbers(g->offset, f->offset);
}

/* The level below a node, from the items of that node taken further. */
static void
push_level(struct lister *l, item_list *items, uint64_t parent)
{
	struct branch_table table = { .tree = l->tree };
	struct level level = { .parent = parent };
	uint32_t *branch_of = xreallocarray(NULL, items->n,
	    sizeof *branch_of);
	size_t first = 0;

	find_branches(l, items, &table, branch_of);
	level.branches = table.branches.items;
	level.n = table.branches.n;
	level.items = xreallocarray(NULL, items->n, sizeof *level.items);
	for (size_t i = 0; i < level.n; i++) {
		level.branches[i].first = first;
		first += level.branches[i].n;
		level.branches[i].n = 0;
	}
	for (size_t i = 0; i < items->n; i++) {
		struct branch *branch = &level.branches[branch_of[i]];

		slice_point_at(i);
		level.items[branch->first + branch->n++] = items->items[i];
	}
	assert(first == items->n);
	qsort_r(level.branches, level.n, sizeof *level.branches,
	    compare_branches, l);
	free(branch_of);
	vec_push(&l->levels, level);
}

/* ---- rows ---- */

static void
set_sums(const struct lister *l, struct tree_row *row,
    const struct tree_sum *sum, const struct tree_sum *self)
{
	row->stat.size = sum->size;
	row->stat.count = sum->count;
	if (l->tree->has_diff) {
		row->stat.size_diff = (int64_t)(sum->size - sum->old_size);
		row->stat.count_diff = (int64_t)(sum->count - sum->old_count);
	}
	row->self_size = self->size;
	row->self_count = self->count;
}

static void
list_root(struct lister *l)
{
	struct tree_row row = { .has_children = l->tree->grove.n_slots > 1 };

	row.stat.identity = TREE_ROOT;
	row.is_open = row.has_children && tree_open_has(l->open, TREE_ROOT);
	set_sums(l, &row, &l->tree->all[0], &l->tree->own[0]);
	vec_push(l->rows, row);
}

static void
list_rest(struct lister *l, struct level *level)
{
	struct tree_row row = { .depth = (uint32_t)l->levels.n,
		.n_folded = (uint32_t)(level->n - level->next) };
	struct tree_sum sum = { 0 }, self = { 0 };

	for (; level->next < level->n; level->next++) {
		tree_sum_add(&sum, &level->branches[level->next].sum);
		tree_sum_add(&self, &level->branches[level->next].self);
	}
	row.stat.identity = hash_add(level->parent, 0);
	set_sums(l, &row, &sum, &self);
	vec_push(l->rows, row);
}

/* Is this where the hot path goes on? */
static bool
is_hot(struct lister *l, const struct level *level,
    const struct branch *branch, uint64_t identity)
{
	const struct tree_row *parent;

	if (identity == l->wants->hot)
		return true;
	if (level->parent != l->hot || level->next != 1)
		return false;
	parent = vec_last(l->rows);	/* the first child comes next */
	return branch->sum.size >= parent->stat.size / 2 +
	    parent->stat.size % 2;
}

/* The next node of the level, and if it is open the level below it. */
static void
list_branch(struct lister *l, struct level *level)
{
	const struct branch *branch = &level->branches[level->next++];
	const struct stack_frame *frame = frame_at(l->tree, branch->slot);
	struct tree_row row = { .depth = (uint32_t)l->levels.n,
		.has_children = branch->has_children };
	item_list items = VEC_INIT;

	row.stat.identity = hash_add(level->parent, call_tree_hash(frame));
	row.stat.file = frame->symbol.file;
	row.stat.line = branch->line;
	row.stat.function = frame->symbol.function;
	row.stat.module = frame->symbol.module;
	row.stat.offset = frame->symbol.offset;
	row.stat.flags = frame->symbol.flags;
	row.stat.stack = l->tree->grove.nodes[branch->slot];
	set_sums(l, &row, &branch->sum, &branch->self);
	if (row.has_children && is_hot(l, level, branch, row.stat.identity)) {
		tree_open_add(l->open, row.stat.identity);
		l->hot = row.stat.identity;
	}
	row.is_open = row.has_children &&
	    tree_open_has(l->open, row.stat.identity);
	vec_push(l->rows, row);
	if (!row.is_open)
		return;
	step(l, level->items + branch->first, branch->n, &items);
	push_level(l, &items, row.stat.identity);
	vec_fini(&items);
}

static void
pop_level(struct lister *l)
{
	struct level level = vec_pop(&l->levels);

	free(level.branches);
	free(level.items);
}

void
call_tree_list(const struct call_tree *tree, const struct tree_wants *wants,
    struct tree_open *open, tree_rows *rows)
{
	struct lister l = { .tree = tree, .wants = wants, .open = open,
		.rows = rows, .hot = wants->hot == TREE_ROOT ? TREE_ROOT : 0 };
	item_list items = VEC_INIT;

	if (wants->hot == TREE_ROOT)
		tree_open_add(open, TREE_ROOT);
	list_root(&l);
	if (!vec_last(rows)->is_open)
		return;
	list_first(&l, &items);
	push_level(&l, &items, TREE_ROOT);
	vec_fini(&items);
	while (l.levels.n > 0) {
		struct level *level = vec_last(&l.levels);

		slice_point_at(rows->n);
		if (level->next == level->n)
			pop_level(&l);
		else if (level->next == MAX_BRANCHES)
			list_rest(&l, level);
		else
			list_branch(&l, level);
	}
	vec_fini(&l.levels);
}
