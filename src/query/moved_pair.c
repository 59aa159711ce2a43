/*
 * moved_pair.c - which line of an old build is which of a new one (L5).
 *
 * Shape      The sides of a group are aligned in the order of their lines: as
 *            many pairs as there can be, at the least cost in all.
 * Why        Lines alone do not tell which is which, when a new line stands
 *            in the place of an old one: how often it allocates, and blocks
 *            of what size, weighs more than how far it moved.
 * Limits     Groups of more than MAX_CELLS pairs stay as they are.
 */
#include "query/moved_private.h"

#include "util/xalloc.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_CELLS = 1 << 16, MAX_DISTANCE = 1000, WEIGHT = 2000 };

/* ---- order and distance in a group ---- */

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static uint64_t
difference(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* Lines of two rows of a group, newest frame first. */
static int
compare_positions(const struct moving *m, uint32_t a, uint32_t b)
{
	int order = 0;

	while (order == 0 && a != 0 && b != 0 && a != b) {
		order = compare_numbers(moved_position(moved_frame(m, a)),
		    moved_position(moved_frame(m, b)));
		if (m->grouping != BY_TRACEBACK)
			break;
		a = m->tables.nodes[a].parent;
		b = m->tables.nodes[b].parent;
	}
	return order;
}

int
moved_compare_sides(const void *left, const void *right, void *moving)
{
	const struct moving *m = moving;
	const struct side *a = left, *b = right;
	int order = compare_numbers(a->key, b->key);

	if (order == 0)
		order = compare_positions(m, a->of->stack, b->of->stack);
	return order != 0 ? order : compare_numbers(a->of->identity,
	    b->of->identity);
}

static uint64_t
distance(const struct moving *m, uint32_t a, uint32_t b)
{
	uint64_t sum = 0;

	while (a != 0 && b != 0 && a != b && sum < MAX_DISTANCE) {
		uint64_t lines = difference(moved_position(moved_frame(m, a)),
		    moved_position(moved_frame(m, b)));

		sum += lines < MAX_DISTANCE ? lines : MAX_DISTANCE;
		if (m->grouping != BY_TRACEBACK)
			break;
		a = m->tables.nodes[a].parent;
		b = m->tables.nodes[b].parent;
	}
	return sum < MAX_DISTANCE ? sum : MAX_DISTANCE;
}

/* 0 for equal numbers, up to WEIGHT for those that have nothing in common. */
static uint64_t
unlikeness(double a, double b)
{
	double most = a > b ? a : b, least = a > b ? b : a;

	return most <= 0 ? 0 : (uint64_t)(WEIGHT * (most - least) / most);
}

static double
average_of(const struct statistic *row)
{
	return row->allocs == 0 ? 0 :
	    (double)row->allocated / (double)row->allocs;
}

static uint64_t
cost_of(const struct moving *m, const struct side *a, const struct side *b)
{
	return distance(m, a->of->stack, b->of->stack) +
	    unlikeness((double)a->of->allocs, (double)b->of->allocs) +
	    unlikeness(average_of(a->of), average_of(b->of));
}

/* ---- pairing ---- */

static void
pair(struct moving *m, const struct side *old, const struct side *now)
{
	m->partner_of_old[old->row] = now->row;
	m->partner_of_now[now->row] = old->row;
}

/* Let a row go from its partner, and that from it. */
static void
part(uint32_t *partners, uint32_t row, uint32_t *others)
{
	if (partners[row] != NO_ROW)
		others[partners[row]] = NO_ROW;
	partners[row] = NO_ROW;
}

/* Have all of both sides a partner?  They are of one group, so it is in it,
 * and nothing has moved. */
static bool
is_unmoved(const struct moving *m, const struct side *old, size_t n_old,
    size_t n_now)
{
	if (n_old != n_now)
		return false;
	for (size_t i = 0; i < n_old; i++) {
		if (m->partner_of_old[old[i].row] == NO_ROW)
			return false;
	}
	return true;
}

/*
 * Give each of the fewer sides a partner among the more, in order.  cells[i][j]
 * is the least cost of giving the first i of the fewer partners among the
 * first j; is_old: the fewer are the old ones.
 */
static void
align(struct moving *m, const struct side *few, size_t n_few,
    const struct side *many, size_t n_many, bool is_old)
{
	size_t width = n_many + 1;
	uint64_t *cells = xcalloc((n_few + 1) * width, sizeof *cells);

	for (size_t i = 1; i <= n_few; i++) {
		for (size_t j = i; j <= n_many; j++) {
			uint64_t paired = cells[(i - 1) * width + j - 1] +
			    cost_of(m, &few[i - 1], &many[j - 1]);
			uint64_t before = cells[i * width + j - 1];

			cells[i * width + j] = j > i && before <= paired ?
			    before : paired;
		}
	}
	for (size_t i = n_few, j = n_many; i > 0; j--) {
		assert(j >= i);
		if (j > i && cells[i * width + j] == cells[i * width + j - 1])
			continue;
		i--;
		if (is_old)
			pair(m, &few[i], &many[j - 1]);
		else
			pair(m, &many[j - 1], &few[i]);
	}
	free(cells);
}

/* Without folders: which of several files is meant cannot be told. */
static bool
is_one_file(const struct side *sides, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (sides[i].file_key != sides[0].file_key)
			return false;
	}
	return true;
}

void
moved_pair_group(struct moving *m, const struct side *old, size_t n_old,
    const struct side *now, size_t n_now)
{
	if (is_unmoved(m, old, n_old, n_now) ||
	    !is_one_file(old, n_old) || !is_one_file(now, n_now) ||
	    n_old >= MAX_CELLS || n_now >= MAX_CELLS ||
	    (n_old + 1) * (n_now + 1) > MAX_CELLS)
		return;
	for (size_t i = 0; i < n_old; i++)
		part(m->partner_of_old, old[i].row, m->partner_of_now);
	for (size_t i = 0; i < n_now; i++)
		part(m->partner_of_now, now[i].row, m->partner_of_old);
	if (n_old <= n_now)
		align(m, old, n_old, now, n_now, true);
	else
		align(m, now, n_now, old, n_old, false);
}
