/*
 * session_gates.c - limits that fail a run or a comparison (L6).
 *
 * Shape      A gate has a filter of its own besides those in force; what both
 *            keep is grouped and compared as the rows are, and the largest
 *            figure of it is held against the limit.
 * Why        What has grown is looked at row by row and in total: a leak in
 *            one place must not hide behind memory that another has given
 *            back, nor many small ones behind a limit for each.
 */
#include "session_state.h"

#include "base/fmt.h"
#include "util/xalloc.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NAMED_ROWS = 3 };

const char *const gate_names[N_GATE_KINDS] = {
	[GATE_GROWTH] = "growth", [GATE_LIVE] = "live", [GATE_PEAK] = "peak",
};

/* ---- what a gate is about ---- */

/* NULL: everything.  It was parsed before, so that it cannot fail. */
static struct filter_set *
make_filters(const struct gate *gate)
{
	struct filter *filter;

	if (gate->filter[0] == '\0')
		return NULL;
	filter = filter_parse(gate->filter, FILTER_EXACT, NULL, NULL);
	assert(filter != NULL);
	return filter_set_new(&filter, 1);
}

static struct stats_table *
group_side(const struct session *s, const struct session_side *side,
    const struct filter_set *filters)
{
	struct query_traces traces;
	struct stats_table *table;

	filter_apply(filters, &side->filtered, &traces, NULL);
	table = group_by(&traces, s->grouping, s->cumulative);
	free(traces.traces);
	return table;
}

/* Compared with the baseline; without one with nothing. */
static struct stats_table *
group_gate(const struct session *s, const struct gate *gate)
{
	const struct session_side nothing = {
		.filtered = { .stacks = s->now.filtered.stacks },
	};
	struct filter_set *filters = make_filters(gate);
	struct stats_table *now = group_side(s, &s->now, filters);
	struct stats_table *base = group_side(s, s->baseline >= 0 ? &s->base :
	    &nothing, filters);
	struct stats_table *table = session_diff(s, session_foreign(s), base,
	    now);

	stats_free(base);
	stats_free(now);
	filter_rows(s->filters, table, s->cumulative);
	filter_rows(filters, table, s->cumulative);
	filter_set_free(filters);
	return table;
}

/* ---- the line ---- */

static void
add_row(struct strbuf *text, const struct session *s,
    const struct statistic *row, enum gate_kind kind)
{
	char size[FMT_ROOM];

	if (kind == GATE_GROWTH)
		fmt_size_diff(size, row->size_diff);
	else
		fmt_size(size, row->size);
	strbuf_puts(text, name_text(s->names, row->file));
	if (row->line != 0)
		strbuf_printf(text, ":%u", row->line);
	else if (row->flags & SYMBOL_NO_LINE && s->grouping != BY_FILENAME)
		strbuf_printf(text, "+0x%" PRIx64, row->offset);
	if (row->function != NAME_UNKNOWN && s->grouping != BY_FILENAME)
		strbuf_printf(text, " %s", name_text(s->names, row->function));
	strbuf_printf(text, " %s", size);
}

/* The first rows, those over the limit, or the largest where none is. */
static void
add_rows(struct strbuf *text, const struct session *s,
    const struct stats_table *table, const struct gate *gate)
{
	uint32_t n_over = 0, n = 0;

	for (uint32_t i = 0; i < table->n_rows; i++) {
		const struct statistic *row = &table->rows[i];

		n_over += gate->kind == GATE_GROWTH ? row->size_diff > 0 &&
		    (uint64_t)row->size_diff > gate->limit :
		    row->size > gate->limit;
	}
	for (; n < table->n_rows && n < NAMED_ROWS; n++) {
		const struct statistic *row = &table->rows[n];

		if (n_over > 0 ? n >= n_over : gate->kind == GATE_GROWTH ?
		    row->size_diff <= 0 : row->size == 0)
			break;
		strbuf_puts(text, n == 0 ? ": " : ", ");
		add_row(text, s, row, gate->kind);
	}
	if (n_over > n)
		strbuf_printf(text, " and %u more", n_over - n);
}

static void
describe(struct gate_result *result, const struct session *s,
    const struct stats_table *table)
{
	const struct gate *gate = result->gate;
	struct strbuf text = STRBUF_INIT(sizeof result->text - 1);
	char value[FMT_ROOM], limit[FMT_ROOM], filter[128];

	if (gate->kind == GATE_GROWTH)
		fmt_size_diff(value, (int64_t)result->value);
	else
		fmt_size(value, result->value);
	fmt_size(limit, gate->limit);
	strbuf_printf(&text, "%s %s, limit %s", gate_names[gate->kind],
	    value, limit);
	if (gate->filter[0] != '\0') {
		sanitise(filter, sizeof filter, gate->filter,
		    strlen(gate->filter));
		strbuf_printf(&text, " of %s", filter);
	}
	if (table != NULL)
		add_rows(&text, s, table, gate);
	snprintf(result->text, sizeof result->text, "%s", strbuf_text(&text));
	strbuf_fini(&text);
}

/* ---- the figure ---- */

static uint64_t
find_growth(const struct stats_table *table)
{
	int64_t most = table->size_diff;

	for (uint32_t i = 0; i < table->n_rows; i++) {
		if (table->rows[i].size_diff > most)
			most = table->rows[i].size_diff;
	}
	return most > 0 ? (uint64_t)most : 0;
}

void
session_check_gate(const struct session *s, size_t i,
    struct gate_result *result)
{
	struct stats_table *table = NULL;
	const struct gate *gate;

	assert(i < s->options->n_gates);
	gate = &s->options->gates[i];
	*result = (struct gate_result){ .gate = gate };
	if (gate->kind == GATE_PEAK) {
		result->value = s->now.snapshot->totals.peak_bytes;
	} else {
		table = group_gate(s, gate);
		order_rows(table, gate->kind == GATE_GROWTH ?
		    SORT_GROWTH_SIGNED : SORT_SIZE, false);
		result->value = gate->kind == GATE_LIVE ? table->size :
		    find_growth(table);
	}
	result->ok = result->value <= gate->limit;
	if (!result->ok)
		describe(result, s, table);
	stats_free(table);
}
