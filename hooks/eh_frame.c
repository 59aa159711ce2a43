/*
 * eh_frame.c - from a code address to its row of the unwind table (L2).
 *
 * Shape      .eh_frame_hdr is a sorted table of (function, FDE); an FDE names
 *            its CIE; the two programs, run up to the address, leave a row.
 *            Only three registers matter: frame pointer, stack pointer,
 *            return address.
 * Why        The result is turned into a small rule and cached (sites.c), so
 *            nothing here has to be fast; it has to be right and bounded.
 *            Every read is checked against the module's mapped range.
 * Limits     Encodings that the GNU and LLVM linkers produce for the table
 *            (data-relative, four bytes); rules that need other registers are
 *            reported as such and end the walk.
 */
#include "hooks/eh_frame.h"

#include <dlfcn.h>
#include <string.h>

#define MAX_SAVED_ROWS	8
#define LEAST_ADDRESS	0x1000	/* nothing is ever mapped below */

/* DWARF numbers of the x86-64 psABI. */
enum { DWARF_RBP = 6, DWARF_RSP = 7, DWARF_RA = 16 };

enum {
	DW_EH_PE_omit = 0xff, DW_EH_PE_indirect = 0x80,
	DW_EH_PE_pcrel = 0x10, DW_EH_PE_datarel = 0x30,
};

/* A bounded reader; `bad` once something did not fit. */
struct reader {
	const uint8_t	*at, *end;
	bool		bad;
};

static uint64_t
read_fixed(struct reader *r, unsigned size)
{
	uint64_t value = 0;

	if ((size_t)(r->end - r->at) < size) {
		r->bad = true;
		r->at = r->end;
		return 0;
	}
	memcpy(&value, r->at, size);
	r->at += size;
	return value;
}

static uint64_t
read_uleb(struct reader *r)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)read_fixed(r, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) && !r->bad);
	return value;
}

static int64_t
read_sleb(struct reader *r)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)read_fixed(r, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) && !r->bad);
	if (shift < 64 && (byte & 0x40))
		value |= ~UINT64_C(0) << shift;
	return (int64_t)value;
}

/* A pointer in one of the DW_EH_PE encodings; indirect ones are not
 * followed (only personality routines use them). */
static uint64_t
read_encoded(struct reader *r, uint8_t encoding, uintptr_t data_base)
{
	uintptr_t place = (uintptr_t)r->at;
	uint64_t value;

	if (encoding == DW_EH_PE_omit)
		return 0;
	switch (encoding & 0x0f) {
	case 0x00: case 0x04: case 0x0c:
		value = read_fixed(r, 8);
		break;
	case 0x01:
		value = read_uleb(r);
		break;
	case 0x02:
		value = read_fixed(r, 2);
		break;
	case 0x03:
		value = read_fixed(r, 4);
		break;
	case 0x09:
		value = (uint64_t)read_sleb(r);
		break;
	case 0x0a:
		value = (uint64_t)(int64_t)(int16_t)read_fixed(r, 2);
		break;
	case 0x0b:
		value = (uint64_t)(int64_t)(int32_t)read_fixed(r, 4);
		break;
	default:
		r->bad = true;
		return 0;
	}
	switch (encoding & 0x70) {
	case 0x00:
		return value;
	case DW_EH_PE_pcrel:
		return value + place;
	case DW_EH_PE_datarel:
		return value + data_base;
	default:
		r->bad = true;
		return 0;
	}
}

/* ---- finding the FDE ---- */

struct table_entry {
	int32_t	function, fde;		/* relative to the header */
};

/*
 * The range that unwind tables may be read in.  For a module whose segments
 * are not contiguous ld.so describes only the one with the code, and the
 * tables lie in another: then only their own lengths bound the reads.
 */
struct extent {
	const uint8_t	*low, *high;
};

static struct extent
table_extent(const struct dl_find_object *module)
{
	const uint8_t *header = module->dlfo_eh_frame;

	if (header >= (const uint8_t *)module->dlfo_map_start &&
	    header < (const uint8_t *)module->dlfo_map_end)
		return (struct extent){ module->dlfo_map_start,
		    module->dlfo_map_end };
	return (struct extent){ (const uint8_t *)LEAST_ADDRESS,
	    (const uint8_t *)(UINTPTR_MAX >> 1) };
}

static const uint8_t *
find_fde(const struct dl_find_object *module, uintptr_t pc)
{
	const uint8_t *header = module->dlfo_eh_frame;
	struct reader r = { header, table_extent(module).high, false };
	const struct table_entry *table;
	uint64_t count;
	size_t low, high, middle;
	uint8_t eh_frame_encoding, count_encoding, table_encoding;
	int64_t wanted = (int64_t)(pc - (uintptr_t)header);

	if (header == NULL || read_fixed(&r, 1) != 1)
		return NULL;
	eh_frame_encoding = (uint8_t)read_fixed(&r, 1);
	count_encoding = (uint8_t)read_fixed(&r, 1);
	table_encoding = (uint8_t)read_fixed(&r, 1);
	read_encoded(&r, eh_frame_encoding, (uintptr_t)header);
	count = read_encoded(&r, count_encoding, (uintptr_t)header);
	table = (const struct table_entry *)r.at;
	if (r.bad || table_encoding != 0x3b || count == 0 ||
	    count > (size_t)(r.end - r.at) / sizeof(*table) ||
	    wanted < table[0].function)
		return NULL;
	/* The last entry that does not begin after the address. */
	for (low = 0, high = count; high - low > 1;) {
		middle = low + (high - low) / 2;
		if (table[middle].function <= wanted)
			low = middle;
		else
			high = middle;
	}
	return header + table[low].fde;
}

struct cie {
	uint64_t	code_align;
	int64_t		data_align;
	uint64_t	ra_register;
	uint8_t		pointer_encoding;
	bool		has_augmentation_size;
	bool		is_signal_frame;
	struct reader	program;
};

static void
read_augmentation(struct reader *r, const char *augmentation, struct cie *cie)
{
	uint8_t encoding;

	for (; *augmentation != '\0' && !r->bad; augmentation++) {
		switch (*augmentation) {
		case 'R':
			cie->pointer_encoding = (uint8_t)read_fixed(r, 1);
			break;
		case 'P':
			encoding = (uint8_t)read_fixed(r, 1);
			read_encoded(r, encoding & (uint8_t)~DW_EH_PE_indirect,
			    0);
			break;
		case 'L':
			read_fixed(r, 1);
			break;
		case 'S':
			cie->is_signal_frame = true;
			break;
		default:
			return;	/* the size tells where the program begins */
		}
	}
}

static bool
parse_cie(const uint8_t *at, const uint8_t *limit, struct cie *cie)
{
	struct reader r = { at, limit, false }, data;
	const char *augmentation;
	uint64_t length, size;
	uint8_t version;

	*cie = (struct cie){ .pointer_encoding = 0 };
	length = read_fixed(&r, 4);
	if (r.bad || length > (size_t)(r.end - r.at))
		return false;
	r.end = r.at + length;
	if (read_fixed(&r, 4) != 0)
		return false;
	version = (uint8_t)read_fixed(&r, 1);
	augmentation = (const char *)r.at;
	r.at = memchr(r.at, '\0', (size_t)(r.end - r.at));
	if (r.at == NULL || (version != 1 && version != 3))
		return false;
	r.at++;
	cie->code_align = read_uleb(&r);
	cie->data_align = read_sleb(&r);
	cie->ra_register = version == 1 ? read_fixed(&r, 1) : read_uleb(&r);
	if (*augmentation == 'z') {
		cie->has_augmentation_size = true;
		size = read_uleb(&r);
		if (r.bad || size > (size_t)(r.end - r.at))
			return false;
		data = (struct reader){ r.at, r.at + size, false };
		read_augmentation(&data, augmentation + 1, cie);
		r.at += size;
		r.bad |= data.bad;
	} else if (*augmentation != '\0')
		return false;
	cie->program = r;
	return !r.bad && cie->ra_register == DWARF_RA;
}

/* ---- running the programs ---- */

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

/* The instructions with an operand in their lower six bits are done by the
 * caller; false: unknown instruction. */
static bool
run_extended(struct machine *m, struct reader *r, uint8_t op)
{
	int64_t scale = m->cie->data_align;
	uint64_t reg;

	switch (op) {
	case 0x00: case 0x2d:				/* nop, window_save */
		return true;
	case 0x01:					/* set_loc */
		m->location = read_encoded(r, m->cie->pointer_encoding, 0);
		return true;
	case 0x02:					/* advance_loc1 */
		m->location += read_fixed(r, 1) * m->cie->code_align;
		return true;
	case 0x03:
		m->location += read_fixed(r, 2) * m->cie->code_align;
		return true;
	case 0x04:
		m->location += read_fixed(r, 4) * m->cie->code_align;
		return true;
	case 0x05:					/* offset_extended */
		reg = read_uleb(r);
		set_rule(m, reg, CFI_AT_CFA, (int64_t)read_uleb(r) * scale);
		return true;
	case 0x06:
		restore_rule(m, read_uleb(r));
		return true;
	case 0x07:
		set_rule(m, read_uleb(r), CFI_UNDEFINED, 0);
		return true;
	case 0x08:
		set_rule(m, read_uleb(r), CFI_SAME, 0);
		return true;
	case 0x09:					/* register */
		reg = read_uleb(r);
		read_uleb(r);
		set_rule(m, reg, CFI_REGISTER, 0);
		return true;
	case 0x0a:
		save_row(m, r);
		return true;
	case 0x0b:
		restore_row(m, r);
		return true;
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
	case 0x0f:
		set_cfa_expression(m, r);
		return true;
	case 0x10:					/* expression */
		reg = read_uleb(r);
		set_expression(m, r, reg, CFI_AT_EXPRESSION);
		return true;
	case 0x11:					/* offset_extended_sf */
		reg = read_uleb(r);
		set_rule(m, reg, CFI_AT_CFA, read_sleb(r) * scale);
		return true;
	case 0x12:					/* def_cfa_sf */
		reg = read_uleb(r);
		set_cfa(m, reg, read_sleb(r) * scale);
		return true;
	case 0x13:					/* def_cfa_offset_sf */
		m->row.cfa_offset = read_sleb(r) * scale;
		return true;
	case 0x14:					/* val_offset */
		reg = read_uleb(r);
		set_rule(m, reg, CFI_IS_CFA, (int64_t)read_uleb(r) * scale);
		return true;
	case 0x15:
		reg = read_uleb(r);
		set_rule(m, reg, CFI_IS_CFA, read_sleb(r) * scale);
		return true;
	case 0x16:					/* val_expression */
		reg = read_uleb(r);
		set_expression(m, r, reg, CFI_IS_EXPRESSION);
		return true;
	case 0x2e:					/* GNU_args_size */
		read_uleb(r);
		return true;
	case 0x2f:				/* negative_offset_extended */
		reg = read_uleb(r);
		set_rule(m, reg, CFI_AT_CFA, -(int64_t)read_uleb(r) * scale);
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
			if (!run_extended(m, &r, op))
				return false;
		}
		if (m->location > m->pc)
			return true;
	}
	return !r.bad;
}

static bool
compute_row(const struct cie *cie, struct reader program, uintptr_t start,
    uintptr_t pc, struct cfi_row *row)
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

bool
eh_frame_row(const struct dl_find_object *module, uintptr_t pc,
    struct cfi_row *row)
{
	const uint8_t *limit = table_extent(module).high;
	const uint8_t *floor = table_extent(module).low;
	const uint8_t *fde = find_fde(module, pc), *cie_at;
	struct reader r;
	struct cie cie;
	uint64_t length, start, range, size;

	if (fde == NULL || fde < floor || fde >= limit)
		return false;
	r = (struct reader){ fde, limit, false };
	length = read_fixed(&r, 4);
	if (r.bad || length < 8 || length > (size_t)(r.end - r.at))
		return false;
	r.end = r.at + length;
	cie_at = r.at;
	cie_at -= read_fixed(&r, 4);
	if (cie_at < floor || cie_at >= limit ||
	    !parse_cie(cie_at, limit, &cie))
		return false;
	start = read_encoded(&r, cie.pointer_encoding, 0);
	range = read_encoded(&r, cie.pointer_encoding & 0x0f, 0);
	if (cie.has_augmentation_size) {
		size = read_uleb(&r);
		if (r.bad || size > (size_t)(r.end - r.at))
			return false;
		r.at += size;
	}
	if (r.bad || pc < start || pc - start >= range)
		return false;
	return compute_row(&cie, r, start, pc, row);
}
