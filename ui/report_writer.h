/*
 * report_writer.h - JSON, one value after the other (L7).
 *
 * Commas are put where they belong; nesting is the caller's affair and is
 * checked.  Integers are exact; strings are always valid UTF-8.
 *
 *	struct json json;
 *
 *	json_begin(&json, to);
 *	json_string(&json, "type", "end");
 *	json_unsigned(&json, "status", 0);
 *	json_end(&json);			a line: {"type":"end",...}
 */
#ifndef TMTOP_UI_REPORT_WRITER_H
#define TMTOP_UI_REPORT_WRITER_H

#include "base/compiler.h"

#include <stdio.h>
#include <time.h>

enum { JSON_DEPTH = 8 };

struct json {
	FILE	*to;
	unsigned depth;
	bool	 has_item[JSON_DEPTH];	/* something stands before a comma */
};

/* An object that is a line of its own. */
void json_begin(struct json *json, FILE *to);
void json_end(struct json *json);

/* Members of the object that is open; key NULL: items of the open array. */
void json_open_object(struct json *json, const char *key);
void json_close_object(struct json *json);
void json_open_array(struct json *json, const char *key);
void json_close_array(struct json *json);
void json_unsigned(struct json *json, const char *key, uint64_t value);
void json_signed(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);
void json_string(struct json *json, const char *key, const char *text);

/* Bytes of a stranger: each that is not part of valid UTF-8 becomes U+FFFD.
 * Returns false when there was any. */
bool json_bytes(struct json *json, const char *key, const char *bytes,
    size_t size);

/* The bytes in base64. */
void json_base64(struct json *json, const char *key, const char *bytes,
    size_t size);

/* RFC 3339, in UTC, with milliseconds. */
void json_time(struct json *json, const char *key, struct timespec time);

/* The same as text. */
enum { REPORT_TIME_ROOM = 32 };
void report_time_text(char to[REPORT_TIME_ROOM], struct timespec time);

#endif
