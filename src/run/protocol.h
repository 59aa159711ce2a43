/*
 * protocol.h - the messages between a viewer and tmtop-run (L3).
 *
 * Shape      A sequenced-packet socket pair: one message per packet, a kind
 *            and a body of fixed shape, for a few kinds followed by bytes.
 *            Descriptors travel with two of them.
 * Why        Packets keep message borders without a parser, and a full
 *            socket shows as EAGAIN for a whole message, never for half.
 * Invariant  Whoever receives checks size and kind against the table before
 *            anything is looked at; strings are checked by their reader.
 *            Both ends are of one build: PLAN carries the version.
 */
#ifndef TMTOP_RUN_PROTOCOL_H
#define TMTOP_RUN_PROTOCOL_H

#include "base/compiler.h"
#include "tables/asking.h"

#include <sys/ioctl.h>
#include <termios.h>

#define PROTOCOL_VERSION	3u
#define MESSAGE_BODY_MAX	32768u	/* of any kind */
#define OUTPUT_BYTES_MAX	16384u
#define TYPE_BYTES_MAX		4096u
#define NOTICE_BYTES_MAX	400u
#define RESET_BYTES_MAX		512u

/* name, smallest body, bytes that may follow, descriptor allowed */
#define MESSAGE_LIST(M)							\
	/* to the helper */						\
	M(PLAN,		sizeof(struct plan_body),	30000,	true)	\
	M(SIGNAL,	sizeof(struct signal_body),	0,	false)	\
	M(RESIZE,	sizeof(struct resize_body),	0,	false)	\
	M(TYPE,		0,		TYPE_BYTES_MAX,		false)	\
	M(LEAVE,	0,			4096,		false)	\
	M(SLOT_READ,	sizeof(struct slot_body),	0,	false)	\
	M(CHANGE,	sizeof(struct change_body),	0,	false)	\
	M(SCREEN,	sizeof(struct screen_body), RESET_BYTES_MAX, false) \
	M(ANSWER,	sizeof(struct answer_body),	0,	false)	\
	/* to the viewer */						\
	M(STARTED,	sizeof(struct started_body),	0,	true)	\
	M(FAILED,	sizeof(struct failed_body), NOTICE_BYTES_MAX, false) \
	M(STATE,	sizeof(struct state_body),	0,	false)	\
	M(OUTPUT,	sizeof(struct output_body), OUTPUT_BYTES_MAX, false) \
	M(NOTICE,	sizeof(struct notice_body), NOTICE_BYTES_MAX, false) \
	M(WAITS_INPUT,	sizeof(struct flag_body),	0,	false)	\
	M(SLOTS_LOW,	0,			0,		false)	\
	M(CHANGED,	0,			0,		false)	\
	M(QUESTION,	sizeof(struct question_body), QUESTION_TEXT_MAX, false) \
	M(RUN_OVER,	0,			0,		false)

enum message_kind {
	MESSAGE_NONE,
#define M(name, size, more, fd)	MESSAGE_##name,
	MESSAGE_LIST(M)
#undef M
	N_MESSAGE_KINDS
};

/* Strings of the plan, in this order, each without its NUL. */
enum plan_string {
	PLAN_HOOK, PLAN_STDIN, PLAN_STDOUT, PLAN_STDERR, PLAN_LOG,
	N_PLAN_STRINGS
};

struct plan_body {
	uint32_t	version;		/* PROTOCOL_VERSION */
	uint32_t	max_frames;
	uint64_t	table_limit;
	uint64_t	sample_bytes;		/* 0: no sample */
	uint32_t	options;		/* enum lobby_option */
	uint32_t	flags;			/* enum plan_flag */
	struct winsize	size;			/* with a terminal */
	struct termios	termios;
	uint32_t	string_size[N_PLAN_STRINGS];	/* 0: not given */
	/* the strings follow; the terminal's descriptor comes along */
};

enum plan_flag { PLAN_BATCH = 1, PLAN_KEEP = 2, PLAN_STOPPED = 4 };

struct signal_body { int32_t signal; uint32_t target; };
struct resize_body { uint16_t rows, cols; };
struct slot_body { uint32_t slot, incarnation; };
struct change_body { uint32_t what; uint32_t reserved; uint64_t value; };
struct screen_body { uint32_t is_taken; };

struct answer_body {
	uint32_t		number;		/* of the question */
	uint32_t		reserved;
	struct answer_packet	answer;
};

/* Of a traced process, by number; its text follows. */
struct question_body {
	uint32_t	number;
	uint32_t	what;		/* enum question */
	int32_t		pid;		/* of the process, as its slot has it */
	int32_t		peer;		/* the same in the helper's namespace */
};

struct started_body { int32_t pid; uint32_t has_terminal; };
struct failed_body { int32_t exit_code; };
struct state_body { uint32_t state; int32_t status; uint32_t has_core; };
struct output_body { uint64_t offset; };	/* of the first byte, ever */
struct notice_body { uint32_t notice; };
struct flag_body { uint32_t is_set; };

/* of the program, in STATE; .status: exit status or signal */
enum program_state {
	PROGRAM_RUNNING, PROGRAM_STOPPED, PROGRAM_EXITED, PROGRAM_KILLED,
	N_PROGRAM_STATES
};

/* target of SIGNAL, what of CHANGE, notice of NOTICE: the same numbers as in
 * reader/client.h, which asserts it. */
enum signal_target { SIGNAL_PROGRAM, SIGNAL_FOREGROUND, SIGNAL_ALL };
enum change {
	CHANGE_MARK, CHANGE_CLEAR, CHANGE_RESET_PEAK, CHANGE_STATE,
	CHANGE_FRAMES, N_CHANGES
};
enum notice {
	NOTICE_UNTRACKED, NOTICE_HINT, NOTICE_SCRIPT, NOTICE_TROUBLE,
	N_NOTICES
};

struct message {
	enum message_kind	kind;
	uint32_t		size;		/* of body */
	int			fd;		/* -1, or received and owned by
						 * whoever received it */
	union {
		struct plan_body	plan;
		struct signal_body	signal;
		struct resize_body	resize;
		struct slot_body	slot;
		struct change_body	change;
		struct screen_body	screen;
		struct answer_body	answer;
		struct question_body	question;
		struct started_body	started;
		struct failed_body	failed;
		struct state_body	state;
		struct output_body	output;
		struct notice_body	notice;
		struct flag_body	flag;
		char			bytes[MESSAGE_BODY_MAX];
	};
};

/*
 * Start a message: kind, the smallest size of its kind, that part zeroed, no
 * descriptor.
 */
void message_init(struct message *message, enum message_kind kind);

/* Append what follows the fixed part; cut at what the kind allows. */
void message_add(struct message *message, const void *bytes, size_t size);

/* What follows the fixed part. */
const char *message_tail(const struct message *message, size_t *size);

/*
 * Send one message whole. -1 with errno (EAGAIN: the other side is behind).
 * flags as for send(2), MSG_DONTWAIT for instance.  Raises no SIGPIPE.
 */
int message_send(int socket, const struct message *message, int flags);

/*
 * Receive one message and check it.  1: got one, 0: the other side is gone,
 * -1 with errno: EAGAIN none now, EPROTO not one of ours (it is consumed).
 */
int message_receive(int socket, struct message *message, int flags);

#endif
