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
#include "hooks/eh_reader.h"

#include <dlfcn.h>
#include <string.h>

#define LEAST_ADDRESS	0x1000	/* nothing is ever mapped below */

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
	return cfi_compute_row(&cie, r, start, pc, row);
}
