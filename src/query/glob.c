/*
 * glob.c - CPython's fnmatch with PCRE2's speed (L5).
 *
 * Shape      Pattern and names are decoded to arrays of 32-bit characters
 *            and matched by PCRE2's 32-bit library without its UTF mode.  A
 *            byte that is not part of valid UTF-8 becomes the character
 *            0xDC00 + byte, which no valid text contains: Python's
 *            surrogateescape, so that ranges compare as there.
 * Why        fnmatch(3) reads [^a], [[:alpha:]] and locales differently;
 *            pcre2_pattern_convert() differs on classes, '/' and unclosed
 *            brackets.  PCRE2's UTF mode has no answer for invalid bytes.
 * Invariant  Between two stars the leftmost match is as good as any, so
 *            each "* text" is an atomic group that never backtracks and
 *            the time is at most pattern times name, whatever the pattern.
 * Limits     Patterns of 64 KiB.  Match, depth and heap limits of PCRE2
 *            all the same: a pattern that hits one does not match and is
 *            reported as -1.
 */
#define PCRE2_CODE_UNIT_WIDTH 32
#include <pcre2.h>

#include "query/glob.h"

#include "util/vec.h"

#include <assert.h>

enum {
	MATCH_LIMIT = 1000000,
	DEPTH_LIMIT = 20000,
	HEAP_LIMIT_KIB = 8192,
	MAX_PATTERN = 65536,	/* bytes; longer ones are refused */
	ON_STACK = 1024,	/* characters of a name decoded on the stack */
	INVALID_BASE = 0xdc00,
};

/* A '-' in a class that makes a range; no character has this value. */
#define RANGE	UINT32_MAX

typedef VEC(uint32_t) chars;

struct glob {
	pcre2_code	*code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	size_t		 least;		/* characters a match must have */
};

/* ---- characters ---- */

static bool
is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/*
 * The character at `at`, and how many bytes it took: strict UTF-8 (nothing
 * overlong, no surrogates, nothing above U+10FFFF), else one byte.
 */
static uint32_t
decode_char(const unsigned char *at, size_t n, size_t *n_used)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = at[0];
	size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

	*n_used = 1;
	if (c < 0x80)
		return c;
	if (length == 1 || length > n || c >= 0xf8)
		return INVALID_BASE + c;
	c &= 0x7fu >> length;
	for (size_t i = 1; i < length; i++) {
		if (!is_continuation(at[i]))
			return INVALID_BASE + at[0];
		c = c << 6 | (at[i] & 0x3f);
	}
	if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return INVALID_BASE + at[0];
	*n_used = length;
	return c;
}

/* Decode; `to` has room for n characters. Returns how many there are. */
static size_t
decode(uint32_t *to, const char *bytes, size_t n)
{
	const unsigned char *at = (const unsigned char *)bytes;
	size_t n_chars = 0, used;

	for (size_t i = 0; i < n; i += used)
		to[n_chars++] = decode_char(at + i, n - i, &used);
	assert(n_chars <= n);
	return n_chars;
}

/* ---- translation ---- */

static void
put(chars *out, const char *text)
{
	for (; *text != '\0'; text++)
		vec_push(out, (unsigned char)*text);
}

static bool
is_plain(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '/' || c == '_';
}

/* A character that stands for itself, inside and outside of classes. */
static void
put_literal(chars *out, uint32_t c)
{
	static const char digits[] = "0123456789abcdef";

	assert(c <= 0x10ffff);
	if (is_plain(c)) {
		vec_push(out, c);
		return;
	}
	put(out, "\\x{");
	for (int shift = 20; shift >= 0; shift -= 4)
		vec_push(out, (unsigned char)digits[c >> shift & 15]);
	put(out, "}");
}

/* Index of the ']' that closes the class whose text starts at i, or n. */
static size_t
find_class_end(const uint32_t *pattern, size_t n, size_t i)
{
	if (i < n && pattern[i] == '!')
		i++;
	if (i < n && pattern[i] == ']')
		i++;
	while (i < n && pattern[i] != ']')
		i++;
	return i;
}

/*
 * The text of a class with its ranges found: a '-' between two characters
 * becomes RANGE.  The first character and one that ends a range start none;
 * a range whose ends are in the wrong order is removed, ends and all.
 */
static void
find_ranges(chars *out, const uint32_t *text, size_t n)
{
	size_t search = n > 0 && text[0] == '!' ? 2 : 1;

	for (size_t i = 0; i < n; i++) {
		bool is_range = i + 2 < n && i + 1 >= search &&
		    text[i + 1] == '-';

		if (is_range && text[i] > text[i + 2]) {
			search = i + 4;
			i += 2;
			continue;
		}
		vec_push(out, text[i]);
		if (is_range) {
			vec_push(out, RANGE);
			vec_push(out, text[i + 2]);
			search = i + 4;
			i += 2;
		}
	}
}

/* One class from its text (without the brackets). */
static void
put_class(chars *out, const uint32_t *text, size_t n)
{
	chars class = VEC_INIT;
	size_t i = 0;

	find_ranges(&class, text, n);
	if (class.n == 0) {
		put(out, "(?!)");
		goto out;
	}
	if (class.n == 1 && class.items[0] == '!') {
		put(out, ".");
		goto out;
	}
	put(out, "[");
	if (class.items[0] == '!') {
		put(out, "^");
		i++;
	}
	/* A removed range may leave the '!' of another one in front; CPython
	 * then takes it for a negation and the '-' behind it for itself. */
	if (i < class.n && class.items[i] == RANGE)
		class.items[i] = '-';
	for (; i < class.n; i++) {
		if (class.items[i] == RANGE)
			put(out, "-");
		else
			put_literal(out, class.items[i]);
	}
	put(out, "]");
out:
	vec_fini(&class);
}

/* Everything up to the next star or the end; returns where that is and adds
 * to `least` how many characters it matches. */
static size_t
put_fixed(chars *out, const uint32_t *pattern, size_t n, size_t i,
    size_t *least)
{
	size_t end;

	assert(i <= n);
	for (; i < n && pattern[i] != '*'; i++) {
		++*least;
		if (pattern[i] == '?') {
			put(out, ".");
			continue;
		}
		end = pattern[i] == '[' ?
		    find_class_end(pattern, n, i + 1) : n;
		if (end < n) {
			put_class(out, pattern + i + 1, end - i - 1);
			i = end;
		} else {
			put_literal(out, pattern[i]);
		}
	}
	return i;
}

/* Translate one pattern; returns how many characters a match has at least. */
static size_t
put_pattern(chars *out, const char *glob)
{
	size_t size = strlen(glob), n, i;
	uint32_t *pattern = xreallocarray(NULL, size, sizeof *pattern);
	chars fixed = VEC_INIT;
	size_t least = 0;

	n = decode(pattern, glob, size);
	i = put_fixed(out, pattern, n, 0, &least);
	while (i < n) {
		while (i < n && pattern[i] == '*')
			i++;
		vec_clear(&fixed);
		i = put_fixed(&fixed, pattern, n, i, &least);

		/* The last one may have to backtrack: it ends the name. */
		put(out, i < n ? "(?>.*?" : ".*");
		for (size_t k = 0; k < fixed.n; k++)
			vec_push(out, fixed.items[k]);
		put(out, i < n ? ")" : "");
	}
	vec_fini(&fixed);
	free(pattern);
	return least;
}

/* ---- interface ---- */

static int
compile(struct glob *glob, const chars *pattern, struct errbuf *why)
{
	PCRE2_SIZE offset;
	int error;

	glob->code = pcre2_compile(pattern->items, pattern->n,
	    PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL |
	    PCRE2_NEVER_UTF | PCRE2_NO_AUTO_CAPTURE, &error, &offset, NULL);
	if (glob->code == NULL) {
		errbuf_set_at(why, 1, "this pattern is too large");
		return -1;
	}
	glob->data = pcre2_match_data_create(1, NULL);
	glob->context = pcre2_match_context_create(NULL);
	if (glob->data == NULL || glob->context == NULL)
		xalloc_die(0);
	pcre2_set_match_limit(glob->context, MATCH_LIMIT);
	pcre2_set_depth_limit(glob->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(glob->context, HEAP_LIMIT_KIB);

	/* Where executable memory is denied this fails and pcre2_match()
	 * interprets. */
	(void)pcre2_jit_compile(glob->code, PCRE2_JIT_COMPLETE);
	return 0;
}

struct glob *
glob_new_any(const char *const *patterns, size_t n, struct errbuf *why)
{
	struct glob *glob = xcalloc(1, sizeof *glob);
	chars pattern = VEC_INIT;
	size_t least;
	int rc = -1;

	glob->least = SIZE_MAX;
	put(&pattern, n == 0 ? "(?!)" : "(?:");
	for (size_t i = 0; i < n; i++) {
		if (strlen(patterns[i]) > MAX_PATTERN) {
			errbuf_set_at(why, 1, "a pattern has at most %d bytes",
			    MAX_PATTERN);
			goto out;
		}
		if (i > 0)
			put(&pattern, "|");
		least = put_pattern(&pattern, patterns[i]);
		glob->least = least < glob->least ? least : glob->least;
	}
	put(&pattern, n == 0 ? "" : ")");
	rc = compile(glob, &pattern, why);
out:
	if (rc < 0) {
		glob_free(glob);
		glob = NULL;
	}
	vec_fini(&pattern);
	return glob;
}

struct glob *
glob_new(const char *pattern, struct errbuf *why)
{
	return glob_new_any(&pattern, 1, why);
}

void
glob_free(struct glob *glob)
{
	if (glob == NULL)
		return;
	pcre2_match_context_free(glob->context);
	pcre2_match_data_free(glob->data);
	pcre2_code_free(glob->code);
	free(glob);
}

static int
match(const struct glob *glob, const char *name, size_t size,
    uint32_t options)
{
	uint32_t on_stack[ON_STACK];
	uint32_t *chars_of_name = on_stack;
	size_t n;
	int rc;

	/* Nothing has more characters than bytes. */
	if (size < glob->least)
		return 0;
	if (size > ON_STACK)
		chars_of_name = xreallocarray(NULL, size,
		    sizeof *chars_of_name);
	n = decode(chars_of_name, name, size);
	assert(n <= size && glob->code != NULL);
	rc = pcre2_match(glob->code, chars_of_name, n, 0, options, glob->data,
	    glob->context);
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(glob->code, chars_of_name, n, 0,
		    options | PCRE2_NO_JIT, glob->data, glob->context);
	if (chars_of_name != on_stack)
		free(chars_of_name);
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	return rc >= 0 ? 1 : -1;
}

int
glob_match(const struct glob *glob, const char *name, size_t size)
{
	return match(glob, name, size, 0);
}

int
glob_match_interpreted(const struct glob *glob, const char *name, size_t size)
{
	return match(glob, name, size, PCRE2_NO_JIT);
}

int
glob_unclosed(const char *pattern)
{
	size_t size = strlen(pattern), n, end;
	uint32_t *text = xreallocarray(NULL, size, sizeof *text);
	int column = 0;

	n = decode(text, pattern, size);
	for (size_t i = 0; i < n && column == 0; i++) {
		if (text[i] != '[')
			continue;
		end = find_class_end(text, n, i + 1);
		if (end < n)
			i = end;
		else
			column = (int)i + 1;
	}
	free(text);
	return column;
}
