/* debug_lines.c - files and lines of addresses and calls (L4, helper). */
#include "symbols/debug_private.h"

static void
read_lines(struct unit *unit)
{
	Dwarf_Lines *lines;
	size_t n;

	unit->has_lines = true;
	if (dwarf_getsrclines(&unit->die, &lines, &n) != 0)
		return;
	for (size_t i = 0; i < n; i++) {
		Dwarf_Line *line = dwarf_onesrcline(lines, i);
		Dwarf_Addr address = 0;
		struct line_row row = { .is_end = true };
		int number = 0;

		dwarf_lineaddr(line, &address);
		dwarf_lineno(line, &number);
		dwarf_linebeginstatement(line, &row.is_statement);
		dwarf_lineendsequence(line, &row.is_end);
		/* Code that belongs to no line in particular counts with
		 * what is before it, as in gdb. */
		if (number <= 0 && !row.is_end)
			continue;
		row.address = address;
		row.line = (uint32_t)number;
		row.file = dwarf_linesrc(line, NULL, NULL);
		vec_push(&unit->lines.rows, row);
	}
}

void
debug_find_line(struct unit *unit, Dwarf_Addr address, struct place *place)
{
	const struct line_row *row;

	if (!unit->has_lines)
		read_lines(unit);
	row = lines_find(&unit->lines, address);
	if (row != NULL) {
		place->file = row->file;
		place->line = row->line;
	}
}

void
debug_find_call_site(struct unit *unit, Dwarf_Die *inlined, struct place *place)
{
	Dwarf_Attribute found;
	Dwarf_Word value;
	Dwarf_Files *files;
	size_t n;

	if (dwarf_attr(inlined, DW_AT_call_line, &found) != NULL &&
	    dwarf_formudata(&found, &value) == 0 && value <= UINT32_MAX)
		place->line = (uint32_t)value;
	if (dwarf_attr(inlined, DW_AT_call_file, &found) != NULL &&
	    dwarf_formudata(&found, &value) == 0 &&
	    dwarf_getsrcfiles(&unit->code, &files, &n) == 0 && value < n)
		place->file = dwarf_filesrc(files, value, NULL, NULL);
}
