/* option_files.c - what may stand behind the options of snapshot files (L6). */
#include "option_values.h"

#include "util/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int
read_pattern(struct options *options, const struct option_row *row,
    const char *text, struct errbuf *why)
{
	for (const char *at = text; (at = strchr(at, '%')) != NULL; at += 2) {
		if (at[1] != '\0' && strchr("pehnt%", at[1]) != NULL)
			continue;
		errbuf_set_at(why, (int)(at - text) + 1,
		    "a %% must be one of %%p %%e %%h %%n %%t %%%%");
		return -1;
	}
	return read_text(options, row, text, why);
}

int
read_record(struct options *options, const struct option_row *row,
    const char *text, struct errbuf *why)
{
	return read_pattern(options, row, text != NULL ? text :
	    DEFAULT_FILE_PATTERN, why);
}

int
read_meta(struct options *options, const struct option_row *row ATTR_UNUSED,
    const char *text, struct errbuf *why)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text) {
		errbuf_set_at(why, 1, "must be KEY=VALUE");
		return -1;
	}
	options->metas = xreallocarray(options->metas, options->n_metas + 1,
	    sizeof *options->metas);
	options->metas[options->n_metas++] = xstrdup(text);
	return 0;
}
