/*
 * session_reading.c - readings, and the totals of past ones: rates and the
 * history line (L6).
 *
 * Shape      A list of (time, totals), oldest first.  A rate is the
 *            difference to the reading of three seconds ago; the history
 *            line takes the reading that held at each of its moments.
 * Limits     MAX_READINGS; when there are more, every second one goes: a
 *            history that is twice as long needs only half the resolution.
 */
#include "session_state.h"

#include <stdio.h>

enum { MAX_READINGS = 8192 };

#define NS_PER_S	UINT64_C(1000000000)
#define RATE_WINDOW_NS	(3 * NS_PER_S)
#define RATE_LEAST_NS	(NS_PER_S / 10)	/* less says nothing */
#define SILENT_AFTER_NS	(2 * NS_PER_S)

/* ---- reading ---- */

/* Keep totals for rates and history. */
static void
keep_reading(struct session *s, const struct snapshot *snapshot)
{
	struct session_reading reading = { .time_ns = snapshot->time_ns,
		.totals = snapshot->totals };

	if (s->readings.n >= MAX_READINGS) {
		for (size_t i = 0; i < MAX_READINGS / 2; i++)
			s->readings.items[i] = s->readings.items[2 * i + 1];
		s->readings.n = MAX_READINGS / 2;
	}
	vec_push(&s->readings, reading);
}

/* What the user should know and do about, each said once. */
static void
note_health(struct session *s, const struct totals *totals)
{
	uint32_t n_untracked = s->reader != NULL ?
	    reader_n_untracked(s->reader) : 0;
	char text[160];

	if (!s->said_silent && totals->allocs == 0 && s->client != NULL &&
	    totals->sample_bytes == 0 && session_recording(s) == RECORD_ON &&
	    s->run.uptime_ns > SILENT_AFTER_NS) {
		s->said_silent = true;
		session_note(s, "No allocations seen. Own allocator? "
		    "(jemalloc/mimalloc linked in, Go) See tmtop(1).");
	}
	if (!s->said_lost && totals->lost > 0) {
		s->said_lost = true;
		snprintf(text, sizeof text, "lost %llu records: %s",
		    (unsigned long long)totals->lost,
		    totals_lost_advice(totals));
		session_note(s, text);
	}
	if (!s->said_untracked && n_untracked > 0) {
		s->said_untracked = true;
		session_note(s, "more processes at a time than there is room "
		    "for: some are not traced");
	}
}

struct snapshot *
session_read_snapshot(struct session *s)
{
	struct snapshot *snapshot = s->fed;
	uint32_t slot, incarnation;

	if (s->reader == NULL) {
		s->fed = NULL;
		return snapshot;
	}
	snapshot = reader_snapshot(s->reader);
	while (reader_next_finished(s->reader, &slot, &incarnation))
		client_slot_read(s->client, slot, incarnation);
	return snapshot;
}

uint64_t
session_uptime_ns(const struct session *s)
{
	return (s->run.is_over ? s->end_ns : session_now_ns()) - s->start_ns;
}

void
session_install_snapshot(struct session *s, struct snapshot *snapshot)
{
	s->run.uptime_ns = session_uptime_ns(s);
	if (snapshot == NULL)
		return;
	s->latest_is_final = s->run.is_over;
	if (s->run.state != RUN_FILE)
		clock_gettime(CLOCK_REALTIME, &s->run.read_at);
	snapshot_release(s->latest);
	s->latest = snapshot;
	if (s->shown < 0) {
		snapshot_release(s->now.snapshot);
		s->now.snapshot = snapshot_take(snapshot);
	}
	snprintf(s->trouble, sizeof s->trouble, "%s", snapshot->corruption);
	keep_reading(s, snapshot);
	note_health(s, &snapshot->totals);
}

void
session_take_snapshot(struct session *s)
{
	struct snapshot *snapshot;

	session_find_mark(s);
	session_finish_refresh(s);
	snapshot = session_read_snapshot(s);
	s->now_is_new |= snapshot != NULL;
	session_install_snapshot(s, snapshot);
}

void
session_feed(struct session *s, struct snapshot *snapshot)
{
	snapshot_release(s->fed);
	s->fed = snapshot_take(snapshot);
}

/* ---- rates ---- */

/* The newest reading that is at least the window old, else the oldest. */
static const struct session_reading *
find_earlier(const struct session *s)
{
	const struct session_reading *last = vec_last(&s->readings);
	size_t i = s->readings.n - 1;

	while (i > 0 && last->time_ns - s->readings.items[i].time_ns <
	    RATE_WINDOW_NS)
		i--;
	return &s->readings.items[i];
}

static double
rate_of(uint64_t now, uint64_t then, double seconds)
{
	return (double)(int64_t)(now - then) / seconds;
}

struct rates
session_rates(const struct session *s)
{
	const struct session_reading *then, *now;
	struct rates rates = { .allocs = 0 };
	double seconds;

	if (s->readings.n < 2)
		return rates;
	now = vec_last(&s->readings);
	then = find_earlier(s);
	if (now->time_ns - then->time_ns < RATE_LEAST_NS)
		return rates;
	seconds = (double)(now->time_ns - then->time_ns) / (double)NS_PER_S;
	rates.allocs = rate_of(now->totals.allocs, then->totals.allocs,
	    seconds);
	rates.frees = rate_of(now->totals.frees, then->totals.frees, seconds);
	rates.allocated_bytes = rate_of(now->totals.allocated_bytes,
	    then->totals.allocated_bytes, seconds);
	rates.net_bytes = rate_of(now->totals.traced_bytes,
	    then->totals.traced_bytes, seconds);
	rates.freed_bytes = rates.allocated_bytes - rates.net_bytes;
	return rates;
}

/* ---- history ---- */

/* The span the history line covers: the next of these. */
static unsigned
choose_span(uint64_t elapsed_ns)
{
	static const unsigned spans[] = { 60, 120, 300 };

	for (size_t i = 0; i < array_size(spans); i++) {
		if (elapsed_ns <= spans[i] * NS_PER_S)
			return spans[i];
	}
	return 600;
}

size_t
session_history(const struct session *s, uint64_t *values, size_t room,
    unsigned *span_s)
{
	uint64_t first_ns, last_ns, step_ns, start_ns;
	size_t n, reading = 0;

	*span_s = 60;
	if (s->readings.n == 0 || room == 0)
		return 0;
	first_ns = s->readings.items[0].time_ns;
	last_ns = vec_last(&s->readings)->time_ns;
	*span_s = choose_span(last_ns - first_ns);
	step_ns = *span_s * NS_PER_S / room;
	if (step_ns == 0)
		return 0;
	n = (size_t)((last_ns - first_ns) / step_ns) + 1;
	if (n > room)
		n = room;
	start_ns = last_ns - (n - 1) * step_ns;
	for (size_t i = 0; i < n; i++) {
		uint64_t at_ns = start_ns + i * step_ns;

		while (reading + 1 < s->readings.n &&
		    s->readings.items[reading + 1].time_ns <= at_ns)
			reading++;
		values[i] = s->readings.items[reading].totals.traced_bytes;
	}
	return n;
}
