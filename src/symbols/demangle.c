#include "symbols/demangle.h"

#include <setjmp.h>
#include <string.h>

#include <libiberty/demangle.h>

/* Longer names are shown as they are: the demangler's stack and time grow
 * faster than their length. */
#define MAX_MANGLED	16384u

struct sink {
	char	*to;
	size_t	 used, room;
	jmp_buf	 full;
};

/* A name of a hundred bytes can stand for gigabytes of text, and the
 * demangler has no other way of being told that it is enough.  It holds
 * nothing but stack while it prints. */
static void
take_text(const char *text, size_t size, void *opaque)
{
	struct sink *sink = opaque;
	size_t left = sink->room - 1 - sink->used;
	size_t n = size < left ? size : left;

	memcpy(sink->to + sink->used, text, n);
	sink->used += n;
	if (n < size)
		longjmp(sink->full, 1);
}

/* True also when the text was cut. */
static bool
print_demangled(struct sink *sink, const char *mangled)
{
	/* Without DMGL_PARAMS: neither parameters nor return type. */
	const int options = DMGL_ANSI;

	if (setjmp(sink->full) != 0)
		return true;
	if (rust_demangle_callback(mangled, options, take_text, sink))
		return true;
	sink->used = 0;
	if (cplus_demangle_v3_callback(mangled, options, take_text, sink))
		return true;
	sink->used = 0;
	return false;
}

static bool
is_mangled(const char *name)
{
	return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

size_t
demangle(char *to, size_t room, const char *mangled)
{
	struct sink sink = { .to = to, .room = room };
	size_t size = strlen(mangled);

	if (room == 0)
		return 0;
	if (is_mangled(mangled) && size <= MAX_MANGLED &&
	    print_demangled(&sink, mangled) && sink.used > 0) {
		to[sink.used] = '\0';
		return sink.used;
	}
	if (size > room - 1)
		size = room - 1;
	memcpy(to, mangled, size);
	to[size] = '\0';
	return size;
}
