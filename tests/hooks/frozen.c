/*
 * frozen.c - a clock that stands still, for programs that seed their hash
 * tables with the time of day: preloaded, two runs allocate alike.
 */
#include <stddef.h>
#include <time.h>

time_t
time(time_t *result)
{
	if (result != NULL)
		*result = 1000000000;
	return 1000000000;
}
