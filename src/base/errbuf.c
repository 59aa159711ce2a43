#include "base/errbuf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
errbuf_set(struct errbuf *why, const char *format, ...)
{
	va_list args;

	if (why == NULL)
		return;
	va_start(args, format);
	vsnprintf(why->text, sizeof why->text, format, args);
	va_end(args);
	why->column = 0;
}

void
errbuf_set_at(struct errbuf *why, int column, const char *format, ...)
{
	va_list args;

	if (why == NULL)
		return;
	va_start(args, format);
	vsnprintf(why->text, sizeof why->text, format, args);
	va_end(args);
	why->column = column;
}

void
errbuf_sys(struct errbuf *why, const char *format, ...)
{
	int saved = errno;
	va_list args;
	size_t used;

	if (why == NULL)
		return;
	va_start(args, format);
	vsnprintf(why->text, sizeof why->text, format, args);
	va_end(args);
	why->column = 0;
	used = strlen(why->text);
	snprintf(why->text + used, sizeof why->text - used, ": %s",
	    strerror(saved));
	errno = saved;
}
