/*
 * asks.c - prompts for one value each: refresh interval, a filter (L7).
 */
#include "ui/asks.h"

#include "ui/ui.h"

#include "ui/history.h"
#include "ui/term.h"

#include <stdio.h>
#include <stdlib.h>

enum { MIN_DELAY_MS = 100, MAX_DELAY_MS = 3600000 };

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

static const struct ask {
	const char	*label, *hint;
	void		(*text)(const struct ui *ui, char to[PROMPT_ROOM]);
	enum stage	(*accept)(struct ui *ui);
} asks[N_ASKS] = {
	[ASK_INTERVAL] = { "Refresh every (seconds): ", "",
		interval_text, accept_interval },
	[ASK_ENTRY] = { "Filter: ", "F1 explains what can be written here.",
		filters_text, accept_entry },
	[ASK_SAVE] = { "Save to: ", "", saver_suggest, saver_accept },
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
