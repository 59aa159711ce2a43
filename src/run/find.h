/*
 * find.h - which file a command is, as execvp() decides it (L3).
 */
#ifndef TMTOP_RUN_FIND_H
#define TMTOP_RUN_FIND_H

#include "base/errbuf.h"

#include <limits.h>

#define FIND_CANNOT_RUN	126
#define FIND_NOT_FOUND	127

/*
 * The path to exec for a command, into path[PATH_MAX].  search_path NULL: the
 * system's.  Returns 0, or FIND_* with the reason in `why`.
 */
int find_program(char *path, const char *name, const char *search_path,
    struct errbuf *why);

/* Can this file be exec'ed, by its kind and mode? 0 or an errno. */
int find_try(const char *path);

/* Say why not; returns the exit code that shells use for it. */
int find_explain(const char *path, int error, struct errbuf *why);

/* A name for a message: when long, its end, which says most. */
struct shown {
	char	text[80];
};
struct shown shown(const char *name);

/* Behind the last slash; borrowed. */
const char *base_name(const char *path);

#endif
