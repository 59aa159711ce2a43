/*
 * filter_rule.h - what one filter is made of; for src/query/filter*.c (L5).
 */
#ifndef TMTOP_QUERY_FILTER_RULE_H
#define TMTOP_QUERY_FILTER_RULE_H

#include "query/filter.h"
#include "query/glob.h"

/* What can be tested with < <= = >= > in a filter; all but the first are of
 * rows. */
enum measure {
	MEASURE_BLOCK,
	MEASURE_SIZE, MEASURE_COUNT, MEASURE_AVERAGE, MEASURE_GROWTH,
	N_MEASURES
};

/* One test: the measure lies within [least, most]. */
struct measure_test {
	enum measure	measure;
	int64_t		least, most;
};

enum { FILTER_MAX_TESTS = 8 };

struct filter {
	bool		 inclusive;
	bool		 all;		/* any frame, not the attributed one */
	bool		 has_line, has_domain;
	uint32_t	 line;
	uint16_t	 domain;
	char		*domain_name;	/* in place of the number; NULL: none */
	struct glob	*glob;		/* of the file; NULL: any */
	struct glob	*function;	/* of the function; NULL: any */
	char		*pattern;	/* "" without a glob */
	char		*function_pattern;	/* "" without a function */
	struct measure_test block;	/* the size of a block */
	struct measure_test tests[FILTER_MAX_TESTS];	/* of rows; all must
					 * hold */
	unsigned	 n_tests;
	bool		 has_block;
	char		*tests_text;	/* as typed: "block>10K size>1M" */
	char		*text;
};

/* Does it say something about traces or blocks, or only about rows? */
bool filter_is_of_traces(const struct filter *filter);

/* ---- filter_text.c ---- */

#define FILTER_FUNCTION	"func="

/* The last ':' outside of classes in [word, end), or NULL. */
const char *filter_find_line(const char *word, const char *end);

/* Fill in `text`, and the patterns that there are none of. */
void filter_write_texts(struct filter *filter);

/* ---- filter_measure.c ---- */

/*
 * The test in word[0..size): "size>10K".  1: read; 0: it is none, whatever
 * else it is; -1: it is a wrong one, with why->column from the word's start.
 */
int measure_read(const char *word, size_t size, struct measure_test *test,
    struct errbuf *why);

#endif
