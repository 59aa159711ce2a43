/*
 * ui.h - the state of the screen, shared by its views (L7).
 *
 * Owned by app.c; views and actions change it, drawing only reads it (but for
 * where things were put, which the mouse needs).
 */
#ifndef TMTOP_UI_UI_H
#define TMTOP_UI_UI_H

#include "ui/actions.h"
#include "ui/keys.h"
#include "ui/line.h"
#include "ui/menu.h"
#include "ui/prompt.h"
#include "ui/trends.h"
#include "ui/view.h"

struct history;
struct sources;
struct terminal;

struct ui {
	struct session	*session;
	const struct options *options;
	struct terminal	*term;
	const struct glyphs *glyphs;
	struct cells	cells;
	struct history	*history;
	struct sources	*sources;
	uint64_t	now_ms;
	bool		is_test;	/* TMTOP_TEST=1: no changing clocks */

	enum view_id	front;
	enum view_id	path[N_VIEWS];	/* views that Esc goes back to */
	unsigned	depth;
	bool		shows_header, has_mouse;
	unsigned	delay_ms;

	struct table_state	table;
	struct tree_state	tree;
	struct detail_state	detail;
	struct source_state	source;
	struct output_state	output;
	struct list_state	marks, processes;
	struct filters_state	filters;
	struct blocks_state	blocks;
	struct trends		trends;
	enum units		units;

	/* over the view, the topmost first */
	unsigned	help_page;	/* 0: closed */
	struct menu	menu;
	struct prompt	prompt;

	unsigned	ask;		/* enum ask_id, while its prompt is open */

	/* the filter prompt, see finder.c */
	char		filter_before[PROMPT_ROOM];
	struct errbuf	filter_why, filter_note;
	bool		filter_is_dirty;	/* typed, not yet applied */
	uint64_t	filter_applied_ms;
	char		search[PROMPT_ROOM];
	bool		search_has_missed;
	struct {			/* as it was when the search began */
		char		text[PROMPT_ROOM];
		uint32_t	table_cursor;
		bool		table_has_moved, tree_has_moved;
		uint32_t	tree_cursor;
		size_t		output_top;
		bool		output_follows;
	}		search_from;

	char		save_asked[PROMPT_ROOM]; /* Enter again replaces it */

	char		message[320];
	enum style	message_style;
	char		last_notice[320];
	bool		said_lost, wanted_input;

	struct rect	area;		/* of the view, as last drawn */
	struct line	tabs, bar;	/* as last drawn */
	enum action_id	bar_actions[LINE_PIECES];
	int		tabs_row;
	int		cursor_row, cursor_col;	/* of the terminal; -1 none */

	char		edit_file[4096];
	unsigned	edit_line;
	bool		wants_redraw, wants_suspend, wants_editor;
	bool		wants_terminal, wants_mouse;
	bool		has_signalled;	/* the user ended the program */
	bool		quits_at_end;	/* when the program has ended */
	uint64_t	quit_asked_ms;
	bool		is_done;
	int		exit_code;
};

/* ---- ui.c: what views and actions share ---- */

/* The view in front, and where keys go now. */
const struct view_ops *ui_view(const struct ui *ui);
enum context ui_context(const struct ui *ui);

/* Go to a view so that Esc comes back; to one of the tabs, from which Esc
 * goes nowhere; back (false: there is nowhere to go). */
void ui_open(struct ui *ui, enum view_id view);
void ui_show_tab(struct ui *ui, enum view_id view);
bool ui_back(struct ui *ui);

/* One line for the user until the next key. */
void ui_say(struct ui *ui, const char *format, ...) ATTR_PRINTF(2, 3);
void ui_complain(struct ui *ui, const char *format, ...) ATTR_PRINTF(2, 3);

/* Show what the session has to say, each thing once. */
void ui_say_news(struct ui *ui);

/* What shows a row of the session's table as it is now. */
struct row_context ui_row_context(const struct ui *ui);

/* Totals of what is shown: the run, or the chosen process. */
const struct totals *ui_totals(const struct ui *ui);

/* "~" in front of figures that a sample only estimates, else "". */
const char *ui_about(const struct ui *ui);

/* Elapsed time as "00:12:41"; fixed while testing. */
void ui_clock(const struct ui *ui, char to[FMT_ROOM], uint64_t ns);

/* "#1 \"warm\"", "the peak"; without the name where that says nothing. */
enum { MARK_LABEL_ROOM = 160 };
void ui_mark_label(char to[MARK_LABEL_ROOM], const struct session *session,
    size_t mark);

/* Look at the tracebacks of a row of the table, or a node of the tree. */
enum stage ui_open_detail(struct ui *ui, uint64_t identity, bool is_of_tree);

/* Compare with a mark, -1: stop comparing; the cursor goes to rank 1. */
enum stage ui_set_baseline(struct ui *ui, int mark);
/* The table shows what was live at a mark, -1: what is live now. */
enum stage ui_set_shown(struct ui *ui, int mark);

/* Keep `top` so that `cursor` is one of `visible` lines of n. */
void ui_fit(uint32_t *top, uint32_t cursor, uint32_t n, uint32_t visible);

/* A movement action applied to a cursor in n rows; false: it is none. */
bool ui_move(enum action_id id, uint32_t *cursor, uint32_t n,
    uint32_t visible);

/* ---- finder.c: the filter and search prompts ---- */

enum stage finder_open(struct ui *ui, enum context kind);
enum stage finder_act(struct ui *ui, enum action_id id);
enum stage finder_type(struct ui *ui, uint32_t character);
/* Apply what was typed if enough time has passed since the last time. */
enum stage finder_tick(struct ui *ui);
/* Milliseconds until finder_tick() has work, -1: none. */
int finder_timeout(const struct ui *ui);
/* The line above the prompt, and the prompt itself. */
void finder_draw(struct ui *ui, int row);
/* Go to the next (by 1) or previous (-1) match of the last search. */
enum stage finder_again(struct ui *ui, int by);
/* Where text has the search text in it, NULL if nowhere; small letters match
 * capitals too. */
const char *finder_match(const char *text, const char *search);

/* ---- view_filters.c: for the prompt of one filter of the list ---- */

void filters_text(const struct ui *ui, char to[PROMPT_ROOM]);
/* Take the text for the filter that is edited; wrong: see ui->filter_why. */
enum stage filters_accept(struct ui *ui, const char *text);
void filters_fini(struct ui *ui);

/* ---- view_detail.c and view_blocks.c ---- */

/* The traceback that is looked at, NULL: none is left; and a line about it. */
const struct statistic *detail_current(const struct ui *ui);
void detail_draw_title(struct ui *ui, int row);
void blocks_fini(struct ui *ui);

/* ---- saver.c: snapshots into files ---- */

/* A name that is free, for the prompt. */
void saver_suggest(const struct ui *ui, char to[PROMPT_ROOM]);
/* Save under the name in the prompt; asks before it replaces a file. */
enum stage saver_accept(struct ui *ui);
/* A snapshot of the file in the prompt becomes a mark. */
void saver_no_text(const struct ui *ui, char to[PROMPT_ROOM]);
enum stage saver_load(struct ui *ui);
/* Save under a name of its own, at once. */
enum stage saver_save_now(struct ui *ui);

/* ---- header.c, chips.c, help.c, screen.c ---- */

/* Have the views take in what changed; after every refresh and every key,
 * for what they hold is borrowed from the session's last refresh. */
void screen_update(struct ui *ui);

/* Update, and draw everything into ui->cells. */
void screen_draw(struct ui *ui);

/* Lines of the header for this size; draws when `cells` of ui are used.
 * Returns the first row below it. */
int header_draw(struct ui *ui);
/* What restricts or compares; nothing is added when nothing does. */
void chips_list(struct ui *ui, struct line *line);
void help_draw(struct ui *ui);
/* Number of pages, and the page that explains filters. */
unsigned help_n_pages(const struct ui *ui);
unsigned help_filter_page(const struct ui *ui);

/* What the state word says: "RUNNING", "EXITED 7", "KILLED SIGSEGV". */
void ui_state_word(const struct ui *ui, char *to, size_t room,
    enum style *style);

#endif
