/*
 * ui.h - the state of the screen, shared by its views (L7).
 *
 * Owned by app.c; views and actions change it, drawing only reads it (but for
 * where things were put, which the mouse needs).
 */
#ifndef TMTOP_UI_UI_H
#define TMTOP_UI_UI_H

#include "ui/actions.h"
#include "ui/columns.h"
#include "ui/keys.h"
#include "ui/line.h"
#include "ui/menu.h"
#include "ui/prompt.h"
#include "ui/rows.h"

struct history;
struct sources;
struct terminal;
struct ui;

enum view_id {
	VIEW_TABLE,		/* File, Line and Traceback */
	VIEW_DETAIL, VIEW_SOURCE, VIEW_OUTPUT, VIEW_MARKS, VIEW_PROCESSES,
	N_VIEWS
};

/* One view. What is NULL is not wanted. */
struct view_ops {
	const char	*name;		/* in the title, "" for the tables */
	enum context	 context;
	bool		 has_tabs;	/* with the whole header above it */

	/* Take in what the last refresh brought; before every draw. */
	void		(*update)(struct ui *ui);
	void		(*draw)(struct ui *ui, struct rect area);
	/* An action that is not the same everywhere. */
	enum stage	(*act)(struct ui *ui, enum action_id id);
	/* Pressed at that place; `row` counts from the area's first. */
	enum stage	(*click)(struct ui *ui, int row, int col);
	/* What stands at the right end of the line of tabs. */
	void		(*describe)(struct ui *ui, char *to, size_t room);
	/* Go to the next place that has the text: by +1 or -1 from here, 0:
	 * here or below.  False: there is none. */
	bool		(*find)(struct ui *ui, const char *text, int by);
};

extern const struct view_ops view_table, view_detail, view_source,
    view_output, view_marks, view_processes;

struct table_state {
	struct row_list	rows;
	enum grouping	grouping;	/* that `rows` belong to */
	struct column_layout layout;	/* as last drawn */
	int		skip;		/* scrolled location, -1: not */
	uint32_t	n_shown;	/* lines with rows, as last drawn */
	uint32_t	n_lines;	/* lines for rows, as last drawn */
	uint64_t	hold_until_ms;	/* order held after a cursor key */
	bool		is_held;	/* as last updated */
};

/* Views over the tracebacks of one row. */
struct detail_state {
	uint64_t	row_identity;	/* of the table's row */
	char		title[256];
	struct stats_table *tracebacks;	/* owned; NULL: the row is gone */
	uint64_t	identity;	/* of the traceback shown */
	uint32_t	at;		/* its place */
	bool		is_oldest_first, shows_all;
	bool		is_new;		/* the cursor has no place yet */
	uint32_t	n_frames;	/* lines of frames as last updated */
	uint32_t	cursor, top;
	int		n_lines;
};

struct source_state {
	uint32_t	file;		/* name id */
	unsigned	line;		/* cursor, from 1 */
	unsigned	top;
	int		n_lines;	/* of the window, as last drawn */
	struct source_sum *sums;	/* by line, owned */
	size_t		n_sums;
	int		skip;
};

struct output_state {
	size_t		top;
	bool		is_following;
	int		n_lines;
	int		skip;
	size_t		found;		/* line of the last search hit */
};

struct list_state {
	uint32_t	cursor, top;
	int		n_lines;
};

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
	struct detail_state	detail;
	struct source_state	source;
	struct output_state	output;
	struct list_state	marks, processes;

	/* over the view, the topmost first */
	unsigned	help_page;	/* 0: closed */
	struct menu	menu;
	struct prompt	prompt;

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
		bool		table_has_moved;
		size_t		output_top;
		bool		output_follows;
	}		search_from;

	char		message[320];
	enum style	message_style;
	char		last_notice[320];
	bool		said_lost, wanted_input;

	struct rect	area;		/* of the view, as last drawn */
	struct line	tabs, bar;	/* as last drawn */
	enum action_id	bar_actions[LINE_PIECES];
	int		tabs_row;
	int		cursor_row, cursor_col;	/* of the terminal; -1 none */

	bool		wants_redraw, wants_suspend, wants_terminal, wants_mouse;
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

/* Elapsed time as "00:12:41"; fixed while testing. */
void ui_clock(const struct ui *ui, char to[FMT_ROOM], uint64_t ns);

/* Compare with a mark, -1: stop comparing; the cursor goes to rank 1. */
enum stage ui_set_baseline(struct ui *ui, int mark);

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

/* ---- header.c, help.c, screen.c ---- */

/* Have the views take in what changed; after every refresh and every key,
 * for what they hold is borrowed from the session's last refresh. */
void screen_update(struct ui *ui);

/* Update, and draw everything into ui->cells. */
void screen_draw(struct ui *ui);

/* Lines of the header for this size; draws when `cells` of ui are used.
 * Returns the first row below it. */
int header_draw(struct ui *ui);
void help_draw(struct ui *ui);
/* Number of pages, and the page that explains filters. */
unsigned help_n_pages(const struct ui *ui);
unsigned help_filter_page(const struct ui *ui);

/* What the state word says: "RUNNING", "EXITED 7", "KILLED SIGSEGV". */
void ui_state_word(const struct ui *ui, char *to, size_t room,
    enum style *style);

#endif
