/* symbols_disk.c - answers kept on disk from one tmtop to the next (L4). */
#include "symbols/symbols_private.h"

#include "symbols/disk_cache.h"
#include "symbols/disk_dir.h"

#include <unistd.h>

#define MAX_FOLDER_BYTES	(UINT64_C(64) << 20)

void
symbols_use_cache(struct symbols *symbols, const char *folder)
{
	if (symbols->cache_dir >= 0)
		close(symbols->cache_dir);
	symbols->cache_dir = disk_dir_open(folder);
}

/* What is kept of a module's build; NULL without a build-id or a folder. */
static struct disk_module *
get_kept(struct symbols *symbols, uint32_t id)
{
	const struct code_module *module =
	    frame_store_get_module(symbols->store, id);
	struct module_state *state = symbols_module(symbols, id);

	if (state->kept == NULL && symbols->cache_dir >= 0 &&
	    module->build_id_size > 0)
		state->kept = disk_module_open(symbols->cache_dir,
		    module->build_id, module->build_id_size, module->root,
		    module->path);
	return state->kept;
}

bool
symbols_find_kept(struct symbols *symbols, uint32_t location, bool *is_best)
{
	const struct code_location *code =
	    frame_store_get_location(symbols->store, location);
	struct symbol_frame frames[SYMBOLS_MAX_FRAMES];
	struct disk_module *kept;
	struct packet packet;
	uint32_t n;

	if (code->module == 0 || code->kind == LOCATION_CUT ||
	    code->kind == LOCATION_DEEPER)
		return false;
	kept = get_kept(symbols, code->module);
	if (kept == NULL || !disk_module_find(kept, symbols_address(code),
	    is_best, &packet))
		return false;
	n = symbols_read_frames(symbols, &packet, location, frames);
	if (n == 0 || !packet_is_done(&packet))
		return false;
	cache_set(&symbols->cache, location, frames, n);
	return true;
}

void
symbols_keep(struct symbols *symbols, uint32_t location, uint32_t flags,
    const void *frames, size_t size)
{
	const struct code_location *code =
	    frame_store_get_location(symbols->store, location);
	struct disk_module *kept = get_kept(symbols, code->module);

	if (kept != NULL)
		disk_module_put(kept, symbols_address(code), flags, frames,
		    size);
}

void
symbols_keep_source(struct symbols *symbols, uint32_t module,
    const struct disk_source *source)
{
	struct disk_module *kept = get_kept(symbols, module);

	if (kept != NULL)
		disk_module_set_source(kept, source);
}

void
symbols_save_kept(struct symbols *symbols)
{
	bool has_any = false;

	for (size_t i = 0; i < symbols->modules.n; i++) {
		struct disk_module *kept = symbols->modules.items[i].kept;

		if (kept == NULL)
			continue;
		has_any = true;
		disk_module_save(kept, symbols->cache_dir);
		disk_module_free(kept);
	}
	if (has_any)
		disk_dir_prune(symbols->cache_dir, MAX_FOLDER_BYTES);
	if (symbols->cache_dir >= 0)
		close(symbols->cache_dir);
}
