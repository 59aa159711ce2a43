/*
 * debug_module.c - opening a module and finding its debug information (L4,
 * helper).
 *
 * Shape      A module is a Dwfl with that one file at base 0, so that ELF
 *            addresses need no conversion.
 * Why        libdwfl finds the separate file (build-id, debuglink), the mini
 *            symbols and the dwz file.
 */
#include "symbols/debug_private.h"

#include "symbols/files.h"
#include <fcntl.h>
#include <unistd.h>

#define MAX_PATH	8192u

static bool
is_expected_build(struct debug_module *module, const struct module_key *key)
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

/* The file that was named by the viewer, if it belongs to this build. */
static int
open_last_resort(struct debug_module *module, char **path)
{
	int fd = module->last_resort[0] == '\0' ? -1 :
	    open(module->last_resort, O_RDONLY);
	const unsigned char *bits;
	const void *found;
	GElf_Addr address;
	int size = dwfl_module_build_id(module->module, &bits, &address);
	Elf *elf;

	if (fd < 0)
		return -1;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (size <= 0 || dwelf_elf_gnu_build_id(elf, &found) != size ||
	    memcmp(found, bits, (size_t)size) != 0) {
		close(fd);
		fd = -1;
	} else {
		*path = xstrdup(module->last_resort);
	}
	elf_end(elf);
	return fd;
}

/* libdwfl's search, and what it has found.  *user_data is ours. */
static int
find_separate(Dwfl_Module *dwfl_module, void **user_data, const char *name,
    Dwarf_Addr base, const char *file_name, const char *link,
    GElf_Word checksum, char **path)
{
	struct debug_module *module = *user_data;
	int fd = dwfl_standard_find_debuginfo(dwfl_module, user_data, name,
	    base, file_name, link, checksum, path);

	if (fd < 0)
		fd = open_last_resort(module, path);
	if (fd >= 0 && *path != NULL && stamp_of_fd(
	    &module->source.separate_file, fd)) {
		free(module->separate);
		module->separate = xstrdup(*path);
	}
	return fd;
}

/* How large the separate file is, where debug packages put it; 0 when it is
 * not there.  To find it anywhere takes longer. */
static uint64_t
measure_separate(const struct module_key *key)
{
	const unsigned char *id = key->build_id;
	struct strbuf path = STRBUF_INIT(MAX_PATH);
	struct file_stamp stamp;

	if (key->build_id_size < 2)
		return 0;
	strbuf_printf(&path, "/usr/lib/debug/.build-id/%02x/", id[0]);
	for (size_t i = 1; i < key->build_id_size; i++)
		strbuf_printf(&path, "%02x", id[i]);
	strbuf_puts(&path, ".debug");
	stamp_of_path(&stamp, strbuf_text(&path));
	strbuf_fini(&path);
	return stamp.size;
}

static bool
report_file(struct debug_module *module, const struct module_key *key)
{
	struct strbuf name = STRBUF_INIT(MAX_PATH);
	int fd = files_open_module(key->root, key->path, &name);
	void **user_data;

	if (fd < 0 || !stamp_of_fd(&module->source.file, fd))
		goto out;
	module->n_bytes = module->source.file.size + measure_separate(key);
	module->search_path = make_search_path(key->root);
	module->callbacks = (Dwfl_Callbacks){
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = find_separate,
		.section_address = dwfl_offline_section_address,
		.debuginfo_path = &module->search_path,
	};
	module->dwfl = dwfl_begin(&module->callbacks);
	if (module->dwfl == NULL)
		goto out;
	module->file_name = xstrdup(strbuf_text(&name));
	dwfl_report_begin(module->dwfl);
	module->module = dwfl_report_elf(module->dwfl, key->path,
	    strbuf_text(&name), fd, 0, true);
	if (module->module != NULL)
		fd = -1;		/* libdwfl's now */
	dwfl_report_end(module->dwfl, NULL, NULL);
	if (module->module != NULL && dwfl_module_info(module->module,
	    &user_data, NULL, NULL, NULL, NULL, NULL, NULL) != NULL)
		*user_data = module;
out:
	if (fd >= 0)
		close(fd);
	strbuf_fini(&name);
	return module->module != NULL;
}

struct debug_module *
debug_open(const struct module_key *key)
{
	struct debug_module *module = xcalloc(1, sizeof *module);

	module->source.separate = "";
	module->last_resort = xstrdup(key->debug);
	if (!report_file(module, key) || !is_expected_build(module, key)) {
		debug_close(module);
		return NULL;
	}
	return module;
}

void
debug_load(struct debug_module *module)
{
	if (module->is_loaded)
		return;
	module->is_loaded = true;
	module->dwarf = dwfl_module_getdwarf(module->module, &module->bias);
	module->source.has_lines = module->dwarf != NULL;
	if (module->separate != NULL)
		module->source.separate = module->separate;
}

void
debug_close(struct debug_module *module)
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
	debug_forget_scopes(module);
	debug_forget_names(module);
	vec_fini(&module->made_names);
	if (module->dwfl != NULL)
		dwfl_end(module->dwfl);
	free(module->separate);
	debug_close_dwp(module->dwp);
	free(module->file_name);
	free(module->last_resort);
	free(module->search_path);
	free(module);
}
