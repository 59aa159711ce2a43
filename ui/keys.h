/*
 * keys.h - keys as numbers and as names (L7).
 *
 * A key is a Unicode character, a control character (^B is 2), or one of the
 * numbers below, which lie beyond Unicode.
 */
#ifndef TMTOP_UI_KEYS_H
#define TMTOP_UI_KEYS_H

#include "base/compiler.h"

enum key {
	K_NONE		= 0,
	K_TAB		= 9,
	K_ENTER		= 13,
	K_ESC		= 27,
	K_SPACE		= ' ',
	K_SPECIAL	= 0x110000,	/* the first that is no character */
	K_UP		= K_SPECIAL,
	K_DOWN, K_LEFT, K_RIGHT, K_PGUP, K_PGDN, K_HOME, K_END,
	K_BACKSPACE, K_DELETE, K_BACKTAB,
	K_F1, K_F2, K_F3, K_F4, K_F5, K_F6, K_F7, K_F8, K_F9, K_F10,
	K_F11, K_F12,
	K_UNKNOWN		/* a key that has no name here */
};

#define K_CTRL(c)	((c) & 0x1f)

enum { KEY_NAME_ROOM = 16 };

/* Name of a key: "Up", "F1", "^B", "Space", "x"; printable whatever comes
 * from the terminal.  Returns its length. */
size_t key_text(char to[KEY_NAME_ROOM], uint32_t key);

/* The key with the name in text[0..size), K_NONE if there is none. */
uint32_t key_find(const char *text, size_t size);

/*
 * Is `key` among the names in `keys`, which spaces separate ("f \ F4")?
 * The way an action's keys are written.
 */
bool keys_have(const char *keys, uint32_t key);

/* Step through such a list: the next name and its size, NULL at the end. */
const char *keys_next(const char **keys, size_t *size);

#endif
