/*
 * run_screens.c - plays scripts on the screen over the fake session.
 *
 *	run_screens [--update] NAME.script...
 *
 * For each script the screens it writes are compared with NAME.screen beside
 * it; --update writes that file instead.  Whatever the script, every line must
 * fit the window, and without "utf8" every byte must be printable ASCII.
 * Prints TAP.
 */
#include "fake_session.h"

#include "ui/app.h"
#include "ui/term.h"
#include "util/xalloc.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_SCREENS = 4 << 20, MAX_FILE = 1 << 20 };

static char *
read_whole(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = xcalloc(1, MAX_FILE);

	if (file != NULL) {
		text[fread(text, 1, MAX_FILE - 1, file)] = '\0';
		fclose(file);
	}
	return text;
}

static bool
other(void *session, const char *line)
{
	return strncmp(line, "do ", 3) == 0 &&
	    fake_session_command(session, line + 3);
}

/* Screens of a script appended to `to`; false when the script failed. */
static bool
play(const char *script, struct strbuf *to)
{
	struct session *session = fake_session_new(to);
	struct options options = { .quiet = true, .skip = true };
	struct terminal *term;
	bool is_ok;
	int exit_code;

	fake_session_command(session, "scene cached");
	term = term_script_new(script, to, other, session);
	exit_code = app_run_on(session, &options, term);
	strbuf_printf(to, "== exit %d\n", exit_code);
	is_ok = term_script_is_ok(term);
	term->ops->close(term);
	fake_session_free(session);
	return is_ok;
}

/* The first line that a screen may not have; NULL if there is none. */
static const char *
find_bad_line(const char *text, bool has_utf8)
{
	unsigned cols = 0;
	size_t n;

	for (; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		if (strncmp(text, "== ", 3) == 0) {
			const char *size = memrchr(text, ' ', n);

			sscanf(size, " %ux%*u", &cols);
			continue;
		}
		if (strncmp(text, "-- ", 3) == 0 || has_utf8)
			continue;
		if (cols > 0 && n > cols)
			return text;
		for (size_t i = 0; i < n; i++) {
			if (text[i] < 0x20 || text[i] > 0x7e)
				return text;
		}
	}
	return NULL;
}

static void
print_difference(const char *is, const char *should)
{
	int line = 1;

	while (*is != '\0' && *should != '\0') {
		size_t n = strcspn(is, "\n"), m = strcspn(should, "\n");

		if (n != m || memcmp(is, should, n) != 0)
			break;
		is += n + (is[n] == '\n');
		should += m + (should[m] == '\n');
		line++;
	}
	printf("# line %d of the .screen file\n# should: %.*s\n# is:     "
	    "%.*s\n", line, (int)strcspn(should, "\n"), should,
	    (int)strcspn(is, "\n"), is);
}

static bool
update(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		return false;
	fputs(text, file);
	return fclose(file) == 0;
}

static bool
run_script(const char *path, bool is_update)
{
	char screen_path[4096];
	struct strbuf screens = STRBUF_INIT(MAX_SCREENS);
	char *script = read_whole(path), *should;
	const char *bad;
	bool is_ok;

	snprintf(screen_path, sizeof screen_path, "%.*s.screen",
	    (int)(strlen(path) - strlen(".script")), path);
	should = read_whole(screen_path);
	is_ok = *script != '\0' && play(script, &screens);
	if (!is_ok)
		printf("# the script failed:\n");
	bad = find_bad_line(strbuf_text(&screens),
	    strstr(script, "\nutf8\n") != NULL ||
	    strncmp(script, "utf8\n", 5) == 0);
	if (bad != NULL)
		printf("# line not allowed: %.*s\n",
		    (int)strcspn(bad, "\n"), bad);
	if (is_ok && is_update)
		is_ok = update(screen_path, strbuf_text(&screens));
	else if (is_ok && strcmp(strbuf_text(&screens), should) != 0)
		is_ok = false;
	if (!is_ok)
		print_difference(strbuf_text(&screens), should);
	strbuf_fini(&screens);
	free(script);
	free(should);
	return is_ok && bad == NULL;
}

int
main(int argc, char **argv)
{
	bool is_update = argc > 1 && strcmp(argv[1], "--update") == 0;
	int first = is_update ? 2 : 1;
	int n_bad = 0;

	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("TMTOP_TEST", "0", 1);
	printf("1..%d\n", argc - first);
	for (int i = first; i < argc; i++) {
		const char *slash = strrchr(argv[i], '/');
		bool is_ok;

		/* every script starts with an empty history of its own */
		unsetenv("XDG_STATE_HOME");
		unsetenv("HOME");
		is_ok = run_script(argv[i], is_update);
		printf("%sok %d - %s\n", is_ok ? "" : "not ", i - first + 1,
		    slash != NULL ? slash + 1 : argv[i]);
		n_bad += !is_ok;
	}
	return n_bad > 0;
}
