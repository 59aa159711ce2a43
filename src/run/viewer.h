/*
 * viewer.h - the helper's end of the connection to a viewer (L3).
 *
 * Shape      Not a queue of messages but a record of what the viewer does
 *            not know yet: the program's state, notices, flags, an offset
 *            into the terminal's output.  It is sent when the socket has
 *            room.
 * Why        A viewer may be stopped for hours; what waits for it must stay
 *            bounded, and when it wakes up the present counts.
 */
#ifndef TMTOP_RUN_VIEWER_H
#define TMTOP_RUN_VIEWER_H

#include "run/protocol.h"
#include "run/terminal.h"

#define MAX_NOTICES	16

struct viewer {
	int		socket;		/* -1: gone */
	bool		is_blocked;	/* the socket was full */
	uint64_t	output_sent;	/* offset into the terminal's output */

	struct state_body state;
	bool		state_due, changed_due, slots_low_due;
	bool		slots_low_open;	/* told, and nothing read since */
	bool		waits_input, waits_input_due;
	bool		over_due;

	unsigned	n_notices, n_notices_sent;
	struct {
		enum notice	kind;
		char		text[NOTICE_BYTES_MAX];
	} notices[MAX_NOTICES];
};

void viewer_init(struct viewer *viewer, int socket);

/* What the viewer should learn. The text is cut; beyond MAX_NOTICES notices
 * are dropped. */
void viewer_note_state(struct viewer *viewer, enum program_state state,
    int status, bool has_core);
void viewer_note(struct viewer *viewer, enum notice kind, const char *text);
void viewer_note_waits_input(struct viewer *viewer, bool waits);
void viewer_note_slots_low(struct viewer *viewer);

/* Ask it now; false: it has no room, or is gone. */
bool viewer_ask(struct viewer *viewer, const struct question_body *body,
    const char *text, size_t size);

/* Send what is due until the socket is full; never waits.  terminal NULL:
 * there is none.  False: the viewer is gone. */
bool viewer_forward(struct viewer *viewer, const struct terminal *terminal);

#endif
