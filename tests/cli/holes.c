/*
 * holes.c - a program whose memory is not its blocks': it allocates many, and
 * frees every other one, so that the allocator keeps the pages.
 *
 * Obeys letters on its input, and answers each with a line of its own account
 * and the kernel's: "BYTES BLOCKS RSSANON_KIB".
 *	a	allocate, and write to, all blocks
 *	h	free every other one
 *	f	free the rest
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N = 200000, SIZE = 240 };

static void *blocks[N];
static size_t live;

static long
anonymous(void)
{
	char line[256];
	FILE *file = fopen("/proc/self/status", "r");
	long kib = -1;

	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return kib;
}

static void
release(size_t i)
{
	if (blocks[i] == NULL)
		return;
	free(blocks[i]);
	blocks[i] = NULL;
	live--;
}

static void
obey(char c)
{
	for (size_t i = 0; i < N; i++)
		if (c == 'a' && blocks[i] == NULL) {
			blocks[i] = memset(malloc(SIZE), 1, SIZE);
			live++;
		} else if (c == 'f' || (c == 'h' && i % 2 == 0)) {
			release(i);
		}
}

int
main(void)
{
	char c;

	setvbuf(stdout, NULL, _IONBF, 0);
	while (read(STDIN_FILENO, &c, 1) == 1) {
		obey(c);
		printf("%zu %zu %ld\n", live * SIZE, live, anonymous());
	}
	return 0;
}
