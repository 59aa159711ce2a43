/*
 * eh_frame.h - unwind information of a code address (L2).
 *
 * Reads .eh_frame_hdr and .eh_frame of a loaded module as the compilers and
 * the linker wrote them (LSB Core, "Exception Frames"; DWARF 5, 6.4).
 * Context    Guard held, any thread.  No allocation, no lock, no system call.
 *            Only code that is on the caller's stack may be asked about: its
 *            module cannot be unloaded meanwhile.
 */
#ifndef TMTOP_HOOKS_EH_FRAME_H
#define TMTOP_HOOKS_EH_FRAME_H

#include "base/compiler.h"

struct dl_find_object;

enum cfi_register { CFI_RBP, CFI_RSP, CFI_RA, N_CFI_REGISTERS };

enum cfi_rule_kind {
	CFI_SAME,		/* the caller's value is the current one */
	CFI_UNDEFINED,
	CFI_AT_CFA,		/* saved at CFA + offset */
	CFI_IS_CFA,		/* is CFA + offset */
	CFI_AT_EXPRESSION,	/* saved at the address computed */
	CFI_IS_EXPRESSION,	/* is the value computed */
	CFI_REGISTER,		/* in another register: not followed */
};

struct cfi_rule {
	enum cfi_rule_kind	kind;
	int64_t			offset;
	const uint8_t		*expression;
	uint32_t		expression_size;
};

/* The row of the unwind table that holds at one address. */
struct cfi_row {
	enum { CFA_REGISTER, CFA_EXPRESSION } cfa_kind;
	unsigned	cfa_register;		/* DWARF number */
	int64_t		cfa_offset;
	const uint8_t	*cfa_expression;
	uint32_t	cfa_expression_size;
	struct cfi_rule	rules[N_CFI_REGISTERS];
	bool		is_signal_frame;
};

/*
 * The row for the instruction at `pc` (for a return address: one less).
 * False: no unwind information, or none that we understand.
 */
bool eh_frame_row(const struct dl_find_object *module, uintptr_t pc,
    struct cfi_row *row);

/* Where expressions and rules read memory: the current stack only. */
struct stack_view {
	uintptr_t	low, high;	/* addresses that may be read */
	const char	*bytes;		/* of low */
};

/* The registers that expressions may use. */
struct cfi_context {
	uintptr_t	rbp, rsp, pc;
	struct stack_view stack;
};

/* Evaluate a DWARF expression; `push` is put on its stack first when has_push
 * (the CFA, for register rules).  False: outside what is allowed. */
bool eh_frame_evaluate(const uint8_t *expression, uint32_t size,
    const struct cfi_context *context, const uintptr_t *push,
    uintptr_t *result);

/* An aligned or unaligned word of the stack, bounds checked. */
static inline bool
stack_read(const struct stack_view *view, uintptr_t address, uintptr_t *word)
{
	if (unlikely(address < view->low || address > view->high ||
	    view->high - address < sizeof(*word)))
		return false;
	__builtin_memcpy(word, view->bytes + (address - view->low),
	    sizeof(*word));
	return true;
}

#endif
