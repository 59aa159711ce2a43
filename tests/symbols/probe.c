/*
 * probe.c - what src/symbols says of addresses of one file.
 *
 *	probe HELPER FILE <ADDRESSES
 *
 * One address a line, hexadecimal.  For each: the address, then a line
 * "function<TAB>file<TAB>line" for every frame, innermost first; "?" where
 * nothing is known.
 */
#include "symbols/symbols.h"

#include <stdio.h>
#include <stdlib.h>

static void
print_frame(const struct names *names, const struct symbol_frame *frame)
{
	bool has_line = (frame->flags & SYMBOL_NO_LINE) == 0;

	printf("%s\t%s\t%u\n", frame->function == NAME_UNKNOWN ? "?" :
	    name_text(names, frame->function),
	    has_line ? name_text(names, frame->file) : "?", frame->line);
}

int
main(int argc, char **argv)
{
	struct frame_store *store = frame_store_new();
	struct names *names = names_new();
	struct symbols *symbols;
	unsigned long address;
	uint32_t module, location = 0, n;

	if (argc != 3)
		return 2;
	symbols = symbols_new(argv[1], store, names);
	module = frame_store_module(store, argv[2], NULL, 0);
	while (scanf("%lx", &address) == 1) {
		location = frame_store_location(store, module, address,
		    LOCATION_SIGNAL);
		symbols_frames(symbols, location, &n);
	}
	symbols_pump(symbols, -1);
	for (uint32_t i = 1; i <= location; i++) {
		const struct symbol_frame *frames =
		    symbols_frames(symbols, i, &n);

		printf("%#lx\n", (unsigned long)frames[0].offset);
		for (uint32_t k = 0; k < n; k++)
			print_frame(names, &frames[k]);
	}
	if (symbols_trouble(symbols)[0] != '\0')
		fprintf(stderr, "%s\n", symbols_trouble(symbols));
	symbols_free(symbols);
	frame_store_free(store);
	names_free(names);
	return 0;
}
