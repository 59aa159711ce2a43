/*
 * app.h - the live screen (L7).
 */
#ifndef TMTOP_UI_APP_H
#define TMTOP_UI_APP_H

#include "options.h"
#include "session.h"

struct terminal;

/*
 * Is there a terminal for the screen?  To be asked before the program is
 * started, so that a refusal costs the program nothing.  -1: why says what is
 * wrong and names the way out (--batch); tmtop then exits with 125.
 */
int app_check_terminal(struct errbuf *why);

/*
 * Show the session until the user leaves.  Borrows both; the terminal is
 * /dev/tty whatever stdin and stdout are, and it is as before on return.
 * Signals to tmtop (TERM, HUP, WINCH, TSTP, USR2) are its affair meanwhile.
 * Prints the last lines of summary to stderr unless --quiet.
 * Returns tmtop's exit code: the program's, 128 + signal, 0 when it was left
 * running, 125 when the screen could not be had.
 */
int app_run(struct session *session, const struct options *options);

/* The same on a given terminal, which stays open; nothing is printed and no
 * signal is taken.  For scripted runs. */
int app_run_on(struct session *session, const struct options *options,
    struct terminal *term);

#endif
