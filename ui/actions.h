/*
 * actions.h - the one list of what keys do (L7).
 *
 * The keymap, the help, the key bar, the "unknown key" message and the check
 * of the manual all come from ACTION_LIST.  A handler changes state and
 * returns the earliest stage of the pipeline that must run again; it never
 * draws.
 */
#ifndef TMTOP_UI_ACTIONS_H
#define TMTOP_UI_ACTIONS_H

#include "session.h"

/* Where keys go: a view, or what lies over it. */
enum context {
	C_TABLE		= 1,	/* File, Line, Traceback */
	C_DETAIL	= 2,	/* one traceback with its source lines */
	C_SOURCE	= 4,
	C_OUTPUT	= 8,
	C_MARKS		= 16,
	C_PROCESSES	= 32,
	C_HELP		= 64,
	C_MENU		= 128,
	C_QUIT		= 256,
	C_FILTER	= 512,	/* the prompts */
	C_SEARCH	= 1024,
	C_ASK		= 2048,	/* see asks.c */
	C_TREE		= 4096,
	C_FILTERS	= 8192,	/* the list of filters */
	C_BLOCKS	= 16384,

	C_VIEWS		= C_TABLE | C_TREE | C_DETAIL | C_SOURCE | C_OUTPUT |
			  C_MARKS | C_PROCESSES | C_FILTERS | C_BLOCKS,
	C_PROMPTS	= C_FILTER | C_SEARCH | C_ASK,
	C_DATA		= C_TABLE | C_TREE,
	C_FINDS		= C_TABLE | C_TREE | C_OUTPUT,
	C_MARKABLE	= C_TABLE | C_TREE | C_DETAIL | C_SOURCE,
	C_SCROLLS	= C_TABLE | C_OUTPUT | C_SOURCE,
};

enum action_group {
	GROUP_MOVE, GROUP_FIND, GROUP_SORT, GROUP_GROWTH, GROUP_PROGRAM,
	GROUP_LOOK, GROUP_TREE, GROUP_SCREEN, GROUP_TRACEBACK, GROUP_LISTS,
	GROUP_DIALOG, GROUP_PROMPT,
	N_GROUPS
};

/*
 * Actions with a rank are in the key bar, in this order; the higher the rank,
 * the sooner it is left out on a narrow screen.
 *	id, keys, contexts, group, rank and label in the key bar, help
 */
#define ACTION_LIST(A) \
A(HELP, "F1 ? h", C_VIEWS, SCREEN, 1, "Help", "this help") \
A(SEARCH, "F3 /", C_FINDS, FIND, 7, "Search", "search as you type") \
A(SEARCH_NEXT, "n", C_FINDS, FIND, 0, "", "next match") \
A(SEARCH_PREVIOUS, "N", C_FINDS, FIND, 0, "", "previous match") \
A(FILTER, "F4 f \\", C_DATA, FIND, 3, "Filter", "show what matches") \
A(FILTERS, "F", C_DATA, FIND, 0, "", "list of filters") \
A(VIEW_TREE, "F5 t 4", C_VIEWS & ~C_FILTERS, LOOK, 9, "Tree", "call tree") \
A(ADDRESS, "@", C_DATA, FIND, 0, "", "whose is an address") \
A(SORT_MENU, "F6 s", C_TABLE, SORT, 8, "Sort", "choose the column") \
A(SORT_LEFT, "<", C_TABLE, SORT, 0, "", "sort by column left") \
A(SORT_RIGHT, ">", C_TABLE, SORT, 0, "", "sort by column right") \
A(REVERSE, "r I", C_TABLE, SORT, 0, "", "reverse the order") \
A(SORT_SIZE, "M", C_DATA, SORT, 0, "", "by size") \
A(SORT_GROWTH, "D", C_DATA, SORT, 0, "", "by |growth|, signed") \
A(MARK, "F7 b", C_MARKABLE | C_MARKS, GROWTH, 5, "Mark", \
    "mark now, show growth") \
A(GROWTH, "F8 d", C_MARKABLE, GROWTH, 6, "Grow", "growth on or off") \
A(MARKS, "B", C_MARKABLE, GROWTH, 0, "", "list of marks") \
A(SURVIVORS, "V", C_TABLE, GROWTH, 0, "", "survivors on or off") \
A(RECORDING, "R", C_VIEWS, PROGRAM, 0, "", "recording: hold, stop") \
A(SIGNAL, "F9 K", C_VIEWS, PROGRAM, 10, "Signal", "send a signal") \
A(VIEW_OUTPUT, "o 5", C_VIEWS, PROGRAM, 0, "", "its output") \
A(TERMINAL, "O", C_VIEWS, PROGRAM, 0, "", "its terminal, ^] back") \
A(PROCESSES, "P", C_DATA | C_DETAIL, PROGRAM, 0, "", "choose a process") \
A(UP, "Up k", C_VIEWS | C_MENU, MOVE, 0, "", "one row up") \
A(DOWN, "Down j", C_VIEWS | C_MENU, MOVE, 0, "", "one row down") \
A(PAGE_UP, "PgUp ^B", C_VIEWS, MOVE, 0, "", "one page up") \
A(PAGE_DOWN, "PgDn ^F", C_VIEWS, MOVE, 0, "", "one page down") \
A(HALF_UP, "^U", C_VIEWS, MOVE, 0, "", "half a page up") \
A(HALF_DOWN, "^D", C_VIEWS, MOVE, 0, "", "half a page down") \
A(FIRST, "g Home", C_VIEWS, MOVE, 0, "", "first row, stay there") \
A(LAST, "G End", C_VIEWS, MOVE, 0, "", "last row") \
A(LEFT, "Left", C_SCROLLS, MOVE, 0, "", "scroll to the left") \
A(RIGHT, "Right", C_SCROLLS, MOVE, 0, "", "scroll to the right") \
A(VIEW_FILE, "1", C_VIEWS, LOOK, 0, "", "by file") \
A(VIEW_LINE, "2", C_VIEWS, LOOK, 0, "", "by line") \
A(VIEW_TRACEBACK, "3", C_VIEWS, LOOK, 0, "", "by traceback") \
A(VIEW_NEXT, "Tab", C_VIEWS, LOOK, 0, "", "next view") \
A(VIEW_PREVIOUS, "S-Tab", C_VIEWS, LOOK, 0, "", "previous view") \
A(OPEN, "Enter", C_DATA, LOOK, 11, "Open", "open the row") \
A(SKIP, "J", C_DATA, LOOK, 0, "", "hide library frames") \
A(LIMIT, "l", C_DATA | C_DETAIL, LOOK, 0, "", "limit the frames") \
A(THREADS, "T", C_DATA, LOOK, 0, "", "by thread") \
A(UNITS, "u", C_TABLE, LOOK, 0, "", "units of sizes") \
A(CUMULATIVE, "c", C_TABLE, LOOK, 0, "", "count callers too") \
A(HEADER, "#", C_VIEWS, LOOK, 0, "", "header on or off") \
A(NODE_OPEN, "+ Right", C_TREE, TREE, 5, "Open", "open the node") \
A(NODE_CLOSE, "- Left", C_TREE, TREE, 6, "Close", "close it, go up") \
A(HOT_PATH, "*", C_TREE, TREE, 7, "Hot path", "open the hot path") \
A(TREE_FLIP, "v", C_TREE, TREE, 4, "Callers", "callees or callers") \
A(TRACE_PREVIOUS, "[", C_DETAIL, TRACEBACK, 0, "", "previous traceback") \
A(TRACE_NEXT, "]", C_DETAIL, TRACEBACK, 0, "", "next traceback") \
A(FLIP, "r", C_DETAIL, TRACEBACK, 0, "", "oldest call first") \
A(ALL_FRAMES, "J", C_DETAIL, TRACEBACK, 0, "", "hidden frames too") \
A(COPY, "y", C_DATA | C_DETAIL | C_SOURCE, FIND, 0, "", "copy the location") \
A(EDIT, "e", C_DETAIL | C_SOURCE, TRACEBACK, 0, "", "edit the source") \
A(OPEN_SOURCE, "Enter Right", C_DETAIL, TRACEBACK, 4, "Source", \
    "source file") \
A(BLOCKS, "z", C_DETAIL, TRACEBACK, 5, "Blocks", "its blocks, sizes") \
A(LINE_NEXT, "n", C_SOURCE, TRACEBACK, 6, "Next", "next owning line") \
A(LINE_PREVIOUS, "N", C_SOURCE, TRACEBACK, 0, "", "previous such line") \
A(MARK_USE, "Enter a", C_MARKS, LISTS, 4, "Compare", "compare with it") \
A(MARK_SHOW, "n", C_MARKS, LISTS, 5, "Show", "show its contents") \
A(MARK_LOAD, "L", C_MARKS, LISTS, 0, "", "one from a file") \
A(MARK_DELETE, "Del x", C_MARKS, LISTS, 6, "Delete", "delete the mark") \
A(MARK_PREVIOUS, "=", C_MARKS, LISTS, 0, "", "with the one before") \
A(MARK_RENAME, "r", C_MARKS, LISTS, 7, "Rename", "name the mark") \
A(ENTRY_ADD, "a", C_FILTERS, LISTS, 4, "Add", "add a filter") \
A(ENTRY_EDIT, "Enter e", C_FILTERS, LISTS, 5, "Edit", "edit it") \
A(ENTRY_SWITCH, "Space", C_FILTERS, LISTS, 6, "On/off", "filter on or off") \
A(ENTRY_FLIP, "t", C_FILTERS, LISTS, 7, "In/out", "include or exclude") \
A(ENTRY_FRAMES, "A", C_FILTERS, LISTS, 9, "All frames", "every frame") \
A(ENTRY_DELETE, "Del x", C_FILTERS, LISTS, 8, "Delete", "delete it") \
A(ENTRY_OFF, "X", C_FILTERS, LISTS, 0, "", "all off, all on") \
A(ENTRY_UNDO, "U", C_FILTERS, LISTS, 10, "Undo", "undo the change") \
A(PROCESS_ONLY, "Enter", C_PROCESSES, LISTS, 4, "Only this", \
    "show only this one") \
A(PROCESS_ALL, "a", C_PROCESSES, LISTS, 5, "All", "show all processes") \
A(PAUSE, "Space p Z", C_VIEWS & ~C_FILTERS, SCREEN, 0, "", "pause the display") \
A(INTERVAL, "i", C_VIEWS, SCREEN, 0, "", "refresh interval") \
A(SAVE, "w", C_VIEWS, SCREEN, 0, "", "save a snapshot") \
A(REDRAW, "^L", C_VIEWS, SCREEN, 0, "", "draw everything again") \
A(MOUSE, "m", C_VIEWS, SCREEN, 0, "", "mouse on or off") \
A(SUSPEND, "^Z", C_VIEWS, SCREEN, 0, "", "suspend tmtop only") \
A(INTERRUPT, "^C", C_VIEWS, SCREEN, 0, "", "ask what to stop") \
A(QUIT_SIGNAL, "^\\", C_VIEWS, SCREEN, 0, "", "ask, with SIGQUIT") \
A(BACK, "Esc Backspace", C_VIEWS, LOOK, 3, "Back", "one step back") \
A(BACK_LEFT, "Left", C_DETAIL, TRACEBACK, 0, "", "one step back") \
A(QUIT, "F10 q", C_VIEWS, SCREEN, 2, "Quit", "leave tmtop") \
A(HELP_NEXT, "Space PgDn Right", C_HELP, DIALOG, 0, "", "next page of help") \
A(HELP_CLOSE, "Esc q F1 ? h ^C ^G Backspace", C_HELP, DIALOG, 0, "", \
    "close the help") \
A(MENU_PICK, "Enter", C_MENU, DIALOG, 1, "Choose", "take this entry") \
A(MENU_CLOSE, "Esc q ^C ^G Backspace", C_MENU, DIALOG, 2, "Back", \
    "close the menu") \
A(QUIT_TERM, "t", C_QUIT, DIALOG, 1, "SIGTERM and quit", \
    "SIGTERM, then quit") \
A(QUIT_INT, "i ^C", C_QUIT, DIALOG, 3, "SIGINT", "SIGINT, stay") \
A(QUIT_KILL, "k", C_QUIT, DIALOG, 4, "SIGKILL", "SIGKILL, then quit") \
A(QUIT_QUIT, "^\\", C_QUIT, DIALOG, 0, "", "SIGQUIT, stay") \
A(QUIT_LEAVE, "l", C_QUIT, DIALOG, 5, "leave it running", \
    "leave it running") \
A(QUIT_STAY, "Esc ^G Backspace", C_QUIT, DIALOG, 2, "Stay", "stay in tmtop") \
A(ACCEPT, "Enter", C_PROMPTS, PROMPT, 1, "Keep", "keep it") \
A(CANCEL, "Esc ^G ^C", C_PROMPTS, PROMPT, 2, "Undo", "as it was before") \
A(HISTORY_UP, "Up ^P", C_PROMPTS, PROMPT, 5, "History", "older text") \
A(HISTORY_DOWN, "Down ^N", C_PROMPTS, PROMPT, 0, "", "newer text") \
A(COMPLETE, "Tab", C_FILTER, PROMPT, 4, "Complete", "complete, widen") \
A(PROMPT_HELP, "F1", C_PROMPTS, PROMPT, 3, "Help", "how filters work") \
A(EDIT_LEFT, "Left ^B", C_PROMPTS, PROMPT, 0, "", "one character left") \
A(EDIT_RIGHT, "Right ^F", C_PROMPTS, PROMPT, 0, "", "one character right") \
A(EDIT_HOME, "Home ^A", C_PROMPTS, PROMPT, 0, "", "to the start") \
A(EDIT_END, "End ^E", C_PROMPTS, PROMPT, 0, "", "to the end") \
A(ERASE, "Backspace", C_PROMPTS, PROMPT, 0, "", "erase to the left") \
A(ERASE_NEXT, "Del ^D", C_PROMPTS, PROMPT, 0, "", "erase to the right") \
A(ERASE_WORD, "^W", C_PROMPTS, PROMPT, 0, "", "erase a word") \
A(ERASE_START, "^U", C_PROMPTS, PROMPT, 0, "", "erase to the start") \
A(ERASE_END, "^K", C_PROMPTS, PROMPT, 0, "", "erase to the end") \
A(YANK, "^Y", C_PROMPTS, PROMPT, 0, "", "put it back")

enum action_id {
#define ACTION_ID(id, ...)	ACTION_##id,
	ACTION_LIST(ACTION_ID)
#undef ACTION_ID
	N_ACTIONS,
	ACTION_NONE = N_ACTIONS
};

struct action {
	const char	*name;		/* "FILTER" */
	const char	*keys;		/* see keys_next() */
	unsigned	 contexts;
	enum action_group group;
	unsigned	 bar_rank;	/* 0: not in the key bar */
	const char	*bar;
	const char	*help;		/* at most 21 columns */
};

extern const struct action actions[N_ACTIONS];

/* "MOVE", "FIND" ... */
const char *action_group_name(enum action_group group);

/* What the key does there, or ACTION_NONE. */
enum action_id action_find(enum context context, uint32_t key);

struct ui;

/*
 * Do it.  Returns the earliest stage that must run again, STAGE_IDLE when
 * nothing changed that is shown.
 */
enum stage action_run(struct ui *ui, enum action_id id);

#endif
