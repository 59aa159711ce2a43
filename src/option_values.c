/*
 * option_values.c - what may stand behind an option: the readers (L6).
 *
 * Why        Values are read without strtod and without the locale: "0.5" is
 *            half a second everywhere, and whatever follows a number is an
 *            error with its column instead of being dropped.
 */
#include "option_values.h"

#include "base/fmt.h"
#include "query/attribute.h"
#include "query/ignore.h"
#include "util/strbuf.h"
#include "util/xalloc.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_IGNORE_FILE = 1 << 20 };

static void *
field_of(struct options *options, const struct option_row *row)
{
	return (char *)options + row->offset;
}

int
read_flag(struct options *options, const struct option_row *row,
    const char *text ATTR_UNUSED, struct errbuf *why ATTR_UNUSED)
{
	*(bool *)field_of(options, row) = true;
	return 0;
}

int
read_flag_off(struct options *options, const struct option_row *row,
    const char *text ATTR_UNUSED, struct errbuf *why ATTR_UNUSED)
{
	*(bool *)field_of(options, row) = false;
	return 0;
}

int
read_level(struct options *options, const struct option_row *row,
    const char *text ATTR_UNUSED, struct errbuf *why ATTR_UNUSED)
{
	(*(unsigned *)field_of(options, row))++;
	return 0;
}

/* Decimal digits up to `text[n]`; saturates instead of overflowing. */
static uint64_t
read_digits(const char *text, size_t *n)
{
	uint64_t value = 0;

	for (*n = 0; isdigit((unsigned char)text[*n]); (*n)++) {
		unsigned digit = (unsigned)(text[*n] - '0');

		if (value > (UINT64_MAX - digit) / 10)
			value = UINT64_MAX;
		else
			value = value * 10 + digit;
	}
	return value;
}

int
read_number(struct options *options, const struct option_row *row,
    const char *text, struct errbuf *why)
{
	size_t n;
	uint64_t value = read_digits(text, &n);

	if (n == 0 || text[n] != '\0') {
		errbuf_set_at(why, (int)n + 1, "not a whole number");
		return -1;
	}
	if (value < row->min || value > row->max) {
		errbuf_set_at(why, 1, "must be %llu to %llu",
		    (unsigned long long)row->min,
		    (unsigned long long)row->max);
		return -1;
	}
	*(unsigned *)field_of(options, row) = (unsigned)value;
	return 0;
}

/* "2", "0.25", ".5" to milliseconds; digits below those must be 0 or are
 * dropped.  Returns how much of the text was taken, 0: not a number. */
static size_t
read_milliseconds(const char *text, uint64_t *ms)
{
	size_t n, i;
	uint64_t whole = read_digits(text, &n);
	unsigned part = 0, scale = 100;

	if (text[n] != '.') {
		*ms = whole > UINT32_MAX ? UINT32_MAX : whole * 1000;
		return n;
	}
	for (i = n + 1; isdigit((unsigned char)text[i]); i++) {
		part += (unsigned)(text[i] - '0') * scale;
		scale /= 10;
	}
	if (n == 0 && i == 1)
		return 0;
	*ms = whole > UINT32_MAX ? UINT32_MAX : whole * 1000 + part;
	return i;
}

int
read_seconds(struct options *options, const struct option_row *row,
    const char *text, struct errbuf *why)
{
	uint64_t ms = 0;
	size_t n = read_milliseconds(text, &ms);

	if (n == 0 || text[n] != '\0') {
		errbuf_set_at(why, (int)n + 1, "not a number of seconds");
		return -1;
	}
	if (ms < row->min || ms > row->max) {
		errbuf_set_at(why, 1, "must be %llu.%llu to %llu seconds",
		    (unsigned long long)row->min / 1000,
		    (unsigned long long)row->min % 1000 / 100,
		    (unsigned long long)row->max / 1000);
		return -1;
	}
	*(unsigned *)field_of(options, row) = (unsigned)ms;
	return 0;
}

int
read_size(struct options *options, const struct option_row *row,
    const char *text, struct errbuf *why)
{
	char low[FMT_ROOM], high[FMT_ROOM];
	uint64_t size;

	if (fmt_parse_size(text, &size, why) < 0)
		return -1;
	if (size < row->min || size > row->max) {
		fmt_size(low, row->min);
		fmt_size(high, row->max);
		errbuf_set_at(why, 1, "must be %s to %s", low, high);
		return -1;
	}
	*(uint64_t *)field_of(options, row) = size;
	return 0;
}

static const struct option_choice *
find_choice(const struct option_choice *choices, const char *text)
{
	for (; choices->name != NULL; choices++) {
		if (strcmp(choices->name, text) == 0)
			return choices;
	}
	return NULL;
}

/* "not one of a, b, c" */
static int
refuse_choice(const struct option_choice *choices, struct errbuf *why)
{
	struct strbuf list = STRBUF_INIT(200);

	for (; choices->name != NULL; choices++) {
		strbuf_printf(&list, "%s%s", list.size > 0 ? ", " : "",
		    choices->name);
	}
	errbuf_set_at(why, 1, "not one of %s", strbuf_text(&list));
	strbuf_fini(&list);
	return -1;
}

int
read_choice(struct options *options, const struct option_row *row,
    const char *text, struct errbuf *why)
{
	const struct option_choice *choice = find_choice(row->choices, text);

	if (choice == NULL)
		return refuse_choice(row->choices, why);
	*(int *)field_of(options, row) = choice->value;
	return 0;
}

int
read_cumulative(struct options *options, const struct option_row *row,
    const char *text, struct errbuf *why)
{
	return read_choice(options, row, text != NULL ? text : "once", why);
}

int
read_follow(struct options *options, const struct option_row *row,
    const char *text, struct errbuf *why)
{
	const struct option_choice *choice = find_choice(row->choices, text);

	if (choice == NULL)
		return refuse_choice(row->choices, why);
	options->follow_fork = (choice->value & FOLLOWS_FORK) != 0;
	options->follow_exec = (choice->value & FOLLOWS_EXEC) != 0;
	return 0;
}

int
read_text(struct options *options, const struct option_row *row,
    const char *text, struct errbuf *why)
{
	if (text[0] == '\0') {
		errbuf_set_at(why, 1, "empty");
		return -1;
	}
	*(const char **)field_of(options, row) = text;
	return 0;
}

int
read_sort(struct options *options, const struct option_row *row,
    const char *text, struct errbuf *why)
{
	struct strbuf list = STRBUF_INIT(200);
	int key = sort_key_find(text);

	if (key >= 0) {
		*(int *)field_of(options, row) = key;
		return 0;
	}
	for (int i = 0; i < N_SORT_KEYS; i++) {
		strbuf_printf(&list, "%s%s", i > 0 ? ", " : "",
		    sort_key_name((enum sort_key)i));
	}
	errbuf_set_at(why, 1, "not one of %s", strbuf_text(&list));
	strbuf_fini(&list);
	return -1;
}

static void
append_text(char ***list, size_t *n, const char *text)
{
	*list = xreallocarray(*list, *n + 1, sizeof **list);
	(*list)[(*n)++] = xstrdup(text);
}

int
read_filter(struct options *options,
    const struct option_row *row ATTR_UNUSED, const char *text,
    struct errbuf *why)
{
	struct filter *filter = filter_parse(text, FILTER_EXACT, why, NULL);

	if (filter == NULL)
		return -1;
	filter_free(filter);
	append_text(&options->filters, &options->n_filters, text);
	return 0;
}

int
read_source_map(struct options *options,
    const struct option_row *row ATTR_UNUSED, const char *text,
    struct errbuf *why)
{
	size_t old = strcspn(text, "=");

	if (old == 0 || text[old] != '=' || text[old + 1] == '\0') {
		errbuf_set(why, "must be OLD=NEW, two folders");
		return -1;
	}
	append_text(&options->source_maps, &options->n_source_maps, text);
	return 0;
}

int
read_skip(struct options *options, const struct option_row *row ATTR_UNUSED,
    const char *text, struct errbuf *why)
{
	struct skip_list *skip = skip_list_new(&text, 1, why);

	if (skip == NULL)
		return -1;
	skip_list_free(skip);
	append_text(&options->skips, &options->n_skips, text);
	return 0;
}

/* The bytes of a file, less than room - 1, as a string; -1: errno says why
 * not. */
static int
read_file(const char *path, char *to, size_t room)
{
	FILE *file = fopen(path, "re");
	size_t n;

	if (file == NULL)
		return -1;
	errno = 0;
	n = fread(to, 1, room - 1, file);
	if (n == room - 1)
		errno = EFBIG;
	fclose(file);
	to[n] = '\0';
	return errno != 0 ? -1 : 0;
}

int
read_ignore(struct options *options,
    const struct option_row *row ATTR_UNUSED, const char *text,
    struct errbuf *why)
{
	char *content = xmalloc(MAX_IGNORE_FILE);
	struct ignore_list *list = NULL;
	struct strbuf all = STRBUF_INIT(64 * MAX_IGNORE_FILE);

	if (read_file(text, content, MAX_IGNORE_FILE) < 0)
		errbuf_set(why, "%s", strerror(errno));
	else
		list = ignore_list_new(content, why);
	if (list != NULL) {
		if (options->ignored != NULL)
			strbuf_puts(&all, options->ignored);
		strbuf_printf(&all, "%s\n", content);
		free(options->ignored);
		options->ignored = strbuf_take(&all);
	}
	free(content);
	strbuf_fini(&all);
	if (list == NULL)
		return -1;
	ignore_list_free(list);
	return 0;
}

int
read_delay(struct options *options, const struct option_row *row,
    const char *text, struct errbuf *why)
{
	if (read_seconds(options, row, text, why) < 0)
		return -1;
	options->has_delay = true;
	return 0;
}

int
read_top(struct options *options, const struct option_row *row,
    const char *text, struct errbuf *why)
{
	if (read_number(options, row, text, why) < 0)
		return -1;
	options->has_top = true;
	return 0;
}

/* SIZE, then, unless it is of the whole process, [:FILTER]. */
static int
read_gate(struct options *options, enum gate_kind kind, const char *text,
    struct errbuf *why)
{
	const char *colon = kind == GATE_PEAK ? NULL : strchr(text, ':');
	struct gate gate = { .kind = kind, .filter = "" };
	struct filter *filter;
	char size[FMT_ROOM];
	size_t n = colon != NULL ? (size_t)(colon - text) : strlen(text);

	if (n >= sizeof size) {
		errbuf_set_at(why, 1, "not a size like 10K or 1M");
		return -1;
	}
	memcpy(size, text, n);
	size[n] = '\0';
	if (fmt_parse_size(size, &gate.limit, why) < 0)
		return -1;
	if (colon != NULL) {
		filter = filter_parse(colon + 1, FILTER_EXACT, why, NULL);
		if (filter == NULL) {
			why->column += (int)n + 1;
			return -1;
		}
		filter_free(filter);
		gate.filter = colon + 1;
	}
	options->gates = xreallocarray(options->gates, options->n_gates + 1,
	    sizeof *options->gates);
	options->gates[options->n_gates++] = gate;
	return 0;
}

int
read_gate_growth(struct options *options,
    const struct option_row *row ATTR_UNUSED, const char *text,
    struct errbuf *why)
{
	return read_gate(options, GATE_GROWTH, text, why);
}

int
read_gate_live(struct options *options,
    const struct option_row *row ATTR_UNUSED, const char *text,
    struct errbuf *why)
{
	return read_gate(options, GATE_LIVE, text, why);
}

int
read_gate_peak(struct options *options,
    const struct option_row *row ATTR_UNUSED, const char *text,
    struct errbuf *why)
{
	return read_gate(options, GATE_PEAK, text, why);
}
