/*
 * asks.c - prompts for one value each: refresh interval, a filter, a limit, an
 * address, a name (L7).
 */
#include "ui/asks.h"

#include "ui/ui.h"

#include "ui/address.h"
#include "ui/history.h"
#include "ui/term.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_DELAY_MS = 100, MAX_DELAY_MS = 3600000, MAX_LIMIT = 65535 };

/* ---- what is asked ---- */

static void
interval_text(const struct ui *ui, char to[PROMPT_ROOM])
{
	snprintf(to, PROMPT_ROOM, "%g", ui->delay_ms / 1000.0);
}

static enum stage
accept_interval(struct ui *ui)
{
	char *end;
	double seconds = strtod(ui->prompt.text, &end);

	if (end == ui->prompt.text || *end != '\0' ||
	    !(seconds * 1000 >= MIN_DELAY_MS) ||
	    !(seconds * 1000 <= MAX_DELAY_MS)) {
		errbuf_set(&ui->filter_why,
		    "a number of seconds from 0.1 to 3600");
		return STAGE_DRAW;
	}
	ui->delay_ms = (unsigned)(seconds * 1000 + 0.5);
	return STAGE_DRAW;
}

static enum stage
accept_entry(struct ui *ui)
{
	enum stage stage = filters_accept(ui, ui->prompt.text);

	if (ui->filter_why.text[0] == '\0')
		history_add(ui->history, "filter", ui->prompt.text);
	return stage;
}

static enum stage
accept_address(struct ui *ui)
{
	return address_accept(ui, ui->prompt.text);
}

static void
no_text(const struct ui *ui, char to[PROMPT_ROOM])
{
	(void)ui;
	to[0] = '\0';
}

static void
limit_text(const struct ui *ui, char to[PROMPT_ROOM])
{
	uint32_t limit = session_limit(ui->session);

	if (limit != 0)
		snprintf(to, PROMPT_ROOM, "%u", limit);
	else
		to[0] = '\0';
}

/* tracemalloc's limits; nothing means all. */
static enum stage
accept_limit(struct ui *ui)
{
	const char *text = ui->prompt.text;
	char *end;
	unsigned long limit = strtoul(text, &end, 10);

	if (*end != '\0' || strspn(text, "0123456789") != strlen(text) ||
	    limit > MAX_LIMIT || (limit == 0 && *text != '\0')) {
		errbuf_set(&ui->filter_why, "a number of frames from 1 to "
		    "65535, or nothing for all");
		return STAGE_DRAW;
	}
	if (limit > 0)
		ui_say(ui, "Tracebacks are cut to their %lu newest frames.",
		    limit);
	else
		ui_say(ui, "Tracebacks are whole.");
	return session_set_limit(ui->session, (uint32_t)limit);
}

static void
mark_name_text(const struct ui *ui, char to[PROMPT_ROOM])
{
	snprintf(to, PROMPT_ROOM, "%s", session_get_mark(ui->session,
	    ui->marks.cursor)->name);
}

static enum stage
accept_mark_name(struct ui *ui)
{
	if (ui->prompt.text[0] == '\0') {
		errbuf_set(&ui->filter_why, "a name is expected");
		return STAGE_DRAW;
	}
	session_rename_mark(ui->session, ui->marks.cursor, ui->prompt.text);
	return STAGE_DRAW;
}

static const struct ask {
	const char	*label, *hint;
	void		(*text)(const struct ui *ui, char to[PROMPT_ROOM]);
	enum stage	(*accept)(struct ui *ui);
} asks[N_ASKS] = {
	[ASK_INTERVAL] = { "Refresh every (seconds): ", "",
		interval_text, accept_interval },
	[ASK_ENTRY] = { "Filter: ", "F1 explains what can be written here.",
		filters_text, accept_entry },
	[ASK_ADDRESS] = { "Address: ", "Whose block is it? Hexadecimal, as a "
		"debugger prints it.", no_text, accept_address },
	[ASK_LIMIT] = { "Frames of a traceback: ", "The newest so many, from "
		"the attributed one on; nothing: all.", limit_text,
		accept_limit },
	[ASK_MARK_NAME] = { "Name of the mark: ", "", mark_name_text,
		accept_mark_name },
	[ASK_SAVE] = { "Save to: ", "", saver_suggest, saver_accept },
	[ASK_LOAD] = { "Compare with file: ",
		"Its last snapshot becomes a mark; FILE@MARK takes another.",
		saver_no_text, saver_load },
};

/* ---- asking ---- */

enum stage
ask_open(struct ui *ui, enum ask_id id)
{
	ui->ask = id;
	return finder_open(ui, C_ASK);
}

const char *
ask_label(const struct ui *ui)
{
	return asks[ui->ask].label;
}

const char *
ask_hint(const struct ui *ui)
{
	return asks[ui->ask].hint;
}

void
ask_text(const struct ui *ui, char to[PROMPT_ROOM])
{
	asks[ui->ask].text(ui, to);
}

enum stage
ask_accept(struct ui *ui)
{
	enum stage stage;

	ui->filter_why = (struct errbuf){ 0 };
	stage = asks[ui->ask].accept(ui);
	if (ui->filter_why.text[0] != '\0')
		ui->term->ops->ring(ui->term);
	else
		ui->prompt.kind = 0;
	return stage;
}
