/*
 * unwind_module.h - the one function of the libunwind module (L2).
 */
#ifndef TMTOP_HOOKS_UNWIND_MODULE_H
#define TMTOP_HOOKS_UNWIND_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNWIND_MODULE_FILE	"libtmtop_unwind.so"
#define UNWIND_MODULE_SYMBOL	"tmtop_unwind_reference"

struct unwind_reference {
	uintptr_t	start_pc, start_sp;	/* first frame wanted */
	uintptr_t	stack_low, stack_high;	/* may be read; 0: unknown */
	uintptr_t	*pcs;			/* room for max_frames */
	uint32_t	max_frames;
	uint32_t	n_frames;		/* out; 0: start not found */
	bool		is_complete;		/* out: libunwind said end */
};

/* Walks from inside itself, skips frames up to the start, then reports return
 * addresses.  Not reentrant; may take ld.so's lock and allocate: the price of
 * a reference. */
typedef void unwind_reference_function(struct unwind_reference *request);

#endif
