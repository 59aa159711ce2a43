/*
 * rescue.c - the terminal given back when tmtop dies (L7).
 *
 * Everything that is needed is prepared beforehand: a handler may neither ask
 * terminfo nor allocate.  write() and tcsetattr() are async-signal-safe.  The
 * handler runs on a stack of its own, for the old one may be what overflowed.
 */
#include "ui/rescue.h"

#include "util/xalloc.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024 };

static const int fatal_signals[] = {
	SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGSYS, SIGTRAP,
};

static struct {
	volatile sig_atomic_t is_armed;
	int		fd;
	struct termios	saved;
	char		bytes[RESCUE_BYTES];
	size_t		size;
} rescue;

static char handler_stack[STACK_BYTES];

static void
give_back(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (!rescue.is_armed)
		return;
	rescue.is_armed = 0;
	/* in the background the terminal would stop us instead */
	sigaction(SIGTTOU, &ignore, NULL);
	if (write(rescue.fd, rescue.bytes, rescue.size) < 0)
		return;
	tcsetattr(rescue.fd, TCSANOW, &rescue.saved);
}

static void
on_fatal(int signal)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };

	give_back();
	sigaction(signal, &plain, NULL);
	/* blocked until the handler returns, then deadly */
	raise(signal);
}

static void
install(void)
{
	static bool is_installed;
	struct sigaction action = { .sa_handler = on_fatal,
		.sa_flags = SA_ONSTACK };
	stack_t stack = { .ss_sp = handler_stack, .ss_size = STACK_BYTES };

	if (is_installed)
		return;
	is_installed = true;
	sigaltstack(&stack, NULL);
	for (size_t i = 0; i < array_size(fatal_signals); i++)
		sigaction(fatal_signals[i], &action, NULL);
	xalloc_on_death = give_back;
}

void
rescue_arm(int fd, const struct termios *saved, const void *bytes,
    size_t size)
{
	rescue.is_armed = 0;
	compiler_barrier();
	rescue.fd = fd;
	rescue.saved = *saved;
	rescue.size = size < RESCUE_BYTES ? size : RESCUE_BYTES;
	memcpy(rescue.bytes, bytes, rescue.size);
	compiler_barrier();
	install();
	rescue.is_armed = 1;
}

size_t
rescue_add(char bytes[RESCUE_BYTES], size_t n, const char *text)
{
	while (*text != '\0' && n < RESCUE_BYTES) {
		if (text[0] == '$' && text[1] == '<' &&
		    strchr(text, '>') != NULL)
			text = strchr(text, '>') + 1;
		else
			bytes[n++] = *text++;
	}
	return n;
}

void
rescue_disarm(void)
{
	rescue.is_armed = 0;
}
