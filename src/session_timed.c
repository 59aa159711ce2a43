/*
 * session_timed.c - marks at intervals, and what is born after a mark (L6).
 *
 * Shape      One timer in session_fds(), for the screen and the reports alike.
 *            Marks of it are the hooks' marks, exact at their instant; the
 *            list keeps the latest (session_marks.c).
 * Why        A leak shows in what survives several intervals, and nobody wants
 *            to press a key for each.
 *            A report that is made when all is over also has the names of
 *            threads looked at meanwhile: those that live to the end take
 *            them along.
 * Limits     A mark is missed, and not made up for, while the program's last
 *            one is still being read.
 */
#include "session_state.h"

#include "base/fmt.h"

#include <errno.h>
#include <stdio.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { THREADS_MS = 500 };

/* Without readings while it runs nobody asks for their names. */
static bool
looks_at_threads(const struct session *s)
{
	return s->options->batch && !s->options->has_delay &&
	    (s->options->by_thread || s->options->grouping == BY_THREAD);
}

static uint64_t
mark_every_ns(const struct session *s)
{
	return (uint64_t)s->options->mark_every_ms * 1000000u;
}

void
session_timer_begin(struct session *s)
{
	unsigned ms = s->options->mark_every_ms;
	struct itimerspec spec;

	if (looks_at_threads(s) && (ms == 0 || ms > THREADS_MS))
		ms = THREADS_MS;
	s->timer_fd = -1;
	if (ms == 0)
		return;
	spec.it_interval = (struct timespec){ ms / 1000,
	    ms % 1000 * 1000000L };
	spec.it_value = spec.it_interval;
	s->next_mark_ns = mark_every_ns(s);
	s->timer_fd = timerfd_create(CLOCK_MONOTONIC,
	    TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->timer_fd < 0 ||
	    timerfd_settime(s->timer_fd, 0, &spec, NULL) < 0)
		session_note(s, "no timer: no marks, no names of threads");
}

void
session_timer_end(struct session *s)
{
	if (s->timer_fd >= 0)
		close(s->timer_fd);
	s->timer_fd = -1;
}

bool
session_take_timer(struct session *s)
{
	uint64_t n_times, now_ns = session_uptime_ns(s);

	if (s->timer_fd < 0)
		return false;
	if (s->run.is_over) {
		session_timer_end(s);
		return false;
	}
	/* One that is due while another waits for its answer is left out. */
	if (read(s->timer_fd, &n_times, sizeof n_times) != sizeof n_times ||
	    s->is_changing)
		return false;
	if (looks_at_threads(s))
		reader_look_at_threads(s->reader);
	if (mark_every_ns(s) == 0 || now_ns < s->next_mark_ns)
		return false;
	s->next_mark_ns += (now_ns - s->next_mark_ns) / mark_every_ns(s) *
	    mark_every_ns(s) + mark_every_ns(s);
	return session_mark_by_itself(s);
}

/* ---- survivors ---- */

struct birth
session_since(const struct session *s)
{
	static const struct birth none, start = { 0, GENERATION_OF_START };

	if (!s->wants_survivors || s->baseline < 0)
		return none;
	/* Whatever lives was born since. */
	if (s->baseline == MARK_START)
		return start;
	return s->marks.items[s->baseline].birth;
}

enum stage
session_set_survivors(struct session *s, bool on)
{
	s->wants_survivors = on;
	return on && !s->paused ? STAGE_SNAPSHOT : STAGE_ATTRIBUTE;
}

bool
session_wants_survivors(const struct session *s)
{
	return s->wants_survivors;
}
