/*
 * report_csv.c - a table for spreadsheets and data frames, RFC 4180 (L7).
 *
 * Shape      One header, then one record for each row of each reading; what
 *            does not apply is empty.  Names are the printable ones: a byte
 *            that is no text shows as \xNN, as on the screen.
 * Limits     A traceback is named by the frame it is attributed to; whole
 *            ones are in JSON and in folded stacks.
 */
#include "ui/report_format.h"
#include "ui/report_writer.h"

#include "base/fmt.h"
#include "util/names.h"

#include <inttypes.h>
#include <string.h>

#define HEADER	"time,seq,rank,group_by,filename,lineno,function,module,"  \
	"domain,size,size_diff,count,count_diff,average,allocs,frees,percent"

/* In quotes where a reader would split or trim it. */
static void
write_text(FILE *to, const char *text)
{
	size_t n = strlen(text);

	if (text[strcspn(text, ",\"\r\n")] == '\0' && (n == 0 ||
	    (text[0] != ' ' && text[n - 1] != ' '))) {
		fputs(text, to);
		return;
	}
	putc('"', to);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putc('"', to);
		putc(*text, to);
	}
	putc('"', to);
}

static void
write_known_name(FILE *to, const struct names *names, uint32_t id)
{
	if (id != NAME_UNKNOWN)
		write_text(to, name_text(names, id));
	putc(',', to);
}

/* Everything before the figures. */
static void
write_key(FILE *to, const struct report_sample *sample,
    const struct statistic *row)
{
	bool is_file = sample->rows->grouping == BY_FILENAME;

	fprintf(to, "%s,", report_grouping_names[sample->rows->grouping]);
	write_text(to, name_text(sample->names, row->file));
	putc(',', to);
	if (!is_file)
		fprintf(to, "%u", row->line);
	putc(',', to);
	write_known_name(to, sample->names, is_file ? NAME_UNKNOWN :
	    row->function);
	write_known_name(to, sample->names, row->module);
	fprintf(to, "%u,", row->domain);
}

static void
write_row(FILE *to, const struct report_sample *sample,
    const struct statistic *row)
{
	bool has_diff = sample->rows->has_diff;
	char percent[FMT_ROOM];

	write_key(to, sample, row);
	fprintf(to, "%" PRIu64 ",", row->size);
	if (has_diff)
		fprintf(to, "%" PRId64, row->size_diff);
	fprintf(to, ",%" PRIu64 ",", row->count);
	if (has_diff)
		fprintf(to, "%" PRId64, row->count_diff);
	putc(',', to);
	if (row->count != 0)
		fprintf(to, "%" PRIu64, report_average(row->size, row->count));
	fmt_percent(percent, row->size, sample->rows->size);
	fprintf(to, ",%" PRIu64 ",%" PRIu64 ",%s\r\n", row->allocs,
	    row->frees, percent);
}

static void
write_sample(struct report_out *out, const struct report_sample *sample)
{
	char time[REPORT_TIME_ROOM] = "";

	if (sample->seq == 1)
		fputs(HEADER "\r\n", out->to);
	if (sample->has_time)
		report_time_text(time, sample->time);
	for (uint32_t i = 0; i < sample->n_shown; i++) {
		fprintf(out->to, "%s,%" PRIu64 ",%u,", time, sample->seq,
		    i + 1);
		write_row(out->to, sample, &sample->rows->rows[i]);
	}
}

const struct report_format report_csv = { .sample = write_sample };
