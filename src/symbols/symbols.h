/*
 * symbols.h - code locations to functions, files and lines (L4).
 *
 * The work is done by a helper process (tmtop-symbols: libdw, libiberty),
 * because ELF and DWARF are hostile input.  A location that is not resolved
 * yet answers with a stand-in (function unknown, file = module path, line 0)
 * and is asked for in the background; symbols_pump() takes in answers and
 * says whether anything changed.  Where debug information is large, the
 * stand-in first gets its function from the symbol table.  The helper may
 * die: it is started again, and what it died of keeps its stand-in.
 *
 * "Unknown" is a value, never an error: without line information file is
 * the module's path, line 0, function from the symbol table or unknown.
 * Context    One thread.
 */
#ifndef TMTOP_SYMBOLS_SYMBOLS_H
#define TMTOP_SYMBOLS_SYMBOLS_H

#include "base/errbuf.h"
#include "reader/frames.h"
#include "util/names.h"

enum symbol_flag {
	SYMBOL_INLINED	= 1,	/* inlined into the next frame */
	SYMBOL_NO_LINE	= 2,	/* no line information: file is the module */
	SYMBOL_GUESSED	= 4,
	SYMBOL_PENDING	= 8,	/* stand-in; a better answer may come */
	SYMBOL_SPECIAL	= 16,	/* cut or "deeper" marker, not code */
};

struct symbol_frame {
	uint32_t	file;		/* name id; full path as in DWARF */
	uint32_t	function;	/* name id; demangled without return
					 * type and parameters */
	uint32_t	line;		/* 0: unknown */
	uint32_t	module;		/* name id of the module's path */
	uint64_t	offset;		/* in that module */
	uint32_t	flags;
};

/* Not code, but a region of the program (TMTOP_REGION): file is its name. */
static inline bool
symbol_is_region(const struct symbol_frame *frame)
{
	return (frame->flags & SYMBOL_SPECIAL) != 0 &&
	    frame->file != NAME_UNKNOWN;
}

struct symbols;

/*
 * The helper at `helper_path` is started when something is asked for.
 * Borrows store and names, which must outlive the result.  Never fails for
 * lack of a helper: then everything keeps its stand-in and symbols_trouble()
 * says why.
 */
struct symbols *symbols_new(const char *helper_path,
    const struct frame_store *store, struct names *names);
void symbols_free(struct symbols *symbols);

/* The same without a helper: what symbols_put() has not told keeps its
 * stand-in, and nothing is ever pending. */
struct symbols *symbols_new_saved(const struct frame_store *store,
    struct names *names);

/*
 * Frames of one location of the store are known from elsewhere, a snapshot
 * file: 1 to SYMBOLS_MAX_PUT of them, innermost first, copied.  The helper is
 * not asked for it.
 */
enum { SYMBOLS_MAX_PUT = 256 };
void symbols_put(struct symbols *symbols, uint32_t location,
    const struct symbol_frame *frames, uint32_t n_frames);

/* What the location answers without symbols: its module and no line. */
struct symbol_frame symbols_stand_in(struct symbols *symbols,
    uint32_t location);

/*
 * Keep answers in this folder from one tmtop to the next; made if need be, and
 * not used when it cannot be made or is not ours alone.  Before anything is
 * asked for.  Written by symbols_free().
 */
void symbols_use_cache(struct symbols *symbols, const char *folder);

/*
 * Fetch debug information that is not here from the servers of DEBUGINFOD_URLS
 * by tmtop-fetch at `path`.  Before anything is asked for.  Without this call
 * nothing ever touches a network.
 */
void symbols_use_debuginfod(struct symbols *symbols, const char *path);
/* Enough: what is being fetched, or still to be, stays as it is. */
void symbols_stop_fetching(struct symbols *symbols);
int symbols_fetch_fd(const struct symbols *symbols);	/* to poll; -1: none */

/* Start the helper if there is something to ask and it does not run, so that
 * symbols_fd() can be waited for. */
void symbols_start(struct symbols *symbols);

/*
 * Frames of one location, innermost (most recent) inline frame first; at
 * least one.  Borrowed until the next symbols_pump().  Asks for the location
 * when that has not happened yet.
 */
const struct symbol_frame *symbols_frames(struct symbols *symbols,
    uint32_t location, uint32_t *n_frames);

/* Send and receive what is possible without waiting (timeout_ms 0) or wait
 * for at most that long until nothing is pending (-1: no limit).  True when
 * any answer changed since the last call. */
bool symbols_pump(struct symbols *symbols, int timeout_ms);

/*
 * Of what is still asked for, these locations first, most urgent first: what
 * is looked at.  Replaces those named before; others are passed over.
 */
void symbols_hurry(struct symbols *symbols, const uint32_t *locations,
    size_t n);

/* How far it is: of n_asked locations n_pending have no final answer.
 * reading: path of the module being read, printable and borrowed; "" when the
 * helper has nothing to do. */
struct symbols_progress {
	uint32_t	n_asked, n_pending;
	const char	*reading;
	const char	*fetching;	/* raw path of the module whose debug
					 * information comes from a server,
					 * borrowed; "": none */
	uint64_t	n_fetched, n_to_fetch;	/* bytes of it; 0: not known */
};
struct symbols_progress symbols_progress(const struct symbols *symbols);

/* How long the helper may work on one location before it is replaced, in
 * milliseconds; 10000 unless set. */
void symbols_set_patience(struct symbols *symbols, int ms);

uint32_t symbols_n_pending(const struct symbols *symbols);
int symbols_fd(const struct symbols *symbols);	/* to poll; -1: none */
const char *symbols_trouble(const struct symbols *symbols); /* "" if none */

#endif
