/*
 * report_text.c - the report for people (L7).
 *
 * Shape      Three lines of header (who, how much, what is shown), a line for
 *            each process that matters, the rows, and the sum.
 * Why        Paths stand last and are never cut, so that the line can be
 *            pasted; all columns have a fixed width and the numbers one rule,
 *            so that reports can be compared with diff(1).
 */
#include "ui/report_format.h"

#include "base/fmt.h"
#include "util/names.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

/* ---- header ---- */

static void
write_state(FILE *to, const struct run_info *run)
{
	enum run_state state = session_program_state(run);

	if (state == RUN_EXITED)
		fprintf(to, "  exited %d", run->status);
	else if (state == RUN_KILLED)
		fprintf(to, "  killed SIG%s",
		    sigabbrev_np(run->status) != NULL ?
		    sigabbrev_np(run->status) : "?");
	else if (state == RUN_STOPPED)
		fputs("  stopped", to);
	else if (state == RUN_GONE)
		fputs("  lost", to);
}

/* Who, when. */
static void
write_title(FILE *to, const struct report_sample *sample)
{
	const struct run_info *run = sample->run;
	char up[FMT_ROOM];
	struct tm tm;

	localtime_r(&sample->time.tv_sec, &tm);
	fmt_clock(up, run->uptime_ns / 1000000000u);
	fprintf(to, "tmtop %s  pid %d  %s  %02d:%02d:%02d up %s  sample %"
	    PRIu64, PACKAGE_VERSION, (int)run->pid, run->command, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, up, sample->seq);
	write_state(to, run);
	putc('\n', to);
}

/* "  NAME N", when it is not 0: what a clean run need not say. */
static void
write_flaw(FILE *to, const char *name, uint64_t n)
{
	if (n != 0)
		fprintf(to, "  %s %" PRIu64, name, n);
}

/* How much, and how far it can be believed. */
/* Only where libunwind was asked: how sure the tracebacks are. */
static void
write_verification(FILE *to, const struct totals *t)
{
	double captures = t->captures > 0 ? (double)t->captures : 1;

	if (t->unwind_compared == 0)
		return;
	fprintf(to, "unwinding: %" PRIu64 " captures compared, %" PRIu64
	    " mismatches, guessed %.2f%%, cut %.2f%%\n", t->unwind_compared,
	    t->unwind_mismatches, 100 * (double)t->guessed / captures,
	    100 * (double)t->cut / captures);
}

/* What it is that one reads, when that is not every block of the run. */
static void
write_recording(FILE *to, const struct report_sample *sample)
{
	const struct totals *t = &sample->snapshot->totals;
	char size[FMT_ROOM];

	if (report_is_estimate(t)) {
		fmt_size(size, t->sample_bytes);
		fprintf(to, "sampled %s: sizes and counts are estimates (~)\n",
		    size);
	}
	if (sample->recording != RECORD_ON)
		fprintf(to, "recording %s\n",
		    report_recording_names[sample->recording]);
}

static void
write_totals(FILE *to, const struct snapshot *snapshot)
{
	const struct totals *t = &snapshot->totals;
	const char *about = report_is_estimate(t) ? "~" : "";
	char traced[FMT_ROOM], peak[FMT_ROOM], rss[FMT_ROOM], hook[FMT_ROOM];

	fmt_size(traced, t->traced_bytes);
	fmt_size(peak, t->peak_bytes);
	fmt_size_short(rss, t->rss_bytes);
	fmt_size(hook, t->overhead_bytes);
	fprintf(to, "traced %s%s  peak %s%s  blocks %s%" PRIu64
	    "  tracebacks %" PRIu64 "  rss %s  hook %s  lost %" PRIu64,
	    about, traced, about, peak, about, t->blocks, t->tracebacks, rss,
	    hook, t->lost);
	write_flaw(to, "truncated", t->truncated);
	write_flaw(to, "guessed", t->guessed);
	write_flaw(to, "cut", t->cut);
	write_flaw(to, "unknown-frees", t->unknown_frees);
	fprintf(to, "\nallocs %s%" PRIu64 "  frees %s%" PRIu64
	    "  allocated %s%" PRIu64 " bytes\n", about, t->allocs, about,
	    t->frees, about, t->allocated_bytes);
	write_verification(to, t);
	if (snapshot->is_corrupt)
		fprintf(to, "corrupt tables: %s\n", snapshot->corruption);
}

/* What is shown. */
static void
write_view(FILE *to, const struct report_sample *sample)
{
	char up[FMT_ROOM], ignored[FMT_ROOM], filters[1024];

	fprintf(to, "group %s  sort %s%s",
	    report_grouping_names[sample->rows->grouping],
	    sort_key_name(sample->sort), sample->reverse ? " reverse" : "");
	if (sample->cumulative != CUMULATIVE_OFF) {
		fprintf(to, "  cumulative %s", sample->cumulative ==
		    CUMULATIVE_ONCE ? "once" : "occurrences");
	}
	if (!sample->options->skip)
		fputs("  no-skip", to);
	if (sample->filters[0] != '\0') {
		sanitise(filters, sizeof filters, sample->filters,
		    strlen(sample->filters));
		fprintf(to, "  filter %s", filters);
	}
	if (sample->ignored_size > 0) {
		fmt_size(ignored, sample->ignored_size);
		fprintf(to, "  ignored %s", ignored);
	}
	if (sample->since != NULL) {
		fmt_clock(up, sample->since->uptime_ns / 1000000000u);
		fprintf(to, "  since #%u %s %s", sample->since->number,
		    sample->since->name, up);
	}
	putc('\n', to);
}

/* ---- processes ---- */

/* Sums over all processes, ended ones too: the whole of the shares. */
struct shares {
	uint64_t	traced, allocated;
};

static struct shares
sum_processes(const struct snapshot *snapshot)
{
	struct shares sum = { 0, 0 };

	for (uint32_t i = 0; i < snapshot->n_processes; i++) {
		sum.traced += snapshot->processes[i].totals.traced_bytes;
		sum.allocated += snapshot->processes[i].totals.allocated_bytes;
	}
	return sum;
}

/* More than 1 % of what there is or of what was ever allocated. */
static bool
is_worth_a_line(const struct process *process, const struct shares *sum)
{
	return process->totals.traced_bytes > sum->traced / 100 ||
	    process->totals.allocated_bytes > sum->allocated / 100;
}

static void
write_process(FILE *to, const struct process *process,
    const struct shares *sum)
{
	static const char *const states[] = {
		[PROCESS_RUNNING] = "running", [PROCESS_EXITED] = "ended",
		[PROCESS_EXECED] = "exec'ed",
	};
	const struct totals *t = &process->totals;
	char size[FMT_ROOM], share[FMT_ROOM];

	fmt_size(size, t->traced_bytes);
	fmt_percent(share, t->traced_bytes, sum->traced);
	fprintf(to, "process %7d %10s %5s%%  blocks %" PRIu64 "  allocs %"
	    PRIu64 "  %s  %s\n", (int)process->pid, size, share, t->blocks,
	    t->allocs, states[process->state], process->command[0] != '\0' ?
	    process->command : process->name);
	if (process->is_fork) {
		fmt_size(size, process->inherited_bytes);
		fprintf(to, "process %7d   since fork; %s inherited\n",
		    (int)process->pid, size);
	}
}

static void
write_processes(FILE *to, const struct snapshot *snapshot)
{
	struct shares sum = sum_processes(snapshot);
	uint32_t n_small = 0;

	if (snapshot->n_processes < 2)
		return;
	for (uint32_t i = 0; i < snapshot->n_processes; i++) {
		if (is_worth_a_line(&snapshot->processes[i], &sum))
			write_process(to, &snapshot->processes[i], &sum);
		else
			n_small++;
	}
	if (n_small > 0)
		fprintf(to, "process %u more below 1%%\n", n_small);
}

/* ---- rows ---- */

/* A column beyond the usual ones, when it is what the rows are ordered by. */
static const char *
extra_title(enum sort_key sort)
{
	return sort == SORT_ALLOCS ? "allocs" : sort == SORT_ALLOCATED ?
	    "allocated" : sort == SORT_TEMPORARY ? "temporary" : NULL;
}

static void
write_extra(FILE *to, const struct statistic *row, enum sort_key sort)
{
	char text[FMT_ROOM];

	if (sort == SORT_ALLOCATED)
		fmt_size(text, row->allocated);
	else
		fmt_count(text, sort == SORT_ALLOCS ? row->allocs :
		    row->temporary, 0);
	fprintf(to, "%11s", text);
}

/* The title of a column of figures: "size", "~size". */
static void
write_title_of(FILE *to, const struct report_sample *sample, int width,
    const char *name)
{
	char title[16];

	snprintf(title, sizeof title, "%s%s", report_is_estimate(
	    &sample->snapshot->totals) ? "~" : "", name);
	fprintf(to, "%*s", width, title);
}

static void
write_titles(FILE *to, const struct report_sample *sample)
{
	bool has_diff = sample->rows->has_diff;

	putc('\n', to);
	write_title_of(to, sample, 11, "size");
	if (has_diff)
		write_title_of(to, sample, 11, "growth");
	write_title_of(to, sample, 10, "count");
	if (has_diff)
		write_title_of(to, sample, 10, "+count");
	write_title_of(to, sample, 10, "average");
	if (extra_title(sample->sort) != NULL)
		write_title_of(to, sample, 11, extra_title(sample->sort));
	fputs("  location\n", to);
}

/* "file:line function", or "module+0xoffset function" without lines. */
static void
write_place(FILE *to, const struct names *names,
    const struct symbol_frame *frame)
{
	fputs(name_text(names, frame->file), to);
	if (frame->line != 0)
		fprintf(to, ":%u", frame->line);
	else if (frame->flags & SYMBOL_NO_LINE)
		fprintf(to, "+0x%" PRIx64, frame->offset);
	if (frame->function != NAME_UNKNOWN)
		fprintf(to, " %s", name_text(names, frame->function));
}

static void
write_frames(FILE *to, const struct report_sample *sample, uint32_t stack)
{
	const struct stacks *stacks = sample->rows->stacks;

	for (unsigned i = 0; stack != 0; i++) {
		fprintf(to, "%34s#%-3u ", "", i);
		write_place(to, sample->names, stacks_frame(stacks, stack));
		putc('\n', to);
		stack = stacks_parent(stacks, stack);
	}
}

static void
write_numbers(FILE *to, const struct report_sample *sample,
    const struct statistic *row)
{
	bool has_diff = sample->rows->has_diff;
	char text[FMT_ROOM];

	fmt_size(text, row->size);
	fprintf(to, "%11s", text);
	if (has_diff) {
		fmt_size_diff(text, row->size_diff);
		fprintf(to, "%11s", text);
	}
	fprintf(to, "%10" PRIu64, row->count);
	if (has_diff) {
		fmt_count_diff(text, row->count_diff, 0);
		fprintf(to, "%10s", text);
	}
	if (row->count != 0)
		fmt_size(text, row->size / row->count);
	fprintf(to, "%10s", row->count != 0 ? text : "-");
	if (extra_title(sample->sort) != NULL)
		write_extra(to, row, sample->sort);
}

static void
write_row(FILE *to, const struct report_sample *sample,
    const struct statistic *row)
{
	struct symbol_frame frame = {
		.file = row->file, .line = row->line,
		.function = row->function, .offset = row->offset,
		.flags = row->flags,
	};

	/* A file is a place without function and offset. */
	if (sample->rows->grouping == BY_FILENAME) {
		frame.function = NAME_UNKNOWN;
		frame.flags = 0;
	}
	write_numbers(to, sample, row);
	fputs("  ", to);
	write_place(to, sample->names, &frame);
	putc('\n', to);
	if (sample->rows->grouping == BY_TRACEBACK)
		write_frames(to, sample, row->stack);
}

static void
write_sum(FILE *to, const struct report_sample *sample)
{
	const struct stats_table *rows = sample->rows;
	char size[FMT_ROOM], diff[FMT_ROOM];

	fmt_size(size, rows->size);
	fprintf(to, "total %s", size);
	if (rows->has_diff) {
		fmt_size_diff(diff, rows->size_diff);
		fprintf(to, "  %s", diff);
	}
	fprintf(to, "  shown %u of %u rows", sample->n_shown, rows->n_rows);
	if (rows->n_unfiltered > rows->n_rows)
		fprintf(to, "  (%u without filters)", rows->n_unfiltered);
	putc('\n', to);
}

static void
write_sample(struct report_out *out, const struct report_sample *sample)
{
	FILE *to = out->to;

	if (sample->seq > 1)
		putc('\n', to);
	write_title(to, sample);
	write_totals(to, sample->snapshot);
	write_recording(to, sample);
	write_processes(to, sample->snapshot);
	write_view(to, sample);
	write_titles(to, sample);
	for (uint32_t i = 0; i < sample->n_shown; i++)
		write_row(to, sample, &sample->rows->rows[i]);
	write_sum(to, sample);
}

const struct report_format report_text = { .sample = write_sample };
