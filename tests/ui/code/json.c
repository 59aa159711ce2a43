/* A source file for the traceback and source views; it is never compiled. */
#include <stdlib.h>

static void *kept[64];
static int n_kept;
static void
leak_b(int size)
{
	kept[n_kept++] = malloc(size);
	if (kept[n_kept - 1] == NULL)
		abort();
}


/* Three callers. */
void
first_caller(void)
{
	/* the newest of them */
	leak_b(1000);
}

void
second_caller(void)
{
	leak_b(1000);		/* tabs	and so on */
}

void
third_caller(void)
{
	leak_b(1000), kept[n_kept++] = malloc(512);
}
