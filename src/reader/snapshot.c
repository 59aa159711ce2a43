#include "reader/snapshot.h"

#include "util/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

static const char *const own_domains[] = { "malloc", "mmap" };

const char *
snapshot_domain_name(const struct snapshot *snapshot, uint32_t domain)
{
	if (domain < array_size(own_domains))
		return own_domains[domain];
	for (uint32_t i = 0; i < snapshot->n_domains; i++)
		if (snapshot->domains[i].domain == domain)
			return snapshot->domains[i].name;
	return NULL;
}

int
snapshot_find_domain(const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < array_size(own_domains); i++)
		if (strcmp(own_domains[i], name) == 0)
			return (int)i;
	for (uint32_t i = 0; i < snapshot->n_domains; i++)
		if (strcmp(snapshot->domains[i].name, name) == 0 &&
		    snapshot->domains[i].domain <= UINT16_MAX)
			return (int)snapshot->domains[i].domain;
	return -1;
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
	free(snapshot->domains);
	free(snapshot->blocks);
	free(snapshot);
}
