/*
 * eh_reader.h - bytes of unwind tables, bounded (L2, internal to eh_frame.c
 * and cfi_program.c).
 *
 * Formats: LSB Core, "Exception Frames"; DWARF 5, 6.4 and 7.6.
 * Context    As eh_frame.h.
 */
#ifndef TMTOP_HOOKS_EH_READER_H
#define TMTOP_HOOKS_EH_READER_H

#include "hooks/eh_frame.h"

/* DWARF numbers of the x86-64 psABI. */
enum { DWARF_RBP = 6, DWARF_RSP = 7, DWARF_RA = 16 };

enum {
	DW_EH_PE_omit = 0xff, DW_EH_PE_indirect = 0x80,
	DW_EH_PE_pcrel = 0x10, DW_EH_PE_datarel = 0x30,
};

/* `bad` once something did not fit; reads then give 0. */
struct reader {
	const uint8_t	*at, *end;
	bool		bad;
};

/* A little-endian number of `size` (at most 8) bytes. */
uint64_t read_fixed(struct reader *r, unsigned size);
uint64_t read_uleb(struct reader *r);
int64_t read_sleb(struct reader *r);

/* A pointer in one of the DW_EH_PE encodings; indirect ones are not
 * followed (only personality routines use them). */
uint64_t read_encoded(struct reader *r, uint8_t encoding,
    uintptr_t data_base);

/* What a CIE says to all FDEs that name it. */
struct cie {
	uint64_t	code_align;
	int64_t		data_align;
	uint64_t	ra_register;
	uint8_t		pointer_encoding;
	bool		has_augmentation_size;
	bool		is_signal_frame;
	struct reader	program;
};

/*
 * Run the CIE's program, then `program` from `start` on up to `pc`; the row
 * that holds there.  False: an instruction that is not understood.
 */
bool cfi_compute_row(const struct cie *cie, struct reader program,
    uintptr_t start, uintptr_t pc, struct cfi_row *row);

#endif
