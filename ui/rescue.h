/*
 * rescue.h - the terminal given back when tmtop dies (L7).
 */
#ifndef TMTOP_UI_RESCUE_H
#define TMTOP_UI_RESCUE_H

#include "base/compiler.h"

#include <termios.h>

enum { RESCUE_BYTES = 512 };

/*
 * From now on, when a fatal signal (SEGV, BUS, ABRT, FPE, ILL, SYS, TRAP)
 * arrives or memory runs out, write `bytes` to fd and set the saved
 * attributes, then die as the signal would have it.  Copies; bytes beyond
 * RESCUE_BYTES are dropped.
 */
void rescue_arm(int fd, const struct termios *saved, const void *bytes,
    size_t size);

/* Append a terminal's capability without its padding ("$<5>") to the bytes,
 * of which there are n; returns how many there are then. */
size_t rescue_add(char bytes[RESCUE_BYTES], size_t n, const char *text);

/* The terminal is not ours: nothing to give back. */
void rescue_disarm(void);

#endif
