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
	free(snapshot);
}
