/*
 * library.c - functions of libc that hand out memory.
 */
#include "account.h"

#include <search.h>
#include <wchar.h>

int
main(void)
{
	char *text = NULL, *line = NULL, *buffer = NULL;
	size_t room = 0, size = 0, total = 0;
	FILE *stream;
	int i;

	for (i = 0; i < 300; i++) {
		text = strdup("some text");
		total += strlen(text);
		if (i % 3)
			free(text);
		if (asprintf(&text, "%0*d", i * 3 + 1, i) < 0)
			return 1;
		total += strlen(text);
		free(text);
		total += wcslen(wcsdup(L"wide"));
	}
	stream = open_memstream(&buffer, &size);
	for (i = 0; i < 10000; i++)
		fprintf(stream, "line %d\n", i);
	fclose(stream);
	total += size;
	stream = fmemopen(buffer, size, "r");
	while (getline(&line, &room, stream) > 0)
		total += strlen(line);
	fclose(stream);
	free(line);
	text = realpath("/usr/lib", NULL);
	total += text != NULL;
	printf("%zu\n", total);
	return 0;
}
