/*
 * group_thread.c - traces to a row for each thread (L5).
 *
 * Shape      The key is the thread's label, which is a name like that of a
 *            file, so that whoever shows places shows threads too.  A block
 *            belongs to the thread that allocated it, for life: threads sum
 *            to the total.
 * Invariant  A label ends in the kernel's number of the thread, and that alone
 *            is the row's identity: threads are renamed.
 */
#include "query/stats.h"

#include "base/hash.h"
#include "util/slice.h"
#include "util/vec.h"

#include <assert.h>

#define NO_ROW	UINT32_MAX

typedef VEC(struct statistic) row_list;

uint64_t
thread_identity(const struct names *names, uint32_t label)
{
	size_t size, i;
	const char *raw = name_raw(names, label, &size);

	for (i = size; i > 0 && raw[i - 1] != ' '; i--)
		;
	return hash_bytes(raw + i, size - i);
}

static struct statistic *
add_row(row_list *rows, const struct query_traces *traces,
    const struct query_trace *trace)
{
	vec_push(rows, (struct statistic){
		.identity = thread_identity(stacks_names(traces->stacks),
		    trace->thread_label),
		.file = trace->thread_label, .function = NAME_UNKNOWN,
		.module = NAME_UNKNOWN, .stack = trace->stack,
		.domain = trace->domain,
	});
	return vec_last(rows);
}

static void
add_trace(struct statistic *row, const struct query_trace *trace,
    uint64_t *largest)
{
	if (trace->size > *largest) {
		*largest = trace->size;
		row->stack = trace->stack;
	}
	row->size += trace->size;
	row->count += trace->count;
	row->allocs += trace->allocs;
	row->allocated += trace->allocated;
	row->temporary += trace->temporary;
	row->survivor_size += trace->survivor_size;
	row->survivor_count += trace->survivor_count;
	row->n_tracebacks += trace->count != 0 || trace->size != 0;
}

struct stats_table *
group_by_thread(const struct query_traces *traces)
{
	struct stats_table *table = xcalloc(1, sizeof *table);
	uint32_t n_keys = names_count(stacks_names(traces->stacks)), *place;
	uint32_t *row_of = xreallocarray(NULL, n_keys, sizeof *row_of);
	VEC(uint64_t) largest = VEC_INIT;
	row_list rows = VEC_INIT;

	memset(row_of, 0xff, n_keys * sizeof *row_of);
	for (uint32_t i = 0; i < traces->n; i++) {
		const struct query_trace *trace = &traces->traces[i];

		slice_point_at(i);
		assert(trace->thread_label < n_keys);
		place = &row_of[trace->thread_label];
		if (*place == NO_ROW) {
			*place = (uint32_t)rows.n;
			add_row(&rows, traces, trace);
			vec_push(&largest, trace->size);
		}
		add_trace(&rows.items[*place], trace, &largest.items[*place]);
		table->size += trace->size;
		table->count += trace->count;
	}
	for (uint32_t i = 0; i < rows.n; i++)
		rows.items[i].frees = rows.items[i].allocs >
		    rows.items[i].count ? rows.items[i].allocs -
		    rows.items[i].count : 0;
	table->stacks = traces->stacks;
	table->grouping = BY_THREAD;
	table->n_all = (uint32_t)rows.n;
	table->n_rows = stats_put_live_first(rows.items, table->n_all);
	table->rows = rows.items;
	free(row_of);
	vec_fini(&largest);
	return table;
}
