/*
 * filter_measure.c - tests of numbers in filters: block>10K, size>1M (L5).
 *
 * Shape      A test is an interval; a word becomes one by its measure's name,
 *            an operator and a number.  Sizes have units, counts have none;
 *            the growth may be negative.
 * Why        But for that of blocks, which filter.c looks at, these are tests
 *            of rows, made when the rows are: what is hidden is a row as it
 *            stands on the screen, whatever it was made of.  So all of them
 *            must hold, unlike the patterns of traces, of which one inclusive
 *            one is enough.
 */
#include "query/filter_rule.h"

#include "base/fmt.h"
#include "util/slice.h"

#include <assert.h>
#include <string.h>

enum { MAX_NUMBER = 40 };

static const struct {
	const char	*name;
	bool		 is_size, may_be_negative;
} measures[N_MEASURES] = {
	[MEASURE_BLOCK] = { "block", true, false },
	[MEASURE_SIZE] = { "size", true, false },
	[MEASURE_COUNT] = { "count", false, false },
	[MEASURE_AVERAGE] = { "average", true, false },
	[MEASURE_GROWTH] = { "growth", true, true },
};

/* ---- language ---- */

/* The measure that the word begins with and an operator follows, or -1. */
static int
find_measure(const char *word, size_t size)
{
	for (int i = 0; i < N_MEASURES; i++) {
		size_t n = strlen(measures[i].name);

		if (size > n && memcmp(word, measures[i].name, n) == 0 &&
		    strchr("<=>", word[n]) != NULL)
			return i;
	}
	return -1;
}

static int
refuse_number(enum measure measure, struct errbuf *why, int column)
{
	errbuf_set_at(why, column, measures[measure].is_size ?
	    "%s must be a size like 10K or 1M" : "%s must be a number",
	    measures[measure].name);
	return -1;
}

/* The number in text[0..size), which is far enough from the ends of int64_t
 * that one may be added. */
static int
read_number(enum measure measure, const char *text, size_t size,
    int64_t *number)
{
	char copy[MAX_NUMBER];
	bool has_sign = size > 0 && (*text == '-' || *text == '+');
	uint64_t value;

	if (has_sign && !measures[measure].may_be_negative)
		return -1;
	if (size - has_sign >= sizeof copy)
		return -1;
	memcpy(copy, text + has_sign, size - has_sign);
	copy[size - has_sign] = '\0';
	if (!measures[measure].is_size &&
	    copy[strspn(copy, "0123456789")] != '\0')
		return -1;
	if (fmt_parse_size(copy, &value, NULL) < 0 || value > INT64_MAX / 2)
		return -1;
	*number = has_sign && *text == '-' ? -(int64_t)value : (int64_t)value;
	return 0;
}

int
measure_read(const char *word, size_t size, struct measure_test *test,
    struct errbuf *why)
{
	int measure = find_measure(word, size);
	const char *at, *end = word + size;
	char operator;
	bool or_equal;
	int64_t number;

	if (measure < 0)
		return 0;
	at = word + strlen(measures[measure].name);
	operator = *at++;
	or_equal = at < end && operator != '=' && *at == '=';
	at += or_equal;
	if (read_number((enum measure)measure, at, (size_t)(end - at),
	    &number) < 0)
		return refuse_number((enum measure)measure, why,
		    (int)(at - word) + 1);
	*test = (struct measure_test){ .measure = (enum measure)measure,
		.least = INT64_MIN, .most = INT64_MAX };
	if (operator != '<')
		test->least = number + (operator == '>' && !or_equal);
	if (operator != '>')
		test->most = number - (operator == '<' && !or_equal);
	return 1;
}

/* ---- rows ---- */

/* Numbers beyond what can be typed are equal to the largest that can. */
static int64_t
clamp(uint64_t value)
{
	return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

static int64_t
measure_of(const struct statistic *row, enum measure measure)
{
	switch (measure) {
	case MEASURE_SIZE:
		return clamp(row->size);
	case MEASURE_COUNT:
		return clamp(row->count);
	case MEASURE_AVERAGE:
		return row->count > 0 ? clamp(row->size / row->count) : 0;
	default:
		return row->size_diff;
	}
}

static bool
holds(const struct filter *filter, const struct statistic *row)
{
	for (unsigned i = 0; i < filter->n_tests; i++) {
		const struct measure_test *test = &filter->tests[i];
		int64_t value = measure_of(row, test->measure);

		if (value < test->least || value > test->most)
			return false;
	}
	return true;
}

static bool
keeps_row(const struct filter_set *set, const struct statistic *row)
{
	for (size_t i = 0; i < filter_set_count(set); i++) {
		const struct filter *filter = filter_set_get(set, i);

		if (filter->n_tests > 0 &&
		    holds(filter, row) != filter->inclusive)
			return false;
	}
	return true;
}

bool
filter_set_has_row_tests(const struct filter_set *set)
{
	for (size_t i = 0; i < filter_set_count(set); i++) {
		if (filter_set_get(set, i)->n_tests > 0)
			return true;
	}
	return false;
}

/* What remains is in the order it was in. */
static void
drop_rows(const struct filter_set *set, struct stats_table *table)
{
	uint32_t n = 0, n_live = 0;

	for (uint32_t i = 0; i < table->n_all; i++) {
		slice_point_at(i);
		if (!keeps_row(set, &table->rows[i]))
			continue;
		n_live += i < table->n_rows;
		table->rows[n++] = table->rows[i];
	}
	table->n_all = n;
	table->n_rows = n_live;
	table->n_ordered = 0;
}

void
filter_rows(const struct filter_set *set, struct stats_table *table,
    enum cumulative cumulative)
{
	if (!filter_set_has_row_tests(set))
		return;
	assert(table->n_rows <= table->n_all);
	drop_rows(set, table);
	if (cumulative != CUMULATIVE_OFF && table->grouping != BY_TRACEBACK)
		return;
	table->size = table->count = 0;
	table->size_diff = table->count_diff = 0;
	for (uint32_t i = 0; i < table->n_all; i++) {
		table->size += table->rows[i].size;
		table->count += table->rows[i].count;
		table->size_diff += table->rows[i].size_diff;
		table->count_diff += table->rows[i].count_diff;
	}
}
