/*
 * fake_files.c - saving as the screen sees it: nothing is written.
 */
#include "fake_private.h"

#include <string.h>

char *
session_file_name(const struct session *s, const char *pattern)
{
	(void)pattern;
	return xstrdup(s->has_saved ? "cached.48213.002.tms" :
	    "cached.48213.001.tms");
}

int
session_save(struct session *s, const char *path, unsigned what,
    int symbol_wait_ms, struct errbuf *why)
{
	(void)what;
	(void)symbol_wait_ms;
	s->has_saved = true;
	if (strchr(path, '/') == NULL)
		return 0;
	errbuf_set(why, "cannot write %s: No such file or directory", path);
	return -1;
}

char *
session_save_now(struct session *s, struct errbuf *why)
{
	char *path = session_file_name(s, "");

	(void)why;
	s->has_saved = true;
	return path;
}

int
session_save_end(struct session *s, struct errbuf *why)
{
	(void)s;
	(void)why;
	return 0;
}

int
session_record_timeout(const struct session *s)
{
	(void)s;
	return -1;
}

bool
session_record_due(struct session *s)
{
	(void)s;
	return false;
}

int
session_load_mark(struct session *s, const char *path, struct errbuf *why)
{
	enum stage stage;

	if (strstr(path, ".tms") == NULL) {
		errbuf_set(why, "cannot read %s: it is no snapshot file",
		    path);
		return -1;
	}
	session_mark(s, &stage);
	session_set_baseline(s, -1);
	snprintf(s->marks[s->n_marks - 1].mark.name,
	    sizeof s->marks[0].mark.name, "%s", path);
	return (int)s->n_marks - 1;
}
