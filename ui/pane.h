/*
 * pane.h - on large screens, the row under the cursor with its largest
 * traceback, below the table (L7).
 */
#ifndef TMTOP_UI_PANE_H
#define TMTOP_UI_PANE_H

#include "query/stats.h"
#include "ui/cells.h"

struct ui;

/* Rows that the pane takes of a view of this size; 0: there is no room. */
int pane_rows(struct rect area);

void pane_draw(struct ui *ui, struct rect area, const struct statistic *row);

#endif
