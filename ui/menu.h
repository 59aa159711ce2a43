/*
 * menu.h - boxed lists to choose from: sort column, signal,
 * recording, quitting (L7).
 */
#ifndef TMTOP_UI_MENU_H
#define TMTOP_UI_MENU_H

#include "ui/actions.h"
#include "ui/cells.h"

enum menu_kind {
	MENU_NONE, MENU_SORT, MENU_SIGNAL, MENU_RECORDING, MENU_QUIT
};

struct menu {
	enum menu_kind	kind;		/* MENU_NONE: closed */
	unsigned	cursor;
};

/* Open; the cursor stands on what is in force. */
enum stage menu_open(struct ui *ui, enum menu_kind kind);

/* An action of C_MENU or C_QUIT. */
enum stage menu_act(struct ui *ui, enum action_id id);

/* A press on a row of the screen. */
enum stage menu_click(struct ui *ui, int row);

void menu_draw(struct ui *ui);

#endif
