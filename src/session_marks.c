/*
 * session_marks.c - marks: readings kept to be compared with (L6).
 *
 * A mark is a reference to a snapshot, so it costs what its distinct
 * tracebacks cost and nothing is copied.  Mark #0 is the empty start: growth
 * since then is everything.
 */
#include "session_state.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

void
session_make_start_mark(struct session *s)
{
	struct session_mark_entry start = {
		.mark = { .number = 0, .name = "start",
			.wall_time = time(NULL) },
		.snapshot = snapshot_new(0, 0),
	};

	vec_push(&s->marks, start);
	s->next_mark = 1;
}

void
session_drop_marks(struct session *s)
{
	for (size_t i = 0; i < s->marks.n; i++)
		snapshot_release(s->marks.items[i].snapshot);
	vec_fini(&s->marks);
}

unsigned
session_mark(struct session *s, enum stage *stage)
{
	struct session_mark_entry entry = {
		.mark = { .number = s->next_mark++, .wall_time = time(NULL) },
	};

	if (!s->paused)
		session_take_snapshot(s);
	if (s->now.snapshot == NULL)
		s->now.snapshot = snapshot_new(0, 0);
	snprintf(entry.mark.name, sizeof entry.mark.name, "mark %u",
	    entry.mark.number);
	entry.mark.uptime_ns = s->run.uptime_ns;
	entry.mark.totals = s->now.snapshot->totals;
	entry.snapshot = snapshot_take(s->now.snapshot);
	vec_push(&s->marks, entry);
	*stage = session_set_baseline(s, (int)s->marks.n - 1);
	return entry.mark.number;
}

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

enum stage
session_delete_mark(struct session *s, size_t i)
{
	enum stage stage = STAGE_DRAW;

	assert(i < s->marks.n);
	if (i == 0)
		return STAGE_IDLE;
	if (s->baseline == (int)i)
		stage = session_set_baseline(s, -1);
	else if (s->baseline > (int)i)
		s->baseline--;
	if (s->last_baseline == (int)i)
		s->last_baseline = 0;
	else if (s->last_baseline > (int)i)
		s->last_baseline--;
	snapshot_release(s->marks.items[i].snapshot);
	vec_remove(&s->marks, i);
	return stage;
}

enum stage
session_set_baseline(struct session *s, int i)
{
	assert(i >= -1 && i < (int)s->marks.n);
	if (s->baseline >= 0)
		s->last_baseline = s->baseline;
	s->baseline = i;
	if (i >= 0)
		s->last_baseline = i;
	snapshot_release(s->base.snapshot);
	s->base.snapshot = i < 0 ? NULL :
	    snapshot_take(s->marks.items[i].snapshot);
	session_base_needs(s, STAGE_ATTRIBUTE);
	/* Marking takes a reading, which is not attributed yet. */
	return STAGE_ATTRIBUTE;
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
