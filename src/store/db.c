/*
 * db.c - SQLite as far as snapshot files need it (L5s).
 *
 * Role       Opening for the three purposes, statements, and one sticky
 *            failure for all of them.
 * Why        A file comes from a stranger.  SQLite promises to survive any
 *            bytes, but not to be quick with them, nor that the schema is
 *            harmless: so nothing of it is trusted (no triggers, views,
 *            functions, or memory-mapped pages), lengths are limited to what
 *            we write ourselves, and a progress handler counts the work, of
 *            which an honest file takes a little for each of its bytes.
 * Invariant  Values get out only through db_int() and db_bytes(), which check
 *            type and range.
 */
#include "store/db.h"

#include "util/names.h"
#include "util/xalloc.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	MOST_BYTES = 128 << 10,		/* of a text, and of a row */
	BUSY_MS = 5000,			/* somebody else writes */
	STEPS_AT_ONCE = 100000,		/* of the virtual machine */
	STEPS_PER_BYTE = 8,
};

#define STEPS_ALWAYS	INT64_C(20000000)

struct db {
	sqlite3		*handle;
	bool		 has_failed;
	bool		 is_half_written;
	struct errbuf	 why;
	int64_t		 steps_left;	/* when reading */
};

struct db_query {
	struct db	*db;
	const char	*about;
	sqlite3_stmt	*statement;	/* NULL: it failed before */
};

/* ---- failing ---- */

void
db_fail(struct db *db, const char *format, ...)
{
	char text[sizeof db->why.text];
	va_list args;

	if (db->has_failed)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	db->has_failed = true;
	/* SQLite quotes what it found in the file. */
	sanitise(db->why.text, sizeof db->why.text, text, strlen(text));
}

const char *
db_failure(const struct db *db)
{
	return db->has_failed ? db->why.text : NULL;
}

bool
db_is_half_written(const struct db *db)
{
	return db->is_half_written;
}

static void
take_error(struct db *db, const char *about)
{
	int error = sqlite3_system_errno(db->handle);
	int code = sqlite3_errcode(db->handle);

	db->is_half_written |= sqlite3_extended_errcode(db->handle) ==
	    SQLITE_READONLY_ROLLBACK;
	if (code == SQLITE_INTERRUPT)
		db_fail(db, "%s: too much work for a file of its size", about);
	else if ((code == SQLITE_IOERR || code == SQLITE_CANTOPEN) &&
	    error != 0)
		db_fail(db, "%s: %s", about, strerror(error));
	else
		db_fail(db, "%s: %s", about, sqlite3_errmsg(db->handle));
}

/* ---- opening ---- */

static int
count_steps(void *arg)
{
	struct db *db = arg;

	db->steps_left -= STEPS_AT_ONCE;
	return db->steps_left < 0;
}

static void
limit_work(struct db *db, const char *path)
{
	struct stat st;

	db->steps_left = STEPS_ALWAYS;
	if (stat(path, &st) == 0)
		db->steps_left += (int64_t)st.st_size * STEPS_PER_BYTE;
	sqlite3_progress_handler(db->handle, STEPS_AT_ONCE, count_steps, db);
}

static void
limit_sizes(sqlite3 *handle)
{
	static const struct { int id, most; } limits[] = {
		{ SQLITE_LIMIT_LENGTH, MOST_BYTES },
		{ SQLITE_LIMIT_SQL_LENGTH, 16384 },
		{ SQLITE_LIMIT_COLUMN, 100 },
		{ SQLITE_LIMIT_EXPR_DEPTH, 20 },
		{ SQLITE_LIMIT_COMPOUND_SELECT, 3 },
		{ SQLITE_LIMIT_VDBE_OP, 25000 },
		{ SQLITE_LIMIT_FUNCTION_ARG, 8 },
		{ SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50 },
		{ SQLITE_LIMIT_VARIABLE_NUMBER, 100 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
		{ SQLITE_LIMIT_WORKER_THREADS, 0 },
	};

	for (size_t i = 0; i < array_size(limits); i++)
		sqlite3_limit(handle, limits[i].id, limits[i].most);
}

static void
trust_nothing(sqlite3 *handle)
{
	static const struct { int id, on; } configs[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	};

	for (size_t i = 0; i < array_size(configs); i++)
		sqlite3_db_config(handle, configs[i].id, configs[i].on, NULL);
}

/* How each purpose is served; pragmas that change nothing in the file. */
static const struct {
	int		 flags;
	const char	*pragmas;
} purposes[] = {
	[DB_NEW] = { SQLITE_OPEN_READWRITE,
	    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
	    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -16384;" },
	[DB_APPEND] = { SQLITE_OPEN_READWRITE,
	    "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;"
	    "PRAGMA cache_size = -16384;" },
	[DB_READ] = { SQLITE_OPEN_READONLY,
	    "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
	    "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;" },
};

struct db *
db_open(const char *path, enum db_purpose purpose, struct errbuf *why)
{
	struct db *db = xcalloc(1, sizeof *db);
	/* Without a slash in front SQLite knows names of its own. */
	size_t room = strlen(path) + sizeof "./";
	char *name = xmalloc(room);

	snprintf(name, room, "%s%s", path[0] == '/' ? "" : "./", path);
	if (sqlite3_open_v2(name, &db->handle, purposes[purpose].flags |
	    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL) !=
	    SQLITE_OK) {
		if (db->handle == NULL)
			xalloc_die(sizeof *db);
		take_error(db, "opening");
	} else {
		sqlite3_busy_timeout(db->handle, BUSY_MS);
		limit_sizes(db->handle);
		/* Defended, a file must have a journal. */
		if (purpose != DB_NEW)
			trust_nothing(db->handle);
		if (purpose == DB_READ)
			limit_work(db, name);
		db_run(db, purposes[purpose].pragmas);
	}
	free(name);
	if (!db->has_failed)
		return db;
	*why = db->why;
	db_close(db);
	return NULL;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	sqlite3_close(db->handle);
	free(db);
}

/* ---- statements ---- */

void
db_run(struct db *db, const char *sql)
{
	if (!db->has_failed && sqlite3_exec(db->handle, sql, NULL, NULL,
	    NULL) != SQLITE_OK)
		take_error(db, "database");
}

struct db_query *
db_prepare(struct db *db, const char *about, const char *sql)
{
	struct db_query *query = xcalloc(1, sizeof *query);

	query->db = db;
	query->about = about;
	if (!db->has_failed && sqlite3_prepare_v3(db->handle, sql, -1,
	    SQLITE_PREPARE_PERSISTENT, &query->statement, NULL) != SQLITE_OK)
		take_error(db, about);
	return query;
}

void
db_finish(struct db_query *query)
{
	if (query == NULL)
		return;
	sqlite3_finalize(query->statement);
	free(query);
}

static bool
is_usable(const struct db_query *query)
{
	return !query->db->has_failed && query->statement != NULL;
}

static void
check(struct db_query *query, int code)
{
	if (code != SQLITE_OK)
		take_error(query->db, query->about);
}

void
db_put_int(struct db_query *query, int place, int64_t value)
{
	if (is_usable(query))
		check(query, sqlite3_bind_int64(query->statement, place,
		    value));
}

/* Is it text as SQLite's users expect it? */
static bool
is_plain_text(const char *bytes, size_t size)
{
	size_t i = 0;

	while (i < size) {
		unsigned char c = (unsigned char)bytes[i];
		size_t more = c < 0x80 ? 0 : c < 0xc2 ? 4 : c < 0xe0 ? 1 :
		    c < 0xf0 ? 2 : c < 0xf5 ? 3 : 4;

		if (c == 0 || more == 4 || i + more >= size)
			return false;
		for (size_t k = 1; k <= more; k++) {
			if (((unsigned char)bytes[i + k] & 0xc0) != 0x80)
				return false;
		}
		i += 1 + more;
	}
	return true;
}

void
db_put_text(struct db_query *query, int place, const char *bytes,
    size_t size)
{
	if (!is_usable(query))
		return;
	if (size > MOST_BYTES / 2)
		size = MOST_BYTES / 2;
	if (is_plain_text(bytes, size))
		check(query, sqlite3_bind_text(query->statement, place, bytes,
		    (int)size, SQLITE_TRANSIENT));
	else
		check(query, sqlite3_bind_blob(query->statement, place, bytes,
		    (int)size, SQLITE_TRANSIENT));
}

void
db_put_null(struct db_query *query, int place)
{
	if (is_usable(query))
		check(query, sqlite3_bind_null(query->statement, place));
}

void
db_put(struct db_query *query)
{
	if (!is_usable(query))
		return;
	if (sqlite3_step(query->statement) != SQLITE_DONE)
		take_error(query->db, query->about);
	sqlite3_reset(query->statement);
}

void
db_put_ints(struct db_query *query, const int64_t *values, int n)
{
	if (!is_usable(query))
		return;
	for (int i = 0; i < n; i++)
		sqlite3_bind_int64(query->statement, i + 1, values[i]);
	if (sqlite3_step(query->statement) != SQLITE_DONE)
		take_error(query->db, query->about);
	sqlite3_reset(query->statement);
}

void
db_again(struct db_query *query)
{
	if (query->statement != NULL)
		sqlite3_reset(query->statement);
}

/* ---- results ---- */

bool
db_next(struct db_query *query)
{
	int code;

	if (!is_usable(query))
		return false;
	code = sqlite3_step(query->statement);
	if (code == SQLITE_ROW)
		return true;
	if (code != SQLITE_DONE)
		take_error(query->db, query->about);
	return false;
}

static void
refuse(struct db_query *query, int column, const char *what)
{
	const char *name = sqlite3_column_name(query->statement, column);

	db_fail(query->db, "%s.%s %s", query->about, name != NULL ? name :
	    "?", what);
}

int64_t
db_int(struct db_query *query, int column, int64_t min, int64_t max)
{
	int64_t value;

	if (!is_usable(query))
		return min;
	if (sqlite3_column_type(query->statement, column) !=
	    SQLITE_INTEGER) {
		refuse(query, column, "is no integer");
		return min;
	}
	value = sqlite3_column_int64(query->statement, column);
	if (value >= min && value <= max)
		return value;
	refuse(query, column, "is out of range");
	return min;
}

bool
db_is_null(struct db_query *query, int column)
{
	return is_usable(query) && sqlite3_column_type(query->statement,
	    column) == SQLITE_NULL;
}

const char *
db_bytes(struct db_query *query, int column, size_t most, size_t *size)
{
	const char *bytes;
	int type;

	*size = 0;
	if (!is_usable(query))
		return "";
	type = sqlite3_column_type(query->statement, column);
	if (type != SQLITE_TEXT && type != SQLITE_BLOB) {
		refuse(query, column, "is no text");
		return "";
	}
	/* As text in both cases: a NUL stands behind it. */
	bytes = (const char *)sqlite3_column_text(query->statement, column);
	*size = (size_t)sqlite3_column_bytes(query->statement, column);
	if (bytes != NULL && *size <= most)
		return bytes;
	refuse(query, column, "is too long");
	*size = 0;
	return "";
}
