#include "ui/keys.h"

#include "util/names.h"

#include <stdio.h>
#include <string.h>

static const struct {
	uint32_t	 key;
	const char	*name;
} named[] = {
	{ K_TAB, "Tab" }, { K_ENTER, "Enter" }, { K_ESC, "Esc" },
	{ K_SPACE, "Space" },
	{ K_UP, "Up" }, { K_DOWN, "Down" }, { K_LEFT, "Left" },
	{ K_RIGHT, "Right" }, { K_PGUP, "PgUp" }, { K_PGDN, "PgDn" },
	{ K_HOME, "Home" }, { K_END, "End" }, { K_BACKSPACE, "Backspace" },
	{ K_DELETE, "Del" }, { K_BACKTAB, "S-Tab" },
	{ K_F1, "F1" }, { K_F2, "F2" }, { K_F3, "F3" }, { K_F4, "F4" },
	{ K_F5, "F5" }, { K_F6, "F6" }, { K_F7, "F7" }, { K_F8, "F8" },
	{ K_F9, "F9" }, { K_F10, "F10" }, { K_F11, "F11" }, { K_F12, "F12" },
	{ K_UNKNOWN, "?unknown?" },
};

/* UTF-8 of a character that need not be one. */
static size_t
encode(char to[4], uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

size_t
key_text(char to[KEY_NAME_ROOM], uint32_t key)
{
	char bytes[4];

	for (size_t i = 0; i < array_size(named); i++) {
		if (named[i].key == key)
			return (size_t)snprintf(to, KEY_NAME_ROOM, "%s",
			    named[i].name);
	}
	if (key < 0x20)
		return (size_t)snprintf(to, KEY_NAME_ROOM, "^%c",
		    (int)(key + '@'));
	if (key >= K_SPECIAL)
		return (size_t)snprintf(to, KEY_NAME_ROOM, "?%x", key);
	return sanitise(to, KEY_NAME_ROOM, bytes, encode(bytes, key));
}

uint32_t
key_find(const char *text, size_t size)
{
	for (size_t i = 0; i < array_size(named); i++) {
		if (strlen(named[i].name) == size &&
		    memcmp(named[i].name, text, size) == 0)
			return named[i].key;
	}
	if (size == 2 && text[0] == '^' && text[1] >= '@' && text[1] <= '_')
		return (uint32_t)K_CTRL(text[1]);
	if (size == 1 && text[0] > ' ' && text[0] < 0x7f)
		return (uint32_t)text[0];
	return K_NONE;
}

const char *
keys_next(const char **keys, size_t *size)
{
	const char *name = *keys + strspn(*keys, " ");

	*size = strcspn(name, " ");
	*keys = name + *size;
	return *size > 0 ? name : NULL;
}

bool
keys_have(const char *keys, uint32_t key)
{
	const char *name;
	size_t size;

	while ((name = keys_next(&keys, &size)) != NULL) {
		if (key_find(name, size) == key)
			return true;
	}
	return false;
}
