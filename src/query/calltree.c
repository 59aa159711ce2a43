/*
 * calltree.c - a call tree, what of it is open, and whose a trace is (L5).
 *
 * Shape      The stacks already are a tree from the oldest frame on; a grove
 *            (grove.h) is the part in use, with what each slot owns itself
 *            and with everything above it.  Nodes are made when listed
 *            (calltree_list.c); between listings a node is an identity, the
 *            hash of the functions on the way to it.
 */
#include "query/calltree_private.h"

#include "base/hash.h"
#include "util/slice.h"

static void
add_traces(struct call_tree *tree, const struct query_traces *traces,
    bool is_old)
{
	for (uint32_t i = 0; i < traces->n; i++) {
		const struct query_trace *trace = &traces->traces[i];
		struct tree_sum *sum =
		    &tree->own[tree->grove.slot_of[trace->stack]];

		slice_point_at(i);
		*(is_old ? &sum->old_size : &sum->size) += trace->size;
		*(is_old ? &sum->old_count : &sum->count) += trace->count;
	}
}

struct call_tree *
call_tree_new(const struct query_traces *now, const struct query_traces *base)
{
	struct call_tree *tree = xcalloc(1, sizeof *tree);
	const struct query_traces *const sides[] = { now, base };
	size_t n;

	tree->tables = stacks_tables(now->stacks);
	tree->names = stacks_names(now->stacks);
	tree->has_diff = base != NULL;
	grove_init(&tree->grove, sides, 2);
	n = tree->grove.n_slots;
	tree->own = xcalloc(n, sizeof *tree->own);
	tree->all = xcalloc(n, sizeof *tree->all);
	add_traces(tree, now, false);
	if (base != NULL)
		add_traces(tree, base, true);
	memcpy(tree->all, tree->own, n * sizeof *tree->all);
	for (uint32_t slot = tree->grove.n_slots - 1; slot > 0; slot--) {
		slice_point_at(slot);
		tree_sum_add(&tree->all[tree->grove.parents[slot]],
		    &tree->all[slot]);
	}
	return tree;
}

void
call_tree_free(struct call_tree *tree)
{
	if (tree == NULL)
		return;
	grove_fini(&tree->grove);
	free(tree->own);
	free(tree->all);
	free(tree);
}

/* ---- what is open ---- */

/* Where it stands, or would. */
static size_t
find_open(const struct tree_open *open, uint64_t id)
{
	size_t low = 0, high = open->ids.n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (open->ids.items[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
tree_open_has(const struct tree_open *open, uint64_t id)
{
	size_t i = find_open(open, id);

	return i < open->ids.n && open->ids.items[i] == id;
}

void
tree_open_add(struct tree_open *open, uint64_t id)
{
	size_t i = find_open(open, id);

	if (tree_open_has(open, id))
		return;
	vec_push(&open->ids, id);
	memmove(&open->ids.items[i + 1], &open->ids.items[i],
	    (open->ids.n - 1 - i) * sizeof open->ids.items[0]);
	open->ids.items[i] = id;
}

void
tree_open_remove(struct tree_open *open, uint64_t id)
{
	size_t i = find_open(open, id);

	if (tree_open_has(open, id))
		vec_remove(&open->ids, i);
}

void
tree_open_copy(struct tree_open *to, const struct tree_open *from)
{
	vec_clear(&to->ids);
	for (size_t i = 0; i < from->ids.n; i++)
		vec_push(&to->ids, from->ids.items[i]);
}

void
tree_open_fini(struct tree_open *open)
{
	vec_fini(&open->ids);
}

/* ---- functions ---- */

bool
call_tree_same(const struct stack_frame *a, const struct stack_frame *b)
{
	if (a->symbol.function == NAME_UNKNOWN ||
	    b->symbol.function == NAME_UNKNOWN)
		return a->symbol.function == b->symbol.function &&
		    a->location == b->location;
	return a->symbol.function == b->symbol.function &&
	    a->symbol.file == b->symbol.file;
}

uint64_t
call_tree_hash(const struct stack_frame *frame)
{
	if (frame->symbol.function == NAME_UNKNOWN)
		return frame->identity;
	return hash_word((uint64_t)frame->symbol.file << 32 |
	    frame->symbol.function);
}

/* ---- the traces of a node ---- */

/* The way of `stack` down to the same depth as the row, as an identity. */
static uint64_t
identify(const struct stack_tables *tables, const uint32_t *nodes, size_t n,
    bool is_bottom_up)
{
	uint64_t identity = TREE_ROOT;

	for (size_t i = 0; i < n; i++) {
		uint32_t node = nodes[is_bottom_up ? i : n - 1 - i];

		identity = hash_add(identity,
		    call_tree_hash(call_tree_frame(tables, node)));
	}
	return identity;
}

bool
call_tree_holds(const struct stacks *stacks, uint32_t stack,
    const struct tree_row *row, bool is_bottom_up)
{
	struct stack_tables tables = stacks_tables(stacks);
	uint32_t depth = tables.nodes[stack].depth;
	VEC(uint32_t) nodes = VEC_INIT;
	uint64_t identity;

	if (depth < row->depth)
		return false;
	for (; !is_bottom_up && depth > row->depth; depth--)
		stack = tables.nodes[stack].parent;
	for (uint32_t i = 0; i < row->depth; i++) {
		vec_push(&nodes, stack);
		stack = tables.nodes[stack].parent;
	}
	identity = identify(&tables, nodes.items, nodes.n, is_bottom_up);
	vec_fini(&nodes);
	return identity == row->stat.identity;
}
