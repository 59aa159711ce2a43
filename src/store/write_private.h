/*
 * write_private.h - a file being written (L5s, private to write*.c).
 */
#ifndef TMTOP_STORE_WRITE_PRIVATE_H
#define TMTOP_STORE_WRITE_PRIVATE_H

#include "store/db.h"
#include "store/numbering.h"
#include "store/store.h"

#include <sys/stat.h>

struct store_writer {
	char			*path;
	const struct frame_store *frames;
	struct symbols		*symbols;
	const struct names	*store_names;
	struct store_facts	 facts;
	size_t			 n_facts;	/* of them in the file */
	struct numbering	 names, modules, locations, stacks;
	VEC(uint32_t)		 pending;	/* numbers of locations that
						 * were saved as unknown */
	VEC(uint32_t)		 path_up;	/* scratch */
	uint32_t		 n_moments;	/* in the file */
	struct stat		 file;		/* which it is */
};

/* write_tables.c: number what the moments refer to; write what is new of
 * that. */
void write_numbers(struct store_writer *w,
    const struct store_moment *moments, size_t n);
void write_tables(struct store_writer *w, struct db *db);

/* write_moments.c: one moment, whose stacks are written; and facts. */
void write_moment(const struct store_writer *w, struct db *db,
    const struct store_moment *moment, uint32_t id);
void write_facts(const struct store_writer *w, struct db *db);

#endif
