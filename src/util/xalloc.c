#include "util/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void (*xalloc_on_death)(void);

enum { DEATH_STATUS = 125 };	/* tmtop could not do its job */

void
xalloc_die(size_t size)
{
	void (*restore)(void) = xalloc_on_death;
	char line[80];
	int n;

	/* A hook that runs out of memory itself must not come back here. */
	xalloc_on_death = NULL;
	if (restore != NULL)
		restore();
	n = snprintf(line, sizeof line,
	    "tmtop: out of memory (%zu bytes asked for)\n", size);
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		_exit(DEATH_STATUS);
	_exit(DEATH_STATUS);
}

void *
xmalloc(size_t size)
{
	void *memory = malloc(size > 0 ? size : 1);

	if (unlikely(memory == NULL))
		xalloc_die(size);
	return memory;
}

void *
xcalloc(size_t n, size_t size)
{
	void *memory;

	if (n == 0 || size == 0)
		n = size = 1;
	memory = calloc(n, size);
	if (unlikely(memory == NULL))
		xalloc_die(n > SIZE_MAX / size ? SIZE_MAX : n * size);
	return memory;
}

void *
xrealloc(void *old, size_t size)
{
	void *memory = realloc(old, size > 0 ? size : 1);

	if (unlikely(memory == NULL))
		xalloc_die(size);
	return memory;
}

void *
xreallocarray(void *old, size_t n, size_t size)
{
	size_t total;

	if (unlikely(__builtin_mul_overflow(n, size, &total)))
		xalloc_die(SIZE_MAX);
	return xrealloc(old, total);
}

char *
xmemdup(const void *bytes, size_t n)
{
	char *copy;

	if (unlikely(n == SIZE_MAX))
		xalloc_die(n);
	copy = xmalloc(n + 1);
	if (n > 0)
		memcpy(copy, bytes, n);
	copy[n] = '\0';
	return copy;
}

char *
xstrdup(const char *text)
{
	return xmemdup(text, strlen(text));
}

char *
xstrndup(const char *text, size_t n)
{
	return xmemdup(text, strnlen(text, n));
}
