/*
 * signals.h - signals as bytes of a pipe, for the event loop (L7).
 */
#ifndef TMTOP_UI_SIGNALS_H
#define TMTOP_UI_SIGNALS_H

#include "base/compiler.h"

/*
 * Catch SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGWINCH, SIGTSTP, SIGUSR1 and
 * SIGUSR2.  Returns a descriptor that is readable when one has arrived, -1
 * when there is none to be had.  Handlers, unlike masks, are not inherited by
 * the helper processes.
 */
int signals_open(void);

/* The next signal that has arrived, 0: none. */
int signals_next(void);

/* Stop this process as SIGTSTP would; returns when it goes on. */
void signals_stop_self(void);

/* As it was before signals_open(). */
void signals_close(void);

#endif
