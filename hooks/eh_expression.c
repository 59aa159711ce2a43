/*
 * eh_expression.c - DWARF expressions as unwind tables use them (L2).
 *
 * What compilers, the linker's PLT entries and the C library's signal return
 * code emit: register plus offset, constants, arithmetic, comparison, and
 * reads of the stack.  Anything else is refused.  Bounded in steps and depth;
 * reads stay in the stack given.
 */
#include "hooks/eh_reader.h"

#define MAX_DEPTH	16
#define MAX_STEPS	128

struct evaluation {
	struct reader	 code;
	uintptr_t	 stack[MAX_DEPTH];
	unsigned	 depth;
	bool		 bad;
	const struct cfi_context *context;
};

static void
push(struct evaluation *e, uintptr_t value)
{
	if (e->depth == MAX_DEPTH)
		e->bad = true;
	else
		e->stack[e->depth++] = value;
}

static uintptr_t
pop(struct evaluation *e)
{
	if (e->depth == 0) {
		e->bad = true;
		return 0;
	}
	return e->stack[--e->depth];
}

static uint64_t
operand(struct evaluation *e, unsigned size)
{
	return read_fixed(&e->code, size);
}

static uintptr_t
register_value(struct evaluation *e, unsigned reg)
{
	switch (reg) {
	case 6:
		return e->context->rbp;
	case 7:
		return e->context->rsp;
	case 16:
		return e->context->pc;
	default:
		e->bad = true;
		return 0;
	}
}

static void
dereference(struct evaluation *e, unsigned size)
{
	uintptr_t word = 0;

	if (size != sizeof(word) ||
	    !stack_read(&e->context->stack, pop(e), &word))
		e->bad = true;
	push(e, word);
}

static void
binary(struct evaluation *e, uint8_t op)
{
	uintptr_t b = pop(e), a = pop(e);
	intptr_t sa = (intptr_t)a, sb = (intptr_t)b;

	switch (op) {
	case 0x1a: push(e, a & b); break;
	case 0x1c: push(e, a - b); break;
	case 0x1e: push(e, a * b); break;
	case 0x21: push(e, a | b); break;
	case 0x22: push(e, a + b); break;
	case 0x24: push(e, b < 64 ? a << b : 0); break;
	case 0x25: push(e, b < 64 ? a >> b : 0); break;
	case 0x26: push(e, (uintptr_t)(sa >> (b < 64 ? b : 63))); break;
	case 0x27: push(e, a ^ b); break;
	case 0x29: push(e, sa == sb); break;
	case 0x2a: push(e, sa >= sb); break;
	case 0x2b: push(e, sa > sb); break;
	case 0x2c: push(e, sa <= sb); break;
	case 0x2d: push(e, sa < sb); break;
	case 0x2e: push(e, sa != sb); break;
	default: e->bad = true;
	}
}

static void
jump(struct evaluation *e, bool taken, const uint8_t *start)
{
	int16_t distance = (int16_t)operand(e, 2);

	if (!taken || e->code.bad)
		return;
	if (distance < start - e->code.at ||
	    distance > e->code.end - e->code.at)
		e->bad = true;
	else
		e->code.at += distance;
}

static void
constant(struct evaluation *e, uint8_t op)
{
	switch (op) {
	case 0x03: case 0x0e: case 0x0f: push(e, operand(e, 8)); break;
	case 0x08: push(e, operand(e, 1)); break;
	case 0x09: push(e, (uintptr_t)(int8_t)operand(e, 1)); break;
	case 0x0a: push(e, operand(e, 2)); break;
	case 0x0b: push(e, (uintptr_t)(int16_t)operand(e, 2)); break;
	case 0x0c: push(e, operand(e, 4)); break;
	case 0x0d: push(e, (uintptr_t)(int32_t)operand(e, 4)); break;
	case 0x10: push(e, read_uleb(&e->code)); break;
	case 0x11: push(e, (uintptr_t)read_sleb(&e->code)); break;
	default: e->bad = true;
	}
}

static void
other(struct evaluation *e, uint8_t op, const uint8_t *start)
{
	uintptr_t a, b;

	switch (op) {
	case 0x06: dereference(e, 8); break;
	case 0x12: a = pop(e); push(e, a); push(e, a); break;
	case 0x13: pop(e); break;
	case 0x16: a = pop(e); b = pop(e); push(e, a); push(e, b); break;
	case 0x1f: push(e, -pop(e)); break;
	case 0x20: push(e, ~pop(e)); break;
	case 0x23: a = pop(e); push(e, a + read_uleb(&e->code)); break;
	case 0x28: jump(e, pop(e) != 0, start); break;
	case 0x2f: jump(e, true, start); break;
	case 0x92:
		a = register_value(e, (unsigned)read_uleb(&e->code));
		push(e, a + (uintptr_t)read_sleb(&e->code));
		break;
	case 0x94: dereference(e, (unsigned)operand(e, 1)); break;
	case 0x96: break;
	default:
		if (op >= 0x1a && op <= 0x2e)
			binary(e, op);
		else
			constant(e, op);
	}
}

bool
eh_frame_evaluate(const uint8_t *expression, uint32_t size,
    const struct cfi_context *context, const uintptr_t *push_first,
    uintptr_t *result)
{
	struct evaluation e = { .code = { expression, expression + size,
	    false }, .context = context };
	unsigned steps;
	uint8_t op;

	if (push_first != NULL)
		push(&e, *push_first);
	for (steps = 0; e.code.at < e.code.end && !e.bad && !e.code.bad;
	    steps++) {
		if (steps == MAX_STEPS)
			return false;
		op = (uint8_t)operand(&e, 1);
		if (op >= 0x30 && op <= 0x4f)
			push(&e, op - 0x30u);
		else if (op >= 0x70 && op <= 0x8f)
			push(&e, register_value(&e, op - 0x70u) +
			    (uintptr_t)read_sleb(&e.code));
		else
			other(&e, op, expression);
	}
	*result = pop(&e);
	return !e.bad && !e.code.bad;
}
