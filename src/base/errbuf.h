/*
 * errbuf.h - one fixed-size message for the user, filled by whoever fails (L0).
 *
 * The caller owns the buffer; nothing here allocates.  `column` is the
 * 1-based character of the input that is wrong, 0 where that means nothing.
 */
#ifndef TMTOP_BASE_ERRBUF_H
#define TMTOP_BASE_ERRBUF_H

#include "base/compiler.h"

struct errbuf {
	int	column;
	char	text[252];
};

/* Replace the message; truncated when it does not fit.  `why` may be NULL. */
void errbuf_set(struct errbuf *why, const char *format, ...)
    ATTR_PRINTF(2, 3);

/* The same, with the column (1-based) of the offending character. */
void errbuf_set_at(struct errbuf *why, int column, const char *format, ...)
    ATTR_PRINTF(3, 4);

/* The same, followed by ": " and the text of errno, which is left unchanged. */
void errbuf_sys(struct errbuf *why, const char *format, ...)
    ATTR_PRINTF(2, 3);

#endif
