/*
 * strbuf.c - growing strings with a mandatory cap (L0h).
 *
 * Every append goes through make_room(), the one place that knows the cap and
 * the allocation.  The text is NUL-terminated after every call, so that
 * strbuf_text() costs nothing.  Inner NULs can be added and count in size.
 */
#include "util/strbuf.h"

#include "util/xalloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
strbuf_init(struct strbuf *buf, size_t cap)
{
	*buf = (struct strbuf)STRBUF_INIT(cap);
}

void
strbuf_fini(struct strbuf *buf)
{
	free(buf->text);
	strbuf_init(buf, buf->cap);
}

void
strbuf_clear(struct strbuf *buf)
{
	buf->is_cut = false;
	strbuf_cut(buf, 0);
}

void
strbuf_cut(struct strbuf *buf, size_t n)
{
	if (n >= buf->size)
		return;
	buf->size = n;
	buf->text[n] = '\0';
}

/*
 * Room for n more bytes and the NUL; returns how many of them the cap lets
 * in.
 */
static size_t
make_room(struct strbuf *buf, size_t n)
{
	size_t need, next;

	assert(buf->size <= buf->cap);
	if (n > buf->cap - buf->size) {
		n = buf->cap - buf->size;
		buf->is_cut = true;
	}
	need = buf->size + n + 1;
	if (need <= buf->room)
		return n;
	next = buf->room > 0 ? buf->room : 32;
	while (next < need)
		next = next > SIZE_MAX / 2 ? need : next * 2;
	buf->text = xrealloc(buf->text, next);
	buf->room = next;
	return n;
}

void
strbuf_add(struct strbuf *buf, const void *bytes, size_t n)
{
	n = make_room(buf, n);
	if (n > 0)
		memcpy(buf->text + buf->size, bytes, n);
	buf->size += n;
	buf->text[buf->size] = '\0';
}

void
strbuf_puts(struct strbuf *buf, const char *text)
{
	strbuf_add(buf, text, strlen(text));
}

void
strbuf_putc(struct strbuf *buf, char c)
{
	strbuf_add(buf, &c, 1);
}

void
strbuf_pad(struct strbuf *buf, char c, size_t n)
{
	n = make_room(buf, n);
	memset(buf->text + buf->size, c, n);
	buf->size += n;
	buf->text[buf->size] = '\0';
}

void
strbuf_printf(struct strbuf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	strbuf_vprintf(buf, format, args);
	va_end(args);
}

void
strbuf_vprintf(struct strbuf *buf, const char *format, va_list args)
{
	char probe[1];
	va_list again;
	size_t n;
	int length;

	assert(format != NULL);
	va_copy(again, args);
	length = vsnprintf(probe, sizeof probe, format, args);
	assert(length >= 0);
	n = make_room(buf, (size_t)length);
	vsnprintf(buf->text + buf->size, n + 1, format, again);
	buf->size += n;
	va_end(again);
}

const char *
strbuf_text(const struct strbuf *buf)
{
	return buf->text != NULL ? buf->text : "";
}

char *
strbuf_take(struct strbuf *buf)
{
	char *text = buf->text != NULL ? buf->text : xstrdup("");

	strbuf_init(buf, buf->cap);
	return text;
}
