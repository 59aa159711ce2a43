/*
 * order_tracebacks.c - rows that only their tracebacks tell apart (L5).
 *
 * Shape      The places of each traceback are written down once, the oldest
 *            first, as numbers in one array; then the rows are sorted like
 *            strings: split in three by the number at one depth, and only what
 *            is equal there goes on to the next.
 * Why        A program has many tracebacks with one block of the same size.
 *            Following two of them to where they join, at every comparison,
 *            was most of the time of a report by traceback.
 * Limits     Eight bytes for each frame of the rows, as long as it lasts.
 */
#include "query/order_tracebacks.h"

#include "util/slice.h"
#include "util/xalloc.h"

#include <assert.h>
#include <stdlib.h>

enum { FEW = 8, MANY = 1000 };

/* A row to be ordered: the n places of its path, none of them 0. */
struct key {
	const uint64_t	*path;
	uint32_t	 n;
	uint32_t	 row;
};

/* What qsort_r() hands on. */
struct context {
	const struct statistic	*rows;
};

/* Behind the last place is 0: less than any. */
static uint64_t
place_at(const struct key *key, uint32_t depth)
{
	return depth < key->n ? key->path[depth] : 0;
}

static int
compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Of rows whose places are equal; descending. */
static int
compare_rows(const void *left, const void *right, void *arg)
{
	const struct context *context = arg;
	const struct statistic *a =
	    &context->rows[((const struct key *)left)->row];
	const struct statistic *b =
	    &context->rows[((const struct key *)right)->row];
	int order = compare_u64(b->offset, a->offset);

	return order != 0 ? order : compare_u64(b->identity, a->identity);
}

/* Of rows whose places are equal above `depth`; descending. */
static int
compare_keys(struct context *context, const struct key *a,
    const struct key *b, uint32_t depth)
{
	uint64_t x, y;

	do {
		x = place_at(a, depth);
		y = place_at(b, depth);
		depth++;
	} while (x == y && x != 0);
	return x != y ? compare_u64(y, x) : compare_rows(a, b, context);
}

static void
sort_few(struct context *context, struct key *keys, size_t n, uint32_t depth)
{
	for (size_t i = 1; i < n; i++) {
		struct key key = keys[i];
		size_t at = i;

		for (; at > 0 && compare_keys(context, &key, &keys[at - 1],
		    depth) < 0; at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
	}
}

static uint64_t
middle_of_three(const struct key *keys, size_t n, uint32_t depth)
{
	uint64_t a = place_at(&keys[0], depth);
	uint64_t b = place_at(&keys[n / 2], depth);
	uint64_t c = place_at(&keys[n - 1], depth);

	if (a > b)
		return b > c ? b : a > c ? c : a;
	return a > c ? a : b > c ? c : b;
}

/* Parts of a list, with the depth that is looked at next. */
struct part {
	struct key	*keys;
	size_t		 n;
	uint32_t	 depth;
};

/* Greater ones in front, then equal ones, then less. */
static void
split(const struct part *whole, struct part parts[3], uint64_t pivot)
{
	struct key *keys = whole->keys;
	size_t greater = 0, i = 0, less = whole->n;

	while (i < less) {
		uint64_t place = place_at(&keys[i], whole->depth);
		size_t to = place > pivot ? greater++ : place < pivot ?
		    --less : i;
		struct key key = keys[i];

		keys[i] = keys[to];
		keys[to] = key;
		i += place >= pivot;
	}
	parts[0] = (struct part){ keys, greater, whole->depth };
	parts[1] = (struct part){ keys + greater, less - greater,
		whole->depth + 1 };
	parts[2] = (struct part){ keys + less, whole->n - less,
		whole->depth };
}

/* The largest part is done in the loop, so that recursion goes no deeper than
 * n can be halved. */
static void
sort_keys(struct context *context, struct part whole)
{
	struct part parts[3];
	uint64_t pivot;
	int largest;

	while (whole.n > FEW) {
		if (whole.n > MANY)
			slice_point();
		pivot = middle_of_three(whole.keys, whole.n, whole.depth);
		split(&whole, parts, pivot);
		/* These have all ended. */
		if (pivot == 0) {
			qsort_r(parts[1].keys, parts[1].n, sizeof(struct key),
			    compare_rows, context);
			parts[1].n = 0;
		}
		largest = parts[1].n > parts[0].n;
		if (parts[2].n > parts[largest].n)
			largest = 2;
		for (int i = 0; i < 3; i++)
			if (i != largest)
				sort_keys(context, parts[i]);
		whole = parts[largest];
	}
	sort_few(context, whole.keys, whole.n, whole.depth);
}

/* How many frames a traceback shows: the empty one has one, "<unknown>". */
static uint32_t
depth_of(const struct stack_tables *tables, uint32_t stack)
{
	return stack != 0 ? tables->nodes[stack].depth : 1;
}

/* Write the places of a traceback's n frames, the oldest first. */
static void
write_path(uint64_t *path, uint32_t n, const struct stack_node *nodes,
    const uint64_t *places, uint32_t stack)
{
	for (uint32_t i = n; i-- > 0; stack = nodes[stack].parent)
		path[i] = places[nodes[stack].frame] + 1;
}

void
order_tracebacks(const struct stats_table *table, const uint64_t *places,
    uint32_t *rows, size_t n)
{
	struct stack_tables tables = stacks_tables(table->stacks);
	struct context context = { .rows = table->rows };
	struct key *keys = xreallocarray(NULL, n, sizeof *keys);
	size_t n_frames = 0;
	uint64_t *paths, *at;

	assert(table->grouping == BY_TRACEBACK);
	for (size_t i = 0; i < n; i++)
		n_frames += depth_of(&tables, table->rows[rows[i]].stack);
	at = paths = xreallocarray(NULL, n_frames, sizeof *paths);
	for (size_t i = 0; i < n; i++) {
		uint32_t stack = table->rows[rows[i]].stack;

		slice_point_at(i);
		keys[i] = (struct key){ .path = at, .row = rows[i],
			.n = depth_of(&tables, stack) };
		write_path(at, keys[i].n, tables.nodes, places, stack);
		at += keys[i].n;
	}
	sort_keys(&context, (struct part){ keys, n, 0 });
	for (size_t i = 0; i < n; i++)
		rows[i] = keys[i].row;
	free(paths);
	free(keys);
}
