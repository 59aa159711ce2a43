/*
 * write.c - snapshots into a file (L5s).
 *
 * Shape      Four numberings give what the moments refer to consecutive ids
 *            in the file, parents before children; what is new since the
 *            last save is written, then the moments.
 * Why        Only what is referred to is saved, whatever else the viewer has
 *            seen; and consecutive ids let the reader check each with one
 *            comparison.  The file is opened anew for each save: between two
 *            intervals of a recording it belongs to whoever wants to look.
 * Invariant  A save that fails leaves file and numberings as they were.
 * Limits     What was unknown of a location when it was saved is saved again
 *            with the next moment; after that it stays.
 */
#include "store/db.h"
#include "store/numbering.h"
#include "store/place.h"
#include "store/schema.h"
#include "store/schema_words.h"
#include "store/store.h"
#include "util/names.h"
#include "util/strbuf.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

struct store_writer {
	char			*path;
	const struct frame_store *frames;
	struct symbols		*symbols;
	const struct names	*store_names;
	struct store_facts	 facts;
	struct numbering	 names, modules, locations, stacks;
	VEC(uint32_t)		 pending;	/* numbers of locations that
						 * were saved as unknown */
	VEC(uint32_t)		 path_up;	/* scratch */
	uint32_t		 n_moments;	/* in the file */
	struct stat		 file;		/* which it is */
};

struct store_writer *
store_writer_new(const char *path, const struct frame_store *frames,
    struct symbols *symbols, const struct names *names,
    const struct store_facts *facts)
{
	struct store_writer *w = xcalloc(1, sizeof *w);

	w->path = xstrdup(path);
	w->frames = frames;
	w->symbols = symbols;
	w->store_names = names;
	for (size_t i = 0; i < facts->list.n; i++) {
		const struct store_fact *fact = &facts->list.items[i];

		store_facts_add(&w->facts, fact->is_meta, fact->key,
		    fact->value, fact->size);
	}
	numbering_add(&w->names, NAME_UNKNOWN);
	numbering_add(&w->modules, 0);
	numbering_add(&w->locations, 0);
	numbering_add(&w->stacks, 0);
	/* These two have no row: they stand for none. */
	w->locations.n_saved = w->stacks.n_saved = 1;
	return w;
}

void
store_writer_free(struct store_writer *w)
{
	if (w == NULL)
		return;
	store_facts_fini(&w->facts);
	numbering_fini(&w->names);
	numbering_fini(&w->modules);
	numbering_fini(&w->locations);
	numbering_fini(&w->stacks);
	vec_fini(&w->pending);
	vec_fini(&w->path_up);
	free(w->path);
	free(w);
}

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

static void
number_moments(struct store_writer *w, const struct store_moment *moments,
    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct snapshot *snapshot = moments[i].snapshot;

		for (uint32_t k = 0; k < snapshot->n_traces; k++)
			number_stack(w, snapshot->traces[k].stack);
	}
}

void
store_writer_ask(struct store_writer *w, const struct store_moment *moments,
    size_t n)
{
	uint32_t n_frames;

	number_moments(w, moments, n);
	for (size_t i = w->locations.n_saved; i < w->locations.ids.n; i++)
		symbols_frames(w->symbols, w->locations.ids.items[i],
		    &n_frames);
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

/* ---- moments ---- */

/* "INSERT INTO table (columns, fields...) VALUES (?1, ?2, ...)". */
static struct db_query *
prepare_insert(struct db *db, const char *table, const char *columns,
    const struct store_fields *fields, const struct store_fields *more)
{
	struct strbuf sql = STRBUF_INIT(4096);
	struct db_query *query;
	int n = 1 + fields->n + (more != NULL ? more->n : 0);

	for (const char *at = columns; *at != '\0'; at++)
		n += *at == ',';
	strbuf_printf(&sql, "INSERT INTO %s (%s", table, columns);
	schema_add_columns(&sql, fields);
	if (more != NULL)
		schema_add_columns(&sql, more);
	strbuf_puts(&sql, ") VALUES (?1");
	for (int i = 2; i <= n; i++)
		strbuf_printf(&sql, ", ?%d", i);
	strbuf_puts(&sql, ")");
	query = db_prepare(db, table, strbuf_text(&sql));
	strbuf_fini(&sql);
	return query;
}

static void
put_string(struct db_query *query, int place, const char *text)
{
	db_put_text(query, place, text, strlen(text));
}

static void
write_moment(struct db *db, const struct store_moment *moment, uint32_t id)
{
	const struct snapshot *snapshot = moment->snapshot;
	struct db_query *insert = prepare_insert(db, "snapshot",
	    "id, kind, number, name, time_ns, uptime_ns, state, status, "
	    "recording, corruption, n_processes, n_threads, n_traces, "
	    "n_blocks", &snapshot_fields, &totals_fields);

	db_put_int(insert, 1, id);
	put_string(insert, 2, store_kinds[moment->kind]);
	db_put_int(insert, 3, moment->number);
	put_string(insert, 4, moment->name);
	db_put_int(insert, 5, moment->time_ns);
	db_put_int(insert, 6, (int64_t)moment->uptime_ns);
	put_string(insert, 7, store_states[moment->state]);
	db_put_int(insert, 8, moment->status);
	db_put_int(insert, 9, moment->recording);
	put_string(insert, 10, snapshot->is_corrupt &&
	    snapshot->corruption[0] == '\0' ? "?" : snapshot->corruption);
	db_put_int(insert, 11, snapshot->n_processes);
	db_put_int(insert, 12, snapshot->n_threads);
	db_put_int(insert, 13, snapshot->n_traces);
	if (snapshot->blocks != NULL)
		db_put_int(insert, 14, (int64_t)snapshot->n_blocks);
	schema_put(insert, 15, &snapshot_fields, snapshot);
	schema_put(insert, 15 + snapshot_fields.n, &totals_fields,
	    &snapshot->totals);
	db_put(insert);
	db_finish(insert);
}

static void
write_processes(struct db *db, const struct snapshot *snapshot, uint32_t id)
{
	struct db_query *insert = prepare_insert(db, "process",
	    "snapshot, id, name, command, state", &process_fields,
	    &totals_fields);

	for (uint32_t i = 0; i < snapshot->n_processes; i++) {
		const struct process *process = &snapshot->processes[i];

		db_put_int(insert, 1, id);
		db_put_int(insert, 2, i);
		put_string(insert, 3, process->name);
		put_string(insert, 4, process->command);
		db_put_int(insert, 5, process->state);
		schema_put(insert, 6, &process_fields, process);
		schema_put(insert, 6 + process_fields.n, &totals_fields,
		    &process->totals);
		db_put(insert);
	}
	db_finish(insert);
}

static void
write_threads(struct db *db, const struct snapshot *snapshot, uint32_t id)
{
	struct db_query *insert = prepare_insert(db, "thread",
	    "snapshot, id, process, name", &thread_fields, NULL);

	for (uint32_t i = 0; i < snapshot->n_threads; i++) {
		db_put_int(insert, 1, id);
		db_put_int(insert, 2, i);
		db_put_int(insert, 3, snapshot->threads[i].process);
		put_string(insert, 4, snapshot->threads[i].name);
		schema_put(insert, 5, &thread_fields, &snapshot->threads[i]);
		db_put(insert);
	}
	db_finish(insert);
}

static void
write_traces(const struct store_writer *w, struct db *db,
    const struct snapshot *snapshot, uint32_t id)
{
	struct db_query *insert = prepare_insert(db, "trace",
	    "snapshot, id, process, stack, thread", &trace_fields, NULL);

	for (uint32_t i = 0; i < snapshot->n_traces; i++) {
		const struct trace *trace = &snapshot->traces[i];

		db_put_int(insert, 1, id);
		db_put_int(insert, 2, i);
		db_put_int(insert, 3, trace->process);
		db_put_int(insert, 4, numbering_get(&w->stacks,
		    trace->stack));
		if (trace->thread != 0)
			db_put_int(insert, 5, trace->thread - 1);
		else
			db_put_null(insert, 5);
		schema_put(insert, 6, &trace_fields, trace);
		db_put(insert);
	}
	db_finish(insert);
}

static void
write_blocks(struct db *db, const struct snapshot *snapshot, uint32_t id)
{
	struct db_query *insert = db_prepare(db, "block",
	    "INSERT INTO block VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

	for (size_t i = 0; i < snapshot->n_blocks; i++) {
		const struct live_block *block = &snapshot->blocks[i];

		db_put_ints(insert, (int64_t[]){ id, (int64_t)i,
		    block->trace, (int64_t)block->address,
		    (int64_t)block->size, block->generation }, 6);
	}
	db_finish(insert);
}

static void
write_facts(const struct store_facts *facts, struct db *db)
{
	struct db_query *info = db_prepare(db, "info",
	    "INSERT INTO info VALUES (?1, (SELECT count(*) FROM info "
	    "WHERE key = ?1), ?2)");
	struct db_query *meta = db_prepare(db, "meta",
	    "INSERT OR REPLACE INTO meta VALUES (?1, ?2)");

	for (size_t i = 0; i < facts->list.n; i++) {
		const struct store_fact *fact = &facts->list.items[i];
		struct db_query *insert = fact->is_meta ? meta : info;

		put_string(insert, 1, fact->key);
		db_put_text(insert, 2, fact->value, fact->size);
		db_put(insert);
	}
	db_finish(info);
	db_finish(meta);
}

/* ---- saving ---- */

/* All of it, in the transaction that is open. */
static void
write_all(struct store_writer *w, struct db *db,
    const struct store_moment *moments, size_t n)
{
	number_moments(w, moments, n);
	write_modules(w, db);
	write_locations(w, db);
	write_stacks(w, db);
	write_names(w, db);
	for (size_t i = 0; i < n; i++) {
		uint32_t id = w->n_moments + 1 + (uint32_t)i;

		write_moment(db, &moments[i], id);
		write_processes(db, moments[i].snapshot, id);
		write_threads(db, moments[i].snapshot, id);
		write_traces(w, db, moments[i].snapshot, id);
		write_blocks(db, moments[i].snapshot, id);
	}
}

static void
keep_numbers(struct store_writer *w, size_t n_moments)
{
	w->names.n_saved = w->names.ids.n;
	w->modules.n_saved = w->modules.ids.n;
	w->locations.n_saved = w->locations.ids.n;
	w->stacks.n_saved = w->stacks.ids.n;
	w->n_moments += (uint32_t)n_moments;
}

static void
undo_numbers(struct store_writer *w)
{
	size_t n = 0;

	numbering_undo(&w->names);
	numbering_undo(&w->modules);
	numbering_undo(&w->locations);
	numbering_undo(&w->stacks);
	for (size_t i = 0; i < w->pending.n; i++) {
		if (w->pending.items[i] < w->locations.n_saved)
			w->pending.items[n++] = w->pending.items[i];
	}
	w->pending.n = n;
}

static void
complain(const struct store_writer *w, const char *reason,
    struct errbuf *why)
{
	char shown[120];

	sanitise(shown, sizeof shown, w->path, strlen(w->path));
	errbuf_set(why, "cannot write %s: %s", shown, reason);
}

/* What was done with `db` is good, or why says what is wrong. */
static int
finish(const struct store_writer *w, struct db *db, struct errbuf *why)
{
	const char *failure = db_failure(db);

	if (failure != NULL)
		complain(w, failure, why);
	db_close(db);
	return failure == NULL ? 0 : -1;
}

static int
save_first(struct store_writer *w, const struct store_moment *moments,
    size_t n, struct errbuf *why)
{
	struct place place;
	struct db *db;
	int rc = -1;

	if (place_init(&place, w->path, why) < 0)
		return -1;
	db = db_open(place.draft, DB_NEW, why);
	if (db == NULL) {
		struct errbuf reason = *why;

		complain(w, reason.text, why);
	} else {
		schema_create(db);
		db_run(db, "BEGIN");
		write_facts(&w->facts, db);
		write_all(w, db, moments, n);
		db_run(db, "COMMIT");
		rc = finish(w, db, why);
	}
	if (rc == 0)
		rc = place_keep(&place, why);
	if (rc == 0)
		rc = stat(place.path, &w->file);
	place_fini(&place);
	return rc;
}

static bool
is_our_file(const struct store_writer *w)
{
	struct stat st;

	return stat(w->path, &st) == 0 && st.st_dev == w->file.st_dev &&
	    st.st_ino == w->file.st_ino;
}

static int
save_more(struct store_writer *w, const struct store_moment *moments,
    size_t n, struct errbuf *why)
{
	struct db_query *query;
	struct db *db;

	if (!is_our_file(w)) {
		complain(w, "somebody has replaced it", why);
		return -1;
	}
	db = db_open(w->path, DB_APPEND, why);
	if (db == NULL) {
		struct errbuf reason = *why;

		complain(w, reason.text, why);
		return -1;
	}
	db_run(db, "BEGIN IMMEDIATE");
	query = db_prepare(db, "snapshot", "SELECT count(*) FROM snapshot");
	if (db_next(query) && db_int(query, 0, 0, INT64_MAX) != w->n_moments)
		db_fail(db, "somebody has changed it");
	db_finish(query);
	write_all(w, db, moments, n);
	db_run(db, "COMMIT");
	return finish(w, db, why);
}

int
store_writer_save(struct store_writer *w, const struct store_moment *moments,
    size_t n, struct errbuf *why)
{
	/* Beyond RLIMIT_FSIZE a write shall fail, not kill. */
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	int rc;

	sigaction(SIGXFSZ, &ignore, &before);
	rc = w->n_moments == 0 ? save_first(w, moments, n, why) :
	    save_more(w, moments, n, why);
	sigaction(SIGXFSZ, &before, NULL);
	if (rc == 0)
		keep_numbers(w, n);
	else
		undo_numbers(w);
	return rc;
}
