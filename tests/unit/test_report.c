/*
 * test_report.c - the report formats on literal tables.
 *
 * tracemalloc's lines were printed by CPython 3.11 from the same traces (the
 * two snapshots that its own tests use).  The text and JSON expectations were
 * written by hand from the manual.
 */
#include "ui/report_format.h"
#include "ui/report_writer.h"

#include "util/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct names *names;
static struct stacks *stacks;
static char *printed;
static size_t printed_size;
static struct report_out out;

/* ---- literal traces ---- */

struct lit_frame {
	const char	*file;
	unsigned	 line;
	const char	*function;
};

struct lit_trace {
	uint64_t	 size, count;
	struct lit_frame frames[3];	/* most recent first */
};

static uint32_t
name_of(const char *text)
{
	return text == NULL ? NAME_UNKNOWN :
	    names_intern(names, text, strlen(text));
}

static uint32_t
push_frames(const struct lit_frame *frame, size_t n)
{
	if (n == 0 || frame->file == NULL)
		return 0;
	return stacks_push(stacks, push_frames(frame + 1, n - 1),
	    &(struct symbol_frame){ .file = name_of(frame->file),
	    .line = frame->line, .function = name_of(frame->function) });
}

static struct stats_table *
group_literal(const struct lit_trace *traces, size_t n,
    enum grouping grouping)
{
	struct query_trace *list = calloc(n, sizeof *list);
	struct query_traces query = { .stacks = stacks, .n = (uint32_t)n,
		.traces = list };
	struct stats_table *table;

	for (size_t i = 0; i < n; i++) {
		list[i] = (struct query_trace){ .size = traces[i].size,
		    .count = traces[i].count, .allocs = traces[i].count + 1,
		    .allocated = traces[i].size + 5,
		    .stack = push_frames(traces[i].frames, 3) };
	}
	table = group_by(&query, grouping, CUMULATIVE_OFF);
	free(list);
	return table;
}

/* CPython's test snapshots, blocks of one traceback summed. */
static const struct lit_trace before[] = {
	{ 30, 3, { { "a.py", 2, NULL }, { "b.py", 4, NULL } } },
	{ 2, 1, { { "a.py", 5, NULL }, { "b.py", 4, NULL } } },
	{ 66, 1, { { "b.py", 1, NULL } } },
	{ 7, 1, { { NULL, 0, NULL } } },
};

static const struct lit_trace after[] = {
	{ 30, 3, { { "a.py", 2, NULL }, { "b.py", 4, NULL } } },
	{ 5002, 2, { { "a.py", 5, NULL }, { "b.py", 4, NULL } } },
	{ 400, 1, { { "c.py", 578, NULL } } },
};

/* ---- one reading ---- */

static struct options options;
static struct run_info run;
static struct snapshot *snapshot;

static struct report_sample
make_sample(struct stats_table *table, enum sort_key sort)
{
	order_rows(table, sort, false);
	return (struct report_sample){
		.options = &options, .seq = 1, .has_time = true,
		.time = { .tv_sec = 1795242401, .tv_nsec = 123456789 },
		.run = &run, .snapshot = snapshot, .names = names,
		.rows = table, .n_shown = table->n_rows, .sort = sort,
		.filters = "",
	};
}

static int
set_up(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	names = names_new();
	stacks = stacks_new(names);
	report_out_init(&out, open_memstream(&printed, &printed_size), NULL);
	options = (struct options){ .skip = true };
	run = (struct run_info){ .state = RUN_EXITED, .pid = 48213,
		.is_over = true, .command = "./cached --port 7000",
		.name = "cached", .uptime_ns = UINT64_C(761999999999) };
	snapshot = snapshot_new(0, 1);
	snapshot->totals = (struct totals){ .traced_bytes = 5432,
		.peak_bytes = 10240, .blocks = 6, .allocs = 20, .frees = 14,
		.allocated_bytes = UINT64_C(18446744073709551615),
		.tracebacks = 3, .overhead_bytes = 1048576,
		.rss_bytes = 179306496 };
	snapshot->processes[0] = (struct process){ .pid = 48213, .ppid = 1,
		.name = "cached", .command = "./cached --port 7000",
		.totals = snapshot->totals };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fclose(out.to);
	free(printed);
	report_out_fini(&out);
	stacks_free(stacks);
	names_free(names);
	snapshot_release(snapshot);
	return 0;
}

static void
check_printed(const char *expected)
{
	fflush(out.to);
	assert_string_equal(printed, expected);
}

/* ---- tracemalloc ---- */

static void
check_tracemalloc(enum grouping grouping, const char *expected)
{
	struct stats_table *table = group_literal(after, array_size(after),
	    grouping);
	struct report_sample sample = make_sample(table, SORT_SIZE);

	report_tracemalloc.sample(&out, &sample);
	check_printed(expected);
	stats_free(table);
}

static void
check_tracemalloc_diff(enum grouping grouping, const char *expected)
{
	struct stats_table *old = group_literal(before, array_size(before),
	    grouping);
	struct stats_table *new = group_literal(after, array_size(after),
	    grouping);
	struct stats_table *table = diff_tables(old, new);
	struct report_sample sample = make_sample(table, SORT_GROWTH);

	report_tracemalloc.sample(&out, &sample);
	check_printed(expected);
	stats_free(old);
	stats_free(new);
	stats_free(table);
}

static void
tracemalloc_lines_are_cpythons(void **state)
{
	(void)state;
	check_tracemalloc(BY_LINENO,
	    "a.py:5: size=5002 B, count=2, average=2501 B\n"
	    "c.py:578: size=400 B, count=1, average=400 B\n"
	    "a.py:2: size=30 B, count=3, average=10 B\n");
}

static void
tracemalloc_files_have_line_0(void **state)
{
	(void)state;
	check_tracemalloc(BY_FILENAME,
	    "a.py:0: size=5032 B, count=5, average=1006 B\n"
	    "c.py:0: size=400 B, count=1, average=400 B\n");
}

/* str() of a traceback is its oldest frame; frames follow oldest first. */
static void
tracemalloc_tracebacks_are_named_by_the_oldest_frame(void **state)
{
	(void)state;
	check_tracemalloc(BY_TRACEBACK,
	    "b.py:4: size=5002 B, count=2, average=2501 B\n"
	    "  File \"b.py\", line 4\n"
	    "  File \"a.py\", line 5\n"
	    "c.py:578: size=400 B, count=1, average=400 B\n"
	    "  File \"c.py\", line 578\n"
	    "b.py:4: size=30 B, count=3, average=10 B\n"
	    "  File \"b.py\", line 4\n"
	    "  File \"a.py\", line 2\n");
}

static void
tracemalloc_diff_has_signs_and_no_average_of_nothing(void **state)
{
	(void)state;
	check_tracemalloc_diff(BY_LINENO,
	    "a.py:5: size=5002 B (+5000 B), count=2 (+1), average=2501 B\n"
	    "c.py:578: size=400 B (+400 B), count=1 (+1), average=400 B\n"
	    "b.py:1: size=0 B (-66 B), count=0 (-1)\n"
	    "<unknown>:0: size=0 B (-7 B), count=0 (-1)\n"
	    "a.py:2: size=30 B (+0 B), count=3 (+0), average=10 B\n");
}

static void
tracemalloc_diff_by_file_is_cpythons(void **state)
{
	(void)state;
	check_tracemalloc_diff(BY_FILENAME,
	    "a.py:0: size=5032 B (+5000 B), count=5 (+1), average=1006 B\n"
	    "c.py:0: size=400 B (+400 B), count=1 (+1), average=400 B\n"
	    "b.py:0: size=0 B (-66 B), count=0 (-1)\n"
	    "<unknown>:0: size=0 B (-7 B), count=0 (-1)\n");
}

static void
tracemalloc_diff_by_traceback_is_cpythons(void **state)
{
	(void)state;
	check_tracemalloc_diff(BY_TRACEBACK,
	    "b.py:4: size=5002 B (+5000 B), count=2 (+1), average=2501 B\n"
	    "  File \"b.py\", line 4\n"
	    "  File \"a.py\", line 5\n"
	    "c.py:578: size=400 B (+400 B), count=1 (+1), average=400 B\n"
	    "  File \"c.py\", line 578\n"
	    "b.py:1: size=0 B (-66 B), count=0 (-1)\n"
	    "  File \"b.py\", line 1\n"
	    "<unknown>:0: size=0 B (-7 B), count=0 (-1)\n"
	    "  File \"<unknown>\", line 0\n"
	    "b.py:4: size=30 B (+0 B), count=3 (+0), average=10 B\n"
	    "  File \"b.py\", line 4\n"
	    "  File \"a.py\", line 2\n");
}

/* ---- CSV ---- */

static void
csv_has_a_header_and_quotes_what_must_be(void **state)
{
	static const struct lit_trace traces[] = {
		{ 300, 3, { { "/a,b \"c\".c", 7, "f<int, 2>" } } },
		{ 100, 0, { { NULL, 0, NULL } } },
	};
	struct stats_table *table = group_literal(traces, 2, BY_LINENO);
	struct report_sample sample = make_sample(table, SORT_SIZE);

	(void)state;
	report_csv.sample(&out, &sample);
	sample.seq = 2;
	sample.n_shown = 1;
	sample.has_time = false;
	report_csv.sample(&out, &sample);
	check_printed("time,seq,rank,group_by,filename,lineno,function,"
	    "module,domain,size,size_diff,count,count_diff,average,allocs,"
	    "frees,percent\r\n"
	    "2026-11-21T06:26:41.123Z,1,1,lineno,\"/a,b \"\"c\"\".c\",7,"
	    "\"f<int, 2>\",,0,300,,3,,100,4,1,75.0\r\n"
	    "2026-11-21T06:26:41.123Z,1,2,lineno,<unknown>,0,,,0,100,,0,,,"
	    "1,1,25.0\r\n"
	    ",2,1,lineno,\"/a,b \"\"c\"\".c\",7,\"f<int, 2>\",,0,300,,3,,"
	    "100,4,1,75.0\r\n");
	stats_free(table);
}

static void
csv_of_a_diff_has_signed_differences(void **state)
{
	struct stats_table *old = group_literal(before, array_size(before),
	    BY_FILENAME);
	struct stats_table *new = group_literal(after, array_size(after),
	    BY_FILENAME);
	struct stats_table *table = diff_tables(old, new);
	struct report_sample sample = make_sample(table, SORT_GROWTH);

	(void)state;
	sample.has_time = false;
	sample.seq = 2;
	report_csv.sample(&out, &sample);
	check_printed(
	    ",2,1,filename,a.py,,,,0,5032,5000,5,1,1006,7,2,92.6\r\n"
	    ",2,2,filename,c.py,,,,0,400,400,1,1,400,2,1,7.4\r\n"
	    ",2,3,filename,b.py,,,,0,0,-66,0,-1,,0,0,0.0\r\n"
	    ",2,4,filename,<unknown>,,,,0,0,-7,0,-1,,0,0,0.0\r\n");
	stats_free(old);
	stats_free(new);
	stats_free(table);
}

/* ---- folded stacks ---- */

/* Two lines of one function are one line here; a semicolon is a colon. */
static const struct lit_trace recursive[] = {
	{ 500, 5, { { "/x.c", 9, "leaf" }, { "/m.c", 3, "main" } } },
	{ 70, 2, { { "/x.c", 8, "leaf" }, { "/m.c", 4, "main" } } },
	{ 60, 1, { { "/a;b.c", 1, NULL }, { "/m.c", 4, "operator ;" } } },
	{ 0, 0, { { "/z.c", 1, "gone" } } },
	{ 5, 1, { { NULL, 0, NULL } } },
};

static void
check_folded(enum weight weight, enum frame_text text, const char *expected)
{
	struct stats_table *table = group_literal(recursive,
	    array_size(recursive), BY_TRACEBACK);
	struct report_sample sample;

	options.weight = weight;
	options.frame_text = text;
	sample = make_sample(table, weight == WEIGHT_ALLOCS ? SORT_ALLOCS :
	    SORT_SIZE);
	report_folded.sample(&out, &sample);
	check_printed(expected);
	stats_free(table);
}

static void
folded_stacks_are_summed_by_what_they_show(void **state)
{
	(void)state;
	check_folded(WEIGHT_BYTES, FRAME_FUNCTION, "main;leaf 570\n"
	    "operator :;/a:b.c:1 60\n<unknown> 5\n");
}

static void
folded_stacks_count_what_is_asked(void **state)
{
	(void)state;
	check_folded(WEIGHT_BLOCKS, FRAME_FILE, "/m.c:3;/x.c:9 5\n"
	    "/m.c:4;/x.c:8 2\n/m.c:4;/a:b.c:1 1\n<unknown> 1\n");
}

/* What is no longer alive was allocated all the same. */
static void
folded_stacks_of_allocations_have_the_past(void **state)
{
	(void)state;
	check_folded(WEIGHT_ALLOCS, FRAME_BOTH,
	    "main (/m.c:3);leaf (/x.c:9) 6\n"
	    "main (/m.c:4);leaf (/x.c:8) 3\n"
	    "operator : (/m.c:4);/a:b.c:1 2\n"
	    "<unknown> 2\ngone (/z.c:1) 1\n");
}

/* They are of now, whatever was then. */
static void
folded_survivors_have_one_number(void **state)
{
	struct stats_table *old = group_literal(before, array_size(before),
	    BY_TRACEBACK);
	struct stats_table *new = group_literal(after, array_size(after),
	    BY_TRACEBACK);
	struct stats_table *table = diff_tables(old, new);
	struct report_sample sample = make_sample(table, SORT_GROWTH);

	(void)state;
	options.weight = WEIGHT_SURVIVORS;
	table->rows[0].survivor_size = 40;
	table->rows[1].survivor_size = 2;
	report_folded.sample(&out, &sample);
	check_printed("b.py:4;a.py:5 40\nc.py:578 2\n");
	stats_free(old);
	stats_free(new);
	stats_free(table);
}

static void
folded_diff_has_the_old_and_the_new_number(void **state)
{
	struct stats_table *old = group_literal(before, array_size(before),
	    BY_TRACEBACK);
	struct stats_table *new = group_literal(after, array_size(after),
	    BY_TRACEBACK);
	struct stats_table *table = diff_tables(old, new);
	struct report_sample sample = make_sample(table, SORT_GROWTH);

	(void)state;
	report_folded.sample(&out, &sample);
	check_printed("b.py:4;a.py:5 2 5002\nc.py:578 0 400\nb.py:1 66 0\n"
	    "<unknown> 7 0\nb.py:4;a.py:2 30 30\n");
	stats_free(old);
	stats_free(new);
	stats_free(table);
}

/* ---- text ---- */

static const struct lit_trace lru[] = {
	{ 56832819, 221904, { { "/srv/lru.c", 118, "cache_put" } } },
	{ 4194304, 64, { { "/srv/log.c", 211, "ring_grow" } } },
	{ 10, 1, { { "/srv/a file.c", 3, NULL } } },
};

static void
text_report_has_header_rows_and_sum(void **state)
{
	struct stats_table *table = group_literal(lru, array_size(lru),
	    BY_LINENO);
	struct report_sample sample = make_sample(table, SORT_SIZE);

	(void)state;
	sample.n_shown = 2;
	report_text.sample(&out, &sample);
	check_printed("tmtop " PACKAGE_VERSION "  pid 48213  ./cached --port "
	    "7000  06:26:41 up 00:12:41  sample 1  exited 0\n"
	    "traced 5.3 KiB  peak 10.0 KiB  blocks 6  tracebacks 3  "
	    "rss 171 MiB  hook 1.0 MiB  lost 0\n"
	    "allocs 20  frees 14  allocated 18446744073709551615 bytes\n"
	    "group lineno  sort size\n"
	    "\n"
	    "       size     count   average  location\n"
	    "   54.2 MiB    221904     256 B  /srv/lru.c:118 cache_put\n"
	    "    4.0 MiB        64  64.0 KiB  /srv/log.c:211 ring_grow\n"
	    "total 58.2 MiB  shown 2 of 3 rows\n");
	stats_free(table);
}

static void
text_growth_has_signed_columns(void **state)
{
	static const struct lit_trace old[] = {
		{ 15833498, 61750, { { "/srv/lru.c", 118, "cache_put" } } },
		{ 5242880, 80, { { "/srv/log.c", 211, "ring_grow" } } },
	};
	static const struct mark mark = { .number = 1, .name = "warm",
		.uptime_ns = UINT64_C(250000000000) };
	struct stats_table *then = group_literal(old, 2, BY_LINENO);
	struct stats_table *now = group_literal(lru, 2, BY_LINENO);
	struct stats_table *table = diff_tables(then, now);
	struct report_sample sample = make_sample(table, SORT_SIZE);

	(void)state;
	sample.since = &mark;
	sample.filters = "+*/srv/*";
	report_text.sample(&out, &sample);
	fflush(out.to);
	assert_non_null(strstr(printed, "\ngroup lineno  sort size  filter "
	    "+*/srv/*  since #1 warm 00:04:10\n\n"
	    "       size     growth     count    +count   average  location\n"
	    "   54.2 MiB  +39.1 MiB    221904   +160154     256 B  "
	    "/srv/lru.c:118 cache_put\n"
	    "    4.0 MiB   -1.0 MiB        64       -16  64.0 KiB  "
	    "/srv/log.c:211 ring_grow\n"
	    "total 58.2 MiB  +38.1 MiB  shown 2 of 2 rows\n"));
	stats_free(then);
	stats_free(now);
	stats_free(table);
}

static void
text_losses_are_shown_when_there_are_any(void **state)
{
	struct stats_table *table = group_literal(lru, 1, BY_LINENO);
	struct report_sample sample = make_sample(table, SORT_SIZE);

	(void)state;
	snapshot->totals.lost = 7;
	snapshot->totals.guessed = 3;
	snapshot->totals.captures = 1000;
	snapshot->totals.unwind_compared = 900;
	snapshot->totals.unwind_mismatches = 1;
	report_text.sample(&out, &sample);
	fflush(out.to);
	assert_non_null(strstr(printed, "  lost 7  guessed 3\n"));
	assert_non_null(strstr(printed, "unwinding: 900 captures compared, "
	    "1 mismatches, guessed 0.30%, cut 0.00%\n"));
	stats_free(table);
}

static void
text_estimates_are_marked(void **state)
{
	struct stats_table *table = group_literal(lru, 1, BY_LINENO);
	struct report_sample sample = make_sample(table, SORT_ALLOCS);

	(void)state;
	snapshot->totals.sample_bytes = 524288;
	snapshot->totals.allocated_bytes = 7777;
	sample.recording = RECORD_HELD;
	report_text.sample(&out, &sample);
	fflush(out.to);
	assert_non_null(strstr(printed,
	    "\ntraced ~5.3 KiB  peak ~10.0 KiB  blocks ~6  tracebacks 3  "));
	assert_non_null(strstr(printed,
	    "\nallocs ~20  frees ~14  allocated ~7777 bytes\n"
	    "sampled 512 KiB: sizes and counts are estimates (~)\n"
	    "recording held\n"));
	assert_non_null(strstr(printed,
	    "\n      ~size    ~count  ~average    ~allocs  location\n"));
	stats_free(table);
}

/* A line for each process above 1 % of live or of all bytes, a count of the
 * rest. */
static void
text_processes_above_one_percent_have_a_line(void **state)
{
	struct stats_table *table = group_literal(lru, 1, BY_LINENO);
	struct report_sample sample = make_sample(table, SORT_SIZE);
	struct snapshot *many = snapshot_new(0, 4);

	(void)state;
	for (int i = 0; i < 4; i++) {
		many->processes[i] = (struct process){ .pid = 10 + i,
		    .state = PROCESS_EXITED, .command = "worker" };
	}
	many->processes[0].totals.traced_bytes = 99000;
	many->processes[1].totals.traced_bytes = 1000;
	many->processes[2].totals.traced_bytes = 2000;
	many->processes[3].totals.allocated_bytes = 5000;
	sample.snapshot = many;
	report_text.sample(&out, &sample);
	fflush(out.to);
	assert_non_null(strstr(printed,
	    "process      10   96.7 KiB  97.1%  blocks 0  allocs 0  ended  "
	    "worker\n"
	    "process      12    2.0 KiB   2.0%  blocks 0  allocs 0  ended  "
	    "worker\n"
	    "process      13        0 B   0.0%  blocks 0  allocs 0  ended  "
	    "worker\n"
	    "process 1 more below 1%\n"));
	snapshot_release(many);
	stats_free(table);
}

static void
text_tracebacks_are_listed_newest_first(void **state)
{
	static const struct lit_trace traces[] = {
		{ 100, 2, { { "a.c", 1, "inner" }, { "b.c", 2, "outer" } } },
	};
	struct stats_table *table = group_literal(traces, 1, BY_TRACEBACK);
	struct report_sample sample = make_sample(table, SORT_SIZE);

	(void)state;
	report_text.sample(&out, &sample);
	fflush(out.to);
	assert_non_null(strstr(printed,
	    "      100 B         2      50 B  a.c:1 inner\n"
	    "                                  #0   a.c:1 inner\n"
	    "                                  #1   b.c:2 outer\n"));
	stats_free(table);
}

/* ---- JSON ---- */

/* The n-th printed line (from 0), which must exist; caller frees. */
static char *
printed_line(unsigned n)
{
	const char *at;

	fflush(out.to);
	for (at = printed; n > 0; n--) {
		at = strchr(at, '\n');
		assert_non_null(at);
		at++;
	}
	assert_non_null(strchr(at, '\n'));
	return strndup(at, (size_t)(strchr(at, '\n') - at));
}

static void
check_line(unsigned n, const char *expected)
{
	char *line = printed_line(n);

	assert_string_equal(line, expected);
	free(line);
}

static void
json_sample_has_exact_totals(void **state)
{
	struct stats_table *table = group_literal(lru, 0, BY_LINENO);
	struct report_sample sample = make_sample(table, SORT_SIZE);

	(void)state;
	report_json.sample(&out, &sample);
	check_line(0, "{\"type\":\"sample\",\"seq\":1,"
	    "\"time\":\"2026-11-21T06:26:41.123Z\","
	    "\"uptime_ns\":761999999999,\"traced_bytes\":5432,"
	    "\"peak_bytes\":10240,\"blocks\":6,\"tracebacks\":3,"
	    "\"rss_bytes\":179306496,\"heap_bytes\":0,"
	    "\"anon_bytes\":0,\"retained_bytes\":0,"
	    "\"overhead_bytes\":1048576,"
	    "\"allocs\":20,\"frees\":14,"
	    "\"allocated_bytes\":18446744073709551615,\"lost\":0,"
	    "\"lost_bytes\":0,\"truncated\":0,\"guessed\":0,\"cut\":0,"
	    "\"captures\":0,\"unknown_frees\":0,\"skew_bytes\":0,"
	    "\"sample_bytes\":0,\"unwind_compared\":0,\"unwind_mismatches\":0,"
	    "\"processes\":1,\"unresolved\":0,\"is_corrupt\":false,"
	    "\"state\":\"on\",\"estimated\":false,"
	    "\"rows\":0,\"rows_shown\":0,\"rows_size\":0,\"rows_count\":0}");
	stats_free(table);
}

static void
json_estimates_are_marked_in_every_line(void **state)
{
	struct stats_table *table = group_literal(lru, 1, BY_LINENO);
	struct report_sample sample = make_sample(table, SORT_SIZE);
	static const char *const types[] = { "sample", "process", "stat" };
	char *line;

	(void)state;
	snapshot->totals.sample_bytes = 524288;
	snapshot->processes[0].totals.sample_bytes = 524288;
	sample.recording = RECORD_STOPPED;
	report_json.sample(&out, &sample);
	for (unsigned i = 0; i < array_size(types); i++) {
		line = printed_line(i);
		assert_non_null(strstr(line, types[i]));
		assert_non_null(strstr(line, "\"estimated\":true"));
		assert_true(i == 2 ||
		    strstr(line, "\"sample_bytes\":524288,") != NULL);
		assert_true(i != 0 ||
		    strstr(line, "\"state\":\"stopped\"") != NULL);
		free(line);
	}
	stats_free(table);
}

static void
json_stat_has_key_and_figures(void **state)
{
	struct stats_table *table = group_literal(lru, 1, BY_LINENO);
	struct report_sample sample = make_sample(table, SORT_SIZE);

	(void)state;
	report_json.sample(&out, &sample);
	check_line(2, "{\"type\":\"stat\",\"seq\":1,\"rank\":1,\"key\":{"
	    "\"filename\":\"/srv/lru.c\",\"lineno\":118,"
	    "\"function\":\"cache_put\",\"module\":null,\"offset\":0,"
	    "\"domain\":0},\"size\":56832819,\"count\":221904,"
	    "\"average\":256,\"allocs\":221905,\"frees\":1,"
	    "\"allocated_bytes\":56832824,\"temporary\":0,"
	    "\"tracebacks\":1}");
	stats_free(table);
}

static void
json_diff_is_signed(void **state)
{
	struct stats_table *old = group_literal(before, 4, BY_LINENO);
	struct stats_table *new = group_literal(after, 3, BY_LINENO);
	struct stats_table *table = diff_tables(old, new);
	struct report_sample sample = make_sample(table, SORT_GROWTH);
	char *line;

	(void)state;
	report_json.sample(&out, &sample);
	line = printed_line(4);		/* b.py:1, which vanished */
	assert_non_null(strstr(line, "\"filename\":\"b.py\",\"lineno\":1,"));
	assert_non_null(strstr(line, "\"size\":0,\"count\":0,"
	    "\"average\":null,\"size_diff\":-66,\"count_diff\":-1,"));
	free(line);
	stats_free(old);
	stats_free(new);
	stats_free(table);
}

static unsigned
count_printed(const char *text)
{
	unsigned n = 0;

	fflush(out.to);
	for (const char *at = printed; (at = strstr(at, text)) != NULL; at++)
		n++;
	return n;
}

static void
json_traceback_is_sent_once(void **state)
{
	struct stats_table *table = group_literal(after, 3, BY_TRACEBACK);
	struct report_sample sample = make_sample(table, SORT_SIZE);

	(void)state;
	report_json.sample(&out, &sample);
	check_line(2, "{\"type\":\"traceback\",\"id\":1,\"total_nframe\":2,"
	    "\"frames\":[{\"filename\":\"a.py\",\"lineno\":5,"
	    "\"function\":null,\"module\":null,\"offset\":0,"
	    "\"inlined\":false,\"kind\":\"code\"},{\"filename\":\"b.py\","
	    "\"lineno\":4,\"function\":null,\"module\":null,\"offset\":0,"
	    "\"inlined\":false,\"kind\":\"code\"}]}");
	sample.seq = 2;
	report_json.sample(&out, &sample);
	assert_int_equal(count_printed("\"type\":\"traceback\""), 3);
	assert_int_equal(count_printed("\"traceback_id\":1}"), 2);
	assert_int_equal(count_printed("\"traceback_id\":3}"), 2);
	stats_free(table);
}

static void
json_invalid_name_has_its_bytes_too(void **state)
{
	static const struct lit_trace traces[] = {
		{ 1, 1, { { "a\xff\n\"\\.c", 1, "f\xc3\xbc" } } },
	};
	struct stats_table *table = group_literal(traces, 1, BY_LINENO);
	struct report_sample sample = make_sample(table, SORT_SIZE);
	char *line;

	(void)state;
	report_json.sample(&out, &sample);
	line = printed_line(2);
	assert_non_null(strstr(line, "\"filename\":\"a\xef\xbf\xbd\\u000a"
	    "\\\"\\\\.c\",\"filename_b64\":\"Yf8KIlwuYw==\",\"lineno\":1,"
	    "\"function\":\"f\xc3\xbc\""));
	free(line);
	stats_free(table);
}

static void
json_end_names_the_signal(void **state)
{
	(void)state;
	run.state = RUN_KILLED;
	run.status = 6;
	run.exit_code = 134;
	report_json.end(&out, &(struct report_end){ .has_time = true,
	    .run = &run });
	check_printed("{\"type\":\"end\",\"time\":\"1970-01-01T00:00:00.000Z\","
	    "\"uptime_ns\":761999999999,\"signal\":6,"
	    "\"signal_name\":\"SIGABRT\",\"exit_code\":134,\"gates\":[]}\n");
}

static void
json_end_has_the_gates(void **state)
{
	static const struct gate limits[] = {
		{ GATE_GROWTH, 1048576, "*/cache/*" }, { GATE_PEAK, 100, "" },
	};
	const struct gate_result gates[] = {
		{ .gate = &limits[0], .ok = true, .value = 5 },
		{ .gate = &limits[1], .value = 101, .text = "peak \"101\"" },
	};

	(void)state;
	report_json.end(&out, &(struct report_end){ .has_time = true,
	    .run = &run, .gates = gates, .n_gates = array_size(gates) });
	check_printed("{\"type\":\"end\",\"time\":\"1970-01-01T00:00:00.000Z\","
	    "\"uptime_ns\":761999999999,\"status\":0,\"exit_code\":0,\"gates\":["
	    "{\"name\":\"growth\",\"filter\":\"*/cache/*\",\"limit\":1048576,"
	    "\"value\":5,\"ok\":true},"
	    "{\"name\":\"peak\",\"filter\":\"\",\"limit\":100,\"value\":101,"
	    "\"ok\":false,\"text\":\"peak \\\"101\\\"\"}]}\n");
}

/* ---- the writer alone ---- */

static void
check_bytes(const char *bytes, size_t size, bool is_valid,
    const char *expected)
{
	char *text;
	size_t n;
	struct json json = { .to = open_memstream(&text, &n) };

	assert_int_equal(json_bytes(&json, NULL, bytes, size), is_valid);
	fclose(json.to);
	assert_string_equal(text, expected);
	free(text);
}

/* The cases of the Unicode standard's table 3-7 and its neighbours. */
static void
writer_replaces_what_is_not_utf8(void **state)
{
#define R "\xef\xbf\xbd"
	(void)state;
	check_bytes("ab", 2, true, "\"ab\"");
	check_bytes("\x1f\x7f", 2, true, "\"\\u001f\\u007f\"");
	check_bytes("\xc2\x85", 2, true, "\"\\u0085\"");
	check_bytes("\xc2\xa0", 2, true, "\"\xc2\xa0\"");
	check_bytes("\xc0\x80", 2, false, "\"" R R "\"");
	check_bytes("\xe0\x9f\xbf", 3, false, "\"" R R R "\"");
	check_bytes("\xe0\xa0\x80", 3, true, "\"\xe0\xa0\x80\"");
	check_bytes("\xed\xa0\x80", 3, false, "\"" R R R "\"");
	check_bytes("\xed\x9f\xbf", 3, true, "\"\xed\x9f\xbf\"");
	check_bytes("\xf0\x8f\xbf\xbf", 4, false, "\"" R R R R "\"");
	check_bytes("\xf0\x90\x80\x80", 4, true, "\"\xf0\x90\x80\x80\"");
	check_bytes("\xf4\x8f\xbf\xbf", 4, true, "\"\xf4\x8f\xbf\xbf\"");
	check_bytes("\xf4\x90\x80\x80", 4, false, "\"" R R R R "\"");
	check_bytes("\xe2\x82", 2, false, "\"" R R "\"");
	check_bytes("\xe2\x82x", 3, false, "\"" R R "x\"");
	check_bytes("\x80", 1, false, "\"" R "\"");
	check_bytes("a\0b", 3, true, "\"a\\u0000b\"");
#undef R
}

static void
check_base64(const char *bytes, const char *expected)
{
	char *text;
	size_t n;
	struct json json = { .to = open_memstream(&text, &n) };

	json_base64(&json, NULL, bytes, strlen(bytes));
	fclose(json.to);
	assert_string_equal(text, expected);
	free(text);
}

/* RFC 4648, section 10. */
static void
writer_base64_has_the_vectors_of_rfc_4648(void **state)
{
	(void)state;
	check_base64("", "\"\"");
	check_base64("f", "\"Zg==\"");
	check_base64("fo", "\"Zm8=\"");
	check_base64("foo", "\"Zm9v\"");
	check_base64("foob", "\"Zm9vYg==\"");
	check_base64("fooba", "\"Zm9vYmE=\"");
	check_base64("foobar", "\"Zm9vYmFy\"");
}

static void
writer_integers_are_exact(void **state)
{
	struct json json;

	(void)state;
	json_begin(&json, out.to);
	json_unsigned(&json, "a", UINT64_MAX);
	json_signed(&json, "b", INT64_MIN);
	json_open_array(&json, "c");
	json_open_object(&json, NULL);
	json_bool(&json, "d", true);
	json_close_object(&json);
	json_null(&json, NULL);
	json_close_array(&json);
	json_end(&json);
	check_printed("{\"a\":18446744073709551615,"
	    "\"b\":-9223372036854775808,\"c\":[{\"d\":true},null]}\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tracemalloc_lines_are_cpythons),
		TEST(tracemalloc_files_have_line_0),
		TEST(tracemalloc_tracebacks_are_named_by_the_oldest_frame),
		TEST(tracemalloc_diff_has_signs_and_no_average_of_nothing),
		TEST(tracemalloc_diff_by_file_is_cpythons),
		TEST(tracemalloc_diff_by_traceback_is_cpythons),
		TEST(csv_has_a_header_and_quotes_what_must_be),
		TEST(csv_of_a_diff_has_signed_differences),
		TEST(folded_stacks_are_summed_by_what_they_show),
		TEST(folded_stacks_count_what_is_asked),
		TEST(folded_stacks_of_allocations_have_the_past),
		TEST(folded_survivors_have_one_number),
		TEST(folded_diff_has_the_old_and_the_new_number),
		TEST(text_report_has_header_rows_and_sum),
		TEST(text_growth_has_signed_columns),
		TEST(text_losses_are_shown_when_there_are_any),
		TEST(text_estimates_are_marked),
		TEST(text_processes_above_one_percent_have_a_line),
		TEST(text_tracebacks_are_listed_newest_first),
		TEST(json_sample_has_exact_totals),
		TEST(json_estimates_are_marked_in_every_line),
		TEST(json_stat_has_key_and_figures),
		TEST(json_diff_is_signed),
		TEST(json_traceback_is_sent_once),
		TEST(json_invalid_name_has_its_bytes_too),
		TEST(json_end_names_the_signal),
		TEST(json_end_has_the_gates),
		TEST(writer_replaces_what_is_not_utf8),
		TEST(writer_base64_has_the_vectors_of_rfc_4648),
		TEST(writer_integers_are_exact),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
