/*
 * disk_cache.c - answers about one build of a module, from one tmtop to the
 * next (L4).
 *
 * Shape      All frames are in one buffer as they were said; an entry leads
 *            from an address into it.  A file is read whole, its entries are
 *            found once, and frames are decoded only when somebody asks.
 * Invariant  Every size is checked against what is left of the file before it
 *            is used; frames are checked by whoever decodes them, as if they
 *            came from the helper.
 * Limits     MAX_BYTES of a file, whatever it claims.
 */
#include "symbols/disk_cache.h"

#include "base/hash.h"
#include "symbols/disk_dir.h"
#include "util/idmap.h"
#include "util/vec.h"

#include <endian.h>
#include <stdio.h>

#define VERSION		1u
#define MAGIC		"tmtopsym"
#define HEAD_BYTES	(8u + sizeof(uint32_t) + sizeof(uint64_t))
#define MAX_BYTES	(4u << 20)
#define MAX_FRAMES	(4u + SYMBOLS_MAX_FRAMES * (12u + 2u * NAME_MAX_BYTES))
#define MIN_BUILD_ID	8u	/* shorter ones are made up by hand */

struct entry {
	uint64_t	address;
	uint32_t	flags;		/* enum symbols_answer_flag */
	uint32_t	size;
	size_t		at;		/* in bytes */
};

struct disk_module {
	char		name[2 * SYMBOLS_MAX_BUILD_ID + 1];
	unsigned char	build_id[SYMBOLS_MAX_BUILD_ID];
	size_t		build_id_size;
	struct disk_source source;
	bool		is_current;	/* the source still is what it was */
	bool		is_new;		/* has what the file has not */
	struct strbuf	bytes;
	VEC(struct entry) entries;
	struct idmap	by_address;
};

/* ---- entries ---- */

static bool
has_address(const void *table, uint32_t id, const void *key)
{
	const struct disk_module *module = table;
	const uint64_t *address = key;

	return module->entries.items[id].address == *address;
}

static uint32_t
find_entry(const struct disk_module *module, uint64_t address)
{
	return idmap_find(&module->by_address, hash_word(address),
	    has_address, module, &address);
}

/* False when it does not fit. */
static bool
put_entry(struct disk_module *module, uint64_t address, uint32_t flags,
    const void *frames, size_t size)
{
	uint32_t id = find_entry(module, address);
	struct entry entry = {
		.address = address,
		.flags = flags,
		.size = (uint32_t)size,
		.at = module->bytes.size,
	};

	if (size > MAX_FRAMES || size > MAX_BYTES - module->bytes.size)
		return false;
	if (id != IDMAP_NONE && module->entries.items[id].size == size &&
	    module->entries.items[id].flags == flags &&
	    memcmp(module->bytes.text + module->entries.items[id].at, frames,
	    size) == 0)
		return false;
	strbuf_add(&module->bytes, frames, size);
	if (id != IDMAP_NONE) {
		module->entries.items[id] = entry;
		return true;
	}
	idmap_add(&module->by_address, hash_word(address),
	    (uint32_t)module->entries.n);
	vec_push(&module->entries, entry);
	return true;
}

static void
forget_entries(struct disk_module *module)
{
	vec_clear(&module->entries);
	idmap_clear(&module->by_address);
	strbuf_clear(&module->bytes);
}

/* ---- reading ---- */

void
disk_source_read(struct packet *packet, struct disk_source *source)
{
	struct packet_string path;

	source->flags = packet_get_u32(packet);
	source->file = packet_get_stamp(packet);
	path = packet_get_string(packet);
	memcpy(source->separate, path.bytes, path.size);
	source->separate[path.size] = '\0';
	source->separate_file = packet_get_stamp(packet);
}

static void
read_entries(struct disk_module *module, struct packet *packet)
{
	while (!packet->is_bad && packet->size > 0) {
		uint64_t address = packet_get_u64(packet);
		uint32_t flags = packet_get_u32(packet);
		uint32_t size = packet_get_u32(packet);

		if (packet->is_bad || size > packet->size)
			return;
		put_entry(module, address, flags, packet->at, size);
		packet->at += size;
		packet->size -= size;
	}
}

/* Take in a file; nothing where it is not one. */
static void
read_file(struct disk_module *module, const char *bytes, size_t size)
{
	struct packet packet = { (const unsigned char *)bytes, size, false };
	struct packet_string id;
	uint32_t version;
	uint64_t hash;

	if (size < HEAD_BYTES || memcmp(bytes, MAGIC, strlen(MAGIC)) != 0)
		return;
	packet.at += strlen(MAGIC);
	packet.size -= strlen(MAGIC);
	version = packet_get_u32(&packet);
	hash = packet_get_u64(&packet);
	if (version != VERSION || hash != hash_bytes(packet.at, packet.size))
		return;
	id = packet_get_string(&packet);
	if (id.size != module->build_id_size ||
	    memcmp(id.bytes, module->build_id, id.size) != 0)
		return;
	disk_source_read(&packet, &module->source);
	read_entries(module, &packet);
}

static void
load(struct disk_module *module, int dir)
{
	size_t size;
	char *bytes = disk_dir_read(dir, module->name,
	    HEAD_BYTES + 2u * MAX_BYTES, &size);

	if (bytes != NULL)
		read_file(module, bytes, size);
	free(bytes);
}

/* ---- the source ---- */

static bool
is_same_source(const struct disk_source *a, const struct disk_source *b)
{
	return a->flags == b->flags && stamp_is_same(&a->file, &b->file) &&
	    strcmp(a->separate, b->separate) == 0 &&
	    stamp_is_same(&a->separate_file, &b->separate_file);
}

/* Are the files what they were? */
static bool
is_there(const struct disk_source *source, const char *root,
    const char *path)
{
	struct strbuf in_root = STRBUF_INIT(2 * NAME_MAX_BYTES);
	struct file_stamp now;
	bool is_found;

	strbuf_printf(&in_root, "%s%s", root, path);
	is_found = stamp_of_path(&now, strbuf_text(&in_root)) ||
	    stamp_of_path(&now, path);
	strbuf_fini(&in_root);
	if (!is_found || !stamp_is_same(&now, &source->file))
		return false;
	if (source->separate[0] == '\0')
		return true;
	return stamp_of_path(&now, source->separate) &&
	    stamp_is_same(&now, &source->separate_file);
}

void
disk_module_set_source(struct disk_module *module,
    const struct disk_source *source)
{
	if (is_same_source(&module->source, source))
		return;
	forget_entries(module);
	module->source = *source;
	module->is_new = true;
}

/* ---- life ---- */

/* Without a file. */
static struct disk_module *
make_module(const uint8_t *build_id, size_t build_id_size)
{
	struct disk_module *module = xcalloc(1, sizeof *module);

	if (build_id_size > SYMBOLS_MAX_BUILD_ID)
		build_id_size = SYMBOLS_MAX_BUILD_ID;
	memcpy(module->build_id, build_id, build_id_size);
	module->build_id_size = build_id_size;
	for (size_t i = 0; i < build_id_size; i++)
		snprintf(module->name + 2 * i, 3, "%02x", build_id[i]);
	strbuf_init(&module->bytes, MAX_BYTES);
	return module;
}

struct disk_module *
disk_module_open(int dir, const uint8_t *build_id, size_t build_id_size,
    const char *root, const char *path)
{
	struct disk_module *module = make_module(build_id, build_id_size);

	if (build_id_size < MIN_BUILD_ID)
		return module;
	load(module, dir);
	module->is_current = is_there(&module->source, root, path);
	return module;
}

void
disk_module_free(struct disk_module *module)
{
	if (module == NULL)
		return;
	strbuf_fini(&module->bytes);
	vec_fini(&module->entries);
	idmap_fini(&module->by_address);
	free(module);
}

bool
disk_module_find(const struct disk_module *module, uint64_t address,
    bool *is_best, struct packet *frames)
{
	uint32_t id = find_entry(module, address);
	const struct entry *entry;

	if (id == IDMAP_NONE)
		return false;
	entry = &module->entries.items[id];
	*is_best = module->is_current && (entry->flags & ANSWER_BEST) != 0;
	*frames = (struct packet){
		(const unsigned char *)module->bytes.text + entry->at,
		entry->size, false
	};
	return true;
}

void
disk_module_put(struct disk_module *module, uint64_t address,
    uint32_t flags, const void *frames, size_t size)
{
	if (put_entry(module, address, flags, frames, size))
		module->is_new = true;
}

/* ---- writing ---- */

static void
add_bytes(struct strbuf *to, const struct disk_module *module)
{
	size_t start = to->size;
	uint64_t hash;

	packet_put_string(to, (const char *)module->build_id,
	    module->build_id_size);
	packet_put_u32(to, module->source.flags);
	packet_put_stamp(to, &module->source.file);
	packet_put_string(to, module->source.separate,
	    strlen(module->source.separate));
	packet_put_stamp(to, &module->source.separate_file);
	for (size_t i = 0; i < module->entries.n; i++) {
		const struct entry *entry = &module->entries.items[i];

		packet_put_u64(to, entry->address);
		packet_put_u32(to, entry->flags);
		packet_put_u32(to, entry->size);
		strbuf_add(to, module->bytes.text + entry->at, entry->size);
	}
	hash = htole64(hash_bytes(to->text + start, to->size - start));
	memcpy(to->text + start - sizeof hash, &hash, sizeof hash);
}

/* What another tmtop has learnt since we have read. */
static void
add_others(struct disk_module *module, int dir)
{
	struct disk_module *other = make_module(module->build_id,
	    module->build_id_size);

	load(other, dir);
	if (is_same_source(&other->source, &module->source)) {
		for (size_t i = 0; i < other->entries.n; i++) {
			const struct entry *entry = &other->entries.items[i];

			if (find_entry(module, entry->address) == IDMAP_NONE)
				put_entry(module, entry->address,
				    entry->flags,
				    other->bytes.text + entry->at,
				    entry->size);
		}
	}
	disk_module_free(other);
}

void
disk_module_save(struct disk_module *module, int dir)
{
	struct strbuf file = STRBUF_INIT(HEAD_BYTES + 2u * MAX_BYTES);

	if (!module->is_new || module->build_id_size < MIN_BUILD_ID)
		return;
	add_others(module, dir);
	strbuf_add(&file, MAGIC, strlen(MAGIC));
	packet_put_u32(&file, VERSION);
	packet_put_u64(&file, 0);
	add_bytes(&file, module);
	if (!file.is_cut)
		disk_dir_write(dir, module->name, file.text, file.size);
	strbuf_fini(&file);
	module->is_new = false;
}
