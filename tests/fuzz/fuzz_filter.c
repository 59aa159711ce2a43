/*
 * fuzz_filter.c - filters of any text on tracebacks with any names.
 *
 * The input is lines: the first is a filter as in the prompt, the second one
 * as on the command line, each other a file name.  Beside not crashing: what a
 * filter says of itself is a filter that says the same and keeps the same;
 * PCRE2's two matchers agree; a filter and its negation keep each trace once
 * between them.
 */
#include "fuzz.h"

#include "query/filter.h"
#include "query/glob.h"
#include "util/vec.h"

#include <string.h>

enum { MAX_NAMES = 16, MAX_LINE = 2048 };

struct scene {
	struct names		*names;
	struct stacks		*stacks;
	struct query_traces	 traces;
};

/* The next line of the input as a string; false at its end. */
static bool
take_line(const uint8_t **data, size_t *size, char line[MAX_LINE])
{
	const uint8_t *end = *size > 0 ? memchr(*data, '\n', *size) : NULL;
	size_t length = end != NULL ? (size_t)(end - *data) : *size;
	size_t n = length < MAX_LINE - 1 ? length : MAX_LINE - 1;

	if (*size == 0)
		return false;
	memcpy(line, *data, n);
	line[n] = '\0';
	*data += length + (end != NULL);
	*size -= length + (end != NULL);
	return true;
}

/* Each name calls the one before, and is a function too. */
static void
scene_init(struct scene *scene, const uint8_t *data, size_t size)
{
	char line[MAX_LINE];
	uint32_t stack = 0;

	scene->names = names_new();
	scene->stacks = stacks_new(scene->names);
	scene->traces = (struct query_traces){ .stacks = scene->stacks,
		.traces = xcalloc(MAX_NAMES + 1, sizeof(struct query_trace)) };
	while (scene->traces.n < MAX_NAMES && take_line(&data, &size, line)) {
		uint32_t i = scene->traces.n++;
		struct symbol_frame frame = { .line = i,
			.file = names_intern(scene->names, line, strlen(line))
		};

		frame.function = i % 2 == 0 ? frame.file : NAME_UNKNOWN;
		stack = stacks_push(scene->stacks, stack, &frame);
		scene->traces.traces[i] = (struct query_trace){
			.stack = stack, .size = i + 1, .count = 1,
			.domain = (uint16_t)(i % 3) };
	}
	/* and the empty traceback */
	scene->traces.traces[scene->traces.n] = (struct query_trace){
		.size = scene->traces.n + 1, .count = 1 };
	scene->traces.n++;
}

static void
scene_fini(struct scene *scene)
{
	free(scene->traces.traces);
	stacks_free(scene->stacks);
	names_free(scene->names);
}

/* A bit for each trace that passes; takes the filter over.  *is_whole: traces
 * pass or do not, no single blocks of them. */
static uint32_t
apply(const struct scene *scene, struct filter *filter, uint32_t *n_errors,
    bool *is_whole)
{
	struct filter_set *set = filter_set_new(&filter, 1);
	struct query_traces kept;
	uint32_t bits = 0, at = 0;

	filter_apply(set, &scene->traces, &kept, n_errors);
	for (uint32_t i = 0; i < scene->traces.n && at < kept.n; i++)
		if (kept.traces[at].size == scene->traces.traces[i].size) {
			bits |= 1u << i;
			at++;
		}
	REQUIRE(at == kept.n);
	*is_whole = !filter_set_has_block_tests(set);
	free(kept.traces);
	filter_set_free(set);
	return bits;
}

/* "+a.c all" is asked for by "a.c all", or "!a.c all". */
static struct filter *
parse_again(const char *text, bool negated)
{
	char *again = xmalloc(strlen(text) + 2);
	struct filter *filter;
	bool inclusive = (text[0] == '+') != negated;

	REQUIRE(text[0] == '+' || text[0] == '-');
	snprintf(again, strlen(text) + 2, "%s%s", inclusive ? "" : "!",
	    text + 1);
	filter = filter_parse(again, FILTER_EXACT, NULL, NULL);
	free(again);
	return filter;
}

static void
check_globs(const char *pattern, const struct names *names)
{
	struct glob *glob = glob_new(pattern, NULL);
	size_t size;

	glob_unclosed(pattern);
	for (uint32_t i = 0; glob != NULL && i < names_count(names); i++) {
		const char *name = name_raw(names, i, &size);
		int jit = glob_match(glob, name, size);
		int interpreted = glob_match_interpreted(glob, name, size);

		REQUIRE(jit == interpreted || jit < 0 || interpreted < 0);
	}
	glob_free(glob);
}

static void
check_filter(const struct scene *scene, const char *text,
    enum filter_mode mode)
{
	struct errbuf why = { .column = 0 }, note;
	struct filter *filter = filter_parse(text, mode, &why, &note);
	uint32_t errors[3], bits[3];
	struct filter *again, *negated;
	bool is_whole;

	if (filter == NULL) {
		REQUIRE(why.text[0] != '\0' && why.column > 0 &&
		    why.column <= (int)strlen(text) + 1);
		return;
	}
	check_globs(filter_pattern(filter), scene->names);
	again = parse_again(filter_text(filter), false);
	REQUIRE(again != NULL &&
	    strcmp(filter_text(again), filter_text(filter)) == 0);
	negated = parse_again(filter_text(filter), true);
	bits[0] = apply(scene, filter, &errors[0], &is_whole);
	bits[1] = apply(scene, again, &errors[1], &is_whole);
	REQUIRE(bits[0] == bits[1] && errors[0] == errors[1]);
	/* Tests of rows beside others have no negation. */
	if (negated == NULL)
		return;
	bits[2] = apply(scene, negated, &errors[2], &is_whole);
	/* One that has only tests of rows keeps all, whatever its sign. */
	REQUIRE((bits[0] ^ bits[2]) == (1u << scene->traces.n) - 1 ||
	    errors[0] > 0 || !is_whole ||
	    (bits[0] & bits[2]) == (1u << scene->traces.n) - 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char prompt[MAX_LINE], option[MAX_LINE] = "";
	struct scene scene;

	if (!take_line(&data, &size, prompt))
		return 0;
	take_line(&data, &size, option);
	scene_init(&scene, data, size);
	check_filter(&scene, prompt, FILTER_PROMPT);
	check_filter(&scene, option, FILTER_EXACT);
	scene_fini(&scene);
	return 0;
}
