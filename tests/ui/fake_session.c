/*
 * fake_session.c - session.h on literal data, for tests of the screen.
 *
 * Keeps a list of traces; a refresh filters, groups, compares and orders them
 * with the real query functions.  Everything else (state, rates, history,
 * output) is what the script said.
 */
#include "fake_private.h"

#include "util/names.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FRAMES = 64, N_HISTORY = 40 };

static bool set_scene(struct session *s, const char *name);

/* ---- traces ---- */

static uint32_t
name_of(struct session *s, const char *text, size_t size)
{
	return names_intern(s->names, text, size);
}

/* FILE:LINE=FUNCTION or MODULE+0xOFFSET=FUNCTION, perhaps with ~. */
static struct symbol_frame
parse_frame(struct session *s, const char *text, size_t size)
{
	struct symbol_frame frame = { .function = NAME_UNKNOWN };
	const char *equals = memchr(text, '=', size);
	size_t place = equals != NULL ? (size_t)(equals - text) : size;
	const char *plus = memchr(text, '+', place);
	const char *colon = memrchr(text, ':', place);

	if (text[size - 1] == '~') {
		frame.flags |= SYMBOL_INLINED;
		size--;
	}
	if (equals != NULL)
		frame.function = name_of(s, equals + 1, size - place - 1);
	if (plus != NULL) {
		frame.flags |= SYMBOL_NO_LINE;
		frame.module = frame.file = name_of(s, text,
		    (size_t)(plus - text));
		frame.offset = strtoull(plus + 1, NULL, 16);
	} else if (colon != NULL) {
		frame.module = name_of(s, "./cached", 8);
		frame.file = name_of(s, text, (size_t)(colon - text));
		frame.line = (uint32_t)strtoul(colon + 1, NULL, 10);
	}
	return frame;
}

/* Push frames [0, n), newest first, from the oldest on. */
static uint32_t
push(struct session *s, const struct symbol_frame *frames, int n)
{
	uint32_t node = 0;

	while (n-- > 0)
		node = stacks_push(s->stacks, node, &frames[n]);
	return node;
}

static void
set_trace(struct session *s, uint64_t size, uint64_t count, const char *text)
{
	struct symbol_frame frames[MAX_FRAMES];
	struct query_trace trace = { .size = size, .count = count,
		.allocs = count * 2, .allocated = size * 2,
		.temporary = count / 4 };
	int n = 0, skip = (int)s->n_skipped;
	size_t length;

	for (; *text != '\0' && n < MAX_FRAMES; n++) {
		length = strcspn(text, " ");
		frames[n] = parse_frame(s, text, length);
		text += length + (text[length] == ' ');
	}
	trace.full = push(s, frames, n);
	trace.stack = push(s, frames + skip, n - skip);
	trace.total_nframe = (uint32_t)n;
	for (size_t i = 0; i < s->traces.n; i++) {
		if (s->traces.items[i].full == trace.full) {
			s->traces.items[i] = trace;
			return;
		}
	}
	vec_push(&s->traces, trace);
}

static struct totals
sum_up(const struct session *s)
{
	struct totals totals = s->snapshot->totals;

	totals.traced_bytes = totals.blocks = totals.tracebacks = 0;
	for (size_t i = 0; i < s->traces.n; i++) {
		totals.traced_bytes += s->traces.items[i].size;
		totals.blocks += s->traces.items[i].count;
		totals.tracebacks++;
	}
	if (totals.peak_bytes < totals.traced_bytes)
		totals.peak_bytes = totals.traced_bytes;
	return totals;
}

/* ---- life ---- */

struct session *
fake_session_new(struct strbuf *log)
{
	struct session *s = xcalloc(1, sizeof *s);
	struct process *process;

	s->names = names_new();
	s->stacks = stacks_new(s->names);
	s->log = log;
	s->grouping = BY_LINENO;
	s->growth_sort = SORT_GROWTH;
	s->skips = s->has_pty = true;
	s->baseline = s->shown = -1;
	strbuf_init(&s->filters_text, 1000);
	s->snapshot = snapshot_new(0, 2);
	s->run = (struct run_info){ .state = RUN_RUNNING, .pid = 48213,
		.command = "./cached --port 7000", .name = "cached",
		.uptime_ns = 761000000000 };
	process = s->snapshot->processes;
	process[0] = (struct process){ .pid = 48213, .ppid = 1,
		.n_threads = 4, .wait_status = -1, .name = "cached",
		.command = "./cached --port 7000",
		.totals = { .traced_bytes = 123000000, .allocs = 9000000 } };
	process[1] = (struct process){ .pid = 48261, .ppid = 48213,
		.state = PROCESS_EXITED, .wait_status = 0, .name = "gzip",
		.command = "gzip -9 dump.db",
		.totals = { .allocs = 1234 } };
	s->snapshot->totals = (struct totals){ .peak_bytes = 137363456,
		.rss_bytes = 179306496, .overhead_bytes = 10066329 };
	s->marks[MARK_START].mark = (struct mark){ .name = "start" };
	s->marks[MARK_PEAK].mark = (struct mark){ .name = "peak" };
	s->n_marks = N_FIXED_MARKS;
	s->next_mark = 1;
	return s;
}

static void
forget_rows(struct session *s)
{
	stats_free(s->rows);
	stats_free(s->all);
	s->rows = s->all = NULL;
}

void
fake_session_free(struct session *s)
{
	forget_rows(s);
	fake_drop_tree(s);
	if (s->shown >= 0)
		s->traces = s->live;	/* the others are the mark's */
	for (size_t i = 0; i < s->n_marks; i++)
		vec_fini(&s->marks[i].traces);
	for (size_t i = 0; i < s->output.n; i++)
		free(s->output.items[i]);
	vec_fini(&s->output);
	vec_fini(&s->traces);
	filter_free(s->filter);
	filter_list_fini(&s->filters);
	strbuf_fini(&s->filters_text);
	free(s->quick);
	snapshot_release(s->snapshot);
	stacks_free(s->stacks);
	names_free(s->names);
	free(s);
}

/* ---- refreshing ---- */

struct query_traces
fake_filtered(const struct session *s, const trace_list *list)
{
	struct query_traces traces = { .stacks = s->stacks,
		.n = (uint32_t)list->n, .traces = list->items };
	struct query_traces kept;
	struct filter_set *set = fake_filters(s);

	filter_apply(set, &traces, &kept, NULL);
	filter_set_free(set);
	return kept;
}

static struct stats_table *
group(const struct session *s, const trace_list *list, bool is_filtered)
{
	struct query_traces traces = { .stacks = s->stacks,
		.n = (uint32_t)list->n, .traces = list->items };
	struct query_traces kept;
	struct stats_table *table;

	if (!is_filtered)
		return group_by(&traces, s->grouping, s->cumulative);
	kept = fake_filtered(s, list);
	table = group_by(&kept, s->grouping, s->cumulative);
	free(kept.traces);
	return table;
}

static struct stats_table *
compare(const struct session *s, bool is_filtered)
{
	struct stats_table *now = group(s, &s->traces, is_filtered);
	struct stats_table *old, *diff;

	if (s->baseline < 0)
		return now;
	old = group(s, &s->marks[s->baseline].traces, is_filtered);
	diff = diff_tables(old, now);
	stats_free(old);
	stats_free(now);
	return diff;
}

/* The tests of rows that the quick filter has. */
static void
test_rows(const struct session *s, struct stats_table *rows)
{
	struct filter_set *set = fake_filters(s);

	filter_rows(set, rows, s->cumulative);
	filter_set_free(set);
}

void
session_refresh(struct session *s, enum stage from, int symbol_wait_ms)
{
	(void)symbol_wait_ms;
	if (from >= STAGE_DRAW)
		return;
	forget_rows(s);
	s->snapshot->time_ns += 1000000000;
	s->snapshot->totals = sum_up(s);
	if (s->shown < 0)
		s->latest = s->snapshot->totals;
	s->all = compare(s, false);
	s->rows = compare(s, true);
	test_rows(s, s->rows);
	order_rows(s->rows, session_sort(s, NULL), s->reverse);
	order_rows(s->all, session_sort(s, NULL), s->reverse);
	s->rows->n_unfiltered = s->all->n_rows;
	s->rows->has_survivors = s->has_survivors && s->baseline >= 0;
	fake_make_tree(s);
}

bool
session_refresh_slice(struct session *s, enum stage from, int budget_ms)
{
	(void)budget_ms;
	session_refresh(s, from, 0);
	return true;
}

bool
session_is_refreshing(const struct session *s)
{
	(void)s;
	return false;
}

const char *
session_refresh_doing(const struct session *s, unsigned *elapsed_ms)
{
	*elapsed_ms = s->doing_ms;
	return s->doing_ms > 0 ? "grouping" : NULL;
}

void
session_want_rows(struct session *s, uint32_t n)
{
	(void)s;
	(void)n;
}

const struct run_info *
session_run(const struct session *s)
{
	return &s->run;
}

int
session_fds(const struct session *s, struct pollfd *fds, int room)
{
	(void)s;
	(void)fds;
	(void)room;
	return 0;
}

bool
session_pump(struct session *s)
{
	(void)s;
	return true;
}

const struct stats_table *
session_rows(const struct session *s)
{
	return s->rows;
}

const struct snapshot *
session_snapshot(const struct session *s)
{
	return s->snapshot;
}

const char *
session_domain_name(const struct session *s, uint32_t domain)
{
	(void)s;
	return domain == 0 ? "malloc" : domain == 5 ? "pool" : NULL;
}

const struct names *
session_names(const struct session *s)
{
	return s->names;
}

uint32_t
session_symbols_pending(const struct session *s)
{
	return s->n_pending;
}

void
session_stop_fetching(struct session *s)
{
	(void)s;
}

void
session_symbols_text(const struct session *s, char *to, size_t room)
{
	(void)s;
	if (room > 0)
		to[0] = '\0';
}

const char *
session_trouble(const struct session *s)
{
	return s->trouble;
}

struct stats_table *
session_tracebacks(const struct session *s, const struct statistic *row)
{
	trace_list list = VEC_INIT;
	struct query_traces traces;
	struct stats_table *table;

	for (size_t i = 0; i < s->traces.n; i++) {
		if (stats_is_at(s->rows, row, s->traces.items[i].stack))
			vec_push(&list, s->traces.items[i]);
	}
	traces = (struct query_traces){ .stacks = s->stacks,
		.n = (uint32_t)list.n, .traces = list.items };
	table = group_by(&traces, BY_TRACEBACK, CUMULATIVE_OFF);
	order_rows(table, SORT_SIZE, false);
	vec_fini(&list);
	return table;
}

const struct query_trace *
session_trace(const struct session *s, uint32_t stack)
{
	for (size_t i = 0; i < s->traces.n; i++) {
		if (s->traces.items[i].stack == stack)
			return &s->traces.items[i];
	}
	return NULL;
}

uint32_t
session_full_stack(const struct session *s, uint32_t stack)
{
	const struct query_trace *trace = session_trace(s, stack);

	return trace != NULL ? trace->full : stack;
}

struct rates
session_rates(const struct session *s)
{
	(void)s;
	return (struct rates){ .allocs = 84213, .frees = 83909,
		.allocated_bytes = 9542041, .freed_bytes = 9368985,
		.net_bytes = 173056 };
}

size_t
session_history(const struct session *s, uint64_t *values, size_t room,
    unsigned *span_s)
{
	size_t n = room < N_HISTORY ? room : N_HISTORY;

	(void)s;
	*span_s = 600;
	for (size_t i = 0; i < n; i++)
		values[i] = (i + 1) * 124151398 / n;
	return n;
}

/* ---- what is shown ---- */

enum stage
session_set_grouping(struct session *s, enum grouping grouping)
{
	s->grouping = grouping;
	return STAGE_GROUP;
}

enum stage
session_set_sort(struct session *s, enum sort_key key, bool reverse)
{
	if (s->baseline >= 0)
		s->growth_sort = key;
	else
		s->sort = key;
	s->reverse = reverse;
	return STAGE_ORDER;
}

enum stage
session_set_cumulative(struct session *s, enum cumulative cumulative)
{
	s->cumulative = cumulative;
	return STAGE_GROUP;
}

enum stage
session_set_limit(struct session *s, uint32_t n_frames)
{
	s->limit = n_frames;
	return STAGE_ATTRIBUTE;
}

uint32_t
session_limit(const struct session *s)
{
	return s->limit;
}

enum stage
session_set_skip(struct session *s, bool on)
{
	s->skips = on;
	return STAGE_ATTRIBUTE;
}

enum stage
session_set_process(struct session *s, pid_t pid)
{
	s->process = pid;
	return STAGE_ATTRIBUTE;
}

enum stage
session_set_paused(struct session *s, bool paused)
{
	s->paused = paused;
	return paused ? STAGE_DRAW : STAGE_SNAPSHOT;
}

enum grouping
session_grouping(const struct session *s)
{
	return s->grouping;
}

enum sort_key
session_sort(const struct session *s, bool *reverse)
{
	if (reverse != NULL)
		*reverse = s->reverse;
	return s->baseline >= 0 ? s->growth_sort : s->sort;
}

enum cumulative
session_cumulative(const struct session *s)
{
	return s->cumulative;
}

bool
session_skips(const struct session *s)
{
	return s->skips;
}

pid_t
session_process(const struct session *s)
{
	return s->process;
}

bool
session_is_paused(const struct session *s)
{
	return s->paused;
}

bool
session_set_quick(struct session *s, const char *text, struct errbuf *why,
    struct errbuf *note, enum stage *stage)
{
	bool is_empty = text == NULL || text[0] == '\0';
	struct filter *filter = NULL;

	*stage = STAGE_IDLE;
	if (!is_empty) {
		filter = filter_parse(text, FILTER_PROMPT, why, note);
		if (filter == NULL)
			return false;
	}
	filter_free(s->filter);
	free(s->quick);
	s->filter = filter;
	s->quick = is_empty ? NULL : xstrdup(text);
	fake_name_filters(s);
	*stage = STAGE_FILTER;
	return true;
}

const char *
session_quick(const struct session *s)
{
	return s->quick != NULL ? s->quick : "";
}

const char *
session_filters_text(const struct session *s)
{
	return strbuf_text(&s->filters_text);
}

struct filter_effect
session_filter_effect(const struct session *s)
{
	struct filter_effect effect = { .text = "", .inclusive = true };

	if (s->rows == NULL)
		return effect;
	effect.n_matched = s->rows->n_rows;
	effect.n_total = s->all->n_rows;
	effect.size_matched = s->rows->size;
	effect.size_total = s->all->size;
	if (s->filter != NULL) {
		effect.text = filter_text(s->filter) + 1;
		effect.inclusive = filter_is_inclusive(s->filter);
		effect.has_pattern = filter_pattern(s->filter)[0] != '\0';
	}
	return effect;
}

uint32_t
session_filter_errors(const struct session *s)
{
	return s->n_filter_errors;
}

/* ---- recording ---- */

enum record_mode
session_recording(const struct session *s)
{
	return s->recording;
}

enum stage
session_set_recording(struct session *s, enum record_mode mode)
{
	static const char *const words[] = { "on", "held", "stopped" };

	strbuf_printf(s->log, "-- recording %s\n", words[mode]);
	s->recording = mode;
	return STAGE_SNAPSHOT;
}

enum stage
session_clear(struct session *s)
{
	strbuf_puts(s->log, "-- cleared\n");
	return STAGE_SNAPSHOT;
}

enum stage
session_reset_peak(struct session *s)
{
	s->snapshot->totals.peak_bytes = 0;
	return STAGE_SNAPSHOT;
}

/* ---- marks ---- */

/* The peak is the scene "peak". */
static void
read_peak(struct session *s)
{
	trace_list traces = s->traces;

	s->traces = s->marks[MARK_PEAK].traces;
	set_scene(s, "peak");
	s->marks[MARK_PEAK].traces = s->traces;
	s->traces = traces;
}

bool
session_find_mark(struct session *s)
{
	(void)s;
	return false;
}

enum stage
session_set_shown(struct session *s, int i)
{
	if (i == MARK_PEAK)
		read_peak(s);
	if (s->shown < 0 && i < 0)
		return STAGE_IDLE;
	if (s->shown < 0)
		s->live = s->traces;
	s->traces = i >= 0 ? s->marks[i].traces : s->live;
	s->shown = i;
	return STAGE_ATTRIBUTE;
}

int
session_shown(const struct session *s)
{
	return s->shown;
}

const struct totals *
session_latest_totals(const struct session *s)
{
	return &s->latest;
}

unsigned
session_mark(struct session *s, enum stage *stage)
{
	struct fake_mark *mark = &s->marks[s->n_marks];

	if (s->n_marks == MAX_MARKS)
		abort();
	session_set_shown(s, -1);
	*mark = (struct fake_mark){ .mark = { .number = s->next_mark++,
		.uptime_ns = s->run.uptime_ns, .totals = sum_up(s) } };
	snprintf(mark->mark.name, sizeof mark->mark.name, "mark %u",
	    mark->mark.number);
	for (size_t i = 0; i < s->traces.n; i++)
		vec_push(&mark->traces, s->traces.items[i]);
	*stage = session_set_baseline(s, (int)s->n_marks++);
	return mark->mark.number;
}

size_t
session_n_marks(const struct session *s)
{
	return s->n_marks;
}

const struct mark *
session_get_mark(const struct session *s, size_t i)
{
	return &s->marks[i].mark;
}

void
session_rename_mark(struct session *s, size_t i, const char *name)
{
	snprintf(s->marks[i].mark.name, sizeof s->marks[i].mark.name, "%s",
	    name);
}

enum stage
session_delete_mark(struct session *s, size_t i)
{
	vec_fini(&s->marks[i].traces);
	memmove(&s->marks[i], &s->marks[i + 1],
	    (--s->n_marks - i) * sizeof s->marks[0]);
	if (s->baseline == (int)i)
		s->baseline = -1;
	s->last_baseline = 0;
	return STAGE_ATTRIBUTE;
}

enum stage
session_set_survivors(struct session *s, bool on)
{
	s->has_survivors = on;
	return STAGE_GROUP;
}

bool
session_wants_survivors(const struct session *s)
{
	return s->has_survivors;
}

enum stage
session_set_baseline(struct session *s, int i)
{
	if (i == MARK_PEAK)
		read_peak(s);
	s->baseline = i;
	if (i >= 0)
		s->last_baseline = i;
	return STAGE_ATTRIBUTE;
}

int
session_baseline(const struct session *s)
{
	return s->baseline;
}

int
session_last_baseline(const struct session *s)
{
	return s->last_baseline;
}

/* ---- the program ---- */

void
session_signal(struct session *s, int signal)
{
	strbuf_printf(s->log, "-- sent SIG%s\n", sigabbrev_np(signal));
	if (signal == SIGTERM || signal == SIGKILL) {
		s->run.state = RUN_KILLED;
		s->run.status = signal;
		s->run.exit_code = 128 + signal;
		s->run.is_over = true;
	}
}

void
session_leave_running(struct session *s)
{
	strbuf_puts(s->log, "-- left running\n");
}

size_t
session_output_lines(const struct session *s, uint64_t *n_dropped)
{
	if (n_dropped != NULL)
		*n_dropped = s->n_dropped;
	return s->output.n;
}

const char *
session_output_line(const struct session *s, size_t i)
{
	return s->output.items[i];
}

bool
session_has_pty(const struct session *s)
{
	return s->has_pty;
}

bool
session_terminal(struct session *s, int tty_fd)
{
	(void)s;
	(void)tty_fd;
	return false;
}

void
session_resize(struct session *s, int rows, int cols)
{
	(void)s;
	(void)rows;
	(void)cols;
}

void
session_screen_taken(struct session *s, bool is_taken, const void *reset,
    size_t reset_size)
{
	(void)s;
	(void)is_taken;
	(void)reset;
	(void)reset_size;
}

/* ---- commands ---- */

static bool
set_scene(struct session *s, const char *name)
{
	const struct fake_line *line = fake_scene(name);

	vec_clear(&s->traces);
	for (; line != NULL && line->frames != NULL; line++)
		set_trace(s, line->size, line->count, line->frames);
	return line != NULL;
}

static bool
set_rows(struct session *s, unsigned n)
{
	char frames[64];

	for (unsigned i = 1; i <= n; i++) {
		snprintf(frames, sizeof frames, "gen/f%04u.c:%u=gen_%u", i, i,
		    i);
		set_trace(s, (n - i + 1) * 16, 1, frames);
	}
	return true;
}

static bool
set_state(struct session *s, const char *words)
{
	static const struct { const char *word; enum run_state state; }
	    states[] = { { "running", RUN_RUNNING },
		{ "starting", RUN_STARTING }, { "stopped", RUN_STOPPED },
		{ "exited", RUN_EXITED }, { "killed", RUN_KILLED },
		{ "gone", RUN_GONE }, { "file", RUN_FILE } };
	char word[16] = "";
	int number = 0;

	sscanf(words, "%15s %d", word, &number);
	for (size_t i = 0; i < array_size(states); i++) {
		if (strcmp(states[i].word, word) != 0)
			continue;
		s->run.state = states[i].state;
		s->run.status = number;
		s->run.is_over = states[i].state >= RUN_EXITED;
		s->run.exit_code = states[i].state == RUN_KILLED ?
		    128 + number : number;
		return true;
	}
	return false;
}

static void
add_output(struct session *s, const char *text)
{
	vec_push(&s->output, xstrdup(text));
}

static bool
set_trace_line(struct session *s, const char *text)
{
	uint64_t size, count;
	int at = 0;

	if (sscanf(text, "%" SCNu64 " %" SCNu64 " %n", &size, &count, &at) != 2)
		return false;
	set_trace(s, size, count, text + at);
	return true;
}

static bool
set_number(struct session *s, const char *word, uint64_t number)
{
	struct totals *totals = &s->snapshot->totals;

	if (strcmp(word, "uptime") == 0)
		s->run.uptime_ns = number * 1000000000;
	else if (strcmp(word, "lost") == 0)
		totals->lost = number;
	else if (strcmp(word, "sample") == 0)
		totals->sample_bytes = number;
	else if (strcmp(word, "truncated") == 0)
		totals->truncated = number;
	else if (strcmp(word, "pending") == 0)
		s->n_pending = (uint32_t)number;
	else if (strcmp(word, "unmatched") == 0)
		s->n_filter_errors = (uint32_t)number;
	else if (strcmp(word, "threads") == 0)
		s->snapshot->processes[0].n_threads = (uint32_t)number;
	else if (strcmp(word, "doing") == 0)
		s->doing_ms = (unsigned)number;
	else if (strcmp(word, "skip") == 0)
		s->n_skipped = (unsigned)number;
	else if (strcmp(word, "dropped") == 0)
		s->n_dropped = number;
	else if (strcmp(word, "input") == 0)
		s->run.wants_input = number != 0;
	else if (strcmp(word, "rows") == 0)
		return set_rows(s, (unsigned)number);
	else
		return false;
	return true;
}

bool
fake_session_command(struct session *s, const char *line)
{
	char word[16] = "";
	const char *rest;
	size_t n = strcspn(line, " ");

	if (n >= sizeof word)
		return false;
	memcpy(word, line, n);
	rest = line + n + (line[n] == ' ');
	if (strcmp(word, "scene") == 0)
		return set_scene(s, rest);
	if (strcmp(word, "set") == 0)
		return set_trace_line(s, rest);
	if (strcmp(word, "state") == 0)
		return set_state(s, rest);
	if (strcmp(word, "output") == 0)
		add_output(s, rest);
	else if (strcmp(word, "redirected") == 0)
		s->has_pty = false;
	else if (strcmp(word, "notice") == 0)
		snprintf(s->run.notice, sizeof s->run.notice, "%s", rest);
	else if (strcmp(word, "trouble") == 0)
		snprintf(s->trouble, sizeof s->trouble, "%s", rest);
	else
		return set_number(s, word, strtoull(rest, NULL, 10));
	return true;
}
