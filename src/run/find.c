/*
 * find.c - the search of execvp(), with reasons (L3).
 *
 * Why        execvp() itself tells too late and too little: the ELF checks
 *            need the path before, and the user needs "not executable" told
 *            from "not found".
 * Invariant  Exit codes are those of shells: 127 not found, 126 all else.
 */
#include "run/find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct shown
shown(const char *name)
{
	struct shown result;
	size_t size = strlen(name), room = sizeof result.text - 1;

	if (size <= room)
		snprintf(result.text, sizeof result.text, "%s", name);
	else
		snprintf(result.text, sizeof result.text, "..%s",
		    name + size - (room - 2));
	return result;
}

const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

int
find_try(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (!S_ISREG(st.st_mode))
		return EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

int
find_explain(const char *path, int error, struct errbuf *why)
{
	struct shown name = shown(path);
	struct stat st;

	errno = error;
	if (error == ENOENT)
		errbuf_set(why, "%s: not found", name.text);
	else if (error == EISDIR)
		errbuf_set(why, "%s is a directory", name.text);
	else if (error == EACCES && stat(path, &st) == 0 &&
	    S_ISREG(st.st_mode) && (st.st_mode & 0111) == 0)
		errbuf_set(why, "%s is not executable. If it is a program: "
		    "chmod +x %s", name.text, name.text);
	else
		errbuf_sys(why, "cannot execute %s", name.text);
	return error == ENOENT ? FIND_NOT_FOUND : FIND_CANNOT_RUN;
}

/* The next directory of a search path with the name appended; false when
 * there is none. Too long ones become "", which no file has. */
static bool
next_candidate(const char **rest, const char *name, char *path)
{
	size_t size;
	int n;

	if (*rest == NULL)
		return false;
	size = strcspn(*rest, ":");
	n = size == 0 ? snprintf(path, PATH_MAX, "%s", name) :
	    snprintf(path, PATH_MAX, "%.*s/%s", (int)size, *rest, name);
	if (n >= PATH_MAX)
		path[0] = '\0';
	*rest = (*rest)[size] == ':' ? *rest + size + 1 : NULL;
	return true;
}

/* The first that can be executed; one that cannot be is only remembered for
 * the message. */
static int
find_in_path(char *path, const char *name, const char *search_path,
    struct errbuf *why)
{
	char system_path[256] = "";
	char refused[PATH_MAX] = "";
	int error;

	if (search_path == NULL) {
		confstr(_CS_PATH, system_path, sizeof system_path);
		search_path = system_path;
	}
	while (next_candidate(&search_path, name, path)) {
		error = find_try(path);
		if (error == 0)
			return 0;
		if (error == EACCES && refused[0] == '\0')
			memcpy(refused, path, sizeof refused);
	}
	if (refused[0] != '\0')
		return find_explain(refused, EACCES, why);
	return find_explain(name, ENOENT, why);
}

int
find_program(char *path, const char *name, const char *search_path,
    struct errbuf *why)
{
	int error;

	if (name[0] != '\0' && strchr(name, '/') == NULL)
		return find_in_path(path, name, search_path, why);
	if (strlen(name) >= PATH_MAX)
		return find_explain(name, ENAMETOOLONG, why);
	snprintf(path, PATH_MAX, "%s", name);
	error = name[0] == '\0' ? ENOENT : find_try(name);
	return error == 0 ? 0 : find_explain(name, error, why);
}
