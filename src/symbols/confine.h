/*
 * confine.h - what the helper may not do, whatever it reads (L4, helper).
 */
#ifndef TMTOP_SYMBOLS_CONFINE_H
#define TMTOP_SYMBOLS_CONFINE_H

/*
 * Give up, for good, everything that reading symbols does not need.  Limits
 * that are lower already stay; what the kernel does not know is left out.  A
 * process with a sanitizer in it keeps its address space and system calls.
 */
void confine_process(void);

/* The next request may take its share of processor time. */
void confine_renew_time(void);

#endif
