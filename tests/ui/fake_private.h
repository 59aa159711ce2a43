/*
 * fake_private.h - what the fake session is made of.
 */
#ifndef TMTOP_TESTS_FAKE_PRIVATE_H
#define TMTOP_TESTS_FAKE_PRIVATE_H

#include "fake_session.h"

#include "session_blocks.h"
#include "session_filters.h"
#include "session_tree.h"
#include "util/vec.h"

enum { MAX_MARKS = 8 };

typedef VEC(struct query_trace) trace_list;

struct fake_mark {
	struct mark	mark;
	trace_list	traces;
};

struct session {
	struct names	*names;
	struct stacks	*stacks;
	trace_list	traces;
	struct stats_table *rows, *all;
	struct snapshot	*snapshot;
	struct run_info	run;
	struct strbuf	*log;
	char		trouble[200];
	unsigned	n_skipped;
	uint32_t	n_pending, n_filter_errors, limit;
	enum grouping	grouping;
	enum sort_key	sort, growth_sort;
	bool		reverse, skips, paused, has_pty, has_saved;
	bool		has_survivors;
	unsigned	doing_ms;
	enum cumulative	cumulative;
	pid_t		process;
	char		*quick;
	struct filter	*filter;	/* of quick, for its text */
	struct filter_list filters;
	struct strbuf	filters_text;
	struct fake_mark marks[MAX_MARKS];
	size_t		n_marks;
	unsigned	next_mark;
	int		baseline, last_baseline, shown;
	trace_list	live;		/* while a mark is shown */
	struct totals	latest;
	enum record_mode recording;
	VEC(char *)	output;
	uint64_t	n_dropped;
	struct {
		bool		is_wanted, is_bottom_up;
		uint64_t	hot;
		struct tree_open open;
		tree_rows	rows;
	}		tree;
};

/* What the filters keep of some traces; caller frees .traces. */
struct query_traces fake_filtered(const struct session *s,
    const trace_list *list);

/* ---- fake_filters.c ---- */

/* What is in force; caller frees, NULL: nothing. */
struct filter_set *fake_filters(const struct session *s);
void fake_name_filters(struct session *s);

/* ---- fake_tree.c ---- */

/* After every refresh, and at the end. */
void fake_make_tree(struct session *s);
void fake_drop_tree(struct session *s);

#endif
