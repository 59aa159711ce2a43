/* session_file_name.c - names of snapshot files from patterns (L6). */
#include "session_state.h"

#include "util/strbuf.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_NUMBER = 999 };

/* A name within a folder, of which a stranger has chosen the text. */
static void
add_name(struct strbuf *to, const char *text)
{
	const char *slash = strrchr(text, '/');

	for (const char *at = slash != NULL ? slash + 1 : text; *at != '\0';
	    at++)
		strbuf_putc(to, (unsigned char)*at < ' ' || *at == 0x7f ?
		    '_' : *at);
}

static const char *
fact(const struct session *s, const char *key)
{
	const char *value = session_fact(s, key, 0);

	return value != NULL && value[0] != '\0' ? value : "tmtop";
}

static void
expand(const struct session *s, const char *pattern, unsigned number,
    struct strbuf *to)
{
	strbuf_clear(to);
	for (const char *at = pattern; *at != '\0'; at++) {
		if (*at != '%') {
			strbuf_putc(to, *at);
			continue;
		}
		switch (*++at) {
		case 'p':
			strbuf_printf(to, "%d", (int)s->run.pid);
			break;
		case 'e':
			add_name(to, fact(s, "argv"));
			break;
		case 'h':
			add_name(to, fact(s, "host"));
			break;
		case 'n':
			strbuf_printf(to, "%03u", number);
			break;
		case 't':
			strbuf_printf(to, "%lld", (long long)time(NULL));
			break;
		default:
			assert(*at == '%');
			strbuf_putc(to, '%');
			break;
		}
	}
}

char *
session_file_name(const struct session *s, const char *pattern)
{
	struct strbuf name = STRBUF_INIT(PATH_MAX);
	unsigned number = 1;

	do
		expand(s, pattern, number, &name);
	while (access(strbuf_text(&name), F_OK) == 0 &&
	    strstr(pattern, "%n") != NULL && number++ < MAX_NUMBER);
	strbuf_putc(&name, '\0');
	return strbuf_take(&name);
}
