/*
 * fuzz_ignore.c - suppression files of any text, on any name.
 *
 * The first line of the input is a name, the rest a file.  Beside not
 * crashing: a refusal says why; no pattern matches the empty name; a name is
 * matched by itself, where nothing in it is special.
 */
#include "fuzz.h"

#include "query/ignore.h"
#include "util/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* "leak:NAME" as a file. */
static void
check_itself(const char *name)
{
	size_t size = strlen(name) + sizeof "leak:";
	char *text = xmalloc(size);
	struct ignore_list *list;

	if (strpbrk(name, "*^$ \t\r") != NULL || *name == '\0') {
		free(text);
		return;
	}
	snprintf(text, size, "leak:%s", name);
	list = ignore_list_new(text, NULL);
	REQUIRE(list != NULL && ignore_list_has(list, name));
	ignore_list_free(list);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmalloc(size + 1), *file = text, *name;
	struct errbuf why = { .text = "" };
	struct ignore_list *list;

	memcpy(text, data, size);
	text[size] = '\0';
	name = strsep(&file, "\n");
	check_itself(name);
	if (file != NULL) {
		list = ignore_list_new(file, &why);
		REQUIRE(list != NULL || why.text[0] != '\0');
		if (list != NULL) {
			ignore_list_has(list, name);
			REQUIRE(!ignore_list_has(list, ""));
		}
		ignore_list_free(list);
	}
	free(text);
	return 0;
}
