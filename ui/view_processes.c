#include "ui/ui.h"

#include <stdio.h>
#include <sys/wait.h>

/* The processes of the run; the first line stands for all of them. */
static uint32_t
n_entries(const struct ui *ui)
{
	const struct snapshot *snapshot = session_snapshot(ui->session);

	return 1 + (snapshot != NULL ? snapshot->n_processes : 0);
}

/* Where the columns stand; width 0: there is no room for it. */
struct place { int col, width; bool is_left; };

static const struct place wide[7] = {
	{ 2, 7, false }, { 10, 7, false }, { 19, 14, true },
	{ 33, 9, false }, { 43, 11, false }, { 56, 11, true },
	{ 68, 512, true },
};

static const struct place narrow[7] = {
	{ 2, 7, false }, { 0, 0, false }, { 10, 8, true },
	{ 18, 9, false }, { 0, 0, false }, { 28, 512, true }, { 0, 0, true },
};

enum { WIDE_COLS = 70 };

static void
put_columns(struct ui *ui, int row, const char *texts[7], unsigned style)
{
	struct cells *cells = &ui->cells;
	const struct place *at = cells->cols >= WIDE_COLS ? wide : narrow;

	for (int i = 0; i < 7; i++) {
		int width = at[i].width < cells->cols - at[i].col ?
		    at[i].width : cells->cols - at[i].col;

		if (at[i].width > 0 && at[i].is_left)
			cells_put_head(cells, row, at[i].col, width, style,
			    texts[i]);
		else if (at[i].width > 0)
			cells_put_right(cells, row, at[i].col, width, style,
			    texts[i]);
	}
}

static void
state_text(const struct process *process, char to[FMT_ROOM])
{
	int status = process->wait_status;

	if (process->state == PROCESS_RUNNING)
		snprintf(to, FMT_ROOM, "RUNNING");
	else if (process->state == PROCESS_EXECED)
		snprintf(to, FMT_ROOM, "EXECED");
	else if (status != -1 && WIFSIGNALED(status))
		snprintf(to, FMT_ROOM, "KILLED %d", WTERMSIG(status));
	else if (status != -1 && WIFEXITED(status))
		snprintf(to, FMT_ROOM, "EXITED %d", WEXITSTATUS(status));
	else
		snprintf(to, FMT_ROOM, "EXITED");
}

static void
put_process(struct ui *ui, int row, const struct process *process)
{
	char pid[FMT_ROOM], ppid[FMT_ROOM], traced[FMT_ROOM];
	char allocs[FMT_ROOM], state[FMT_ROOM];
	const char *cells[7] = { pid, ppid, process->name, traced, allocs,
		state, process->command };

	snprintf(pid, sizeof pid, "%d", (int)process->pid);
	snprintf(ppid, sizeof ppid, "%d", (int)process->ppid);
	fmt_size(traced, process->totals.traced_bytes);
	fmt_count(allocs, process->totals.allocs, ',');
	state_text(process, state);
	put_columns(ui, row, cells, STYLE_NORMAL);
}

static void
put_all(struct ui *ui, int row)
{
	const struct snapshot *snapshot = session_snapshot(ui->session);
	char traced[FMT_ROOM] = "-", allocs[FMT_ROOM] = "-";
	const char *cells[7] = { "all", "", "", traced, allocs, "", "" };

	if (snapshot != NULL) {
		fmt_size(traced, snapshot->totals.traced_bytes);
		fmt_count(allocs, snapshot->totals.allocs, ',');
	}
	put_columns(ui, row, cells, STYLE_NORMAL);
}

static void
draw_entry(struct ui *ui, int row, uint32_t i)
{
	const struct snapshot *snapshot = session_snapshot(ui->session);
	pid_t shown = session_process(ui->session);
	bool is_shown;

	if (i == 0) {
		put_all(ui, row);
		is_shown = shown == 0;
	} else {
		put_process(ui, row, &snapshot->processes[i - 1]);
		is_shown = shown == snapshot->processes[i - 1].pid;
	}
	if (is_shown)
		cells_put(&ui->cells, row, 1, 1, STYLE_TITLE, "*");
	if (i == ui->processes.cursor) {
		cells_put(&ui->cells, row, 0, 1, STYLE_NORMAL, ">");
		cells_add_style(&ui->cells, row, 0, ui->cells.cols,
		    STYLE_SELECTED);
	}
}

static void
draw(struct ui *ui, struct rect area)
{
	static const char *exact[7] = { "PID", "PPID", "NAME", "TRACED",
		"ALLOCS", "STATE", "COMMAND" };
	static const char *estimates[7] = { "PID", "PPID", "NAME", "~TRACED",
		"~ALLOCS", "STATE", "COMMAND" };
	struct list_state *list = &ui->processes;
	uint32_t n = n_entries(ui);
	int rows = area.rows - 3;

	if (list->cursor >= n)
		list->cursor = n - 1;
	cells_put_head(&ui->cells, area.row, 0, area.cols, STYLE_NORMAL,
	    "Processes of this run; * is what the tables show.");
	put_columns(ui, area.row + 2, *ui_about(ui) != '\0' ? estimates :
	    exact, STYLE_COLUMN);
	if (rows <= 0)
		return;
	list->n_lines = rows;
	ui_fit(&list->top, list->cursor, n, (uint32_t)rows);
	for (int i = 0; i < rows && list->top + (uint32_t)i < n; i++)
		draw_entry(ui, area.row + 3 + i, list->top + (uint32_t)i);
}

static enum stage
show_only(struct ui *ui, uint32_t i)
{
	const struct snapshot *snapshot = session_snapshot(ui->session);

	ui_back(ui);
	return session_set_process(ui->session, i == 0 ? 0 :
	    snapshot->processes[i - 1].pid);
}

static enum stage
act(struct ui *ui, enum action_id id)
{
	if (ui_move(id, &ui->processes.cursor, n_entries(ui),
	    (uint32_t)ui->processes.n_lines))
		return STAGE_DRAW;
	if (id == ACTION_PROCESS_ONLY)
		return show_only(ui, ui->processes.cursor);
	if (id == ACTION_PROCESS_ALL)
		return show_only(ui, 0);
	return STAGE_IDLE;
}

static enum stage
click(struct ui *ui, int row, int col)
{
	uint32_t i = ui->processes.top + (uint32_t)(row - 3);

	(void)col;
	if (row < 3 || i >= n_entries(ui))
		return STAGE_IDLE;
	if (i == ui->processes.cursor)
		return show_only(ui, i);
	ui->processes.cursor = i;
	return STAGE_DRAW;
}

const struct view_ops view_processes = {
	.name = "processes",
	.context = C_PROCESSES,
	.draw = draw,
	.act = act,
	.click = click,
};
