/*
 * write_moments.c - moments of a file, and facts (L5s).
 *
 * Shape      For each table an insert made of the columns that refer to other
 *            rows, then those that are fields of a struct (schema.h).
 * Invariant  Stacks were numbered and written before; a trace refers to them
 *            by number, to processes and threads by their place.
 */
#include "store/schema.h"
#include "store/schema_words.h"
#include "store/write_private.h"
#include "util/strbuf.h"

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
write_snapshot(struct db *db, const struct store_moment *moment, uint32_t id)
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
	    "snapshot, id, name, command, allocator, state", &process_fields,
	    &totals_fields);

	for (uint32_t i = 0; i < snapshot->n_processes; i++) {
		const struct process *process = &snapshot->processes[i];

		db_put_int(insert, 1, id);
		db_put_int(insert, 2, i);
		put_string(insert, 3, process->name);
		put_string(insert, 4, process->command);
		put_string(insert, 5, process->allocator);
		db_put_int(insert, 6, process->state);
		schema_put(insert, 7, &process_fields, process);
		schema_put(insert, 7 + process_fields.n, &totals_fields,
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

void
write_facts(const struct store_writer *w, struct db *db)
{
	struct db_query *info = db_prepare(db, "info",
	    "INSERT INTO info VALUES (?1, (SELECT count(*) FROM info "
	    "WHERE key = ?1), ?2)");
	struct db_query *meta = db_prepare(db, "meta",
	    "INSERT OR REPLACE INTO meta VALUES (?1, ?2)");

	for (size_t i = w->n_facts; i < w->facts.list.n; i++) {
		const struct store_fact *fact = &w->facts.list.items[i];
		struct db_query *insert = fact->is_meta ? meta : info;

		put_string(insert, 1, fact->key);
		db_put_text(insert, 2, fact->value, fact->size);
		db_put(insert);
	}
	db_finish(info);
	db_finish(meta);
}

void
write_moment(const struct store_writer *w, struct db *db,
    const struct store_moment *moment, uint32_t id)
{
	write_snapshot(db, moment, id);
	write_processes(db, moment->snapshot, id);
	write_threads(db, moment->snapshot, id);
	write_traces(w, db, moment->snapshot, id);
	write_blocks(db, moment->snapshot, id);
}
