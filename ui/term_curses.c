/*
 * term_curses.c - the terminal by way of ncurses (L7).
 *
 * The only file that includes curses.  It draws on /dev/tty, so that the
 * program's redirections stay the program's.
 * Why        No line drawing set (glyphs.h), no windows, no colours but those
 *            of `looks`: what is shown is the grid, and ncurses sends what
 *            changed in it.
 * Invariant  While the screen is taken, rescue.c knows how to give it back.
 */
#define NCURSES_WIDECHAR 1
#include "ui/term.h"

#include "ui/rescue.h"
#include "util/xalloc.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { ESC_DELAY_MS = 25, MAX_WAIT_FDS = 16, COLORS_256 = 256 };

struct curses {
	struct terminal	 term;
	int		 fd;
	FILE		*in, *out;
	SCREEN		*screen;
	struct termios	 saved;
	bool		 has_colors;
	bool		 has_hung_up;
	char		 reset[RESCUE_BYTES];
};

/* How a meaning looks: attributes without and with colours. */
static const struct {
	attr_t	plain, coloured;
	short	color;		/* of 8 and 16; -1: the terminal's own */
	short	color_256;	/* -1: the same */
} looks[N_STYLES] = {
	[STYLE_NORMAL] = { A_NORMAL, A_NORMAL, -1, -1 },
	[STYLE_TITLE] = { A_BOLD, A_BOLD, -1, -1 },
	[STYLE_NUMBER] = { A_BOLD, A_BOLD, -1, -1 },
	[STYLE_GOOD] = { A_NORMAL, A_NORMAL, COLOR_GREEN, -1 },
	[STYLE_BAD] = { A_BOLD, A_BOLD, COLOR_RED, -1 },
	[STYLE_WARNING] = { A_BOLD, A_NORMAL, COLOR_YELLOW, -1 },
	[STYLE_DIM] = { A_NORMAL, A_DIM, -1, -1 },
	[STYLE_COLUMN] = { A_BOLD, A_BOLD, -1, -1 },
	[STYLE_COLUMN_SORTED] = { A_BOLD | A_UNDERLINE,
		A_BOLD | A_UNDERLINE, -1, -1 },
	[STYLE_TAB] = { A_NORMAL, A_NORMAL, -1, -1 },
	[STYLE_TAB_FRONT] = { A_BOLD, A_BOLD, COLOR_CYAN, -1 },
	[STYLE_CHIP] = { A_NORMAL, A_NORMAL, COLOR_CYAN, -1 },
	[STYLE_GROWTH] = { A_NORMAL, A_NORMAL, COLOR_RED, -1 },
	[STYLE_SHRINK] = { A_NORMAL, A_NORMAL, COLOR_GREEN, -1 },
	[STYLE_BAR_1] = { A_NORMAL, A_NORMAL, COLOR_BLUE, 33 },
	[STYLE_BAR_2] = { A_NORMAL, A_NORMAL, COLOR_BLUE, 69 },
	[STYLE_BAR_3] = { A_NORMAL, A_NORMAL, COLOR_BLUE, 134 },
	[STYLE_BAR_4] = { A_NORMAL, A_NORMAL, COLOR_BLUE, 197 },
	[STYLE_SPARK] = { A_NORMAL, A_NORMAL, COLOR_BLUE, 69 },
	[STYLE_KEY] = { A_BOLD, A_BOLD, COLOR_CYAN, -1 },
	[STYLE_KEY_TEXT] = { A_REVERSE, A_REVERSE, -1, -1 },
	[STYLE_BOX] = { A_NORMAL, A_NORMAL, -1, -1 },
	[STYLE_SOURCE] = { A_NORMAL, A_DIM, -1, -1 },
};

static struct curses *
curses_of(struct terminal *term)
{
	return (struct curses *)term;
}

/* ---- is there a terminal ---- */

static int
check_type(int fd, struct errbuf *why)
{
	const char *type = getenv("TERM");
	int error, rc = -1;
	char *cup;

	if (type == NULL || type[0] == '\0') {
		errbuf_set(why, "TERM is not set: no screen on a terminal of "
		    "unknown kind; use --batch");
		return -1;
	}
	if (setupterm(type, fd, &error) != OK) {
		errbuf_set(why, "TERM=%.40s is not known here: set TERM, or "
		    "use --batch", type);
		return -1;
	}
	cup = tigetstr("cup");
	if (cup == NULL || cup == (char *)-1)
		errbuf_set(why, "TERM=%.40s cannot place the cursor: use "
		    "--batch", type);
	else
		rc = 0;
	del_curterm(cur_term);
	return rc;
}

static int
open_terminal(struct errbuf *why)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		errbuf_set(why, "no terminal to draw on (/dev/tty: %s): use "
		    "--batch", strerror(errno));
	return fd;
}

int
term_curses_check(struct errbuf *why)
{
	int fd = open_terminal(why);
	int rc;

	if (fd < 0)
		return -1;
	rc = check_type(fd, why);
	close(fd);
	return rc;
}

/* ---- giving it back ---- */

static void
make_reset(struct curses *curses)
{
	static const char mouse_off[] =
	    "\033[?1000l\033[?1002l\033[?1003l\033[?1006l";
	static const char *const names[] = { "sgr0", "rmkx", "cnorm",
		"rmcup" };
	const char *mouse = tigetstr("kmous");
	size_t n = 0;

	if (mouse != NULL && mouse != (const char *)-1)
		n = rescue_add(curses->reset, n, mouse_off);
	for (size_t i = 0; i < array_size(names); i++) {
		const char *text = tigetstr(names[i]);

		if (text != NULL && text != (const char *)-1)
			n = rescue_add(curses->reset, n, text);
	}
	curses->term.reset = curses->reset;
	curses->term.reset_size = n;
}

static void
arm(struct curses *curses)
{
	rescue_arm(curses->fd, &curses->saved, curses->reset,
	    curses->term.reset_size);
}

static int
curses_suspend(struct terminal *term)
{
	struct curses *curses = curses_of(term);

	endwin();
	fflush(curses->out);
	rescue_disarm();
	tcsetattr(curses->fd, TCSADRAIN, &curses->saved);
	return 0;
}

static int
curses_hand_over(struct terminal *term)
{
	struct curses *curses = curses_of(term);
	struct termios raw_mode = curses->saved;

	curses_suspend(term);
	cfmakeraw(&raw_mode);
	tcsetattr(curses->fd, TCSADRAIN, &raw_mode);
	arm(curses);
	return curses->fd;
}

static void
curses_send(struct terminal *term, const char *bytes)
{
	struct curses *curses = curses_of(term);

	fputs(bytes, curses->out);
	fflush(curses->out);
}

static void
curses_resume(struct terminal *term)
{
	arm(curses_of(term));
	reset_prog_mode();
	clearok(curscr, TRUE);
	refresh();
}

static void
curses_close(struct terminal *term)
{
	struct curses *curses = curses_of(term);

	curses_suspend(term);
	delscreen(curses->screen);
	fclose(curses->in);
	fclose(curses->out);
	free(curses);
}

/* ---- events ---- */

static void
curses_size(struct terminal *term, int *rows, int *cols)
{
	struct winsize size;

	if (ioctl(curses_of(term)->fd, TIOCGWINSZ, &size) == 0 &&
	    size.ws_row > 0 && size.ws_col > 0 &&
	    is_term_resized(size.ws_row, size.ws_col)) {
		resize_term(size.ws_row, size.ws_col);
		/* What a terminal keeps of its contents is its own affair. */
		clearok(curscr, TRUE);
	}
	getmaxyx(stdscr, *rows, *cols);
}

static uint64_t
curses_now_ms(struct terminal *term)
{
	struct timespec now;

	(void)term;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
curses_wait(struct terminal *term, struct pollfd *fds, int n_fds,
    int timeout_ms)
{
	struct curses *curses = curses_of(term);
	struct pollfd all[MAX_WAIT_FDS + 1] = {
		{ .fd = curses->fd, .events = POLLIN },
	};

	if (n_fds > MAX_WAIT_FDS)
		n_fds = MAX_WAIT_FDS;
	memcpy(all + 1, fds, (size_t)n_fds * sizeof *fds);
	if (poll(all, (nfds_t)n_fds + 1, timeout_ms) <= 0)
		return;
	if ((all[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
		curses->has_hung_up = true;
}

static const struct { int code; uint32_t key; } key_codes[] = {
	{ KEY_UP, K_UP }, { KEY_DOWN, K_DOWN }, { KEY_LEFT, K_LEFT },
	{ KEY_RIGHT, K_RIGHT }, { KEY_PPAGE, K_PGUP }, { KEY_NPAGE, K_PGDN },
	{ KEY_HOME, K_HOME }, { KEY_END, K_END }, { KEY_A1, K_HOME },
	{ KEY_C1, K_END }, { KEY_A3, K_PGUP }, { KEY_C3, K_PGDN },
	{ KEY_FIND, K_HOME }, { KEY_SELECT, K_END },
	{ KEY_BACKSPACE, K_BACKSPACE }, { KEY_DC, K_DELETE },
	{ KEY_BTAB, K_BACKTAB }, { KEY_ENTER, K_ENTER },
};

static uint32_t
key_of_code(int code)
{
	for (size_t i = 0; i < array_size(key_codes); i++) {
		if (key_codes[i].code == code)
			return key_codes[i].key;
	}
	if (code >= KEY_F(1) && code <= KEY_F(12))
		return K_F1 + (uint32_t)(code - KEY_F(1));
	return K_UNKNOWN;
}

static uint32_t
key_of_character(wint_t c)
{
	switch (c) {
	case '\n':
		return K_ENTER;
	case '\b':
	case 0x7f:
		return K_BACKSPACE;
	case 0:
		return K_UNKNOWN;
	default:
		return c < K_SPECIAL ? (uint32_t)c : K_UNKNOWN;
	}
}

static struct term_event
mouse_event(void)
{
	struct term_event event = { .kind = EVENT_MOUSE };
	MEVENT mouse;

	if (getmouse(&mouse) != OK)
		return (struct term_event){ .kind = EVENT_KEY,
			.key = K_NONE };
	event.row = mouse.y;
	event.col = mouse.x;
	if ((mouse.bstate & BUTTON4_PRESSED) != 0)
		event.button = BUTTON_WHEEL_UP;
	else if ((mouse.bstate & BUTTON5_PRESSED) != 0)
		event.button = BUTTON_WHEEL_DOWN;
	else if ((mouse.bstate & BUTTON1_PRESSED) != 0)
		event.button = BUTTON_LEFT;
	else
		event = (struct term_event){ .kind = EVENT_KEY,
			.key = K_NONE };
	return event;
}

static struct term_event
curses_read_event(struct terminal *term)
{
	struct curses *curses = curses_of(term);
	struct term_event event = { .kind = EVENT_KEY };
	wint_t c;
	int rc = get_wch(&c);

	if (rc == ERR)
		event.kind = curses->has_hung_up ? EVENT_HANGUP : EVENT_NONE;
	else if (rc == KEY_CODE_YES && c == KEY_RESIZE)
		event.kind = EVENT_RESIZE;
	else if (rc == KEY_CODE_YES && c == KEY_MOUSE)
		event = mouse_event();
	else if (rc == KEY_CODE_YES)
		event.key = key_of_code((int)c);
	else
		event.key = key_of_character(c);
	return event;
}

/* ---- showing ---- */

static attr_t
attributes_of(const struct curses *curses, unsigned style)
{
	unsigned meaning = style & STYLE_MEANING;
	attr_t attributes = curses->has_colors ? looks[meaning].coloured :
	    looks[meaning].plain;

	if ((style & STYLE_SELECTED) != 0)
		attributes |= A_REVERSE;
	if ((style & STYLE_MATCH) != 0)
		attributes |= A_UNDERLINE;
	return attributes;
}

static void
curses_show(struct terminal *term, const struct cells *cells, int row, int col)
{
	struct curses *curses = curses_of(term);
	const struct cell *cell;
	cchar_t c;

	erase();
	for (int y = 0; y < cells->rows; y++) {
		for (int x = 0; x < cells->cols; x++) {
			cell = cells_at(cells, y, x);
			if (cell->width == 0 || (cell->style == STYLE_NORMAL &&
			    cell->text[0] == L' '))
				continue;
			setcchar(&c, cell->text,
			    attributes_of(curses, cell->style),
			    curses->has_colors ?
			    (short)(cell->style & STYLE_MEANING) + 1 : 0,
			    NULL);
			mvadd_wch(y, x, &c);
		}
	}
	curs_set(row >= 0);
	if (row >= 0)
		move(row, col);
	refresh();
}

static void
curses_bell(struct terminal *term)
{
	(void)term;
	beep();
}

static void
curses_redraw(struct terminal *term)
{
	(void)term;
	clearok(curscr, TRUE);
}

static void
curses_set_mouse(struct terminal *term, bool on)
{
	(void)term;
	mousemask(on ? BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED :
	    0, NULL);
	mouseinterval(0);
}

/* ---- taking it ---- */

static bool
wants_colors(enum term_colors colors)
{
	const char *no_color = getenv("NO_COLOR");

	if (colors == TERM_COLORS_AUTO)
		return no_color == NULL || no_color[0] == '\0';
	return colors == TERM_COLORS_ALWAYS;
}

/* Pair N + 1 belongs to style N; pair 0 is the terminal's own. */
static void
start_colors(struct curses *curses, enum term_colors colors)
{
	if (!wants_colors(colors) || !has_colors() || start_color() == ERR)
		return;
	use_default_colors();
	curses->has_colors = true;
	for (int i = 0; i < N_STYLES; i++) {
		short color = looks[i].color;

		if (COLORS >= COLORS_256 && looks[i].color_256 >= 0)
			color = looks[i].color_256;
		init_pair((short)(i + 1), color, -1);
	}
}

static const struct term_ops curses_ops = {
	.size = curses_size,
	.now_ms = curses_now_ms,
	.wait = curses_wait,
	.read_event = curses_read_event,
	.show = curses_show,
	.ring = curses_bell,
	.set_mouse = curses_set_mouse,
	.redraw = curses_redraw,
	.suspend = curses_suspend,
	.send = curses_send,
	.hand_over = curses_hand_over,
	.resume = curses_resume,
	.close = curses_close,
};

static void
set_modes(void)
{
	set_escdelay(ESC_DELAY_MS);
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
}

struct terminal *
term_curses_new(enum term_colors colors, bool has_mouse, struct errbuf *why)
{
	struct curses *curses = xcalloc(1, sizeof *curses);

	curses->term.ops = &curses_ops;
	curses->term.has_utf8 =
	    strcasecmp(nl_langinfo(CODESET), "UTF-8") == 0;
	curses->fd = open_terminal(why);
	if (curses->fd < 0 || check_type(curses->fd, why) < 0)
		goto fail;
	tcgetattr(curses->fd, &curses->saved);
	curses->in = fdopen(curses->fd, "r");
	curses->out = fdopen(fcntl(curses->fd, F_DUPFD_CLOEXEC, 0), "w");
	if (curses->in == NULL || curses->out == NULL) {
		errbuf_sys(why, "cannot draw on /dev/tty");
		goto fail;
	}
	curses->screen = newterm(NULL, curses->out, curses->in);
	if (curses->screen == NULL) {
		errbuf_set(why, "cannot draw on this terminal: use --batch");
		goto fail;
	}
	make_reset(curses);
	arm(curses);
	set_modes();
	start_colors(curses, colors);
	curses_set_mouse(&curses->term, has_mouse);
	return &curses->term;
fail:
	if (curses->in != NULL)
		fclose(curses->in);
	else if (curses->fd >= 0)
		close(curses->fd);
	if (curses->out != NULL)
		fclose(curses->out);
	free(curses);
	return NULL;
}
