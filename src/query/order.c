/*
 * order.c - total orders for rows (L5).
 *
 * Shape      A sort key is a short list of numbers, most significant first,
 *            ended by the place.  Rows are sorted as (number, index) pairs
 *            of 16 bytes; only runs of equal numbers go on to the next one,
 *            and only what is equal in all of them has its place compared.
 *            At the end the rows are put where their pairs are.  Where only
 *            the first rows are wanted, a heap of so many pairs, the last of
 *            them on top, sees all others once.
 * Why        Rows are ten times larger than pairs, and comparing places
 *            means following tracebacks; most rows differ in the first
 *            number already.  File names are ranked once, so that places
 *            compare as integers.
 * Invariant  No two rows are equal: identity is the last resort, so that two
 *            refreshes without a change show the same order.
 */
#include "query/order_tracebacks.h"

#include "util/slice.h"
#include "util/vec.h"

#include <assert.h>

enum number {
	END, SIZE, COUNT, SIZE_CHANGE, COUNT_CHANGE, SIZE_DIFF, AVERAGE,
	ALLOCS, ALLOCATED, TEMPORARY, PLACE
};

enum { MAX_NUMBERS = 5, MANY_TRACEBACKS = 8 };

static const uint8_t numbers_of[N_SORT_KEYS][MAX_NUMBERS] = {
	[SORT_SIZE] = { SIZE, COUNT },
	[SORT_GROWTH] = { SIZE_CHANGE, SIZE, COUNT_CHANGE, COUNT },
	[SORT_GROWTH_SIGNED] = { SIZE_DIFF, SIZE, COUNT_CHANGE, COUNT },
	[SORT_COUNT] = { COUNT, SIZE },
	[SORT_COUNT_DIFF] = { COUNT_CHANGE, SIZE, COUNT },
	[SORT_AVERAGE] = { AVERAGE, SIZE, COUNT },
	[SORT_ALLOCS] = { ALLOCS, SIZE, COUNT },
	[SORT_ALLOCATED] = { ALLOCATED, SIZE, COUNT },
	[SORT_TEMPORARY] = { TEMPORARY, SIZE, COUNT },
	[SORT_LOCATION] = { PLACE, SIZE, COUNT },
};

struct pair {
	uint64_t	number;
	uint32_t	row;
};

struct sorting {
	const struct stats_table *table;
	struct stack_tables	 tables;
	const uint8_t		*numbers;	/* of the sort key, to END */
	bool			 ascending;	/* the first of them */
	/* NULL until places are compared */
	uint32_t		*rank_of;	/* by file name id */
	uint64_t		*places;	/* by frame; of tracebacks only */
	struct pair		*pairs, *scratch;
	VEC(uint32_t)		 path_a, path_b;
};

/* ---- places ---- */

struct named_file {
	const char	*raw;
	size_t		 size;
	uint32_t	 file;
};

static int
compare_files(const void *left, const void *right)
{
	const struct named_file *a = left, *b = right;
	int order = memcmp(a->raw, b->raw,
	    a->size < b->size ? a->size : b->size);

	if (order != 0)
		return order;
	return (a->size > b->size) - (a->size < b->size);
}

static uint64_t
place_of(const struct sorting *s, uint32_t file, uint32_t line)
{
	assert(s->rank_of != NULL);
	return (uint64_t)s->rank_of[file] << 32 | line;
}

/* The places of all frames: tracebacks meet each of them many times. */
static void
list_places(struct sorting *s)
{
	s->places = xreallocarray(NULL, s->tables.n_frames,
	    sizeof *s->places);
	for (uint32_t i = 0; i < s->tables.n_frames; i++) {
		const struct symbol_frame *frame = &s->tables.frames[i].symbol;

		s->places[i] = place_of(s, frame->file, frame->line);
	}
}

/* Rank all files that any frame of these stacks is in, by their bytes. */
static void
rank_files(struct sorting *s)
{
	const struct names *names = stacks_names(s->table->stacks);
	VEC(struct named_file) files = VEC_INIT;

	s->rank_of = xcalloc(names_count(names), sizeof *s->rank_of);
	for (uint32_t i = 0; i < s->tables.n_frames; i++) {
		struct named_file file = {
			.file = s->tables.frames[i].symbol.file };

		if (s->rank_of[file.file] != 0)
			continue;
		s->rank_of[file.file] = 1;
		file.raw = name_raw(names, file.file, &file.size);
		vec_push(&files, file);
	}
	qsort(files.items, files.n, sizeof *files.items, compare_files);
	for (size_t i = 0; i < files.n; i++)
		s->rank_of[files.items[i].file] = (uint32_t)i;
	vec_fini(&files);
	if (s->table->grouping == BY_TRACEBACK)
		list_places(s);
}

static int
compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* The frames of two tracebacks, newest first, down to where they join; the
 * empty one has one frame, that of node 0. */
static void
find_paths(struct sorting *s, uint32_t a, uint32_t b)
{
	const struct stack_node *nodes = s->tables.nodes;

	vec_clear(&s->path_a);
	vec_clear(&s->path_b);
	if (a == 0)
		vec_push(&s->path_a, nodes[0].frame);
	if (b == 0)
		vec_push(&s->path_b, nodes[0].frame);
	while (a != b) {
		if (nodes[a].depth >= nodes[b].depth) {
			vec_push(&s->path_a, nodes[a].frame);
			a = nodes[a].parent;
		} else {
			vec_push(&s->path_b, nodes[b].frame);
			b = nodes[b].parent;
		}
	}
}

/* Oldest frame first; a traceback that goes on is after one that ends. */
static int
compare_tracebacks(struct sorting *s, uint32_t a, uint32_t b)
{
	size_t i, j;

	find_paths(s, a, b);
	i = s->path_a.n;
	j = s->path_b.n;
	while (i > 0 && j > 0) {
		int order = compare_u64(s->places[s->path_a.items[--i]],
		    s->places[s->path_b.items[--j]]);

		if (order != 0)
			return order;
	}
	return (i > 0) - (j > 0);
}

static int
compare_places(struct sorting *s, const struct statistic *a,
    const struct statistic *b)
{
	int order;

	if (s->table->grouping == BY_TRACEBACK)
		order = compare_tracebacks(s, a->stack, b->stack);
	else
		order = compare_u64(place_of(s, a->file, a->line),
		    place_of(s, b->file, b->line));
	if (order == 0)
		order = compare_u64(a->offset, b->offset);
	return order != 0 ? order : compare_u64(a->identity, b->identity);
}

/* ---- numbers ---- */

static uint64_t
magnitude(int64_t diff)
{
	return diff < 0 ? -(uint64_t)diff : (uint64_t)diff;
}

/* Positive doubles are ordered as their bits are. */
static uint64_t
average_bits(const struct statistic *row)
{
	double average = row->count == 0 ? 0 :
	    (double)row->size / (double)row->count;
	uint64_t bits;

	memcpy(&bits, &average, sizeof bits);
	return bits;
}

static uint64_t
number_of(const struct sorting *s, const struct statistic *row,
    enum number number)
{
	switch (number) {
	case SIZE:
		return row->size;
	case COUNT:
		return row->count;
	case SIZE_CHANGE:
		return magnitude(row->size_diff);
	case COUNT_CHANGE:
		return magnitude(row->count_diff);
	case SIZE_DIFF:
		return (uint64_t)row->size_diff + ((uint64_t)1 << 63);
	case AVERAGE:
		return average_bits(row);
	case ALLOCS:
		return row->allocs;
	case ALLOCATED:
		return row->allocated;
	case TEMPORARY:
		return row->temporary;
	case PLACE:
		return place_of(s, row->file, row->line);
	case END:
		break;
	}
	assert(!"a number to sort by");
	return 0;
}

/* ---- sorting ---- */

/* Does b have to be in front of a? level NULL: all numbers are equal. */
static bool
is_misplaced(struct sorting *s, const uint8_t *level, const struct pair *a,
    const struct pair *b)
{
	if (level != NULL)
		return b->number > a->number;
	return compare_places(s, &s->table->rows[a->row],
	    &s->table->rows[b->row]) < 0;
}

/* Stable merge sort, descending. */
static void
sort_pairs(struct sorting *s, const uint8_t *level, struct pair *pairs,
    struct pair *scratch, size_t n)
{
	size_t half = n / 2, i = 0, j = half;

	if (n < 2)
		return;
	if (n > 1000)
		slice_point();
	sort_pairs(s, level, pairs, scratch, half);
	sort_pairs(s, level, pairs + half, scratch, n - half);
	if (!is_misplaced(s, level, &pairs[half - 1], &pairs[half]))
		return;
	memcpy(scratch, pairs, half * sizeof *pairs);
	for (size_t to = 0; i < half; to++) {
		if (j < n && is_misplaced(s, level, &scratch[i], &pairs[j]))
			pairs[to] = pairs[j++];
		else
			pairs[to] = scratch[i++];
	}
}

static void sort_level(struct sorting *s, const uint8_t *level,
    struct pair *pairs, size_t n);

/* Sort every run of equal numbers by what comes next. */
static void
sort_runs(struct sorting *s, const uint8_t *level, struct pair *pairs,
    size_t n)
{
	size_t end;

	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n; end++) {
			if (pairs[end].number != pairs[i].number)
				break;
		}
		if (end - i > 1)
			sort_level(s, level + 1, pairs + i, end - i);
	}
}

/* Pairs that are equal in all numbers, by the rows' places. */
static void
sort_places(struct sorting *s, struct pair *pairs, size_t n)
{
	uint32_t *rows;

	if (s->table->grouping != BY_TRACEBACK || n < MANY_TRACEBACKS) {
		sort_pairs(s, NULL, pairs, s->scratch, n);
		return;
	}
	rows = xreallocarray(NULL, n, sizeof *rows);
	for (size_t i = 0; i < n; i++)
		rows[i] = pairs[i].row;
	order_tracebacks(s->table, s->places, rows, n);
	for (size_t i = 0; i < n; i++)
		pairs[i].row = rows[i];
	free(rows);
}

static void
sort_level(struct sorting *s, const uint8_t *level, struct pair *pairs,
    size_t n)
{
	bool is_last = *level == END;

	assert(level >= s->numbers && level < s->numbers + MAX_NUMBERS);
	if ((is_last || *level == PLACE) && s->rank_of == NULL)
		rank_files(s);
	if (is_last) {
		sort_places(s, pairs, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t number = number_of(s,
		    &s->table->rows[pairs[i].row], *level);

		/* The pair's number is in use one level up, but equal there
		 * for the whole run. */
		pairs[i].number = level == s->numbers && s->ascending ?
		    ~number : number;
	}
	sort_pairs(s, level, pairs, s->scratch, n);
	sort_runs(s, level, pairs, n);
}

/* ---- selecting ---- */

/* Does a come after b in the order? */
static bool
is_after(struct sorting *s, const struct pair *a, const struct pair *b)
{
	const struct statistic *left = &s->table->rows[a->row];
	const struct statistic *right = &s->table->rows[b->row];
	const uint8_t *level = s->numbers;

	if (a->number != b->number)
		return a->number < b->number;
	while (*level != END && *++level != END) {
		uint64_t x = number_of(s, left, *level);
		uint64_t y = number_of(s, right, *level);

		if (x != y)
			return x < y;
	}
	if (s->rank_of == NULL)
		rank_files(s);
	return compare_places(s, left, right) < 0;
}

/* Let the pair at the top of a heap find its place. */
static void
sift_down(struct sorting *s, struct pair *heap, size_t n, size_t at)
{
	struct pair pair = heap[at];
	size_t child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n &&
		    is_after(s, &heap[child + 1], &heap[child]))
			child++;
		if (!is_after(s, &heap[child], &pair))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = pair;
}

/* Bring the first n_first of n pairs to the front, in no order. */
static void
select_pairs(struct sorting *s, struct pair *pairs, size_t n, size_t n_first)
{
	for (size_t i = n_first / 2; i-- > 0;)
		sift_down(s, pairs, n_first, i);
	for (size_t i = n_first; i < n; i++) {
		slice_point_at(i);
		if (!is_after(s, &pairs[0], &pairs[i]))
			continue;
		pairs[0] = pairs[i];
		sift_down(s, pairs, n_first, 0);
	}
}

/* The pairs' rows in their order, then what else stood in front. */
static void
place_first_rows(struct stats_table *table, const struct pair *pairs,
    uint32_t n_first)
{
	struct statistic *first = xreallocarray(NULL, n_first, sizeof *first);
	bool *is_first = xcalloc(n_first, sizeof *is_first);
	uint32_t displaced = 0;

	for (uint32_t i = 0; i < n_first; i++) {
		first[i] = table->rows[pairs[i].row];
		if (pairs[i].row < n_first)
			is_first[pairs[i].row] = true;
	}
	for (uint32_t i = 0; i < n_first; i++) {
		if (pairs[i].row < n_first)
			continue;
		while (is_first[displaced])
			displaced++;
		table->rows[pairs[i].row] = table->rows[displaced++];
	}
	memcpy(table->rows, first, n_first * sizeof *first);
	free(first);
	free(is_first);
}

/* ---- the table ---- */

static void
place_rows(struct stats_table *table, const struct pair *pairs)
{
	struct statistic *rows = xreallocarray(NULL, table->n_all, sizeof *rows);

	for (uint32_t i = 0; i < table->n_all; i++)
		rows[i] = i < table->n_rows ? table->rows[pairs[i].row] :
		    table->rows[i];
	free(table->rows);
	table->rows = rows;
}

static struct pair *
make_pairs(struct sorting *s, uint32_t n)
{
	struct pair *pairs = xreallocarray(NULL, n, sizeof *pairs);

	if (s->numbers[0] == PLACE)
		rank_files(s);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t number = number_of(s, &s->table->rows[i],
		    s->numbers[0]);

		slice_point_at(i);
		pairs[i] = (struct pair){ .row = i,
			.number = s->ascending ? ~number : number };
	}
	return pairs;
}

void
order_first_rows(struct stats_table *table, enum sort_key key, bool reverse,
    uint32_t n_first)
{
	struct sorting s = {
		.table = table,
		.tables = stacks_tables(table->stacks),
		.numbers = numbers_of[key],
		.ascending = reverse != (key == SORT_LOCATION),
	};

	assert(key < N_SORT_KEYS);
	table->n_rows = stats_n_rows(table, key);
	assert(table->n_rows <= table->n_all);
	if (table->n_rows < table->n_all)
		stats_put_live_first(table->rows, table->n_all);
	if (n_first > table->n_rows)
		n_first = table->n_rows;
	s.pairs = make_pairs(&s, table->n_rows);
	if (n_first < table->n_rows)
		select_pairs(&s, s.pairs, table->n_rows, n_first);
	s.scratch = xreallocarray(NULL, n_first, sizeof *s.scratch);
	sort_level(&s, s.numbers, s.pairs, n_first);
	if (n_first < table->n_rows)
		place_first_rows(table, s.pairs, n_first);
	else
		place_rows(table, s.pairs);
	table->n_ordered = n_first;
	free(s.rank_of);
	free(s.places);
	free(s.pairs);
	free(s.scratch);
	vec_fini(&s.path_a);
	vec_fini(&s.path_b);
}

void
order_rows(struct stats_table *table, enum sort_key key, bool reverse)
{
	order_first_rows(table, key, reverse, UINT32_MAX);
}
