#include "reader/snapshot.h"

#include "util/xalloc.h"

#include <assert.h>
#include <stdlib.h>

struct snapshot *
snapshot_new(uint32_t n_traces, uint32_t n_processes)
{
	struct snapshot *snapshot = xcalloc(1, sizeof(*snapshot));

	snapshot->n_references = 1;
	snapshot->n_traces = n_traces;
	snapshot->n_processes = n_processes;
	snapshot->traces = xcalloc(n_traces, sizeof(*snapshot->traces));
	snapshot->processes = xcalloc(n_processes,
	    sizeof(*snapshot->processes));
	return snapshot;
}

const char *
totals_lost_advice(const struct totals *totals)
{
	return totals->is_memory_refused ?
	    "no memory for tables (ulimit -v?)" : "raise --table-size";
}

/* Index of the first block of this trace or a later one. */
static size_t
find_first(const struct snapshot *snapshot, uint32_t trace)
{
	size_t low = 0, high = snapshot->n_blocks, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (snapshot->blocks[middle].trace < trace)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct live_block *
snapshot_blocks(const struct snapshot *snapshot, uint32_t trace, size_t *n)
{
	size_t first = find_first(snapshot, trace);

	assert(trace < snapshot->n_traces);
	*n = find_first(snapshot, trace + 1) - first;
	return *n > 0 ? snapshot->blocks + first : NULL;
}

struct snapshot *
snapshot_take(struct snapshot *snapshot)
{
	assert(snapshot->n_references > 0);
	snapshot->n_references++;
	return snapshot;
}

void
snapshot_release(struct snapshot *snapshot)
{
	if (snapshot == NULL || --snapshot->n_references > 0)
		return;
	free(snapshot->traces);
	free(snapshot->processes);
	free(snapshot->threads);
	free(snapshot->blocks);
	free(snapshot);
}
