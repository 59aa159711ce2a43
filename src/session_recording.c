/*
 * session_recording.c - what the hooks record, and changing that (L6).
 *
 * A change takes the way to tmtop-run, which writes the control page.  It is
 * waited for, so that what follows is about the state after it: a mark is the
 * moment of the key press, not of the next refresh.
 */
#include "session_state.h"

enum { CHANGE_WAIT_MS = 1000 };

/* Events of the helper until the change is made, it is gone, or it is late. */
static void
wait_for_change(struct session *s, unsigned n_before)
{
	uint64_t end_ns = session_now_ns() + CHANGE_WAIT_MS * 1000000ull;
	struct client_event event;
	struct pollfd fd = { .events = POLLIN };
	uint64_t now_ns;

	for (;;) {
		while (client_next(s->client, &event)) {
			s->has_news = true;
			session_take_event(s, &event);
		}
		fd.fd = client_fd(s->client);
		now_ns = session_now_ns();
		if (s->n_changes != n_before || s->run.is_over || fd.fd < 0 ||
		    now_ns >= end_ns)
			return;
		poll(&fd, 1, (int)((end_ns - now_ns) / 1000000u) + 1);
	}
}

bool
session_change(struct session *s, enum client_control what, uint64_t value)
{
	unsigned n_before = s->n_changes;

	if (s->client == NULL || s->run.is_over)
		return false;
	s->is_changing = true;
	client_control(s->client, what, value);
	wait_for_change(s, n_before);
	s->is_changing = false;
	return s->n_changes != n_before;
}

enum record_mode
session_recording(const struct session *s)
{
	return s->reader != NULL ? reader_recording(s->reader) :
	    s->file_recording;
}

enum stage
session_set_recording(struct session *s, enum record_mode mode)
{
	session_change(s, CLIENT_CONTROL_STATE, mode);
	return STAGE_SNAPSHOT;
}

enum stage
session_clear(struct session *s)
{
	session_change(s, CLIENT_CONTROL_CLEAR, 0);
	return STAGE_SNAPSHOT;
}

enum stage
session_reset_peak(struct session *s)
{
	session_change(s, CLIENT_CONTROL_RESET_PEAK, 0);
	return STAGE_SNAPSHOT;
}
