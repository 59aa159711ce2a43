/*
 * session_save.c - what a session has, into a snapshot file (L6).
 *
 * Why        What is saved is what is on show: the latest reading, not one
 *            that nobody has seen.  A recording takes its own readings; while
 *            the display is paused they are not shown.
 */
#include "session_state.h"

#include "util/names.h"

#include <stdio.h>

/* Symbols that come too late for one interval come with the next. */
enum { INTERVAL_WAIT_MS = 200, SIGNAL_WAIT_MS = 5000 };

static enum store_state
state_of(const struct session *s)
{
	switch (session_program_state(&s->run)) {
	case RUN_EXITED:
		return STORE_EXITED;
	case RUN_KILLED:
		return STORE_KILLED;
	case RUN_STOPPED:
		return STORE_STOPPED;
	case RUN_GONE:
		return STORE_LOST;
	default:
		return STORE_RUNNING;
	}
}

typedef VEC(struct store_moment) moments;

/* The latest reading. */
static void
add_now(const struct session *s, moments *list, enum store_kind kind,
    struct snapshot *snapshot)
{
	struct timespec at = s->run.read_at;

	if (snapshot != s->latest)
		clock_gettime(CLOCK_REALTIME, &at);
	vec_push(list, (struct store_moment){
		.kind = kind,
		.time_ns = (int64_t)at.tv_sec * 1000000000 + at.tv_nsec,
		.uptime_ns = snapshot == s->latest ? s->run.uptime_ns :
		    session_uptime_ns(s),
		.state = state_of(s), .status = s->run.status,
		.recording = session_recording(s),
		.snapshot = snapshot,
	});
}

static void
add_mark(const struct session_mark_entry *entry, moments *list,
    enum store_kind kind)
{
	struct store_moment moment = {
		.kind = kind, .number = entry->mark.number,
		.time_ns = (int64_t)entry->mark.wall_time * 1000000000,
		.uptime_ns = entry->mark.uptime_ns,
		.snapshot = entry->snapshot,
	};

	snprintf(moment.name, sizeof moment.name, "%s", entry->mark.name);
	vec_push(list, moment);
}

static void
add_marks(struct session *s, moments *list, unsigned above)
{
	for (size_t i = N_FIXED_MARKS; i < s->marks.n; i++) {
		if (s->marks.items[i].mark.number <= above)
			continue;
		session_fill_mark(s, i);
		add_mark(&s->marks.items[i], list, STORE_MARK);
	}
}

static void
add_peak(struct session *s, moments *list)
{
	if (!session_keeps_peaks(s))
		return;
	session_read_peak(s);
	session_fill_mark(s, MARK_PEAK);
	if (s->marks.items[MARK_PEAK].snapshot->n_traces > 0)
		add_mark(&s->marks.items[MARK_PEAK], list, STORE_PEAK);
}

static struct store_writer *
make_writer(struct session *s, const char *path)
{
	if (s->latest != NULL && s->run.state != RUN_FILE)
		store_facts_add_domains(&s->facts, s->latest);
	return store_writer_new(path, s->frames, s->symbols, s->names,
	    &s->facts);
}

/* With the symbols that are to be had in that time. */
static int
save(struct session *s, struct store_writer *writer, const moments *list,
    int symbol_wait_ms, struct errbuf *why)
{
	store_writer_ask(writer, list->items, list->n);
	if (symbols_n_pending(s->symbols) > 0 &&
	    symbols_pump(s->symbols, symbol_wait_ms))
		s->symbols_changed = true;
	return store_writer_save(writer, list->items, list->n, why);
}

int
session_save(struct session *s, const char *path, unsigned what,
    int symbol_wait_ms, struct errbuf *why)
{
	struct store_writer *writer;
	moments list = VEC_INIT;
	int rc;

	session_finish_refresh(s);
	if (s->latest == NULL)
		session_take_snapshot(s);
	if (what & SAVE_MARKS)
		add_marks(s, &list, 0);
	if (what & SAVE_PEAK)
		add_peak(s, &list);
	add_now(s, &list, STORE_NOW, s->latest);
	writer = make_writer(s, path);
	rc = save(s, writer, &list, symbol_wait_ms, why);
	store_writer_free(writer);
	vec_fini(&list);
	return rc;
}

/* ---- as the options say ---- */

/* A reading of this moment; the caller's reference. */
static struct snapshot *
read_now(struct session *s)
{
	session_find_mark(s);
	session_finish_refresh(s);
	if (s->paused && s->reader != NULL)
		return session_read_snapshot(s);
	session_take_snapshot(s);
	return snapshot_take(s->latest);
}

/* One more reading for the recording, and what else is new. */
static int
record(struct session *s, struct snapshot *snapshot, bool is_end,
    struct errbuf *why)
{
	moments list = VEC_INIT;
	int rc;

	if (s->recorder == NULL) {
		char *path = session_file_name(s, s->options->record);

		s->recorder = make_writer(s, path);
		free(path);
	}
	store_facts_add_domains(&s->facts, snapshot);
	store_writer_tell(s->recorder, &s->facts);
	add_marks(s, &list, s->last_recorded);
	if (is_end)
		add_peak(s, &list);
	add_now(s, &list, is_end ? STORE_NOW : STORE_INTERVAL, snapshot);
	rc = save(s, s->recorder, &list, is_end ? -1 : INTERVAL_WAIT_MS,
	    why);
	if (rc == 0)
		s->last_recorded = s->next_mark - 1;
	vec_fini(&list);
	return rc;
}

static uint64_t
every_ns(const struct session *s)
{
	return (uint64_t)s->options->every_ms * 1000000u;
}

int
session_record_timeout(const struct session *s)
{
	uint64_t due_ns = (s->n_intervals + 1) * every_ns(s);
	uint64_t now_ns = session_uptime_ns(s);

	if (s->options->record == NULL || s->client == NULL ||
	    s->run.is_over)
		return -1;
	return now_ns >= due_ns ? 0 : (int)((due_ns - now_ns) / 1000000u) + 1;
}

bool
session_record_due(struct session *s)
{
	struct errbuf why = { .column = 0 };
	struct snapshot *snapshot;

	if (session_record_timeout(s) != 0)
		return false;
	/* What was missed meanwhile is not made up for. */
	s->n_intervals = session_uptime_ns(s) / every_ns(s);
	snapshot = read_now(s);
	if (record(s, snapshot, false, &why) < 0 && !s->said_unrecorded) {
		s->said_unrecorded = true;
		session_note(s, why.text);
	}
	snapshot_release(snapshot);
	return true;
}

static int
save_at_exit(struct session *s, struct errbuf *why)
{
	char *path = session_file_name(s, s->options->save_at_exit);
	int rc = session_save(s, path, SAVE_MARKS | SAVE_PEAK, -1, why);

	free(path);
	return rc;
}

int
session_save_end(struct session *s, struct errbuf *why)
{
	const struct options *o = s->options;
	int rc = 0;

	if (s->has_saved_end || s->client == NULL ||
	    (o->record == NULL && o->save_at_exit == NULL))
		return 0;
	s->has_saved_end = true;
	if (!s->latest_is_final)
		session_take_snapshot(s);
	if (o->save_at_exit != NULL)
		rc = save_at_exit(s, why);
	/* The one that fails does not cost the other. */
	if (o->record != NULL && record(s, s->latest, true, why) < 0)
		rc = -1;
	return rc;
}

bool
session_has_process(struct session *s, pid_t pid)
{
	struct snapshot *snapshot;
	bool is_found = pid == s->run.pid;

	if (is_found || pid <= 0)
		return is_found;
	snapshot = read_now(s);
	for (uint32_t i = 0; i < snapshot->n_processes; i++)
		is_found |= snapshot->processes[i].pid == pid;
	snapshot_release(snapshot);
	return is_found;
}

char *
session_save_now(struct session *s, struct errbuf *why)
{
	char *path = session_file_name(s, DEFAULT_FILE_PATTERN);

	if (!s->paused && !s->latest_is_final && s->client != NULL)
		snapshot_release(read_now(s));
	if (session_save(s, path, SAVE_MARKS | SAVE_PEAK, SIGNAL_WAIT_MS,
	    why) == 0)
		return path;
	free(path);
	return NULL;
}

bool
session_keeps_peaks(const struct session *s)
{
	const struct options *o = s->options;

	return s->run.state == RUN_FILE || !o->batch || o->record != NULL ||
	    o->save_at_exit != NULL;
}
