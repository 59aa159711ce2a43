/*
 * helper.h - the process tmtop-symbols as the viewer sees it (L4).
 */
#ifndef TMTOP_SYMBOLS_HELPER_H
#define TMTOP_SYMBOLS_HELPER_H

#include "base/errbuf.h"
#include "symbols/protocol.h"

#include <sys/types.h>

struct helper {
	pid_t		 pid;		/* 0: not running */
	int		 fd;		/* non-blocking; -1: not running */
	struct strbuf	 out;		/* to be sent, from n_sent on */
	size_t		 n_sent;
	unsigned char	*in;		/* received, from n_taken on */
	size_t		 n_in, n_taken;
};

/* Not running. */
void helper_init(struct helper *helper);

/* Start the program at `path`.  Only one that may fetch keeps what tells
 * libdebuginfod its servers.  -1: why says what is wrong. */
int helper_start(struct helper *helper, const char *path, bool may_fetch,
    struct errbuf *why);

/* Kill and reap it, forget what was under way; nothing when it does not run.
 * helper_fini() also releases the memory. */
void helper_stop(struct helper *helper);
void helper_fini(struct helper *helper);

/*
 * Send what is in `out`, as far as that does not block, and receive what is
 * there.  The caller appends packets to helper->out.
 *
 * Returns    true when anything was received, false otherwise; *is_dead says
 *            that the other end is gone.
 */
bool helper_exchange(struct helper *helper, bool *is_dead);

/*
 * The next packet received, borrowed until helper_exchange().
 *
 * Returns    1, 0 when there is none, -1 when what was received is no packet
 */
int helper_next(struct helper *helper, uint32_t *kind,
    struct packet *packet);

#endif
