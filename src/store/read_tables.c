/*
 * read_tables.c - what the moments of a file refer to (L5s).
 *
 * Names, modules, locations with their inline frames, and stacks, in the
 * order in which they refer to each other.
 */
#include "store/read_private.h"

#include "util/names.h"

enum { MOST_PATH = 4096 };

bool
read_is_next(struct db_query *query, size_t n)
{
	return db_int(query, 0, (int64_t)n, (int64_t)n) == (int64_t)n &&
	    n < MOST_ROWS;
}

uint32_t
read_reference(struct db_query *query, int column, size_t n)
{
	return (uint32_t)db_int(query, column, 0, n > 0 ? (int64_t)n - 1 : 0);
}

static void
read_names(struct loading *l)
{
	struct db_query *query = db_prepare(l->db, "name",
	    "SELECT id, text FROM name ORDER BY id");
	const char *text;
	size_t size;

	while (db_next(query) && read_is_next(query, l->name_ids.n)) {
		uint32_t id = NAME_UNKNOWN;

		text = db_bytes(query, 1, NAME_MAX_BYTES, &size);
		if (l->name_ids.n > 0)
			id = names_intern(l->names, text, size);
		vec_push(&l->name_ids, id);
	}
	db_finish(query);
	if (l->name_ids.n == 0)
		db_fail(l->db, "name 0 is missing");
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t
read_build_id(struct loading *l, struct db_query *query, int column,
    uint8_t build_id[32])
{
	size_t size;
	const char *text = db_bytes(query, column, 64, &size);

	for (size_t i = 0; i < size; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0 || size % 2 != 0) {
			db_fail(l->db, "module.build_id is no hexadecimal");
			return 0;
		}
		build_id[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 :
		    build_id[i / 2] | digit);
	}
	return size / 2;
}

static void
read_modules(struct loading *l)
{
	struct db_query *query = db_prepare(l->db, "module",
	    "SELECT id, path, build_id FROM module ORDER BY id");
	uint8_t build_id[32];
	const char *path;
	size_t n, size;

	while (db_next(query) && read_is_next(query, l->modules.n)) {
		n = read_build_id(l, query, 2, build_id);
		path = db_bytes(query, 1, MOST_PATH, &size);
		vec_push(&l->modules, frame_store_add_module(l->frames, path,
		    build_id, n));
	}
	db_finish(query);
	if (l->modules.n == 0)
		db_fail(l->db, "module 0 is missing");
}

static void
read_locations(struct loading *l)
{
	struct db_query *query = db_prepare(l->db, "location",
	    "SELECT id, module, offset, kind FROM location ORDER BY id");

	vec_push(&l->locations, 0);
	while (db_next(query) && read_is_next(query, l->locations.n)) {
		uint32_t module = read_reference(query, 1, l->modules.n);
		int64_t offset = db_int(query, 2, INT64_MIN, INT64_MAX);
		int64_t kind = db_int(query, 3, 0, LOCATION_REGION);

		vec_push(&l->locations, frame_store_add_location(l->frames,
		    l->modules.items[module], (uint64_t)offset,
		    (enum location_kind)kind));
	}
	db_finish(query);
}

static struct symbol_frame
read_frame(struct loading *l, struct db_query *query,
    const struct symbol_frame *stand_in)
{
	struct symbol_frame frame = *stand_in;
	uint32_t function = read_reference(query, 2, l->name_ids.n);
	uint32_t file = read_reference(query, 3, l->name_ids.n);

	frame.function = l->name_ids.items[function];
	frame.file = l->name_ids.items[file];
	frame.line = (uint32_t)db_int(query, 4, 0, UINT32_MAX);
	frame.flags = (uint32_t)db_int(query, 5, 0, UINT32_MAX) &
	    (SYMBOL_INLINED | SYMBOL_NO_LINE | SYMBOL_GUESSED |
	    SYMBOL_SPECIAL);
	return frame;
}

static void
read_frames(struct loading *l)
{
	struct db_query *query = db_prepare(l->db, "frame",
	    "SELECT location, depth, function, file, line, flags FROM frame "
	    "ORDER BY location, depth");
	struct symbol_frame frames[SYMBOLS_MAX_PUT], stand_in = { 0 };
	uint32_t n = 0, location = 0, next;

	while (db_next(query)) {
		next = read_reference(query, 0, l->locations.n);
		if (next != location) {
			if (next < location)
				db_fail(l->db, "frame is out of order");
			if (n > 0)
				symbols_put(l->symbols,
				    l->locations.items[location], frames, n);
			location = next;
			n = 0;
			stand_in = symbols_stand_in(l->symbols,
			    l->locations.items[location]);
		}
		if (location == 0 || n == array_size(frames) ||
		    db_int(query, 1, n, n) != n) {
			db_fail(l->db, "frame of location %u is out of order",
			    location);
			break;
		}
		frames[n++] = read_frame(l, query, &stand_in);
	}
	if (n > 0)
		symbols_put(l->symbols, l->locations.items[location], frames,
		    n);
	db_finish(query);
}

static void
read_stacks(struct loading *l)
{
	struct db_query *query = db_prepare(l->db, "stack",
	    "SELECT id, parent, location FROM stack ORDER BY id");
	uint32_t parent, location;

	l->first_stack = frame_store_n_stacks(l->frames);
	l->n_stacks = 1;
	while (db_next(query) && read_is_next(query, l->n_stacks)) {
		parent = read_reference(query, 1, l->n_stacks);
		location = read_reference(query, 2, l->locations.n);
		if (location == 0) {
			db_fail(l->db, "stack.location is 0");
			break;
		}
		frame_store_add_stack(l->frames, read_stack_id(l, parent),
		    l->locations.items[location]);
		l->n_stacks++;
	}
	db_finish(query);
}

void
read_tables(struct loading *l)
{
	read_names(l);
	if (db_failure(l->db) == NULL)
		read_modules(l);
	if (db_failure(l->db) != NULL)
		return;
	read_locations(l);
	read_frames(l);
	read_stacks(l);
}
