/*
 * client.h - the viewer's end of tmtop-run: start a run, follow it (L3).
 *
 * The helper makes the segment, starts and reaps the program and owns its
 * terminal; it lives on when this side is stopped or killed.  What it says
 * arrives as events.  Who fetches them late gets the present state, not all
 * that led to it, and output as far as the helper's ring goes back.
 *
 *	struct client *client = client_start(&plan, &why, &exit_code);
 *	poll(client_fd(client)) -> while (client_next(client, &event)) ...
 *	client_close(client);
 *
 * Context    One thread.  Only client_start() and client_terminal() wait.
 *            SIGPIPE cannot come from here.  Out of memory ends tmtop.
 */
#ifndef TMTOP_READER_CLIENT_H
#define TMTOP_READER_CLIENT_H

#include "base/errbuf.h"

#include <sys/types.h>

struct client;

/*
 * What to run and how; everything is borrowed until client_start() returns.
 *
 * The program inherits from the caller: environment, working directory,
 * umask, limits, every descriptor that is not close-on-exec, and the signal
 * mask and ignored signals as they are at client_start().  So start first
 * and change those afterwards, and open own files with O_CLOEXEC.
 */
struct client_plan {
	const char	*helper_path;	/* tmtop-run */
	const char	*hook_path;	/* libtmtop_hook.so, absolute */
	char *const	*argv;		/* of the program, NULL-ended, argv[0]
					 * is looked up as execvp() does */

	uint64_t	 table_limit;	/* bytes per process; 0: default */
	uint32_t	 max_frames;	/* 0: all */
	uint64_t	 sample_bytes;	/* 0: every block, not a sample */
	bool		 stopped;	/* records nothing until told to */
	bool		 follow_fork, follow_exec;
	bool		 use_libunwind;	/* --unwinder=libunwind */
	bool		 mappings;	/* mmap and friends too */
	bool		 by_thread;	/* threads are told apart */
	bool		 verify;	/* TMTOP_VERIFY=1 in the environment */

	/*
	 * Batch: no terminal of its own, the program stays in the caller's
	 * process group.  Else tty_fd is the user's terminal (as it was found,
	 * not yet in curses mode): the program's own terminal gets its size
	 * and settings, and the helper gives it back to the shell in its
	 * present state should this process be killed.
	 */
	bool		 batch;
	int		 tty_fd;	/* -1 when batch */

	/* NULL: inherited, or the program's terminal where the caller's
	 * stream is a terminal. Truncated and created as a shell would. */
	const char	*stdin_path, *stdout_path, *stderr_path;
	const char	*output_log;	/* terminal output also here; NULL: no */
	bool		 keep_on_hangup; /* viewer gone: program stays (log) */
};

/*
 * Start the helper and, by it, the program.
 *
 * Returns once the program has been exec'ed.  NULL: `why` is the line for the
 * user and *exit_code 125 (tmtop's own failure), 126 (found, cannot be
 * executed) or 127 (not found).  A program that cannot be traced (static,
 * set-user-ID, other libc ...) still runs: CLIENT_NOTICE tells why.
 */
struct client *client_start(const struct client_plan *plan,
    struct errbuf *why, int *exit_code);

/*
 * Let go of the run.  Program still running: with client_leave_running() or
 * keep_on_hangup it goes on, in batch too; else its terminal hangs up
 * (SIGHUP).  When the run is over, waits for the helper to be gone, so that
 * nothing is left behind.  NULL is fine.
 */
void client_close(struct client *client);

/* The segment, read-only; owned by the client, good until client_close(). */
int client_segment_fd(const struct client *client);
/* Of the started program; also after it has ended. */
pid_t client_pid(const struct client *client);
pid_t client_helper_pid(const struct client *client);
/* Does the program have a terminal of its own? */
bool client_has_terminal(const struct client *client);

/* ---- events ---- */

enum client_event_kind {
	CLIENT_STOPPED,		/* by .status = signal */
	CLIENT_CONTINUED,
	CLIENT_EXITED,		/* the program: .status = exit status */
	CLIENT_KILLED,		/* the program: .status = signal, .has_core */
	CLIENT_RUN_OVER,	/* no traced process is left: tables are final
				 * and all output has been delivered */
	CLIENT_OUTPUT,		/* .bytes, .size from the terminal, raw;
				 * .n_dropped bytes before them were lost */
	CLIENT_WAITS_INPUT,	/* .status 1: blocked reading its terminal,
				 * 0: no longer */
	CLIENT_NOTICE,		/* .text for the user, printable; .notice */
	CLIENT_SLOTS_LOW,	/* dead slots should be read and
				 * acknowledged: client_slot_read() */
	CLIENT_CONTROL,		/* what client_control() asked is done */
	CLIENT_QUESTION,	/* .question of a traced process; it waits for
				 * client_answer() */
	CLIENT_GONE,		/* the helper died: nothing more will come */
};

enum client_notice {
	CLIENT_NOTICE_UNTRACKED, /* the program is not traced, and why */
	CLIENT_NOTICE_HINT,	/* traced, but something to know */
	CLIENT_NOTICE_SCRIPT,	/* text: the interpreter's name; that is what
				 * is traced */
	CLIENT_NOTICE_TROUBLE,	/* something of tmtop's own failed */
	N_CLIENT_NOTICES
};

/* See tables/asking.h. */
struct client_question {
	uint32_t	 number;	/* for the answer */
	enum { CLIENT_ASKS_GROWTH, CLIENT_ASKS_SNAPSHOT, N_CLIENT_ASKS } what;
	pid_t		 pid;		/* the process, as in snapshots */
	pid_t		 peer;		/* the same in our own namespace */
};
struct client_answer {
	enum {
		CLIENT_ANSWER_DONE = 0, CLIENT_ANSWER_FAILED = -1,
		CLIENT_ANSWER_BAD_FILTER = -3,
	} result;
	int64_t		 bytes, blocks;	/* of growth */
};

struct client_event {
	enum client_event_kind	 kind;
	int			 status;
	bool			 has_core;
	enum client_notice	 notice;
	const char		*text;		/* good until client_next() */
	struct client_question	 question;	/* its text: bytes, size */
	const char		*bytes;		/* good until client_next() */
	size_t			 size;
	uint64_t		 n_dropped;
};

/* Readable when there is something to fetch; -1 after CLIENT_GONE. */
int client_fd(const struct client *client);

/* Fetch one event. False: none now. Never waits. */
bool client_next(struct client *client, struct client_event *event);

/*
 * The exit code for tmtop of a program that ended by this event: N, or
 * 128 + signal.
 */
int client_exit_code(const struct client_event *event);

/* ---- commands; all return at once and are dropped when the helper is gone
 * ---- */

enum client_target {
	CLIENT_TO_PROGRAM,	/* the started process only */
	CLIENT_TO_FOREGROUND,	/* its terminal's foreground process group;
				 * without a terminal, the program */
	CLIENT_TO_ALL,		/* every process of the run */
};
void client_signal(struct client *client, int signal,
    enum client_target target);

/* Of the program's terminal, in characters; sends SIGWINCH there. */
void client_resize(struct client *client, int rows, int cols);

/* As if typed. What the terminal cannot take (256 KiB ahead) is dropped. */
void client_type(struct client *client, const void *bytes, size_t size);

/*
 * The program shall survive client_close(); its terminal's output goes on to
 * `log_path` (created, 0600, never through a link), starting with what the
 * helper still has.  NULL: to the log already open, or nowhere.
 */
void client_leave_running(struct client *client, const char *log_path);

/*
 * The tables of a dead slot have been read for the last time; the helper may
 * give the slot to a new process.  incarnation: as found in the slot before
 * it was read.
 */
void client_slot_read(struct client *client, uint32_t slot,
    uint32_t incarnation);

/*
 * Have the helper change the control page (see tables/control.h; the program
 * may change it too).  CLIENT_CONTROL says that it is done.
 */
enum client_control {
	CLIENT_CONTROL_MARK,		/* now is a moment to remember */
	CLIENT_CONTROL_CLEAR,		/* forget all blocks */
	CLIENT_CONTROL_RESET_PEAK,	/* the peak is what is live now */
	CLIENT_CONTROL_STATE,		/* value: enum recording_state */
	CLIENT_CONTROL_FRAMES,		/* value: limit of frames, 0: none */
	N_CLIENT_CONTROLS
};
void client_control(struct client *client, enum client_control what,
    uint64_t value);

void client_answer(struct client *client, uint32_t number,
    const struct client_answer *answer);

/* ---- the terminals ---- */

/*
 * Tell the helper that the screen is taken (after entering curses mode) or
 * given back (before suspending or leaving).  While it is taken and this
 * process dies without client_close(), the helper writes `reset` (up to 512
 * bytes; NULL: a default that leaves the alternate screen, shows the cursor
 * and switches mouse and colours off) and restores the terminal's settings.
 */
void client_screen_taken(struct client *client, bool is_taken,
    const void *reset, size_t reset_size);

enum client_terminal_end {
	CLIENT_TERMINAL_LEFT,		/* the user typed Ctrl-] */
	CLIENT_TERMINAL_RUN_OVER,	/* the program ended */
	CLIENT_TERMINAL_NONE,		/* there is no terminal or helper */
};

/*
 * Connect tty_fd (out of curses, in raw mode: the caller's affair) with the
 * program's terminal, byte by byte, until Ctrl-] or the program's end.
 *
 * First shows the last lines of output, or, when the program draws a full
 * screen, makes it redraw.  Follows the size of tty_fd.  Events that arrive
 * meanwhile, output included, are handed to `on_event`.
 */
enum client_terminal_end client_terminal(struct client *client, int tty_fd,
    void (*on_event)(void *context, const struct client_event *event),
    void *context);

#endif
