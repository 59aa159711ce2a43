/*
 * term_script.c - a terminal played from a script (L7).
 *
 * Shape      Commands are carried out in order: those that press keys are
 *            handed out one event at a time by read_event(), all others in
 *            wait(), which the event loop calls only when everything is drawn.
 * Why        A test sees exactly what a user would see, after exactly the keys
 *            it names, without a terminal and without waiting: time passes
 *            only when the script says so.
 */
#include "ui/term.h"

#include "util/xalloc.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE_ROOM = 1024, WAIT_LIMIT_MS = 20000, WAIT_STEP_MS = 50 };

struct script {
	struct terminal	 term;
	const char	*at;		/* rest of the script, borrowed */
	int		 line;		/* for complaints */
	struct strbuf	*to;		/* borrowed */
	bool		(*other)(void *context, const char *line);
	void		*context;
	int		 rows, cols;
	bool		 is_real;	/* time passes by itself */
	bool		 is_bad;
	bool		 has_ended;
	uint64_t	 now_ms;
	char		 keys[LINE_ROOM];	/* names still to press */
	char		 text[LINE_ROOM];	/* characters still to type */
	struct term_event pending;	/* mouse, resize */
	uint64_t	 tick_ms;	/* still to pass */
	char		 wanted[LINE_ROOM];	/* text waited for */
	uint64_t	 wanted_since_ms;
	const struct cells *shown;	/* borrowed from the last show() */
};

static struct script *
script_of(struct terminal *term)
{
	return (struct script *)term;
}

static void
complain(struct script *script, const char *what, const char *line)
{
	script->is_bad = true;
	strbuf_printf(script->to, "!! line %d: %s: %s\n", script->line, what,
	    line);
}

/* ---- screens ---- */

static void
write_screen(struct script *script, const char *name)
{
	const struct cells *cells = script->shown;

	strbuf_printf(script->to, "== %s %dx%d\n", name, script->cols,
	    script->rows);
	for (int row = 0; cells != NULL && row < cells->rows; row++) {
		cells_dump_row(cells, row, script->to);
		strbuf_putc(script->to, '\n');
	}
}

/* One letter for each meaning, capitals where selected, '*' for a match. */
static void
write_styles(struct script *script, const char *name)
{
	const struct cells *cells = script->shown;

	strbuf_printf(script->to, "== %s (styles) %dx%d\n", name,
	    script->cols, script->rows);
	for (int row = 0; cells != NULL && row < cells->rows; row++) {
		for (int col = 0; col < cells->cols; col++) {
			unsigned style = cells_at(cells, row, col)->style;
			char c = (char)((style & STYLE_MEANING) == 0 ? '.' :
			    'a' + (style & STYLE_MEANING) - 1);

			if ((style & STYLE_SELECTED) != 0)
				c = c == '.' ? '+' : (char)(c - 'a' + 'A');
			if ((style & STYLE_MATCH) != 0)
				c = '*';
			strbuf_putc(script->to, c);
		}
		strbuf_putc(script->to, '\n');
	}
}

static bool
is_shown(const struct script *script, const char *text)
{
	struct strbuf line = STRBUF_INIT(16384);
	bool is_found = false;

	for (int row = 0; script->shown != NULL && !is_found &&
	    row < script->shown->rows; row++) {
		strbuf_clear(&line);
		cells_dump_row(script->shown, row, &line);
		is_found = strstr(strbuf_text(&line), text) != NULL;
	}
	strbuf_fini(&line);
	return is_found;
}

/* ---- commands ---- */

static const char *
after_word(const char *line, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0 || (line[n] != ' ' && line[n] != 0))
		return NULL;
	return line[n] == ' ' ? line + n + 1 : line + n;
}

static bool
do_mouse(struct script *script, const char *arguments)
{
	char button[8];
	int row, col;

	if (sscanf(arguments, "%7s %d %d", button, &row, &col) != 3)
		return false;
	script->pending = (struct term_event){ .kind = EVENT_MOUSE,
		.row = row, .col = col,
		.button = strcmp(button, "up") == 0 ? BUTTON_WHEEL_UP :
		    strcmp(button, "down") == 0 ? BUTTON_WHEEL_DOWN :
		    BUTTON_LEFT };
	return true;
}

static bool
do_size(struct script *script, const char *arguments)
{
	if (sscanf(arguments, "%d %d", &script->cols, &script->rows) != 2)
		return false;
	script->pending = (struct term_event){ .kind = EVENT_RESIZE };
	return true;
}

static bool
do_text(char to[LINE_ROOM], const char *arguments)
{
	return snprintf(to, LINE_ROOM, "%s", arguments) < LINE_ROOM;
}

/* False: nobody knows this command. */
static bool
do_command(struct script *script, const char *line)
{
	const char *arguments;

	if ((arguments = after_word(line, "key")) != NULL)
		return do_text(script->keys, arguments);
	if ((arguments = after_word(line, "type")) != NULL)
		return do_text(script->text, arguments);
	if ((arguments = after_word(line, "mouse")) != NULL)
		return do_mouse(script, arguments);
	if ((arguments = after_word(line, "size")) != NULL)
		return do_size(script, arguments);
	if ((arguments = after_word(line, "tick")) != NULL)
		return sscanf(arguments, "%lu", &script->tick_ms) == 1;
	if ((arguments = after_word(line, "wait")) != NULL) {
		script->wanted_since_ms = script->now_ms;
		return do_text(script->wanted, arguments);
	}
	if ((arguments = after_word(line, "screen")) != NULL)
		write_screen(script, arguments);
	else if ((arguments = after_word(line, "styles")) != NULL)
		write_styles(script, arguments);
	else if (strcmp(line, "utf8") == 0)
		script->term.has_utf8 = true;
	else if (strcmp(line, "realtime") == 0)
		script->is_real = true;
	else
		return script->other != NULL &&
		    script->other(script->context, line);
	return true;
}

/* Take the next line off; false at the end. */
static bool
next_line(struct script *script, char line[LINE_ROOM])
{
	size_t n;

	do {
		if (*script->at == '\0')
			return false;
		n = strcspn(script->at, "\n");
		snprintf(line, LINE_ROOM, "%.*s", (int)n, script->at);
		script->at += n + (script->at[n] == '\n');
		script->line++;
	} while (line[0] == '#' || line[0] == '\0');
	return true;
}

/* Is something there that read_event() or the clock must do first? */
static bool
is_busy(const struct script *script)
{
	return script->pending.kind != EVENT_NONE ||
	    script->keys[0] != '\0' || script->text[0] != '\0' ||
	    script->tick_ms > 0 || script->wanted[0] != '\0' ||
	    script->has_ended;
}

/* ---- the back end ---- */

static void
script_size(struct terminal *term, int *rows, int *cols)
{
	*rows = script_of(term)->rows;
	*cols = script_of(term)->cols;
}

static uint64_t
script_now_ms(struct terminal *term)
{
	struct script *script = script_of(term);
	struct timespec now;

	if (script->is_real) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		script->now_ms = (uint64_t)now.tv_sec * 1000 +
		    (uint64_t)now.tv_nsec / 1000000;
	}
	return script->now_ms;
}

/* Let time pass, at most so much as the script still wants. */
static void
pass_time(struct script *script, struct pollfd *fds, int n_fds,
    int timeout_ms)
{
	uint64_t step = script->wanted[0] != '\0' ? WAIT_STEP_MS :
	    script->tick_ms;
	uint64_t before = script_now_ms(&script->term);

	if (timeout_ms >= 0 && (uint64_t)timeout_ms < step)
		step = (uint64_t)timeout_ms > 0 ? (uint64_t)timeout_ms : 1;
	if (script->is_real)
		poll(fds, (nfds_t)n_fds, (int)step);
	else
		script->now_ms += step;
	step = script_now_ms(&script->term) - before;
	script->tick_ms -= step < script->tick_ms ? step : script->tick_ms;
}

static void
script_wait(struct terminal *term, struct pollfd *fds, int n_fds,
    int timeout_ms)
{
	struct script *script = script_of(term);
	char line[LINE_ROOM];

	if (script->wanted[0] != '\0' && is_shown(script, script->wanted))
		script->wanted[0] = '\0';
	if (script->wanted[0] != '\0' && script_now_ms(term) -
	    script->wanted_since_ms > WAIT_LIMIT_MS) {
		complain(script, "never appeared", script->wanted);
		write_screen(script, "instead");
		script->wanted[0] = '\0';
		script->has_ended = true;
	}
	if (!is_busy(script)) {
		script->has_ended = !next_line(script, line);
		if (!script->has_ended && !do_command(script, line))
			complain(script, "not understood", line);
	}
	if (script->tick_ms > 0 || script->wanted[0] != '\0')
		pass_time(script, fds, n_fds, timeout_ms);
	else if (n_fds > 0)
		poll(fds, (nfds_t)n_fds, 0);
}

static struct term_event
next_key(struct script *script)
{
	struct term_event event = { .kind = EVENT_KEY };
	const char *rest = script->keys;
	size_t size;
	const char *name = keys_next(&rest, &size);

	if (name == NULL) {
		script->keys[0] = '\0';
		return (struct term_event){ .kind = EVENT_NONE };
	}
	event.key = key_find(name, size);
	if (event.key == K_NONE)
		complain(script, "no such key", name);
	memmove(script->keys, rest, strlen(rest) + 1);
	return event;
}

static struct term_event
next_character(struct script *script)
{
	struct term_event event = { .kind = EVENT_KEY };
	mbstate_t state = { 0 };
	wchar_t c;
	size_t n = mbrtowc(&c, script->text, strlen(script->text), &state);

	if (n == 0 || n > LINE_ROOM) {
		complain(script, "not valid in this locale", script->text);
		n = strlen(script->text);
		c = L'?';
	}
	event.key = (uint32_t)c;
	memmove(script->text, script->text + n, strlen(script->text + n) + 1);
	return event;
}

static struct term_event
script_read_event(struct terminal *term)
{
	struct script *script = script_of(term);
	struct term_event event = script->pending;

	script->pending = (struct term_event){ .kind = EVENT_NONE };
	if (event.kind != EVENT_NONE)
		return event;
	if (script->keys[0] != '\0')
		return next_key(script);
	if (script->text[0] != '\0')
		return next_character(script);
	if (script->has_ended)
		event.kind = EVENT_HANGUP;
	return event;
}

static void
script_show(struct terminal *term, const struct cells *cells, int row, int col)
{
	(void)row;
	(void)col;
	script_of(term)->shown = cells;
}

static void
script_nothing(struct terminal *term)
{
	(void)term;
}

static void
script_set_mouse(struct terminal *term, bool on)
{
	(void)term;
	(void)on;
}

static int
script_no_terminal(struct terminal *term)
{
	(void)term;
	return -1;
}

static void
script_close(struct terminal *term)
{
	free(script_of(term));
}

static void
script_send(struct terminal *term, const char *bytes)
{
	(void)term;
	(void)bytes;
}

static const struct term_ops script_ops = {
	.size = script_size,
	.now_ms = script_now_ms,
	.wait = script_wait,
	.read_event = script_read_event,
	.show = script_show,
	.ring = script_nothing,
	.send = script_send,
	.set_mouse = script_set_mouse,
	.redraw = script_nothing,
	.suspend = script_no_terminal,
	.hand_over = script_no_terminal,
	.resume = script_nothing,
	.close = script_close,
};

/* Commands on the first lines hold from the start, before anything is drawn. */
static void
read_start(struct script *script)
{
	char line[LINE_ROOM];
	const char *at = script->at;
	int number = script->line;

	while (next_line(script, line) && (strcmp(line, "utf8") == 0 ||
	    strcmp(line, "realtime") == 0 ||
	    after_word(line, "size") != NULL)) {
		do_command(script, line);
		at = script->at;
		number = script->line;
	}
	script->at = at;
	script->line = number;
	script->pending.kind = EVENT_NONE;
}

struct terminal *
term_script_new(const char *text, struct strbuf *to,
    bool (*other)(void *context, const char *line), void *context)
{
	struct script *script = xcalloc(1, sizeof *script);

	script->term.ops = &script_ops;
	script->at = text;
	script->to = to;
	script->other = other;
	script->context = context;
	script->cols = 80;
	script->rows = 24;
	read_start(script);
	return &script->term;
}

bool
term_script_is_ok(const struct terminal *term)
{
	return !((const struct script *)term)->is_bad;
}
