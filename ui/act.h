/*
 * act.h - keys and presses of the mouse, as the event loop has them (L7).
 */
#ifndef TMTOP_UI_ACT_H
#define TMTOP_UI_ACT_H

#include "ui/actions.h"
#include "ui/term.h"

/* A key goes to whatever lies on top.  Returns what must run again. */
enum stage ui_key(struct ui *ui, uint32_t key);

/* A button pressed at a place of the screen as last drawn. */
enum stage ui_press(struct ui *ui, enum term_button button, int row,
    int col);

#endif
