/*
 * names.h - interned foreign strings and the one sanitiser (L0h).
 *
 * Every file, function, module, process and thread name comes from a
 * stranger.  It is interned here once as raw bytes; what is shown is only
 * ever the text of name_text(), where every byte that a terminal could
 * misread (C0, DEL, C1, bidi controls, invalid UTF-8, other unprintables)
 * has become \xNN.  Filters match the raw bytes.
 * Context    One thread.  Out of memory ends tmtop.
 */
#ifndef TMTOP_UTIL_NAMES_H
#define TMTOP_UTIL_NAMES_H

#include "base/compiler.h"

#define NAME_UNKNOWN	0u	/* the name "<unknown>" in every table */
#define NAME_MAX_BYTES	4096	/* longer ones are cut */

struct names;

struct names *names_new(void);
void names_free(struct names *names);

/* Id of these bytes; equal bytes have equal ids for ever. Empty = unknown. */
uint32_t names_intern(struct names *names, const char *bytes, size_t size);
uint32_t names_count(const struct names *names);

/* Raw bytes, NUL-terminated (inner NULs are kept out by cutting there). */
const char *name_raw(const struct names *names, uint32_t id, size_t *size);

/* Printable UTF-8, borrowed until names_free(). */
const char *name_text(const struct names *names, uint32_t id);

/* The sanitiser itself, for strings that are not interned (messages, command
 * lines).  Writes at most room - 1 bytes and a NUL; never cuts a character;
 * returns the length that was written. */
size_t sanitise(char *to, size_t room, const char *from, size_t size);

#endif
