/* schema_words.h - words for enumerations in a snapshot file (L5s). */
#ifndef TMTOP_STORE_SCHEMA_WORDS_H
#define TMTOP_STORE_SCHEMA_WORDS_H

#include "store/store.h"

static const char *const store_kinds[N_STORE_KINDS] = {
	[STORE_MARK] = "mark", [STORE_PEAK] = "peak",
	[STORE_INTERVAL] = "interval", [STORE_NOW] = "now",
};

static const char *const store_states[N_STORE_STATES] = {
	[STORE_RUNNING] = "running", [STORE_STOPPED] = "stopped",
	[STORE_EXITED] = "exited", [STORE_KILLED] = "killed",
	[STORE_LOST] = "lost",
};

#endif
