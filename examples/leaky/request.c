/*
 * request.c - "name=value&name=value" to a list of fields.
 */
#include "leaky.h"

#include <stdlib.h>
#include <string.h>

static struct field *
parse_field(const char *text, size_t length)
{
	struct field *field = must(malloc(sizeof *field));
	const char *equals = memchr(text, '=', length);
	size_t name_length = equals ? (size_t)(equals - text) : length;

	field->name = must(strndup(text, name_length));
	field->value = must(strndup(text + name_length + (equals != NULL),
	    length - name_length - (equals != NULL)));
	field->next = NULL;
	return field;
}

struct field *
request_parse(const char *text)
{
	struct field *first = NULL;
	struct field **last = &first;
	size_t length;

	for (; *text != '\0'; text += length + (text[length] == '&')) {
		length = strcspn(text, "&");
		*last = parse_field(text, length);
		last = &(*last)->next;
	}
	return first;
}

const char *
request_get(const struct field *fields, const char *name)
{
	for (; fields != NULL; fields = fields->next)
		if (strcmp(fields->name, name) == 0)
			return fields->value;
	return "";
}

void
request_free(struct field *fields)
{
	struct field *next;

	for (; fields != NULL; fields = next) {
		next = fields->next;
		free(fields->value);
		free(fields->name);
		free(fields);
	}
}
