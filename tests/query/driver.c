/*
 * driver.c - query functions at the end of a pipe, for differential.py.
 *
 * Reads commands, one a line, words separated by a space; a string is x and
 * the hexadecimal of its bytes, a frame STRING:LINE, tracebacks newest frame
 * first.
 *
 *	g PATTERN NAME...	0 or 1 for each name, by JIT and interpreter
 *	s SIZE, d DIFF, a SIZE COUNT	tracemalloc's form of a number
 *	c			forget traces and filters
 *	t SIDE DOMAIN SIZE COUNT FRAME...	a trace; side 0 old, 1 now
 *	f FILTER		a filter in tmtop's language
 *	F INCLUSIVE DOMAIN	a domain filter
 *	q GROUPING CUMULATIVE DIFF	the rows, in tracemalloc's order, then
 *				a line with a dot
 */
#include "base/fmt.h"
#include "query/filter.h"
#include "query/glob.h"
#include "query/stats.h"
#include "util/vec.h"

#include <inttypes.h>
#include <stdio.h>

typedef VEC(struct query_trace) trace_vec;

struct driver {
	struct names		*names;
	struct stacks		*stacks;
	trace_vec		 sides[2];
	VEC(struct filter *)	 filters;
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
}

static void
run_trace(struct driver *d)
{
	trace_vec *side = &d->sides[need_number() & 1];
	struct query_trace trace = { .domain = (uint16_t)need_number() };
	VEC(char *) words = VEC_INIT;
	struct symbol_frame frame = { 0 };
	char *word, *line;
	size_t size;

	trace.size = need_number();
	trace.count = need_number();
	while ((word = next_word()) != NULL)
		vec_push(&words, word);
	while (words.n > 0) {
		word = vec_pop(&words);
		line = decode_string(word, &size);
		frame.file = names_intern(d->names, word, size);
		frame.line = (uint32_t)strtoul(line + 1, NULL, 10);
		trace.stack = stacks_push(d->stacks, trace.stack, &frame);
	}
	vec_push(side, trace);
	vec_fini(&words);
}

static void
run_filter(struct driver *d, char kind)
{
	struct errbuf why;
	struct filter *filter;
	char *word = need_word();
	size_t size;

	if (kind == 'F') {
		filter = filter_new_domain(*word == '1',
		    (unsigned)need_number());
	} else {
		decode_string(word, &size);
		filter = filter_parse(word, FILTER_EXACT, &why, NULL);
	}
	if (filter == NULL)
		die(why.text);
	vec_push(&d->filters, filter);
}

static struct stats_table *
group_side(struct driver *d, trace_vec *side, const struct filter_set *set,
    enum grouping grouping, enum cumulative cumulative)
{
	struct query_traces all = { .stacks = d->stacks,
		.n = (uint32_t)side->n, .traces = side->items };
	struct query_traces kept;
	struct stats_table *table;

	filter_apply(set, &all, &kept, NULL);
	table = group_by(&kept, grouping, cumulative);
	free(kept.traces);
	return table;
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

static void
print_rows(const struct driver *d, const struct stats_table *table)
{
	for (uint32_t i = 0; i < table->n_rows; i++) {
		const struct statistic *row = &table->rows[i];
		uint32_t at = row->stack;

		if (table->grouping != BY_TRACEBACK)
			print_frame(d, row->file, row->line);
		for (; table->grouping == BY_TRACEBACK && at != 0;
		    at = stacks_parent(d->stacks, at)) {
			const struct symbol_frame *frame =
			    stacks_frame(d->stacks, at);

			print_frame(d, frame->file, frame->line);
		}
		printf("%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 "\n",
		    row->size, row->count, row->size_diff, row->count_diff);
	}
	puts(".");
}

static void
run_query(struct driver *d)
{
	enum grouping grouping = (enum grouping)need_number();
	enum cumulative cumulative = (enum cumulative)need_number();
	bool has_diff = need_number() != 0;
	struct filter_set *set = filter_set_new(d->filters.items,
	    d->filters.n);
	struct stats_table *now = group_side(d, &d->sides[1], set, grouping,
	    cumulative);
	struct stats_table *old = group_side(d, &d->sides[0], set, grouping,
	    cumulative);
	struct stats_table *table = has_diff ? diff_tables(old, now) : now;

	order_rows(table, has_diff ? SORT_GROWTH : SORT_SIZE, false);
	print_rows(d, table);
	if (has_diff)
		stats_free(table);
	stats_free(now);
	stats_free(old);

	/* The set took the filters over; a case may ask again only after
	 * it has named them again. */
	vec_clear(&d->filters);
	filter_set_free(set);
}

int
main(void)
{
	struct driver d = { .names = NULL };
	char *line = NULL, *command;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		command = strtok(line, " \n");
		switch (command != NULL ? *command : '\0') {
		case 'g':
			run_glob();
			break;
		case 's': case 'd': case 'a':
			run_number(*command);
			break;
		case 'c':
			driver_clear(&d);
			break;
		case 't':
			run_trace(&d);
			break;
		case 'f': case 'F':
			run_filter(&d, *command);
			break;
		case 'q':
			run_query(&d);
			break;
		default:
			die("unknown command");
		}
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
