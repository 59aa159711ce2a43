/*
 * app.c - the event loop of the live screen (L7).
 *
 * Shape      wait for the terminal, the session's descriptors, a signal, or
 *            the next refresh; take in what has come; run the pipeline from
 *            the earliest stage that somebody asked for; draw.
 * Why        Nothing here blocks but the wait: a key is answered at once
 *            however slow the terminal or the symbols are.  A refresh that
 *            takes longer than SLICE_MS goes on in slices of that length,
 *            between which keys are answered from the rows of before.
 */
#include "ui/app.h"

#include "ui/act.h"
#include "ui/history.h"
#include "ui/outside.h"
#include "ui/signals.h"
#include "ui/sourcefile.h"
#include "ui/summary.h"
#include "ui/term.h"
#include "ui/ui.h"


#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_FDS = 12, DELAY_MS = 1000, TEST_DELAY_MS = 100,
	/* at the start there is something new all the time */
	EAGER_MS = 2000, EAGER_DELAY_MS = 150,
	SYMBOLS_MS = 100,		/* between refreshes for symbols */
	SLICE_MS = 20,			/* of a refresh, between events */
	PROGRESS_MS = 200,		/* between looks at a long one */
	KILL_OFFER_MS = 5000,		/* after SIGTERM */
	EVENTS_AT_ONCE = 256,
	EXIT_OWN_FAILURE = 125, EXIT_SIGNAL = 128
};

struct app {
	struct ui	ui;
	enum stage	stage;		/* must run again from here */
	bool		has_news;	/* to draw */
	uint64_t	started_ms, next_tick_ms, drawn_ms;
	uint64_t	symbols_due_ms;	/* 0: none have come */
	int		signal_fd;	/* -1: signals are not ours */
	enum run_state	last_state;
	bool		was_over;
	struct errbuf	save_why;	/* what could not be saved; "": none */
};

static void
need(struct app *app, enum stage stage)
{
	if (stage < app->stage)
		app->stage = stage;
	if (stage <= STAGE_DRAW)
		app->has_news = true;
}

/* The program has set one itself. */
static void
say_mark(struct ui *ui)
{
	char label[MARK_LABEL_ROOM];

	ui_mark_label(label, ui->session, session_n_marks(ui->session) - 1);
	ui_say(ui, "The program has marked %s. B lists marks.", label);
}

/* Run a slice of what is due, most often all of it, so that the next event
 * meets rows that are up to date.  What is asked for while a refresh is under
 * way waits in `stage` for the next. */
static void
refresh(struct app *app)
{
	struct session *session = app->ui.session;
	enum stage from = app->stage;
	unsigned elapsed_ms;

	if (!session_is_refreshing(session)) {
		if (from >= STAGE_DRAW)
			return;
		app->stage = STAGE_IDLE;
		if (from == STAGE_SNAPSHOT &&
		    !session_is_paused(session) && session_find_mark(session))
			say_mark(&app->ui);
	}
	if (session_refresh_slice(session, from, SLICE_MS))
		need(app, STAGE_DRAW);
	else if (session_refresh_doing(session, &elapsed_ms) != NULL &&
	    app->ui.now_ms >= app->drawn_ms + PROGRESS_MS)
		app->has_news = true;
}

static void
refresh_to_end(struct app *app)
{
	while (session_is_refreshing(app->ui.session) ||
	    app->stage < STAGE_DRAW)
		refresh(app);
}

/* ---- leaving ---- */

static void
leave(struct app *app, int exit_code)
{
	app->ui.is_done = true;
	app->ui.exit_code = exit_code;
}

/* The terminal is gone: the program shares our fate, unless it was to be
 * kept. */
static void
hang_up(struct app *app)
{
	if (app->ui.options->on_hangup == HANGUP_KEEP) {
		session_leave_running(app->ui.session);
		leave(app, 0);
	} else {
		session_signal(app->ui.session, SIGHUP);
		leave(app, EXIT_SIGNAL + SIGHUP);
	}
}

/* When the run is over, or nobody is to watch it any more. */
static void
save_end(struct app *app)
{
	struct ui *ui = &app->ui;

	if (session_save_end(ui->session, &app->save_why) < 0)
		ui_complain(ui, "%s", app->save_why.text);
}

static void
check_end(struct app *app)
{
	struct ui *ui = &app->ui;
	const struct run_info *run = session_run(ui->session);

	if (run->is_over && !session_is_refreshing(ui->session) &&
	    app->stage >= STAGE_DRAW)
		save_end(app);
	if (run->is_over && (ui->quits_at_end || ui->options->exit_at_end)) {
		/* the last words are about the last reading */
		refresh_to_end(app);
		leave(app, run->exit_code);
	}
	if (run->is_over || !ui->quits_at_end || ui->quit_asked_ms == 0 ||
	    ui->now_ms - ui->quit_asked_ms < KILL_OFFER_MS)
		return;
	ui->quit_asked_ms = 0;
	ui_complain(ui, "Still running 5 s later: k sends SIGKILL.");
	need(app, menu_open(ui, MENU_QUIT));
}

/* ---- the terminal, given away and taken again ---- */

static void
take_screen(struct app *app, bool is_taken)
{
	const struct terminal *term = app->ui.term;

	/* given back, the terminal may be gone already */
	session_screen_taken(app->ui.session, is_taken,
	    is_taken ? term->reset : NULL, is_taken ? term->reset_size : 0);
}

static void
suspend(struct app *app)
{
	struct terminal *term = app->ui.term;

	app->ui.wants_suspend = false;
	if (term->ops->suspend(term) < 0)
		return;
	take_screen(app, false);
	signals_stop_self();
	term->ops->resume(term);
	take_screen(app, true);
	need(app, STAGE_SNAPSHOT);
}

static void
hand_over(struct app *app)
{
	struct ui *ui = &app->ui;
	struct terminal *term = ui->term;
	int fd;

	ui->wants_terminal = false;
	fd = term->ops->hand_over(term);
	if (fd < 0) {
		ui_complain(ui, "There is no terminal to hand over.");
		return;
	}
	dprintf(fd, "\r\n-- the terminal of %s; Ctrl-] goes back to tmtop --"
	    "\r\n", session_run(ui->session)->name);
	session_terminal(ui->session, fd);
	term->ops->resume(term);
	need(app, STAGE_SNAPSHOT);
}

static void
edit_source(struct app *app)
{
	struct ui *ui = &app->ui;
	struct terminal *term = ui->term;
	int status;

	ui->wants_editor = false;
	if (term->ops->suspend(term) < 0) {
		ui_complain(ui, "There is no terminal for an editor.");
		return;
	}
	take_screen(app, false);
	status = outside_run_editor(ui);
	term->ops->resume(term);
	take_screen(app, true);
	if (status != 0)
		ui_complain(ui, "The editor has failed; $VISUAL or $EDITOR "
		    "names it.");
	need(app, STAGE_SNAPSHOT);
}

static void
take_size(struct app *app)
{
	struct ui *ui = &app->ui;
	int rows, cols;

	ui->term->ops->size(ui->term, &rows, &cols);
	if (rows == ui->cells.rows && cols == ui->cells.cols)
		return;
	cells_resize(&ui->cells, rows, cols);
	session_resize(ui->session, rows, cols);
	need(app, STAGE_DRAW);
}

/* ---- what comes in ---- */

static void
take_signals(struct app *app)
{
	struct ui *ui = &app->ui;
	int signal;

	while (app->signal_fd >= 0 && (signal = signals_next()) != 0) {
		switch (signal) {
		case SIGWINCH:
			take_size(app);
			break;
		case SIGTERM:
			session_signal(ui->session, SIGTERM);
			ui->quits_at_end = ui->has_signalled = true;
			ui->quit_asked_ms = ui->now_ms;
			need(app, STAGE_DRAW);
			break;
		case SIGHUP:
			hang_up(app);
			break;
		case SIGTSTP:
			ui->wants_suspend = true;
			break;
		case SIGINT:
		case SIGQUIT:
			need(app, action_run(ui, ACTION_INTERRUPT));
			break;
		case SIGUSR1:
			need(app, saver_save_now(ui));
			break;
		case SIGUSR2:
			need(app, action_run(ui, ACTION_MARK));
			break;
		default:
			break;
		}
	}
}

static void
take_session(struct app *app)
{
	struct ui *ui = &app->ui;
	const struct run_info *run = session_run(ui->session);
	uint32_t n_pending = session_symbols_pending(ui->session);

	if (!session_pump(ui->session))
		return;
	need(app, STAGE_DRAW);
	if (session_symbols_pending(ui->session) != n_pending &&
	    app->symbols_due_ms == 0)
		app->symbols_due_ms = ui->now_ms + SYMBOLS_MS;
	if (run->state != app->last_state || run->is_over != app->was_over) {
		app->last_state = run->state;
		app->was_over = run->is_over;
		need(app, STAGE_SNAPSHOT);
	}
}

static void
take_event(struct app *app, const struct term_event *event)
{
	struct ui *ui = &app->ui;

	switch (event->kind) {
	case EVENT_KEY:
		if (event->key != K_NONE)
			need(app, ui_key(ui, event->key));
		break;
	case EVENT_MOUSE:
		need(app, ui_press(ui, event->button, event->row,
		    event->col));
		break;
	case EVENT_RESIZE:
		take_size(app);
		break;
	default:
		hang_up(app);
		break;
	}
}

static void
take_events(struct app *app)
{
	struct ui *ui = &app->ui;
	struct term_event event;

	for (int i = 0; i < EVENTS_AT_ONCE && !ui->is_done; i++) {
		event = ui->term->ops->read_event(ui->term);
		if (event.kind == EVENT_NONE)
			break;
		take_event(app, &event);
		refresh(app);
		screen_update(ui);
		if (ui->wants_suspend)
			suspend(app);
		if (ui->wants_terminal)
			hand_over(app);
		if (ui->wants_editor)
			edit_source(app);
	}
	if (ui->wants_suspend)
		suspend(app);
}

/* ---- time ---- */

static unsigned
delay_now(const struct app *app)
{
	bool is_early = app->ui.now_ms - app->started_ms < EAGER_MS;

	return is_early && app->ui.delay_ms > EAGER_DELAY_MS ?
	    EAGER_DELAY_MS : app->ui.delay_ms;
}

static void
take_time(struct app *app)
{
	struct ui *ui = &app->ui;

	if (ui->now_ms >= app->next_tick_ms) {
		app->next_tick_ms = ui->now_ms + delay_now(app);
		need(app, session_run(ui->session)->is_over ||
		    session_is_paused(ui->session) ? STAGE_DRAW :
		    STAGE_SNAPSHOT);
	}
	if (app->symbols_due_ms != 0 && ui->now_ms >= app->symbols_due_ms) {
		app->symbols_due_ms = 0;
		need(app, STAGE_ATTRIBUTE);
	}
	if (session_record_due(ui->session) &&
	    !session_is_paused(ui->session))
		need(app, STAGE_ATTRIBUTE);
	if (finder_timeout(ui) == 0)
		need(app, finder_tick(ui));
	/* the order that was held is let go */
	if (ui->table.is_held && ui->prompt.kind == 0 &&
	    ui->now_ms >= ui->table.hold_until_ms)
		need(app, STAGE_DRAW);
}

static int
until(const struct app *app, uint64_t when_ms)
{
	return when_ms > app->ui.now_ms ? (int)(when_ms - app->ui.now_ms) : 0;
}

static int
timeout(const struct app *app)
{
	const struct ui *ui = &app->ui;
	int ms = until(app, app->next_tick_ms);
	int other = finder_timeout(ui);

	if (session_is_refreshing(ui->session) || app->stage < STAGE_DRAW)
		return 0;
	if (other >= 0 && other < ms)
		ms = other;
	other = session_record_timeout(ui->session);
	if (other >= 0 && other < ms)
		ms = other;
	if (app->symbols_due_ms != 0 &&
	    until(app, app->symbols_due_ms) < ms)
		ms = until(app, app->symbols_due_ms);
	if (ui->table.is_held && ui->prompt.kind == 0 &&
	    until(app, ui->table.hold_until_ms) < ms)
		ms = until(app, ui->table.hold_until_ms);
	return ms;
}

static void
wait_for_news(struct app *app)
{
	struct ui *ui = &app->ui;
	struct pollfd fds[MAX_FDS];
	int n = session_fds(ui->session, fds, MAX_FDS - 1);

	if (app->signal_fd >= 0)
		fds[n++] = (struct pollfd){ .fd = app->signal_fd,
			.events = POLLIN };
	ui->term->ops->wait(ui->term, fds, n, timeout(app));
	ui->now_ms = ui->term->ops->now_ms(ui->term);
}

static void
draw(struct app *app)
{
	struct ui *ui = &app->ui;

	if (ui->wants_mouse)
		ui->term->ops->set_mouse(ui->term, ui->has_mouse);
	if (ui->wants_redraw)
		ui->term->ops->redraw(ui->term);
	ui->wants_mouse = ui->wants_redraw = false;
	app->drawn_ms = ui->now_ms;
	screen_draw(ui);
	ui->term->ops->show(ui->term, &ui->cells, ui->cursor_row,
	    ui->cursor_col);
	app->has_news = false;
	if (app->stage == STAGE_DRAW)
		app->stage = STAGE_IDLE;
}

static void
loop(struct app *app)
{
	struct ui *ui = &app->ui;

	app->started_ms = ui->now_ms;
	app->stage = STAGE_SNAPSHOT;
	app->last_state = session_run(ui->session)->state;
	app->next_tick_ms = ui->now_ms + delay_now(app);
	while (!ui->is_done) {
		refresh(app);
		ui_say_news(ui);
		if (app->has_news)
			draw(app);
		wait_for_news(app);
		take_signals(app);
		take_session(app);
		take_time(app);
		take_events(app);
		check_end(app);
	}
	save_end(app);
}

/* ---- life ---- */

static void
init_ui(struct ui *ui, struct session *session,
    const struct options *options, struct terminal *term)
{
	const char *test = getenv("TMTOP_TEST");
	char *path;

	*ui = (struct ui){
		.session = session, .options = options, .term = term,
		.shows_header = true, .has_mouse = !options->no_mouse,
		.exit_code = -1,
	};
	ui->is_test = test != NULL && strcmp(test, "1") == 0;
	ui->glyphs = term->has_utf8 && !options->ascii ? &glyphs_utf8 :
	    &glyphs_ascii;
	ui->table.skip = -1;
	ui->table.grouping = session_grouping(session);
	ui->output.is_following = true;
	ui->delay_ms = options->has_delay ? options->delay_ms :
	    ui->is_test ? TEST_DELAY_MS : DELAY_MS;
	cells_init(&ui->cells, ui->glyphs, term->has_utf8);
	path = history_path();
	ui->history = history_open(path);
	free(path);
	ui->sources = sources_new(
	    (const char *const *)options->source_maps, options->n_source_maps);
	ui->now_ms = term->ops->now_ms(term);
}

static void
fini_ui(struct ui *ui)
{
	row_list_fini(&ui->table.rows);
	row_list_fini(&ui->tree.rows);
	filters_fini(ui);
	blocks_fini(ui);
	stats_free(ui->detail.tracebacks);
	free(ui->source.sums);
	cells_fini(&ui->cells);
	history_free(ui->history);
	sources_free(ui->sources);
}

static int
run(struct app *app, struct session *session,
    const struct options *options, struct terminal *term)
{
	init_ui(&app->ui, session, options, term);
	take_size(app);
	loop(app);
	fini_ui(&app->ui);
	return app->ui.exit_code >= 0 ? app->ui.exit_code :
	    session_run(session)->exit_code;
}

int
app_run_on(struct session *session, const struct options *options,
    struct terminal *term)
{
	struct app app = { .signal_fd = -1, .stage = STAGE_IDLE };

	return run(&app, session, options, term);
}

int
app_check_terminal(struct errbuf *why)
{
	return term_curses_check(why);
}

static enum term_colors
colors_of(const struct options *options)
{
	const char *test = getenv("TMTOP_TEST");

	if (options->color == COLOR_ALWAYS)
		return TERM_COLORS_ALWAYS;
	if (options->color == COLOR_NEVER ||
	    (test != NULL && strcmp(test, "1") == 0))
		return TERM_COLORS_NEVER;
	return TERM_COLORS_AUTO;
}

int
app_run(struct session *session, const struct options *options)
{
	struct app app = { .stage = STAGE_IDLE };
	struct errbuf why = { 0 };
	struct terminal *term;
	int exit_code;

	app.signal_fd = signals_open();
	term = term_curses_new(colors_of(options), !options->no_mouse, &why);
	if (term == NULL) {
		signals_close();
		fprintf(stderr, "tmtop: %s\n", why.text);
		return EXIT_OWN_FAILURE;
	}
	app.ui.term = term;
	app.ui.session = session;
	take_screen(&app, true);
	exit_code = run(&app, session, options, term);
	term->ops->close(term);
	take_screen(&app, false);
	if (!options->quiet && exit_code != EXIT_SIGNAL + SIGHUP)
		summary_say(&app.ui);
	if (app.save_why.text[0] != '\0') {
		fprintf(stderr, "tmtop: %s\n", app.save_why.text);
		exit_code = exit_code != 0 ? exit_code : EXIT_OWN_FAILURE;
	}
	signals_close();
	return exit_code;
}
