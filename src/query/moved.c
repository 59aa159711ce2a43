/*
 * moved.c - rows of two builds that are the same place in the source (L5).
 *
 * Shape      Rows at the same place are pairs to begin with.  Then rows of
 *            one function of one file are one group, tracebacks through the
 *            same functions too; in each group the old rows are paired with
 *            the present ones (moved_pair.c).  What stays without a partner
 *            on both sides is tried once more by file names without folders.
 * Why        A line that moved must not look like one leak and one gain.  In
 *            modules whose build has not changed no line can have moved.
 */
#include "query/moved_private.h"

#include "base/hash.h"
#include "util/slice.h"
#include "util/vec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

static uint64_t *
make_frame_keys(const struct moving *m, bool without_folder)
{
	uint64_t *keys = xcalloc(m->tables.n_frames, sizeof *keys);

	for (uint32_t i = 0; i < m->tables.n_frames; i++) {
		slice_point_at(i);
		keys[i] = hash_frame(m, &m->tables.frames[i].symbol,
		    without_folder);
	}
	return keys;
}

/* The traceback as a key; false: no frame of it can have moved. */
static bool
find_traceback_key(const struct moving *m, uint32_t node,
    const uint64_t *frame_keys, uint64_t *key)
{
	bool may_move = false;

	for (; node != 0; node = m->tables.nodes[node].parent) {
		uint32_t frame = m->tables.nodes[node].frame;

		may_move |= may_have_moved(m, &m->tables.frames[frame].symbol);
		*key = hash_add(*key, frame_keys[frame]);
	}
	return may_move;
}

/* Key of a row's group, or false: it cannot have moved. */
static bool
find_key(const struct moving *m, const struct statistic *row,
    bool without_folder, uint64_t *key)
{
	const uint64_t *frame_keys = m->frame_keys[without_folder];

	*key = 1;
	if (m->grouping == BY_FILENAME) {
		*key = hash_name(m, row->file, without_folder);
		return without_folder;
	}
	/* What is left of one side only: of one run, threads are themselves. */
	if (m->grouping == BY_THREAD) {
		*key = hash_thread(m, row->file);
		return without_folder;
	}
	if (m->grouping == BY_TRACEBACK)
		return find_traceback_key(m, row->stack, frame_keys,
		    key);
	*key = frame_keys[m->tables.nodes[row->stack].frame];
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
	qsort_r(m->old.items, m->old.n, sizeof *m->old.items,
	    moved_compare_sides, m);
	qsort_r(m->now.items, m->now.n, sizeof *m->now.items,
	    moved_compare_sides, m);
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

/* A pair of which one row cannot be told from others stays as it is. */
static bool
may_part(const struct moving *m, const struct stats_table *other,
    uint32_t partner)
{
	uint64_t key;

	return partner == NO_ROW || find_key(m, &other->rows[partner], false,
	    &key);
}

/* The rows of one table that are in this try: all that may have moved, or
 * those still alone. */
static void
gather(const struct moving *m, const struct stats_table *table,
    const uint32_t *partners, bool without_folder, struct sides *sides)
{
	const struct stats_table *other = table == m->now_table ?
	    m->old_table : m->now_table;

	vec_clear(sides);
	for (uint32_t i = 0; i < table->n_all; i++) {
		struct side side = { .row = i, .of = &table->rows[i] };

		slice_point_at(i);
		if (!find_key(m, side.of, without_folder, &side.key))
			continue;
		find_key(m, side.of, false, &side.file_key);
		if (without_folder ? partners[i] == NO_ROW :
		    may_part(m, other, partners[i]))
			vec_push(sides, side);
	}
}

static void
try_pairs(struct moving *m, bool without_folder)
{
	gather(m, m->old_table, m->partner_of_old, without_folder, &m->old);
	gather(m, m->now_table, m->partner_of_now, without_folder, &m->now);
	pair_groups(m);
}

/* Of one place in the file, but of two functions, both of them known: another
 * place of another build. */
static bool
is_other_function(const struct moving *m, const struct statistic *old,
    const struct statistic *now)
{
	return m->grouping == BY_LINENO && old->function != now->function &&
	    old->function != NAME_UNKNOWN && now->function != NAME_UNKNOWN &&
	    !m->same_build[now->module];
}

/* Pairs of the same place, to begin with. */
static void
pair_same_places(struct moving *m)
{
	stats_find_partners(m->old_table, m->now_table, m->partner_of_now);
	for (uint32_t i = 0; i < m->old_table->n_all; i++)
		m->partner_of_old[i] = NO_ROW;
	for (uint32_t i = 0; i < m->now_table->n_all; i++) {
		uint32_t partner = m->partner_of_now[i];

		if (partner == NO_ROW)
			continue;
		if (is_other_function(m, &m->old_table->rows[partner],
		    &m->now_table->rows[i]))
			m->partner_of_now[i] = NO_ROW;
		else
			m->partner_of_old[partner] = i;
	}
}

struct stats_table *
diff_builds(const struct stats_table *old, const struct stats_table *now,
    const bool *same_build)
{
	struct moving m = {
		.old_table = old, .now_table = now, .grouping = now->grouping,
		.tables = stacks_tables(now->stacks),
		.names = stacks_names(now->stacks), .same_build = same_build,
		.partner_of_old = xcalloc(old->n_all, sizeof(uint32_t)),
		.partner_of_now = xcalloc(now->n_all, sizeof(uint32_t)),
	};
	struct stats_table *table;

	assert(old->stacks == now->stacks && old->grouping == now->grouping);
	m.frame_keys[false] = make_frame_keys(&m, false);
	m.frame_keys[true] = make_frame_keys(&m, true);
	pair_same_places(&m);
	try_pairs(&m, false);
	try_pairs(&m, true);
	table = stats_join(old, now, m.partner_of_now);
	vec_fini(&m.old);
	vec_fini(&m.now);
	free(m.frame_keys[false]);
	free(m.frame_keys[true]);
	free(m.partner_of_old);
	free(m.partner_of_now);
	return table;
}
