/*
 * dwarf_libdw.c - ELF and DWARF through elfutils (L4, helper).
 *
 * Shape      A module is a Dwfl with that one file at base 0, so that ELF
 *            addresses need no conversion.  Below it three tables that are
 *            made when first needed: units by address, functions of a unit
 *            by address, symbols by address.
 * Why        libdwfl finds the separate file (build-id, debuglink), the mini
 *            symbols and the dwz file.  Its own search for an address is
 *            not used: it needs .debug_aranges, which clang does not write,
 *            and it walks all functions of a unit, or all symbols of a
 *            file, for every address anew.  The table of functions also
 *            gives the chain of inlined calls in one descent; the scopes
 *            that dwarf_getscopes() returns end at the innermost inlined
 *            function.
 * Invariant  Loops over DIEs only go forwards in the file, so a hostile one
 *            cannot make them endless; the rest is the watchdog's affair.
 * Limits     MAX_DEPTH levels of nesting; what lies deeper is not found.
 */
#include "symbols/dwarf_libdw.h"

#include "symbols/files.h"
#include "symbols/lines.h"
#include "symbols/symtab.h"
#include "util/names.h"
#include "util/strbuf.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <unistd.h>

#define MAX_DEPTH	256u
#define MAX_PATH	8192u

struct unit {
	Dwarf_Die	 die;		/* has the line table */
	Dwarf_Die	 code;		/* has the functions: the same, or the
					 * unit in the .dwo file */
	VEC(Dwarf_Die)	 functions;
	struct ranges	 by_address;	/* ids index functions */
	enum {
		UNIT_UNREAD,
		UNIT_OUTER,		/* functions outside functions */
		UNIT_ALL		/* those inside others as well */
	} state;
	struct lines	 lines;
	bool		 has_lines;
};

struct dwarf_module {
	Dwfl_Callbacks	 callbacks;
	Dwfl		*dwfl;
	Dwfl_Module	*module;
	Dwarf		*dwarf;		/* NULL: no debug information */
	Dwarf_Addr	 bias;		/* of the separate file */
	char		*search_path;	/* for separate files */
	VEC(struct unit *) units;
	struct ranges	 units_by_address;
	bool		 has_units;
	struct symtab	 symtab;
	bool		 has_symtab;
	VEC(char *)	 made_names;	/* of the current answer */
	uint64_t	 address;	/* asked for */
	Dwarf_Addr	 pc;		/* the same in the separate file */
};

/* ---- opening ---- */

static bool
is_expected_build(struct dwarf_module *module, const struct module_key *key)
{
	const unsigned char *bits = NULL;
	GElf_Addr address;
	int size;

	if (key->build_id_size == 0)
		return true;
	size = dwfl_module_build_id(module->module, &bits, &address);
	return size > 0 && (size_t)size == key->build_id_size &&
	    memcmp(bits, key->build_id, key->build_id_size) == 0;
}

/* Beside the file, then where debug packages of its own root and of ours put
 * theirs. */
static char *
make_search_path(const char *root)
{
	struct strbuf path = STRBUF_INIT(MAX_PATH);

	strbuf_puts(&path, ":.debug");
	if (root[0] != '\0' && strchr(root, ':') == NULL)
		strbuf_printf(&path, ":%s/usr/lib/debug", root);
	strbuf_puts(&path, ":/usr/lib/debug");
	return strbuf_take(&path);
}

static bool
report_file(struct dwarf_module *module, const struct module_key *key)
{
	struct strbuf name = STRBUF_INIT(MAX_PATH);
	int fd = files_open_module(key->root, key->path, &name);

	if (fd < 0)
		goto out;
	module->search_path = make_search_path(key->root);
	module->callbacks = (Dwfl_Callbacks){
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.section_address = dwfl_offline_section_address,
		.debuginfo_path = &module->search_path,
	};
	module->dwfl = dwfl_begin(&module->callbacks);
	if (module->dwfl == NULL)
		goto out;
	dwfl_report_begin(module->dwfl);
	module->module = dwfl_report_elf(module->dwfl, key->path,
	    strbuf_text(&name), fd, 0, true);
	if (module->module != NULL)
		fd = -1;		/* libdwfl's now */
	dwfl_report_end(module->dwfl, NULL, NULL);
out:
	if (fd >= 0)
		close(fd);
	strbuf_fini(&name);
	return module->module != NULL;
}

struct dwarf_module *
dwarf_open(const struct module_key *key)
{
	struct dwarf_module *module = xcalloc(1, sizeof *module);

	if (!report_file(module, key) || !is_expected_build(module, key)) {
		dwarf_close(module);
		return NULL;
	}
	module->dwarf = dwfl_module_getdwarf(module->module, &module->bias);
	return module;
}

static void
forget_names(struct dwarf_module *module)
{
	for (size_t i = 0; i < module->made_names.n; i++)
		free(module->made_names.items[i]);
	vec_clear(&module->made_names);
}

void
dwarf_close(struct dwarf_module *module)
{
	if (module == NULL)
		return;
	for (size_t i = 0; i < module->units.n; i++) {
		struct unit *unit = module->units.items[i];

		vec_fini(&unit->functions);
		ranges_fini(&unit->by_address);
		vec_fini(&unit->lines.rows);
		free(unit);
	}
	vec_fini(&module->units);
	ranges_fini(&module->units_by_address);
	symtab_fini(&module->symtab);
	forget_names(module);
	vec_fini(&module->made_names);
	if (module->dwfl != NULL)
		dwfl_end(module->dwfl);
	free(module->search_path);
	free(module);
}

/* ---- units ---- */

/* Add the ranges of a DIE; false when it has none. */
static bool
add_ranges(struct ranges *ranges, Dwarf_Die *die, uint32_t id)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t offset = 0;
	bool has_any = false;

	while ((offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0) {
		ranges_add(ranges, low, high, id);
		has_any = true;
	}
	return has_any;
}

/* All units, with the ranges that they say they have.  Reads the first DIE of
 * each: for a browser's hundred thousand units a fraction of a second. */
static void
read_units(struct dwarf_module *module)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Half version;
	uint8_t type;
	Dwarf_Die die, split;

	module->has_units = true;
	while (dwarf_get_units(module->dwarf, cu, &cu, &version, &type, &die,
	    &split) == 0) {
		struct unit *unit;

		if (type != DW_UT_compile && type != DW_UT_skeleton)
			continue;
		unit = xcalloc(1, sizeof *unit);
		unit->die = unit->code = die;
		if (type == DW_UT_skeleton && split.addr != NULL)
			unit->code = split;
		vec_push(&module->units, unit);
		if (!add_ranges(&module->units_by_address, &die,
		    (uint32_t)module->units.n - 1))
			add_ranges(&module->units_by_address, &unit->code,
			    (uint32_t)module->units.n - 1);
	}
}

static struct unit *
find_unit(struct dwarf_module *module, Dwarf_Addr address)
{
	uint32_t id;

	if (module->dwarf == NULL)
		return NULL;
	if (!module->has_units)
		read_units(module);
	id = ranges_find(&module->units_by_address, address);
	return id == RANGE_NONE ? NULL : module->units.items[id];
}

/* ---- functions ---- */

/* The next DIE of the same parent; false at the end, or where the file leads
 * backwards. */
static bool
next_sibling(Dwarf_Die *die)
{
	Dwarf_Off before = dwarf_dieoffset(die);

	return dwarf_siblingof(die, die) == 0 && dwarf_dieoffset(die) > before;
}

/* Can functions of their own be in there? */
static bool
has_functions(int tag, bool is_all)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
	case DW_TAG_enumeration_type:
		return true;
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
		return is_all;
	default:
		return false;
	}
}

static void
collect_functions(struct unit *unit, Dwarf_Die *parent, unsigned depth,
    bool is_all)
{
	Dwarf_Die die;

	if (depth > MAX_DEPTH || dwarf_child(parent, &die) != 0)
		return;
	do {
		int tag = dwarf_tag(&die);

		if (tag == DW_TAG_subprogram &&
		    add_ranges(&unit->by_address, &die,
		    (uint32_t)unit->functions.n))
			vec_push(&unit->functions, die);
		if (has_functions(tag, is_all))
			collect_functions(unit, &die, depth + 1, is_all);
	} while (next_sibling(&die));
}

/* The function in whose body the address is.  Functions inside functions are
 * rare and looking for them reads the whole unit, so they come second. */
static Dwarf_Die *
find_function(struct unit *unit, Dwarf_Addr address)
{
	uint32_t id = RANGE_NONE;

	for (;;) {
		if (unit->state != UNIT_UNREAD)
			id = ranges_find(&unit->by_address, address);
		if (id != RANGE_NONE || unit->state == UNIT_ALL)
			break;
		vec_clear(&unit->functions);
		ranges_fini(&unit->by_address);
		unit->state++;
		collect_functions(unit, &unit->code, 0,
		    unit->state == UNIT_ALL);
	}
	return id == RANGE_NONE ? NULL : &unit->functions.items[id];
}

/* Move from a scope to the scope directly within that has the address. */
static bool
enter_scope(Dwarf_Die *die, Dwarf_Addr address)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child) != 0)
		return false;
	do {
		switch (dwarf_tag(&child)) {
		case DW_TAG_inlined_subroutine:
		case DW_TAG_lexical_block:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
		case DW_TAG_with_stmt:
			if (dwarf_haspc(&child, address) > 0) {
				*die = child;
				return true;
			}
		}
	} while (next_sibling(&child));
	return false;
}

/* The function and what is inlined in it at the address, outermost first. */
static unsigned
find_inlined(const Dwarf_Die *function, Dwarf_Addr address,
    Dwarf_Die chain[MAX_DEPTH])
{
	Dwarf_Die die = *function;
	unsigned n = 1;

	chain[0] = die;
	for (unsigned depth = 1; depth < MAX_DEPTH; depth++) {
		if (!enter_scope(&die, address))
			break;
		if (dwarf_tag(&die) == DW_TAG_inlined_subroutine)
			chain[n++] = die;
	}
	return n;
}

/* ---- symbols ---- */

/* A symbol that names code, not data or something elsewhere. */
static bool
is_code_symbol(const GElf_Sym *symbol, Elf *elf, GElf_Word section,
    uint64_t bias, uint64_t *limit)
{
	int type = GELF_ST_TYPE(symbol->st_info);
	GElf_Shdr header;

	if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
		return false;
	if (elf == NULL || section == SHN_UNDEF || section >= SHN_LORESERVE)
		return false;
	if (gelf_getshdr(elf_getscn(elf, section), &header) == NULL ||
	    (header.sh_flags & SHF_EXECINSTR) == 0)
		return false;
	*limit = header.sh_addr + header.sh_size + bias;
	return true;
}

static void
read_symtab(struct dwarf_module *module)
{
	int n = dwfl_module_getsymtab(module->module);

	module->has_symtab = true;
	for (int i = 1; i < n; i++) {
		GElf_Sym symbol;
		GElf_Addr address;
		GElf_Word section;
		Elf *elf;
		Dwarf_Addr bias;
		uint64_t limit;
		const char *name = dwfl_module_getsym_info(module->module, i,
		    &symbol, &address, &section, &elf, &bias);

		if (name == NULL || name[0] == '\0' ||
		    !is_code_symbol(&symbol, elf, section, bias, &limit))
			continue;
		symtab_add(&module->symtab, &(struct symtab_symbol){
			.name = name,
			.address = address,
			.size = symbol.st_size,
			.limit = limit,
			.is_function =
			    GELF_ST_TYPE(symbol.st_info) != STT_NOTYPE,
			.is_local = GELF_ST_BIND(symbol.st_info) == STB_LOCAL,
			.is_weak = GELF_ST_BIND(symbol.st_info) == STB_WEAK,
		});
	}
	symtab_finish(&module->symtab);
}

static const char *
name_symbol(struct dwarf_module *module)
{
	const struct symtab_symbol *symbol;

	if (!module->has_symtab)
		read_symtab(module);
	symbol = symtab_find(&module->symtab, module->address);
	return symbol == NULL ? NULL : symbol->name;
}

/* ---- names ---- */

static const char *
find_string(Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Attribute found;

	if (dwarf_attr_integrate(die, attribute, &found) == NULL)
		return NULL;
	return dwarf_formstring(&found);
}

static bool
is_c_like(Dwarf_Die *die)
{
	Dwarf_Die unit;

	if (dwarf_diecu(die, &unit, NULL, NULL) == NULL)
		return true;
	switch (dwarf_srclang(&unit)) {
	case DW_LANG_C89:
	case DW_LANG_C:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case DW_LANG_Mips_Assembler:
	case -1:
		return true;
	default:
		return false;
	}
}

/* The DIE that stands where the function was declared. */
static Dwarf_Die
find_declaration(Dwarf_Die *die)
{
	static const unsigned links[] = {
		DW_AT_abstract_origin, DW_AT_specification
	};
	Dwarf_Die declaration = *die;

	for (size_t i = 0; i < array_size(links); i++) {
		Dwarf_Attribute found;
		Dwarf_Die target;

		if (dwarf_attr(&declaration, links[i], &found) != NULL &&
		    dwarf_formref_die(&found, &target) != NULL)
			declaration = target;
	}
	return declaration;
}

/* A name with the namespaces and classes around it, for languages that have
 * them, where the compiler wrote no linkage name.  Looks through the unit. */
static const char *
qualify_name(struct dwarf_module *module, Dwarf_Die *die, const char *name)
{
	struct strbuf text = STRBUF_INIT(NAME_MAX_BYTES);
	Dwarf_Die declaration = find_declaration(die);
	Dwarf_Die *scopes = NULL;
	int n = dwarf_getscopes_die(&declaration, &scopes);

	for (int i = n - 1; i > 0; i--) {
		int tag = dwarf_tag(&scopes[i]);
		const char *scope = dwarf_diename(&scopes[i]);

		if (tag == DW_TAG_namespace && scope == NULL)
			scope = "(anonymous namespace)";
		if (has_functions(tag, false) && scope != NULL)
			strbuf_printf(&text, "%s::", scope);
	}
	free(scopes);
	strbuf_puts(&text, name);
	vec_push(&module->made_names, strbuf_take(&text));
	return *vec_last(&module->made_names);
}

static const char *
name_function(struct dwarf_module *module, Dwarf_Die *die)
{
	const char *name = find_string(die, DW_AT_linkage_name);

	if (name == NULL)
		name = find_string(die, DW_AT_MIPS_linkage_name);
	if (name != NULL)
		return name;
	name = find_string(die, DW_AT_name);
	if (name == NULL || is_c_like(die))
		return name;
	if (dwarf_tag(die) == DW_TAG_subprogram) {
		const char *symbol = name_symbol(module);

		if (symbol != NULL && (strncmp(symbol, "_Z", 2) == 0 ||
		    strcmp(symbol, name) == 0))
			return symbol;
	}
	return qualify_name(module, die, name);
}

/* ---- places ---- */

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

static void
find_line(struct unit *unit, Dwarf_Addr address, struct place *place)
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

static void
find_call_site(struct unit *unit, Dwarf_Die *inlined, struct place *place)
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

/* What there is to say about one function of a chain. */
static void
fill_place(struct unit *unit, Dwarf_Addr pc, struct place *place,
    Dwarf_Die *callee)
{
	Dwarf_Attribute found;

	if (callee != NULL)
		find_call_site(unit, callee, place);
	else
		find_line(unit, pc, place);
	if (dwarf_attr(&unit->die, DW_AT_comp_dir, &found) != NULL)
		place->directory = dwarf_formstring(&found);
}

/* The function and what is inlined in it, innermost first; of more than
 * max_places those in the middle are left out. */
static unsigned
find_chain(struct dwarf_module *module, struct unit *unit,
    struct place *places, unsigned max_places)
{
	Dwarf_Die *function = find_function(unit, module->pc);
	Dwarf_Die chain[MAX_DEPTH];
	unsigned n, n_places;

	if (function == NULL) {
		fill_place(unit, module->pc, &places[0], NULL);
		return 1;
	}
	n = find_inlined(function, module->pc, chain);
	n_places = n < max_places ? n : max_places;
	for (unsigned i = 0; i < n_places; i++) {
		bool is_last = i + 1 == n_places;
		unsigned at = is_last ? 0 : n - 1 - i;

		places[i].function = name_function(module, &chain[at]);
		places[i].is_inlined = !is_last;
		fill_place(unit, module->pc, &places[i],
		    at + 1 < n ? &chain[at + 1] : NULL);
	}
	return n_places;
}

unsigned
dwarf_find_places(struct dwarf_module *module, uint64_t address,
    struct place *places, unsigned max_places)
{
	struct unit *unit;
	unsigned n = 1;

	assert(max_places > 0);
	memset(places, 0, max_places * sizeof *places);
	forget_names(module);
	module->address = address;
	module->pc = address - module->bias;
	unit = find_unit(module, module->pc);
	if (unit != NULL)
		n = find_chain(module, unit, places, max_places);
	if (places[n - 1].function == NULL)
		places[n - 1].function = name_symbol(module);
	if (n == 1 && places[0].function == NULL && places[0].file == NULL)
		return 0;
	return n;
}
