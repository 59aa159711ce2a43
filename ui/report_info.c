/* report_info.c - what a snapshot file has, apart from rows (L7). */
#include "ui/report_state.h"

#include "base/fmt.h"
#include "ui/report_writer.h"
#include "util/names.h"

#include <inttypes.h>
#include <string.h>

enum { VALUE_ROOM = 4096 };

/* Facts as they are shown, in this order; those not named are not for
 * people. */
static const struct {
	const char	*key, *title;
} facts[] = {
	{ "tmtop", "tmtop" }, { "host", "host" }, { "command", "command" },
	{ "exe", "exe" }, { "pid", "pid" },
	{ "filter", "filter" }, { "skip", "skip" },
	{ "sample_bytes", "sample" }, { "frames", "frames" },
	{ "mmap", "mmap" }, { "unwinder", "unwinder" },
};

static void
write_pair(FILE *to, const char *title, const char *value)
{
	char shown[VALUE_ROOM];

	sanitise(shown, sizeof shown, value, strlen(value));
	fprintf(to, "%-10s %s\n", title, shown);
}

static void
write_facts(FILE *to, const struct session *session)
{
	const char *value, *key;
	char build_id[80];

	for (size_t i = 0; i < array_size(facts); i++) {
		for (size_t n = 0; (value = session_fact(session,
		    facts[i].key, n)) != NULL; n++) {
			/* A number of 0 is an option that was not given. */
			if (strcmp(value, "0") != 0)
				write_pair(to, facts[i].title, value);
		}
	}
	value = session_fact(session, "exe", 0);
	session_build_id(session, value != NULL ? value : "", build_id,
	    sizeof build_id);
	if (build_id[0] != '\0')
		write_pair(to, "build-id", build_id);
	for (size_t i = 0; session_get_meta(session, i, &key, &value); i++) {
		char shown[VALUE_ROOM / 2];

		sanitise(shown, sizeof shown, key, strlen(key));
		fprintf(to, "meta       %s=", shown);
		sanitise(shown, sizeof shown, value, strlen(value));
		fprintf(to, "%s\n", shown);
	}
}

/* One moment of the file: when, how much.  When the peak was is not known. */
static void
write_moment(FILE *to, const char *name, struct timespec time,
    uint64_t uptime_ns, const struct totals *totals)
{
	char when[REPORT_TIME_ROOM] = "-", up[FMT_ROOM], size[FMT_ROOM];

	if (time.tv_sec != 0)
		report_time_text(when, time);
	fmt_clock(up, uptime_ns / 1000000000u);
	fmt_size(size, totals->traced_bytes);
	fprintf(to, "snapshot   %-24s  up %s  traced %s  blocks %" PRIu64
	    "  tracebacks %" PRIu64 "  lost %" PRIu64 "  %s\n", when, up,
	    size, totals->blocks, totals->tracebacks, totals->lost, name);
}

static void
write_moments(FILE *to, const struct session *session)
{
	const struct run_info *run = session_run(session);

	for (size_t i = MARK_PEAK; i < session_n_marks(session); i++) {
		const struct mark *mark = session_get_mark(session, i);
		char name[sizeof mark->name + 16];

		if (i == MARK_PEAK && mark->totals.tracebacks == 0)
			continue;
		snprintf(name, sizeof name, "#%u %s", mark->number,
		    mark->name);
		write_moment(to, i == MARK_PEAK ? "peak" : name,
		    (struct timespec){ .tv_sec = mark->wall_time },
		    mark->uptime_ns, &mark->totals);
	}
	write_moment(to, "now", run->read_at, run->uptime_ns,
	    session_latest_totals(session));
}

void
report_write_info(FILE *to, const struct session *session)
{
	write_facts(to, session);
	write_moments(to, session);
}
