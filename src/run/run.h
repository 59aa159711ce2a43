/*
 * run.h - one run inside tmtop-run: everything it holds, and its loop (L3).
 */
#ifndef TMTOP_RUN_RUN_H
#define TMTOP_RUN_RUN_H

#include "run/questions.h"
#include "run/registry.h"
#include "run/start.h"
#include "run/terminal.h"
#include "run/viewer.h"
#include "run/watch.h"

struct run {
	struct viewer	viewer;
	struct watch	watch;
	struct registry	registry;
	struct questions questions;
	struct terminal	*terminal;	/* NULL in batch */
	int		segment_fd;
	int		signals;	/* signalfd: SIGCHLD, SIGTERM */
	uint64_t	nonce;
	pid_t		program;
	bool		is_traceable;	/* a slot is expected */
	bool		follows_exec;

	bool		keep;		/* the viewer may go */
	bool		is_over;
	bool		end_wanted;	/* SIGTERM: do not wait for viewers */

	/* the user's terminal, to be given back if the viewer is killed */
	int		tty;		/* -1: none */
	struct termios	tty_settings;
	bool		screen_taken;
	char		reset[RESET_BYTES_MAX];
	size_t		reset_size;

	/* times of CLOCK_MONOTONIC, ns */
	uint64_t	start_ns;
	uint64_t	last_change_ns;	/* of some slot */
	uint64_t	last_output_ns;
	uint64_t	next_scan_ns, next_slow_ns;
	uint64_t	gone_ns;	/* no slot live and program gone since;
					 * 0: not so */
	bool		silence_told;	/* the hook never showed up */
};

/* Follow the started program until nothing is left to do. */
void run_loop(struct run *run);

/* Take in one message of the viewer. */
void run_obey(struct run *run, struct message *message);

/* The viewer is gone. */
void run_viewer_gone(struct run *run);

#endif
