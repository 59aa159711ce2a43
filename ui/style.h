/*
 * style.h - what a piece of the screen means, not which colour it has (L7).
 *
 * A terminal back end turns a meaning into attributes.  No meaning is carried
 * by its style alone: growth has a sign, the selection a '>', and so on.
 */
#ifndef TMTOP_UI_STYLE_H
#define TMTOP_UI_STYLE_H

enum style {
	STYLE_NORMAL,
	STYLE_TITLE,		/* the program, headings */
	STYLE_NUMBER,		/* a figure in the header */
	STYLE_GOOD,		/* running */
	STYLE_BAD,		/* killed, lost records, errors */
	STYLE_WARNING,		/* paused, truncated tracebacks */
	STYLE_DIM,		/* of little interest */
	STYLE_COLUMN,		/* titles of columns */
	STYLE_COLUMN_SORTED,
	STYLE_TAB,
	STYLE_TAB_FRONT,
	STYLE_CHIP,		/* filters and baseline in force */
	STYLE_GROWTH,
	STYLE_SHRINK,
	STYLE_BAR_1,		/* the four quarters of a bar */
	STYLE_BAR_2,
	STYLE_BAR_3,
	STYLE_BAR_4,
	STYLE_SPARK,
	STYLE_KEY,		/* a key's name in the key bar */
	STYLE_KEY_TEXT,
	STYLE_BOX,		/* frames of dialogs */
	STYLE_SOURCE,		/* text of the program */
	N_STYLES
};

/* May be added to any of them. */
enum {
	STYLE_SELECTED	= 0x40,
	STYLE_MATCH	= 0x80,	/* found by the search */
	STYLE_MEANING	= 0x3f	/* mask of enum style */
};

#endif
