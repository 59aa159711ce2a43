/*
 * sites.h - what is known about a return address: the rule that leads to its
 * caller, and which module it belongs to (L2).
 *
 * A cache: everything in it can be derived again.
 * Context    Guard held, any thread, lock-free.
 */
#ifndef TMTOP_HOOKS_SITES_H
#define TMTOP_HOOKS_SITES_H

#include "hooks/eh_frame.h"
#include "tables/tree.h"

struct module;

enum site_step {
	STEP_NONE,	/* no unwind information: only a guess is possible */
	STEP_SIMPLE,	/* cfa = register + offset; see the fields */
	STEP_LOADED,	/* cfa = word at (rbp + offset): realigned stacks */
	STEP_GENERAL,	/* expressions, signal frames: derived each time */
	STEP_END,	/* the outermost frame: no return address */
};

enum site_rbp { RBP_SAME, RBP_AT_CFA, RBP_AT_RBP };

struct site {
	uint64_t	key;		/* address << 1 | is exact; 0 = empty.
					 * Written last */
	struct tree_key	frame;		/* module, offset, kind */
	const struct module *module;	/* NULL: none */
	uint32_t	epoch;		/* of modules, when last found valid */
	int32_t		cfa_offset;
	int32_t		rbp_offset;
	uint8_t		step;		/* enum site_step */
	uint8_t		cfa_is_rbp;	/* else rsp */
	uint8_t		rbp;		/* enum site_rbp */
	uint8_t		is_signal;	/* the caller was interrupted */
};

/*
 * The entry of an address; is_exact: not a return address but where a signal
 * interrupted.  `fallback` is the caller's, filled in and returned when the
 * address must not be cached (code outside modules) or no memory is left.
 */
const struct site *site_find(uintptr_t pc, bool is_exact,
    struct site *fallback);

/* The full row of unwind information, for STEP_GENERAL. */
bool site_row(uintptr_t pc, bool is_exact, struct cfi_row *row);

void sites_abandon(void);	/* fork child: module ids changed */

#endif
