/*
 * environment.h - what a traced program finds in its environment (L3).
 */
#ifndef TMTOP_RUN_ENVIRONMENT_H
#define TMTOP_RUN_ENVIRONMENT_H

#include "base/compiler.h"

/*
 * A copy of an environment with the hook first in LD_PRELOAD, before the
 * user's own entries, and TMTOP_SEGMENT set.  Other variables keep value and
 * order; the two keep their place if they were there and else come last.
 *
 * hook       NULL: LD_PRELOAD is left as it is
 * Returns    array and strings in one block; caller frees with free()
 */
char **environment_new(char *const *environment, const char *hook,
    const char *segment);

/* The value of a variable, borrowed, or NULL. */
const char *environment_find(char *const *environment, const char *name);

/* Can this path be an entry of LD_PRELOAD as it is?  (The loader splits at
 * colons and spaces and replaces $ORIGIN and the like.) */
bool environment_can_preload(const char *path);

#endif
