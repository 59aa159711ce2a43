/*
 * exec_maps.c - ranges of executable memory, from /proc/self/maps (L2).
 *
 * Shape      A small sorted-by-kernel list, rebuilt by one thread at a time
 *            when an address is in none of the ranges.
 * Why        A conservative test of a guessed frame; being late or wrong
 *            only cuts or lengthens a traceback that is marked as guessed.
 * Limits     Rebuilt at most once per doubling number of misses, so that a
 *            program which makes new code all the time is not slowed down.
 */
#include "hooks/exec_maps.h"

#include "base/atomic.h"
#include "base/sys.h"

#include <fcntl.h>
#include <string.h>

#define MAX_RANGES	512

struct range {
	uintptr_t	start, end;
};

static struct range ranges[MAX_RANGES];
static uint32_t n_ranges;
static uint32_t is_reading;
static uint64_t n_misses, next_read = 1;

static bool
find_range(uintptr_t address)
{
	uint32_t i, n = load_acquire(&n_ranges);

	for (i = 0; i < n; i++)
		if (address >= load_relaxed(&ranges[i].start) &&
		    address < load_relaxed(&ranges[i].end))
			return true;
	return false;
}

/* One line: "start-end perms ..." */
struct line_state {
	uintptr_t	numbers[2];
	unsigned	field;		/* 0 start, 1 end, 2 perms, 3 rest */
	unsigned	column;		/* in perms */
	bool		is_executable;
};

static void
finish_line(struct line_state *line, uint32_t *n)
{
	if (line->is_executable && *n < MAX_RANGES) {
		store_relaxed(&ranges[*n].start, line->numbers[0]);
		store_relaxed(&ranges[*n].end, line->numbers[1]);
		(*n)++;
	}
	*line = (struct line_state){ .field = 0 };
}

static void
take_character(struct line_state *line, char c, uint32_t *n)
{
	if (c == '\n') {
		finish_line(line, n);
		return;
	}
	if (line->field < 2) {
		if (c == '-' || c == ' ')
			line->field++;
		else
			line->numbers[line->field] =
			    line->numbers[line->field] << 4 |
			    (uintptr_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	} else if (line->field == 2) {
		if (c == ' ')
			line->field = 3;
		else if (line->column++ == 2)
			line->is_executable = c == 'x';
	}
}

static ATTR_COLD void
read_ranges(void)
{
	struct line_state line = { .field = 0 };
	char buffer[1024];
	uint32_t idle = 0, n = 0;
	long fd, size, i;

	if (!cas_acq_rel(&is_reading, &idle, 1))
		return;
	fd = sys_open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	if (sys_failed(fd))
		goto out;
	while ((size = sys_read((int)fd, buffer, sizeof buffer)) > 0)
		for (i = 0; i < size; i++)
			take_character(&line, buffer[i], &n);
	sys_close((int)fd);
	store_release(&n_ranges, n);
out:
	store_release(&is_reading, 0);
}

bool
exec_maps_contain(uintptr_t address)
{
	uint64_t misses;

	if (find_range(address))
		return true;
	misses = add_relaxed(&n_misses, 1) + 1;
	if (misses < load_relaxed(&next_read))
		return false;
	store_relaxed(&next_read, misses * 2);
	read_ranges();
	return find_range(address);
}
