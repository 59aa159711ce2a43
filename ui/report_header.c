/*
 * report_header.c - what stands above the rows of a report for people (L7).
 *
 * Shape      Who, how much, what is shown, and a line for each process that
 *            matters.  Of two snapshots, a line for each: how much, and, only
 *            when asked for, who and when, so that the same files give the
 *            same bytes.
 */
#include "ui/report_format.h"

#include "base/fmt.h"
#include "util/names.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

/* ---- lines ---- */

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

/* How much, and how far it can be believed. */
/* "glibc", or "several". */
static const char *
name_allocator(const struct snapshot *snapshot)
{
	const char *name = NULL;

	for (uint32_t i = 0; i < snapshot->n_processes; i++) {
		const struct process *process = &snapshot->processes[i];

		if (process->totals.anon_bytes == 0)
			continue;
		if (name != NULL && strcmp(name, process->allocator) != 0)
			return "several";
		name = process->allocator;
	}
	return name != NULL && name[0] != '\0' ? name : "unknown";
}

/* How much of the memory the blocks account for: is it a leak, or does the
 * allocator hold what is free? */
static void
write_coverage(FILE *to, const struct snapshot *snapshot)
{
	const struct totals *t = &snapshot->totals;
	char anon[FMT_ROOM], heap[FMT_ROOM], part[FMT_ROOM];
	char retained[FMT_ROOM];

	if (t->anon_bytes == 0)
		return;
	fmt_size(anon, t->anon_bytes);
	fmt_size(heap, t->heap_bytes);
	fmt_percent(part, t->heap_bytes, t->anon_bytes);
	fmt_size(retained, t->retained_bytes);
	fprintf(to, "anonymous %s  traced heap %s (%s%%)  retained %s  "
	    "allocator %s\n", anon, heap, part, retained,
	    name_allocator(snapshot));
}

/* --verbose: what the tables are made of. */
static void
write_tables(FILE *to, const struct totals *t)
{
	char frames[FMT_ROOM], tracebacks[FMT_ROOM], blocks[FMT_ROOM];
	char whole[FMT_ROOM];

	fmt_size(frames, t->frame_bytes);
	fmt_size(tracebacks, t->traceback_bytes);
	fmt_size(blocks, t->block_bytes);
	fmt_size(whole, t->uninterned_bytes);
	fprintf(to, "tables: frames %s  tracebacks %s  blocks %s; without "
	    "interning the frames of the blocks would be %s\n", frames,
	    tracebacks, blocks, whole);
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
	write_coverage(to, snapshot);
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
	if (sample->since != NULL && sample->comparison == NULL) {
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

/* ---- two snapshots ---- */

static void
write_side(FILE *to, const char *side, const struct totals *t)
{
	char traced[FMT_ROOM], peak[FMT_ROOM];
	const char *about = report_is_estimate(t) ? "~" : "";

	fmt_size(traced, t->traced_bytes);
	fmt_size(peak, t->peak_bytes);
	fprintf(to, "%s  traced %s%s  peak %s%s  blocks %s%" PRIu64
	    "  tracebacks %" PRIu64 "  allocs %s%" PRIu64 "  lost %" PRIu64
	    "\n", side, about, traced, about, peak, about, t->blocks,
	    t->tracebacks, about, t->allocs, t->lost);
}

static void
write_comparison(FILE *to, const struct report_sample *sample)
{
	const struct report_comparison *c = sample->comparison;
	char old_name[512], new_name[512];

	sanitise(old_name, sizeof old_name, c->old_name, strlen(c->old_name));
	sanitise(new_name, sizeof new_name, c->new_name, strlen(c->new_name));
	fprintf(to, "tmtop %s  diff  %s  %s\n", PACKAGE_VERSION, old_name,
	    new_name);
	write_side(to, "old", &c->old->totals);
	write_side(to, "new", &sample->snapshot->totals);
	if (sample->has_time)
		write_title(to, sample);
}

void
report_write_header(FILE *to, const struct report_sample *sample)
{
	if (sample->comparison != NULL) {
		write_comparison(to, sample);
	} else {
		write_title(to, sample);
		write_totals(to, sample->snapshot);
		if (sample->options->verbose > 0 &&
		    sample->snapshot->totals.frame_bytes > 0)
			write_tables(to, &sample->snapshot->totals);
	}
	write_recording(to, sample);
	if (sample->comparison == NULL)
		write_processes(to, sample->snapshot);
	write_view(to, sample);
}
