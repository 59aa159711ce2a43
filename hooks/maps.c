#include "hooks/maps.h"

#include "base/sys.h"

#include <fcntl.h>

/* One line: "start-end perms ..." */
struct line_state {
	struct mapping	mapping;
	unsigned	field;		/* 0 start, 1 end, 2 perms, 3 rest */
	unsigned	column;		/* in perms */
};

static void
take_digit(uintptr_t *number, char c)
{
	*number = *number << 4 |
	    (uintptr_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void
take_permission(struct line_state *line, char c)
{
	if (line->column == 0)
		line->mapping.is_readable = c == 'r';
	else if (line->column == 2)
		line->mapping.is_executable = c == 'x';
	line->column++;
}

/* True when a line is complete. */
static bool
take_character(struct line_state *line, char c)
{
	if (c == '\n')
		return true;
	if (line->field < 2) {
		if (c == '-' || c == ' ')
			line->field++;
		else
			take_digit(line->field == 0 ? &line->mapping.start :
			    &line->mapping.end, c);
	} else if (line->field == 2) {
		if (c == ' ')
			line->field = 3;
		else
			take_permission(line, c);
	}
	return false;
}

void
maps_visit(maps_visitor *visitor, void *context)
{
	struct line_state line = { .field = 0 };
	char buffer[1024];
	long fd, size, i;
	bool more = true;

	fd = sys_open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	if (sys_failed(fd))
		return;
	while (more && (size = sys_read((int)fd, buffer, sizeof buffer)) > 0)
		for (i = 0; i < size && more; i++) {
			if (!take_character(&line, buffer[i]))
				continue;
			more = visitor(context, &line.mapping);
			line = (struct line_state){ .field = 0 };
		}
	sys_close((int)fd);
}

struct lookup {
	uintptr_t	address;
	struct mapping	*result;
	bool		is_found;
};

static bool
look(void *context, const struct mapping *mapping)
{
	struct lookup *lookup = context;

	if (lookup->address >= mapping->end)
		return true;
	if (lookup->address >= mapping->start) {
		*lookup->result = *mapping;
		lookup->is_found = true;
	}
	return false;
}

bool
maps_find(uintptr_t address, struct mapping *mapping)
{
	struct lookup lookup = { address, mapping, false };

	maps_visit(look, &lookup);
	return lookup.is_found;
}
