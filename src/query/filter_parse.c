/*
 * filter_parse.c - the filter language of prompt and --filter (L5).
 *
 *	filter  := ["!"] first { " " (option | test) }
 *	first   := pattern [":" line] | test | "@" domain
 *	pattern := word | "=" exact | '"' quoted '"'
 *	option  := "all" | "@" domain
 *	test    := "func=" pattern | measure operator number
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
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 1 << 18, MAX_DOMAIN = UINT16_MAX };

struct parser {
	const char	*text;		/* as the user typed it */
	const char	*at;
	const char	*last_test;	/* of rows; NULL: none yet */
	bool		 may_wrap;	/* bare words */
	struct errbuf	*why, *note;
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
parse_quoted(struct parser *parser, bool is_file, char **pattern)
{
	const char *open = parser->at;
	struct strbuf text = STRBUF_INIT(MAX_TEXT);

	for (parser->at++;; parser->at++) {
		if (*parser->at == '\0') {
			strbuf_fini(&text);
			return fail(parser, open, "the quote is not closed");
		}
		if (*parser->at == '"' && *++parser->at != '"')
			break;
		strbuf_putc(&text, *parser->at);
	}
	*pattern = strbuf_take(&text);
	if (*parser->at == '\0' || is_blank(*parser->at) ||
	    (is_file && *parser->at == ':'))
		return 0;
	return fail(parser, parser->at, is_file ?
	    "only ':' or a space may follow the quote" :
	    "only a space may follow the quote");
}

static int
parse_word(struct parser *parser, bool is_file, bool may_wrap, char **pattern)
{
	const char *word = parser->at, *end = find_word_end(word);
	const char *colon = is_file ? filter_find_line(word, end) : NULL;
	struct strbuf text = STRBUF_INIT(MAX_TEXT);
	bool wrap;

	parser->at = colon != NULL ? colon : end;
	if (parser->at == word)
		return fail(parser, word, is_file ?
		    "a file pattern is expected" :
		    "a function pattern is expected");
	strbuf_add(&text, word, (size_t)(parser->at - word));
	wrap = may_wrap && strpbrk(strbuf_text(&text), "*?[") == NULL;
	*pattern = strbuf_take(&text);
	if (wrap) {
		strbuf_printf(&text, "*%s*", *pattern);
		free(*pattern);
		*pattern = strbuf_take(&text);
	}
	return 0;
}

/* Of a file, which a line may follow, or of a function. */
static int
parse_pattern(struct parser *parser, bool is_file, char **pattern,
    struct glob **glob)
{
	const char *start;
	bool is_exact = *parser->at == '=';
	int unclosed, rc;

	assert(*pattern == NULL && *glob == NULL);
	if (is_exact)
		parser->at++;
	start = parser->at;
	if (*start == '"')
		rc = parse_quoted(parser, is_file, pattern);
	else
		rc = parse_word(parser, is_file,
		    parser->may_wrap && !is_exact, pattern);
	if (rc < 0)
		return -1;
	*glob = glob_new(*pattern, parser->why);
	if (*glob == NULL)
		return -1;
	unclosed = glob_unclosed(*pattern);
	if (unclosed > 0)
		errbuf_set_at(parser->note, column_of(parser, start) +
		    unclosed - 1 + (*start == '"'),
		    "'[' is not closed: matched literally");
	return 0;
}

static int
parse_function(struct parser *parser, struct filter *filter)
{
	const char *word = parser->at;

	if (filter->function != NULL)
		return fail(parser, word, "there is a function already");
	parser->at += strlen(FILTER_FUNCTION);
	return parse_pattern(parser, false, &filter->function_pattern,
	    &filter->function);
}

/* All tests of blocks must hold. */
static void
narrow_block(struct filter *filter, const struct measure_test *test)
{
	struct measure_test *block = &filter->block;

	if (!filter->has_block)
		*block = *test;
	filter->has_block = true;
	if (block->least < test->least)
		block->least = test->least;
	if (block->most > test->most)
		block->most = test->most;
}

static int
parse_measure(struct parser *parser, struct filter *filter)
{
	const char *word = parser->at, *end = find_word_end(word);
	struct strbuf text = STRBUF_INIT(MAX_TEXT);
	struct measure_test test;
	struct errbuf why;
	int rc = measure_read(word, (size_t)(end - word), &test, &why);

	if (rc < 0)
		return fail(parser, word + why.column - 1, why.text);
	if (rc == 0)
		return 0;
	if (test.measure == MEASURE_BLOCK) {
		narrow_block(filter, &test);
	} else if (filter->n_tests == FILTER_MAX_TESTS) {
		return fail(parser, word, "there are too many tests");
	} else {
		parser->last_test = word;
		filter->tests[filter->n_tests++] = test;
	}
	strbuf_printf(&text, "%s%s%.*s", filter->tests_text,
	    filter->tests_text[0] != '\0' ? " " : "", (int)(end - word),
	    word);
	free(filter->tests_text);
	filter->tests_text = strbuf_take(&text);
	parser->at = end;
	return 1;
}

/* What may stand in place of a pattern or behind it.  1: there was one. */
static int
parse_test(struct parser *parser, struct filter *filter)
{
	if (strncmp(parser->at, FILTER_FUNCTION, strlen(FILTER_FUNCTION)) != 0)
		return parse_measure(parser, filter);
	return parse_function(parser, filter) < 0 ? -1 : 1;
}

static int
parse_domain(struct parser *parser, struct filter *filter)
{
	const char *word = parser->at, *end = find_word_end(word);
	uint32_t domain;

	assert(*word == '@');
	parser->at = end;
	if (filter->has_domain)
		return fail(parser, word, "there is a domain already");
	filter->has_domain = true;
	if (end - word > 1 && (word[1] < '0' || word[1] > '9')) {
		filter->domain_name = xstrndup(word + 1,
		    (size_t)(end - word - 1));
		return 0;
	}
	if (parse_number(parser, word + 1, end, MAX_DOMAIN, &domain) < 0)
		return -1;
	filter->domain = (uint16_t)domain;
	return 0;
}

static int
parse_option(struct parser *parser, struct filter *filter)
{
	const char *word = parser->at, *end = find_word_end(word);
	int rc = parse_test(parser, filter);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (*word == '@')
		return parse_domain(parser, filter);
	parser->at = end;
	if (end - word == 3 && memcmp(word, "all", 3) == 0) {
		filter->all = true;
		return 0;
	}
	return fail(parser, word, "only all, @N, func=NAME or a test like "
	    "size>10K may follow");
}

/* The pattern of a file with its line, or a test or a domain in place of
 * it. */
static int
parse_first(struct parser *parser, struct filter *filter)
{
	int rc = parse_test(parser, filter);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (*parser->at == '@')
		return parse_domain(parser, filter);
	if (parse_pattern(parser, true, &filter->pattern, &filter->glob) < 0)
		return -1;
	return parse_line(parser, filter);
}

static int
parse_filter(struct parser *parser, struct filter *filter)
{
	skip_blanks(parser);
	filter->inclusive = *parser->at != '!';
	if (!filter->inclusive) {
		parser->at++;
		skip_blanks(parser);
	}
	if (parse_first(parser, filter) < 0)
		return -1;
	for (;;) {
		skip_blanks(parser);
		if (*parser->at == '\0')
			break;
		if (parse_option(parser, filter) < 0)
			return -1;
	}
	if (!filter->inclusive && filter->n_tests > 0 &&
	    filter_is_of_traces(filter))
		return fail(parser, parser->last_test, "with '!' a test of "
		    "rows stands alone: write two filters");
	return 0;
}

struct filter *
filter_parse(const char *text, enum filter_mode mode, struct errbuf *why,
    struct errbuf *note)
{
	struct parser parser = { .text = text, .at = text,
		.may_wrap = mode == FILTER_PROMPT, .why = why, .note = note };
	struct filter *filter = xcalloc(1, sizeof *filter);

	errbuf_set(note, "%s", "");
	filter->tests_text = xstrdup("");
	if (parse_filter(&parser, filter) < 0) {
		filter_free(filter);
		return NULL;
	}
	assert(*parser.at == '\0');
	filter_write_texts(filter);
	return filter;
}
