/*
 * modules.c - loaded objects: path, build-id, load bias, epoch (L2).
 *
 * Shape      A private list, newest last, and one record per entry in the
 *            segment.  Looked into only when a return address is new, so a
 *            linear search from the newest is good enough.
 * Why        The ELF header of a module is read where it is mapped: its
 *            first page is part of its first segment.  Everything read there
 *            is bounded by the mapped range.
 */
#include "hooks/modules.h"

#include "base/atomic.h"
#include "base/sys.h"
#include "hooks/real.h"
#include "tables/blocks.h"
#include "tables/region.h"
#include "tables/tree.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#define MAX_MODULES	4096
#define MAX_PATH	4096

uint32_t modules_epoch;
uint64_t modules_filter[MODULE_FILTER_BITS / 64];

static struct module modules[MAX_MODULES];
static uint32_t n_modules;

/* ---- build-id, read from the mapped image ---- */

struct headers {
	const ElfW(Phdr) *at;
	unsigned	n;
};

/* Of the executable, as the kernel told it; it may be mapped in pieces. */
static struct headers program_headers;

static uint32_t
build_id_in_notes(const char *at, const char *end, uint8_t *to, uint32_t room)
{
	const ElfW(Nhdr) *note;
	size_t name_size, desc_size;

	while ((size_t)(end - at) >= sizeof(*note)) {
		note = (const ElfW(Nhdr) *)at;
		name_size = ((size_t)note->n_namesz + 3) & ~(size_t)3;
		desc_size = ((size_t)note->n_descsz + 3) & ~(size_t)3;
		at += sizeof(*note);
		if (name_size > (size_t)(end - at) ||
		    desc_size > (size_t)(end - at) - name_size)
			return 0;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    memcmp(at, "GNU", 4) == 0 && note->n_descsz <= room) {
			memcpy(to, at + name_size, note->n_descsz);
			return note->n_descsz;
		}
		at += name_size + desc_size;
	}
	return 0;
}

/* The mapped bytes that the program headers say are loaded at [from, +size)
 * and readable. */
static bool
is_loaded(const ElfW(Phdr) *headers, unsigned n, uint64_t from, uint64_t size)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (headers[i].p_type == PT_LOAD &&
		    (headers[i].p_flags & PF_R) &&
		    from >= headers[i].p_vaddr &&
		    size <= headers[i].p_filesz &&
		    from - headers[i].p_vaddr <= headers[i].p_filesz - size)
			return true;
	return false;
}

static bool
find_headers(const struct module *module, bool is_program,
    struct headers *result)
{
	const ElfW(Ehdr) *elf = (const void *)module->map_start;

	if (is_program && program_headers.n > 0) {
		*result = program_headers;
		return true;
	}
	if (module->map_end - module->map_start < LAYOUT_PAGE ||
	    memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 ||
	    elf->e_phentsize != sizeof(ElfW(Phdr)) ||
	    elf->e_phoff > LAYOUT_PAGE ||
	    elf->e_phnum > (LAYOUT_PAGE - elf->e_phoff) / sizeof(ElfW(Phdr)))
		return false;
	*result = (struct headers){ (const void *)(module->map_start +
	    elf->e_phoff), elf->e_phnum };
	return true;
}

static uint32_t
read_build_id(const struct module *module, bool is_program, uint8_t *to,
    uint32_t room)
{
	struct headers headers;
	uint32_t size;
	unsigned i;

	if (!find_headers(module, is_program, &headers))
		return 0;
	for (i = 0; i < headers.n; i++) {
		const ElfW(Phdr) *header = &headers.at[i];
		const char *at = (const char *)module->load_bias +
		    header->p_vaddr;

		if (header->p_type != PT_NOTE || !is_loaded(headers.at,
		    headers.n, header->p_vaddr, header->p_filesz))
			continue;
		size = build_id_in_notes(at, at + header->p_filesz, to, room);
		if (size > 0)
			return size;
	}
	return 0;
}

void
modules_set_program(const void *headers, unsigned n)
{
	program_headers = (struct headers){ headers, n };
}

/* ---- records ---- */

/* ld.so knows the executable by an empty name. */
static bool
is_program(const struct link_map *map)
{
	return map->l_name == NULL || map->l_name[0] == '\0';
}

/*
 * The path is put together in place: no large buffer on a stranger's stack.
 */
static uint32_t
store_path(const struct link_map *map, uint32_t *size)
{
	bool is_named = !is_program(map);
	uint32_t room = is_named ?
	    (uint32_t)strnlen(map->l_name, MAX_PATH) : MAX_PATH;
	uint32_t at = region_take_many(SECTION_STRINGS, room);
	char *to;
	long n;

	*size = 0;
	if (at == 0)
		return 0;
	to = region_at(STRINGS, char, at);
	if (is_named) {
		memcpy(to, map->l_name, room);
		*size = room;
	} else {
		n = sys_readlink("/proc/self/exe", to, room);
		*size = sys_failed(n) ? 0 : (uint32_t)n;
	}
	if (*size == 0) {		/* complete, but nameless */
		*to = '?';
		*size = 1;
	}
	return at;
}

static uint32_t
record_new(const struct module *module)
{
	uint32_t id = region_take(SECTION_MODULES), path_size;
	struct module_record *record;

	if (id == 0 || id >= 1u << 24)
		return 0;
	record = region_at(MODULES, struct module_record, id);
	record->load_bias = module->load_bias;
	record->map_start = module->map_start;
	record->map_end = module->map_end;
	record->loaded_epoch = modules_epoch + 1;
	record->build_id_size = read_build_id(module,
	    is_program(module->link_map), record->build_id,
	    sizeof(record->build_id));
	record->path = store_path(module->link_map, &path_size);
	/* ORDER module-publish: other end read_modules(). */
	store_release(&record->path_size, path_size);
	return id;
}

/* An entry for a new module: a fresh one, else one whose module is gone. */
static struct module *
claim_entry(void)
{
	uint32_t i, dead;

	if (load_relaxed(&n_modules) < MAX_MODULES) {
		i = add_relaxed(&n_modules, 1);
		if (i < MAX_MODULES)
			return &modules[i];
	}
	for (i = 0; i < MAX_MODULES; i++) {
		dead = MODULE_GONE;
		if (cas_acq_rel(&modules[i].is_alive, &dead, MODULE_CLAIMED))
			return &modules[i];
	}
	return NULL;
}

static ATTR_COLD const struct module *
module_new(const struct dl_find_object *found)
{
	struct module *module = claim_entry();
	uint32_t bit;

	if (module == NULL)
		return NULL;
	module->link_map = found->dlfo_link_map;
	module->load_bias = found->dlfo_link_map->l_addr;
	module->map_start = (uintptr_t)found->dlfo_map_start;
	module->map_end = (uintptr_t)found->dlfo_map_end;
	module->id = record_new(module);
	if (module->id == 0) {
		store_release(&module->is_alive, MODULE_GONE);
		return NULL;
	}
	bit = module_filter_bit(module->link_map);
	or_relaxed(&modules_filter[bit / 64], 1ull << (bit % 64));
	/* For free() while recording; the filter serves while stopped.  What
	 * lies in bootstrap memory is never freed by libc. */
	if (!bootstrap_owns(module->link_map))
		blocks_flag((uintptr_t)module->link_map);
	/* ORDER module: complete before it is alive. Other end: find(). */
	store_release(&module->is_alive, MODULE_ALIVE);
	return module;
}

const struct module *
modules_intern(const struct dl_find_object *found)
{
	uint32_t i = load_relaxed(&n_modules);

	if (i > MAX_MODULES)
		i = MAX_MODULES;
	while (i-- > 0)
		/* ORDER module: other end module_new(). */
		if (load_acquire(&modules[i].is_alive) == MODULE_ALIVE &&
		    modules[i].link_map == found->dlfo_link_map &&
		    modules[i].map_start == (uintptr_t)found->dlfo_map_start)
			return &modules[i];
	return module_new(found);
}

bool
modules_is_alive(uint32_t id)
{
	uint32_t i = load_relaxed(&n_modules);

	if (i > MAX_MODULES)
		i = MAX_MODULES;
	while (i-- > 0)
		if (modules[i].id == id)
			return load_acquire(&modules[i].is_alive) ==
			    MODULE_ALIVE;
	return false;
}

ATTR_COLD void
modules_unloaded_slow(const void *link_map)
{
	uint32_t i = load_relaxed(&n_modules), epoch;

	if (i > MAX_MODULES)
		i = MAX_MODULES;
	while (i-- > 0) {
		if (load_acquire(&modules[i].is_alive) != MODULE_ALIVE ||
		    modules[i].link_map != link_map)
			continue;
		store_relaxed(&modules[i].is_alive, MODULE_GONE);
		epoch = add_relaxed(&modules_epoch, 1) + 1;
		if (region_header == NULL)
			continue;
		/* Tags hold the last byte of it: see capture.c. */
		if ((epoch & 0xff) == 0)
			tree_forget_tags();
		store_relaxed(&region_header->module_epoch, epoch);
		region_at(MODULES, struct module_record,
		    modules[i].id)->unloaded_epoch = epoch;
	}
}

void
modules_abandon(void)
{
	memset(modules, 0, sizeof(modules[0]) *
	    (n_modules < MAX_MODULES ? n_modules : MAX_MODULES));
	memset(modules_filter, 0, sizeof(modules_filter));
	n_modules = 0;
}
