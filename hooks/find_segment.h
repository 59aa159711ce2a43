/*
 * find_segment.h - the way from the environment to the shared memory (L2).
 */
#ifndef TMTOP_HOOKS_FIND_SEGMENT_H
#define TMTOP_HOOKS_FIND_SEGMENT_H

#include "tables/layout.h"

/*
 * Open the segment that `text` (the value of SEGMENT_ENV, see segment.h)
 * names, check it and map its lobby.  Returns the descriptor, which the caller
 * closes as soon as its own tables are mapped, or -1: nothing is left open or
 * mapped.
 * Context    Once per process image, guard not needed.  No libc lock, no
 *            allocation, no errno.  Where the helper's /proc entry does not
 *            reach, its socket is asked, for at most SOCKET_WAIT_MS.
 */
int find_segment(const char *text, struct lobby **lobby);

#endif
