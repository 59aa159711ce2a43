/*
 * ui.c - what the views and actions of the screen share (L7).
 *
 * Shape      One view is in front; the path behind it is what Esc goes back
 *            through.  Help, menus and prompts lie over the view and take the
 *            keys while they are open.
 */
#include "ui/ui.h"

#include "util/names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct view_ops *const views[N_VIEWS] = {
	[VIEW_TABLE] = &view_table,
	[VIEW_TREE] = &view_tree,
	[VIEW_DETAIL] = &view_detail,
	[VIEW_SOURCE] = &view_source,
	[VIEW_OUTPUT] = &view_output,
	[VIEW_BLOCKS] = &view_blocks,
	[VIEW_FILTERS] = &view_filters,
	[VIEW_MARKS] = &view_marks,
	[VIEW_PROCESSES] = &view_processes,
};

const struct view_ops *
ui_view(const struct ui *ui)
{
	return views[ui->front];
}

enum context
ui_context(const struct ui *ui)
{
	if (ui->help_page > 0)
		return C_HELP;
	if (ui->menu.kind != MENU_NONE)
		return ui->menu.kind == MENU_QUIT ? C_QUIT : C_MENU;
	if (ui->prompt.kind != 0)
		return ui->prompt.kind;
	return ui_view(ui)->context;
}

void
ui_open(struct ui *ui, enum view_id view)
{
	if (ui->front == view)
		return;
	for (unsigned i = 0; i < ui->depth; i++) {
		/* a view stands in the path once */
		if (ui->path[i] == view) {
			ui->depth = i;
			ui->front = view;
			return;
		}
	}
	ui->path[ui->depth++] = ui->front;
	ui->front = view;
}

void
ui_show_tab(struct ui *ui, enum view_id view)
{
	ui->depth = 0;
	ui->front = view;
}

bool
ui_back(struct ui *ui)
{
	if (ui->depth > 0)
		ui->front = ui->path[--ui->depth];
	else if (ui->front != VIEW_TABLE && ui->front != VIEW_TREE)
		ui->front = VIEW_TABLE;
	else
		return false;
	return true;
}

static void
set_message(struct ui *ui, enum style style, const char *format,
    va_list args)
{
	vsnprintf(ui->message, sizeof ui->message, format, args);
	ui->message_style = style;
}

void
ui_say(struct ui *ui, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_message(ui, STYLE_NORMAL, format, args);
	va_end(args);
}

void
ui_complain(struct ui *ui, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_message(ui, STYLE_BAD, format, args);
	va_end(args);
}

const struct totals *
ui_totals(const struct ui *ui)
{
	const struct snapshot *snapshot = session_snapshot(ui->session);
	pid_t pid = session_process(ui->session);
	static const struct totals nothing;

	if (snapshot == NULL)
		return &nothing;
	for (uint32_t i = 0; pid != 0 && i < snapshot->n_processes; i++) {
		if (snapshot->processes[i].pid == pid)
			return &snapshot->processes[i].totals;
	}
	return &snapshot->totals;
}

const char *
ui_about(const struct ui *ui)
{
	return ui_totals(ui)->sample_bytes != 0 ? "~" : "";
}

struct row_context
ui_row_context(const struct ui *ui)
{
	const struct stats_table *table = session_rows(ui->session);
	struct row_context context = {
		.names = session_names(ui->session),
		.grouping = session_grouping(ui->session),
		.total = ui_totals(ui)->traced_bytes,
		.trends = &ui->trends,
		.units = ui->units,
	};

	if (table != NULL) {
		context.stacks = table->stacks;
		context.grouping = table->grouping;
		/* rows and totals may come from moments a little apart */
		if (context.total < table->size)
			context.total = table->size;
	}
	return context;
}

void
ui_clock(const struct ui *ui, char to[FMT_ROOM], uint64_t ns)
{
	fmt_clock(to, ui->is_test ? 0 : ns / 1000000000);
}

void
ui_mark_label(char to[MARK_LABEL_ROOM], const struct session *session,
    size_t i)
{
	const struct mark *mark = session_get_mark(session, i);
	char own[32];

	snprintf(own, sizeof own, "mark %u", mark->number);
	if (i == MARK_PEAK)
		snprintf(to, MARK_LABEL_ROOM, "the peak");
	else if (strcmp(mark->name, own) == 0)
		snprintf(to, MARK_LABEL_ROOM, "#%u", mark->number);
	else
		snprintf(to, MARK_LABEL_ROOM, "#%u \"%s\"", mark->number,
		    mark->name);
}

enum stage
ui_open_detail(struct ui *ui, uint64_t identity, bool is_of_tree)
{
	ui->detail.row_identity = identity;
	ui->detail.is_of_tree = is_of_tree;
	ui->detail.identity = 0;
	ui->detail.at = 0;
	ui->detail.top = 0;
	ui->detail.is_new = true;
	ui_open(ui, VIEW_DETAIL);
	return STAGE_DRAW;
}

enum stage
ui_set_baseline(struct ui *ui, int mark)
{
	row_list_reset(&ui->table.rows);
	ui->table.hold_until_ms = 0;
	return session_set_baseline(ui->session, mark);
}

enum stage
ui_set_shown(struct ui *ui, int mark)
{
	row_list_reset(&ui->table.rows);
	row_list_reset(&ui->tree.rows);
	ui->table.hold_until_ms = 0;
	return session_set_shown(ui->session, mark);
}

void
ui_fit(uint32_t *top, uint32_t cursor, uint32_t n, uint32_t visible)
{
	if (*top + visible > n)
		*top = n > visible ? n - visible : 0;
	if (cursor < *top)
		*top = cursor;
	if (visible > 0 && cursor >= *top + visible)
		*top = cursor - visible + 1;
}

/* Places that a movement goes; 0: it is none of these. */
static int64_t
step_of(enum action_id id, uint32_t n, uint32_t visible)
{
	int64_t page = visible > 1 ? visible - 1 : 1;

	switch (id) {
	case ACTION_UP:
		return -1;
	case ACTION_DOWN:
		return 1;
	case ACTION_PAGE_UP:
		return -page;
	case ACTION_PAGE_DOWN:
		return page;
	case ACTION_HALF_UP:
		return -((page + 1) / 2);
	case ACTION_HALF_DOWN:
		return (page + 1) / 2;
	case ACTION_FIRST:
		return -(int64_t)n - 1;
	case ACTION_LAST:
		return (int64_t)n + 1;
	default:
		return 0;
	}
}

bool
ui_move(enum action_id id, uint32_t *cursor, uint32_t n, uint32_t visible)
{
	int64_t step = step_of(id, n, visible);
	int64_t place = (int64_t)*cursor + step;

	if (step == 0)
		return false;
	if (place >= (int64_t)n)
		place = (int64_t)n - 1;
	*cursor = place > 0 ? (uint32_t)place : 0;
	return true;
}

void
ui_state_word(const struct ui *ui, char *to, size_t room, enum style *style)
{
	const struct run_info *run = session_run(ui->session);
	const char *signal;

	*style = STYLE_BAD;
	switch (run->state) {
	case RUN_EXITED:
		snprintf(to, room, "EXITED %d", run->status);
		if (run->status == 0)
			*style = STYLE_NORMAL;
		return;
	case RUN_KILLED:
		signal = sigabbrev_np(run->status);
		if (signal != NULL)
			snprintf(to, room, "KILLED SIG%s", signal);
		else
			snprintf(to, room, "KILLED %d", run->status);
		return;
	case RUN_GONE:
		snprintf(to, room, "HELPER LOST");
		return;
	default:
		break;
	}
	*style = STYLE_WARNING;
	if (run->state == RUN_FILE) {
		snprintf(to, room, "FILE");
	} else if (session_is_paused(ui->session)) {
		snprintf(to, room, "PAUSED");
	} else if (run->state == RUN_STOPPED) {
		snprintf(to, room, "STOPPED");
	} else if (run->state == RUN_STARTING) {
		snprintf(to, room, "STARTING");
	} else {
		snprintf(to, room, "RUNNING");
		*style = STYLE_GOOD;
	}
}

void
ui_say_news(struct ui *ui)
{
	const struct run_info *run = session_run(ui->session);
	const char *trouble = session_trouble(ui->session);
	const char *news = trouble[0] != '\0' ? trouble : run->notice;
	uint64_t lost = ui_totals(ui)->lost;
	char count[FMT_ROOM];

	if (news[0] != '\0' && strcmp(news, ui->last_notice) != 0) {
		snprintf(ui->last_notice, sizeof ui->last_notice, "%s", news);
		ui_complain(ui, "%s", news);
	}
	if (lost > 0 && !ui->said_lost) {
		ui->said_lost = true;
		fmt_count(count, lost, ',');
		ui_complain(ui, "lost %s records: %s", count,
		    totals_lost_advice(ui_totals(ui)));
	}
	if (run->wants_input && !ui->wanted_input)
		ui_say(ui, "The program waits for input: press O.");
	ui->wanted_input = run->wants_input;
}
