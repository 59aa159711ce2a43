/*
 * term.h - a terminal as the screen needs it, and its two back ends (L7).
 *
 * term_curses.c draws on /dev/tty, term_script.c takes keys from a script and
 * writes screens as text.  The event loop knows neither.
 * Context    One thread.
 */
#ifndef TMTOP_UI_TERM_H
#define TMTOP_UI_TERM_H

#include "base/errbuf.h"
#include "ui/cells.h"
#include "ui/keys.h"

#include <poll.h>

enum term_event_kind {
	EVENT_NONE,		/* nothing more for now */
	EVENT_KEY,
	EVENT_MOUSE,
	EVENT_RESIZE,		/* ask for the size again */
	EVENT_HANGUP		/* the terminal is gone, or the script ended */
};

enum term_button { BUTTON_LEFT, BUTTON_WHEEL_UP, BUTTON_WHEEL_DOWN };

struct term_event {
	enum term_event_kind	kind;
	uint32_t		key;		/* enum key */
	enum term_button	button;		/* pressed at row, col */
	int			row, col;
};

struct terminal {
	const struct term_ops	*ops;
	bool			 has_utf8;
	/* Bytes that undo what was done to the terminal, "" if nothing. */
	const char		*reset;
	size_t			 reset_size;
};

struct term_ops {
	void	 (*size)(struct terminal *term, int *rows, int *cols);

	/* Milliseconds of a clock that only goes forward. */
	uint64_t (*now_ms)(struct terminal *term);

	/* Wait for input, for one of the descriptors, or timeout_ms. */
	void	 (*wait)(struct terminal *term, struct pollfd *fds, int n_fds,
		    int timeout_ms);

	/* The next event that is there already; never waits. */
	struct term_event (*read_event)(struct terminal *term);

	/* Show this grid, with the cursor at (row, col) or none (row -1).
	 * Borrowed until the next call. */
	void	 (*show)(struct terminal *term, const struct cells *cells,
		    int row, int col);

	void	 (*ring)(struct terminal *term);
	/* A control sequence that changes nothing on the screen. */
	void	 (*send)(struct terminal *term, const char *bytes);
	void	 (*set_mouse)(struct terminal *term, bool on);

	/* Everything is to be sent again at the next show(). */
	void	 (*redraw)(struct terminal *term);

	/* Give the terminal back as it was; -1 where that means nothing.
	 * resume() takes it again. */
	int	 (*suspend)(struct terminal *term);
	/* Give it away in raw mode: its descriptor, or -1. */
	int	 (*hand_over)(struct terminal *term);
	void	 (*resume)(struct terminal *term);

	/* Give it back for good and release everything. */
	void	 (*close)(struct terminal *term);
};

/* Is /dev/tty there and able to show a screen?  -1: why says what to do. */
int term_curses_check(struct errbuf *why);

enum term_colors {
	TERM_COLORS_AUTO,	/* unless $NO_COLOR or the terminal has none */
	TERM_COLORS_ALWAYS, TERM_COLORS_NEVER
};

/* Take /dev/tty over.  NULL: why says what is wrong. */
struct terminal *term_curses_new(enum term_colors colors, bool has_mouse,
    struct errbuf *why);

/*
 * A terminal played from a script, one command a line, '#' comments:
 *	size COLS ROWS		the size from now on (default 80 24)
 *	utf8			may show more than ASCII; first line only
 *	realtime		time is real, not counted by `tick`; first line
 *	key NAME...		press these keys
 *	type TEXT		press the characters of the rest of the line
 *	mouse left|up|down ROW COL	press there, from 0
 *	tick MS			let that much time pass
 *	wait TEXT		until TEXT is on the screen (20 s, then the
 *				script has failed)
 *	screen NAME		write the screen: "== NAME COLSxROWS", rows
 *	styles NAME		the same with each cell's meaning as a letter
 * Other lines go to `other` (may be NULL), which says whether it knew them.
 * Text is borrowed, `to` receives the screens and complaints.
 */
struct terminal *term_script_new(const char *text, struct strbuf *to,
    bool (*other)(void *context, const char *line), void *context);

/* Did every line make sense and every `wait` end well? */
bool term_script_is_ok(const struct terminal *term);

#endif
