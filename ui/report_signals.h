/*
 * report_signals.h - signals to tmtop in a batch run (L7).
 *
 * INT and QUIT come from the terminal to the program as well: tmtop leaves
 * them to it and reports when it ends.  TERM and HUP are meant for the
 * program and are handed on; USR1 saves, USR2 marks.  A broken pipe is a write error.
 * Handlers, not SIG_IGN: the program would inherit that over exec.  What was
 * ignored already stays ignored.
 */
#ifndef TMTOP_UI_REPORT_SIGNALS_H
#define TMTOP_UI_REPORT_SIGNALS_H

#include "base/compiler.h"

#include <sys/types.h>

/* Install the handlers.  The descriptor to poll, or -1 with errno; signals
 * are noted from now on. */
int report_signals_open(void);

/* A signal that came and was not fetched yet: SIGTERM, SIGHUP, SIGUSR1 or
 * SIGUSR2; 0: none. */
int report_signals_next(void);

/* The process that sent the latest SIGUSR1; 0: unknown.  One of the run meant
 * its own process group, in which tmtop only happens to be. */
pid_t report_signals_usr1_sender(void);

/* The program is no more: INT, QUIT, TERM and HUP mean tmtop again, which may
 * still be looking up symbols. */
void report_signals_end(void);

#endif
