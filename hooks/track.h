/*
 * track.h - objects that the program hands out itself (L2): see tmtop.h.
 *
 * Context    Any thread, also in signal handlers; only while the hook is on.
 *            Waits for another thread at most as long as tables/objects.h
 *            says.  `own` is the frame of the function that the program has
 *            called.  domain: as in DOMAIN_FIRST_OWN; with DOMAIN_MALLOC a
 *            block of the program's malloc is meant.
 */
#ifndef TMTOP_HOOKS_TRACK_H
#define TMTOP_HOOKS_TRACK_H

#include "hooks/thread.h"
#include "hooks/unwind.h"

/* An object was handed out, in place of one that may have been there.
 * False: it cannot be recorded; counted. */
bool track_object(uint32_t domain, uintptr_t address, size_t size,
    own_frame own);

/* It was given back, or never known.  False: it may still be known; counted. */
bool track_no_object(uint32_t domain, uintptr_t address);

/* It is used anew: it has the traceback of this call.  False: not known. */
bool track_again(uint32_t domain, uintptr_t address, own_frame own);

/* The traceback of a live object; 0: not known. */
uint32_t track_find(uint32_t domain, uintptr_t address);

/* As track_no_object(), for event.c; guard held. */
bool track_remove(struct thread_state *t, uint32_t domain,
    uintptr_t address);

#endif
