/*
 * bench.c - what each stage of a refresh costs; run by hand.
 *
 *	tests/query/bench [TRACEBACKS [DEPTH]]	default 10000 25
 *
 * The tracebacks are random walks over a call graph of 4000 functions in 400
 * files, three steps of four along the beaten track, a fifth of the newest
 * frames in the C++ library; symbols are there already.  Milliseconds of
 * processor time, best of five.
 */
#include "base/hash.h"
#include "query/attribute.h"
#include "query/calltree.h"
#include "query/filter.h"
#include "query/stats.h"
#include "util/xalloc.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	N_FUNCTIONS = 4000, FUNCTIONS_PER_FILE = 10, N_CALLS = 6,
	N_LIBRARY = 200, N_RUNS = 5, N_VISIBLE = 4000
};

struct symbols {
	struct symbol_frame	*frames;	/* by location */
};

const struct symbol_frame *
symbols_frames(struct symbols *symbols, uint32_t location, uint32_t *n)
{
	*n = 1;
	return &symbols->frames[location];
}

static uint32_t
name_number(struct names *names, const char *format, uint64_t number)
{
	char text[80];
	int size = snprintf(text, sizeof text, "%s%u.cc", format,
	    (unsigned)number);

	return names_intern(names, text, (size_t)size);
}

static void
resolve_all(struct symbols *symbols, const struct frame_store *store,
    struct names *names)
{
	uint32_t n = frame_store_n_locations(store);

	symbols->frames = xcalloc(n, sizeof *symbols->frames);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t offset = frame_store_get_location(store, i)->offset;
		uint64_t function = offset / N_CALLS;
		bool is_library = function < N_LIBRARY;

		symbols->frames[i] = (struct symbol_frame){
			.function = name_number(names, is_library ?
			    "std::insert_" : "module::function_", function),
			.file = name_number(names, is_library ?
			    "/usr/include/c++/12/bits/" : "/home/me/src/part",
			    function / FUNCTIONS_PER_FILE),
			.module = names_intern(names, "/usr/bin/x", 10),
			.line = (uint32_t)offset,
			.offset = offset,
		};
	}
}

static double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static uint32_t
next_random(void)
{
	static uint64_t state = 1;

	state = hash_word(state + 0x9e3779b97f4a7c15u);
	return (uint32_t)state;
}

/* One more walk: from main on, each function calls one of a few others. */
static uint32_t
make_stack(struct frame_store *store, uint32_t module, unsigned depth)
{
	uint32_t function = N_FUNCTIONS - 1, stack = 0;

	for (unsigned i = 0; i < depth; i++) {
		uint32_t call = next_random() % 4 > 0 ? 0 :
		    next_random() % N_CALLS;

		if (i + 1 == depth && next_random() % 5 == 0)
			function = next_random() % N_LIBRARY;
		stack = frame_store_stack(store, stack,
		    frame_store_location(store, module,
		    (uint64_t)function * N_CALLS + call + 1, LOCATION_CALL));
		function = N_LIBRARY + (uint32_t)(hash_word(
		    (uint64_t)function * N_CALLS + call) %
		    (N_FUNCTIONS - N_LIBRARY));
	}
	return stack;
}

struct bench {
	struct attribution	*attribution;
	struct snapshot		*snapshot;
	struct query_traces	 traces, kept;
	struct filter_set	*file, *all, *ten;
	struct stats_table	*tables[N_GROUPINGS], *old;
	struct call_tree	*tree;
	struct tree_open	 open;
};

static void
apply(struct bench *b)
{
	free(b->traces.traces);
	attribution_apply(b->attribution, b->snapshot, &b->traces);
}

static void
apply_fresh(struct bench *b)
{
	attribution_refresh(b->attribution);
	apply(b);
}

static void
filter_file(struct bench *b)
{
	free(b->kept.traces);
	filter_apply(b->file, &b->traces, &b->kept, NULL);
}

static void
filter_all(struct bench *b)
{
	free(b->kept.traces);
	filter_apply(b->all, &b->traces, &b->kept, NULL);
}

static void
group(struct bench *b, enum grouping grouping, enum cumulative cumulative)
{
	stats_free(b->tables[grouping]);
	b->tables[grouping] = group_by(&b->traces, grouping, cumulative);
}

static void
group_file(struct bench *b)
{
	group(b, BY_FILENAME, CUMULATIVE_OFF);
}

static void
group_cumulative(struct bench *b)
{
	group(b, BY_LINENO, CUMULATIVE_ONCE);
}

static void
group_line(struct bench *b)
{
	group(b, BY_LINENO, CUMULATIVE_OFF);
}

static void
group_traceback(struct bench *b)
{
	group(b, BY_TRACEBACK, CUMULATIVE_OFF);
}

/* What the screen does between a key and its answer: filters, groups, selects
 * and orders the rows that it shows. */
static void
filter_and_group(struct bench *b, enum grouping grouping)
{
	free(b->kept.traces);
	filter_apply(b->ten, &b->traces, &b->kept, NULL);
	stats_free(b->tables[grouping]);
	b->tables[grouping] = group_by(&b->kept, grouping, CUMULATIVE_OFF);
	order_first_rows(b->tables[grouping], SORT_SIZE, false, N_VISIBLE);
}

static void
ten_by_file(struct bench *b)
{
	filter_and_group(b, BY_FILENAME);
}

static void
ten_by_line(struct bench *b)
{
	filter_and_group(b, BY_LINENO);
}

static void
ten_by_traceback(struct bench *b)
{
	filter_and_group(b, BY_TRACEBACK);
}

static void
make_tree(struct bench *b)
{
	call_tree_free(b->tree);
	b->tree = call_tree_new(&b->traces, NULL);
}

static void
list_tree(struct bench *b, bool is_bottom_up)
{
	struct tree_wants wants = { .is_bottom_up = is_bottom_up,
		.hot = TREE_ROOT };
	tree_rows rows = VEC_INIT;

	call_tree_list(b->tree, &wants, &b->open, &rows);
	vec_fini(&rows);
}

static void
list_down(struct bench *b)
{
	list_tree(b, false);
}

static void
list_up(struct bench *b)
{
	list_tree(b, true);
}

static void
diff_traceback(struct bench *b)
{
	stats_free(b->old);
	b->old = diff_tables(b->tables[BY_TRACEBACK],
	    b->tables[BY_TRACEBACK]);
}

static void
order_line(struct bench *b)
{
	order_rows(b->tables[BY_LINENO], SORT_SIZE, false);
}

static void
order_traceback(struct bench *b)
{
	order_rows(b->tables[BY_TRACEBACK], SORT_SIZE, false);
}

static void
order_growth(struct bench *b)
{
	order_rows(b->old, SORT_GROWTH, false);
}

static const struct {
	const char	*name;
	void		(*run)(struct bench *b);
	bool		once;
} stages[] = {
	{ "attribute, first time", apply, true },
	{ "attribute, nothing new", apply, false },
	{ "filter by file", filter_file, false },
	{ "filter by file, any frame", filter_all, false },
	{ "group by file", group_file, false },
	{ "group by line, cumulative", group_cumulative, false },
	{ "group by line", group_line, false },
	{ "order lines by size", order_line, false },
	{ "group by traceback", group_traceback, false },
	{ "order tracebacks by size", order_traceback, false },
	{ "compare tracebacks", diff_traceback, false },
	{ "order tracebacks by growth", order_growth, false },
	{ "ten filters, by file", ten_by_file, false },
	{ "ten filters, by line", ten_by_line, false },
	{ "ten filters, by traceback", ten_by_traceback, false },
	{ "call tree", make_tree, false },
	{ "list its hot path", list_down, false },
	{ "list it bottom-up", list_up, false },
	{ "attribute, symbols changed", apply_fresh, false },
};

static struct filter_set *
one_filter(const char *text)
{
	struct filter *filter = filter_parse(text, FILTER_EXACT, NULL, NULL);

	return filter_set_new(&filter, 1);
}

static struct filter_set *
ten_filters(void)
{
	static const char *const texts[] = { "*/src/*", "*/part1*", "*part?7*",
		"func=module::*", "*.h", "!*/part33.cc", "!*/part44.cc:12",
		"!*/part5[0-3]*", "!*/part77.cc all", "!func=*_12?? all" };
	struct filter *filters[array_size(texts)];

	for (size_t i = 0; i < array_size(texts); i++)
		filters[i] = filter_parse(texts[i], FILTER_EXACT, NULL, NULL);
	return filter_set_new(filters, array_size(filters));
}

static void
fill_snapshot(struct snapshot *snapshot, struct frame_store *store,
    uint32_t n, unsigned depth)
{
	uint32_t module = frame_store_module(store, "/usr/bin/x", NULL, 0);

	for (uint32_t i = 0; i < n; i++) {
		uint64_t count = next_random() % 100 + 1;

		snapshot->traces[i] = (struct trace){
			.size = count * 16 * (1 + next_random() % 20),
			.count = count, .allocs = count * 3,
			.stack = make_stack(store, module, depth),
			.total_nframe = depth,
		};
	}
}

int
main(int argc, char **argv)
{
	uint32_t n = argc > 1 ? (uint32_t)atoi(argv[1]) : 10000;
	unsigned depth = argc > 2 ? (unsigned)atoi(argv[2]) : 25;
	struct frame_store *store = frame_store_new();
	struct names *names = names_new();
	struct symbols symbols = { .frames = NULL };
	struct skip_list *skip = skip_list_new(NULL, 0, NULL);
	struct trace *traces = xcalloc(n, sizeof *traces);
	struct snapshot snapshot = { .n_traces = n, .traces = traces };
	struct bench b = {
		.attribution = attribution_new(store, &symbols, names),
		.snapshot = &snapshot,
		.file = one_filter("*/part3*"),
		.all = one_filter("!*/part77.cc all"),
		.ten = ten_filters(),
	};

	/* as src/main.c does */
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	fill_snapshot(&snapshot, store, n, depth);
	resolve_all(&symbols, store, names);
	attribution_set_skip(b.attribution, skip);
	for (size_t i = 0; i < array_size(stages); i++) {
		double best = 1e9, took;

		for (int run = 0; run < (stages[i].once ? 1 : N_RUNS); run++) {
			took = now_ms();
			stages[i].run(&b);
			took = now_ms() - took;
			best = took < best ? took : best;
		}
		printf("%-28s %8.2f\n", stages[i].name, best);
	}
	printf("%u tracebacks, %u rows by line, %u by traceback, %u nodes\n",
	    n, b.tables[BY_LINENO]->n_rows, b.tables[BY_TRACEBACK]->n_rows,
	    stacks_count(b.traces.stacks));
	return 0;
}
