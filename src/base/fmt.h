/*
 * fmt.h - numbers as people read them, without malloc, stdio or locale (L0).
 *
 * Every function writes at most FMT_ROOM bytes, NUL included, and returns
 * the length of the text.  The buffer must have that room.
 */
#ifndef TMTOP_BASE_FMT_H
#define TMTOP_BASE_FMT_H

#include "base/errbuf.h"

enum { FMT_ROOM = 32 };

/*
 * Bytes for the screen and the text report: at most four digits and an IEC
 * unit: "0 B", "1023 B", "16.0 KiB", "512 KiB", "118.4 MiB", "1000 MiB".
 * B and KiB from 100 on have no fraction; a value that would round to 1024
 * of its unit becomes 1.0 of the next.  Halves round to even.
 */
size_t fmt_size(char to[FMT_ROOM], uint64_t size);

/* A difference: "+39.1 MiB", "-1.0 MiB", and "0 B" without a sign. */
size_t fmt_size_diff(char to[FMT_ROOM], int64_t diff);

/* At most three digits: "171 MiB", "9.6 MiB"; for figures that are not
 * exact anyway, such as RSS. */
size_t fmt_size_short(char to[FMT_ROOM], uint64_t size);

/* As fmt_size and fmt_size_diff with one letter for the unit: "118.4M",
 * "+41.3M", "512K", "7B"; for the smallest screens. */
size_t fmt_size_letter(char to[FMT_ROOM], uint64_t size);
size_t fmt_size_diff_letter(char to[FMT_ROOM], int64_t diff);

/* At most three digits and a letter: "118M", "9.6M"; for axes. */
size_t fmt_size_axis(char to[FMT_ROOM], uint64_t size);

/* Exactly tracemalloc's rule: "1024 B", "10.0 KiB", "10240 KiB"; the signed
 * form puts '+' also on 0: "+0 B". */
size_t fmt_size_tracemalloc(char to[FMT_ROOM], uint64_t size);
size_t fmt_size_diff_tracemalloc(char to[FMT_ROOM], int64_t diff);

/* tracemalloc's average: the quotient is rounded only once, when it is
 * printed.  count must not be 0.  Exact for sizes below 2^53. */
size_t fmt_average_tracemalloc(char to[FMT_ROOM], uint64_t size,
    uint64_t count);

/* "412903", or "412,903" with ',' as separator; separator 0: none. */
size_t fmt_count(char to[FMT_ROOM], uint64_t count, char separator);

/* "+160,154", "-16", and "0" without a sign. */
size_t fmt_count_diff(char to[FMT_ROOM], int64_t diff, char separator);

/* Powers of 1000, at most four digits: "950", "84.2k", "118k", "1.2M". */
size_t fmt_count_short(char to[FMT_ROOM], uint64_t count);

/* part of whole in percent with one decimal, "45.8"; "0.0" of nothing. */
size_t fmt_percent(char to[FMT_ROOM], uint64_t part, uint64_t whole);

/* "00:12:41"; hours grow as they must. */
size_t fmt_clock(char to[FMT_ROOM], uint64_t seconds);

/*
 * SIZE as GNU coreutils reads it: digits, then nothing or one of K M G T P E
 * (1024), the same with iB (1024) or with B (1000); k means K.  0, or -1
 * with the text and column of what is wrong; *size is then untouched.
 */
int fmt_parse_size(const char *text, uint64_t *size, struct errbuf *why);

#endif
