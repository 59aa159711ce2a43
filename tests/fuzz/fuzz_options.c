/*
 * fuzz_options.c - any command line.
 *
 * The input is the arguments, a line each.  Beside not crashing: a refusal
 * says why in one line, and what is accepted is within its limits.
 */
#include "fuzz.h"

#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ARGUMENTS = 32 };

/* Cut into lines; the strings end where `text` does. */
static int
split(char *text, char **argv)
{
	int argc = 0;

	argv[argc++] = "tmtop";
	for (char *at = text; at != NULL && argc < MAX_ARGUMENTS;)
		argv[argc++] = strsep(&at, "\n");
	argv[argc] = NULL;
	return argc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	char *text = malloc(size + 1), *argv[MAX_ARGUMENTS + 1];
	enum options_verdict verdict;
	struct errbuf why = { .text = "" };
	struct options options;

	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "w");
	memcpy(text, data, size);
	text[size] = '\0';
	optind = 0;
	verdict = options_parse(&options, split(text, argv), argv, nowhere,
	    &why);
	if (verdict == OPTIONS_WRONG)
		REQUIRE(why.text[0] != '\0' &&
		    strchr(why.text, '\n') == NULL);
	if (verdict == OPTIONS_RUN) {
		REQUIRE(options.command < N_COMMANDS);
		REQUIRE(options.command != COMMAND_RUN ||
		    options.program != NULL || options.load != NULL);
		REQUIRE(options.frames <= 65535);
		REQUIRE(options.n_files <= MAX_OPTION_FILES);
		for (size_t i = 0; i < options.n_filters; i++) {
			struct filter *filter = filter_parse(
			    options.filters[i], FILTER_EXACT, NULL, NULL);

			REQUIRE(filter != NULL);
			filter_free(filter);
		}
	}
	options_fini(&options);
	free(text);
	return 0;
}
