/*
 * moved.c - rows of two builds that are the same place in the source (L5).
 *
 * Shape      A joined table is taken apart into its two sides again.  Rows of
 *            one function of one file are one group, tracebacks through the
 *            same functions too; in each group the old rows are paired with
 *            the present ones, as many as there can be, in the order of their
 *            lines and at the least cost.  What stays without a partner on
 *            both sides is tried once more by file names without folders.
 * Why        A line that moved must not look like one leak and one gain.
 *            Lines alone do not tell which is which, when a new line stands
 *            in the place of an old one: how often it allocates, and blocks
 *            of what size, weighs more than how far it moved.
 *            In modules whose build has not changed no line can have moved.
 * Limits     Groups of more than MAX_CELLS pairs stay as they are.
 */
#include "query/stats.h"

#include "base/hash.h"
#include "util/vec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NO_ROW	UINT32_MAX

enum { MAX_CELLS = 1 << 16, MAX_DISTANCE = 1000, WEIGHT = 2000 };

/* One side of a row: what it was then, or what it is now. */
struct side {
	uint64_t	key;		/* of its group */
	uint64_t	file_key;	/* key with folders */
	uint32_t	row;
	uint64_t	allocs, allocated;
};

struct sides {
	struct side	*items;
	size_t		 n, room;
};

struct moving {
	struct stats_table *table;
	struct stack_tables tables;
	const struct names *names;
	const bool	*same_build;	/* by name of a module */
	uint64_t	*frame_keys;	/* of the present try, by frame */
	uint64_t	*file_keys;	/* of the first try, by row */
	struct sides	 old, now;
	uint32_t	*partner_of_old, *partner_of_now;	/* by row */
};

/* ---- sides ---- */

static struct statistic
old_of(const struct statistic *row)
{
	struct statistic old = *row;

	old.size -= (uint64_t)row->size_diff;
	old.count -= (uint64_t)row->count_diff;
	old.allocs -= (uint64_t)row->allocs_diff;
	old.allocated -= (uint64_t)row->allocated_diff;
	return old;
}

static bool
exists(const struct statistic *row)
{
	return row->size != 0 || row->count != 0 || row->allocs != 0 ||
	    row->allocated != 0;
}

/* ---- keys ---- */

static uint64_t
hash_name(const struct moving *m, uint32_t name, bool without_folder)
{
	size_t size;
	const char *raw = name_raw(m->names, name, &size);
	const char *slash = without_folder ? memrchr(raw, '/', size) : NULL;

	if (slash != NULL) {
		size -= (size_t)(slash + 1 - raw);
		raw = slash + 1;
	}
	return hash_bytes(raw, size);
}

static const struct symbol_frame *
frame_of(const struct moving *m, uint32_t node)
{
	return &m->tables.frames[m->tables.nodes[node].frame].symbol;
}

/* Where in its function a frame is. */
static uint64_t
position_of(const struct symbol_frame *frame)
{
	return frame->line != 0 ? frame->line : frame->offset;
}

static bool
may_have_moved(const struct moving *m, const struct symbol_frame *frame)
{
	return frame->function != NAME_UNKNOWN &&
	    !m->same_build[frame->module];
}

/* The frame without its place in the function, if it may have another. */
static uint64_t
hash_frame(const struct moving *m, const struct symbol_frame *frame,
    bool without_folder)
{
	uint64_t hash = hash_name(m, frame->file, without_folder);

	hash = hash_word(hash + hash_name(m, frame->function, false));
	if (!may_have_moved(m, frame))
		hash = hash_word(hash + position_of(frame));
	return hash;
}

static void
make_frame_keys(struct moving *m, bool without_folder)
{
	for (uint32_t i = 0; i < m->tables.n_frames; i++)
		m->frame_keys[i] = hash_frame(m, &m->tables.frames[i].symbol,
		    without_folder);
}

/* The traceback as a key; false: no frame of it can have moved. */
static bool
find_traceback_key(const struct moving *m, uint32_t node, uint64_t *key)
{
	bool may_move = false;

	for (; node != 0; node = m->tables.nodes[node].parent) {
		uint32_t frame = m->tables.nodes[node].frame;

		may_move |= may_have_moved(m, &m->tables.frames[frame].symbol);
		*key = hash_add(*key, m->frame_keys[frame]);
	}
	return may_move;
}

/* Key of a row's group, or false: it cannot have moved. */
static bool
find_key(const struct moving *m, const struct statistic *row,
    bool without_folder, uint64_t *key)
{
	*key = 1;
	if (m->table->grouping == BY_FILENAME) {
		*key = hash_name(m, row->file, without_folder);
		return without_folder;
	}
	if (m->table->grouping == BY_TRACEBACK)
		return find_traceback_key(m, row->stack, key);
	*key = m->frame_keys[m->tables.nodes[row->stack].frame];
	return row->function != NAME_UNKNOWN && !m->same_build[row->module];
}

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
		order = compare_numbers(position_of(frame_of(m, a)),
		    position_of(frame_of(m, b)));
		if (m->table->grouping != BY_TRACEBACK)
			break;
		a = m->tables.nodes[a].parent;
		b = m->tables.nodes[b].parent;
	}
	return order;
}

static int
compare_sides(const void *left, const void *right, void *moving)
{
	const struct moving *m = moving;
	const struct side *a = left, *b = right;
	const struct statistic *rows = m->table->rows;
	int order = compare_numbers(a->key, b->key);

	if (order == 0)
		order = compare_positions(m, rows[a->row].stack,
		    rows[b->row].stack);
	return order != 0 ? order : compare_numbers(rows[a->row].identity,
	    rows[b->row].identity);
}

static uint64_t
distance(const struct moving *m, uint32_t a, uint32_t b)
{
	uint64_t sum = 0;

	while (a != 0 && b != 0 && a != b && sum < MAX_DISTANCE) {
		uint64_t lines = difference(position_of(frame_of(m, a)),
		    position_of(frame_of(m, b)));

		sum += lines < MAX_DISTANCE ? lines : MAX_DISTANCE;
		if (m->table->grouping != BY_TRACEBACK)
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
average_of(const struct side *side)
{
	return side->allocs == 0 ? 0 :
	    (double)side->allocated / (double)side->allocs;
}

static uint64_t
cost_of(const struct moving *m, const struct side *old,
    const struct side *now)
{
	const struct statistic *rows = m->table->rows;

	return distance(m, rows[old->row].stack, rows[now->row].stack) +
	    unlikeness((double)old->allocs, (double)now->allocs) +
	    unlikeness(average_of(old), average_of(now));
}

/* ---- pairing ---- */

static void
pair(struct moving *m, const struct side *old, const struct side *now)
{
	m->partner_of_old[old->row] = now->row;
	m->partner_of_now[now->row] = old->row;
}

/* Are both sides at the same places? Then nothing has moved. */
static bool
is_unmoved(const struct side *old, size_t n_old, const struct side *now,
    size_t n_now)
{
	if (n_old != n_now)
		return false;
	for (size_t i = 0; i < n_old; i++) {
		if (old[i].row != now[i].row)
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
			    (is_old ? cost_of(m, &few[i - 1], &many[j - 1]) :
			    cost_of(m, &many[j - 1], &few[i - 1]));
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

static void
pair_group(struct moving *m, const struct side *old, size_t n_old,
    const struct side *now, size_t n_now)
{
	if (is_unmoved(old, n_old, now, n_now) ||
	    !is_one_file(old, n_old) || !is_one_file(now, n_now) ||
	    n_old >= MAX_CELLS || n_now >= MAX_CELLS ||
	    (n_old + 1) * (n_now + 1) > MAX_CELLS)
		return;
	for (size_t i = 0; i < n_old; i++)
		m->partner_of_old[old[i].row] = NO_ROW;
	for (size_t i = 0; i < n_now; i++)
		m->partner_of_now[now[i].row] = NO_ROW;
	if (n_old <= n_now)
		align(m, old, n_old, now, n_now, true);
	else
		align(m, now, n_now, old, n_old, false);
}

static size_t
group_end(const struct sides *sides, size_t begin)
{
	size_t end = begin + 1;

	while (end < sides->n &&
	    sides->items[end].key == sides->items[begin].key)
		end++;
	return end;
}

static void
pair_groups(struct moving *m)
{
	size_t i = 0, j = 0, i_end, j_end;

	if (m->old.n == 0 || m->now.n == 0)
		return;
	qsort_r(m->old.items, m->old.n, sizeof *m->old.items, compare_sides,
	    m);
	qsort_r(m->now.items, m->now.n, sizeof *m->now.items, compare_sides,
	    m);
	while (i < m->old.n && j < m->now.n) {
		i_end = group_end(&m->old, i);
		j_end = group_end(&m->now, j);
		if (m->old.items[i].key < m->now.items[j].key) {
			i = i_end;
		} else if (m->old.items[i].key > m->now.items[j].key) {
			j = j_end;
		} else {
			pair_group(m, &m->old.items[i], i_end - i,
			    &m->now.items[j], j_end - j);
			i = i_end;
			j = j_end;
		}
	}
}

/* One try: sides in groups by full names, or those still alone by names
 * without folders. */
static void
try_pairs(struct moving *m, bool without_folder)
{
	struct side side = { .key = 0 };

	vec_clear(&m->old);
	vec_clear(&m->now);
	make_frame_keys(m, without_folder);
	for (uint32_t i = 0; i < m->table->n_all; i++) {
		const struct statistic *row = &m->table->rows[i];
		struct statistic old = old_of(row);
		bool may_move = find_key(m, row, without_folder, &side.key);

		if (!without_folder)
			m->file_keys[i] = side.key;
		if (!may_move)
			continue;
		side.file_key = m->file_keys[i];
		side.row = i;
		side.allocs = old.allocs;
		side.allocated = old.allocated;
		if (exists(&old) && (!without_folder ||
		    m->partner_of_old[i] == NO_ROW))
			vec_push(&m->old, side);
		side.allocs = row->allocs;
		side.allocated = row->allocated;
		if (exists(row) && (!without_folder ||
		    m->partner_of_now[i] == NO_ROW))
			vec_push(&m->now, side);
	}
	pair_groups(m);
}

/* ---- the table ---- */

static void
subtract(struct statistic *row, const struct statistic *old)
{
	row->size_diff = (int64_t)(row->size - old->size);
	row->count_diff = (int64_t)(row->count - old->count);
	row->allocs_diff = (int64_t)(row->allocs - old->allocs);
	row->allocated_diff = (int64_t)(row->allocated - old->allocated);
}

static struct statistic
vanish(const struct statistic *old)
{
	struct statistic row = *old;

	row.size = row.count = row.allocs = row.frees = 0;
	row.allocated = row.temporary = 0;
	row.n_tracebacks = 0;
	subtract(&row, old);
	return row;
}

static void
join_partners(struct moving *m)
{
	static const struct statistic nothing;
	struct stats_table *table = m->table;
	VEC(struct statistic) rows = VEC_INIT;

	for (uint32_t i = 0; i < table->n_all; i++) {
		struct statistic row = table->rows[i], old = old_of(&row);
		uint32_t partner = m->partner_of_now[i];
		struct statistic before = nothing;

		if (exists(&row)) {
			if (partner != NO_ROW)
				before = old_of(&table->rows[partner]);
			subtract(&row, &before);
			vec_push(&rows, row);
		}
		if (exists(&old) && m->partner_of_old[i] == NO_ROW)
			vec_push(&rows, vanish(&old));
	}
	free(table->rows);
	table->rows = rows.items;
	table->n_all = (uint32_t)rows.n;
	table->n_rows = stats_put_live_first(table->rows, table->n_all);
	table->n_ordered = 0;
}

void
match_moved(struct stats_table *table, const bool *same_build)
{
	struct moving m = {
		.table = table, .tables = stacks_tables(table->stacks),
		.names = stacks_names(table->stacks),
		.same_build = same_build,
		.file_keys = xcalloc(table->n_all, sizeof(uint64_t)),
		.partner_of_old = xcalloc(table->n_all, sizeof(uint32_t)),
		.partner_of_now = xcalloc(table->n_all, sizeof(uint32_t)),
	};

	assert(table->has_diff);
	m.frame_keys = xcalloc(m.tables.n_frames, sizeof *m.frame_keys);
	for (uint32_t i = 0; i < table->n_all; i++) {
		struct statistic old = old_of(&table->rows[i]);

		m.partner_of_old[i] = exists(&table->rows[i]) ? i : NO_ROW;
		m.partner_of_now[i] = exists(&old) ? i : NO_ROW;
	}
	try_pairs(&m, false);
	try_pairs(&m, true);
	join_partners(&m);
	vec_fini(&m.old);
	vec_fini(&m.now);
	free(m.frame_keys);
	free(m.file_keys);
	free(m.partner_of_old);
	free(m.partner_of_now);
}
