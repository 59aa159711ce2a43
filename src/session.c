/*
 * session.c - one run being watched: its life and its events (L6).
 *
 * Role       Starts the program through the client of tmtop-run, takes the
 *            helper's events into run_info, and owns everything between the
 *            segment and the rows.  The pipeline is in session_refresh.c,
 *            what is shown in session_view.c, marks in session_marks.c,
 *            recording in session_recording.c, the program's terminal in
 *            session_output.c.
 * Why        The screen and the reports must never disagree, so they see the
 *            same object, and neither knows of clients, readers or symbols.
 * Limits     Notices are kept up to MAX_NOTICES; further ones are shown but
 *            not remembered.
 */
#include "session_state.h"

#include "session_paths.h"
#include "util/names.h"
#include "util/xalloc.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Processes that have ended and whose single blocks can still be asked for. */
enum { BLOCKS_OF_ENDED = 4 };

enum { MAX_NOTICES = 1000, EXIT_OWN_FAILURE = 125 };

uint64_t
session_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- life ---- */

static int
make_skip_list(struct session *s, struct errbuf *why)
{
	s->skip_list = skip_list_new((const char *const *)s->options->skips,
	    s->options->n_skips, why);
	return s->skip_list != NULL ? 0 : -1;
}

struct session *
session_make(const struct options *options, struct errbuf *why)
{
	struct session *s = xcalloc(1, sizeof *s);

	s->options = options;
	s->grouping = options->grouping;
	s->cumulative = options->cumulative;
	s->sort = options->sort < 0 ? SORT_SIZE :
	    (enum sort_key)options->sort;
	s->growth_sort = options->sort < 0 ? SORT_GROWTH : s->sort;
	s->reverse = options->reverse;
	s->skips = options->skip;
	s->attribution_changed = true;
	s->base_from = STAGE_ATTRIBUTE;
	s->baseline = s->shown = -1;
	s->wants_survivors = options->survivors;
	s->timer_fd = -1;
	strbuf_init(&s->filters_text, 4096);
	strbuf_init(&s->output.current, 8192);
	session_make_filters(s);
	/* Parsed before, so that it cannot fail. */
	if (options->ignored != NULL)
		s->ignored = ignore_list_new(options->ignored, NULL);
	session_make_fixed_marks(s);
	if (make_skip_list(s, why) == 0)
		return s;
	session_free(s);
	return NULL;
}

/* The program's words, for the header. */
static void
name_run(struct session *s, char **program)
{
	struct strbuf words = STRBUF_INIT(4 * sizeof s->run.command);
	const char *slash = strrchr(program[0], '/');
	const char *base = slash != NULL ? slash + 1 : program[0];

	for (char **word = program; *word != NULL; word++) {
		strbuf_printf(&words, "%s%s", word == program ? "" : " ",
		    *word);
	}
	sanitise(s->run.command, sizeof s->run.command, strbuf_text(&words),
	    words.size);
	sanitise(s->run.name, sizeof s->run.name, base, strlen(base));
	strbuf_fini(&words);
}

static struct client *
start_program(struct session *s, const struct session_paths *paths,
    struct errbuf *why, int *exit_code)
{
	const struct options *o = s->options;
	const char *verify = getenv("TMTOP_VERIFY");
	struct client *client;
	int tty_fd = o->batch ? -1 : session_open_terminal();

	client = client_start(&(struct client_plan){
		.helper_path = paths->run, .hook_path = paths->hook,
		.argv = o->program, .table_limit = o->table_size,
		.max_frames = o->frames, .sample_bytes = o->sample_bytes,
		.stopped = o->stopped, .follow_fork = o->follow_fork,
		.follow_exec = o->follow_exec,
		.use_libunwind = o->unwinder == UNWINDER_LIBUNWIND,
		.mappings = o->mappings,
		.by_thread = o->by_thread || o->grouping == BY_THREAD,
		.verify = verify != NULL && strcmp(verify, "1") == 0,
		.batch = o->batch, .tty_fd = tty_fd,
		.stdin_path = o->stdin_path, .stdout_path = o->stdout_path,
		.stderr_path = o->stderr_path, .output_log = o->output_log,
		.keep_on_hangup = o->on_hangup == HANGUP_KEEP,
	}, why, exit_code);
	if (tty_fd >= 0)
		close(tty_fd);
	return client;
}

/* --verbose: what is made of what. */
static void
note_parts(struct session *s, const struct session_paths *paths)
{
	struct strbuf text = STRBUF_INIT(2000);

	if (s->options->verbose == 0)
		return;
	strbuf_printf(&text, "pid %d, tmtop-run pid %d", (int)s->run.pid,
	    (int)client_helper_pid(s->client));
	session_note(s, strbuf_text(&text));
	strbuf_clear(&text);
	strbuf_printf(&text, "hook %s", paths->hook);
	session_note(s, strbuf_text(&text));
	strbuf_fini(&text);
}

static void
prepare_symbols(struct session *s, const struct session_paths *paths)
{
	char *path = s->options->no_cache ? NULL : session_cache_path();
	const char *servers = getenv("DEBUGINFOD_URLS");

	if (s->options->debuginfod && servers != NULL && servers[0] != '\0')
		symbols_use_debuginfod(s->symbols, paths->fetch);
	else if (s->options->debuginfod)
		session_note(s, "--debuginfod has no effect: DEBUGINFOD_URLS "
		    "names no server");

	if (path != NULL)
		symbols_use_cache(s->symbols, path);
	free(path);
}

struct session *
session_start(const struct options *options, struct errbuf *why,
    int *exit_code)
{
	struct session *s = session_make(options, why);
	struct session_paths paths;
	int rc = -1;

	*exit_code = EXIT_OWN_FAILURE;
	if (s == NULL)
		return NULL;
	session_paths_init(&paths);
	name_run(s, options->program);
	s->owns_tables = true;
	s->frames = frame_store_new();
	s->names = names_new();
	s->symbols = symbols_new(paths.symbols, s->frames, s->names);
	prepare_symbols(s, &paths);
	s->attribution = attribution_new(s->frames, s->symbols, s->names);
	if (session_load_baseline(s, why) < 0)
		goto out;
	s->client = start_program(s, &paths, why, exit_code);
	if (s->client == NULL)
		goto out;
	s->start_ns = session_now_ns();
	s->run.pid = client_pid(s->client);
	s->run.state = RUN_RUNNING;
	session_make_facts(s);
	note_parts(s, &paths);
	*exit_code = EXIT_OWN_FAILURE;
	s->reader = reader_open(client_segment_fd(s->client), s->frames, why);
	if (s->reader == NULL)
		goto out;
	if (session_keeps_peaks(s))
		reader_keep_peaks(s->reader);
	if (!options->batch || options->blocks || options->survivors ||
	    filter_set_has_block_tests(s->filters))
		reader_keep_ended(s->reader, BLOCKS_OF_ENDED);
	session_ask_for_blocks(s);
	session_timer_begin(s);
	rc = 0;
out:
	session_paths_fini(&paths);
	if (rc < 0) {
		session_free(s);
		s = NULL;
	}
	return s;
}

struct session *
session_new_fed(const struct options *options, struct frame_store *frames,
    struct symbols *symbols, struct names *names)
{
	struct errbuf why;
	struct session *s = session_make(options, &why);

	assert(s != NULL);
	s->frames = frames;
	s->symbols = symbols;
	s->names = names;
	s->run.state = RUN_RUNNING;
	s->start_ns = session_now_ns();
	s->attribution = attribution_new(frames, symbols, names);
	return s;
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	session_drop_refresh(s);
	session_drop_marks(s);
	session_drop_output(s);
	session_drop_questions(s);
	attribution_free(s->attribution);
	attribution_free(s->spare_attribution);
	skip_list_free(s->skip_list);
	reader_close(s->reader);
	store_writer_free(s->recorder);
	store_facts_fini(&s->facts);
	for (size_t i = 0; i < s->files.n; i++)
		store_file_free(s->files.items[i]);
	vec_fini(&s->files);
	if (s->owns_tables) {
		symbols_free(s->symbols);
		names_free(s->names);
		frame_store_free(s->frames);
	}
	if (s->client != NULL)
		client_close(s->client);
	session_timer_end(s);
	filter_set_free(s->filters);
	filter_list_fini(&s->filter_list);
	vec_fini(&s->hits);
	ignore_list_free(s->ignored);
	strbuf_fini(&s->filters_text);
	for (size_t i = 0; i < s->notices.n; i++)
		free(s->notices.items[i]);
	vec_fini(&s->notices);
	vec_fini(&s->readings);
	free(s->trace_of_stack);
	free(s->quick);
	free(s);
}

/* ---- the run ---- */

void
session_note(struct session *s, const char *text)
{
	sanitise(s->run.notice, sizeof s->run.notice, text, strlen(text));
	if (s->notices.n < MAX_NOTICES)
		vec_push(&s->notices, xstrdup(s->run.notice));
}

/* The program itself is no more; its children may go on. */
static void
take_end(struct session *s, const struct client_event *event)
{
	s->run.state = event->kind == CLIENT_EXITED ? RUN_EXITED : RUN_KILLED;
	s->run.status = event->status;
	s->run.exit_code = client_exit_code(event);
	s->run.wants_input = false;
}

/* The helper died: what was read last is all there will be. */
static void
take_loss(struct session *s)
{
	if (s->run.is_over)
		return;
	s->run.is_over = true;
	s->end_ns = session_now_ns();
	if (s->run.state != RUN_EXITED && s->run.state != RUN_KILLED) {
		s->run.state = RUN_GONE;
		s->run.exit_code = EXIT_OWN_FAILURE;
		session_note(s, "tmtop-run is gone: the tables are as they "
		    "were read last");
	}
}

/* A script's interpreter is what runs: say so where the name stands. */
static void
take_script(struct session *s, const char *interpreter)
{
	const char *slash = strrchr(interpreter, '/');
	struct strbuf name = STRBUF_INIT(sizeof s->run.name - 1);

	strbuf_printf(&name, "%s (script)",
	    slash != NULL ? slash + 1 : interpreter);
	sanitise(s->run.name, sizeof s->run.name, strbuf_text(&name),
	    name.size);
	strbuf_fini(&name);
}

/* True: the screen shows it. */
static bool
take_event(struct session *s, const struct client_event *event)
{
	switch (event->kind) {
	case CLIENT_STOPPED:
		s->run.state = RUN_STOPPED;
		s->run.status = event->status;
		return true;
	case CLIENT_CONTINUED:
		s->run.state = RUN_RUNNING;
		return true;
	case CLIENT_EXITED:
	case CLIENT_KILLED:
		take_end(s, event);
		return true;
	case CLIENT_RUN_OVER:
		s->run.is_over = true;
		s->end_ns = session_now_ns();
		return true;
	case CLIENT_OUTPUT:
		session_take_output(s, event->bytes, event->size,
		    event->n_dropped);
		return true;
	case CLIENT_WAITS_INPUT:
		s->run.wants_input = event->status != 0;
		return true;
	case CLIENT_NOTICE:
		/* Why nothing is seen is known better than by silence. */
		s->said_silent |= event->notice == CLIENT_NOTICE_UNTRACKED;
		if (event->notice == CLIENT_NOTICE_SCRIPT)
			take_script(s, event->text);
		else
			session_note(s, event->text);
		return true;
	case CLIENT_SLOTS_LOW:
		session_take_snapshot(s);
		return false;
	case CLIENT_CONTROL:
		s->n_changes++;
		return false;
	case CLIENT_QUESTION:
		session_put_question(s, event);
		return false;
	case CLIENT_GONE:
		take_loss(s);
		return true;
	}
	return false;
}

void
session_take_event(void *session, const struct client_event *event)
{
	take_event(session, event);
	session_answer_questions(session);
}

const struct run_info *
session_run(const struct session *s)
{
	return &s->run;
}

size_t
session_n_notices(const struct session *s)
{
	return s->notices.n;
}

const char *
session_get_notice(const struct session *s, size_t i)
{
	assert(i < s->notices.n);
	return s->notices.items[i];
}

void
session_signal(struct session *s, int signal)
{
	bool from_keyboard = signal == SIGINT || signal == SIGQUIT ||
	    signal == SIGTSTP;

	if (s->client == NULL)
		return;
	client_signal(s->client, signal, from_keyboard ?
	    CLIENT_TO_FOREGROUND : CLIENT_TO_PROGRAM);
}

void
session_leave_running(struct session *s)
{
	struct strbuf path = STRBUF_INIT(256);
	bool has_log = s->options->output_log != NULL;

	if (s->client == NULL)
		return;
	strbuf_printf(&path, "%s.%d.out", s->run.name, (int)s->run.pid);
	client_leave_running(s->client, has_log ? NULL : strbuf_text(&path));
	strbuf_fini(&path);
	s->run.exit_code = 0;
}

void
session_screen_taken(struct session *s, bool is_taken, const void *reset,
    size_t reset_size)
{
	if (s->client != NULL)
		client_screen_taken(s->client, is_taken, reset, reset_size);
}

/* ---- descriptors ---- */

int
session_fds(const struct session *s, struct pollfd *fds, int room)
{
	int candidates[] = { -1, symbols_fd(s->symbols),
	    symbols_fetch_fd(s->symbols), s->timer_fd };
	int n = 0;

	if (s->client != NULL)
		candidates[0] = client_fd(s->client);
	for (size_t i = 0; i < array_size(candidates); i++) {
		if (candidates[i] >= 0 && n < room) {
			fds[n++] = (struct pollfd){ .fd = candidates[i],
			    .events = POLLIN };
		}
	}
	return n;
}

bool
session_pump(struct session *s)
{
	struct client_event event;
	bool changed = s->has_news;

	s->has_news = false;
	while (s->client != NULL && client_next(s->client, &event)) {
		if (take_event(s, &event))
			changed = true;
	}
	session_answer_questions(s);
	changed |= session_take_timer(s);
	if (symbols_pump(s->symbols, 0))
		s->symbols_changed = changed = true;
	session_watch_symbols(s);
	return changed;
}

const char *
session_trouble(const struct session *s)
{
	const char *text = s->trouble;

	if (text[0] == '\0')
		text = symbols_trouble(s->symbols);
	return text;
}

const struct names *
session_names(const struct session *s)
{
	return s->names;
}
