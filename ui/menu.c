/*
 * menu.c - boxed lists to choose from: sort column, signal,
 * recording, quitting (L7).
 */
#include "ui/ui.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { BOX_WIDTH = 60, MAX_ENTRIES = 16 };

static const int signals[] = {
	SIGTERM, SIGINT, SIGKILL, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGSTOP,
	SIGCONT,
};

/* The first ones are states, in the order of enum record_mode. */
enum { RECORDING_CLEAR = N_RECORD_MODES, RECORDING_RESET_PEAK };

static const struct {
	const char	*text, *done;
} recordings[] = {
	[RECORD_ON] = { "On          record every block",
	    "Blocks are recorded from now on." },
	[RECORD_HELD] = { "Hold        no new blocks, follow those known",
	    "Held: new blocks are not recorded." },
	[RECORD_STOPPED] = { "Stop        forget all blocks, record nothing",
	    "Stopped: nothing is recorded." },
	[RECORDING_CLEAR] = { "Clear       forget all blocks, go on",
	    "Cleared: what was allocated before is forgotten." },
	[RECORDING_RESET_PEAK] = { "Reset peak  to what is traced now",
	    "The peak is what is traced now." },
};

/* The quit dialog: its keys are actions of their own. */
static const enum action_id quit_actions[] = {
	ACTION_QUIT_TERM, ACTION_QUIT_INT, ACTION_QUIT_KILL,
	ACTION_QUIT_LEAVE, ACTION_QUIT_STAY,
};

static const char *const quit_texts[] = {
	"t    send SIGTERM and quit when it ends",
	"i    send SIGINT and stay (or ^C again)",
	"k    send SIGKILL and quit when it ends",
	"l    leave it running, its output goes to a file",
	"Esc  stay in tmtop",
};

struct entry {
	char	text[80];
	int	value;		/* enum sort_key, a signal, or an index */
};

static unsigned
list_sorts(const struct ui *ui, struct entry entries[MAX_ENTRIES])
{
	unsigned n = 0;

	for (int id = 0; id < N_COLUMNS; id++) {
		const struct column *column = &columns[id];

		if (column->sort_key < 0 || (column->needs_mark &&
		    session_baseline(ui->session) < 0))
			continue;
		snprintf(entries[n].text, sizeof entries[n].text,
		    "%-10s %s", column->title, column->help);
		entries[n++].value = column->sort_key;
	}
	return n;
}

static unsigned
list_signals(struct entry entries[MAX_ENTRIES])
{
	unsigned n = 0;

	for (; n < array_size(signals); n++) {
		snprintf(entries[n].text, sizeof entries[n].text,
		    "%2d SIG%-5s %s", signals[n], sigabbrev_np(signals[n]),
		    sigdescr_np(signals[n]));
		entries[n].value = signals[n];
	}
	return n;
}

static unsigned
list_recordings(struct entry entries[MAX_ENTRIES])
{
	unsigned n = 0;

	for (; n < array_size(recordings); n++) {
		snprintf(entries[n].text, sizeof entries[n].text, "%s",
		    recordings[n].text);
		entries[n].value = (int)n;
	}
	return n;
}

static unsigned
list_entries(const struct ui *ui, struct entry entries[MAX_ENTRIES])
{
	if (ui->menu.kind == MENU_SORT)
		return list_sorts(ui, entries);
	if (ui->menu.kind == MENU_SIGNAL)
		return list_signals(entries);
	if (ui->menu.kind == MENU_RECORDING)
		return list_recordings(entries);
	for (unsigned i = 0; i < array_size(quit_texts); i++) {
		snprintf(entries[i].text, sizeof entries[i].text, "%s",
		    quit_texts[i]);
		entries[i].value = (int)quit_actions[i];
	}
	return array_size(quit_texts);
}

enum stage
menu_open(struct ui *ui, enum menu_kind kind)
{
	struct entry entries[MAX_ENTRIES];
	unsigned n;

	ui->menu.kind = kind;
	ui->menu.cursor = 0;
	n = list_entries(ui, entries);
	for (unsigned i = 0; kind == MENU_SORT && i < n; i++) {
		if (column_of_sort(session_sort(ui->session, NULL)) ==
		    column_of_sort((enum sort_key)entries[i].value))
			ui->menu.cursor = i;
	}
	if (kind == MENU_RECORDING)
		ui->menu.cursor = (unsigned)session_recording(ui->session);
	return STAGE_DRAW;
}

static enum stage
send(struct ui *ui, int signal)
{
	session_signal(ui->session, signal);
	ui_say(ui, "Sent SIG%s.", sigabbrev_np(signal));
	return STAGE_DRAW;
}

static enum stage
send_and_quit(struct ui *ui, int signal)
{
	session_signal(ui->session, signal);
	ui->quits_at_end = ui->has_signalled = true;
	ui->quit_asked_ms = ui->now_ms;
	ui_say(ui, "Sent SIG%s. tmtop leaves when the program has ended.",
	    sigabbrev_np(signal));
	return STAGE_DRAW;
}

static enum stage
act_quit(struct ui *ui, enum action_id id)
{
	switch (id) {
	case ACTION_QUIT_TERM:
		return send_and_quit(ui, SIGTERM);
	case ACTION_QUIT_KILL:
		return send_and_quit(ui, SIGKILL);
	case ACTION_QUIT_INT:
		return send(ui, SIGINT);
	case ACTION_QUIT_QUIT:
		return send(ui, SIGQUIT);
	case ACTION_QUIT_LEAVE:
		session_leave_running(ui->session);
		ui->is_done = true;
		return STAGE_IDLE;
	default:
		return STAGE_DRAW;
	}
}

static enum stage
record(struct ui *ui, int what)
{
	if (what == RECORD_HELD &&
	    session_recording(ui->session) == RECORD_STOPPED) {
		ui_complain(ui, "Recording is stopped: there is nothing to "
		    "follow.");
		return STAGE_DRAW;
	}
	ui_say(ui, "%s", recordings[what].done);
	if (what == RECORDING_CLEAR)
		return session_clear(ui->session);
	if (what == RECORDING_RESET_PEAK)
		return session_reset_peak(ui->session);
	return session_set_recording(ui->session, (enum record_mode)what);
}

static enum stage
pick(struct ui *ui, enum menu_kind kind, const struct entry *entry)
{
	if (kind == MENU_RECORDING)
		return record(ui, entry->value);
	if (kind == MENU_SORT)
		return session_set_sort(ui->session,
		    (enum sort_key)entry->value, false);
	return send(ui, entry->value);
}

enum stage
menu_act(struct ui *ui, enum action_id id)
{
	struct entry entries[MAX_ENTRIES];
	unsigned n = list_entries(ui, entries);
	enum menu_kind kind = ui->menu.kind;
	uint32_t cursor = ui->menu.cursor;

	if (kind != MENU_QUIT && ui_move(id, &cursor, n, n)) {
		ui->menu.cursor = cursor;
		return STAGE_DRAW;
	}
	ui->menu.kind = MENU_NONE;
	if (kind == MENU_QUIT)
		return act_quit(ui, id);
	if (id == ACTION_MENU_PICK && cursor < n)
		return pick(ui, kind, &entries[cursor]);
	return STAGE_DRAW;
}

/* ---- drawing ---- */

static struct rect
place_box(const struct ui *ui, unsigned n)
{
	const struct cells *cells = &ui->cells;
	struct rect box = { 0, 0, (int)n + 2, BOX_WIDTH };

	/* blank lines inside where there is room */
	if (box.rows + 4 <= cells->rows)
		box.rows += 2;
	if (box.cols > cells->cols)
		box.cols = cells->cols;
	if (box.rows > cells->rows)
		box.rows = cells->rows;
	box.row = (cells->rows - box.rows) / 2;
	box.col = (cells->cols - box.cols) / 2;
	return box;
}

static int
first_row(struct rect box, unsigned n)
{
	return box.row + (box.rows >= (int)n + 4 ? 2 : 1);
}

enum stage
menu_click(struct ui *ui, int row)
{
	struct entry entries[MAX_ENTRIES];
	enum menu_kind kind = ui->menu.kind;
	unsigned n = list_entries(ui, entries);
	int i = row - first_row(place_box(ui, n), n);

	ui->menu.kind = MENU_NONE;
	if (i < 0 || i >= (int)n)
		return STAGE_DRAW;
	if (kind == MENU_QUIT)
		return act_quit(ui, (enum action_id)entries[i].value);
	return pick(ui, kind, &entries[i]);
}

void
menu_draw(struct ui *ui)
{
	struct entry entries[MAX_ENTRIES];
	unsigned n = list_entries(ui, entries);
	struct rect box = place_box(ui, n);
	int row = first_row(box, n);
	static const char *const titles[] = {
		[MENU_SORT] = "sort by", [MENU_SIGNAL] = "send a signal",
		[MENU_RECORDING] = "recording",
	};
	char title[320];

	if (ui->menu.kind == MENU_QUIT)
		snprintf(title, sizeof title, "%s is still running",
		    session_run(ui->session)->command);
	else
		snprintf(title, sizeof title, "%s",
		    titles[ui->menu.kind]);
	cells_box(&ui->cells, box, title);
	for (unsigned i = 0; i < n && row < box.row + box.rows - 1; i++) {
		cells_put_head(&ui->cells, row, box.col + 3, box.cols - 4,
		    STYLE_NORMAL, entries[i].text);
		if (ui->menu.kind != MENU_QUIT && i == ui->menu.cursor) {
			cells_put(&ui->cells, row, box.col + 1, 1,
			    STYLE_NORMAL, ">");
			cells_add_style(&ui->cells, row, box.col + 1,
			    box.cols - 2, STYLE_SELECTED);
		}
		row++;
	}
}
