/*
 * outside.h - what the screen hands to others: a location to the clipboard, a
 * source file to an editor (L7).
 */
#ifndef TMTOP_UI_OUTSIDE_H
#define TMTOP_UI_OUTSIDE_H

#include "ui/actions.h"
#include "util/strbuf.h"

/* Copy a text by the terminal (OSC 52), and say so. */
enum stage outside_copy(struct ui *ui, const char *text);

/* The bytes that do it; `text` is cut to what terminals take.  Appends. */
void outside_add_osc52(struct strbuf *to, const char *text);

/* $VISUAL or $EDITOR at that line, when the event loop comes to it. */
enum stage outside_edit(struct ui *ui, const char *path, unsigned line);

/* Run it on a terminal that was given back; returns its wait status. */
int outside_run_editor(struct ui *ui);

#endif
