/*
 * session_facts.c - what is known of a run as a whole (L6).
 *
 * Keys and values, made when the program is started, because some of it is
 * gone when it ends; saved with every snapshot, where tms(5) documents them.
 */
#include "session_state.h"

#include "run/find.h"
#include "util/xalloc.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

static void
add(struct session *s, const char *key, const char *value)
{
	store_facts_add(&s->facts, false, key, value, strlen(value));
}

static void
add_number(struct session *s, const char *key, uint64_t value)
{
	store_facts_printf(&s->facts, key, "%llu", (unsigned long long)value);
}

static void
add_host(struct session *s)
{
	char host[HOST_NAME_MAX + 1];

	if (gethostname(host, sizeof host) == 0)
		add(s, "host", host);
}

/* The file of the program, or of the script; as it was found, not as /proc
 * has it, where it is there only for a while. */
static void
add_exe(struct session *s)
{
	char found[PATH_MAX], *exe = NULL;
	struct errbuf unused;

	if (find_program(found, s->options->program[0], getenv("PATH"),
	    &unused) == 0)
		exe = realpath(found, NULL);
	if (exe != NULL)
		add(s, "exe", exe);
	free(exe);
}

/* How it was recorded: what a reader of the figures has to know. */
static void
add_recording(struct session *s)
{
	const struct options *o = s->options;

	add_number(s, "sample_bytes", o->sample_bytes);
	add_number(s, "frames", o->frames);
	add_number(s, "mmap", o->mappings);
	add(s, "unwinder", o->unwinder == UNWINDER_LIBUNWIND ? "libunwind" :
	    "cfa");
	for (size_t i = 0; i < o->n_filters; i++)
		add(s, "filter", o->filters[i]);
	add_number(s, "skip_list", o->skip);
	for (size_t i = 0; i < o->n_skips; i++)
		add(s, "skip", o->skips[i]);
}

/* The user's own: KEY=VALUE, as options.c has checked. */
static void
add_metas(struct session *s)
{
	for (size_t i = 0; i < s->options->n_metas; i++) {
		char *key = xstrdup(s->options->metas[i]);
		char *equals = strchr(key, '=');

		*equals = '\0';
		store_facts_add(&s->facts, true, key, equals + 1,
		    strlen(equals + 1));
		free(key);
	}
}

void
session_make_facts(struct session *s)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	add(s, "tmtop", PACKAGE_VERSION);
	add_host(s);
	add(s, "command", s->run.command);
	add(s, "name", s->run.name);
	for (char **word = s->options->program; *word != NULL; word++)
		add(s, "argv", *word);
	add_exe(s);
	add_number(s, "pid", (uint64_t)s->run.pid);
	store_facts_printf(&s->facts, "start_time_ns", "%lld",
	    (long long)now.tv_sec * 1000000000 + now.tv_nsec);
	add_recording(s);
	add_metas(s);
}

const char *
session_fact(const struct session *s, const char *key, size_t i)
{
	return store_facts_get(&s->facts, key, i);
}

bool
session_get_meta(const struct session *s, size_t i, const char **key,
    const char **value)
{
	for (size_t k = 0; k < s->facts.list.n; k++) {
		const struct store_fact *fact = &s->facts.list.items[k];

		if (!fact->is_meta || i-- > 0)
			continue;
		*key = fact->key;
		*value = fact->value;
		return true;
	}
	return false;
}
