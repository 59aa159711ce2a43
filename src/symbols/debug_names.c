/*
 * debug_names.c - what functions are called, by DWARF or by the symbol table
 * (L4, helper).
 *
 * Shape      The symbol table is read whole when first needed, into
 *            symbols/symtab.h.
 * Why        libdwfl walks all symbols of a file for every address anew.
 */
#include "symbols/debug_private.h"

#include "util/names.h"
#include "util/strbuf.h"

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
read_symtab(struct debug_module *module)
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

const char *
debug_name_symbol(struct debug_module *module)
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
 * them, where the compiler wrote no linkage name. */
static const char *
qualify_name(struct debug_module *module, Dwarf_Die *die, const char *name)
{
	struct strbuf text = STRBUF_INIT(NAME_MAX_BYTES);
	Dwarf_Die declaration = find_declaration(die);

	debug_put_scopes(module, &declaration, &text);
	strbuf_puts(&text, name);
	vec_push(&module->made_names, strbuf_take(&text));
	return *vec_last(&module->made_names);
}

const char *
debug_name_function(struct debug_module *module, Dwarf_Die *die)
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
		const char *symbol = debug_name_symbol(module);

		if (symbol != NULL && (strncmp(symbol, "_Z", 2) == 0 ||
		    strcmp(symbol, name) == 0))
			return symbol;
	}
	return qualify_name(module, die, name);
}

void
debug_forget_names(struct debug_module *module)
{
	for (size_t i = 0; i < module->made_names.n; i++)
		free(module->made_names.items[i]);
	vec_clear(&module->made_names);
}
