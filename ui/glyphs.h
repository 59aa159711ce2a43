/*
 * glyphs.h - the drawn characters, as ASCII and as Unicode (L7).
 *
 * Explicit strings instead of the terminal's line drawing set: they survive
 * being captured, copied, and compared in tests.
 */
#ifndef TMTOP_UI_GLYPHS_H
#define TMTOP_UI_GLYPHS_H

#include "base/compiler.h"

enum { GLYPH_STEPS_MAX = 9 };

struct glyphs {
	const char	*ellipsis;
	/* Parts of one cell of a bar from empty to full; [n_bar] is full. */
	const char	*bar[GLYPH_STEPS_MAX];
	unsigned	 n_bar;
	/* One sample of a curve from nothing to the maximum, [n_spark]. */
	const char	*spark[GLYPH_STEPS_MAX];
	unsigned	 n_spark;
	const char	*spark_left, *spark_right;
	const char	*corner_top_left, *corner_top_right;
	const char	*corner_bottom_left, *corner_bottom_right;
	const char	*horizontal, *vertical;
};

extern const struct glyphs glyphs_ascii, glyphs_utf8;

#endif
