#include "ui/summary.h"

#include "ui/ui.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { OUTPUT_TAIL = 20 };

static void
say_largest(FILE *out, const struct session *session, uint64_t total)
{
	const struct stats_table *table = session_rows(session);
	struct strbuf text = STRBUF_INIT(LOCATION_MAX_BYTES);
	char size[FMT_ROOM], percent[FMT_ROOM];
	const struct statistic *largest;
	struct row_context context;

	if (table == NULL || table->n_rows == 0)
		return;
	largest = &table->rows[0];
	for (uint32_t i = 1; i < table->n_rows; i++) {
		if (table->rows[i].size > largest->size)
			largest = &table->rows[i];
	}
	context = (struct row_context){ .names = session_names(session),
		.stacks = table->stacks, .grouping =
		    table->grouping == BY_FILENAME ? BY_FILENAME :
		    BY_LINENO };
	location_text(&text, largest, &context);
	fmt_size(size, largest->size);
	fmt_percent(percent, largest->size, total);
	fprintf(out, "tmtop: largest: %s (%s%%) %s\n", size, percent,
	    strbuf_text(&text));
	strbuf_fini(&text);
}

static void
say_output(FILE *out, const struct session *session)
{
	size_t n = session_output_lines(session, NULL);
	size_t i = n > OUTPUT_TAIL ? n - OUTPUT_TAIL : 0;

	if (n == 0)
		return;
	fprintf(out, "tmtop: the end of its output:\n");
	for (; i < n; i++)
		fprintf(out, "%s\n", session_output_line(session, i));
}

static void
say_summary(FILE *out, const struct ui *ui)
{
	/* About the end, also when the screen shows another moment. */
	bool shows_now = session_shown(ui->session) < 0;
	const struct totals *totals = shows_now ? ui_totals(ui) :
	    session_latest_totals(ui->session);
	const char *about = totals->sample_bytes != 0 ? "~" : "";
	const struct run_info *info = session_run(ui->session);
	char clock[FMT_ROOM], traced[FMT_ROOM], peak[FMT_ROOM];
	char blocks[FMT_ROOM], state[64];
	enum style style;

	ui_state_word(ui, state, sizeof state, &style);
	ui_clock(ui, clock, info->uptime_ns);
	fmt_size(traced, totals->traced_bytes);
	fmt_size(peak, totals->peak_bytes);
	fmt_count(blocks, totals->blocks, ',');
	fprintf(out, "tmtop: %s  pid %d  %s %s\n", info->command,
	    (int)info->pid, state, clock);
	fprintf(out, "tmtop: traced %s%s in %s%s blocks, peak %s%s, %" PRIu64
	    " tracebacks, lost %" PRIu64 "\n", about, traced, about, blocks,
	    about, peak, totals->tracebacks, totals->lost);
	if (shows_now)
		say_largest(out, ui->session, totals->traced_bytes);
	if (!ui->has_signalled && info->is_over && info->exit_code != 0)
		say_output(out, ui->session);
}

/* A stderr that is no terminal belongs to the program. */
void
summary_say(const struct ui *ui)
{
	FILE *out = isatty(STDERR_FILENO) ? stderr : fopen("/dev/tty", "we");

	if (out == NULL)
		return;
	say_summary(out, ui);
	if (out != stderr)
		fclose(out);
}
