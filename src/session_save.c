/*
 * session_save.c - what a session has, into a snapshot file (L6).
 *
 * Why        What is saved is what is on show: the latest reading, not one
 *            that nobody has seen.  A recording takes its own readings.
 */
#include "session_state.h"

#include "util/names.h"

#include <stdio.h>

enum { INTERVAL_WAIT_MS = 200 };

static enum store_state
state_of(const struct session *s)
{
	switch (s->run.state == RUN_FILE ? s->run.saved_state :
	    s->run.state) {
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
add_now(const struct session *s, moments *list, enum store_kind kind)
{
	vec_push(list, (struct store_moment){
		.kind = kind,
		.time_ns = (int64_t)s->run.read_at.tv_sec * 1000000000 +
		    s->run.read_at.tv_nsec,
		.uptime_ns = s->run.uptime_ns,
		.state = state_of(s), .status = s->run.status,
		.recording = session_recording(s),
		.snapshot = s->latest,
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
add_marks(const struct session *s, moments *list, unsigned above)
{
	for (size_t i = N_FIXED_MARKS; i < s->marks.n; i++) {
		if (s->marks.items[i].mark.number > above)
			add_mark(&s->marks.items[i], list, STORE_MARK);
	}
}

static void
add_peak(struct session *s, moments *list)
{
	session_read_peak(s);
	if (s->marks.items[MARK_PEAK].snapshot->n_traces > 0)
		add_mark(&s->marks.items[MARK_PEAK], list, STORE_PEAK);
}

static struct store_writer *
make_writer(struct session *s, const char *path)
{
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
	add_now(s, &list, STORE_NOW);
	writer = make_writer(s, path);
	rc = save(s, writer, &list, symbol_wait_ms, why);
	store_writer_free(writer);
	vec_fini(&list);
	return rc;
}

int
session_record(struct session *s, const char *path, bool is_end,
    struct errbuf *why)
{
	/* Names that come too late for one interval come with the next. */
	int wait_ms = is_end ? -1 : INTERVAL_WAIT_MS;
	moments list = VEC_INIT;
	int rc;

	session_take_snapshot(s);
	if (s->recorder == NULL)
		s->recorder = make_writer(s, path);
	add_marks(s, &list, s->last_recorded);
	if (is_end)
		add_peak(s, &list);
	add_now(s, &list, is_end ? STORE_NOW : STORE_INTERVAL);
	rc = save(s, s->recorder, &list, wait_ms, why);
	if (rc == 0)
		s->last_recorded = s->next_mark - 1;
	vec_fini(&list);
	return rc;
}
