/*
 * act.c - from keys and presses to actions, and the actions that are the same
 * in every view (L7).
 */
#include "ui/act.h"

#include "session_blocks.h"
#include "session_filters.h"
#include "session_tree.h"
#include "ui/asks.h"
#include "ui/ui.h"

#include "util/names.h"

#include <signal.h>
#include <stdio.h>

/* The groupings, then these. */
enum { TAB_TREE = N_FRAME_GROUPINGS, TAB_OUTPUT, N_TABS };

enum { WHEEL_ROWS = 3 };

/* ---- handlers ---- */

static enum stage
act_help(struct ui *ui)
{
	ui->help_page = 1;
	return STAGE_DRAW;
}

static enum stage
act_help_next(struct ui *ui)
{
	ui->help_page = ui->help_page % help_n_pages(ui) + 1;
	return STAGE_DRAW;
}

static enum stage
act_help_close(struct ui *ui)
{
	ui->help_page = 0;
	return STAGE_DRAW;
}

static enum stage
act_search(struct ui *ui)
{
	return finder_open(ui, C_SEARCH);
}

static enum stage
act_search_next(struct ui *ui)
{
	return finder_again(ui, 1);
}

static enum stage
act_search_previous(struct ui *ui)
{
	return finder_again(ui, -1);
}

static enum stage
act_filter(struct ui *ui)
{
	return finder_open(ui, C_FILTER);
}

static enum stage
act_interval(struct ui *ui)
{
	return ask_open(ui, ASK_INTERVAL);
}

static enum stage
act_save(struct ui *ui)
{
	ui->save_asked[0] = '\0';
	return ask_open(ui, ASK_SAVE);
}

/* Is there nobody who could do it any more?  Then it is said. */
static bool
is_too_late(struct ui *ui)
{
	const struct run_info *run = session_run(ui->session);

	if (!run->is_over)
		return false;
	ui_say(ui, run->state == RUN_FILE ? "This is a snapshot file: there "
	    "is no program." : "The program has ended.");
	return true;
}

static enum stage
act_mark(struct ui *ui)
{
	char clock[FMT_ROOM];
	enum stage stage;
	unsigned number;

	if (session_run(ui->session)->state == RUN_FILE) {
		ui_say(ui, "This is a snapshot file: nothing changes after "
		    "now. B lists its marks.");
		return STAGE_DRAW;
	}
	number = session_mark(ui->session, &stage);
	ui_clock(ui, clock, session_run(ui->session)->uptime_ns);
	row_list_reset(&ui->table.rows);
	ui_say(ui, "Marked baseline #%u at %s. Esc or F8 leaves growth view, "
	    "B lists marks.", number, clock);
	return stage;
}

static enum stage
act_growth(struct ui *ui)
{
	if (session_baseline(ui->session) >= 0)
		return ui_set_baseline(ui, -1);
	/* Since the start, growth is what there is; the list has it. */
	if (session_n_marks(ui->session) == N_FIXED_MARKS &&
	    session_last_baseline(ui->session) == MARK_START) {
		ui_say(ui, "No baseline set: press b");
		return STAGE_DRAW;
	}
	return ui_set_baseline(ui, session_last_baseline(ui->session));
}

static enum stage
act_marks(struct ui *ui)
{
	int baseline = session_baseline(ui->session);
	size_t n = session_n_marks(ui->session);

	ui->marks.cursor = baseline >= 0 ? (uint32_t)baseline :
	    (uint32_t)(n > N_FIXED_MARKS ? n - 1 : MARK_START);
	ui_open(ui, VIEW_MARKS);
	return STAGE_DRAW;
}

static enum stage
act_address(struct ui *ui)
{
	enum stage stage = session_want_blocks(ui->session, true);

	ask_open(ui, ASK_ADDRESS);
	return stage;
}

static enum stage
act_limit(struct ui *ui)
{
	return ask_open(ui, ASK_LIMIT);
}

/* One row for each thread, or back to what it was before. */
static enum stage
act_threads(struct ui *ui)
{
	const struct snapshot *snapshot = session_snapshot(ui->session);
	enum stage stage;

	if (snapshot == NULL || snapshot->n_threads == 0) {
		ui_say(ui, "Threads are told apart when tmtop is started with "
		    "--by-thread.");
		return STAGE_DRAW;
	}
	stage = session_set_grouping(ui->session,
	    session_grouping(ui->session) == BY_THREAD ? BY_LINENO :
	    BY_THREAD);
	session_want_tree(ui->session, false);
	ui_show_tab(ui, VIEW_TABLE);
	return stage;
}

static enum stage
act_filters(struct ui *ui)
{
	ui_open(ui, VIEW_FILTERS);
	return session_want_hits(ui->session, true);
}

static enum stage
act_processes(struct ui *ui)
{
	ui_open(ui, VIEW_PROCESSES);
	return STAGE_DRAW;
}

static enum stage
act_signal(struct ui *ui)
{
	return is_too_late(ui) ? STAGE_DRAW : menu_open(ui, MENU_SIGNAL);
}

static enum stage
act_recording(struct ui *ui)
{
	return is_too_late(ui) ? STAGE_DRAW : menu_open(ui, MENU_RECORDING);
}

static enum stage
act_terminal(struct ui *ui)
{
	if (session_run(ui->session)->state == RUN_FILE) {
		is_too_late(ui);
		return STAGE_DRAW;
	}
	if (!session_has_pty(ui->session))
		ui_complain(ui, "The program does not use a terminal of "
		    "tmtop's: its streams were redirected.");
	else
		ui->wants_terminal = true;
	return STAGE_DRAW;
}

static enum stage
show_tab(struct ui *ui, size_t tab)
{
	enum stage stage = session_want_tree(ui->session, tab == TAB_TREE);

	if (tab == TAB_TREE) {
		ui_show_tab(ui, VIEW_TREE);
		return stage;
	}
	if (tab == TAB_OUTPUT) {
		if (ui->front != VIEW_OUTPUT)
			ui->output.is_following = true;
		ui_show_tab(ui, VIEW_OUTPUT);
		return stage;
	}
	if ((size_t)session_grouping(ui->session) != tab)
		stage = session_set_grouping(ui->session,
		    (enum grouping)tab);
	ui_show_tab(ui, VIEW_TABLE);
	return stage;
}

static size_t
current_tab(const struct ui *ui)
{
	return ui->front == VIEW_OUTPUT ? (size_t)TAB_OUTPUT :
	    ui->front == VIEW_TREE ? (size_t)TAB_TREE :
	    session_grouping(ui->session) == BY_THREAD ? (size_t)N_TABS :
	    (size_t)session_grouping(ui->session);
}

static enum stage
act_view_file(struct ui *ui)
{
	return show_tab(ui, BY_FILENAME);
}

static enum stage
act_view_line(struct ui *ui)
{
	return show_tab(ui, BY_LINENO);
}

static enum stage
act_view_traceback(struct ui *ui)
{
	return show_tab(ui, BY_TRACEBACK);
}

static enum stage
act_view_tree(struct ui *ui)
{
	return show_tab(ui, TAB_TREE);
}

static enum stage
act_view_output(struct ui *ui)
{
	return show_tab(ui, TAB_OUTPUT);
}

static enum stage
act_view_next(struct ui *ui)
{
	return show_tab(ui, (current_tab(ui) + 1) % N_TABS);
}

static enum stage
act_view_previous(struct ui *ui)
{
	return show_tab(ui, (current_tab(ui) + N_TABS - 1) % N_TABS);
}

/* One step back: a view, then growth, then the filter, then symbols that are
 * being fetched. */
static enum stage
act_back(struct ui *ui)
{
	enum stage stage = STAGE_DRAW;

	if (ui_back(ui))
		return STAGE_DRAW;
	if (session_shown(ui->session) >= 0)
		return ui_set_shown(ui, -1);
	if (session_baseline(ui->session) >= 0)
		return ui_set_baseline(ui, -1);
	if (session_quick(ui->session)[0] != '\0')
		session_set_quick(ui->session, "", NULL, NULL, &stage);
	else
		session_stop_fetching(ui->session);
	ui->search[0] = '\0';
	return stage;
}

static enum stage
act_header(struct ui *ui)
{
	ui->shows_header = !ui->shows_header;
	return STAGE_DRAW;
}

static enum stage
act_pause(struct ui *ui)
{
	return session_set_paused(ui->session,
	    !session_is_paused(ui->session));
}

static enum stage
act_redraw(struct ui *ui)
{
	ui->wants_redraw = true;
	return STAGE_DRAW;
}

static enum stage
act_mouse(struct ui *ui)
{
	ui->has_mouse = !ui->has_mouse;
	ui->wants_mouse = true;
	ui_say(ui, ui->has_mouse ? "The mouse is on; with Shift most "
	    "terminals select text." : "The mouse is off.");
	return STAGE_DRAW;
}

static enum stage
act_suspend(struct ui *ui)
{
	ui->wants_suspend = true;
	return STAGE_DRAW;
}

static enum stage
act_quit(struct ui *ui)
{
	if (session_run(ui->session)->is_over) {
		ui->is_done = true;
		return STAGE_IDLE;
	}
	return menu_open(ui, MENU_QUIT);
}

static enum stage (*const handlers[N_ACTIONS])(struct ui *) = {
	[ACTION_HELP] = act_help,
	[ACTION_HELP_NEXT] = act_help_next,
	[ACTION_HELP_CLOSE] = act_help_close,
	[ACTION_SEARCH] = act_search,
	[ACTION_SEARCH_NEXT] = act_search_next,
	[ACTION_SEARCH_PREVIOUS] = act_search_previous,
	[ACTION_FILTER] = act_filter,
	[ACTION_FILTERS] = act_filters,
	[ACTION_ADDRESS] = act_address,
	[ACTION_LIMIT] = act_limit,
	[ACTION_THREADS] = act_threads,
	[ACTION_INTERVAL] = act_interval,
	[ACTION_SAVE] = act_save,
	[ACTION_MARK] = act_mark,
	[ACTION_GROWTH] = act_growth,
	[ACTION_MARKS] = act_marks,
	[ACTION_PROCESSES] = act_processes,
	[ACTION_RECORDING] = act_recording,
	[ACTION_SIGNAL] = act_signal,
	[ACTION_TERMINAL] = act_terminal,
	[ACTION_VIEW_FILE] = act_view_file,
	[ACTION_VIEW_LINE] = act_view_line,
	[ACTION_VIEW_TRACEBACK] = act_view_traceback,
	[ACTION_VIEW_TREE] = act_view_tree,
	[ACTION_VIEW_OUTPUT] = act_view_output,
	[ACTION_VIEW_NEXT] = act_view_next,
	[ACTION_VIEW_PREVIOUS] = act_view_previous,
	[ACTION_BACK] = act_back,
	[ACTION_HEADER] = act_header,
	[ACTION_PAUSE] = act_pause,
	[ACTION_REDRAW] = act_redraw,
	[ACTION_MOUSE] = act_mouse,
	[ACTION_SUSPEND] = act_suspend,
	[ACTION_INTERRUPT] = act_quit,
	[ACTION_QUIT_SIGNAL] = act_quit,
	[ACTION_QUIT] = act_quit,
};

enum stage
action_run(struct ui *ui, enum action_id id)
{
	if (ui->help_page == 0 && ui->menu.kind != MENU_NONE)
		return menu_act(ui, id);
	if (actions[id].group == GROUP_PROMPT)
		return finder_act(ui, id);
	if (handlers[id] != NULL)
		return handlers[id](ui);
	return ui_view(ui)->act(ui, id);
}

/* ---- keys and mouse ---- */

enum stage
ui_key(struct ui *ui, uint32_t key)
{
	enum context context = ui_context(ui);
	enum action_id id = action_find(context, key);
	char name[KEY_NAME_ROOM];

	ui->message[0] = '\0';
	if (id != ACTION_NONE) {
		enum stage stage = action_run(ui, id);

		return stage < STAGE_DRAW ? stage : STAGE_DRAW;
	}
	if (context == C_HELP) {
		/* any other key closes the help and acts */
		ui->help_page = 0;
		return ui_key(ui, key);
	}
	if ((context & C_PROMPTS) != 0)
		return finder_type(ui, key);
	key_text(name, key);
	ui_complain(ui, "No key '%s'. Press ? for help.", name);
	return STAGE_DRAW;
}

static enum stage
turn_wheel(struct ui *ui, enum action_id id)
{
	enum stage stage = STAGE_IDLE;

	for (int i = 0; i < WHEEL_ROWS; i++)
		stage = ui_view(ui)->act(ui, id);
	return stage;
}

static enum stage
press_tab(struct ui *ui, int col)
{
	int i = line_piece_at(&ui->tabs, &ui->cells, col);

	return i >= 0 && i < N_TABS ? show_tab(ui, (size_t)i) : STAGE_IDLE;
}

enum stage
ui_press(struct ui *ui, enum term_button button, int row, int col)
{
	const struct view_ops *view = ui_view(ui);
	int i;

	ui->message[0] = '\0';
	if (ui->help_page > 0)
		return act_help_close(ui);
	if (row == ui->cells.rows - 1 && button == BUTTON_LEFT) {
		i = line_piece_at(&ui->bar, &ui->cells, col);
		return i >= 0 ? action_run(ui, ui->bar_actions[i]) :
		    STAGE_DRAW;
	}
	if (ui->menu.kind != MENU_NONE)
		return button == BUTTON_LEFT ? menu_click(ui, row) :
		    STAGE_IDLE;
	if (button == BUTTON_WHEEL_UP)
		return turn_wheel(ui, ACTION_UP);
	if (button == BUTTON_WHEEL_DOWN)
		return turn_wheel(ui, ACTION_DOWN);
	if (row == ui->tabs_row)
		return press_tab(ui, col);
	if (view->click != NULL && row >= ui->area.row &&
	    row < ui->area.row + ui->area.rows && ui->prompt.kind == 0)
		return view->click(ui, row - ui->area.row, col);
	return STAGE_DRAW;
}
