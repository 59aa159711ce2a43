/*
 * read_moments.c - moments of a file, and what belongs to each (L5s).
 *
 * Shape      The rows of `snapshot` say how many rows of other tables belong
 *            to each; those are read when asked for, and must be so many.
 * Why        Arrays grow with the rows that are there, not with the number
 *            that a file claims.
 */
#include "store/read_private.h"
#include "store/schema.h"
#include "store/schema_words.h"
#include "util/names.h"
#include "util/strbuf.h"

#include <stdio.h>

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

void
read_printable(struct db_query *query, int column, char *to, size_t room)
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
	    "id, name, command, allocator, state", &process_fields, &totals_fields, id);
	VEC(struct process) processes = VEC_INIT;

	while (db_next(query) && read_is_next(query, processes.n)) {
		struct process process = { .state = (enum process_state)
		    db_int(query, 4, 0, PROCESS_EXECED) };

		read_printable(query, 1, process.name, sizeof process.name);
		read_printable(query, 2, process.command,
		    sizeof process.command);
		read_printable(query, 3, process.allocator,
		    sizeof process.allocator);
		schema_get(query, 5, &process_fields, &process);
		schema_get(query, 5 + process_fields.n, &totals_fields,
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

		read_printable(query, 2, thread.name, sizeof thread.name);
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
		uint32_t stack = read_reference(query, 2, l->n_stacks);
		struct trace trace = {
			.process = read_reference(query, 1,
			    snapshot->n_processes),
			.stack = read_stack_id(l, stack),
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
	read_printable(query, 3, moment->name, sizeof moment->name);
	moment->time_ns = db_int(query, 4, INT64_MIN, INT64_MAX);
	moment->uptime_ns = (uint64_t)db_int(query, 5, 0, INT64_MAX);
	moment->state = (enum store_state)read_word(l, query, 6, store_states,
	    N_STORE_STATES);
	moment->status = (int)db_int(query, 7, INT32_MIN, INT32_MAX);
	moment->recording = (enum record_mode)db_int(query, 8, 0,
	    N_RECORD_MODES - 1);
	read_printable(query, 9, snapshot->corruption,
	    sizeof snapshot->corruption);
	snapshot->is_corrupt = snapshot->corruption[0] != '\0';
	snapshot->time_ns = moment->uptime_ns;
	schema_get(query, 14, &snapshot_fields, snapshot);
	schema_get(query, 14 + snapshot_fields.n, &totals_fields,
	    &snapshot->totals);
}

static struct belongings
count_belongings(struct db_query *query)
{
	return (struct belongings){
		.n_processes = (uint32_t)db_int(query, 10, 0, MOST_ROWS),
		.n_threads = (uint32_t)db_int(query, 11, 0, MOST_ROWS),
		.n_traces = (uint32_t)db_int(query, 12, 0, MOST_ROWS),
		.n_blocks = db_is_null(query, 13) ? -1 :
		    db_int(query, 13, 0, MOST_ROWS),
	};
}

void
read_belongings(struct loading *l, size_t i, const struct belongings *has,
    struct snapshot *snapshot)
{
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

void
read_moments(struct loading *l)
{
	struct store_contents *contents = l->contents;
	struct db_query *query = prepare_moments(l);

	while (db_next(query) && read_is_next(query, contents->moments.n + 1)) {
		vec_push(&contents->moments, (struct store_moment){
			.snapshot = snapshot_new(0, 0) });
		read_moment(l, query, vec_last(&contents->moments));
		vec_push(&contents->file->has, count_belongings(query));
	}
	db_finish(query);
	if (contents->moments.n == 0)
		db_fail(l->db, "there is no snapshot in it");
}
