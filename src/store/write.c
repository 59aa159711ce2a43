/*
 * write.c - snapshots into a file (L5s).
 *
 * Shape      Four numberings give what the moments refer to consecutive ids
 *            in the file, parents before children (write_tables.c); what is
 *            new since the last save is written, then the moments
 *            (write_moments.c).
 * Why        Only what is referred to is saved, whatever else the viewer has
 *            seen; and consecutive ids let the reader check each with one
 *            comparison.  The file is opened anew for each save: between two
 *            intervals of a recording it belongs to whoever wants to look.
 * Invariant  A save that fails leaves file and numberings as they were.
 * Limits     What was unknown of a location when it was saved is saved again
 *            with the next moment; after that it stays.
 */
#include "store/header.h"
#include "store/place.h"
#include "store/schema.h"
#include "store/write_private.h"
#include "util/names.h"
#include "util/strbuf.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

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
	store_writer_tell(w, facts);
	numbering_add(&w->names, NAME_UNKNOWN);
	numbering_add(&w->modules, 0);
	numbering_add(&w->locations, 0);
	numbering_add(&w->stacks, 0);
	/* These two have no row: they stand for none. */
	w->locations.n_saved = w->stacks.n_saved = 1;
	return w;
}

void
store_writer_tell(struct store_writer *w, const struct store_facts *facts)
{
	for (size_t i = w->facts.list.n; i < facts->list.n; i++) {
		const struct store_fact *fact = &facts->list.items[i];

		store_facts_add(&w->facts, fact->is_meta, fact->key,
		    fact->value, fact->size);
	}
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

void
store_writer_ask(struct store_writer *w, const struct store_moment *moments,
    size_t n)
{
	uint32_t n_frames;

	write_numbers(w, moments, n);
	for (size_t i = w->locations.n_saved; i < w->locations.ids.n; i++)
		symbols_frames(w->symbols, w->locations.ids.items[i],
		    &n_frames);
}

/* ---- saving ---- */

/* All of it, in the transaction that is open. */
static void
write_all(struct store_writer *w, struct db *db,
    const struct store_moment *moments, size_t n)
{
	write_facts(w, db);
	write_numbers(w, moments, n);
	write_tables(w, db);
	for (size_t i = 0; i < n; i++)
		write_moment(w, db, &moments[i],
		    w->n_moments + 1 + (uint32_t)i);
}

static void
keep_numbers(struct store_writer *w, size_t n_moments)
{
	w->names.n_saved = w->names.ids.n;
	w->modules.n_saved = w->modules.ids.n;
	w->locations.n_saved = w->locations.ids.n;
	w->stacks.n_saved = w->stacks.ids.n;
	w->n_facts = w->facts.list.n;
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

/* Have SQLite undo what was not committed; -1: why says what is wrong. */
static int
undo_in_place(const char *path, struct errbuf *why)
{
	struct db *db = db_open(path, DB_APPEND, why);
	int rc = -1;

	if (db == NULL)
		return -1;
	db_run(db, "BEGIN IMMEDIATE; ROLLBACK;");
	if (db_failure(db) == NULL)
		rc = 0;
	else
		errbuf_set(why, "%s", db_failure(db));
	db_close(db);
	return rc;
}

/*
 * A writer that was killed left a journal beside the file.  It must not stay
 * beside another one: SQLite would undo in that what was never done there.
 * Nor may it just go, while the old file needs it.
 */
static int
settle_journal(const char *path, struct errbuf *why)
{
	struct strbuf journal = STRBUF_INIT(PATH_MAX + 16);
	struct errbuf unused;
	struct stat st;
	int rc = 0;

	strbuf_printf(&journal, "%s-journal", path);
	if (lstat(strbuf_text(&journal), &st) < 0)
		goto out;
	/* In a folder for all: theirs, to be undone in ours. */
	if (st.st_uid != geteuid()) {
		errbuf_set(why, "the journal beside it is somebody else's");
		rc = -1;
		goto out;
	}
	if (header_check(path, &unused) == 0)
		rc = undo_in_place(path, why);
	if (rc == 0 && unlink(strbuf_text(&journal)) < 0 && errno != ENOENT) {
		errbuf_sys(why, "the journal beside it");
		rc = -1;
	}
out:
	strbuf_fini(&journal);
	return rc;
}

static int
save_first(struct store_writer *w, const struct store_moment *moments,
    size_t n, struct errbuf *why)
{
	struct errbuf reason;
	struct place place;
	struct db *db;
	int rc = -1;

	if (place_init(&place, w->path, why) < 0)
		return -1;
	db = db_open(place.draft, DB_NEW, &reason);
	if (db == NULL) {
		complain(w, reason.text, why);
	} else {
		schema_create(db);
		db_run(db, "BEGIN");
		write_all(w, db, moments, n);
		db_run(db, "COMMIT");
		rc = finish(w, db, why);
	}
	if (rc == 0 && settle_journal(place.path, &reason) < 0) {
		complain(w, reason.text, why);
		rc = -1;
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
	struct errbuf reason;
	struct db_query *query;
	struct db *db;

	if (!is_our_file(w)) {
		complain(w, "somebody has replaced it", why);
		return -1;
	}
	if (settle_journal(w->path, &reason) < 0) {
		complain(w, reason.text, why);
		return -1;
	}
	db = db_open(w->path, DB_APPEND, &reason);
	if (db == NULL) {
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
