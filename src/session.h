/*
 * session.h - one run being watched: refresh = snapshot -> symbolise ->
 * filter -> group -> diff -> order (L6).
 *
 * The one model behind the screen and the reports.  Owns the connection to
 * tmtop-run, the snapshots, the marks, filters, grouping and order, and knows
 * nothing of terminals.
 * Context    One thread; session_fds() are for the caller's poll loop.
 */
#ifndef TMTOP_SESSION_H
#define TMTOP_SESSION_H

#include "options.h"
#include "query/filter.h"
#include "query/stats.h"
#include "reader/snapshot.h"

#include <poll.h>
#include <time.h>

struct session;

/* ---- life ---- */

/*
 * Start the program of `options` (borrowed until session_free) under
 * tmtop-run.  NULL: why says what is wrong and *exit_code is 125, 126 or 127.
 */
struct session *session_start(const struct options *options,
    struct errbuf *why, int *exit_code);

/*
 * The same over a snapshot file: no program, nothing to wait for; the state
 * is RUN_FILE.  Its last snapshot is now, its others are marks, and what the
 * rows were when it was saved they are again.  With FILE@MARK, the name or the
 * number of one, that is shown.  NULL: why is one line that names the file.
 */
struct session *session_open_file(const struct options *options,
    const char *path, struct errbuf *why);

/* Lets go of the run (see client_close) and releases everything; NULL is
 * fine. */
void session_free(struct session *session);

/* ---- the run ---- */

enum run_state {
	RUN_STARTING, RUN_RUNNING, RUN_STOPPED, RUN_EXITED, RUN_KILLED,
	RUN_GONE,		/* the helper is gone: last tables kept */
	RUN_FILE		/* there is none: what a file says */
};

struct run_info {
	enum run_state	state;
	enum run_state	saved_state;	/* of RUN_FILE: what it was then */
	int		status;		/* exit status or signal number */
	int		exit_code;	/* for tmtop itself: N or 128+signal */
	bool		is_over;	/* no process of the run is left */
	pid_t		pid;		/* of the program */
	char		command[256];	/* sanitised, for the header */
	char		name[64];	/* sanitised basename */
	uint64_t	uptime_ns;
	struct timespec	read_at;	/* wall clock of the latest reading */
	bool		wants_input;	/* blocked reading its terminal */
	char		notice[252];	/* a message for the user, "" if none:
					 * untracked process, no allocations */
};

/* Of the program: over a file, what it was when it was saved. */
static inline enum run_state
session_program_state(const struct run_info *run)
{
	return run->state == RUN_FILE ? run->saved_state : run->state;
}

/* Borrowed; changes with session_pump() and session_refresh(). */
const struct run_info *session_run(const struct session *session);

/* Is, or was, this one of the traced processes?  Takes a reading. */
bool session_has_process(struct session *session, pid_t pid);

/* Everything that was a notice so far, oldest first, printable lines;
 * borrowed until session_free(). */
size_t session_n_notices(const struct session *session);
const char *session_get_notice(const struct session *session, size_t i);

/* Deliver as the terminal or kill(1) would: SIGINT, SIGQUIT and SIGTSTP to
 * the foreground group of the program's terminal, others (and all, without
 * such a terminal) to the program. */
void session_signal(struct session *session, int signal);
/* The program outlives us; its output goes on to NAME.PID.out in the current
 * folder, or to the --output-log.  session_run()->exit_code becomes 0. */
void session_leave_running(struct session *session);

/* See client_screen_taken(): the screen is ours (after entering curses mode),
 * or no longer; `reset` are the bytes that undo it after a crash. */
void session_screen_taken(struct session *session, bool is_taken,
    const void *reset, size_t reset_size);

/* ---- refreshing ---- */

/* Descriptors to poll; returns how many were filled in. */
int session_fds(const struct session *session, struct pollfd *fds, int room);
/* Take in whatever is ready on them. True when something changed that the
 * screen shows (state, output, symbols). */
bool session_pump(struct session *session);

/* Stages in the order the data flows: what must run again. */
enum stage {
	STAGE_SNAPSHOT, STAGE_ATTRIBUTE, STAGE_FILTER, STAGE_GROUP,
	STAGE_ORDER, STAGE_TREE, STAGE_DRAW, STAGE_IDLE
};

/* Run the pipeline from `from` on.  With symbol_wait_ms > 0, waits so long
 * for symbols first (-1: until all are there). */
void session_refresh(struct session *session, enum stage from,
    int symbol_wait_ms);

/*
 * The same in slices of about budget_ms (-1: all the rest), for who has keys
 * to answer.  True: the refresh has ended and the rows are new.  False: it
 * goes on with the next call, whose `from` is not looked at; everything here
 * may be called meanwhile, shows the rows of before, and concerns the refresh
 * after this one.
 */
bool session_refresh_slice(struct session *session, enum stage from,
    int budget_ms);
bool session_is_refreshing(const struct session *session);

/* What the refresh under way is at ("grouping"), when it takes long: then also
 * for how long it has been at work.  NULL: there is none, or it is young. */
const char *session_refresh_doing(const struct session *session,
    unsigned *elapsed_ms);

/* Rows up to the n-th are looked at: so many are put in order, now and by
 * later refreshes (see stats_table.n_ordered). */
void session_want_rows(struct session *session, uint32_t n);

/* The rows now, and the reading they come from (that of a mark while it is
 * shown).  Borrowed until the next refresh. */
const struct stats_table *session_rows(const struct session *session);
const struct snapshot *session_snapshot(const struct session *session);
/* Of the latest reading, whatever is shown. */
const struct totals *session_latest_totals(const struct session *session);
const struct names *session_names(const struct session *session);
/* Places in the code of which more may become known. */
uint32_t session_symbols_pending(const struct session *session);
/* Enough of --debuginfod. */
void session_stop_fetching(struct session *session);
/* One printable line about reading symbols, "" unless that takes long. */
void session_symbols_text(const struct session *session, char *to,
    size_t room);
const char *session_trouble(const struct session *session); /* "" or a line */

/* The tracebacks behind one row, as a table grouped by traceback and sorted
 * by size; caller frees. `frames` 'full' nodes include skipped frames. */
struct stats_table *session_tracebacks(const struct session *session,
    const struct statistic *row);
/* The frames of a traceback with the skipped (newer) ones: node to walk. */
uint32_t session_full_stack(const struct session *session, uint32_t stack);

/* Some filtered trace of the present reading with this node as its traceback,
 * for total_nframe, domain and flags; NULL when there is none (a row that
 * vanished since the mark).  Borrowed until the next refresh. */
const struct query_trace *session_trace(const struct session *session,
    uint32_t stack);

/* What a domain is called in the present reading; NULL: it has no name. */
const char *session_domain_name(const struct session *session,
    uint32_t domain);

/* "growth", "live", "peak". */
extern const char *const gate_names[N_GATE_KINDS];

/* Build-id of the module at this path, in hexadecimal; "" when none is known
 * or the text does not fit. */
void session_build_id(const struct session *s, const char *path, char *text,
    size_t room);

/* What became of one gate of the options. */
struct gate_result {
	const struct gate *gate;	/* of the options */
	bool		   ok;
	uint64_t	   value;	/* what the limit was compared with */
	char		   text[1024];	/* failed: one printable line that
					 * names the rows behind it */
};

/*
 * Check gate i of the options on the present reading, as filtered and grouped
 * now: what has grown since the baseline, or since the start where there is
 * none, in one row or in all together; what is alive; the peak.
 */
void session_check_gate(const struct session *s, size_t i,
    struct gate_result *result);

/* rates over the last refreshes, per second */
struct rates {
	double	allocs, frees, allocated_bytes, freed_bytes, net_bytes;
};
struct rates session_rates(const struct session *session);

/* Traced bytes at equal distances, newest last; at most `room` values that
 * cover *span_s seconds; returns how many. */
size_t session_history(const struct session *session, uint64_t *values,
    size_t room, unsigned *span_s);

/* ---- what is shown: every setter changes state only and returns the stage
 * that must run again ---- */

enum stage session_set_grouping(struct session *s, enum grouping grouping);
enum stage session_set_sort(struct session *s, enum sort_key key, bool reverse);
enum stage session_set_cumulative(struct session *s, enum cumulative c);
enum stage session_set_skip(struct session *s, bool on);
enum stage session_set_limit(struct session *s, uint32_t n_frames);
enum stage session_set_process(struct session *s, pid_t pid); /* 0: all */
enum stage session_set_paused(struct session *s, bool paused);

enum grouping session_grouping(const struct session *s);
enum sort_key session_sort(const struct session *s, bool *reverse);
enum cumulative session_cumulative(const struct session *s);
uint32_t session_limit(const struct session *s);	/* 0: all frames */
bool session_skips(const struct session *s);
pid_t session_process(const struct session *s);
bool session_is_paused(const struct session *s);

/*
 * Filters: the set of --filter options (never edited on the screen in this
 * version) and one quick filter.  session_set_quick() with text NULL or ""
 * removes it.  False: text is wrong, why says where, the old one stays.
 */
bool session_set_quick(struct session *s, const char *text,
    struct errbuf *why, struct errbuf *note, enum stage *stage);
const char *session_quick(const struct session *s);	/* as typed, "" none */
/* All filters in force, for the chip line: "+*lru* -*.json"; borrowed. */
const char *session_filters_text(const struct session *s);

/* Bytes that --ignore leaves out of the present reading, before any filter. */
uint64_t session_ignored_size(const struct session *s);

/* What the filter set keeps, for the prompt's preview. */
struct filter_effect {
	uint32_t	n_matched, n_total;	/* rows as grouped now */
	uint64_t	size_matched, size_total;
	const char	*text;			/* it, canonical, without the
						 * sign; borrowed */
	bool		inclusive;
	bool		has_pattern;		/* of a file */
};
struct filter_effect session_filter_effect(const struct session *s);
/* Names on which a pattern of the filters in force was given up: it hit a
 * limit of PCRE2, and what it would have said is not known (they count as not
 * matched). */
uint32_t session_filter_errors(const struct session *s);

/* ---- recording; each is in force when the call returns ---- */

enum record_mode session_recording(const struct session *s);
/* What was stopped cannot be held. */
enum stage session_set_recording(struct session *s, enum record_mode mode);
enum stage session_clear(struct session *s);	/* forget all blocks */
enum stage session_reset_peak(struct session *s);

/* ---- marks: moments to compare with, or to look at ---- */

/* The places of two that always exist: the empty start of the run, and the
 * peak of what is traced, of each process its own. */
enum { MARK_START, MARK_PEAK, N_FIXED_MARKS };

struct mark {
	unsigned	number;			/* not of the peak; start: 0 */
	char		name[128];		/* printable */
	uint64_t	uptime_ns;		/* of the run, when taken */
	time_t		wall_time;
	bool		is_interval;		/* of a recording; nobody's */
	struct totals	totals;			/* of the peak: when it was
						 * last looked at */
};

/* Mark now and compare with it. Returns the mark's number. */
unsigned session_mark(struct session *s, enum stage *stage);
/* Has the program marked since the last call?  Then its latest mark is the
 * last in the list.  Reads at that moment: before any newer reading. */
bool session_find_mark(struct session *s);
size_t session_n_marks(const struct session *s);	/* all of them */
const struct mark *session_get_mark(const struct session *s, size_t i);
/* Names are copied, cut and made printable; the fixed ones have theirs. */
void session_rename_mark(struct session *s, size_t i, const char *name);
enum stage session_delete_mark(struct session *s, size_t i);
/* Compare with mark i, or -1: no growth view. */
enum stage session_set_baseline(struct session *s, int i);
int session_baseline(const struct session *s);		/* -1: off */
int session_last_baseline(const struct session *s);	/* for toggling */
/*
 * Count, of each row, what was born after the mark compared with and lives
 * still (statistic.survivor_*, stats_table.has_survivors: not known of the
 * peak, of marks made while the display was held, of samples, nor while a mark
 * is shown).  A reading then looks at every live block.
 */
enum stage session_set_survivors(struct session *s, bool on);
bool session_wants_survivors(const struct session *s);
/* Show the contents of mark i instead of those of now; -1: now. */
enum stage session_set_shown(struct session *s, int i);
int session_shown(const struct session *s);		/* -1: now */

/* ---- snapshot files ---- */

/* What goes into a file besides what is live now. */
enum { SAVE_MARKS = 1, SAVE_PEAK = 2 };

/*
 * Save the latest reading, in one step: the file is there whole or as it was
 * before.  What is there is replaced.  Waits for symbols as in
 * session_refresh().  -1: why names the file.
 */
int session_save(struct session *s, const char *path, unsigned what,
    int symbol_wait_ms, struct errbuf *why);

/*
 * What --record and --save-at-exit ask for.  Until the next reading is to be
 * recorded: milliseconds, -1: there is none to come.
 */
int session_record_timeout(const struct session *s);
/* Record it if it is due.  True: there is a new reading (rows are to be made
 * of it, but while paused).  A failure becomes a notice; what was recorded
 * before is kept. */
bool session_record_due(struct session *s);
/* Everything that is saved at the end, the first time it is called.  -1: why
 * names the file. */
int session_save_end(struct session *s, struct errbuf *why);

/* Save what is live now, with marks and peak, under a name of its own, which
 * the caller frees (SIGUSR1).  NULL: why names the file. */
char *session_save_now(struct session *s, struct errbuf *why);

/* A file's name: %p is the process id, %e the program's name, %h the host, %n
 * a number for which there is no such file yet, %t the time, %% a percent
 * sign.  The caller frees it. */
char *session_file_name(const struct session *s, const char *pattern);

/*
 * The last snapshot of a file, or that of FILE@MARK, becomes a mark, to be
 * compared with or shown.  Returns its place in the list, or -1: why names the file.
 */
int session_load_mark(struct session *s, const char *path,
    struct errbuf *why);

/*
 * What is known of the run: "host", "exe", "argv" (one value for each word),
 * "filter", "tmtop" ...: tms(5) lists them.  Raw bytes of a stranger, NULL:
 * there is no i-th value of this key.
 */
const char *session_fact(const struct session *s, const char *key, size_t i);
/* The i-th of the user's own (--meta); false: there are not so many. */
bool session_get_meta(const struct session *s, size_t i, const char **key,
    const char **value);

/* ---- the program's terminal ---- */

/* Lines of output kept, oldest first, escape sequences removed, sanitised.
 * n_dropped: lines no longer kept. Borrowed until the next pump. */
size_t session_output_lines(const struct session *s, uint64_t *n_dropped);
const char *session_output_line(const struct session *s, size_t i);
bool session_has_pty(const struct session *s);

/* Connect the real terminal (fd in raw mode, the caller's affair) with the
 * program's PTY byte by byte until Ctrl-] or the program ends. Returns false
 * when there is no PTY. */
bool session_terminal(struct session *s, int tty_fd);
void session_resize(struct session *s, int rows, int cols);

#endif
