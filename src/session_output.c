/*
 * session_output.c - what the program writes to its terminal (L6).
 *
 * Shape      A ring of the last MAX_LINES lines, each made printable when it
 *            is complete, and the raw bytes of the line being received.
 * Why        The output view shows text, not a terminal: escape sequences are
 *            removed by a small automaton, a carriage return begins the line
 *            anew (progress bars), backspace takes a character back.  For
 *            anything more the user is given the real terminal.
 * Invariant  Nothing that leaves this file can move a cursor or colour a
 *            cell: all of it went through sanitise().
 * Limits     A line is cut at MAX_LINE_BYTES; what the helper's own ring lost
 *            appears as a line that says so.
 */
#include "session_state.h"

#include "util/names.h"
#include "util/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LINES = 10000, MAX_LINE_BYTES = 4096, TAB = 8 };

enum escape_state {
	ESCAPE_NONE,
	ESCAPE_BEGUN,		/* ESC */
	ESCAPE_CHARSET,		/* ESC ( and the like: one more byte */
	ESCAPE_CSI,		/* ESC [ up to a final byte */
	ESCAPE_STRING,		/* OSC, DCS, ...: up to BEL or ESC \ */
	ESCAPE_STRING_END,	/* ESC inside such a string */
};

/* The state after a byte of an escape sequence. */
static enum escape_state
next_state(enum escape_state state, unsigned char c)
{
	switch (state) {
	case ESCAPE_BEGUN:
		if (c == '[')
			return ESCAPE_CSI;
		if (strchr("]PX^_", c) != NULL && c != '\0')
			return ESCAPE_STRING;
		return c >= 0x20 && c <= 0x2f ? ESCAPE_CHARSET : ESCAPE_NONE;
	case ESCAPE_CSI:
		return c >= 0x40 && c <= 0x7e ? ESCAPE_NONE : ESCAPE_CSI;
	case ESCAPE_STRING:
		return c == 0x07 ? ESCAPE_NONE : c == 0x1b ?
		    ESCAPE_STRING_END : ESCAPE_STRING;
	case ESCAPE_STRING_END:
		return c == '\\' ? ESCAPE_NONE : ESCAPE_STRING;
	case ESCAPE_CHARSET:
	case ESCAPE_NONE:
		break;
	}
	return ESCAPE_NONE;
}

static char *
make_printable(const char *bytes, size_t size)
{
	char *text = xmalloc(4 * size + 1);
	size_t n = sanitise(text, 4 * size + 1, bytes, size);

	return xrealloc(text, n + 1);
}

/* Add a line to the ring; takes the text over. */
static void
push_line(struct session_output *out, char *text)
{
	if (out->lines.n < MAX_LINES) {
		vec_push(&out->lines, text);
		return;
	}
	free(out->lines.items[out->first]);
	out->lines.items[out->first] = text;
	out->first = (out->first + 1) % MAX_LINES;
	out->n_dropped++;
}

static void
end_line(struct session_output *out)
{
	push_line(out, make_printable(strbuf_text(&out->current),
	    out->current.size));
	strbuf_clear(&out->current);
}

/* Take the last character back, all bytes of it. */
static void
erase_character(struct strbuf *line)
{
	while (line->size > 0 && ((unsigned char)line->text[line->size - 1] &
	    0xc0) == 0x80)
		strbuf_cut(line, line->size - 1);
	if (line->size > 0)
		strbuf_cut(line, line->size - 1);
}

static void
take_byte(struct session_output *out, unsigned char c)
{
	bool had_return = out->has_return;

	if (out->escape != ESCAPE_NONE) {
		out->escape = (int)next_state((enum escape_state)out->escape,
		    c);
		return;
	}
	out->has_return = c == '\r';
	if (c == '\n') {
		end_line(out);
		return;
	}
	if (had_return && c >= 0x20)
		strbuf_clear(&out->current);
	if (c == 0x1b)
		out->escape = ESCAPE_BEGUN;
	else if (c == '\b')
		erase_character(&out->current);
	else if (c == '\t')
		strbuf_pad(&out->current, ' ', TAB - out->current.size % TAB);
	else if (c >= 0x20 && c != 0x7f)
		strbuf_putc(&out->current, (char)c);
	if (out->current.size >= MAX_LINE_BYTES)
		end_line(out);
}

void
session_take_output(struct session *s, const char *bytes, size_t size,
    uint64_t n_dropped)
{
	struct session_output *out = &s->output;

	if (n_dropped > 0) {
		struct strbuf line = STRBUF_INIT(80);

		end_line(out);
		strbuf_printf(&line, "(%llu bytes of output were not kept)",
		    (unsigned long long)n_dropped);
		push_line(out, strbuf_take(&line));
		out->escape = ESCAPE_NONE;
	}
	for (size_t i = 0; i < size; i++)
		take_byte(out, (unsigned char)bytes[i]);
	free(out->partial);
	out->partial = out->current.size == 0 ? NULL :
	    make_printable(strbuf_text(&out->current), out->current.size);
}

void
session_drop_output(struct session *s)
{
	struct session_output *out = &s->output;

	for (size_t i = 0; i < out->lines.n; i++)
		free(out->lines.items[i]);
	vec_fini(&out->lines);
	strbuf_fini(&out->current);
	free(out->partial);
}

size_t
session_output_lines(const struct session *s, uint64_t *n_dropped)
{
	if (n_dropped != NULL)
		*n_dropped = s->output.n_dropped;
	return s->output.lines.n + (s->output.partial != NULL);
}

const char *
session_output_line(const struct session *s, size_t i)
{
	const struct session_output *out = &s->output;

	assert(i < session_output_lines(s, NULL));
	if (i == out->lines.n)
		return out->partial;
	return out->lines.items[(out->first + i) % out->lines.n];
}

/* ---- the terminal itself ---- */

bool
session_has_pty(const struct session *s)
{
	return s->client != NULL && client_has_terminal(s->client);
}

bool
session_terminal(struct session *s, int tty_fd)
{
	return s->client != NULL && client_terminal(s->client, tty_fd,
	    session_take_event, s) != CLIENT_TERMINAL_NONE;
}

void
session_resize(struct session *s, int rows, int cols)
{
	if (s->client != NULL)
		client_resize(s->client, rows, cols);
}
