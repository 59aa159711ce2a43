/*
 * start.h - from tmtop-run to the program: fork, exec, nothing left behind
 * (L3).
 */
#ifndef TMTOP_RUN_START_H
#define TMTOP_RUN_START_H

#include "base/compiler.h"

#include <signal.h>
#include <sys/types.h>

/* How signals were when tmtop-run was started: so the program gets them. */
struct signal_state {
	sigset_t	mask;
	sigset_t	ignored;
};

/* Note the state; then ignore whatever can be ignored (a program may signal
 * its whole process group, and in batch mode that is ours, too), with SIGCHLD
 * and SIGTERM blocked for a signalfd.  Returns that descriptor or -1. */
int signals_take_over(struct signal_state *before);

struct start {
	const char	*path;
	char *const	*argv;
	char *const	*environment;
	bool		use_shell;	/* path is for /bin/sh to read */
	int		streams[3];	/* to become 0, 1, 2; -1: as it is */
	int		terminal;	/* slave of the controlling terminal,
					 * whose foreground group the program
					 * becomes; -1: stay in this group */
	const struct signal_state *signals;
};

/*
 * Start the program.  Returns its pid once it has been exec'ed, or -1 with
 * the errno of what went wrong; the child is reaped then.
 */
pid_t start_program(const struct start *start);

/* Close or replace by /dev/null every descriptor that was inherited: those
 * that are not close-on-exec. */
void close_inherited(void);

#endif
