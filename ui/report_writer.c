/*
 * report_writer.c - JSON, one value after the other (L7).
 *
 * Why        No library: what is needed is a page, integers must stay exact
 *            up to 64 bits, and file names are bytes, which a library would
 *            refuse or misread.
 */
#include "ui/report_writer.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* The comma before and the key of the next value. */
static void
begin_value(struct json *json, const char *key)
{
	assert(json->depth < JSON_DEPTH);
	if (json->has_item[json->depth])
		putc(',', json->to);
	json->has_item[json->depth] = true;
	if (key != NULL)
		fprintf(json->to, "\"%s\":", key);
}

static void
open_level(struct json *json, const char *key, char bracket)
{
	begin_value(json, key);
	putc(bracket, json->to);
	json->depth++;
	assert(json->depth < JSON_DEPTH);
	json->has_item[json->depth] = false;
}

static void
close_level(struct json *json, char bracket)
{
	assert(json->depth > 0);
	json->depth--;
	putc(bracket, json->to);
}

void
json_begin(struct json *json, FILE *to)
{
	*json = (struct json){ .to = to };
	open_level(json, NULL, '{');
}

void
json_end(struct json *json)
{
	close_level(json, '}');
	assert(json->depth == 0);
	putc('\n', json->to);
}

void
json_open_object(struct json *json, const char *key)
{
	open_level(json, key, '{');
}

void
json_close_object(struct json *json)
{
	close_level(json, '}');
}

void
json_open_array(struct json *json, const char *key)
{
	open_level(json, key, '[');
}

void
json_close_array(struct json *json)
{
	close_level(json, ']');
}

void
json_unsigned(struct json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	fprintf(json->to, "%" PRIu64, value);
}

void
json_signed(struct json *json, const char *key, int64_t value)
{
	begin_value(json, key);
	fprintf(json->to, "%" PRId64, value);
}

void
json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", json->to);
}

void
json_null(struct json *json, const char *key)
{
	begin_value(json, key);
	fputs("null", json->to);
}

void
json_string(struct json *json, const char *key, const char *text)
{
	json_bytes(json, key, text, strlen(text));
}

/* Length of the well-formed character at the start, 0 when there is none
 * (the table of the Unicode standard: no overlong form, no surrogate). */
static size_t
character_size(const unsigned char *p, size_t size)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < length; i++) {
		if (i >= size || p[i] < low || p[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

/* DEL and C1 are legal in JSON, but the line may end up on a terminal. */
static void
write_character(FILE *to, const unsigned char *p, size_t size)
{
	if (p[0] == '"' || p[0] == '\\')
		fprintf(to, "\\%c", p[0]);
	else if (p[0] < 0x20 || p[0] == 0x7f)
		fprintf(to, "\\u%04x", p[0]);
	else if (p[0] == 0xc2 && p[1] < 0xa0)
		fprintf(to, "\\u%04x", p[1]);
	else
		fwrite(p, 1, size, to);
}

bool
json_bytes(struct json *json, const char *key, const char *bytes,
    size_t size)
{
	const unsigned char *p = (const unsigned char *)bytes;
	bool is_valid = true;

	begin_value(json, key);
	putc('"', json->to);
	for (size_t i = 0; i < size; ) {
		size_t n = character_size(p + i, size - i);

		if (n == 0) {
			is_valid = false;
			fputs("\xef\xbf\xbd", json->to);
			n = 1;
		} else {
			write_character(json->to, p + i, n);
		}
		i += n;
	}
	putc('"', json->to);
	return is_valid;
}

void
json_base64(struct json *json, const char *key, const char *bytes,
    size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)bytes;

	begin_value(json, key);
	putc('"', json->to);
	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t bits = (uint32_t)p[i] << 16 |
		    (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
		    (left > 2 ? p[i + 2] : 0);

		putc(digits[bits >> 18], json->to);
		putc(digits[bits >> 12 & 63], json->to);
		putc(left > 1 ? digits[bits >> 6 & 63] : '=', json->to);
		putc(left > 2 ? digits[bits & 63] : '=', json->to);
	}
	putc('"', json->to);
}

void
report_time_text(char to[REPORT_TIME_ROOM], struct timespec time)
{
	struct tm tm;

	gmtime_r(&time.tv_sec, &tm);
	snprintf(to, REPORT_TIME_ROOM, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
	    (unsigned)(tm.tm_year + 1900) % 10000u, (unsigned)tm.tm_mon + 1,
	    (unsigned)tm.tm_mday, (unsigned)tm.tm_hour, (unsigned)tm.tm_min,
	    (unsigned)tm.tm_sec, (unsigned)(time.tv_nsec / 1000000) % 1000u);
}

void
json_time(struct json *json, const char *key, struct timespec time)
{
	char text[REPORT_TIME_ROOM];

	report_time_text(text, time);
	json_string(json, key, text);
}
