/*
 * schema.c - the tables of a snapshot file, version 1 (L5s).
 *
 * Shape      The statements as they stand in the file: .schema in sqlite3
 *            shows them with their comments.  Then one table of fields for
 *            each struct that is saved whole.
 * Why        The reader compares the file's schema with these texts, byte by
 *            byte.  That leaves a hostile file no place for a view instead
 *            of a table, a trigger, a generated column or an index that
 *            lies; what remains are values, and those are checked one by
 *            one.
 */
#include "store/schema.h"

#include "reader/snapshot.h"
#include "util/strbuf.h"

#include <stdio.h>
#include <string.h>

struct table {
	const char	*name;
	const char	*sql;
};

#define TOTALS_COLUMNS \
"  traced_bytes INTEGER NOT NULL, peak_bytes INTEGER NOT NULL,\n" \
"  blocks INTEGER NOT NULL, allocs INTEGER NOT NULL,\n" \
"  frees INTEGER NOT NULL, allocated_bytes INTEGER NOT NULL,\n" \
"  tracebacks INTEGER NOT NULL,\n" \
"  overhead_bytes INTEGER NOT NULL, rss_bytes INTEGER NOT NULL,\n" \
"  heap_bytes INTEGER NOT NULL, anon_bytes INTEGER NOT NULL,\n" \
"  retained_bytes INTEGER NOT NULL,\n" \
"  frame_bytes INTEGER NOT NULL, traceback_bytes INTEGER NOT NULL,\n" \
"  block_bytes INTEGER NOT NULL, uninterned_bytes INTEGER NOT NULL,\n" \
"  lost INTEGER NOT NULL, lost_bytes INTEGER NOT NULL,\n" \
"  truncated INTEGER NOT NULL, guessed INTEGER NOT NULL,\n" \
"  cut INTEGER NOT NULL, captures INTEGER NOT NULL,\n" \
"  unknown_frees INTEGER NOT NULL, skew_bytes INTEGER NOT NULL,\n" \
"  sample_bytes INTEGER NOT NULL, -- not 0: all figures are estimates\n" \
"  unwind_compared INTEGER NOT NULL,\n" \
"  unwind_mismatches INTEGER NOT NULL,\n" \
"  is_memory_refused INTEGER NOT NULL"

/* In order of their names. */
static const struct table tables[] = {
	{ "block", "CREATE TABLE block(\n"
"  snapshot INTEGER NOT NULL, id INTEGER NOT NULL,\n"
"  trace INTEGER NOT NULL, -- trace.id of the same snapshot\n"
"  address INTEGER NOT NULL, size INTEGER NOT NULL,\n"
"  generation INTEGER NOT NULL, -- 0: not known; see snapshot.generation\n"
"  PRIMARY KEY (snapshot, id)\n"
") WITHOUT ROWID" },
	{ "frame", "CREATE TABLE frame(\n"
"  location INTEGER NOT NULL,\n"
"  depth INTEGER NOT NULL, -- 0: innermost; the next has inlined it\n"
"  function INTEGER NOT NULL, -- name.id\n"
"  file INTEGER NOT NULL, -- name.id\n"
"  line INTEGER NOT NULL, -- 0: not known\n"
"  flags INTEGER NOT NULL, -- 1 inlined, 2 no line, 4 guessed, 16 no code\n"
"  PRIMARY KEY (location, depth)\n"
") WITHOUT ROWID" },
	{ "info", "CREATE TABLE info(\n"
"  key TEXT NOT NULL, item INTEGER NOT NULL, value NOT NULL,\n"
"  PRIMARY KEY (key, item)\n"
") WITHOUT ROWID" },
	{ "location", "CREATE TABLE location(\n"
"  id INTEGER PRIMARY KEY,\n"
"  module INTEGER NOT NULL, -- module.id\n"
"  offset INTEGER NOT NULL, -- ELF address; a return address if kind is 0\n"
"  kind INTEGER NOT NULL -- 0 call, 1 signal, 2 guessed, 3 cut,\n"
"                        -- 4 deeper, 5 region\n"
")" },
	{ "meta", "CREATE TABLE meta(\n"
"  key TEXT NOT NULL, value NOT NULL, -- of --meta\n"
"  PRIMARY KEY (key)\n"
") WITHOUT ROWID" },
	{ "module", "CREATE TABLE module(\n"
"  id INTEGER PRIMARY KEY, -- 0: code outside of any file\n"
"  path NOT NULL, build_id TEXT NOT NULL -- hexadecimal, or empty\n"
")" },
	{ "name", "CREATE TABLE name(\n"
"  id INTEGER PRIMARY KEY,\n"
"  text NOT NULL -- a BLOB where it is no UTF-8\n"
")" },
	{ "process", "CREATE TABLE process(\n"
"  snapshot INTEGER NOT NULL, id INTEGER NOT NULL,\n"
"  name NOT NULL, command NOT NULL, allocator NOT NULL,\n"
"  pid INTEGER NOT NULL, ppid INTEGER NOT NULL,\n"
"  state INTEGER NOT NULL, -- 0 running, 1 ended, 2 replaced by exec\n"
"  wait_status INTEGER NOT NULL, -- -1: not known\n"
"  n_threads INTEGER NOT NULL,\n"
"  start_ns INTEGER NOT NULL, -- of CLOCK_MONOTONIC\n"
"  inherited_bytes INTEGER NOT NULL,\n"
"  is_fork INTEGER NOT NULL, is_corrupt INTEGER NOT NULL,\n"
TOTALS_COLUMNS ",\n"
"  PRIMARY KEY (snapshot, id)\n"
") WITHOUT ROWID" },
	{ "snapshot", "CREATE TABLE snapshot(\n"
"  id INTEGER PRIMARY KEY,\n"
"  kind TEXT NOT NULL, -- 'mark', 'peak', 'interval' or 'now'\n"
"  number INTEGER NOT NULL, -- of a mark; else 0\n"
"  name NOT NULL,\n"
"  time_ns INTEGER NOT NULL, -- since 1970\n"
"  uptime_ns INTEGER NOT NULL, -- of the run\n"
"  state TEXT NOT NULL, -- of the program: 'running', 'exited' ...\n"
"  status INTEGER NOT NULL, -- exit status, or signal that killed it\n"
"  recording INTEGER NOT NULL, -- 0 on, 1 held, 2 stopped\n"
"  corruption NOT NULL, -- of the tables, as found then; empty: none\n"
"  n_processes INTEGER NOT NULL, n_threads INTEGER NOT NULL,\n"
"  n_traces INTEGER NOT NULL,\n"
"  n_blocks INTEGER, -- NULL: saved without --blocks\n"
"  clear_epoch INTEGER NOT NULL,\n"
"  generation INTEGER NOT NULL, -- of a block made right then\n"
"  has_survivors INTEGER NOT NULL, -- since this mark:\n"
"  survivors_clear_epoch INTEGER NOT NULL,\n"
"  survivors_generation INTEGER NOT NULL,\n"
TOTALS_COLUMNS "\n"
")" },
	{ "stack", "CREATE TABLE stack(\n"
"  id INTEGER PRIMARY KEY,\n"
"  parent INTEGER NOT NULL, -- the caller's; 0: none\n"
"  location INTEGER NOT NULL\n"
")" },
	{ "thread", "CREATE TABLE thread(\n"
"  snapshot INTEGER NOT NULL, id INTEGER NOT NULL,\n"
"  process INTEGER NOT NULL, -- process.id of the same snapshot\n"
"  name NOT NULL, tid INTEGER NOT NULL, has_exited INTEGER NOT NULL,\n"
"  PRIMARY KEY (snapshot, id)\n"
") WITHOUT ROWID" },
	{ "trace", "CREATE TABLE trace(\n"
"  snapshot INTEGER NOT NULL, id INTEGER NOT NULL,\n"
"  process INTEGER NOT NULL, -- process.id of the same snapshot\n"
"  thread INTEGER, -- thread.id; NULL: threads were not told apart\n"
"  stack INTEGER NOT NULL, -- of the newest frame; 0: none\n"
"  size INTEGER NOT NULL, count INTEGER NOT NULL, -- live\n"
"  allocs INTEGER NOT NULL, allocated INTEGER NOT NULL, -- ever\n"
"  temporary INTEGER NOT NULL,\n"
"  survivor_size INTEGER NOT NULL, survivor_count INTEGER NOT NULL,\n"
"  total_nframe INTEGER NOT NULL, -- 0: not known\n"
"  domain INTEGER NOT NULL,\n"
"  flags INTEGER NOT NULL, -- 1 guessed, 2 cut, 4 truncated\n"
"  PRIMARY KEY (snapshot, id)\n"
") WITHOUT ROWID" },
};

/* ---- the tables ---- */

void
schema_create(struct db *db)
{
	char pragmas[100];

	snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d;"
	    "PRAGMA user_version = %d;", STORE_ID, STORE_VERSION);
	db_run(db, pragmas);
	for (size_t i = 0; i < array_size(tables); i++)
		db_run(db, tables[i].sql);
}

void
schema_check(struct db *db)
{
	struct db_query *query = db_prepare(db, "sqlite_schema",
	    "SELECT type || ' ' || name, sql FROM sqlite_schema "
	    "ORDER BY name");
	size_t i = 0, size;
	char name[64];

	for (; i <= array_size(tables) && db_next(query); i++) {
		const char *text;

		if (i == array_size(tables)) {
			db_fail(db, "it has more than the tables of a "
			    "snapshot file");
			break;
		}
		snprintf(name, sizeof name, "table %s", tables[i].name);
		text = db_bytes(query, 0, 1000, &size);
		if (strcmp(text, name) != 0)
			db_fail(db, "'%.80s' where there should be %s", text,
			    name);
		text = db_bytes(query, 1, 8000, &size);
		if (strcmp(text, tables[i].sql) != 0)
			db_fail(db, "%s is not that of a snapshot file",
			    name);
	}
	if (i < array_size(tables))
		db_fail(db, "there is no table %s", tables[i].name);
	db_finish(query);
}

/* ---- fields ---- */

#define U64(type, name)	{ #name, FIELD_U64, offsetof(struct type, name) }
#define U32(type, name)	{ #name, FIELD_U32, offsetof(struct type, name) }
#define U16(type, name)	{ #name, FIELD_U16, offsetof(struct type, name) }
#define I32(type, name)	{ #name, FIELD_I32, offsetof(struct type, name) }
#define BOOL(type, name) { #name, FIELD_BOOL, offsetof(struct type, name) }

static const struct store_field totals_table[] = {
	U64(totals, traced_bytes), U64(totals, peak_bytes),
	U64(totals, blocks), U64(totals, allocs), U64(totals, frees),
	U64(totals, allocated_bytes), U64(totals, tracebacks),
	U64(totals, overhead_bytes), U64(totals, rss_bytes),
	U64(totals, heap_bytes), U64(totals, anon_bytes),
	U64(totals, retained_bytes),
	U64(totals, frame_bytes), U64(totals, traceback_bytes),
	U64(totals, block_bytes), U64(totals, uninterned_bytes),
	U64(totals, lost), U64(totals, lost_bytes), U64(totals, truncated),
	U64(totals, guessed), U64(totals, cut), U64(totals, captures),
	U64(totals, unknown_frees), U64(totals, skew_bytes),
	U64(totals, sample_bytes), U64(totals, unwind_compared),
	U64(totals, unwind_mismatches), BOOL(totals, is_memory_refused),
};

static const struct store_field process_table[] = {
	I32(process, pid), I32(process, ppid), I32(process, wait_status),
	U32(process, n_threads), U64(process, start_ns),
	U64(process, inherited_bytes), BOOL(process, is_fork),
	BOOL(process, is_corrupt),
};

static const struct store_field thread_table[] = {
	I32(snapshot_thread, tid), BOOL(snapshot_thread, has_exited),
};

static const struct store_field snapshot_table[] = {
	{ "clear_epoch", FIELD_U32, offsetof(struct snapshot,
	    birth.clear_epoch) },
	{ "generation", FIELD_U32, offsetof(struct snapshot,
	    birth.generation) },
	BOOL(snapshot, has_survivors),
	{ "survivors_clear_epoch", FIELD_U32, offsetof(struct snapshot,
	    survivors_since.clear_epoch) },
	{ "survivors_generation", FIELD_U32, offsetof(struct snapshot,
	    survivors_since.generation) },
};

static const struct store_field trace_table[] = {
	U64(trace, size), U64(trace, count), U64(trace, allocs),
	U64(trace, allocated), U64(trace, temporary),
	U64(trace, survivor_size), U64(trace, survivor_count),
	U32(trace, total_nframe), U16(trace, domain), U16(trace, flags),
};

#define FIELDS(table)	{ table, array_size(table) }

const struct store_fields totals_fields = FIELDS(totals_table);
const struct store_fields process_fields = FIELDS(process_table);
const struct store_fields thread_fields = FIELDS(thread_table);
const struct store_fields snapshot_fields = FIELDS(snapshot_table);
const struct store_fields trace_fields = FIELDS(trace_table);

void
schema_add_columns(struct strbuf *sql, const struct store_fields *fields)
{
	for (int i = 0; i < fields->n; i++)
		strbuf_printf(sql, ", %s", fields->fields[i].column);
}

static int64_t
get_field(const struct store_field *field, const void *record)
{
	const char *at = (const char *)record + field->offset;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;
	int32_t i32;

	switch (field->kind) {
	case FIELD_U64:
		/* Beyond 2^63 it shows as negative in SQL. */
		memcpy(&u64, at, sizeof u64);
		return (int64_t)u64;
	case FIELD_U32:
		memcpy(&u32, at, sizeof u32);
		return u32;
	case FIELD_U16:
		memcpy(&u16, at, sizeof u16);
		return u16;
	case FIELD_I32:
		memcpy(&i32, at, sizeof i32);
		return i32;
	case FIELD_BOOL:
		return *(const bool *)at;
	}
	return 0;
}

static void
set_field(const struct store_field *field, void *record, int64_t value)
{
	char *at = (char *)record + field->offset;
	uint64_t u64 = (uint64_t)value;
	uint32_t u32 = (uint32_t)value;
	uint16_t u16 = (uint16_t)value;

	switch (field->kind) {
	case FIELD_U64:
		memcpy(at, &u64, sizeof u64);
		break;
	case FIELD_U32:
	case FIELD_I32:
		memcpy(at, &u32, sizeof u32);
		break;
	case FIELD_U16:
		memcpy(at, &u16, sizeof u16);
		break;
	case FIELD_BOOL:
		*(bool *)at = value != 0;
		break;
	}
}

void
schema_put(struct db_query *query, int first,
    const struct store_fields *fields, const void *record)
{
	for (int i = 0; i < fields->n; i++)
		db_put_int(query, first + i,
		    get_field(&fields->fields[i], record));
}

void
schema_get(struct db_query *query, int first,
    const struct store_fields *fields, void *record)
{
	static const struct { int64_t min, max; } ranges[] = {
		[FIELD_U64] = { INT64_MIN, INT64_MAX },
		[FIELD_U32] = { 0, UINT32_MAX },
		[FIELD_U16] = { 0, UINT16_MAX },
		[FIELD_I32] = { INT32_MIN, INT32_MAX },
		[FIELD_BOOL] = { 0, 1 },
	};

	for (int i = 0; i < fields->n; i++) {
		const struct store_field *field = &fields->fields[i];

		set_field(field, record, db_int(query, first + i,
		    ranges[field->kind].min, ranges[field->kind].max));
	}
}
