/*
 * names.c - interned foreign strings and the one sanitiser (L0h).
 *
 * Shape      An array of (raw, text) pairs indexed by id, their bytes in
 *            chunks that never move, and an idmap from the raw bytes to
 *            the id.  Where a name is harmless, which is nearly always,
 *            text and raw are the same bytes.
 * Why        Rows, filters and views compare file names a million times and
 *            show them a hundred times: an id makes the first an integer
 *            comparison, and cleaning once at the door means that no view
 *            can forget to.  UTF-8 is decoded here rather than by mbrtowc()
 *            and iswprint(), so that a report written under LANG=C and one
 *            written under a UTF-8 locale hold the same bytes.
 * Invariant  Bytes given out never move before names_free().  Id 0 is
 *            "<unknown>".  A text holds no byte below 0x20, no 0x7f, and is
 *            well-formed UTF-8.
 * Limits     A name is cut at its first NUL and at NAME_MAX_BYTES, there
 *            before a character rather than inside one.
 */
#include "util/names.h"

#include "base/hash.h"
#include "util/idmap.h"
#include "util/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES	65536u
#define ESCAPE_BYTES	4u	/* \xNN */

struct name {
	const char	*raw;
	const char	*text;		/* == raw when that is printable */
	uint32_t	 size;		/* of raw, without its NUL */
};

struct chunk {
	struct chunk	*next;
	char		 bytes[];
};

struct names {
	struct name	*entries;
	uint32_t	 n_entries, n_room;
	struct idmap	 index;		/* of the raw bytes */
	struct chunk	*chunks;	/* newest first */
	size_t		 n_left;	/* bytes free at the newest's end */
	char		*next;		/* there */
};

struct range {
	uint32_t	first, last;
};

/*
 * Characters beyond ASCII that a terminal acts upon, shows as nothing, or
 * shows in another place than their neighbours; and those that mean nothing.
 */
static const struct range unprintable[] = {
	{ 0x0080, 0x009f },	/* C1: some terminals obey them in UTF-8 too */
	{ 0x00ad, 0x00ad },	/* soft hyphen */
	{ 0x034f, 0x034f },	/* combining grapheme joiner */
	{ 0x061c, 0x061c },	/* Arabic letter mark */
	{ 0x115f, 0x1160 },	/* Hangul fillers */
	{ 0x17b4, 0x17b5 },	/* Khmer inherent vowels */
	{ 0x180b, 0x180f },	/* Mongolian selectors */
	{ 0x200b, 0x200f },	/* zero width, direction marks */
	{ 0x2028, 0x202e },	/* separators, bidi embedding and override */
	{ 0x2060, 0x206f },	/* invisible operators, bidi isolates */
	{ 0x3164, 0x3164 },	/* Hangul filler */
	{ 0xe000, 0xf8ff },	/* private use */
	{ 0xfdd0, 0xfdef },	/* not characters */
	{ 0xfe00, 0xfe0f },	/* variation selectors: change the width */
	{ 0xfeff, 0xfeff },	/* byte order mark */
	{ 0xffa0, 0xffa0 },	/* Hangul filler */
	{ 0xfff0, 0xfffb },	/* annotations */
	{ 0xfffe, 0xffff },	/* not characters */
	{ 0x1bca0, 0x1bca3 },	/* shorthand controls */
	{ 0x1d173, 0x1d17a },	/* musical controls */
	{ 0xe0000, 0x10ffff },	/* tags, selectors, private use */
};

static bool
is_unprintable(uint32_t c)
{
	for (size_t i = 0; i < array_size(unprintable); i++) {
		if (c <= unprintable[i].last)
			return c >= unprintable[i].first;
	}
	return (c & 0xfffe) == 0xfffe;
}

/*
 * Length of the well-formed character at the start of these bytes, 0 when
 * there is none (stray continuation, overlong, surrogate, cut short).
 */
static size_t
decode_character(const unsigned char *p, size_t size, uint32_t *c)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length;

	if (p[0] < 0x80) {
		*c = p[0];
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (length > size)
		return 0;
	*c = p[0] & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	if (*c < smallest[length] || *c > 0x10ffff)
		return 0;
	if (*c >= 0xd800 && *c <= 0xdfff)
		return 0;
	return length;
}

/* Bytes of the character at p, and whether they may be shown as they are. */
static size_t
next_character(const unsigned char *p, size_t size, bool *printable)
{
	uint32_t c = 0;
	size_t length = decode_character(p, size, &c);

	if (length == 0) {
		*printable = false;
		return 1;
	}
	*printable = length == 1 ? c >= 0x20 && c != 0x7f : !is_unprintable(c);
	return length;
}

static void
put_escapes(char *to, const unsigned char *from, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		*to++ = '\\';
		*to++ = 'x';
		*to++ = digits[from[i] >> 4];
		*to++ = digits[from[i] & 15];
	}
}

size_t
sanitise(char *to, size_t room, const char *from, size_t size)
{
	const unsigned char *p = (const unsigned char *)from;
	size_t used = 0;

	if (room == 0)
		return 0;
	while (size > 0) {
		bool printable;
		size_t length = next_character(p, size, &printable);
		size_t width = printable ? length : length * ESCAPE_BYTES;

		if (width > room - 1 - used)
			break;
		if (printable)
			memcpy(to + used, p, length);
		else
			put_escapes(to + used, p, length);
		used += width;
		p += length;
		size -= length;
	}
	to[used] = '\0';
	return used;
}

/* Room that sanitise() needs for all of these bytes, its NUL included. */
static size_t
measure_text(const char *from, size_t size)
{
	const unsigned char *p = (const unsigned char *)from;
	size_t width = 1;

	while (size > 0) {
		bool printable;
		size_t length = next_character(p, size, &printable);

		width += printable ? length : length * ESCAPE_BYTES;
		p += length;
		size -= length;
	}
	return width;
}

/* Where to cut so that no more than NAME_MAX_BYTES and no NUL remain. */
static size_t
clip_size(const char *bytes, size_t size)
{
	size_t at = NAME_MAX_BYTES;
	uint32_t c;

	size = strnlen(bytes, size);
	if (size <= NAME_MAX_BYTES)
		return size;
	/* The cut is inside a character only if a whole one starts up to three
	 * bytes before it and reaches beyond it. */
	for (size_t back = 1; back < 4; back++) {
		size_t start = at - back;

		if (decode_character((const unsigned char *)bytes + start,
		    size - start, &c) > back)
			return start;
	}
	return at;
}

static char *
take_bytes(struct names *names, size_t size)
{
	char *bytes;

	if (size > names->n_left) {
		size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
		struct chunk *chunk = xmalloc(sizeof *chunk + room);

		chunk->next = names->chunks;
		names->chunks = chunk;
		names->next = chunk->bytes;
		names->n_left = room;
	}
	bytes = names->next;
	names->next += size;
	names->n_left -= size;
	return bytes;
}

struct key {
	const char	*bytes;
	size_t		 size;
};

static bool
is_same_name(const void *table, uint32_t id, const void *key)
{
	const struct name *name = &((const struct names *)table)->entries[id];
	const struct key *k = key;

	return name->size == k->size &&
	    memcmp(name->raw, k->bytes, k->size) == 0;
}

static struct name *
add_entry(struct names *names)
{
	if (names->n_entries == names->n_room) {
		names->n_room = names->n_room == 0 ? 512 : names->n_room * 2;
		names->entries = xreallocarray(names->entries, names->n_room,
		    sizeof *names->entries);
	}
	return &names->entries[names->n_entries++];
}

static void
fill_entry(struct names *names, struct name *name, const char *bytes,
    size_t size)
{
	char *raw = take_bytes(names, size + 1);
	size_t width;

	memcpy(raw, bytes, size);
	raw[size] = '\0';
	name->raw = name->text = raw;
	name->size = size;
	width = measure_text(raw, size);
	if (width != size + 1) {
		char *text = take_bytes(names, width);

		sanitise(text, width, raw, size);
		name->text = text;
	}
}

uint32_t
names_intern(struct names *names, const char *bytes, size_t size)
{
	struct key key = { bytes, clip_size(bytes, size) };
	uint64_t hash;
	uint32_t id;

	if (key.size == 0)
		return NAME_UNKNOWN;
	hash = hash_bytes(key.bytes, key.size);
	id = idmap_find(&names->index, hash, is_same_name, names, &key);
	if (id == IDMAP_NONE) {
		id = names->n_entries;
		fill_entry(names, add_entry(names), key.bytes, key.size);
		idmap_add(&names->index, hash, id);
	}
	return id;
}

uint32_t
names_count(const struct names *names)
{
	return names->n_entries;
}

const char *
name_raw(const struct names *names, uint32_t id, size_t *size)
{
	assert(id < names->n_entries);
	if (size != NULL)
		*size = names->entries[id].size;
	return names->entries[id].raw;
}

const char *
name_text(const struct names *names, uint32_t id)
{
	assert(id < names->n_entries);
	return names->entries[id].text;
}

struct names *
names_new(void)
{
	static const char unknown[] = "<unknown>";
	struct names *names = xcalloc(1, sizeof *names);
	uint32_t id;

	id = names_intern(names, unknown, sizeof unknown - 1);
	assert(id == NAME_UNKNOWN);
	(void)id;
	return names;
}

void
names_free(struct names *names)
{
	if (names == NULL)
		return;
	while (names->chunks != NULL) {
		struct chunk *chunk = names->chunks;

		names->chunks = chunk->next;
		free(chunk);
	}
	idmap_fini(&names->index);
	free(names->entries);
	free(names);
}
