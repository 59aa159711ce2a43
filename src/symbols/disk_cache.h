/*
 * disk_cache.h - answers about one build of a module, from one tmtop to the
 * next (L4).
 *
 * A file is named after the build-id and has what the helper said, address by
 * address, and what it said it from: the stamps of the module and of its
 * separate file.  An answer is good for ever where it was the best there can
 * be and these files are what they were; any other is shown at once and asked
 * for again, so that debug information that is installed later is noticed.
 *
 *	8 bytes "tmtopsym", u32 version, u64 hash of all that follows;
 *	string build-id; u32 flags of the source; stamp; string path, stamp of
 *	the separate file; then per address:
 *	u64 address, u32 flags of the answer, u32 size, and so many bytes: the
 *	frames as in an ANSWER (protocol.h)
 */
#ifndef TMTOP_SYMBOLS_DISK_CACHE_H
#define TMTOP_SYMBOLS_DISK_CACHE_H

#include "symbols/protocol.h"

/* What answers are made from. */
struct disk_source {
	uint32_t	flags;		/* enum symbols_source_flag */
	struct file_stamp file, separate_file;
	char		separate[NAME_MAX_BYTES + 1];	/* "": none */
};

/* A source as in SOURCE after the module's number, and in a file. */
void disk_source_read(struct packet *packet, struct disk_source *source);

struct disk_module;

/*
 * The answers for a build, those in the folder if there are any.  Never
 * fails: what is no good file counts as none.
 *
 * path, root	where the module is now, to see whether it is the same file
 */
struct disk_module *disk_module_open(int dir, const uint8_t *build_id,
    size_t build_id_size, const char *root, const char *path);
void disk_module_free(struct disk_module *module);	/* NULL is fine */

/*
 * What was said of an address.
 *
 * *is_best   that need not be asked again
 * *frames    borrowed until disk_module_put(); no better than what comes from
 *            the helper
 */
bool disk_module_find(const struct disk_module *module, uint64_t address,
    bool *is_best, struct packet *frames);

/* From here on answers come from this source.  Those from another one are
 * forgotten. */
void disk_module_set_source(struct disk_module *module,
    const struct disk_source *source);

/* Remember what the helper has said, copied; beyond the limit of a file it is
 * forgotten. */
void disk_module_put(struct disk_module *module, uint64_t address,
    uint32_t flags, const void *frames, size_t size);

/* Write, with what others have written meanwhile from the same source, unless
 * nothing is new. */
void disk_module_save(struct disk_module *module, int dir);

#endif
