#include "query/grove.h"

#include "util/slice.h"
#include "util/xalloc.h"

#include <assert.h>
#include <stdlib.h>

/* Mark the nodes on the way from any trace to its root. */
static void
mark_nodes(struct grove *grove, const struct stack_tables *tables,
    const struct query_traces *traces)
{
	for (uint32_t i = 0; i < traces->n; i++) {
		uint32_t node = traces->traces[i].stack;

		slice_point_at(i);
		for (; node != 0 && grove->slot_of[node] == 0;
		    node = tables->nodes[node].parent) {
			grove->slot_of[node] = 1;
			grove->n_slots++;
		}
	}
}

static void
number_nodes(struct grove *grove, const struct stack_tables *tables)
{
	grove->nodes = xcalloc(grove->n_slots, sizeof *grove->nodes);
	for (uint32_t slot = 1, n = 1; n < tables->n_nodes; n++) {
		slice_point_at(n);
		if (grove->slot_of[n] == 0)
			continue;
		grove->nodes[slot] = n;
		assert(grove->slot_of[tables->nodes[n].parent] < slot);
		grove->slot_of[n] = slot++;
	}
}

static void
link_slots(struct grove *grove, const struct stack_tables *tables)
{
	size_t n = grove->n_slots;

	grove->parents = xcalloc(n, sizeof *grove->parents);
	grove->children = xcalloc(n, sizeof *grove->children);
	grove->siblings = xcalloc(n, sizeof *grove->siblings);

	/* Last first, so that siblings are walked in the order of ids, which
	 * is the order they lie in memory. */
	for (uint32_t slot = grove->n_slots - 1; slot > 0; slot--) {
		uint32_t node = grove->nodes[slot];
		uint32_t up = grove->slot_of[tables->nodes[node].parent];

		slice_point_at(slot);
		assert(up < slot);
		grove->parents[slot] = up;
		grove->siblings[slot] = grove->children[up];
		grove->children[up] = slot;
	}
}

void
grove_init(struct grove *grove, const struct query_traces *const *sides,
    size_t n_sides)
{
	struct stack_tables tables = stacks_tables(sides[0]->stacks);

	*grove = (struct grove){ .n_slots = 1,
		.slot_of = xcalloc(tables.n_nodes, sizeof(uint32_t)) };
	for (size_t i = 0; i < n_sides; i++) {
		if (sides[i] == NULL)
			continue;
		assert(sides[i]->stacks == sides[0]->stacks);
		mark_nodes(grove, &tables, sides[i]);
	}
	number_nodes(grove, &tables);
	link_slots(grove, &tables);
}

void
grove_fini(struct grove *grove)
{
	free(grove->nodes);
	free(grove->parents);
	free(grove->children);
	free(grove->siblings);
	free(grove->slot_of);
}
