/*
 * read.c - snapshots out of a file (L5s).
 *
 * Role       Checks that it is one, has its tables read (read_tables.c), then
 *            the moments, which refer to them (read_moments.c), all of them or
 *            the last; the others when somebody wants to see them, by opening
 *            the file again, so that whoever records it is not held up.
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
#include "store/undo.h"
#include "util/names.h"

#include <sys/stat.h>
#include <unistd.h>

enum { MOST_KEY = 256 };

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
			read_printable(query, 0, key, sizeof key);
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
	struct store_file *file = l->contents->file;

	read_tables(l);
	/* What is missing must not be referred to. */
	if (db_failure(l->db) == NULL) {
		read_facts(l);
		read_moments(l);
	}
	file->first_stack = l->first_stack;
	file->n_stacks = l->n_stacks;
	for (size_t i = 0; i < l->contents->moments.n; i++) {
		if (extent == STORE_ALL || i + 1 == l->contents->moments.n)
			read_belongings(l, i, &file->has.items[i],
			    l->contents->moments.items[i].snapshot);
	}
	vec_fini(&l->name_ids);
	vec_fini(&l->modules);
	vec_fini(&l->locations);
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

/* Why reading has failed, if it has; the database is closed. */
static int
finish(const char *path, struct db *db, struct errbuf *why)
{
	const char *failure = db_failure(db);
	struct errbuf reason;

	if (failure != NULL)
		errbuf_set(&reason, "it is damaged: %s", failure);
	db_close(db);
	return failure == NULL ? 0 : complain(path, &reason, why);
}

static struct store_file *
make_file(const char *path)
{
	struct store_file *file = xcalloc(1, sizeof *file);
	struct stat st = { .st_ino = 0 };

	stat(path, &st);
	file->path = xstrdup(path);
	file->device = st.st_dev;
	file->inode = st.st_ino;
	return file;
}

int
store_load(const char *path, enum store_extent extent,
    struct frame_store *frames, struct symbols *symbols, struct names *names,
    struct store_contents *contents, struct errbuf *why)
{
	struct loading l = { .frames = frames, .symbols = symbols,
		.names = names, .contents = contents };
	struct errbuf reason = { .column = 0 };
	int rc;

	*contents = (struct store_contents){ .moments = VEC_INIT };
	if (header_check(path, &reason) < 0)
		return complain(path, &reason, why);
	l.db = open_file(path, &reason);
	if (l.db == NULL)
		return complain(path, &reason, why);
	contents->file = make_file(path);
	read_all(&l, extent);
	rc = finish(path, l.db, why);
	if (rc < 0)
		store_contents_fini(contents);
	for (size_t i = 0; rc == 0 && i < contents->moments.n; i++)
		store_facts_name_domains(&contents->facts,
		    contents->moments.items[i].snapshot);
	return rc;
}

int
store_fill(const struct store_file *file, size_t i,
    struct snapshot *snapshot, struct errbuf *why)
{
	struct loading l = { .first_stack = file->first_stack,
		.n_stacks = file->n_stacks };
	struct errbuf reason = { .column = 0 };
	struct stat st;

	assert(i < file->has.n && snapshot->n_traces == 0);
	if (stat(file->path, &st) < 0 || st.st_dev != file->device ||
	    st.st_ino != file->inode) {
		errbuf_set(&reason, "it is no more what it was");
		return complain(file->path, &reason, why);
	}
	l.db = open_file(file->path, &reason);
	if (l.db == NULL)
		return complain(file->path, &reason, why);
	read_belongings(&l, i, &file->has.items[i], snapshot);
	return finish(file->path, l.db, why);
}

void
store_file_free(struct store_file *file)
{
	if (file == NULL)
		return;
	vec_fini(&file->has);
	free(file->path);
	free(file);
}

void
store_contents_fini(struct store_contents *contents)
{
	for (size_t i = 0; i < contents->moments.n; i++)
		snapshot_release(contents->moments.items[i].snapshot);
	vec_fini(&contents->moments);
	store_facts_fini(&contents->facts);
	store_file_free(contents->file);
	contents->file = NULL;
}
