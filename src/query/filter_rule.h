/*
 * filter_rule.h - what one filter is made of; for src/query/filter*.c (L5).
 */
#ifndef TMTOP_QUERY_FILTER_RULE_H
#define TMTOP_QUERY_FILTER_RULE_H

#include "query/filter.h"
#include "query/glob.h"

struct filter {
	bool		 inclusive;
	bool		 all;		/* any frame, not the attributed one */
	bool		 has_line, has_domain;
	uint32_t	 line;
	uint16_t	 domain;
	struct glob	*glob;		/* NULL: the domain alone decides */
	char		*pattern;	/* "" for a domain filter */
	char		*text;
};

#endif
