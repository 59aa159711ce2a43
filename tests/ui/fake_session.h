/*
 * fake_session.h - session.h on literal data, driven by a script's lines.
 *
 * The rows are made by the real query functions from traces written here, so
 * that what a screen shows can be added up by hand.  Commands:
 *	scene NAME		cached, empty, ... (see fake_data.c); "peak"
 *				is what is shown at the peak
 *	set SIZE COUNT FRAME...	one traceback, newest frame first; a frame is
 *				FILE:LINE=FUNCTION, MODULE+OFFSET=FUNCTION,
 *				and may end in ~ (inlined)
 *	rows N			N small locations gen/f0001.c:1 ...
 *	skip N			the newest N frames of all are library frames
 *	state WORD NUMBER	running, stopped, exited N, killed N, gone
 *	uptime SECONDS
 *	lost N, truncated N, pending N, threads N, sample N
 *	unmatched N		names on which a filter was given up
 *	doing N			a refresh has been at work for N milliseconds
 *	output TEXT		one line of the program's output
 *	flood N			N lines of it
 *	redirected		its streams do not come here
 *	input 0|1		does it wait for input
 *	notice TEXT, trouble TEXT
 *	signals			which were sent, into the screens
 */
#ifndef TMTOP_TESTS_FAKE_SESSION_H
#define TMTOP_TESTS_FAKE_SESSION_H

#include "session.h"
#include "util/strbuf.h"

/* What was sent or asked goes to `log`, borrowed. */
struct session *fake_session_new(struct strbuf *log);
void fake_session_free(struct session *session);

/* One of the commands above; false: there is no such one. */
bool fake_session_command(struct session *session, const char *line);

/* ---- fake_data.c ---- */

struct fake_line {
	uint64_t	size, count;
	const char	*frames;
};

/* The traces of a scene, ended by frames NULL; NULL: no such scene. */
const struct fake_line *fake_scene(const char *name);

#endif
