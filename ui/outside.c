/*
 * outside.c - what the screen hands to others (L7).
 *
 * Why        OSC 52 is the one way to a clipboard that works through ssh; a
 *            terminal that does not know it ignores it, so the text is shown
 *            as well.
 *            An editor's command may have arguments ("code -w"), so a shell
 *            takes it apart; the file's name, which is a stranger's, is never
 *            part of what the shell reads.
 */
#include "ui/outside.h"

#include "ui/sourcefile.h"
#include "ui/term.h"
#include "ui/ui.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_COPIED = 4096, SEQUENCE_BYTES = 2 * MAX_COPIED };

/* ---- clipboard ---- */

void
outside_add_osc52(struct strbuf *to, const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
	    "mnopqrstuvwxyz0123456789+/";
	size_t n = strnlen(text, MAX_COPIED);

	strbuf_puts(to, "\033]52;c;");
	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t bits = (uint32_t)(unsigned char)text[i] << 16;

		if (left > 1)
			bits |= (uint32_t)(unsigned char)text[i + 1] << 8;
		if (left > 2)
			bits |= (unsigned char)text[i + 2];
		strbuf_putc(to, digits[bits >> 18]);
		strbuf_putc(to, digits[bits >> 12 & 63]);
		strbuf_putc(to, left > 1 ? digits[bits >> 6 & 63] : '=');
		strbuf_putc(to, left > 2 ? digits[bits & 63] : '=');
	}
	strbuf_putc(to, '\a');
}

enum stage
outside_copy(struct ui *ui, const char *text)
{
	struct strbuf sequence = STRBUF_INIT(SEQUENCE_BYTES);

	outside_add_osc52(&sequence, text);
	ui->term->ops->send(ui->term, strbuf_text(&sequence));
	strbuf_fini(&sequence);
	ui_say(ui, "Copied, where the terminal can (OSC 52): %s", text);
	return STAGE_DRAW;
}

/* ---- editor ---- */

static const char *
editor_of(void)
{
	static const char *const names[] = { "VISUAL", "EDITOR" };

	for (size_t i = 0; i < array_size(names); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && value[0] != '\0')
			return value;
	}
	return "vi";
}

enum stage
outside_edit(struct ui *ui, const char *path, unsigned line)
{
	struct errbuf why;
	const char *file;

	if (sources_n_lines(ui->sources, path, &why) < 0) {
		ui_complain(ui, "%s", why.text);
		return STAGE_DRAW;
	}
	file = sources_file(ui->sources, path);
	/* a name that an editor would take for an option */
	snprintf(ui->edit_file, sizeof ui->edit_file, "%s%s",
	    file[0] == '-' || file[0] == '+' ? "./" : "", file);
	ui->edit_line = line;
	ui->wants_editor = true;
	return STAGE_DRAW;
}

static void
exec_editor(const char *file, unsigned line)
{
	char at[32];
	struct strbuf command = STRBUF_INIT(MAX_COPIED);
	sigset_t none;

	/* the event loop has signals of its own */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	snprintf(at, sizeof at, "+%u", line);
	strbuf_printf(&command, "exec %s \"$@\"", editor_of());
	execl("/bin/sh", "sh", "-c", strbuf_text(&command), "sh", at, file,
	    (char *)NULL);
	_exit(127);
}

int
outside_run_editor(struct ui *ui)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		exec_editor(ui->edit_file, ui->edit_line);
	if (pid > 0)
		while (waitpid(pid, &status, 0) < 0)
			;
	return status;
}
