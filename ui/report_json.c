/*
 * report_json.c - JSON Lines, schema 1 (L7).
 *
 * Shape      One object a line, told apart by `type`; schema/v1.json says
 *            which members each has.  A reading is a `sample` line, then a
 *            `process` line for each process, then the `stat` lines, each
 *            after the `traceback` it refers to, if that is new.
 * Why        A consumer can start anywhere, ignore what it does not know, and
 *            needs no more memory than one line.  Tracebacks are large and
 *            stay the same, so each is sent once.
 * Invariant  The sample's totals come from the same snapshot as the rows.
 */
#include "ui/report_format.h"
#include "ui/report_writer.h"

#include "base/hash.h"
#include "util/names.h"

#include <signal.h>
#include <string.h>

static const char *const cumulatives[] = {
	[CUMULATIVE_OFF] = "off", [CUMULATIVE_ONCE] = "once",
	[CUMULATIVE_OCCURRENCES] = "occurrences",
};

/* A name as text, and when that cannot say it all, as bytes too. */
static void
write_name(struct json *json, const char *key, const char *key_b64,
    const struct names *names, uint32_t id)
{
	size_t size;
	const char *raw = name_raw(names, id, &size);

	if (!json_bytes(json, key, raw, size))
		json_base64(json, key_b64, raw, size);
}

static void
write_known_name(struct json *json, const char *key, const char *key_b64,
    const struct names *names, uint32_t id)
{
	if (id == NAME_UNKNOWN)
		json_null(json, key);
	else
		write_name(json, key, key_b64, names, id);
}

/* ---- start and end ---- */

/* Which program, and when. */
static void
write_program(struct json *json, const struct report_start *start)
{
	json_signed(json, "pid", start->run->pid);
	json_signed(json, "ppid", start->ppid);
	json_open_array(json, "argv");
	for (char *const *word = start->argv; *word != NULL; word++)
		json_string(json, NULL, *word);
	json_close_array(json);
	json_string(json, "exe", start->exe);
	json_time(json, "time", start->time);
	json_unsigned(json, "frames", start->frames);
	json_unsigned(json, "sample_bytes", start->sample_bytes);
	json_bool(json, "stopped", start->options->stopped);
}

static void
write_comparison(struct json *json, const struct report_start *start)
{
	json_string(json, "old", start->comparison->old_name);
	json_string(json, "new", start->comparison->new_name);
	json_string(json, "match", start->options->match == MATCH_EXACT ?
	    "exact" : "function");
}

static void
write_start(struct report_out *out, const struct report_start *start)
{
	const struct options *options = start->options;
	struct json json;

	json_begin(&json, out->to);
	json_string(&json, "type", "start");
	json_unsigned(&json, "schema", 1);
	json_string(&json, "tool", "tmtop");
	json_string(&json, "version", PACKAGE_VERSION);
	if (start->comparison != NULL)
		write_comparison(&json, start);
	if (start->has_time)
		write_program(&json, start);
	json_string(&json, "group_by",
	    report_grouping_names[options->grouping]);
	json_string(&json, "cumulative", cumulatives[options->cumulative]);
	json_bool(&json, "skip", options->skip);
	json_open_array(&json, "filters");
	for (size_t i = 0; i < options->n_filters; i++)
		json_string(&json, NULL, options->filters[i]);
	json_close_array(&json);
	json_end(&json);
}

static void
write_status(struct json *json, const struct run_info *run)
{
	if (session_program_state(run) == RUN_KILLED) {
		char name[32];

		snprintf(name, sizeof name, "SIG%s",
		    sigabbrev_np(run->status) != NULL ?
		    sigabbrev_np(run->status) : "?");
		json_signed(json, "signal", run->status);
		json_string(json, "signal_name", name);
	} else if (session_program_state(run) == RUN_EXITED) {
		json_signed(json, "status", run->status);
	}
	json_signed(json, "exit_code", run->exit_code);
}

static void
write_gate(struct json *json, const struct gate_result *result)
{
	const struct gate *gate = result->gate;

	json_open_object(json, NULL);
	json_string(json, "name", gate_names[gate->kind]);
	json_string(json, "filter", gate->filter);
	json_unsigned(json, "limit", gate->limit);
	json_unsigned(json, "value", result->value);
	json_bool(json, "ok", result->ok);
	if (!result->ok)
		json_string(json, "text", result->text);
	json_close_object(json);
}

static void
write_end(struct report_out *out, const struct report_end *end)
{
	struct json json;

	json_begin(&json, out->to);
	json_string(&json, "type", "end");
	if (end->has_time) {
		json_time(&json, "time", end->time);
		json_unsigned(&json, "uptime_ns", end->run->uptime_ns);
	}
	write_status(&json, end->run);
	json_open_array(&json, "gates");
	for (size_t i = 0; i < end->n_gates; i++)
		write_gate(&json, &end->gates[i]);
	json_close_array(&json);
	json_end(&json);
}

/* ---- totals ---- */

struct total_field {
	const char	*name;
	size_t		 offset;
};

#define TOTAL(name)	{ #name, offsetof(struct totals, name) }

static const struct total_field total_fields[] = {
	TOTAL(traced_bytes), TOTAL(peak_bytes), TOTAL(blocks),
	TOTAL(tracebacks), TOTAL(rss_bytes), TOTAL(heap_bytes),
	TOTAL(anon_bytes), TOTAL(retained_bytes), TOTAL(overhead_bytes),
	TOTAL(allocs), TOTAL(frees), TOTAL(allocated_bytes), TOTAL(lost),
	TOTAL(lost_bytes), TOTAL(truncated), TOTAL(guessed), TOTAL(cut),
	TOTAL(captures), TOTAL(unknown_frees), TOTAL(skew_bytes),
	TOTAL(sample_bytes), TOTAL(unwind_compared),
	TOTAL(unwind_mismatches),
};

static void
write_totals(struct json *json, const struct totals *totals)
{
	for (size_t i = 0; i < array_size(total_fields); i++) {
		const char *field = (const char *)totals +
		    total_fields[i].offset;

		json_unsigned(json, total_fields[i].name,
		    *(const uint64_t *)(const void *)field);
	}
}

static void
write_process(struct report_out *out, const struct report_sample *sample,
    const struct process *process)
{
	static const char *const states[] = {
		[PROCESS_RUNNING] = "running", [PROCESS_EXITED] = "exited",
		[PROCESS_EXECED] = "execed",
	};
	struct json json;

	json_begin(&json, out->to);
	json_string(&json, "type", "process");
	json_unsigned(&json, "seq", sample->seq);
	json_signed(&json, "pid", process->pid);
	json_signed(&json, "ppid", process->ppid);
	json_string(&json, "name", process->name);
	json_string(&json, "command", process->command);
	json_string(&json, "state", states[process->state]);
	json_unsigned(&json, "threads", process->n_threads);
	json_string(&json, "allocator", process->allocator);
	json_bool(&json, "is_fork", process->is_fork);
	json_unsigned(&json, "inherited_bytes", process->inherited_bytes);
	json_bool(&json, "is_corrupt", process->is_corrupt);
	json_bool(&json, "estimated", report_is_estimate(&process->totals));
	write_totals(&json, &process->totals);
	json_end(&json);
}

static void
write_sample_line(struct report_out *out, const struct report_sample *sample)
{
	struct json json;

	json_begin(&json, out->to);
	json_string(&json, "type", "sample");
	json_unsigned(&json, "seq", sample->seq);
	if (sample->has_time) {
		json_time(&json, "time", sample->time);
		json_unsigned(&json, "uptime_ns", sample->run->uptime_ns);
	}
	write_totals(&json, &sample->snapshot->totals);
	json_unsigned(&json, "processes", sample->snapshot->n_processes);
	json_unsigned(&json, "unresolved", sample->unresolved);
	json_bool(&json, "is_corrupt", sample->snapshot->is_corrupt);
	json_string(&json, "state",
	    report_recording_names[sample->recording]);
	json_bool(&json, "estimated",
	    report_is_estimate(&sample->snapshot->totals));
	json_unsigned(&json, "rows", sample->rows->n_rows);
	json_unsigned(&json, "rows_shown", sample->n_shown);
	json_unsigned(&json, "rows_size", sample->rows->size);
	json_unsigned(&json, "rows_count", sample->rows->count);
	if (sample->options->ignored != NULL)
		json_unsigned(&json, "ignored_bytes", sample->ignored_size);
	if (sample->since != NULL)
		json_unsigned(&json, "since_mark", sample->since->number);
	json_end(&json);
}

/* ---- tracebacks ---- */

static bool
is_identity(const void *table, uint32_t id, const void *key)
{
	const struct report_out *out = table;

	return out->tracebacks.items[id] == *(const uint64_t *)key;
}

/* Number of a row's traceback, from 1; *is_new: not sent yet. */
static uint32_t
number_traceback(struct report_out *out, uint64_t identity, bool *is_new)
{
	uint64_t hash = hash_word(identity);
	uint32_t id = idmap_find(&out->traceback_index, hash, is_identity,
	    out, &identity);

	*is_new = id == IDMAP_NONE;
	if (*is_new) {
		id = (uint32_t)out->tracebacks.n;
		vec_push(&out->tracebacks, identity);
		idmap_add(&out->traceback_index, hash, id);
	}
	return id + 1;
}

static const char *
frame_kind(const struct symbol_frame *frame)
{
	return frame->flags & SYMBOL_SPECIAL ? "special" :
	    frame->flags & SYMBOL_GUESSED ? "guessed" : "code";
}

static void
write_frame(struct json *json, const struct names *names,
    const struct symbol_frame *frame)
{
	json_open_object(json, NULL);
	write_name(json, "filename", "filename_b64", names, frame->file);
	json_unsigned(json, "lineno", frame->line);
	write_known_name(json, "function", "function_b64", names,
	    frame->function);
	write_known_name(json, "module", "module_b64", names, frame->module);
	json_unsigned(json, "offset", frame->offset);
	json_bool(json, "inlined", (frame->flags & SYMBOL_INLINED) != 0);
	json_string(json, "kind", frame_kind(frame));
	json_close_object(json);
}

static void
write_traceback(struct report_out *out, const struct report_sample *sample,
    uint32_t id, uint32_t stack, uint32_t total_nframe)
{
	const struct stacks *stacks = sample->rows->stacks;
	struct json json;

	json_begin(&json, out->to);
	json_string(&json, "type", "traceback");
	json_unsigned(&json, "id", id);
	json_unsigned(&json, "total_nframe", total_nframe > 0 ?
	    total_nframe : 1);
	json_open_array(&json, "frames");
	/* The empty traceback has one frame, "<unknown>". */
	do {
		write_frame(&json, sample->names, stacks_frame(stacks, stack));
		stack = stack != 0 ? stacks_parent(stacks, stack) : 0;
	} while (stack != 0);
	json_close_array(&json);
	json_end(&json);
}

/* ---- rows ---- */

static void
write_key(struct json *json, const struct report_sample *sample,
    const struct statistic *row, uint32_t traceback_id)
{
	const char *domain;

	json_open_object(json, "key");
	write_name(json, "filename", "filename_b64", sample->names, row->file);
	json_unsigned(json, "lineno", row->line);
	write_known_name(json, "function", "function_b64", sample->names,
	    row->function);
	write_known_name(json, "module", "module_b64", sample->names,
	    row->module);
	json_unsigned(json, "offset", row->offset);
	json_unsigned(json, "domain", row->domain);
	domain = snapshot_domain_name(sample->snapshot, row->domain);
	if (row->domain > 1 && domain != NULL)
		json_string(json, "domain_name", domain);
	if (traceback_id != 0)
		json_unsigned(json, "traceback_id", traceback_id);
	json_close_object(json);
}

static void
write_stat(struct report_out *out, const struct report_sample *sample,
    uint32_t i, uint32_t traceback_id)
{
	const struct statistic *row = &sample->rows->rows[i];
	struct json json;

	json_begin(&json, out->to);
	json_string(&json, "type", "stat");
	json_unsigned(&json, "seq", sample->seq);
	json_unsigned(&json, "rank", (uint64_t)i + 1);
	write_key(&json, sample, row, traceback_id);
	json_unsigned(&json, "size", row->size);
	json_unsigned(&json, "count", row->count);
	if (row->count != 0)
		json_unsigned(&json, "average", report_average(row->size,
		    row->count));
	else
		json_null(&json, "average");
	if (sample->rows->has_diff) {
		json_signed(&json, "size_diff", row->size_diff);
		json_signed(&json, "count_diff", row->count_diff);
	}
	if (sample->rows->has_survivors) {
		json_unsigned(&json, "survivor_size", row->survivor_size);
		json_unsigned(&json, "survivor_count", row->survivor_count);
	}
	json_unsigned(&json, "allocs", row->allocs);
	json_unsigned(&json, "frees", row->frees);
	json_unsigned(&json, "allocated_bytes", row->allocated);
	json_unsigned(&json, "temporary", row->temporary);
	json_unsigned(&json, "tracebacks", row->n_tracebacks);
	if (report_is_estimate(&sample->snapshot->totals))
		json_bool(&json, "estimated", true);
	json_end(&json);
}

static void
write_row(struct report_out *out, const struct report_sample *sample,
    uint32_t i)
{
	const struct statistic *row = &sample->rows->rows[i];
	uint32_t id = 0, total_nframe;
	bool is_new;

	if (sample->rows->grouping == BY_TRACEBACK) {
		id = number_traceback(out, row->identity, &is_new);
		total_nframe = sample->total_nframes != NULL ?
		    sample->total_nframes[i] :
		    stacks_depth(sample->rows->stacks, row->stack);
		if (is_new)
			write_traceback(out, sample, id, row->stack,
			    total_nframe);
	}
	write_stat(out, sample, i, id);
}

static void
write_sample(struct report_out *out, const struct report_sample *sample)
{
	const struct snapshot *snapshot = sample->snapshot;

	write_sample_line(out, sample);
	for (uint32_t i = 0; sample->has_time && i < snapshot->n_processes;
	    i++)
		write_process(out, sample, &snapshot->processes[i]);
	for (uint32_t i = 0; i < sample->n_shown; i++)
		write_row(out, sample, i);
}

/* ---- marks and events ---- */

static void
write_mark(struct report_out *out, const struct mark *mark)
{
	struct json json;

	json_begin(&json, out->to);
	json_string(&json, "type", "mark");
	json_unsigned(&json, "id", mark->number);
	json_string(&json, "name", mark->name);
	json_time(&json, "time", (struct timespec){
	    .tv_sec = mark->wall_time });
	json_unsigned(&json, "uptime_ns", mark->uptime_ns);
	json_unsigned(&json, "traced_bytes", mark->totals.traced_bytes);
	json_unsigned(&json, "blocks", mark->totals.blocks);
	json_end(&json);
}

static void
write_event(struct report_out *out, const struct report_event *event)
{
	struct json json;

	json_begin(&json, out->to);
	json_string(&json, "type", "event");
	json_time(&json, "time", event->time);
	json_string(&json, "level", event->level == LEVEL_INFO ? "info" :
	    "warning");
	json_string(&json, "code", event->code);
	if (event->pid != 0)
		json_signed(&json, "pid", event->pid);
	json_string(&json, "text", event->text);
	json_end(&json);
}

const struct report_format report_json = {
	.start = write_start, .sample = write_sample, .mark = write_mark,
	.event = write_event, .end = write_end,
};
