/*
 * view.h - what a view of the screen is, and what each keeps (L7).
 */
#ifndef TMTOP_UI_VIEW_H
#define TMTOP_UI_VIEW_H

#include "query/filter_list.h"
#include "ui/actions.h"
#include "ui/columns.h"
#include "ui/rows.h"

struct source_sum;
struct ui;

enum view_id {
	VIEW_TABLE,		/* File, Line and Traceback */
	VIEW_TREE,
	VIEW_DETAIL, VIEW_SOURCE, VIEW_OUTPUT, VIEW_MARKS, VIEW_PROCESSES,
	VIEW_FILTERS, VIEW_BLOCKS,
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

extern const struct view_ops view_table, view_tree, view_detail, view_source,
    view_output, view_marks, view_processes, view_filters,
    view_blocks;

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

struct tree_state {
	struct row_list	rows;
	uint32_t	n_lines;	/* for rows, as last drawn */
};

/* Views over the tracebacks of one row. */
struct detail_state {
	uint64_t	row_identity;	/* of the table's row, */
	bool		is_of_tree;	/* or of the tree's node */
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

struct blocks_state {
	struct list_state	list;
	struct live_block	*blocks;	/* owned */
	size_t			n;
	uint64_t		read_ns;	/* reading they are from */
	uint64_t		identity;	/* traceback */
};

struct filters_state {
	struct list_state	list;
	uint32_t		edited;	/* entry that the prompt is for */
	struct filter_list	before;	/* the last change, to be undone */
	bool			can_undo;
};

#endif
