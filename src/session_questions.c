/*
 * session_questions.c - what traced processes ask: see tmtop.h (L6).
 *
 * Shape      Questions come as events, are put aside, and are answered when
 *            nothing else is under way.
 * Why        An answer needs a reading, and names for its filter; what is on
 *            show must not change by it.  So growth is made of a reading and
 *            an attribution of its own.
 * Limits     Names that have not come after NAMES_WAIT_MS leave a question of
 *            a filter unanswered: the asker waits no longer either.
 */
#include "session_state.h"

#include "util/names.h"
#include "util/xalloc.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_QUESTIONS = 16, NAMES_WAIT_MS = 8000 };

/* ---- growth ---- */

static bool
is_askers(const struct snapshot *snapshot, uint32_t process, pid_t pid)
{
	assert(process < snapshot->n_processes);
	return snapshot->processes[process].pid == pid &&
	    snapshot->processes[process].state == PROCESS_RUNNING;
}

/* All that is live in a process. */
static void
add_all(struct client_answer *answer, const struct snapshot *snapshot,
    pid_t pid, int sign)
{
	for (uint32_t i = 0; i < snapshot->n_traces; i++) {
		const struct trace *trace = &snapshot->traces[i];

		if (!is_askers(snapshot, trace->process, pid))
			continue;
		answer->bytes += sign * (int64_t)trace->size;
		answer->blocks += sign * (int64_t)trace->count;
	}
}

/* What a filter keeps of it. */
static void
add_filtered(struct client_answer *answer, const struct snapshot *snapshot,
    pid_t pid, int sign, struct attribution *attribution,
    const struct filter_set *filters)
{
	struct query_traces traces, kept;

	attribution_apply(attribution, snapshot, &traces);
	filter_apply(filters, &traces, &kept, NULL);
	for (uint32_t i = 0; i < kept.n; i++) {
		const struct query_trace *trace = &kept.traces[i];

		if (!is_askers(snapshot, trace->process, pid))
			continue;
		answer->bytes += sign * (int64_t)trace->size;
		answer->blocks += sign * (int64_t)trace->count;
	}
	free(kept.traces);
	free(traces.traces);
}

/* Two moments: the mark, if there is one, and now. */
struct span_of_growth {
	struct snapshot	*base;		/* borrowed; NULL: nothing */
	struct snapshot	*now;
};

static void
compare_filtered(struct session *s, const struct span_of_growth *span,
    pid_t pid, const struct filter_set *filters, struct client_answer *answer)
{
	struct attribution *attribution = attribution_new(s->frames,
	    s->symbols, s->names);
	uint64_t end_ns = session_now_ns() + NAMES_WAIT_MS * 1000000ull;
	uint64_t now_ns;

	attribution_set_skip(attribution, s->options->skip ? s->skip_list :
	    NULL);
	attribution_set_live_only(attribution, true);
	for (;;) {
		*answer = (struct client_answer){ .result =
		    CLIENT_ANSWER_DONE };
		add_filtered(answer, span->now, pid, 1, attribution, filters);
		if (span->base != NULL)
			add_filtered(answer, span->base, pid, -1, attribution,
			    filters);
		now_ns = session_now_ns();
		if (symbols_n_pending(s->symbols) == 0 || now_ns >= end_ns)
			break;
		if (symbols_pump(s->symbols,
		    (int)((end_ns - now_ns) / 1000000u) + 1))
			s->symbols_changed = true;
		attribution_refresh(attribution);
	}
	if (symbols_n_pending(s->symbols) > 0)
		answer->result = CLIENT_ANSWER_FAILED;
	attribution_free(attribution);
}

/* NULL, with *result set: it is none of traces. */
static struct filter_set *
parse_filters(struct session *s, const char *text,
    struct client_answer *answer)
{
	struct filter_set *set;
	struct filter *filter;
	struct errbuf why;
	char note[400];

	filter = filter_parse(text, FILTER_EXACT, &why, NULL);
	set = filter != NULL ? filter_set_new(&filter, 1) : NULL;
	if (set != NULL && (filter_set_has_row_tests(set) ||
	    filter_set_has_block_tests(set))) {
		errbuf_set(&why, "tests of rows and blocks mean nothing here");
		filter_set_free(set);
		set = NULL;
	}
	if (set == NULL) {
		snprintf(note, sizeof note, "the program asks for growth of "
		    "'%.80s': %s", text, why.text);
		session_note(s, note);
		answer->result = CLIENT_ANSWER_BAD_FILTER;
	}
	return set;
}

/* The latest mark of the program itself. */
static struct snapshot *
find_base(struct session *s)
{
	session_find_mark(s);
	for (size_t i = s->marks.n; i-- > N_FIXED_MARKS;)
		if (s->marks.items[i].is_programs)
			return s->marks.items[i].snapshot;
	return NULL;
}

static struct client_answer
answer_growth(struct session *s, const struct session_question *question)
{
	struct client_answer answer = { .result = CLIENT_ANSWER_DONE };
	struct filter_set *filters = NULL;
	struct span_of_growth span;

	if (question->text[0] != '\0') {
		filters = parse_filters(s, question->text, &answer);
		if (filters == NULL)
			return answer;
	}
	span.base = find_base(s);
	span.now = session_read_snapshot(s);
	if (filters != NULL) {
		compare_filtered(s, &span, question->asked.pid, filters,
		    &answer);
	} else {
		add_all(&answer, span.now, question->asked.pid, 1);
		if (span.base != NULL)
			add_all(&answer, span.base, question->asked.pid, -1);
	}
	snapshot_release(span.now);
	filter_set_free(filters);
	return answer;
}

/* ---- snapshots ---- */

/* As the process means it; NULL: there is no telling. */
static char *
absolute_path(const struct session_question *question)
{
	struct strbuf path = STRBUF_INIT(2 * PATH_MAX);
	char link[64], directory[PATH_MAX];
	char *copy;
	ssize_t n;

	if (question->text[0] == '/')
		return xstrdup(question->text);
	snprintf(link, sizeof link, "/proc/%d/cwd",
	    (int)question->asked.peer);
	n = readlink(link, directory, sizeof directory);
	if (n <= 0 || (size_t)n == sizeof directory || directory[0] != '/')
		return NULL;
	strbuf_printf(&path, "%.*s/%s", (int)n, directory, question->text);
	copy = xstrdup(strbuf_text(&path));
	strbuf_fini(&path);
	return copy;
}

static struct client_answer
answer_snapshot(struct session *s, const struct session_question *question)
{
	struct client_answer answer = { .result = CLIENT_ANSWER_FAILED };
	char *path = absolute_path(question);
	struct errbuf why;

	if (path == NULL)
		return answer;
	session_take_snapshot(s);
	if (session_save(s, path, 0, NAMES_WAIT_MS, &why) == 0)
		answer.result = CLIENT_ANSWER_DONE;
	else
		session_note(s, why.text);
	free(path);
	return answer;
}

/* ---- all ---- */

void
session_put_question(struct session *s, const struct client_event *event)
{
	const struct client_answer refusal = { CLIENT_ANSWER_FAILED, 0, 0 };
	struct session_question question = { .asked = event->question };

	if (s->questions.n >= MAX_QUESTIONS ||
	    memchr(event->bytes, '\0', event->size) != NULL) {
		client_answer(s->client, question.asked.number, &refusal);
		return;
	}
	question.text = xcalloc(event->size + 1, 1);
	memcpy(question.text, event->bytes, event->size);
	vec_push(&s->questions, question);
}

void
session_answer_questions(struct session *s)
{
	struct session_question question;
	struct client_answer answer;

	/* What answers them may bring more. */
	while (s->questions.n > 0 && !s->is_changing) {
		question = s->questions.items[0];
		vec_remove(&s->questions, 0);
		session_finish_refresh(s);
		answer = question.asked.what == CLIENT_ASKS_SNAPSHOT ?
		    answer_snapshot(s, &question) :
		    answer_growth(s, &question);
		if (s->client != NULL)
			client_answer(s->client, question.asked.number,
			    &answer);
		free(question.text);
	}
}

void
session_drop_questions(struct session *s)
{
	for (size_t i = 0; i < s->questions.n; i++)
		free(s->questions.items[i].text);
	vec_fini(&s->questions);
}
