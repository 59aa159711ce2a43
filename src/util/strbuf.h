/*
 * strbuf.h - growing strings with a mandatory cap (L0h).
 *
 * What is built from foreign input must not grow without bound, so every
 * string says at the start how long it may become.  What does not fit is
 * dropped and is_cut is set; nothing fails.
 *
 *	struct strbuf line = STRBUF_INIT(4096);
 *	strbuf_printf(&line, "%u rows", n);
 *	puts(strbuf_text(&line));
 *	strbuf_fini(&line);
 */
#ifndef TMTOP_UTIL_STRBUF_H
#define TMTOP_UTIL_STRBUF_H

#include "base/compiler.h"

#include <stdarg.h>

struct strbuf {
	char	*text;		/* NULL until something is added */
	size_t	 size;		/* bytes without the NUL; <= cap */
	size_t	 room;		/* allocated, NUL included */
	size_t	 cap;		/* most bytes it may hold, without the NUL */
	bool	 is_cut;	/* something did not fit */
};

#define STRBUF_INIT(max_bytes)	{ .cap = (max_bytes) }

/* The same as STRBUF_INIT for a strbuf that exists already. */
void strbuf_init(struct strbuf *buf, size_t cap);

/* Release; empty and usable (with the same cap) afterwards. */
void strbuf_fini(struct strbuf *buf);

/* Make it empty, keep the memory. */
void strbuf_clear(struct strbuf *buf);

/* Append; cut at the cap. */
void strbuf_add(struct strbuf *buf, const void *bytes, size_t n);
void strbuf_puts(struct strbuf *buf, const char *text);
void strbuf_putc(struct strbuf *buf, char c);
void strbuf_pad(struct strbuf *buf, char c, size_t n);	/* n times c */
void strbuf_printf(struct strbuf *buf, const char *format, ...)
    ATTR_PRINTF(2, 3);
void strbuf_vprintf(struct strbuf *buf, const char *format, va_list args)
    ATTR_PRINTF(2, 0);

/* Keep only the first n bytes (n >= size: nothing happens). */
void strbuf_cut(struct strbuf *buf, size_t n);

/* The string, "" when nothing was added; borrowed until the next change. */
const char *strbuf_text(const struct strbuf *buf);

/* Hand the string over; caller frees.  The strbuf is empty afterwards. */
char *strbuf_take(struct strbuf *buf);

#endif
