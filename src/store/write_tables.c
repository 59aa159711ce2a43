/*
 * write_tables.c - what the moments of a file refer to (L5s).
 *
 * Shape      First all stacks of the moments get numbers, the outermost frame
 *            first, and with them locations and modules; then what is new is
 *            written in the order of the numbers, which is how SQLite appends
 *            fastest.
 */
#include "store/write_private.h"

#include "util/names.h"

#include <stdio.h>

/* ---- numbers ---- */

static void
number_location(struct store_writer *w, uint32_t id)
{
	if (numbering_get(&w->locations, id) != NUMBER_NONE)
		return;
	numbering_add(&w->locations, id);
	numbering_find(&w->modules,
	    frame_store_get_location(w->frames, id)->module);
}

/* A stack and all it is called from, the outermost first. */
static void
number_stack(struct store_writer *w, uint32_t id)
{
	const struct code_stack *stack;

	for (; numbering_get(&w->stacks, id) == NUMBER_NONE;
	    id = frame_store_get_stack(w->frames, id)->parent)
		vec_push(&w->path_up, id);
	while (w->path_up.n > 0) {
		id = vec_pop(&w->path_up);
		stack = frame_store_get_stack(w->frames, id);
		number_location(w, stack->location);
		numbering_add(&w->stacks, id);
	}
}

void
write_numbers(struct store_writer *w, const struct store_moment *moments,
    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct snapshot *snapshot = moments[i].snapshot;

		for (uint32_t k = 0; k < snapshot->n_traces; k++)
			number_stack(w, snapshot->traces[k].stack);
	}
}

/* ---- what moments refer to ---- */

static void
write_frames(struct store_writer *w, struct db_query *insert,
    uint32_t number)
{
	uint32_t n_frames;
	const struct symbol_frame *frames = symbols_frames(w->symbols,
	    w->locations.ids.items[number], &n_frames);

	for (uint32_t i = 0; i < n_frames; i++) {
		const struct symbol_frame *frame = &frames[i];

		db_put_ints(insert, (int64_t[]){ number, i,
		    numbering_find(&w->names, frame->function),
		    numbering_find(&w->names, frame->file), frame->line,
		    frame->flags & ~(uint32_t)SYMBOL_PENDING }, 6);
	}
	if (n_frames > 0 && (frames[0].flags & SYMBOL_PENDING) != 0)
		vec_push(&w->pending, number);
}

/* What is known by now of what was not when it was saved. */
static void
write_late_frames(struct store_writer *w, struct db *db,
    struct db_query *insert)
{
	struct db_query *remove = db_prepare(db, "frame",
	    "DELETE FROM frame WHERE location = ?1");
	size_t n = w->pending.n;

	for (size_t i = 0; i < n; i++) {
		db_put_ints(remove, (int64_t[]){ w->pending.items[i] }, 1);
		write_frames(w, insert, w->pending.items[i]);
	}
	db_finish(remove);
	memmove(w->pending.items, w->pending.items + n,
	    (w->pending.n - n) * sizeof *w->pending.items);
	w->pending.n -= n;
}

static void
write_locations(struct store_writer *w, struct db *db)
{
	struct db_query *frame = db_prepare(db, "frame",
	    "INSERT INTO frame VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
	struct db_query *location = db_prepare(db, "location",
	    "INSERT INTO location VALUES (?1, ?2, ?3, ?4)");

	if (w->pending.n > 0)
		write_late_frames(w, db, frame);
	for (size_t i = w->locations.n_saved; i < w->locations.ids.n; i++) {
		const struct code_location *at = frame_store_get_location(
		    w->frames, w->locations.ids.items[i]);

		db_put_ints(location, (int64_t[]){ (int64_t)i,
		    numbering_get(&w->modules, at->module),
		    (int64_t)at->offset, at->kind }, 4);
		write_frames(w, frame, (uint32_t)i);
	}
	db_finish(frame);
	db_finish(location);
}

static void
write_stacks(struct store_writer *w, struct db *db)
{
	struct db_query *insert = db_prepare(db, "stack",
	    "INSERT INTO stack VALUES (?1, ?2, ?3)");

	for (size_t i = w->stacks.n_saved; i < w->stacks.ids.n; i++) {
		const struct code_stack *stack = frame_store_get_stack(
		    w->frames, w->stacks.ids.items[i]);

		db_put_ints(insert, (int64_t[]){ (int64_t)i,
		    numbering_get(&w->stacks, stack->parent),
		    numbering_get(&w->locations, stack->location) }, 3);
	}
	db_finish(insert);
}

static void
write_modules(struct store_writer *w, struct db *db)
{
	struct db_query *insert = db_prepare(db, "module",
	    "INSERT INTO module VALUES (?1, ?2, ?3)");
	char hex[2 * sizeof ((struct code_module *)NULL)->build_id + 1];

	for (size_t i = w->modules.n_saved; i < w->modules.ids.n; i++) {
		const struct code_module *module = frame_store_get_module(
		    w->frames, w->modules.ids.items[i]);

		hex[0] = '\0';
		for (size_t k = 0; k < module->build_id_size; k++)
			snprintf(hex + 2 * k, 3, "%02x", module->build_id[k]);
		db_put_int(insert, 1, (int64_t)i);
		db_put_text(insert, 2, module->path, strlen(module->path));
		db_put_text(insert, 3, hex, strlen(hex));
		db_put(insert);
	}
	db_finish(insert);
}

static void
write_names(struct store_writer *w, struct db *db)
{
	struct db_query *insert = db_prepare(db, "name",
	    "INSERT INTO name VALUES (?1, ?2)");
	const char *raw;
	size_t size;

	for (size_t i = w->names.n_saved; i < w->names.ids.n; i++) {
		raw = name_raw(w->store_names, w->names.ids.items[i], &size);
		db_put_int(insert, 1, (int64_t)i);
		db_put_text(insert, 2, raw, size);
		db_put(insert);
	}
	db_finish(insert);
}

void
write_tables(struct store_writer *w, struct db *db)
{
	write_modules(w, db);
	write_locations(w, db);
	write_stacks(w, db);
	/* Last: frames have numbered the names. */
	write_names(w, db);
}
