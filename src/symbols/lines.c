#include "symbols/lines.h"

/* How many rows begin at or below the address. */
static size_t
count_below(const struct lines *lines, uint64_t address)
{
	size_t low = 0, high = lines->rows.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lines->rows.items[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct line_row *
lines_find(const struct lines *lines, uint64_t address)
{
	size_t n = count_below(lines, address);
	const struct line_row *last;

	if (n == 0)
		return NULL;
	last = &lines->rows.items[n - 1];
	if (last->is_end)
		return NULL;
	for (size_t i = n; i > 0; i--) {
		const struct line_row *row = &lines->rows.items[i - 1];

		if (row->address != last->address || row->is_end)
			break;
		if (row->is_statement)
			return row;
	}
	return last;
}
