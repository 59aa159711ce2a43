/*
 * chips.c - the line that says what restricts, compares, or is not now (L7).
 */
#include "session_blocks.h"
#include "ui/ui.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* "+38.8 MiB +64.2%" of what is shown. */
static void
growth_text(const struct ui *ui, char *to, size_t room)
{
	const struct stats_table *table = session_rows(ui->session);
	int64_t diff = table != NULL ? table->size_diff : 0;
	uint64_t old = table != NULL ? table->size - (uint64_t)diff : 0;
	char size[FMT_ROOM], percent[FMT_ROOM];

	fmt_size_diff(size, diff);
	fmt_percent(percent, (uint64_t)llabs(diff), old);
	if (old == 0 || diff == 0)
		snprintf(to, room, "%s", size);
	else
		snprintf(to, room, "%s %c%s%%", size, diff > 0 ? '+' : '-',
		    percent);
}

static void
add_growth_chip(struct ui *ui, struct line *line)
{
	int baseline = session_baseline(ui->session);
	uint64_t uptime_ns = session_run(ui->session)->uptime_ns;
	char growth[3 * FMT_ROOM], age[FMT_ROOM], label[MARK_LABEL_ROOM];
	const struct mark *mark;

	if (baseline < 0)
		return;
	mark = session_get_mark(ui->session, (size_t)baseline);
	ui_mark_label(label, ui->session, (size_t)baseline);
	growth_text(ui, growth, sizeof growth);
	ui_clock(ui, age, uptime_ns > mark->uptime_ns ?
	    uptime_ns - mark->uptime_ns : 0);
	if (baseline == MARK_PEAK)
		line_add(line, 0, STYLE_CHIP, "Growth since the peak: %s",
		    growth);
	else
		line_add(line, 0, STYLE_CHIP, "Growth since %s %s ago: %s",
		    label, age, growth);
}

/* Not what is live now, but what was: at another moment. */
static void
add_shown_chip(struct ui *ui, struct line *line)
{
	int shown = session_shown(ui->session);
	char label[MARK_LABEL_ROOM];

	if (shown < 0)
		return;
	ui_mark_label(label, ui->session, (size_t)shown);
	line_add(line, 0, STYLE_CHIP, "Contents at %s (Esc: now)", label);
}

/* A filter asks for single blocks that nobody has. */
static void
add_blocks_chip(struct ui *ui, struct line *line)
{
	enum blocks_lack lack = session_lacks_blocks(ui->session);
	char label[MARK_LABEL_ROOM];

	if (lack == BLOCKS_UNKNOWN_NOW)
		line_add(line, 0, STYLE_WARNING, "single blocks are not "
		    "known here");
	if (lack != BLOCKS_UNKNOWN_THEN)
		return;
	ui_mark_label(label, ui->session,
	    (size_t)session_baseline(ui->session));
	line_add(line, 0, STYLE_WARNING, "single blocks of %s are not known",
	    label);
}

void
chips_list(struct ui *ui, struct line *line)
{
	const char *filters = session_filters_text(ui->session);
	uint32_t n_errors = session_filter_errors(ui->session);
	pid_t pid = session_process(ui->session);

	if (filters[0] != '\0')
		line_add(line, 0, STYLE_CHIP, "Filter %s", filters);
	add_blocks_chip(ui, line);
	if (n_errors > 0)
		line_add(line, 0, STYLE_BAD, "%" PRIu32 " names unmatched: "
		    "too hard a pattern", n_errors);
	add_shown_chip(ui, line);
	add_growth_chip(ui, line);
	if (pid != 0)
		line_add(line, 0, STYLE_CHIP, "Process %d", (int)pid);
	if (session_cumulative(ui->session) != CUMULATIVE_OFF)
		line_add(line, 1, STYLE_CHIP, "Cumulative");
	if (session_limit(ui->session) != 0)
		line_add(line, 1, STYLE_CHIP, "%" PRIu32 " frames",
		    session_limit(ui->session));
	if (!session_skips(ui->session))
		line_add(line, 1, STYLE_CHIP, "Library frames shown");
}
