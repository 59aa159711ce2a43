#include "ui/glyphs.h"

const struct glyphs glyphs_ascii = {
	.ellipsis = "..",
	.bar = { " ", "#" },
	.n_bar = 1,
	.spark = { " ", ".", ":", "|", "#" },
	.n_spark = 4,
	.spark_left = "|", .spark_right = "|",
	.corner_top_left = "+", .corner_top_right = "+",
	.corner_bottom_left = "+", .corner_bottom_right = "+",
	.horizontal = "-", .vertical = "|",
};

const struct glyphs glyphs_utf8 = {
	.ellipsis = "\u2026",
	.bar = { " ", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b",
	    "\u258a", "\u2589", "\u2588" },
	.n_bar = 8,
	.spark = { " ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585",
	    "\u2586", "\u2587", "\u2588" },
	.n_spark = 8,
	.spark_left = "\u258f", .spark_right = "\u2595",
	.corner_top_left = "\u250c", .corner_top_right = "\u2510",
	.corner_bottom_left = "\u2514", .corner_bottom_right = "\u2518",
	.horizontal = "\u2500", .vertical = "\u2502",
};
