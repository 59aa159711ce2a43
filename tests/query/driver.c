/*
 * driver.c - query functions at the end of a pipe, for differential.py.
 *
 * Reads commands, one a line, words separated by a space; a string is x and
 * the hexadecimal of its bytes, a frame STRING:LINE, tracebacks newest frame
 * first.
 *
 *	g PATTERN NAME...	0 or 1 for each name, by JIT and interpreter
 *	s SIZE, d DIFF, a SIZE COUNT	tracemalloc's form of a number
 *	b LIMIT NEWEST FRAME...	the lines of a traceback, then a dot; LIMIT
 *				"-": none; NEWEST 1: most recent frame first
 *	c			forget traces and filters
 *	t SIDE DOMAIN SIZE COUNT TOTAL FRAME...	a trace; side 0 old, 1 now;
 *				TOTAL frames before truncation
 *	f FILTER		a filter in tmtop's language
 *	F INCLUSIVE DOMAIN	a domain filter
 *	k			the traces now that pass, then a dot
 *	q GROUPING CUMULATIVE DIFF	the rows, in tracemalloc's order, then
 *				a dot
 *	p GROUPING CUMULATIVE DIFF	the same as --format=tracemalloc
 *	x GROUPING CUMULATIVE DIFF	the same, only nanoseconds are printed
 *	y			the same for the traces that pass
 *
 * Filters are named before the first question after `c`.
 */
#include "base/fmt.h"
#include "query/filter.h"
#include "query/glob.h"
#include "query/stats.h"
#include "ui/report_format.h"
#include "util/vec.h"

#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <time.h>

typedef VEC(struct query_trace) trace_vec;

struct driver {
	struct names		*names;
	struct stacks		*stacks;
	trace_vec		 sides[2];
	VEC(struct filter *)	 filters;
	struct filter_set	*set;	/* of them, once something was asked */
};

static void
die(const char *message)
{
	fprintf(stderr, "driver: %s\n", message);
	exit(1);
}

static char *
next_word(void)
{
	return strtok(NULL, " \n");
}

static char *
need_word(void)
{
	char *word = next_word();

	if (word == NULL)
		die("a word is missing");
	return word;
}

static uint64_t
need_number(void)
{
	return strtoull(need_word(), NULL, 10);
}

/* Decode xHEX in place; returns what follows it. */
static char *
decode_string(char *word, size_t *size)
{
	char *at = word + 1, *to = word;
	unsigned byte;

	if (*word != 'x')
		die("not a string");
	while (sscanf(at, "%2x", &byte) == 1 && at[0] != ':') {
		*to++ = (char)byte;
		at += 2;
	}
	*size = (size_t)(to - word);
	if (*at == '\0')
		*to = '\0';
	return at;
}

static void
run_glob(void)
{
	char *pattern = need_word(), *name;
	struct errbuf why;
	struct glob *glob;
	size_t size;

	decode_string(pattern, &size);
	glob = glob_new(pattern, &why);
	if (glob == NULL)
		die(why.text);
	while ((name = next_word()) != NULL) {
		int jit, interpreted;

		decode_string(name, &size);
		jit = glob_match(glob, name, size);
		interpreted = glob_match_interpreted(glob, name, size);
		if (jit != interpreted)
			die("JIT and interpreter disagree");
		printf("%d", jit);
	}
	putchar('\n');
	glob_free(glob);
}

static void
run_number(char kind)
{
	char text[FMT_ROOM];
	uint64_t size;

	if (kind == 'd') {
		fmt_size_diff_tracemalloc(text, strtoll(need_word(), NULL,
		    10));
	} else {
		size = need_number();
		if (kind == 's')
			fmt_size_tracemalloc(text, size);
		else
			fmt_average_tracemalloc(text, size, need_number());
	}
	puts(text);
}

static void
driver_clear(struct driver *d)
{
	stacks_free(d->stacks);
	names_free(d->names);
	d->names = names_new();
	d->stacks = stacks_new(d->names);
	vec_clear(&d->sides[0]);
	vec_clear(&d->sides[1]);
	for (size_t i = 0; i < d->filters.n; i++)
		filter_free(d->filters.items[i]);
	vec_clear(&d->filters);
	filter_set_free(d->set);
	d->set = NULL;
}

/* The frames that the rest of the line names, newest first. */
static uint32_t
need_stack(struct driver *d)
{
	VEC(char *) words = VEC_INIT;
	struct symbol_frame frame = { 0 };
	uint32_t stack = 0;
	char *word, *line;
	size_t size;

	while ((word = next_word()) != NULL)
		vec_push(&words, word);
	while (words.n > 0) {
		word = vec_pop(&words);
		line = decode_string(word, &size);
		frame.file = names_intern(d->names, word, size);
		frame.line = (uint32_t)strtoul(line + 1, NULL, 10);
		stack = stacks_push(d->stacks, stack, &frame);
	}
	vec_fini(&words);
	return stack;
}

static void
run_trace(struct driver *d)
{
	trace_vec *side = &d->sides[need_number() & 1];
	struct query_trace trace = { .domain = (uint16_t)need_number() };

	trace.size = need_number();
	trace.count = need_number();
	trace.total_nframe = (uint32_t)need_number();
	trace.stack = need_stack(d);
	vec_push(side, trace);
}

static void
run_traceback(struct driver *d)
{
	const char *limit = need_word();
	struct traceback_part part = {
		.has_limit = *limit != '-' || limit[1] != '\0',
		.limit = strtoll(limit, NULL, 10),
		.newest_first = need_number() != 0,
	};
	struct report_out out;

	report_out_init(&out, stdout, NULL);
	report_tracemalloc_frames(&out, d->names, d->stacks, need_stack(d),
	    &part);
	report_out_fini(&out);
	puts(".");
}

static void
run_filter(struct driver *d, char kind)
{
	struct errbuf why;
	struct filter *filter;
	char *word = need_word(), domain[16];
	size_t size;

	if (d->set != NULL)
		die("a filter after a question");
	if (kind == 'F') {
		snprintf(domain, sizeof domain, "%s@%u", *word == '1' ? "" :
		    "!", (unsigned)need_number());
		word = domain;
	} else {
		decode_string(word, &size);
	}
	filter = filter_parse(word, FILTER_EXACT, &why, NULL);
	if (filter == NULL)
		die(why.text);
	vec_push(&d->filters, filter);
}

/* The traces of one side that pass; caller frees .traces. */
static struct query_traces
filter_side(struct driver *d, trace_vec *side)
{
	struct query_traces all = { .stacks = d->stacks,
		.n = (uint32_t)side->n, .traces = side->items };
	struct query_traces kept;

	if (d->set == NULL) {
		d->set = filter_set_new(d->filters.items, d->filters.n);
		vec_clear(&d->filters);
	}
	filter_apply(d->set, &all, &kept, NULL);
	return kept;
}

static void
print_frame(const struct driver *d, uint32_t file, uint32_t line)
{
	size_t size;
	const char *raw = name_raw(d->names, file, &size);

	putchar('x');
	for (size_t i = 0; i < size; i++)
		printf("%02x", (unsigned char)raw[i]);
	printf(":%" PRIu32 " ", line);
}

/* Newest first; the empty traceback has one frame, "<unknown>". */
static void
print_frames(const struct driver *d, uint32_t stack)
{
	do {
		const struct symbol_frame *frame = stacks_frame(d->stacks,
		    stack);

		print_frame(d, frame->file, frame->line);
		stack = stacks_parent(d->stacks, stack);
	} while (stack != 0);
}

static void
print_rows(const struct driver *d, const struct stats_table *table)
{
	for (uint32_t i = 0; i < table->n_rows; i++) {
		const struct statistic *row = &table->rows[i];

		if (table->grouping == BY_TRACEBACK)
			print_frames(d, row->stack);
		else
			print_frame(d, row->file, row->line);
		printf("%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 "\n",
		    row->size, row->count, row->size_diff, row->count_diff);
	}
	puts(".");
}

static void
print_kept(struct driver *d)
{
	struct query_traces kept = filter_side(d, &d->sides[1]);

	for (uint32_t i = 0; i < kept.n; i++) {
		const struct query_trace *trace = &kept.traces[i];

		print_frames(d, trace->stack);
		printf("@%u %" PRIu64 " %" PRIu64 " %" PRIu32 "\n",
		    trace->domain, trace->size, trace->count,
		    trace->total_nframe);
	}
	puts(".");
	free(kept.traces);
}

static void
print_report(const struct driver *d, const struct stats_table *table)
{
	struct report_sample sample = { .seq = 1, .names = d->names,
		.rows = table, .n_shown = table->n_rows };
	struct report_out out;

	report_out_init(&out, stdout, NULL);
	report_tracemalloc.sample(&out, &sample);
	report_out_fini(&out);
	puts(".");
}

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* How to group, and what came of it. */
struct question {
	enum grouping		 grouping;
	enum cumulative		 cumulative;
	bool			 has_diff;
	struct query_traces	 sides[2];
	struct stats_table	*tables[2], *diff;
};

static struct stats_table *
answer(struct question *q)
{
	struct stats_table *table;

	for (int side = !q->has_diff ? 1 : 0; side < 2; side++)
		q->tables[side] = group_by(&q->sides[side], q->grouping,
		    q->cumulative);
	table = q->tables[1];
	if (q->has_diff)
		table = q->diff = diff_tables(q->tables[0], q->tables[1]);
	order_rows(table, q->has_diff ? SORT_GROWTH : SORT_SIZE, false);
	return table;
}

static void
run_query(struct driver *d, char kind)
{
	struct question q = {
		.grouping = (enum grouping)need_number(),
		.cumulative = (enum cumulative)need_number(),
		.has_diff = need_number() != 0,
		.sides = { filter_side(d, &d->sides[0]),
			filter_side(d, &d->sides[1]) },
	};
	uint64_t start = now_ns();
	struct stats_table *table = answer(&q);

	if (kind == 'x')
		printf("%" PRIu64 "\n", now_ns() - start);
	else if (kind == 'p')
		print_report(d, table);
	else
		print_rows(d, table);
	stats_free(q.diff);
	for (int side = 0; side < 2; side++) {
		stats_free(q.tables[side]);
		free(q.sides[side].traces);
	}
}

static void
time_filters(struct driver *d)
{
	uint64_t start = now_ns();
	struct query_traces kept = filter_side(d, &d->sides[1]);

	printf("%" PRIu64 "\n", now_ns() - start);
	free(kept.traces);
}

static void
run_command(struct driver *d, char command)
{
	switch (command) {
	case 'g':
		run_glob();
		break;
	case 's': case 'd': case 'a':
		run_number(command);
		break;
	case 'b':
		run_traceback(d);
		break;
	case 'c':
		driver_clear(d);
		break;
	case 't':
		run_trace(d);
		break;
	case 'f': case 'F':
		run_filter(d, command);
		break;
	case 'k':
		print_kept(d);
		break;
	case 'q': case 'p': case 'x':
		run_query(d, command);
		break;
	case 'y':
		time_filters(d);
		break;
	default:
		die("unknown command");
	}
}

int
main(void)
{
	struct driver d = { .names = NULL };
	char *line = NULL, *command;
	size_t room = 0;

	/* As tmtop does: what a question took serves the next one. */
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	driver_clear(&d);
	while (getline(&line, &room, stdin) > 0) {
		command = strtok(line, " \n");
		run_command(&d, command != NULL ? *command : '\0');
		fflush(stdout);
	}
	driver_clear(&d);
	stacks_free(d.stacks);
	names_free(d.names);
	vec_fini(&d.sides[0]);
	vec_fini(&d.sides[1]);
	vec_fini(&d.filters);
	free(line);
	return 0;
}
