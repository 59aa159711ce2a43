/*
 * store.h - snapshot files (.tms): saving and loading (L5s).
 *
 * A file is an SQLite database with one world of names, modules, locations
 * and stacks, and any number of moments that refer to it: marks, the peak,
 * intervals of a recording, and what was live when it was saved.  What is
 * loaded needs no binaries: symbols come from the file.
 * Context    One thread.  Out of memory ends tmtop.
 */
#ifndef TMTOP_STORE_STORE_H
#define TMTOP_STORE_STORE_H

#include "base/errbuf.h"
#include "reader/snapshot.h"
#include "symbols/symbols.h"
#include "util/vec.h"

/* ---- what is in a file ---- */

enum store_kind { STORE_MARK, STORE_PEAK, STORE_INTERVAL, STORE_NOW,
	N_STORE_KINDS };

/* Of the program, at that moment. */
enum store_state { STORE_RUNNING, STORE_STOPPED, STORE_EXITED, STORE_KILLED,
	STORE_LOST, N_STORE_STATES };

struct store_moment {
	enum store_kind	 kind;
	unsigned	 number;	/* of a mark; else 0 */
	char		 name[128];	/* printable; "": none */
	int64_t		 time_ns;	/* since 1970 */
	uint64_t	 uptime_ns;	/* of the run */
	enum store_state state;
	int		 status;	/* exit status or signal */
	enum record_mode recording;
	struct snapshot	*snapshot;
};

/* What is known of the run as a whole, as keys and values; a key may have
 * several values.  `is_meta`: the user's own, from --meta. */
struct store_fact {
	char		*key, *value;	/* owned; value may be any bytes */
	size_t		 size;		/* of the value */
	bool		 is_meta;
};

struct store_facts {
	VEC(struct store_fact) list;
};

void store_facts_fini(struct store_facts *facts);
void store_facts_add(struct store_facts *facts, bool is_meta,
    const char *key, const char *value, size_t size);
void store_facts_printf(struct store_facts *facts, const char *key,
    const char *format, ...) ATTR_PRINTF(3, 4);
/* The i-th value of a key, raw, or NULL. */
const char *store_facts_get(const struct store_facts *facts,
    const char *key, size_t i);

/* What the program calls its domains, as facts: those of a snapshot that are
 * not there yet; and back, of a stranger's, to one that was loaded. */
void store_facts_add_domains(struct store_facts *facts,
    const struct snapshot *snapshot);
void store_facts_name_domains(const struct store_facts *facts,
    struct snapshot *snapshot);

/* ---- saving ---- */

struct store_writer;

/*
 * A file to be: nothing is written yet.  All is borrowed until
 * store_writer_free() but `path` and `facts`, which are copied.
 */
struct store_writer *store_writer_new(const char *path,
    const struct frame_store *frames, struct symbols *symbols,
    const struct names *names, const struct store_facts *facts);
void store_writer_free(struct store_writer *writer);	/* NULL is fine */

/* The facts that it was made with, and more behind them: the next save adds
 * what is new. */
void store_writer_tell(struct store_writer *writer,
    const struct store_facts *facts);

/* Ask for all symbols that these moments need, so that the caller can wait
 * for them: what is unknown when it is saved is saved as unknown. */
void store_writer_ask(struct store_writer *writer,
    const struct store_moment *moments, size_t n);

/*
 * The first time the file is written beside its place, synced, and takes the
 * place of what was there in one step; later times append to it in one
 * transaction.  -1: why names the file; what was saved before is as it was.
 */
int store_writer_save(struct store_writer *writer,
    const struct store_moment *moments, size_t n, struct errbuf *why);

/* ---- loading ---- */

/* Which moments are read with their traces.  Of the others only totals and
 * processes are: a recording may have thousands. */
enum store_extent { STORE_ALL, STORE_LAST };

struct store_file;

struct store_contents {
	struct store_facts facts;
	VEC(struct store_moment) moments;	/* oldest first, at least one;
						 * owns their snapshots */
	struct store_file *file;		/* owned; for store_fill() */
};

/*
 * Read a file into these tables, beside what they have.  The file is a
 * stranger's: every value is checked.  -1: why is one line that names the
 * file, and the contents are empty; the tables may have got what nothing
 * refers to.
 */
int store_load(const char *path, enum store_extent extent,
    struct frame_store *frames, struct symbols *symbols, struct names *names,
    struct store_contents *contents, struct errbuf *why);
void store_contents_fini(struct store_contents *contents);

/*
 * What was left out of moment i of a file (from 0), into its snapshot, which
 * nobody may be looking at.  The tables that it was loaded into must be there
 * still.  -1: why names the file, which may be another one by now.
 */
int store_fill(const struct store_file *file, size_t i,
    struct snapshot *snapshot, struct errbuf *why);
void store_file_free(struct store_file *file);	/* NULL is fine */

#endif
