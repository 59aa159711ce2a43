/*
 * rows.h - which row stands where, and which is selected (L7).
 *
 * The cursor belongs to a row, not to a place on the screen: when the order
 * changes it goes along.  While nobody has moved it, it stays on rank 1.
 * Knows identities only, nothing of statistics.
 */
#ifndef TMTOP_UI_ROWS_H
#define TMTOP_UI_ROWS_H

#include "base/compiler.h"

struct row_list {
	uint32_t	 n;
	uint32_t	*order;		/* [n]: place -> index of the row */
	uint64_t	*identities;	/* [n]: of the row at that place */
	size_t		 room;
	uint32_t	 cursor;	/* place; < n, or 0 when n is 0 */
	uint32_t	 top;		/* first place on the screen */
	bool		 has_moved;	/* the cursor follows its row */
};

/* {0} is an empty list. */
void row_list_fini(struct row_list *list);

/*
 * Take in the rows as they are now, best first.  With `hold`, rows that were
 * there keep their order and new ones come last.
 */
void row_list_update(struct row_list *list, const uint64_t *identities,
    uint32_t n, bool hold);

/* Move the cursor by so many places, or to a place; stays within. */
void row_list_move(struct row_list *list, int64_t by);
void row_list_go(struct row_list *list, uint32_t place);

/* To rank 1, and stay there whatever row that is. */
void row_list_reset(struct row_list *list);

/*
 * Choose `top` so that the cursor is among the `visible` lines.  With
 * can_fold, the last of them is wanted for the rest of the rows while the
 * list stands at its top; returns how many lines show rows.
 */
uint32_t row_list_fit(struct row_list *list, uint32_t visible,
    bool can_fold);

#endif
