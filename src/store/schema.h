/*
 * schema.h - the tables of a snapshot file, version 1 (L5s).
 *
 * What tms(5) documents: the two must say the same (tests/cli/tms.test).  A
 * change that an older reader would misunderstand takes a new STORE_VERSION.
 */
#ifndef TMTOP_STORE_SCHEMA_H
#define TMTOP_STORE_SCHEMA_H

#include "store/db.h"

enum {
	STORE_ID = 0x746d7431,		/* PRAGMA application_id: "tmt1" */
	STORE_VERSION = 1,		/* PRAGMA user_version */
};

/* Make the tables in an empty file. */
void schema_create(struct db *db);
/* Fail unless the file has these tables and nothing else: neither triggers,
 * nor views, nor columns that compute something. */
void schema_check(struct db *db);

/* ---- columns that are fields of a struct ---- */

enum field_kind { FIELD_U64, FIELD_U32, FIELD_U16, FIELD_I32, FIELD_BOOL };

struct store_field {
	const char	*column;
	enum field_kind	 kind;
	size_t		 offset;	/* in the struct */
};

struct store_fields {
	const struct store_field *fields;
	int		 n;
};

/* Of struct totals, snapshot, process, snapshot_thread and trace; not those
 * that refer to other rows, which writer and reader translate. */
extern const struct store_fields totals_fields, snapshot_fields,
    process_fields, thread_fields, trace_fields;

/* Append ", column" for each to an SQL text. */
struct strbuf;
void schema_add_columns(struct strbuf *sql,
    const struct store_fields *fields);

/* Bind the fields of `record` to the places from `first` on. */
void schema_put(struct db_query *query, int first,
    const struct store_fields *fields, const void *record);
/* Fill them in from the columns from `first` on, each in its range. */
void schema_get(struct db_query *query, int first,
    const struct store_fields *fields, void *record);

#endif
