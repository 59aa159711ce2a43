/*
 * columns.h - the one table of columns (L7).
 *
 * Title, width, when it is shown, when it is left out, what it sorts by and
 * what it means: the table views, the sort menu, the mouse and the help read
 * it from here.
 */
#ifndef TMTOP_UI_COLUMNS_H
#define TMTOP_UI_COLUMNS_H

#include "base/fmt.h"
#include "query/stats.h"
#include "ui/location.h"

enum column_id {
	COL_SIZE, COL_GROWTH, COL_PERCENT, COL_BAR, COL_COUNT,
	COL_COUNT_DIFF, COL_SURVIVORS, COL_AVERAGE, COL_RATE, COL_TREND,
	COL_ALLOCS, COL_ALLOCATED,
	COL_TEMPORARY, COL_LOCATION, COL_FUNCTION,
	N_COLUMNS
};

struct column {
	const char	*title;
	int		 gap;		/* blanks before it */
	int		 width;		/* 0: what is left over */
	int		 sort_key;	/* -1: cannot be sorted by */
	bool		 needs_mark;	/* only while comparing */
	unsigned	 rank;		/* left out first when high; 0 never */
	int		 location;	/* columns LOCATION must keep for it */
	const char	*help;
	/* Text and meaning of a cell; NULL: drawn by columns_put_row(). */
	void		(*format)(char to[FMT_ROOM], const struct statistic *row,
			    const struct row_context *context);
	enum style	(*style)(const struct statistic *row);
};

extern const struct column columns[N_COLUMNS];

/* Where columns stand on a screen of some width. */
struct column_layout {
	int	n;
	bool	is_estimate;		/* titles say so: ~SIZE */
	struct column_span {
		enum column_id	id;
		int		col, width;
	}	spans[N_COLUMNS];
};

/* What decides, beside the width, which columns there are. */
struct column_wants {
	bool		has_diff;	/* a mark is compared with */
	bool		has_survivors;	/* of that mark */
	bool		is_estimate;	/* the figures come from a sample */
	enum grouping	grouping;
	enum sort_key	sort;
};

/* The columns that fit; the one that is sorted by stays as long as can be. */
void columns_lay_out(struct column_layout *layout, int cols,
    const struct column_wants *wants);

/* The row of titles; the sorted one has v (descending) or ^, and ~ while the
 * order is held. */
void columns_put_titles(struct cells *cells, int row,
    const struct column_layout *layout, enum sort_key sort, bool reverse,
    bool is_held);

/* One row of the table.  `skip` columns of the location's start are scrolled
 * out; -1: cut in the middle as it fits. */
void columns_put_row(struct cells *cells, int row,
    const struct column_layout *layout, const struct statistic *stat,
    const struct row_context *context, int skip);

/* The same for a row that has no location, but a text: "(194 more ...)". */
void columns_put_sum(struct cells *cells, int row,
    const struct column_layout *layout, const struct statistic *sum,
    const struct row_context *context, const char *text);

/* The column that shows a sort key best, -1 if there is none. */
int column_of_sort(enum sort_key sort);

#endif
