/*
 * cfi_program.c - call frame instructions to a row of the unwind table (L2).
 *
 * Shape      A machine with one current row and a small stack of saved ones,
 *            as DWARF 5, 6.4 describes it.  Only three registers are followed:
 *            frame pointer, stack pointer, return address; rules of others
 *            are read over.
 * Limits     Eight saved rows; compilers use one.
 */
#include "hooks/eh_reader.h"

#define MAX_SAVED_ROWS	8

struct machine {
	struct cfi_row	row, initial;
	struct cfi_row	saved[MAX_SAVED_ROWS];
	unsigned	n_saved;
	uintptr_t	location, pc;
	const struct cie *cie;
};

static struct cfi_rule *
rule_of(struct cfi_row *row, uint64_t reg)
{
	switch (reg) {
	case DWARF_RBP:
		return &row->rules[CFI_RBP];
	case DWARF_RSP:
		return &row->rules[CFI_RSP];
	case DWARF_RA:
		return &row->rules[CFI_RA];
	default:
		return NULL;
	}
}

static void
set_rule(struct machine *m, uint64_t reg, enum cfi_rule_kind kind,
    int64_t offset)
{
	struct cfi_rule *rule = rule_of(&m->row, reg);

	if (rule != NULL)
		*rule = (struct cfi_rule){ .kind = kind, .offset = offset };
}

static void
set_expression(struct machine *m, struct reader *r, uint64_t reg,
    enum cfi_rule_kind kind)
{
	struct cfi_rule *rule = rule_of(&m->row, reg);
	uint64_t size = read_uleb(r);

	if (r->bad || size > (size_t)(r->end - r->at)) {
		r->bad = true;
		return;
	}
	if (rule != NULL)
		*rule = (struct cfi_rule){ .kind = kind, .expression = r->at,
		    .expression_size = (uint32_t)size };
	r->at += size;
}

static void
set_cfa(struct machine *m, uint64_t reg, int64_t offset)
{
	m->row.cfa_kind = CFA_REGISTER;
	m->row.cfa_register = (unsigned)reg;
	m->row.cfa_offset = offset;
}

static void
set_cfa_expression(struct machine *m, struct reader *r)
{
	uint64_t size = read_uleb(r);

	if (r->bad || size > (size_t)(r->end - r->at)) {
		r->bad = true;
		return;
	}
	m->row.cfa_kind = CFA_EXPRESSION;
	m->row.cfa_expression = r->at;
	m->row.cfa_expression_size = (uint32_t)size;
	r->at += size;
}

static void
restore_rule(struct machine *m, uint64_t reg)
{
	struct cfi_rule *rule = rule_of(&m->row, reg);

	if (rule != NULL)
		*rule = *rule_of(&m->initial, reg);
}

static void
save_row(struct machine *m, struct reader *r)
{
	if (m->n_saved == MAX_SAVED_ROWS)
		r->bad = true;
	else
		m->saved[m->n_saved++] = m->row;
}

static void
restore_row(struct machine *m, struct reader *r)
{
	bool is_signal = m->row.is_signal_frame;

	if (m->n_saved == 0) {
		r->bad = true;
		return;
	}
	m->row = m->saved[--m->n_saved];
	m->row.is_signal_frame = is_signal;
}

/* Instructions that say where the CFA is; false: not one of them. */
static bool
run_cfa(struct machine *m, struct reader *r, uint8_t op)
{
	int64_t scale = m->cie->data_align;
	uint64_t reg;

	switch (op) {
	case 0x0c:					/* def_cfa */
		reg = read_uleb(r);
		set_cfa(m, reg, (int64_t)read_uleb(r));
		return true;
	case 0x0d:					/* def_cfa_register */
		m->row.cfa_kind = CFA_REGISTER;
		m->row.cfa_register = (unsigned)read_uleb(r);
		return true;
	case 0x0e:					/* def_cfa_offset */
		m->row.cfa_offset = (int64_t)read_uleb(r);
		return true;
	case 0x0f:				/* def_cfa_expression */
		set_cfa_expression(m, r);
		return true;
	case 0x12:					/* def_cfa_sf */
		reg = read_uleb(r);
		set_cfa(m, reg, read_sleb(r) * scale);
		return true;
	case 0x13:					/* def_cfa_offset_sf */
		m->row.cfa_offset = read_sleb(r) * scale;
		return true;
	default:
		return false;
	}
}

/* Instructions that say where a register is; false: not one of them. */
static bool
run_register(struct machine *m, struct reader *r, uint8_t op)
{
	int64_t scale = m->cie->data_align;
	uint64_t reg;

	if (op < 0x05 || (op > 0x09 && op < 0x10) || op == 0x12 ||
	    op == 0x13 || (op > 0x16 && op != 0x2f))
		return false;
	reg = read_uleb(r);
	switch (op) {
	case 0x05:					/* offset_extended */
		set_rule(m, reg, CFI_AT_CFA, (int64_t)read_uleb(r) * scale);
		return true;
	case 0x06:					/* restore_extended */
		restore_rule(m, reg);
		return true;
	case 0x07:
		set_rule(m, reg, CFI_UNDEFINED, 0);
		return true;
	case 0x08:
		set_rule(m, reg, CFI_SAME, 0);
		return true;
	case 0x09:					/* register */
		read_uleb(r);
		set_rule(m, reg, CFI_REGISTER, 0);
		return true;
	case 0x10:					/* expression */
		set_expression(m, r, reg, CFI_AT_EXPRESSION);
		return true;
	case 0x11:					/* offset_extended_sf */
		set_rule(m, reg, CFI_AT_CFA, read_sleb(r) * scale);
		return true;
	case 0x14:					/* val_offset */
		set_rule(m, reg, CFI_IS_CFA, (int64_t)read_uleb(r) * scale);
		return true;
	case 0x15:					/* val_offset_sf */
		set_rule(m, reg, CFI_IS_CFA, read_sleb(r) * scale);
		return true;
	case 0x16:					/* val_expression */
		set_expression(m, r, reg, CFI_IS_EXPRESSION);
		return true;
	default:			/* GNU_negative_offset_extended */
		set_rule(m, reg, CFI_AT_CFA, -(int64_t)read_uleb(r) * scale);
		return true;
	}
}

/* The rest; false: unknown instruction. */
static bool
run_other(struct machine *m, struct reader *r, uint8_t op)
{
	uint64_t align = m->cie->code_align;

	switch (op) {
	case 0x00: case 0x2d:				/* nop, window_save */
		return true;
	case 0x01:					/* set_loc */
		m->location = read_encoded(r, m->cie->pointer_encoding, 0);
		return true;
	case 0x02:					/* advance_loc1, 2, 4 */
		m->location += read_fixed(r, 1) * align;
		return true;
	case 0x03:
		m->location += read_fixed(r, 2) * align;
		return true;
	case 0x04:
		m->location += read_fixed(r, 4) * align;
		return true;
	case 0x0a:
		save_row(m, r);
		return true;
	case 0x0b:
		restore_row(m, r);
		return true;
	case 0x2e:					/* GNU_args_size */
		read_uleb(r);
		return true;
	default:
		return false;
	}
}

/* Run until the program ends or its location is past the address. */
static bool
run_program(struct machine *m, struct reader r)
{
	uint8_t op;

	while (r.at < r.end && !r.bad) {
		op = (uint8_t)read_fixed(&r, 1);
		switch (op & 0xc0) {
		case 0x40:
			m->location += (op & 0x3fu) * m->cie->code_align;
			break;
		case 0x80:
			set_rule(m, op & 0x3f, CFI_AT_CFA,
			    (int64_t)read_uleb(&r) * m->cie->data_align);
			break;
		case 0xc0:
			restore_rule(m, op & 0x3f);
			break;
		default:
			if (!run_cfa(m, &r, op) && !run_register(m, &r, op) &&
			    !run_other(m, &r, op))
				return false;
		}
		if (m->location > m->pc)
			return true;
	}
	return !r.bad;
}

bool
cfi_compute_row(const struct cie *cie, struct reader program,
    uintptr_t start, uintptr_t pc, struct cfi_row *row)
{
	struct machine m;

	/* Not initialised as a whole: the saved rows are large. */
	m.row = (struct cfi_row){ .is_signal_frame = cie->is_signal_frame };
	m.row.rules[CFI_RA] = (struct cfi_rule){ .kind = CFI_UNDEFINED };
	m.row.rules[CFI_RSP] = (struct cfi_rule){ .kind = CFI_IS_CFA };
	m.n_saved = 0;
	m.cie = cie;
	/* The initial program has no locations: it runs to its end. */
	m.location = 0;
	m.pc = UINTPTR_MAX;
	m.initial = m.row;
	if (!run_program(&m, cie->program))
		return false;
	m.initial = m.row;
	m.location = start;
	m.pc = pc;
	if (!run_program(&m, program))
		return false;
	*row = m.row;
	return true;
}
