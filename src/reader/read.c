/*
 * read.c - all processes of a run to one snapshot (L3).
 *
 * Shape      One slot_tables per slot in use.  When a process has ended its
 *            final state is taken once and kept here, so that its slot may
 *            be emptied and serve another process.
 * Invariant  Totals of a snapshot are sums over its traces and processes, of
 *            the same reading.
 * Limits     The peak of several processes together is not known to any of
 *            them: the highest sum that was read, or the highest peak of one
 *            process, whichever is larger.
 */
#include "reader/read_private.h"

#include "base/atomic.h"
#include "tables/segment.h"
#include "util/names.h"
#include "util/slice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

_Static_assert((int)RECORD_HELD == (int)RECORDING_HELD &&
    (int)RECORD_STOPPED == (int)RECORDING_STOPPED, "same numbers");

struct reader *
reader_open(int segment_fd, struct frame_store *store, struct errbuf *why)
{
	struct reader *reader = xcalloc(1, sizeof(*reader));

	reader->fd = segment_fd;
	reader->store = store;
	if (lobby_map_fd(&reader->lobby, segment_fd, false) == 0)
		return reader;
	if (errno == EPROTO)
		errbuf_set(why, "the shared tables are not those of this "
		    "version of tmtop");
	else
		errbuf_sys(why, "cannot map the shared tables");
	free(reader);
	return NULL;
}

static void
drop_reading(struct process_reading *reading)
{
	free(reading->traces);
	free(reading->threads);
	free(reading->peak_traces);
	slot_tables_close(reading->tables);
}

void
reader_close(struct reader *reader)
{
	size_t i;

	if (reader == NULL)
		return;
	for (i = 0; i < N_SLOTS; i++)
		slot_tables_close(reader->tables[i]);
	for (i = 0; i < reader->ended.n; i++)
		drop_reading(&reader->ended.items[i]);
	vec_fini(&reader->ended);
	lobby_unmap(&reader->lobby);
	free(reader);
}

void
reader_note_corruption(struct reader *reader, const struct slot_tables *tables,
    struct process *process)
{
	if (!tables->is_corrupt)
		return;
	process->is_corrupt = true;
	if (reader->is_corrupt)
		return;
	reader->is_corrupt = true;
	snprintf(reader->corruption, sizeof reader->corruption,
	    "process %d: %.130s", (int)process->pid, tables->corruption);
}

static bool
open_slot(struct reader *reader, uint32_t i, uint32_t incarnation)
{
	if (reader->tables[i] != NULL &&
	    reader->incarnations[i] == incarnation)
		return true;
	slot_tables_close(reader->tables[i]);
	reader->tables[i] = slot_tables_open(reader->fd,
	    slot_region_offset(i), reader->lobby.control, reader->store);
	reader->incarnations[i] = incarnation;
	reader->is_done[i] = false;
	if (reader->tables[i] == NULL)
		return false;
	reader->tables[i]->patience = &reader->patience;
	return true;
}

void
reader_look_at_threads(struct reader *reader)
{
	const struct slot *slot;
	struct process process = { .state = PROCESS_RUNNING };

	for (uint32_t i = 0; i < N_SLOTS; i++) {
		slot = &reader->lobby.slots[i];
		/* ORDER slot-live: other end attach_slot() of the hook. */
		if (load_acquire(&slot->state) != SLOT_LIVE)
			continue;
		process.pid = load_relaxed(&slot->pid);
		if (open_slot(reader, i, load_relaxed(&slot->incarnation)))
			slot_tables_read_threads(reader->tables[i], &process);
	}
}

static void
copy_threads(struct process_reading *reading,
    const struct slot_tables *tables)
{
	reading->n_threads = (uint32_t)tables->threads.n;
	if (reading->n_threads == 0)
		return;
	reading->threads = xreallocarray(NULL, reading->n_threads,
	    sizeof *reading->threads);
	memcpy(reading->threads, tables->threads.items,
	    reading->n_threads * sizeof *reading->threads);
}

/* False: nothing there, or its final state is known already. */
static bool
read_slot(struct reader *reader, uint32_t i, enum reader_moment moment,
    struct process_reading *reading)
{
	const struct slot *shared = &reader->lobby.slots[i];
	/* ORDER slot-live: other end attach_slot() of the hook.
	 * ORDER slot-dead: other end slot_set_dead(). */
	uint32_t state = load_acquire(&shared->state);
	struct slot slot;

	if (state != SLOT_LIVE && state != SLOT_DEAD)
		return false;
	memcpy(&slot, shared, sizeof(slot));
	if (reader->is_done[i] && reader->incarnations[i] == slot.incarnation)
		return false;
	if (!open_slot(reader, i, slot.incarnation))
		return false;
	*reading = (struct process_reading){
		.slot = i, .incarnation = slot.incarnation,
		.is_final = state == SLOT_DEAD,
		.process = {
			.pid = slot.pid, .ppid = slot.ppid,
			.wait_status = -1,
			.state = PROCESS_RUNNING,
		},
	};
	if (state == SLOT_DEAD) {
		reading->process.state = slot.end == SLOT_EXECED ?
		    PROCESS_EXECED : PROCESS_EXITED;
		reading->process.wait_status = slot.wait_status;
	}
	slot_tables_read(reader->tables[i], moment, &reading->process,
	    &reading->traces, &reading->n_traces);
	copy_threads(reading, reader->tables[i]);
	reader_note_corruption(reader, reader->tables[i], &reading->process);
	if (state == SLOT_LIVE)
		reader_read_proc(&reading->process,
		    slot_tables_private_bytes(reader->tables[i]));
	return true;
}

static void
add_totals(struct totals *sum, const struct totals *one, bool owns_memory)
{
	if (owns_memory) {
		sum->traced_bytes += one->traced_bytes;
		sum->blocks += one->blocks;
		sum->tracebacks += one->tracebacks;
		sum->overhead_bytes += one->overhead_bytes;
		sum->rss_bytes += one->rss_bytes;
		sum->anon_bytes += one->anon_bytes;
		sum->heap_bytes += one->heap_bytes;
		sum->retained_bytes += one->retained_bytes;
		sum->frame_bytes += one->frame_bytes;
		sum->traceback_bytes += one->traceback_bytes;
		sum->block_bytes += one->block_bytes;
		sum->uninterned_bytes += one->uninterned_bytes;
	}
	sum->allocs += one->allocs;
	sum->frees += one->frees;
	sum->allocated_bytes += one->allocated_bytes;
	sum->lost += one->lost;
	sum->lost_bytes += one->lost_bytes;
	sum->truncated += one->truncated;
	sum->guessed += one->guessed;
	sum->cut += one->cut;
	sum->captures += one->captures;
	sum->unknown_frees += one->unknown_frees;
	sum->skew_bytes += one->skew_bytes;
	if (sum->sample_bytes < one->sample_bytes)
		sum->sample_bytes = one->sample_bytes;
	sum->unwind_compared += one->unwind_compared;
	sum->unwind_mismatches += one->unwind_mismatches;
	sum->is_memory_refused |= one->is_memory_refused;
}

/* Append one process; a dead one among living ones owns nothing. */
static void
add_reading(struct snapshot *snapshot, uint32_t *n_traces,
    const struct process_reading *reading, bool owns_memory)
{
	uint32_t i, process = snapshot->n_processes++;
	struct trace *trace;

	snapshot->processes[process] = reading->process;
	add_totals(&snapshot->totals, &reading->process.totals, owns_memory);
	if (snapshot->totals.peak_bytes < reading->process.totals.peak_bytes)
		snapshot->totals.peak_bytes =
		    reading->process.totals.peak_bytes;
	for (i = 0; i < reading->n_traces; i++) {
		slice_point_at(i);
		trace = &snapshot->traces[(*n_traces)++];
		*trace = reading->traces[i];
		trace->process = process;
		trace->thread = trace->thread == 0 || trace->thread >
		    reading->n_threads ? 0 :
		    snapshot->n_threads + trace->thread;
		if (!owns_memory)
			trace->size = trace->count = 0;
	}
	for (i = 0; i < reading->n_threads; i++) {
		snapshot->threads[snapshot->n_threads] = reading->threads[i];
		snapshot->threads[snapshot->n_threads++].process = process;
	}
}

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct birth
birth_now(const struct reader *reader)
{
	const struct control *control = reader->lobby.control;
	struct birth birth;

	birth.clear_epoch = load_acquire(&control->clear_epoch);
	birth.generation = load_acquire(&control->generation);
	/* They belong together; the last one is for all later marks. */
	if (load_relaxed(&control->clear_epoch) != birth.clear_epoch ||
	    birth.generation >= GENERATION_LAST)
		birth.generation = 0;
	return birth;
}

static struct snapshot *
combine(struct reader *reader, const struct process_reading *live,
    uint32_t n_live)
{
	uint32_t n_traces = 0, n_threads = 0, i;
	struct snapshot *snapshot;

	for (i = 0; i < n_live; i++) {
		n_traces += live[i].n_traces;
		n_threads += live[i].n_threads;
	}
	for (i = 0; i < reader->ended.n; i++) {
		n_traces += reader->ended.items[i].n_traces;
		n_threads += reader->ended.items[i].n_threads;
	}
	snapshot = snapshot_new(n_traces,
	    n_live + (uint32_t)reader->ended.n);
	snapshot->n_processes = 0;
	if (n_threads > 0)
		snapshot->threads = xcalloc(n_threads,
		    sizeof *snapshot->threads);
	n_traces = 0;
	for (i = 0; i < n_live; i++)
		add_reading(snapshot, &n_traces, &live[i], true);
	for (i = 0; i < reader->ended.n; i++)
		add_reading(snapshot, &n_traces, &reader->ended.items[i],
		    n_live == 0);
	snapshot->n_traces = n_traces;
	snapshot->time_ns = now_ns();
	snapshot->birth = birth_now(reader);
	reader_name_domains(reader->lobby.control, snapshot);
	return snapshot;
}

/* The tables of a process that has ended are given back after this. */
static void
keep_peak(struct slot_tables *tables, struct process_reading *reading)
{
	struct process process = { .pid = reading->process.pid,
	    .state = reading->process.state };

	slot_tables_read(tables, READER_PEAK, &process,
	    &reading->peak_traces, &reading->n_peak_traces);
	reading->peak_totals = process.totals;
}

static void
keep_end(struct reader *reader, struct process_reading *reading)
{
	uint32_t i = reading->slot;

	if (reader->keeps_peaks)
		keep_peak(reader->tables[i], reading);
	reading->tables = reader->tables[i];
	vec_push(&reader->ended, *reading);
	reader->is_done[i] = true;
	reader->tables[i] = NULL;
	reader_let_go(reader);
}

/* Traces were cleared or the peak was reset: what was highest is not. */
static void
catch_up(struct reader *reader)
{
	const struct control *control = reader->lobby.control;
	uint32_t clear = load_relaxed(&control->clear_epoch);
	uint32_t reset = load_relaxed(&control->peak_reset_epoch);

	if (reader->clear_epoch != clear || reader->peak_reset_epoch != reset)
		reader->highest_sum = 0;
	reader->clear_epoch = clear;
	reader->peak_reset_epoch = reset;
}

/* What was read at different instants may never have been live together;
 * without what came and went meanwhile it was. */
static void
raise_highest(struct reader *reader, const struct totals *totals)
{
	if (totals->traced_bytes > totals->skew_bytes &&
	    totals->traced_bytes - totals->skew_bytes > reader->highest_sum)
		reader->highest_sum = totals->traced_bytes -
		    totals->skew_bytes;
}

struct snapshot *
reader_snapshot(struct reader *reader)
{
	VEC(struct process_reading) live = VEC_INIT;
	struct process_reading reading;
	struct snapshot *snapshot;
	uint32_t i;

	catch_up(reader);
	reader->patience = MOMENT_PATIENCE;
	for (i = 0; i < N_SLOTS; i++) {
		if (!read_slot(reader, i, READER_NOW, &reading))
			continue;
		if (reading.is_final)
			keep_end(reader, &reading);
		else
			vec_push(&live, reading);
	}
	snapshot = combine(reader, live.items, (uint32_t)live.n);
	reader_add_blocks(reader, snapshot, live.items, (uint32_t)live.n);
	if (live.n > 0)
		raise_highest(reader, &snapshot->totals);
	if (snapshot->totals.peak_bytes < reader->highest_sum)
		snapshot->totals.peak_bytes = reader->highest_sum;
	if (snapshot->totals.peak_bytes < snapshot->totals.traced_bytes)
		snapshot->totals.peak_bytes = snapshot->totals.traced_bytes;
	snapshot->is_corrupt = reader->is_corrupt;
	memcpy(snapshot->corruption, reader->corruption,
	    sizeof snapshot->corruption);
	for (i = 0; i < live.n; i++)
		drop_reading(&live.items[i]);
	vec_fini(&live);
	return snapshot;
}

/* ---- other moments ---- */

/* The ended processes with their peaks in place of their ends, or back. */
static void
swap_peaks(struct reader *reader)
{
	struct process_reading *one;
	struct trace *traces;
	struct totals totals;
	uint32_t n;

	for (size_t i = 0; reader->keeps_peaks && i < reader->ended.n; i++) {
		one = &reader->ended.items[i];
		traces = one->traces;
		n = one->n_traces;
		totals = one->process.totals;
		one->traces = one->peak_traces;
		one->n_traces = one->n_peak_traces;
		one->process.totals = one->peak_totals;
		one->peak_traces = traces;
		one->n_peak_traces = n;
		one->peak_totals = totals;
	}
}

struct snapshot *
reader_snapshot_at(struct reader *reader, enum reader_moment moment)
{
	VEC(struct process_reading) live = VEC_INIT;
	struct process_reading reading;
	struct snapshot *snapshot;
	uint32_t i;

	if (moment == READER_NOW)
		return reader_snapshot(reader);
	reader->patience = MOMENT_PATIENCE;
	for (i = 0; i < N_SLOTS; i++)
		if (read_slot(reader, i, moment, &reading))
			vec_push(&live, reading);
	if (moment == READER_PEAK)
		swap_peaks(reader);
	snapshot = combine(reader, live.items, (uint32_t)live.n);
	if (moment == READER_PEAK)
		swap_peaks(reader);
	for (i = 0; i < live.n; i++)
		drop_reading(&live.items[i]);
	vec_fini(&live);
	return snapshot;
}

void
reader_keep_peaks(struct reader *reader)
{
	reader->keeps_peaks = true;
}

uint32_t
reader_last_mark(const struct reader *reader, char name[MARK_NAME_ROOM])
{
	const struct control *control = reader->lobby.control;
	char raw[sizeof(control->mark_name)];
	/* ORDER mark-name: other end control_mark(). */
	uint32_t epoch = load_acquire(&control->mark_epoch);

	for (size_t i = 0; i < sizeof raw; i++)
		raw[i] = load_relaxed(&control->mark_name[i]);
	sanitise(name, MARK_NAME_ROOM, raw, strnlen(raw, sizeof raw));
	/* Epochs start at 1. */
	return epoch - 1;
}

enum record_mode
reader_recording(const struct reader *reader)
{
	uint32_t state = load_relaxed(&reader->lobby.control->state);

	return state < N_RECORD_MODES ? (enum record_mode)state : RECORD_ON;
}

bool
reader_next_finished(struct reader *reader, uint32_t *slot,
    uint32_t *incarnation)
{
	struct process_reading *reading;
	size_t i;

	for (i = 0; i < reader->ended.n; i++) {
		reading = &reader->ended.items[i];
		if (reading->is_reported || reading->tables != NULL)
			continue;
		reading->is_reported = true;
		*slot = reading->slot;
		*incarnation = reading->incarnation;
		return true;
	}
	return false;
}

uint32_t
reader_n_untracked(const struct reader *reader)
{
	return load_relaxed(&reader->lobby.lobby->n_untracked);
}
