/*
 * read.c - snapshots out of a file (L5s).
 *
 * Role       Checks that it is one, has its tables read (read_tables.c), then
 *            the moments, which refer to them.
 * Why        Every byte is a stranger's.  Ids must be consecutive, so that a
 *            page that is linked twice, a gap or a loop is an error and not
 *            work without end, and no table is larger than its rows;
 *            references must lead to what was read already.
 * Limits     2^30 rows of a table.
 */
#include "store/db.h"
#include "store/header.h"
#include "store/read_private.h"
#include "store/schema.h"
#include "store/schema_words.h"
#include "store/undo.h"
#include "util/names.h"
#include "util/strbuf.h"

#include <stdio.h>
#include <unistd.h>

enum { MOST_KEY = 256 };

/* ---- moments ---- */

/* "SELECT columns, fields... FROM table WHERE snapshot = ?1 ORDER BY id". */
static struct db_query *
prepare_rows(struct loading *l, const char *table, const char *columns,
    const struct store_fields *fields, const struct store_fields *more,
    int64_t id)
{
	struct strbuf sql = STRBUF_INIT(4096);
	struct db_query *query;

	strbuf_printf(&sql, "SELECT %s", columns);
	schema_add_columns(&sql, fields);
	if (more != NULL)
		schema_add_columns(&sql, more);
	strbuf_printf(&sql, " FROM %s WHERE snapshot = ?1 ORDER BY id",
	    table);
	query = db_prepare(l->db, table, strbuf_text(&sql));
	db_put_int(query, 1, id);
	strbuf_fini(&sql);
	return query;
}

/* A text that will be shown, made printable. */
static void
read_text(struct db_query *query, int column, char *to, size_t room)
{
	size_t size;
	const char *text = db_bytes(query, column, 4096, &size);

	sanitise(to, room, text, size);
}

static int
read_word(struct loading *l, struct db_query *query, int column,
    const char *const *words, int n)
{
	size_t size;
	const char *text = db_bytes(query, column, 100, &size);

	for (int i = 0; i < n; i++) {
		if (strcmp(text, words[i]) == 0)
			return i;
	}
	db_fail(l->db, "snapshot: '%.40s' is not known", text);
	return 0;
}

static void
read_processes(struct loading *l, int64_t id, struct snapshot *snapshot,
    uint32_t n_declared)
{
	struct db_query *query = prepare_rows(l, "process",
	    "id, name, command, state", &process_fields, &totals_fields, id);
	VEC(struct process) processes = VEC_INIT;

	while (db_next(query) && read_is_next(query, processes.n)) {
		struct process process = { .state = (enum process_state)
		    db_int(query, 3, 0, PROCESS_EXECED) };

		read_text(query, 1, process.name, sizeof process.name);
		read_text(query, 2, process.command, sizeof process.command);
		schema_get(query, 4, &process_fields, &process);
		schema_get(query, 4 + process_fields.n, &totals_fields,
		    &process.totals);
		vec_push(&processes, process);
	}
	db_finish(query);
	if (processes.n != n_declared)
		db_fail(l->db, "processes of snapshot %d are missing",
		    (int)id);
	free(snapshot->processes);
	snapshot->processes = processes.items;
	snapshot->n_processes = (uint32_t)processes.n;
}

static void
read_threads(struct loading *l, int64_t id, struct snapshot *snapshot,
    uint32_t n_declared)
{
	struct db_query *query = prepare_rows(l, "thread",
	    "id, process, name", &thread_fields, NULL, id);
	VEC(struct snapshot_thread) threads = VEC_INIT;

	while (db_next(query) && read_is_next(query, threads.n)) {
		struct snapshot_thread thread = {
			.process = read_reference(query, 1,
			    snapshot->n_processes) };

		read_text(query, 2, thread.name, sizeof thread.name);
		schema_get(query, 3, &thread_fields, &thread);
		vec_push(&threads, thread);
	}
	db_finish(query);
	if (threads.n != n_declared ||
	    (threads.n > 0 && snapshot->n_processes == 0))
		db_fail(l->db, "threads of snapshot %d are missing",
		    (int)id);
	snapshot->threads = threads.items;
	snapshot->n_threads = (uint32_t)threads.n;
}

static void
read_traces(struct loading *l, int64_t id, struct snapshot *snapshot,
    uint32_t n_declared)
{
	struct db_query *query = prepare_rows(l, "trace",
	    "id, process, stack, thread", &trace_fields, NULL, id);
	VEC(struct trace) traces = VEC_INIT;

	while (db_next(query) && read_is_next(query, traces.n)) {
		uint32_t stack = read_reference(query, 2, l->stacks.n);
		struct trace trace = {
			.process = read_reference(query, 1,
			    snapshot->n_processes),
			.stack = l->stacks.items[stack],
		};

		if (!db_is_null(query, 3))
			trace.thread = 1 + read_reference(query, 3,
			    snapshot->n_threads);
		if (trace.thread > snapshot->n_threads)
			db_fail(l->db, "trace.thread is out of range");
		schema_get(query, 4, &trace_fields, &trace);
		trace.flags &= TRACE_GUESSED | TRACE_CUT | TRACE_TRUNCATED;
		vec_push(&traces, trace);
	}
	db_finish(query);
	if (traces.n != n_declared ||
	    (traces.n > 0 && snapshot->n_processes == 0))
		db_fail(l->db, "traces of snapshot %d are missing", (int)id);
	free(snapshot->traces);
	snapshot->traces = traces.items;
	snapshot->n_traces = (uint32_t)traces.n;
}

static void
read_blocks(struct loading *l, int64_t id, struct snapshot *snapshot,
    int64_t n_declared)
{
	struct db_query *query = db_prepare(l->db, "block",
	    "SELECT id, trace, address, size, generation FROM block "
	    "WHERE snapshot = ?1 ORDER BY id");
	VEC(struct live_block) blocks = VEC_INIT;
	struct live_block before = { 0 };

	db_put_int(query, 1, id);
	while (db_next(query) && read_is_next(query, blocks.n)) {
		struct live_block block = {
			.trace = read_reference(query, 1, snapshot->n_traces),
			.address = (uint64_t)db_int(query, 2, INT64_MIN,
			    INT64_MAX),
			.size = (uint64_t)db_int(query, 3, INT64_MIN,
			    INT64_MAX),
			.generation = (uint32_t)db_int(query, 4, 0,
			    UINT32_MAX),
		};

		if (block.trace < before.trace || snapshot->n_traces == 0)
			db_fail(l->db, "block is out of order");
		before = block;
		vec_push(&blocks, block);
	}
	db_finish(query);
	if ((int64_t)blocks.n != n_declared)
		db_fail(l->db, "blocks of snapshot %d are missing", (int)id);
	/* None are something else than not known. */
	vec_reserve(&blocks, 1);
	snapshot->blocks = blocks.items;
	snapshot->n_blocks = blocks.n;
}

/* The row of a moment, without what belongs to it. */
static void
read_moment(struct loading *l, struct db_query *query,
    struct store_moment *moment)
{
	struct snapshot *snapshot = moment->snapshot;

	moment->kind = (enum store_kind)read_word(l, query, 1, store_kinds,
	    N_STORE_KINDS);
	moment->number = (unsigned)db_int(query, 2, 0, UINT32_MAX);
	read_text(query, 3, moment->name, sizeof moment->name);
	moment->time_ns = db_int(query, 4, INT64_MIN, INT64_MAX);
	moment->uptime_ns = (uint64_t)db_int(query, 5, 0, INT64_MAX);
	moment->state = (enum store_state)read_word(l, query, 6, store_states,
	    N_STORE_STATES);
	moment->status = (int)db_int(query, 7, INT32_MIN, INT32_MAX);
	moment->recording = (enum record_mode)db_int(query, 8, 0,
	    N_RECORD_MODES - 1);
	read_text(query, 9, snapshot->corruption,
	    sizeof snapshot->corruption);
	snapshot->is_corrupt = snapshot->corruption[0] != '\0';
	snapshot->time_ns = moment->uptime_ns;
	schema_get(query, 14, &snapshot_fields, snapshot);
	schema_get(query, 14 + snapshot_fields.n, &totals_fields,
	    &snapshot->totals);
}

/* How many rows belong to a moment. */
struct belongings {
	uint32_t	n_processes, n_threads, n_traces;
	int64_t		n_blocks;		/* -1: not known */
};

static struct belongings
read_belongings(struct db_query *query)
{
	return (struct belongings){
		.n_processes = (uint32_t)db_int(query, 10, 0, MOST_ROWS),
		.n_threads = (uint32_t)db_int(query, 11, 0, MOST_ROWS),
		.n_traces = (uint32_t)db_int(query, 12, 0, MOST_ROWS),
		.n_blocks = db_is_null(query, 13) ? -1 :
		    db_int(query, 13, 0, MOST_ROWS),
	};
}

static void
read_contents(struct loading *l, size_t i, const struct belongings *has)
{
	struct snapshot *snapshot = l->contents->moments.items[i].snapshot;
	int64_t id = (int64_t)i + 1;

	read_processes(l, id, snapshot, has->n_processes);
	read_threads(l, id, snapshot, has->n_threads);
	read_traces(l, id, snapshot, has->n_traces);
	if (has->n_blocks >= 0)
		read_blocks(l, id, snapshot, has->n_blocks);
}

static struct db_query *
prepare_moments(struct loading *l)
{
	struct strbuf sql = STRBUF_INIT(4096);
	struct db_query *query;

	strbuf_puts(&sql, "SELECT id, kind, number, name, time_ns, "
	    "uptime_ns, state, status, recording, corruption, n_processes, "
	    "n_threads, n_traces, n_blocks");
	schema_add_columns(&sql, &snapshot_fields);
	schema_add_columns(&sql, &totals_fields);
	strbuf_puts(&sql, " FROM snapshot ORDER BY id");
	query = db_prepare(l->db, "snapshot", strbuf_text(&sql));
	strbuf_fini(&sql);
	return query;
}

static void
read_moments(struct loading *l, enum store_extent extent)
{
	struct store_contents *contents = l->contents;
	VEC(struct belongings) has = VEC_INIT;
	struct db_query *query = prepare_moments(l);
	size_t i = 0;

	while (db_next(query) && read_is_next(query, contents->moments.n + 1)) {
		vec_push(&contents->moments, (struct store_moment){
			.snapshot = snapshot_new(0, 0) });
		read_moment(l, query, vec_last(&contents->moments));
		vec_push(&has, read_belongings(query));
	}
	db_finish(query);
	if (contents->moments.n == 0)
		db_fail(l->db, "there is no snapshot in it");
	else if (extent == STORE_LAST)
		i = contents->moments.n - 1;
	for (; i < contents->moments.n; i++)
		read_contents(l, i, &has.items[i]);
	vec_fini(&has);
}

static void
read_facts(struct loading *l)
{
	static const struct { const char *table, *sql; } sources[] = {
		{ "info", "SELECT key, value FROM info ORDER BY key, item" },
		{ "meta", "SELECT key, value FROM meta ORDER BY key" },
	};
	char key[MOST_KEY];
	const char *value;
	size_t size;

	for (size_t i = 0; i < array_size(sources); i++) {
		struct db_query *query = db_prepare(l->db, sources[i].table,
		    sources[i].sql);

		while (db_next(query)) {
			read_text(query, 0, key, sizeof key);
			value = db_bytes(query, 1, 65536, &size);
			store_facts_add(&l->contents->facts, i == 1, key,
			    value, size);
		}
		db_finish(query);
	}
}

/* ---- the file ---- */

static void
read_all(struct loading *l, enum store_extent extent)
{
	read_tables(l);
	/* What is missing must not be referred to. */
	if (db_failure(l->db) == NULL) {
		read_facts(l);
		read_moments(l, extent);
	}
	vec_fini(&l->name_ids);
	vec_fini(&l->modules);
	vec_fini(&l->locations);
	vec_fini(&l->stacks);
}

/* In a transaction, with the tables that it should have. */
static struct db *
begin_reading(const char *path, struct errbuf *why)
{
	struct db *db = db_open(path, DB_READ, why);

	if (db != NULL) {
		db_run(db, "BEGIN");
		schema_check(db);
	}
	return db;
}

/* As it was before somebody was killed who wrote in it. */
static struct db *
open_file(const char *path, struct errbuf *why)
{
	struct db *db = begin_reading(path, why);
	char *copy;

	if (db == NULL || !db_is_half_written(db))
		return db;
	db_close(db);
	copy = undo_copy(path, why);
	if (copy == NULL)
		return NULL;
	db = begin_reading(copy, why);
	unlink(copy);
	free(copy);
	return db;
}

static int
complain(const char *path, const struct errbuf *reason, struct errbuf *why)
{
	char shown[100];

	sanitise(shown, sizeof shown, path, strlen(path));
	errbuf_set(why, "cannot read %s: %s", shown, reason->text);
	return -1;
}

int
store_load(const char *path, enum store_extent extent,
    struct frame_store *frames, struct symbols *symbols, struct names *names,
    struct store_contents *contents, struct errbuf *why)
{
	struct loading l = { .frames = frames, .symbols = symbols,
		.names = names, .contents = contents };
	struct errbuf reason = { .column = 0 };
	const char *failure;

	*contents = (struct store_contents){ .moments = VEC_INIT };
	if (header_check(path, &reason) < 0)
		return complain(path, &reason, why);
	l.db = open_file(path, &reason);
	if (l.db == NULL)
		return complain(path, &reason, why);
	read_all(&l, extent);
	failure = db_failure(l.db);
	if (failure != NULL)
		errbuf_set(&reason, "it is damaged: %s", failure);
	db_close(l.db);
	if (failure == NULL)
		return 0;
	store_contents_fini(contents);
	return complain(path, &reason, why);
}

void
store_contents_fini(struct store_contents *contents)
{
	for (size_t i = 0; i < contents->moments.n; i++)
		snapshot_release(contents->moments.items[i].snapshot);
	vec_fini(&contents->moments);
	store_facts_fini(&contents->facts);
}
