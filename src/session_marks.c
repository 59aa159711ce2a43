/*
 * session_marks.c - marks: moments to be compared with or looked at (L6).
 *
 * Shape      A list; the start and the peak are always in front.  A mark owns
 *            a reference to a snapshot, so it costs what its distinct
 *            tracebacks cost and nothing is copied.
 * Why        A reading takes time, a mark is an instant: the hooks save what
 *            a traceback had when it changes after the mark, and the reading
 *            that follows takes those values (reader_snapshot_at).
 * Limits     The hooks remember one mark.  Of those that the program sets
 *            between two readings the last is seen; of those seen the list
 *            keeps MAX_PROGRAM_MARKS, and as many of those that are set by
 *            themselves.  The peak is read when it is chosen.
 */
#include "session_state.h"

#include "base/fmt.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

enum { MAX_PROGRAM_MARKS = 16, MAX_AUTOMATIC_MARKS = 16, MAX_TRIES = 4 };

void
session_make_fixed_marks(struct session *s)
{
	struct session_mark_entry start = {
		.mark = { .name = "start", .wall_time = time(NULL) },
		.snapshot = snapshot_new(0, 0),
	};
	struct session_mark_entry peak = {
		.mark = { .name = "peak" }, .snapshot = snapshot_new(0, 0),
	};

	vec_push(&s->marks, start);
	vec_push(&s->marks, peak);
	s->next_mark = 1;
}

void
session_drop_marks(struct session *s)
{
	for (size_t i = 0; i < s->marks.n; i++)
		snapshot_release(s->marks.items[i].snapshot);
	vec_fini(&s->marks);
}

/* ---- taking one ---- */

/* Append; the snapshot is taken over. */
static struct mark *
add_mark(struct session *s, struct snapshot *snapshot, struct birth birth,
    const char *name)
{
	struct session_mark_entry entry = {
		.mark = { .number = s->next_mark++, .wall_time = time(NULL),
		    .uptime_ns = session_uptime_ns(s),
		    .totals = snapshot->totals },
		.snapshot = snapshot,
		.birth = birth,
	};

	if (name[0] != '\0')
		snprintf(entry.mark.name, sizeof entry.mark.name, "%s", name);
	else
		snprintf(entry.mark.name, sizeof entry.mark.name, "mark %u",
		    entry.mark.number);
	vec_push(&s->marks, entry);
	return &vec_last(&s->marks)->mark;
}

/* The state at the latest mark of the run, and its name. */
static struct snapshot *
read_at_mark(struct session *s, char name[MARK_NAME_ROOM])
{
	struct snapshot *snapshot = NULL;
	char other[MARK_NAME_ROOM];
	uint32_t number;

	session_finish_refresh(s);
	for (int i = 0; i < MAX_TRIES; i++) {
		number = reader_last_mark(s->reader, name);
		snapshot_release(snapshot);
		snapshot = reader_snapshot_at(s->reader, READER_MARK);
		s->last_mark = number;
		/* The next one had the values of this one thrown away. */
		if (reader_last_mark(s->reader, other) == number)
			break;
	}
	return snapshot;
}

unsigned
session_mark(struct session *s, enum stage *stage)
{
	struct birth birth = { 0, 0 };
	struct snapshot *snapshot;
	char name[MARK_NAME_ROOM];
	unsigned number;

	if (!s->paused && session_change(s, CLIENT_CONTROL_MARK, 0)) {
		snapshot = read_at_mark(s, name);
		birth = snapshot->birth;
	} else {
		if (!s->paused)
			session_take_snapshot(s);
		if (s->latest == NULL)
			s->latest = snapshot_new(0, 0);
		snapshot = snapshot_take(s->latest);
	}
	number = add_mark(s, snapshot, birth, "")->number;
	session_set_shown(s, -1);
	session_set_baseline(s, (int)s->marks.n - 1);
	/* Now is later than the mark. */
	*stage = STAGE_SNAPSHOT;
	return number;
}

/* Those that nobody has set by hand, but for the latest. */
static void
drop_old_marks(struct session *s)
{
	size_t n_programs = 0, n_automatic = 0;

	for (size_t i = s->marks.n; i-- > N_FIXED_MARKS;) {
		const struct session_mark_entry *entry = &s->marks.items[i];

		n_programs += entry->is_programs;
		n_automatic += entry->is_automatic;
		if (((entry->is_programs && n_programs > MAX_PROGRAM_MARKS) ||
		    (entry->is_automatic &&
		    n_automatic > MAX_AUTOMATIC_MARKS)) &&
		    s->baseline != (int)i && s->shown != (int)i)
			session_delete_mark(s, i);
	}
}

bool
session_find_mark(struct session *s)
{
	char name[MARK_NAME_ROOM];
	struct snapshot *snapshot;

	/* A mark that is being set is not the program's. */
	if (s->reader == NULL || s->is_changing ||
	    reader_last_mark(s->reader, name) == s->last_mark)
		return false;
	snapshot = read_at_mark(s, name);
	add_mark(s, snapshot, snapshot->birth, name);
	vec_last(&s->marks)->is_programs = true;
	drop_old_marks(s);
	return true;
}

bool
session_mark_by_itself(struct session *s)
{
	char name[MARK_NAME_ROOM], clock[FMT_ROOM], text[MARK_NAME_ROOM];
	struct snapshot *snapshot;

	/* The program's own one would be gone with this. */
	session_find_mark(s);
	if (!session_change(s, CLIENT_CONTROL_MARK, 0))
		return false;
	snapshot = read_at_mark(s, name);
	fmt_clock(clock, session_uptime_ns(s) / 1000000000u);
	snprintf(text, sizeof text, "auto %s", clock);
	add_mark(s, snapshot, snapshot->birth, text);
	vec_last(&s->marks)->is_automatic = true;
	drop_old_marks(s);
	return true;
}

/* What was live at the peak, as far as there was one up to now. */
void
session_read_peak(struct session *s)
{
	struct session_mark_entry *peak = &s->marks.items[MARK_PEAK];

	/* A file has it, or has not. */
	if (s->run.state == RUN_FILE)
		return;
	session_finish_refresh(s);
	snapshot_release(peak->snapshot);
	if (s->reader != NULL)
		peak->snapshot = reader_snapshot_at(s->reader, READER_PEAK);
	else
		peak->snapshot = s->latest != NULL ?
		    snapshot_take(s->latest) : snapshot_new(0, 0);
	peak->mark.totals = peak->snapshot->totals;
	peak->mark.uptime_ns = session_uptime_ns(s);
}

/* ---- the list ---- */

size_t
session_n_marks(const struct session *s)
{
	return s->marks.n;
}

const struct mark *
session_get_mark(const struct session *s, size_t i)
{
	assert(i < s->marks.n);
	return &s->marks.items[i].mark;
}

void
session_rename_mark(struct session *s, size_t i, const char *name)
{
	struct mark *mark;

	assert(i < s->marks.n);
	mark = &s->marks.items[i].mark;
	if (i >= N_FIXED_MARKS)
		sanitise(mark->name, sizeof mark->name, name, strlen(name));
}

enum stage
session_delete_mark(struct session *s, size_t i)
{
	enum stage stage = STAGE_DRAW;

	assert(i < s->marks.n);
	if (i < N_FIXED_MARKS)
		return STAGE_IDLE;
	if (s->shown == (int)i)
		stage = session_set_shown(s, -1);
	else if (s->shown > (int)i)
		s->shown--;
	if (s->baseline == (int)i)
		stage = session_set_baseline(s, -1);
	else if (s->baseline > (int)i)
		s->baseline--;
	if (s->last_baseline == (int)i)
		s->last_baseline = MARK_START;
	else if (s->last_baseline > (int)i)
		s->last_baseline--;
	snapshot_release(s->marks.items[i].snapshot);
	vec_remove(&s->marks, i);
	return stage;
}

/* ---- comparing and showing ---- */

void
session_fill_mark(struct session *s, size_t i)
{
	struct session_mark_entry *entry = &s->marks.items[i];
	struct errbuf why;

	if (entry->file == NULL)
		return;
	session_finish_refresh(s);
	if (store_fill(entry->file, entry->moment, entry->snapshot, &why) < 0)
		session_note(s, why.text);
	entry->file = NULL;
}

enum stage
session_set_baseline(struct session *s, int i)
{
	assert(i >= -1 && i < (int)s->marks.n);
	if (i >= 0)
		session_fill_mark(s, (size_t)i);
	if (i == MARK_PEAK && s->shown != i)
		session_read_peak(s);
	if (s->baseline >= 0)
		s->last_baseline = s->baseline;
	s->baseline = i;
	if (i >= 0)
		s->last_baseline = i;
	snapshot_release(s->base.snapshot);
	s->base.snapshot = i < 0 ? NULL :
	    snapshot_take(s->marks.items[i].snapshot);
	session_base_needs(s, STAGE_ATTRIBUTE);
	/* There may be a reading that is not attributed yet. */
	return s->wants_survivors && i >= 0 && !s->paused ? STAGE_SNAPSHOT :
	    STAGE_ATTRIBUTE;
}

int
session_baseline(const struct session *s)
{
	return s->baseline;
}

int
session_last_baseline(const struct session *s)
{
	return s->last_baseline;
}

enum stage
session_set_shown(struct session *s, int i)
{
	struct snapshot *snapshot;

	assert(i >= -1 && i < (int)s->marks.n);
	if (i == MARK_PEAK && s->baseline != i)
		session_read_peak(s);
	if (i == s->shown && i < 0)
		return STAGE_IDLE;
	/* It works on the snapshot that goes. */
	session_finish_refresh(s);
	if (i >= 0)
		session_fill_mark(s, (size_t)i);
	s->shown = i;
	snapshot = i >= 0 ? s->marks.items[i].snapshot : s->latest;
	snapshot_release(s->now.snapshot);
	s->now.snapshot = snapshot != NULL ? snapshot_take(snapshot) : NULL;
	s->now_is_new = true;
	return STAGE_ATTRIBUTE;
}

int
session_shown(const struct session *s)
{
	return s->shown;
}
