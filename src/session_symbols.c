/* session_symbols.c - which symbols are looked up first, and how far it is
 * (L6). */
#include "session_state.h"

#include "base/fmt.h"

#include <string.h>

/* What the largest rows show is among the newest frames of the largest
 * tracebacks. */
#define N_LARGEST	64u
#define N_NEWEST	12u

/* Reading that takes less time than this is not worth a line. */
#define SILENT_NS	(UINT64_C(1000) * 1000 * 1000)

/* Put a trace among the n largest so far, in falling order; returns how many
 * there are now. */
static size_t
insert_trace(const struct trace *largest[N_LARGEST], size_t n,
    const struct trace *trace)
{
	size_t at;

	if (n == N_LARGEST && largest[n - 1]->size >= trace->size)
		return n;
	if (n < N_LARGEST)
		n++;
	for (at = n - 1; at > 0 && largest[at - 1]->size < trace->size; at--)
		largest[at] = largest[at - 1];
	largest[at] = trace;
	return n;
}

static size_t
add_newest_locations(const struct session *s, const struct trace *trace,
    uint32_t *locations)
{
	uint32_t stack = trace->stack;
	size_t n = 0;

	while (stack != 0 && n < N_NEWEST) {
		const struct code_stack *entry =
		    frame_store_get_stack(s->frames, stack);

		locations[n++] = entry->location;
		stack = entry->parent;
	}
	return n;
}

void
session_hurry_symbols(struct session *s)
{
	const struct snapshot *snapshot = s->now.snapshot;
	const struct trace *largest[N_LARGEST];
	uint32_t locations[N_LARGEST * N_NEWEST];
	size_t n = 0, n_locations = 0;

	/* A report has all of them. */
	if (snapshot == NULL || s->options->batch ||
	    symbols_n_pending(s->symbols) == 0)
		return;
	for (uint32_t i = 0; i < snapshot->n_traces; i++)
		n = insert_trace(largest, n, &snapshot->traces[i]);
	for (size_t i = 0; i < n; i++)
		n_locations += add_newest_locations(s, largest[i],
		    locations + n_locations);
	symbols_hurry(s->symbols, locations, n_locations);
}

uint32_t
session_symbols_pending(const struct session *s)
{
	return symbols_n_pending(s->symbols);
}

void
session_stop_fetching(struct session *s)
{
	symbols_stop_fetching(s->symbols);
}

void
session_watch_symbols(struct session *s)
{
	if (symbols_n_pending(s->symbols) == 0)
		s->symbols_since_ns = 0;
	else if (s->symbols_since_ns == 0)
		s->symbols_since_ns = session_now_ns();
}

/* The last part of a raw path, made printable. */
static void
name_file(char *to, size_t room, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;

	sanitise(to, room, name, strlen(name));
}

static void
put_fetching(const struct symbols_progress *progress, char *to, size_t room)
{
	char name[64], done[FMT_ROOM], all[FMT_ROOM];

	name_file(name, sizeof name, progress->fetching);
	fmt_size(done, progress->n_fetched);
	fmt_size(all, progress->n_to_fetch);
	if (progress->n_to_fetch > 0)
		snprintf(to, room, "Fetching symbols of %s: %s of %s, Esc stops", name,
		    done, all);
	else
		snprintf(to, room, "Fetching symbols of %s, Esc stops", name);
}

void
session_symbols_text(const struct session *s, char *to, size_t room)
{
	struct symbols_progress progress = symbols_progress(s->symbols);
	char done[FMT_ROOM], all[FMT_ROOM];
	const char *name = strrchr(progress.reading, '/');

	to[0] = '\0';
	if (progress.fetching[0] != '\0') {
		put_fetching(&progress, to, room);
		return;
	}
	if (s->symbols_since_ns == 0 || progress.reading[0] == '\0' ||
	    session_now_ns() - s->symbols_since_ns < SILENT_NS)
		return;
	fmt_count(done, progress.n_asked - progress.n_pending, ',');
	fmt_count(all, progress.n_asked, ',');
	snprintf(to, room, "Reading symbols of %s: %s of %s places",
	    name == NULL ? progress.reading : name + 1, done, all);
}
