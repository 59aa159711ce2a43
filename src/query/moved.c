/*
 * moved.c - rows of two builds that are the same place in the source (L5).
 *
 * Shape      A joined table is taken apart into its two sides again.  Rows of
 *            one function of one file are one group, tracebacks through the
 *            same functions too; in each group the old rows are paired with
 *            the present ones (moved_pair.c).  What stays without a partner
 *            on both sides is tried once more by file names without folders.
 * Why        A line that moved must not look like one leak and one gain.  In
 *            modules whose build has not changed no line can have moved.
 */
#include "query/moved_private.h"

#include "base/hash.h"
#include "util/vec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

/* A thread's name without its number, which is another in each run. */
static uint64_t
hash_thread(const struct moving *m, uint32_t label)
{
	size_t size;
	const char *raw = name_raw(m->names, label, &size);
	const char *blank = memrchr(raw, ' ', size);

	return hash_bytes(raw, blank != NULL ? (size_t)(blank - raw) : size);
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
		hash = hash_word(hash + moved_position(frame));
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
	/* What is left of one side only: of one run, threads are themselves. */
	if (m->table->grouping == BY_THREAD) {
		*key = hash_thread(m, row->file);
		return without_folder;
	}
	if (m->table->grouping == BY_TRACEBACK)
		return find_traceback_key(m, row->stack, key);
	*key = m->frame_keys[m->tables.nodes[row->stack].frame];
	return row->function != NAME_UNKNOWN && !m->same_build[row->module];
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
	qsort_r(m->old.items, m->old.n, sizeof *m->old.items, moved_compare_sides,
	    m);
	qsort_r(m->now.items, m->now.n, sizeof *m->now.items, moved_compare_sides,
	    m);
	while (i < m->old.n && j < m->now.n) {
		i_end = group_end(&m->old, i);
		j_end = group_end(&m->now, j);
		if (m->old.items[i].key < m->now.items[j].key) {
			i = i_end;
		} else if (m->old.items[i].key > m->now.items[j].key) {
			j = j_end;
		} else {
			moved_pair_group(m, &m->old.items[i], i_end - i,
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
			stats_subtract(&row, &before);
			vec_push(&rows, row);
		}
		if (exists(&old) && m->partner_of_old[i] == NO_ROW)
			vec_push(&rows, stats_vanish(&old));
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
