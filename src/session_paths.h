/*
 * session_paths.h - where tmtop's other parts and the terminal are (L6,
 * private to the session).
 */
#ifndef TMTOP_SESSION_PATHS_H
#define TMTOP_SESSION_PATHS_H

/* The helpers' and the hook's absolute paths. */
struct session_paths {
	char	*run, *symbols, *fetch, *hook;
};

/* Those of the build tree when tmtop runs there, else the installed ones;
 * whether they exist shows when they are used. */
void session_paths_init(struct session_paths *paths);
void session_paths_fini(struct session_paths *paths);

/* Folder for the symbols that are kept, caller frees; NULL: there is none. */
char *session_cache_path(void);

/* The user's terminal, whatever stdin and stdout are; -1: there is none.
 * The caller closes it. */
int session_open_terminal(void);

#endif
