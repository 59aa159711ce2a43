#include "ui/ui.h"

#include "util/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is unknown after that is saved as unknown. */
enum { SYMBOLS_MS = 3000 };

void
saver_suggest(const struct ui *ui, char to[PROMPT_ROOM])
{
	char *name = session_file_name(ui->session, DEFAULT_FILE_PATTERN);

	sanitise(to, PROMPT_ROOM, name, strlen(name));
	free(name);
}

static void
say_saved(struct ui *ui, const char *path)
{
	const struct totals *totals = session_latest_totals(ui->session);
	char size[FMT_ROOM], shown[200];

	fmt_size(size, totals->traced_bytes);
	sanitise(shown, sizeof shown, path, strlen(path));
	ui_say(ui, "Saved %s: %s%s, and marks.", shown, ui_about(ui), size);
}

enum stage
saver_accept(struct ui *ui)
{
	const char *path = ui->prompt.text;
	struct errbuf why = { .column = 0 };

	if (path[0] == '\0') {
		errbuf_set(&ui->filter_why, "the name of a file");
		return STAGE_DRAW;
	}
	if (access(path, F_OK) == 0 && strcmp(ui->save_asked, path) != 0) {
		snprintf(ui->save_asked, sizeof ui->save_asked, "%s", path);
		errbuf_set(&ui->filter_why, "it exists: Enter again replaces "
		    "it, Esc leaves it alone");
		return STAGE_DRAW;
	}
	ui->save_asked[0] = '\0';
	if (session_save(ui->session, path, SAVE_MARKS | SAVE_PEAK,
	    SYMBOLS_MS, &why) < 0)
		ui_complain(ui, "%s", why.text);
	else
		say_saved(ui, path);
	return STAGE_DRAW;
}

enum stage
saver_save_now(struct ui *ui)
{
	struct errbuf why = { .column = 0 };
	char *path = session_save_now(ui->session, &why);

	if (path == NULL)
		ui_complain(ui, "%s", why.text);
	else
		say_saved(ui, path);
	free(path);
	return session_is_paused(ui->session) ? STAGE_DRAW : STAGE_ATTRIBUTE;
}

void
saver_no_text(const struct ui *ui ATTR_UNUSED, char to[PROMPT_ROOM])
{
	to[0] = '\0';
}

enum stage
saver_load(struct ui *ui)
{
	struct errbuf why = { .column = 0 };
	int i = session_load_mark(ui->session, ui->prompt.text, &why);

	if (i < 0) {
		errbuf_set(&ui->filter_why, "%s", why.text);
		return STAGE_DRAW;
	}
	ui->marks.cursor = (uint32_t)i;
	ui_say(ui, "Enter compares with it, n shows it.");
	return STAGE_DRAW;
}
