/*
 * plugin.c - a module to load and unload: allocates in it, holds nothing.
 */
#include <stdlib.h>

void plugin_work(void);

void
plugin_work(void)
{
	void *volatile block = malloc(77);

	free(block);
}
