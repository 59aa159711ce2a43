#include "ui/prompt.h"

#include "ui/history.h"
#include "ui/keys.h"

#include <stdio.h>
#include <string.h>

void
prompt_set(struct prompt *prompt, const char *text)
{
	snprintf(prompt->text, sizeof prompt->text, "%s", text);
	prompt->at = strlen(prompt->text);
}

void
prompt_open(struct prompt *prompt, enum context kind, const char *text)
{
	prompt->kind = kind;
	prompt->history_at = 0;
	prompt->draft[0] = '\0';
	prompt_set(prompt, text);
}

static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t
before(const char *text, size_t at)
{
	if (at > 0)
		at--;
	while (at > 0 && is_continuation(text[at]))
		at--;
	return at;
}

static size_t
after(const char *text, size_t at)
{
	if (text[at] != '\0')
		at++;
	while (is_continuation(text[at]))
		at++;
	return at;
}

/* Put bytes at the cursor if they fit. */
static bool
insert(struct prompt *prompt, const char *bytes, size_t n)
{
	size_t size = strlen(prompt->text);

	if (n == 0 || size + n >= sizeof prompt->text)
		return false;
	memmove(prompt->text + prompt->at + n, prompt->text + prompt->at,
	    size - prompt->at + 1);
	memcpy(prompt->text + prompt->at, bytes, n);
	prompt->at += n;
	return true;
}

bool
prompt_type(struct prompt *prompt, uint32_t character)
{
	struct strbuf bytes = STRBUF_INIT(8);
	char name[KEY_NAME_ROOM];
	bool changed;

	if (character < ' ' || character == 0x7f || character >= K_SPECIAL)
		return false;
	if (character == K_SPACE)
		return insert(prompt, " ", 1);
	/* the printable form: what a terminal might misread becomes \xNN */
	key_text(name, character);
	strbuf_puts(&bytes, name);
	changed = insert(prompt, strbuf_text(&bytes), bytes.size);
	strbuf_fini(&bytes);
	return changed;
}

/* Take [from, to) out; the cursor goes there. */
static bool
erase(struct prompt *prompt, size_t from, size_t to, bool keep)
{
	if (from == to)
		return false;
	if (keep)
		snprintf(prompt->erased, sizeof prompt->erased, "%.*s",
		    (int)(to - from), prompt->text + from);
	memmove(prompt->text + from, prompt->text + to,
	    strlen(prompt->text + to) + 1);
	prompt->at = from;
	return true;
}

static size_t
word_start(const char *text, size_t at)
{
	while (at > 0 && text[at - 1] == ' ')
		at--;
	while (at > 0 && text[at - 1] != ' ')
		at--;
	return at;
}

static const char *
kind_word(const struct prompt *prompt)
{
	return prompt->kind == C_FILTER ? "filter" : "search";
}

static bool
go_history(struct prompt *prompt, const struct history *history, int by)
{
	size_t n = history_count(history, kind_word(prompt));

	if ((by > 0 && prompt->history_at >= n) ||
	    (by < 0 && prompt->history_at == 0))
		return false;
	if (prompt->history_at == 0)
		snprintf(prompt->draft, sizeof prompt->draft, "%s",
		    prompt->text);
	prompt->history_at = (size_t)((int64_t)prompt->history_at + by);
	prompt_set(prompt, prompt->history_at == 0 ? prompt->draft :
	    history_get(history, kind_word(prompt),
	    prompt->history_at - 1));
	return true;
}

bool
prompt_edit(struct prompt *prompt, enum action_id action,
    const struct history *history)
{
	size_t size = strlen(prompt->text);
	size_t at = prompt->at;

	switch (action) {
	case ACTION_EDIT_LEFT:
		prompt->at = before(prompt->text, at);
		return false;
	case ACTION_EDIT_RIGHT:
		prompt->at = after(prompt->text, at);
		return false;
	case ACTION_EDIT_HOME:
		prompt->at = 0;
		return false;
	case ACTION_EDIT_END:
		prompt->at = size;
		return false;
	case ACTION_ERASE:
		return erase(prompt, before(prompt->text, at), at, false);
	case ACTION_ERASE_NEXT:
		return erase(prompt, at, after(prompt->text, at), false);
	case ACTION_ERASE_WORD:
		return erase(prompt, word_start(prompt->text, at), at, true);
	case ACTION_ERASE_START:
		return erase(prompt, 0, at, true);
	case ACTION_ERASE_END:
		return erase(prompt, at, size, true);
	case ACTION_YANK:
		return insert(prompt, prompt->erased, strlen(prompt->erased));
	case ACTION_HISTORY_UP:
		return go_history(prompt, history, 1);
	case ACTION_HISTORY_DOWN:
		return go_history(prompt, history, -1);
	default:
		return false;
	}
}

int
prompt_draw(const struct prompt *prompt, struct cells *cells, int row,
    const char *label)
{
	char head[PROMPT_ROOM];
	const char *text = prompt->text;
	int col = cells_put(cells, row, 0, cells->cols, STYLE_TITLE, label);
	int room = cells->cols - col - 1;
	int cursor;

	snprintf(head, sizeof head, "%.*s", (int)prompt->at, prompt->text);
	cursor = cells_width(cells, head);
	/* a text that is too long is scrolled so that the cursor shows */
	if (cursor > room) {
		text = cells_skip(cells, text, cursor - room);
		cursor = cells_width(cells, head) -
		    (cells_width(cells, prompt->text) -
		    cells_width(cells, text));
	}
	cells_put(cells, row, col, room + 1, STYLE_NORMAL, text);
	return col + cursor;
}
