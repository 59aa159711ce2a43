/*
 * place.h - a file that appears whole or not at all (L5s).
 */
#ifndef TMTOP_STORE_PLACE_H
#define TMTOP_STORE_PLACE_H

#include "base/errbuf.h"

struct place {
	char	*path;		/* where it shall be; links resolved; owned */
	char	*draft;		/* beside it, or NULL; owned */
};

/* Make an empty draft beside `path`.  -1: why names the path; there is
 * nothing to release. */
int place_init(struct place *place, const char *path, struct errbuf *why);
/* The draft is complete: sync it and put it in place. */
int place_keep(struct place *place, struct errbuf *why);
/* Remove a draft that was not kept; release. */
void place_fini(struct place *place);

#endif
