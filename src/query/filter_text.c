/*
 * filter_text.c - filters as they are written, and their life (L5).
 *
 * Why        The text of a filter goes to the screen and into files, and back
 *            into the parser: whatever would be read as something else is
 *            quoted.
 */
#include "query/filter_rule.h"

#include "util/strbuf.h"
#include "util/xalloc.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 1 << 20 };

/* The ']' that closes the class opened at `open`, or NULL. */
static const char *
find_class_end(const char *open, const char *end)
{
	const char *at = open + 1;

	assert(*open == '[');
	if (at < end && *at == '!')
		at++;
	if (at < end && *at == ']')
		at++;
	while (at < end && *at != ']')
		at++;
	return at < end ? at : NULL;
}

const char *
filter_find_line(const char *word, const char *end)
{
	const char *colon = NULL, *close;

	for (const char *at = word; at < end; at++) {
		if (*at == ':')
			colon = at;
		if (*at == '[' && (close = find_class_end(at, end)) != NULL)
			at = close;
	}
	return colon;
}

/* Would the pattern be read as something else? */
static bool
needs_quotes(const char *pattern, bool is_file)
{
	const char *end = pattern + strlen(pattern);
	struct measure_test test;

	if (*pattern == '\0' || *pattern == '=' ||
	    strpbrk(pattern, " \t\"") != NULL)
		return true;
	return is_file && (*pattern == '!' || *pattern == '@' ||
	    filter_find_line(pattern, end) != NULL ||
	    strncmp(pattern, FILTER_FUNCTION, strlen(FILTER_FUNCTION)) == 0 ||
	    measure_read(pattern, strlen(pattern), &test, NULL) != 0);
}

static void
add_pattern(struct strbuf *text, const char *pattern, bool is_file)
{
	if (!needs_quotes(pattern, is_file)) {
		strbuf_puts(text, pattern);
		return;
	}
	strbuf_putc(text, '"');
	for (; *pattern != '\0'; pattern++) {
		if (*pattern == '"')
			strbuf_putc(text, '"');
		strbuf_putc(text, *pattern);
	}
	strbuf_putc(text, '"');
}

/* A blank before every part but the first, which stands behind the sign. */
static void
add_gap(struct strbuf *text)
{
	if (text->size > 1)
		strbuf_putc(text, ' ');
}

static void
add_domain(struct strbuf *text, const struct filter *filter)
{
	if (!filter->has_domain)
		return;
	add_gap(text);
	if (filter->domain_name != NULL)
		strbuf_printf(text, "@%s", filter->domain_name);
	else
		strbuf_printf(text, "@%u", filter->domain);
}

static void
add_tests(struct strbuf *text, const struct filter *filter)
{
	if (filter->tests_text[0] == '\0')
		return;
	add_gap(text);
	strbuf_puts(text, filter->tests_text);
}

static void
write_text(struct filter *filter)
{
	struct strbuf text = STRBUF_INIT(MAX_TEXT);

	assert(filter_is_of_traces(filter) || filter->n_tests > 0);
	strbuf_putc(&text, filter->inclusive ? '+' : '-');
	if (filter->glob != NULL)
		add_pattern(&text, filter->pattern, true);
	if (filter->has_line)
		strbuf_printf(&text, ":%" PRIu32, filter->line);
	if (filter->function != NULL) {
		add_gap(&text);
		strbuf_puts(&text, FILTER_FUNCTION);
		add_pattern(&text, filter->function_pattern, false);
	}
	if (text.size == 1) {
		/* Not about frames: `all` says nothing. */
		add_tests(&text, filter);
		add_domain(&text, filter);
	} else {
		strbuf_puts(&text, filter->all ? " all" : "");
		add_domain(&text, filter);
		add_tests(&text, filter);
	}
	filter->text = strbuf_take(&text);
}

void
filter_write_texts(struct filter *filter)
{
	if (filter->pattern == NULL)
		filter->pattern = xstrdup("");
	if (filter->function_pattern == NULL)
		filter->function_pattern = xstrdup("");
	write_text(filter);
}

void
filter_free(struct filter *filter)
{
	if (filter == NULL)
		return;
	glob_free(filter->glob);
	glob_free(filter->function);
	free(filter->pattern);
	free(filter->function_pattern);
	free(filter->domain_name);
	free(filter->tests_text);
	free(filter->text);
	free(filter);
}

const char *
filter_text(const struct filter *filter)
{
	return filter->text;
}

const char *
filter_pattern(const struct filter *filter)
{
	return filter->pattern;
}

bool
filter_is_inclusive(const struct filter *filter)
{
	return filter->inclusive;
}
