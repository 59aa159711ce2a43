/*
 * filter_parse.c - the filter language of prompt and --filter (L5).
 *
 *	filter  := ["!"] pattern [":" line] { " " option }
 *	pattern := word | "=" exact | '"' quoted '"'
 *	option  := "all" | "@" domain
 *
 * Why        A pattern is compared with a whole path, so a bare word never
 *            matches anything; in the prompt it is wrapped in stars, and
 *            '=' or quotes say that it is meant as it stands.  The ':' of a
 *            line is the last one outside of brackets; a pattern with
 *            another meaning of ':' or with spaces is quoted, and "" inside
 *            of quotes is one quote.
 * Limits     The text of a pattern as glob.c limits it.
 */
#include "query/filter_rule.h"

#include "util/strbuf.h"
#include "util/xalloc.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 1 << 18, MAX_DOMAIN = UINT16_MAX };

struct parser {
	const char	*text;		/* as the user typed it */
	const char	*at;
	struct errbuf	*why;
};

/* 1-based, in characters. */
static int
column_of(const struct parser *parser, const char *at)
{
	int column = 1;

	assert(at >= parser->text);
	for (const char *c = parser->text; c < at; c++)
		column += ((unsigned char)*c & 0xc0) != 0x80;
	return column;
}

static int
fail(const struct parser *parser, const char *at, const char *message)
{
	errbuf_set_at(parser->why, column_of(parser, at), "%s", message);
	return -1;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
skip_blanks(struct parser *parser)
{
	while (is_blank(*parser->at))
		parser->at++;
}

static const char *
find_word_end(const char *at)
{
	while (*at != '\0' && !is_blank(*at))
		at++;
	return at;
}

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

/* The last ':' outside of classes, or NULL. */
static const char *
find_line_colon(const char *word, const char *end)
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

/* A whole number up to `max` that fills [at, end). */
static int
parse_number(const struct parser *parser, const char *at, const char *end,
    uint32_t max, uint32_t *number)
{
	uint64_t value = 0;

	if (at == end)
		return fail(parser, at, max == MAX_DOMAIN ?
		    "domain must be a number" : "line must be a number");
	for (; at < end; at++) {
		if (*at < '0' || *at > '9')
			return fail(parser, at, max == MAX_DOMAIN ?
			    "domain must be a number" :
			    "line must be a number");
		value = value * 10 + (uint64_t)(*at - '0');
		if (value > max)
			return fail(parser, at, "this number is too large");
	}
	*number = (uint32_t)value;
	return 0;
}

/* ":" line, where the parser stands; nothing when it stands elsewhere. */
static int
parse_line(struct parser *parser, struct filter *filter)
{
	const char *end = find_word_end(parser->at);

	if (*parser->at != ':')
		return 0;
	if (parse_number(parser, parser->at + 1, end, UINT32_MAX,
	    &filter->line) < 0)
		return -1;
	filter->has_line = true;
	parser->at = end;
	return 0;
}

/* '"' quoted '"', the parser standing on the first quote. */
static int
parse_quoted(struct parser *parser, struct filter *filter)
{
	const char *open = parser->at;
	struct strbuf pattern = STRBUF_INIT(MAX_TEXT);

	for (parser->at++;; parser->at++) {
		if (*parser->at == '\0') {
			strbuf_fini(&pattern);
			return fail(parser, open, "the quote is not closed");
		}
		if (*parser->at == '"' && *++parser->at != '"')
			break;
		strbuf_putc(&pattern, *parser->at);
	}
	filter->pattern = strbuf_take(&pattern);
	if (*parser->at == '\0' || *parser->at == ':' ||
	    is_blank(*parser->at))
		return 0;
	return fail(parser, parser->at,
	    "only ':' or a space may follow the quote");
}

static int
parse_word(struct parser *parser, struct filter *filter, bool may_wrap)
{
	const char *word = parser->at, *end = find_word_end(word);
	const char *colon = find_line_colon(word, end);
	struct strbuf pattern = STRBUF_INIT(MAX_TEXT);
	bool wrap;

	parser->at = colon != NULL ? colon : end;
	if (parser->at == word)
		return fail(parser, word, "a file pattern is expected");
	strbuf_add(&pattern, word, (size_t)(parser->at - word));
	wrap = may_wrap && strpbrk(strbuf_text(&pattern), "*?[") == NULL;
	filter->pattern = strbuf_take(&pattern);
	if (wrap) {
		strbuf_printf(&pattern, "*%s*", filter->pattern);
		free(filter->pattern);
		filter->pattern = strbuf_take(&pattern);
	}
	return 0;
}

static int
parse_pattern(struct parser *parser, struct filter *filter, bool may_wrap,
    struct errbuf *note)
{
	const char *start;
	bool is_exact = *parser->at == '=';
	int unclosed, rc;

	if (is_exact)
		parser->at++;
	start = parser->at;
	if (*start == '"')
		rc = parse_quoted(parser, filter);
	else
		rc = parse_word(parser, filter, may_wrap && !is_exact);
	if (rc < 0)
		return -1;
	filter->glob = glob_new(filter->pattern, parser->why);
	if (filter->glob == NULL)
		return -1;
	unclosed = glob_unclosed(filter->pattern);
	if (unclosed > 0)
		errbuf_set_at(note, column_of(parser, start) + unclosed - 1 +
		    (*start == '"'), "'[' is not closed: matched literally");
	return 0;
}

static int
parse_option(struct parser *parser, struct filter *filter)
{
	const char *word = parser->at, *end = find_word_end(word);
	uint32_t domain;

	parser->at = end;
	if (end - word == 3 && memcmp(word, "all", 3) == 0) {
		filter->all = true;
		return 0;
	}
	if (*word != '@')
		return fail(parser, word,
		    "only 'all' and '@DOMAIN' may follow the pattern");
	if (filter->has_domain)
		return fail(parser, word, "there is a domain already");
	if (parse_number(parser, word + 1, end, MAX_DOMAIN, &domain) < 0)
		return -1;
	filter->has_domain = true;
	filter->domain = (uint16_t)domain;
	return 0;
}

static bool
needs_quotes(const char *pattern)
{
	const char *end = pattern + strlen(pattern);

	return *pattern == '\0' || *pattern == '=' || *pattern == '!' ||
	    strpbrk(pattern, " \t\"") != NULL ||
	    find_line_colon(pattern, end) != NULL;
}

static void
add_pattern(struct strbuf *text, const char *pattern)
{
	if (!needs_quotes(pattern)) {
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

static void
write_text(struct filter *filter)
{
	struct strbuf text = STRBUF_INIT(2 * MAX_TEXT);

	assert(filter->pattern != NULL);
	assert(filter->glob != NULL || filter->has_domain);
	strbuf_putc(&text, filter->inclusive ? '+' : '-');
	if (filter->glob != NULL)
		add_pattern(&text, filter->pattern);
	if (filter->has_line)
		strbuf_printf(&text, ":%" PRIu32, filter->line);
	if (filter->all)
		strbuf_puts(&text, " all");
	if (filter->has_domain)
		strbuf_printf(&text, "%s@%u", filter->glob != NULL ? " " : "",
		    filter->domain);
	filter->text = strbuf_take(&text);
}

static int
parse_filter(struct parser *parser, struct filter *filter,
    enum filter_mode mode, struct errbuf *note)
{
	skip_blanks(parser);
	filter->inclusive = *parser->at != '!';
	if (!filter->inclusive) {
		parser->at++;
		skip_blanks(parser);
	}
	if (parse_pattern(parser, filter, mode == FILTER_PROMPT, note) < 0 ||
	    parse_line(parser, filter) < 0)
		return -1;
	for (;;) {
		skip_blanks(parser);
		if (*parser->at == '\0')
			return 0;
		if (parse_option(parser, filter) < 0)
			return -1;
	}
}

struct filter *
filter_parse(const char *text, enum filter_mode mode, struct errbuf *why,
    struct errbuf *note)
{
	struct parser parser = { .text = text, .at = text, .why = why };
	struct filter *filter = xcalloc(1, sizeof *filter);

	errbuf_set(note, "%s", "");
	if (parse_filter(&parser, filter, mode, note) < 0) {
		filter_free(filter);
		return NULL;
	}
	assert(*parser.at == '\0');
	write_text(filter);
	return filter;
}

struct filter *
filter_new_domain(bool inclusive, unsigned domain)
{
	struct filter *filter = xcalloc(1, sizeof *filter);

	assert(domain <= MAX_DOMAIN);
	filter->inclusive = inclusive;
	filter->has_domain = true;
	filter->domain = (uint16_t)domain;
	filter->pattern = xstrdup("");
	write_text(filter);
	return filter;
}

void
filter_free(struct filter *filter)
{
	if (filter == NULL)
		return;
	glob_free(filter->glob);
	free(filter->pattern);
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
