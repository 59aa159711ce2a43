/*
 * unload.c - libc loads and unloads its character set modules by doors that
 * nobody can interpose.  Prints how many unloads ld.so has done.  These are
 * the character sets whose modules allocate: others are never in a traceback.
 */
#include "account.h"

#include <iconv.h>
#include <link.h>

static int
note(struct dl_phdr_info *info, size_t size, void *unloads)
{
	(void)size;
	*(unsigned long long *)unloads = info->dlpi_subs;
	return 1;
}

/* gdb stops here. */
__attribute__((noinline)) void
finished(unsigned long long unloads)
{
	say("unloads %llu\n", unloads);
}

int
main(void)
{
	static const char *const sets[] = { "UTF-16", "UTF-32", "UTF-7",
		"UNICODE", "ISO646-DE", "ISO646-FR", "ISO646-SE", "ISO646-HU"
	};
	unsigned long long unloads = 0;
	unsigned i, k;
	iconv_t converter;

	for (k = 0; k < 6; k++)
		for (i = 0; i < 8; i++) {
			converter = iconv_open("UTF-8", sets[i]);
			if (converter == (iconv_t)-1)
				return 1;
			free(kept(malloc(10)));
			iconv_close(converter);
		}
	dl_iterate_phdr(note, &unloads);
	finished(unloads);
	return 0;
}
