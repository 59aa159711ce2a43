/*
 * session_state.h - what the session_*.c files share (L6, private).
 */
#ifndef TMTOP_SESSION_STATE_H
#define TMTOP_SESSION_STATE_H

#include "session_blocks.h"
#include "session_filters.h"
#include "session_tree.h"

#include "query/attribute.h"
#include "query/calltree.h"
#include "query/ignore.h"
#include "reader/client.h"
#include "reader/read.h"
#include "store/store.h"
#include "symbols/symbols.h"
#include "util/slice.h"
#include "util/strbuf.h"
#include "util/vec.h"

/* Modules of the frame store that came with one file. */
struct module_range {
	uint32_t	begin, end;		/* empty: none */
};

/* One snapshot on its way through the stages. */
struct session_side {
	struct snapshot		*snapshot;	/* a reference */
	struct query_traces	 attributed;	/* of the chosen process */
	struct query_traces	 filtered;
						/* (the same array without
						 * filters) */
	uint64_t		 ignored_size;	/* left out before that */
	uint32_t		 n_filter_errors;
	struct stats_table	*table;		/* of the filtered ones */
	struct stats_table	*unfiltered;	/* NULL without filters.  Both
						 * NULL once they became what
						 * is shown */
};

/* The call tree, see session_tree.h: what is wanted, and what was made. */
struct session_tree {
	bool			 is_wanted, is_bottom_up;
	bool			 is_new;	/* symbols still come, and nodes
						 * change with them: the hot
						 * path is found again */
	uint64_t		 hot;		/* node whose hot path is to be
						 * opened; 0: none */
	struct tree_open	 open;
	struct call_tree	*tree;		/* NULL: none */
	tree_rows		 rows;
};

/* A refresh: with what parameters, and what it has made. */
struct session_refresh {
	bool			 reads;		/* a new snapshot */
	bool			 shows_now;	/* the latest reading */
	enum stage		 from;		/* for the present side */
	bool			 has_base;
	enum stage		 base_from;
	struct attribution	*attribution;	/* the session's or the spare */
	const struct filter_set	*filters;
	const struct ignore_list *ignored;
	struct module_range	 foreign;	/* of the base side */
	pid_t			 process;
	enum grouping		 grouping;
	enum cumulative		 cumulative;
	struct birth		 since;		/* see session_since() */
	enum sort_key		 key;
	bool			 reverse;

	struct snapshot		*read;		/* NULL: none */
	struct session_side	 now, base;	/* the session's products, where
						 * they are not made anew */
	struct stats_table	*rows, *unfiltered_rows;
	struct session_tree	 tree;
	bool			 counts_hits;
	struct filter_list	 hit_filters;
	VEC(struct filter_hits)	 hits;
};

struct session_mark_entry {
	struct mark	 mark;
	struct module_range modules;		/* of a mark from a file */
	struct snapshot	*snapshot;		/* a reference */
	struct birth	 birth;			/* of a block made right then;
						 * generation 0: not known */
	bool		 is_programs;		/* it has set it itself */
	const struct store_file *file;		/* has its traces, as its */
	size_t		 moment;		/* i-th; NULL: they are read */
	bool		 is_automatic;		/* --mark-every */
};

/* Of a traced process, waiting to be answered. */
struct session_question {
	struct client_question	 asked;
	char			*text;		/* owned */
};

/* One reading's totals, for rates and history. */
struct session_reading {
	uint64_t	time_ns;
	struct totals	totals;
};

/* The program's terminal output as lines. */
struct session_output {
	VEC(char *)	 lines;		/* ring of printable, owned text */
	size_t		 first;		/* oldest, once the ring is full */
	uint64_t	 n_dropped;	/* lines that the ring forgot */
	struct strbuf	 current;	/* line being received, raw */
	char		*partial;	/* `current` made printable; owned */
	int		 escape;	/* inside which escape sequence */
	bool		 has_return;	/* the last byte was a CR */
};

struct session {
	const struct options	*options;	/* borrowed */
	bool			 owns_tables;	/* frames, names, symbols */
	struct client		*client;
	struct reader		*reader;
	struct frame_store	*frames;
	struct names		*names;
	struct symbols		*symbols;
	struct attribution	*attribution;
	struct attribution	*spare_attribution; /* NULL: not yet */
	struct skip_list	*skip_list;

	/* the run */
	struct run_info		 run;
	uint64_t		 start_ns, end_ns;	/* monotonic; 0: not */
	bool			 said_silent, said_lost, said_untracked;
	unsigned		 n_changes;	/* of the control page, done */
	bool			 is_changing;	/* one waits for it */
	bool			 has_news;	/* came meanwhile */
	VEC(char *)		 notices;	/* owned, oldest first */
	char			 trouble[252];

	/* the pipeline; `rows` is what is shown */
	struct snapshot		*latest;	/* reading; a reference */
	struct session_side	 now, base;
	struct snapshot		*fed;		/* next reading, for tests */
	bool			 now_is_new;	/* not attributed yet */
	enum stage		 base_from;	/* what base still needs */
	struct stacks		*plain;		/* of the rows, where frames
						 * are file and line only;
						 * else NULL */
	struct stats_table	*rows;
	struct stats_table	*unfiltered_rows; /* NULL without filters */
	enum cumulative		 unfiltered_cumulative;	/* they were made so */
	struct session_refresh	 refresh;	/* planned, or under way */
	struct session_tree	 tree;
	struct slices		*slices;	/* it runs in; NULL: not yet */
	uint64_t		 refresh_began_ns;
	const char		*doing;		/* a word for where it is */
	VEC(struct filter_set *) retired_filters; /* it may be using */
	uint32_t		 n_wanted;	/* see session_want_rows() */
	bool			 symbols_changed;
	uint64_t		 symbols_since_ns; /* some are pending; 0: no */
	bool			 attribution_changed;	/* skip or limit */
	uint32_t		*trace_of_stack;	/* see session_trace */
	uint32_t		 n_trace_of_stack;

	/* what is shown */
	enum grouping		 grouping;
	enum cumulative		 cumulative;
	enum sort_key		 sort, growth_sort;	/* without, with mark */
	bool			 reverse;
	bool			 skips;
	uint32_t		 limit;
	pid_t			 process;
	bool			 paused;

	/* filters */
	bool			 wants_blocks;	/* a view does */
	char			*quick;		/* as typed; NULL: none */
	struct filter_list	 filter_list;
	struct filter_set	*filters;	/* in force; NULL: none */
	struct strbuf		 filters_text;
	bool			 said_unmatched;
	bool			 wants_hits;
	VEC(struct filter_hits)	 hits;		/* by entry, then of quick */
	struct ignore_list	*ignored;	/* NULL: nothing */

	/* marks */
	VEC(struct session_mark_entry) marks;
	bool			 wants_survivors;
	int			 timer_fd;	/* -1: none */
	uint64_t		 next_mark_ns;	/* of --mark-every, uptime */
	unsigned		 next_mark;
	int			 baseline, last_baseline;
	int			 shown;		/* -1: the latest reading */
	uint32_t		 last_mark;	/* of the run, see read.h */

	VEC(struct session_question) questions;	/* oldest first */

	VEC(struct session_reading) readings;	/* oldest first */
	struct session_output	 output;

	/* files */
	struct store_facts	 facts;
	VEC(struct store_file *) files;		/* owned; of marks */
	enum record_mode	 file_recording; /* of RUN_FILE */
	struct store_writer	*recorder;	/* NULL: nothing recorded */
	unsigned		 last_recorded;	/* number of a mark */
	uint64_t		 n_intervals;	/* of --every, until now */
	bool			 said_unrecorded;
	bool			 has_saved_end;
	bool			 latest_is_final; /* read after the end */
};

/* ---- session.c ---- */

/* Everything that does not depend on where the readings come from. */
struct session *session_make(const struct options *options,
    struct errbuf *why);

/*
 * The same pipeline over snapshots that are handed in, without a program:
 * frames and snapshots come from the caller, symbols from `symbols` (both
 * borrowed).  For tests; session_feed() replaces the reading.
 */
struct session *session_new_fed(const struct options *options,
    struct frame_store *frames, struct symbols *symbols, struct names *names);
/* The next session_refresh() takes this reading; a reference is taken. */
void session_feed(struct session *session, struct snapshot *snapshot);

/* Tell the user; text is foreign. */
void session_note(struct session *s, const char *text);

/* session_reading.c: a new snapshot from wherever this session's come from;
 * NULL: none. */
struct snapshot *session_read_snapshot(struct session *s);
/* It is the latest from now on, and taken over; NULL: there was none. */
void session_install_snapshot(struct session *s, struct snapshot *snapshot);
/* Both, at once; the next refresh works on it. */
void session_take_snapshot(struct session *s);

/* session_refresh.c: the base side must run again from this stage on. */
void session_base_needs(struct session *s, enum stage from);
/* End the one under way, if there is one. */
void session_finish_refresh(struct session *s);
/* Free filters when no refresh needs them any more; NULL is fine. */
void session_retire_filters(struct session *s, struct filter_set *filters);
/* Everything that refreshes have made. */
void session_drop_refresh(struct session *s);

/* session_tree.c: the parts of a refresh, see session_refresh.c. */
void session_plan_tree(struct session *s);
void session_make_tree(struct session *s);
void session_commit_tree(struct session *s);
void session_drop_tree(struct session *s);

/* session_symbols.c: ask first for what the largest rows show. */
void session_hurry_symbols(struct session *s);
/* Notice since when some are pending. */
void session_watch_symbols(struct session *s);

/* session_blocks.c: after a change of the filters, and once there is a
 * reader. */
void session_ask_for_blocks(struct session *s);

/* session_filters.c: the list from the options; `filters` and its text from the
 * list and quick, the stage that must run again; the parts of a refresh. */
void session_make_filters(struct session *s);
enum stage session_filters_changed(struct session *s);
void session_plan_hits(struct session *s);
void session_make_hits(struct session *s);
void session_commit_hits(struct session *s);
/* Matching was given up on some names: said once for each set of filters. */
void session_note_unmatched(struct session *s);

/* session_reading.c: how long the run has lasted. */
uint64_t session_uptime_ns(const struct session *s);

/* session_recording.c: have the control page changed, and wait for that.
 * False: there is nobody who would, or he does not answer. */
bool session_change(struct session *s, enum client_control what,
    uint64_t value);

/* session_marks.c */
void session_make_fixed_marks(struct session *s);
void session_drop_marks(struct session *s);
/* Have the traces of a mark that is in a file; a failure is a notice. */
void session_fill_mark(struct session *s, size_t i);
/* The snapshot of the peak's entry is of the peak up to now. */
void session_read_peak(struct session *s);

/*
 * session_builds.c: the join of two tables of this session.  Where the old one
 * is of another file (its modules are not empty), what has moved between the
 * builds is matched, unless the options want exact places.
 */
struct stats_table *session_diff(const struct session *s,
    struct module_range foreign, const struct stats_table *old,
    const struct stats_table *now);
/* Modules of the file that the baseline comes from; empty: of none. */
struct module_range session_foreign(const struct session *s);

/* session_file.c: that of --baseline, if there is one, is compared with; -1:
 * why names the file. */
int session_load_baseline(struct session *s, struct errbuf *why);
/* session_save.c: is what was live at the peak to be had in the end? */
bool session_keeps_peaks(const struct session *s);

/* session_questions.c: put one aside; answer all, with nothing else under
 * way. */
void session_put_question(struct session *s, const struct client_event *event);
void session_answer_questions(struct session *s);
void session_drop_questions(struct session *s);

/* session_facts.c: what is known of the run that begins. */
void session_make_facts(struct session *s);

/* session_output.c */
void session_take_output(struct session *s, const char *bytes, size_t size,
    uint64_t n_dropped);
void session_drop_output(struct session *s);

/* The same for what happens while the program has the terminal. */
void session_take_event(void *session, const struct client_event *event);

/* CLOCK_MONOTONIC. */
uint64_t session_now_ns(void);

/* ---- session_timed.c ---- */

void session_timer_begin(struct session *s);
void session_timer_end(struct session *s);
/* A mark was due, and is set. */
bool session_take_timer(struct session *s);
/* Of the mark whose survivors are wanted; generation 0: of none, or it is not
 * known. */
struct birth session_since(const struct session *s);

/* session_marks.c: mark without looking at it; false: nothing can be. */
bool session_mark_by_itself(struct session *s);

#endif
