/*
 * debug_dwp.c - split units out of a DWARF package, PROGRAM.dwp (L4, helper).
 *
 * Shape      libdw (before 0.191) knows .dwo files but no packages of them.
 *            While it looks for the .dwo file of a unit, files.c is told to
 *            fall back on us: we cut the unit out of the package and give it
 *            an ELF file in memory that has that unit alone.
 * Why        A package's index says where each unit's part of each section
 *            is; such parts are what a .dwo file is made of.  Only strings
 *            are shared: those that the unit names are copied, and its table
 *            of offsets to them is written anew.
 * Invariant  Every offset and size of the package is checked before it is
 *            used; a unit is at most MAX_UNIT bytes.
 * Limits     32-bit DWARF, versions 4 (GNU) and 5.
 */
#include "symbols/debug_private.h"

#include "symbols/files.h"

#include <endian.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_UNIT	(128u << 20)
#define MAX_COLUMNS	16u

struct bytes {
	const unsigned char *at;
	size_t		 size;
};

/* Parts that a unit consists of: the column of the index and the section. */
static const struct part {
	uint32_t	 column;	/* DW_SECT_... */
	unsigned	 version;	/* of the index; 0: any */
	const char	*section;
} parts[] = {
	{ 1, 0, ".debug_info.dwo" }, { 3, 0, ".debug_abbrev.dwo" },
	{ 4, 0, ".debug_line.dwo" }, { 5, 2, ".debug_loc.dwo" },
	{ 5, 5, ".debug_loclists.dwo" }, { 6, 0, ".debug_str_offsets.dwo" },
	{ 8, 5, ".debug_rnglists.dwo" },
};

#define STRING_OFFSETS	6u		/* the column that we write anew */
#define N_SECTIONS	(array_size(parts) + 1u)	/* and the strings */

struct dwp {
	int		 fd;
	Elf		*elf;
	unsigned	 version;
	uint32_t	 n_columns, n_units, n_slots;
	const unsigned char *hashes, *rows, *columns, *offsets, *sizes;
};

static uint32_t
get_u32(const unsigned char *at, size_t index)
{
	uint32_t value;

	memcpy(&value, at + index * sizeof value, sizeof value);
	return le32toh(value);
}

static uint64_t
get_u64(const unsigned char *at, size_t index)
{
	uint64_t value;

	memcpy(&value, at + index * sizeof value, sizeof value);
	return le64toh(value);
}

/* ---- the package ---- */

static struct bytes
find_section(const struct dwp *dwp, const char *wanted)
{
	struct bytes none = { NULL, 0 };
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(dwp->elf, &names) != 0)
		return none;
	while ((section = elf_nextscn(dwp->elf, section)) != NULL) {
		GElf_Shdr header;
		const char *name;
		Elf_Data *data;

		if (gelf_getshdr(section, &header) == NULL ||
		    (header.sh_flags & SHF_COMPRESSED) != 0)
			continue;
		name = elf_strptr(dwp->elf, names, header.sh_name);
		if (name == NULL || strcmp(name, wanted) != 0)
			continue;
		data = elf_rawdata(section, NULL);
		if (data != NULL && data->d_buf != NULL)
			return (struct bytes){ data->d_buf, data->d_size };
	}
	return none;
}

static bool
read_index(struct dwp *dwp)
{
	struct bytes index = find_section(dwp, ".debug_cu_index");
	uint64_t room = index.size, cells;

	if (room < 16)
		return false;
	dwp->version = get_u32(index.at, 0) & 0xffff;
	dwp->n_columns = get_u32(index.at, 1);
	dwp->n_units = get_u32(index.at, 2);
	dwp->n_slots = get_u32(index.at, 3);
	if ((dwp->version != 2 && dwp->version != 5) ||
	    dwp->n_columns > MAX_COLUMNS || dwp->n_slots == 0 ||
	    (dwp->n_slots & (dwp->n_slots - 1)) != 0)
		return false;
	cells = (uint64_t)dwp->n_columns * dwp->n_units;
	if (16 + UINT64_C(12) * dwp->n_slots + 4 * dwp->n_columns +
	    8 * cells > room)
		return false;
	dwp->hashes = index.at + 16;
	dwp->rows = dwp->hashes + 8 * (size_t)dwp->n_slots;
	dwp->columns = dwp->rows + 4 * (size_t)dwp->n_slots;
	dwp->offsets = dwp->columns + 4 * (size_t)dwp->n_columns;
	dwp->sizes = dwp->offsets + 4 * (size_t)cells;
	return true;
}

void
debug_close_dwp(struct dwp *dwp)
{
	if (dwp == NULL)
		return;
	elf_end(dwp->elf);
	if (dwp->fd >= 0)
		close(dwp->fd);
	free(dwp);
}

static struct dwp *
open_dwp(const char *program)
{
	struct strbuf path = STRBUF_INIT(8192);
	struct dwp *dwp = xcalloc(1, sizeof *dwp);

	strbuf_printf(&path, "%s.dwp", program);
	dwp->fd = files_open(strbuf_text(&path));
	strbuf_fini(&path);
	if (dwp->fd >= 0)
		dwp->elf = elf_begin(dwp->fd, ELF_C_READ_MMAP, NULL);
	if (dwp->elf == NULL || gelf_getclass(dwp->elf) != ELFCLASS64 ||
	    !read_index(dwp)) {
		debug_close_dwp(dwp);
		return NULL;
	}
	return dwp;
}

/* The row of a unit, or 0. */
static uint32_t
find_row(const struct dwp *dwp, uint64_t id)
{
	uint32_t mask = dwp->n_slots - 1;
	uint32_t slot = (uint32_t)id & mask;
	uint32_t step = ((uint32_t)(id >> 32) & mask) | 1;

	for (uint32_t i = 0; i < dwp->n_slots; i++) {
		uint32_t row = get_u32(dwp->rows, slot);

		if (row == 0)
			return 0;
		if (get_u64(dwp->hashes, slot) == id)
			return row <= dwp->n_units ? row : 0;
		slot = (slot + step) & mask;
	}
	return 0;
}

/* A unit's part of a section; nothing when it has none. */
static struct bytes
find_part(const struct dwp *dwp, uint32_t row, const struct part *part)
{
	struct bytes section, none = { NULL, 0 };

	if (part->version != 0 && part->version != dwp->version)
		return none;
	section = find_section(dwp, part->section);
	for (uint32_t i = 0; i < dwp->n_columns; i++) {
		size_t cell = (size_t)(row - 1) * dwp->n_columns + i;
		uint32_t offset, size;

		if (get_u32(dwp->columns, i) != part->column)
			continue;
		offset = get_u32(dwp->offsets, cell);
		size = get_u32(dwp->sizes, cell);
		if (offset > section.size || size > section.size - offset)
			return none;
		return (struct bytes){ section.at + offset, size };
	}
	return none;
}

/* ---- a unit's own strings ---- */

/* Copy the strings that the offsets lead to, and the offsets to where they
 * are now. */
static void
copy_strings(const struct dwp *dwp, struct bytes offsets, struct strbuf *to,
    struct strbuf *strings)
{
	struct bytes all = find_section(dwp, ".debug_str.dwo");
	size_t head = dwp->version == 5 ? 8 : 0;

	if (offsets.size < head)
		return;
	strbuf_add(to, offsets.at, head);
	for (size_t i = 0; i < (offsets.size - head) / 4; i++) {
		uint32_t old = get_u32(offsets.at + head, i);
		uint32_t new = htole32((uint32_t)strings->size);
		const char *text = (const char *)all.at + old;

		if (old < all.size &&
		    memchr(text, '\0', all.size - old) != NULL)
			strbuf_add(strings, text, strlen(text) + 1);
		else
			strbuf_putc(strings, '\0');
		strbuf_add(to, &new, sizeof new);
	}
}

/* ---- a file in memory ---- */

struct maker {
	struct strbuf	file;
	struct strbuf	names;		/* of sections */
	Elf64_Shdr	headers[N_SECTIONS + 2];
	unsigned	n;
};

static void
add_section(struct maker *maker, const char *name, uint32_t type,
    const void *bytes, size_t size)
{
	maker->headers[maker->n++] = (Elf64_Shdr){
		.sh_name = (uint32_t)maker->names.size,
		.sh_type = type,
		.sh_offset = maker->file.size,
		.sh_size = size,
		.sh_addralign = 1,
	};
	strbuf_add(&maker->names, name, strlen(name) + 1);
	strbuf_add(&maker->file, bytes, size);
}

static void
add_unit(struct maker *maker, const struct dwp *dwp, uint32_t row)
{
	for (size_t i = 0; i < array_size(parts); i++) {
		struct bytes part = find_part(dwp, row, &parts[i]);
		struct strbuf table = STRBUF_INIT(MAX_UNIT);
		struct strbuf strings = STRBUF_INIT(MAX_UNIT);

		if (part.size == 0)
			continue;
		if (parts[i].column != STRING_OFFSETS) {
			add_section(maker, parts[i].section, SHT_PROGBITS,
			    part.at, part.size);
			continue;
		}
		copy_strings(dwp, part, &table, &strings);
		add_section(maker, parts[i].section, SHT_PROGBITS,
		    strbuf_text(&table), table.size);
		add_section(maker, ".debug_str.dwo", SHT_PROGBITS,
		    strbuf_text(&strings), strings.size);
		strbuf_fini(&table);
		strbuf_fini(&strings);
	}
}

/* The header, whose place was kept, and the table of sections. */
static void
finish_file(struct maker *maker)
{
	Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
		    ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_REL, .e_machine = EM_X86_64,
		.e_version = EV_CURRENT, .e_ehsize = sizeof header,
		.e_shentsize = sizeof(Elf64_Shdr),
	};
	unsigned names = maker->n;
	size_t size = maker->names.size + sizeof ".shstrtab";

	maker->headers[maker->n++] = (Elf64_Shdr){
		.sh_name = (uint32_t)maker->names.size,
		.sh_type = SHT_STRTAB,
		.sh_offset = maker->file.size,
		.sh_size = size,
		.sh_addralign = 1,
	};
	strbuf_add(&maker->names, ".shstrtab", sizeof ".shstrtab");
	strbuf_add(&maker->file, maker->names.text, maker->names.size);
	while (maker->file.size % 8 != 0)
		strbuf_putc(&maker->file, '\0');
	header.e_shoff = maker->file.size;
	header.e_shnum = (Elf64_Half)maker->n;
	header.e_shstrndx = (Elf64_Half)names;
	strbuf_add(&maker->file, maker->headers,
	    maker->n * sizeof *maker->headers);
	memcpy(maker->file.text, &header, sizeof header);
}

/* A descriptor of a file with these bytes, or -1. */
static int
make_memory_file(const struct strbuf *bytes)
{
	int fd = memfd_create("unit.dwo", MFD_CLOEXEC);
	void *memory = MAP_FAILED;

	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)bytes->size) == 0)
		memory = mmap(NULL, bytes->size, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		close(fd);
		return -1;
	}
	memcpy(memory, bytes->text, bytes->size);
	munmap(memory, bytes->size);
	return fd;
}

static int
cut_out(const struct dwp *dwp, uint64_t id)
{
	static const Elf64_Ehdr room;
	uint32_t row = find_row(dwp, id);
	struct maker maker = {
		.file = STRBUF_INIT(MAX_UNIT), .names = STRBUF_INIT(4096),
		.n = 1,
	};
	int fd = -1;

	if (row == 0)
		return -1;
	strbuf_putc(&maker.names, '\0');
	strbuf_add(&maker.file, &room, sizeof room);
	add_unit(&maker, dwp, row);
	finish_file(&maker);
	if (!maker.file.is_cut)
		fd = make_memory_file(&maker.file);
	strbuf_fini(&maker.file);
	strbuf_fini(&maker.names);
	return fd;
}

/* ---- while libdw looks for a .dwo file ---- */

struct search {
	struct debug_module *module;
	uint64_t	id;
};

static int
fall_back(void *data)
{
	const struct search *search = data;
	struct debug_module *module = search->module;

	if (!module->has_dwp) {
		module->has_dwp = true;
		module->dwp = open_dwp(module->file_name);
		if (module->dwp == NULL && module->separate != NULL)
			module->dwp = open_dwp(module->separate);
	}
	return module->dwp == NULL ? -1 : cut_out(module->dwp, search->id);
}

bool
debug_find_split(struct debug_module *module, Dwarf_CU *cu, Dwarf_Die *code)
{
	struct search search = { .module = module };
	bool is_found;

	if (dwarf_cu_info(cu, NULL, NULL, NULL, NULL, &search.id, NULL,
	    NULL) != 0)
		return false;
	files_set_fallback(fall_back, &search);
	is_found = dwarf_cu_info(cu, NULL, NULL, NULL, code, NULL, NULL,
	    NULL) == 0 && code->addr != NULL;
	files_set_fallback(NULL, NULL);
	return is_found;
}
