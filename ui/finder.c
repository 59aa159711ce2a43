/*
 * finder.c - the prompts: filter and search; for others see asks.c (L7).
 *
 * The filter is live: what is typed is tried at once, but not more often than
 * every APPLY_MS; what cannot be parsed leaves the last good filter in force
 * and is explained with a caret.  Leaving with Esc restores what was there
 * when the prompt was opened, for the filter as for the search.
 */
#include "ui/ui.h"

#include "ui/asks.h"
#include "ui/history.h"
#include "ui/term.h"
#include "util/names.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { APPLY_MS = 60 };

static const char *
label_of(const struct ui *ui)
{
	return ui->prompt.kind == C_FILTER ? "Filter: " :
	    ui->prompt.kind == C_SEARCH ? "Search: " : ask_label(ui);
}

const char *
finder_match(const char *text, const char *search)
{
	for (const char *c = search; *c != '\0'; c++) {
		if (isupper((unsigned char)*c))
			return strstr(text, search);
	}
	return *search != '\0' ? strcasestr(text, search) : NULL;
}

/* ---- filter ---- */

static enum stage
apply_filter(struct ui *ui)
{
	enum stage stage = STAGE_IDLE;

	ui->filter_is_dirty = false;
	ui->filter_applied_ms = ui->now_ms;
	ui->filter_why = ui->filter_note = (struct errbuf){ 0 };
	if (!session_set_quick(ui->session, ui->prompt.text, &ui->filter_why,
	    &ui->filter_note, &stage))
		return STAGE_DRAW;
	return stage < STAGE_DRAW ? stage : STAGE_DRAW;
}

/*
 * A pattern that would match file names in any folder, for one that was
 * compared with whole paths and matched nothing.  "" if there is none.
 */
static void
suggest(const struct ui *ui, char to[PROMPT_ROOM])
{
	struct filter_effect effect = session_filter_effect(ui->session);
	const char *text = ui->prompt.text;

	to[0] = '\0';
	if (effect.n_matched > 0 || !effect.inclusive || !effect.has_pattern ||
	    ui->filter_why.text[0] != '\0' || ui->filter_is_dirty)
		return;
	if (*text == '=')
		text++;
	else if (strpbrk(text, "*?[") == NULL)
		return;
	if (*text != '\0' && *text != '/' && *text != '*')
		snprintf(to, PROMPT_ROOM, "*/%.*s", PROMPT_ROOM - 3, text);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* The longest text that all file names share which begin with `word`;
 * returns its length, 0 when no name begins so. */
static size_t
complete_word(const struct ui *ui, const char *word, char to[PROMPT_ROOM])
{
	const struct stats_table *table = session_rows(ui->session);
	size_t size = strlen(word);
	size_t n = 0;

	for (uint32_t i = 0; table != NULL && i < table->n_rows; i++) {
		const char *name = base_name(name_text(
		    session_names(ui->session), table->rows[i].file));

		if (strncmp(name, word, size) != 0)
			continue;
		if (n == 0) {
			snprintf(to, PROMPT_ROOM, "%s", name);
			n = strlen(to);
		}
		while (strncmp(to, name, n) != 0)
			n--;
	}
	to[n] = '\0';
	return n;
}

static enum stage
complete(struct ui *ui)
{
	char text[PROMPT_ROOM];
	size_t lead = ui->prompt.text[0] == '!';
	const char *word = ui->prompt.text + lead;

	suggest(ui, text);
	if (text[0] != '\0') {
		prompt_set(&ui->prompt, text);
		return apply_filter(ui);
	}
	if (*word == '\0' || strpbrk(word, "*?[=\": ") != NULL ||
	    complete_word(ui, word, text) <= strlen(word)) {
		ui->term->ops->ring(ui->term);
		return STAGE_IDLE;
	}
	snprintf(ui->prompt.text + lead, PROMPT_ROOM - lead, "%s", text);
	ui->prompt.at = strlen(ui->prompt.text);
	return apply_filter(ui);
}

static enum stage
accept_filter(struct ui *ui)
{
	enum stage stage = apply_filter(ui);

	if (ui->filter_why.text[0] != '\0') {
		ui->term->ops->ring(ui->term);
		return STAGE_DRAW;
	}
	history_add(ui->history, "filter", ui->prompt.text);
	ui->prompt.kind = 0;
	return stage;
}

static enum stage
cancel_filter(struct ui *ui)
{
	enum stage stage = STAGE_IDLE;

	ui->prompt.kind = 0;
	ui->filter_is_dirty = false;
	session_set_quick(ui->session, ui->filter_before, NULL, NULL,
	    &stage);
	return stage < STAGE_DRAW ? stage : STAGE_DRAW;
}

/* ---- search ---- */

static void
remember_place(struct ui *ui)
{
	ui->search_from.table_cursor = ui->table.rows.cursor;
	ui->search_from.table_has_moved = ui->table.rows.has_moved;
	ui->search_from.tree_cursor = ui->tree.rows.cursor;
	ui->search_from.tree_has_moved = ui->tree.rows.has_moved;
	ui->search_from.output_top = ui->output.top;
	ui->search_from.output_follows = ui->output.is_following;
	ui->output.found = ui->output.top;
	snprintf(ui->search_from.text, sizeof ui->search_from.text, "%s",
	    ui->search);
}

static void
restore_place(struct ui *ui)
{
	row_list_go(&ui->table.rows, ui->search_from.table_cursor);
	ui->table.rows.has_moved = ui->search_from.table_has_moved;
	row_list_go(&ui->tree.rows, ui->search_from.tree_cursor);
	ui->tree.rows.has_moved = ui->search_from.tree_has_moved;
	ui->output.top = ui->output.found = ui->search_from.output_top;
	ui->output.is_following = ui->search_from.output_follows;
}

static enum stage
apply_search(struct ui *ui)
{
	restore_place(ui);
	snprintf(ui->search, sizeof ui->search, "%s", ui->prompt.text);
	ui->search_has_missed = ui->search[0] != '\0' &&
	    !ui_view(ui)->find(ui, ui->search, 0);
	return STAGE_DRAW;
}

static enum stage
accept_search(struct ui *ui)
{
	ui->prompt.kind = 0;
	history_add(ui->history, "search", ui->search);
	if (ui->search_has_missed)
		ui_complain(ui, "no match for '%s'", ui->search);
	return STAGE_DRAW;
}

static enum stage
cancel_search(struct ui *ui)
{
	ui->prompt.kind = 0;
	snprintf(ui->search, sizeof ui->search, "%s", ui->search_from.text);
	restore_place(ui);
	return STAGE_DRAW;
}

enum stage
finder_again(struct ui *ui, int by)
{
	if (ui->search[0] == '\0')
		ui_say(ui, "Nothing was searched for: press /.");
	else if (!ui_view(ui)->find(ui, ui->search, by))
		ui_complain(ui, "no match for '%s'", ui->search);
	return STAGE_DRAW;
}

/* ---- all of them ---- */

enum stage
finder_open(struct ui *ui, enum context kind)
{
	char text[PROMPT_ROOM] = "";

	ui->filter_why = ui->filter_note = (struct errbuf){ 0 };
	ui->filter_is_dirty = ui->search_has_missed = false;
	if (kind == C_FILTER) {
		snprintf(ui->filter_before, sizeof ui->filter_before, "%s",
		    session_quick(ui->session));
		snprintf(text, sizeof text, "%s", ui->filter_before);
	} else if (kind == C_SEARCH) {
		remember_place(ui);
	} else {
		ask_text(ui, text);
	}
	prompt_open(&ui->prompt, kind, text);
	return STAGE_DRAW;
}

static enum stage
text_changed(struct ui *ui)
{
	if (ui->prompt.kind == C_SEARCH)
		return apply_search(ui);
	if (ui->prompt.kind == C_FILTER) {
		ui->filter_is_dirty = true;
		return finder_tick(ui);
	}
	ui->filter_why = (struct errbuf){ 0 };
	ui->save_asked[0] = '\0';
	return STAGE_DRAW;
}

enum stage
finder_tick(struct ui *ui)
{
	if (!ui->filter_is_dirty ||
	    ui->now_ms - ui->filter_applied_ms < APPLY_MS)
		return STAGE_DRAW;
	return apply_filter(ui);
}

int
finder_timeout(const struct ui *ui)
{
	uint64_t passed = ui->now_ms - ui->filter_applied_ms;

	if (!ui->filter_is_dirty)
		return -1;
	return passed < APPLY_MS ? (int)(APPLY_MS - passed) : 0;
}

enum stage
finder_type(struct ui *ui, uint32_t character)
{
	if (!prompt_type(&ui->prompt, character))
		return STAGE_IDLE;
	return text_changed(ui);
}

enum stage
finder_act(struct ui *ui, enum action_id id)
{
	enum context kind = ui->prompt.kind;

	switch (id) {
	case ACTION_ACCEPT:
		return kind == C_FILTER ? accept_filter(ui) :
		    kind == C_SEARCH ? accept_search(ui) :
		    ask_accept(ui);
	case ACTION_CANCEL:
		if (kind == C_FILTER)
			return cancel_filter(ui);
		if (kind == C_SEARCH)
			return cancel_search(ui);
		ui->prompt.kind = 0;
		return STAGE_DRAW;
	case ACTION_COMPLETE:
		return complete(ui);
	case ACTION_PROMPT_HELP:
		ui->help_page = help_filter_page(ui);
		return STAGE_DRAW;
	default:
		if (prompt_edit(&ui->prompt, id, ui->history))
			return text_changed(ui);
		return STAGE_DRAW;
	}
}

/* ---- drawing ---- */

/*
 * What is wrong and where: the text again behind the message, the caret under
 * it beside the prompt; where that does not fit, the caret stands above the
 * prompt's own character with the message beside it, else a number says it.
 */
static void
draw_error(struct ui *ui, int row, int prompt_end)
{
	const struct errbuf *why = &ui->filter_why;
	struct cells *cells = &ui->cells;
	int message = cells_width(cells, why->text);
	int text = cells_width(cells, ui->prompt.text);
	int echo = message + 3;
	int caret = echo + why->column - 1;
	int above = prompt_end - text + why->column - 1;
	char numbered[sizeof why->text + 24];

	if (why->column > 0 && echo + text <= cells->cols &&
	    caret > prompt_end + 1 && caret < cells->cols) {
		cells_put(cells, row, 0, cells->cols, STYLE_BAD, why->text);
		cells_put(cells, row, message, 1, STYLE_BAD, ":");
		cells_put(cells, row, echo, text, STYLE_NORMAL,
		    ui->prompt.text);
		cells_put(cells, row + 1, caret, 1, STYLE_BAD, "^");
	} else if (why->column > 0 && prompt_end < cells->cols &&
	    above + 2 + message <= cells->cols) {
		cells_put(cells, row, above, 1, STYLE_BAD, "^");
		cells_put(cells, row, above + 2, message, STYLE_BAD,
		    why->text);
	} else {
		snprintf(numbered, sizeof numbered, "column %d: %s",
		    why->column, why->text);
		cells_put_head(cells, row, 0, cells->cols, STYLE_BAD,
		    why->column > 0 ? numbered : why->text);
	}
}

static const char *
rows_word(const struct ui *ui)
{
	enum grouping grouping = session_grouping(ui->session);

	return grouping == BY_FILENAME ? "files" :
	    grouping == BY_LINENO ? "locations" : "tracebacks";
}

static void
draw_effect(struct ui *ui, int row)
{
	struct filter_effect effect = session_filter_effect(ui->session);
	char size[FMT_ROOM], total[FMT_ROOM], percent[FMT_ROOM];
	char wider[PROMPT_ROOM];
	struct line line = { 0 };

	if (ui->prompt.text[0] == '\0' || ui->filter_is_dirty) {
		line_add(&line, 0, STYLE_DIM, ui->filter_is_dirty ? "..." :
		    "no filter: everything is shown");
		line_put(&line, &ui->cells, row, 2);
		return;
	}
	suggest(ui, wider);
	fmt_size(size, effect.size_matched);
	fmt_size(total, effect.size_total);
	fmt_percent(percent, effect.size_matched, effect.size_total);
	line_add(&line, 2, STYLE_CHIP, "%s %s ",
	    effect.inclusive ? "include" : "exclude", effect.text);
	line_add(&line, 0, STYLE_NORMAL, "matches %" PRIu32 " of %" PRIu32
	    "%s%s", effect.n_matched, effect.n_total,
	    wider[0] != '\0' ? "." : " ",
	    wider[0] != '\0' ? "" : rows_word(ui));
	if (session_filter_errors(ui->session) > 0)
		line_add(&line, 1, STYLE_BAD, "given up on %" PRIu32
		    " names: too hard a pattern",
		    session_filter_errors(ui->session));
	else if (ui->filter_note.text[0] != '\0')
		line_add(&line, 1, STYLE_WARNING, "%s",
		    ui->filter_note.text);
	else if (wider[0] != '\0')
		line_add(&line, 1, STYLE_NORMAL,
		    "A name is compared whole: try %s  (Tab)", wider);
	else
		line_add(&line, 3, STYLE_NORMAL, "%s of %s (%s%%)", size,
		    total, percent);
	line_put(&line, &ui->cells, row, 2);
}

void
finder_draw(struct ui *ui, int row)
{
	int text = cells_width(&ui->cells, ui->prompt.text);

	ui->cursor_row = row + 1;
	ui->cursor_col = prompt_draw(&ui->prompt, &ui->cells, row + 1,
	    label_of(ui));
	if (ui->filter_why.text[0] != '\0')
		draw_error(ui, row, cells_width(&ui->cells, label_of(ui)) +
		    text);
	else if (ui->prompt.kind == C_FILTER)
		draw_effect(ui, row);
	else if (ui->search_has_missed)
		cells_put(&ui->cells, row, 0, ui->cells.cols, STYLE_BAD,
		    "no match");
	else
		cells_put_head(&ui->cells, row, 0, ui->cells.cols, STYLE_DIM,
		    ui->prompt.kind == C_ASK ? ask_hint(ui) :
		    "n and N go to other matches.");
}
