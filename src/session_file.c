/*
 * session_file.c - a session over a snapshot file, and marks from files (L6).
 *
 * Shape      The file is read into tables of the session's own, beside which
 *            nothing else is needed: its last moment is the latest reading,
 *            its peak is the peak, its others are marks.
 * Why        Screen and reports then take the same way as over a run, so that
 *            what they say of a file is what they said when it was saved.
 */
#include "session_state.h"

#include "util/names.h"
#include "util/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const enum run_state states[N_STORE_STATES] = {
	[STORE_RUNNING] = RUN_RUNNING, [STORE_STOPPED] = RUN_STOPPED,
	[STORE_EXITED] = RUN_EXITED, [STORE_KILLED] = RUN_KILLED,
	[STORE_LOST] = RUN_GONE,
};

/* ---- moments to marks ---- */

static struct session_mark_entry
make_entry(const struct store_moment *moment, unsigned number)
{
	struct session_mark_entry entry = {
		.mark = { .number = number, .uptime_ns = moment->uptime_ns,
		    .wall_time = (time_t)(moment->time_ns / 1000000000),
		    .totals = moment->snapshot->totals },
		.snapshot = snapshot_take(moment->snapshot),
	};

	entry.mark.is_interval = moment->kind == STORE_INTERVAL;
	snprintf(entry.mark.name, sizeof entry.mark.name, "%s",
	    moment->name[0] != '\0' ? moment->name : "interval");
	return entry;
}

static struct session_mark_entry *
take_mark(struct session *s, const struct store_moment *moment)
{
	vec_push(&s->marks, make_entry(moment, moment->kind == STORE_MARK ?
	    moment->number : s->next_mark++));
	return vec_last(&s->marks);
}

static struct session_mark_entry *
take_peak(struct session *s, const struct store_moment *moment)
{
	struct session_mark_entry *peak = &s->marks.items[MARK_PEAK];

	snapshot_release(peak->snapshot);
	*peak = make_entry(moment, 0);
	snprintf(peak->mark.name, sizeof peak->mark.name, "peak");
	return peak;
}

/* The history line shows what was recorded at intervals. */
static void
take_reading(struct session *s, const struct store_moment *moment)
{
	struct session_reading reading = { .time_ns = moment->uptime_ns,
		.totals = moment->snapshot->totals };

	if (s->readings.n == 0 ||
	    vec_last(&s->readings)->time_ns < reading.time_ns)
		vec_push(&s->readings, reading);
}

/* Intervals are numbered behind the marks, whose numbers are known. */
static void
take_moments(struct session *s, const struct store_contents *contents)
{
	size_t n = contents->moments.n - 1;	/* the last is now */

	for (size_t i = 0; i < n; i++) {
		const struct store_moment *moment =
		    &contents->moments.items[i];

		if (moment->number >= s->next_mark &&
		    moment->number < UINT32_MAX / 2)
			s->next_mark = moment->number + 1;
	}
	for (size_t i = 0; i < n; i++) {
		const struct store_moment *moment =
		    &contents->moments.items[i];
		struct session_mark_entry *entry;

		if (moment->kind == STORE_PEAK)
			entry = take_peak(s, moment);
		else
			entry = take_mark(s, moment);
		entry->file = contents->file;
		entry->moment = i;
		if (moment->kind == STORE_INTERVAL)
			take_reading(s, moment);
	}
}

static void
take_now(struct session *s, const struct store_moment *moment)
{
	s->run.saved_state = states[moment->state];
	s->run.status = moment->status;
	s->run.read_at = (struct timespec){
		.tv_sec = (time_t)(moment->time_ns / 1000000000),
		.tv_nsec = (long)(moment->time_ns % 1000000000) };
	s->file_recording = moment->recording;
	s->end_ns = moment->uptime_ns;
	session_feed(s, moment->snapshot);
}

/* ---- facts ---- */

static const char *
fact_or_empty(const struct session *s, const char *key)
{
	const char *value = session_fact(s, key, 0);

	return value != NULL ? value : "";
}

static void
name_run(struct session *s)
{
	const char *command = fact_or_empty(s, "command");
	const char *name = fact_or_empty(s, "name");

	sanitise(s->run.command, sizeof s->run.command, command,
	    strlen(command));
	sanitise(s->run.name, sizeof s->run.name, name, strlen(name));
	s->run.pid = (pid_t)strtol(fact_or_empty(s, "pid"), NULL, 10);
}

/* ---- FILE@MOMENT ---- */

struct moment_spec {
	char		*path;		/* owned */
	const char	*moment;	/* in `spec`; NULL: the last one */
};

/* A file whose name has an @ is itself. */
static struct moment_spec
split_spec(const char *spec)
{
	const char *at = strrchr(spec, '@');

	if (at == NULL || access(spec, F_OK) == 0)
		return (struct moment_spec){ .path = xstrdup(spec) };
	return (struct moment_spec){ .moment = at + 1,
		.path = xstrndup(spec, (size_t)(at - spec)) };
}

/* Is the mark called so, or does it have this number? */
static bool
is_called(const struct mark *mark, const char *moment)
{
	char number[16];

	snprintf(number, sizeof number, "%u", mark->number);
	return strcmp(mark->name, moment) == 0 ||
	    strcmp(number, moment[0] == '#' ? moment + 1 : moment) == 0;
}

/* The latest mark from `first` on that is called so, or -1. */
static int
find_mark(const struct session *s, size_t first, const char *moment,
    const char *path, struct errbuf *why)
{
	const struct session_mark_entry *peak = &s->marks.items[MARK_PEAK];
	char shown[80], file[120];

	if (strcmp(moment, "peak") == 0 &&
	    (peak->file != NULL || peak->snapshot->n_traces > 0))
		return MARK_PEAK;
	for (size_t i = s->marks.n; i-- > first;) {
		if (is_called(&s->marks.items[i].mark, moment))
			return (int)i;
	}
	sanitise(shown, sizeof shown, moment, strlen(moment));
	sanitise(file, sizeof file, path, strlen(path));
	errbuf_set(why, "%s has no mark '%s'", file, shown);
	return -1;
}

/* ---- files ---- */

static int
read_file(struct session *s, const char *path, struct errbuf *why)
{
	struct store_contents contents;

	if (store_load(path, STORE_LAST, s->frames, s->symbols, s->names,
	    &contents, why) < 0)
		return -1;
	s->facts = contents.facts;
	contents.facts = (struct store_facts){ .list = VEC_INIT };
	name_run(s);
	take_moments(s, &contents);
	take_now(s, vec_last(&contents.moments));
	vec_push(&s->files, contents.file);
	contents.file = NULL;
	store_contents_fini(&contents);
	return 0;
}

/* A file, and which of its moments is to be seen. */
static int
read_spec(struct session *s, const char *text, struct errbuf *why)
{
	struct moment_spec spec = split_spec(text);
	int rc = read_file(s, spec.path, why), i;

	if (rc == 0 && spec.moment != NULL) {
		i = find_mark(s, N_FIXED_MARKS, spec.moment, spec.path, why);
		if (i < 0)
			rc = -1;
		else
			session_set_shown(s, i);
	}
	free(spec.path);
	return rc;
}

struct session *
session_open_file(const struct options *options, const char *path,
    struct errbuf *why)
{
	struct session *s = session_make(options, why);

	if (s == NULL)
		return NULL;
	s->owns_tables = true;
	s->frames = frame_store_new();
	s->names = names_new();
	s->symbols = symbols_new_saved(s->frames, s->names);
	s->attribution = attribution_new(s->frames, s->symbols, s->names);
	s->run.state = RUN_FILE;
	s->run.is_over = true;
	if (read_spec(s, path, why) < 0 || session_load_baseline(s, why) < 0) {
		session_free(s);
		return NULL;
	}
	return s;
}

/* Which of the file's moments is meant; NULL: it has none of that name. */
static const struct store_moment *
choose_moment(const struct store_contents *contents,
    const struct moment_spec *spec, struct errbuf *why)
{
	struct session other = { .marks = VEC_INIT };
	const struct store_moment *moment = NULL;
	int at = -1;

	if (spec->moment == NULL)
		return vec_last(&contents->moments);
	/* As they are called in a session over the file. */
	session_make_fixed_marks(&other);
	take_moments(&other, contents);
	at = find_mark(&other, N_FIXED_MARKS, spec->moment, spec->path, why);
	for (size_t i = 0; at >= 0 && i < contents->moments.n; i++) {
		if (contents->moments.items[i].snapshot ==
		    other.marks.items[at].snapshot)
			moment = &contents->moments.items[i];
	}
	session_drop_marks(&other);
	vec_fini(&other.readings);
	return moment;
}

static int
fill_moment(const struct store_contents *contents,
    const struct store_moment *moment, struct errbuf *why)
{
	size_t i = (size_t)(moment - contents->moments.items);

	/* The last one was read with the file. */
	return i + 1 == contents->moments.n ? 0 :
	    store_fill(contents->file, i, moment->snapshot, why);
}

int
session_load_mark(struct session *s, const char *path, struct errbuf *why)
{
	struct moment_spec spec = split_spec(path);
	struct store_contents contents;
	const struct store_moment *moment;
	struct session_mark_entry entry;
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;
	uint32_t n_modules = frame_store_n_modules(s->frames);
	int rc = -1;

	session_finish_refresh(s);
	if (store_load(spec.path, STORE_LAST, s->frames, s->symbols, s->names,
	    &contents, why) < 0)
		goto out;
	moment = choose_moment(&contents, &spec, why);
	if (moment != NULL && fill_moment(&contents, moment, why) == 0) {
		entry = make_entry(moment, s->next_mark++);
		entry.modules = (struct module_range){ .begin = n_modules,
			.end = frame_store_n_modules(s->frames) };
		sanitise(entry.mark.name, sizeof entry.mark.name, base,
		    strlen(base));
		vec_push(&s->marks, entry);
		rc = (int)s->marks.n - 1;
	}
	store_contents_fini(&contents);
out:
	free(spec.path);
	return rc;
}

int
session_load_baseline(struct session *s, struct errbuf *why)
{
	int i;

	if (s->options->baseline == NULL)
		return 0;
	i = session_load_mark(s, s->options->baseline, why);
	if (i < 0)
		return -1;
	session_set_baseline(s, i);
	return 0;
}
