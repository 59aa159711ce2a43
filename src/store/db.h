/*
 * db.h - SQLite as far as snapshot files need it (L5s).
 *
 * The one file that includes sqlite3.h is db.c.  A failure sticks: what
 * follows does nothing and answers 0, "" or false, so that a long row of
 * steps is checked once, at its end.
 * Context    One thread for each db.
 */
#ifndef TMTOP_STORE_DB_H
#define TMTOP_STORE_DB_H

#include "base/errbuf.h"

struct db;
struct db_query;

enum db_purpose {
	DB_NEW,		/* a file of our own that nobody else sees yet: no
			 * journal, nothing is synced */
	DB_APPEND,	/* transactions that survive a kill or a power cut */
	DB_READ,	/* of a stranger: defensively, and nothing is written,
			 * locks aside */
};

/* NULL: why says what is wrong, without the file's name. */
struct db *db_open(const char *path, enum db_purpose purpose,
    struct errbuf *why);
/* What was begun and not committed is undone; NULL is fine. */
void db_close(struct db *db);

/* Why it failed, or NULL: it has not. */
const char *db_failure(const struct db *db);
/* A writer was killed: what it left has to be undone first (undo.h). */
bool db_is_half_written(const struct db *db);
/* Of what was read or done, in words of the caller's. */
void db_fail(struct db *db, const char *format, ...) ATTR_PRINTF(2, 3);

/* One or more statements without results. */
void db_run(struct db *db, const char *sql);

/*
 * A statement with places (?1, ?2 ...) or results; never NULL, finished by
 * db_finish() before db_close().  `about` names the table in messages and is
 * borrowed.
 */
struct db_query *db_prepare(struct db *db, const char *about,
    const char *sql);
void db_finish(struct db_query *query);		/* NULL is fine */

/* Values for the places, from 1; text is copied.  Text that is no UTF-8, or
 * has a NUL, is stored as a BLOB. */
void db_put_int(struct db_query *query, int place, int64_t value);
void db_put_text(struct db_query *query, int place, const char *bytes,
    size_t size);
void db_put_null(struct db_query *query, int place);
/* Run it with these values, for statements without results. */
void db_put(struct db_query *query);
/* The same for n integers at the places 1 to n. */
void db_put_ints(struct db_query *query, const int64_t *values, int n);

/* The next row.  False: there is none, or reading failed. */
bool db_next(struct db_query *query);
/* Begin again, with new values. */
void db_again(struct db_query *query);

/* Of the present row, columns from 0: an integer from min to max, or bytes
 * (with a NUL behind them, until the next row), at most `most`.  Anything
 * else is a failure. */
int64_t db_int(struct db_query *query, int column, int64_t min, int64_t max);
bool db_is_null(struct db_query *query, int column);
const char *db_bytes(struct db_query *query, int column, size_t most,
    size_t *size);

#endif
