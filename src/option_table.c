/*
 * option_table.c - every option, in one table (L6).
 *
 * Shape      One row per option, in the order of --help.  getopt's arrays,
 *            the help of each command, range errors and the manual's check
 *            are all made from the rows; what a value may look like is in
 *            option_values.c.
 * Invariant  An option is in the table only if it has its effect in every
 *            command that its row names.
 */
#include "option_values.h"

static const struct option_choice groupings[] = {
	{ "filename", BY_FILENAME }, { "lineno", BY_LINENO },
	{ "traceback", BY_TRACEBACK }, { "thread", BY_THREAD },
	{ NULL, 0 }
};

static const struct option_choice cumulatives[] = {
	{ "once", CUMULATIVE_ONCE },
	{ "occurrences", CUMULATIVE_OCCURRENCES }, { NULL, 0 }
};

static const struct option_choice formats[] = {
	{ "text", FORMAT_TEXT }, { "tracemalloc", FORMAT_TRACEMALLOC },
	{ "json", FORMAT_JSON }, { "csv", FORMAT_CSV },
	{ "folded", FORMAT_FOLDED }, { NULL, 0 }
};

static const struct option_choice weights[] = {
	{ "bytes", WEIGHT_BYTES }, { "blocks", WEIGHT_BLOCKS },
	{ "allocs", WEIGHT_ALLOCS }, { "survivors", WEIGHT_SURVIVORS },
	{ NULL, 0 }
};

static const struct option_choice frame_texts[] = {
	{ "function", FRAME_FUNCTION }, { "file", FRAME_FILE },
	{ "both", FRAME_BOTH }, { NULL, 0 }
};

static const struct option_choice colors[] = {
	{ "auto", COLOR_AUTO }, { "always", COLOR_ALWAYS },
	{ "never", COLOR_NEVER }, { NULL, 0 }
};

static const struct option_choice unwinders[] = {
	{ "cfa", UNWINDER_CFA }, { "libunwind", UNWINDER_LIBUNWIND },
	{ NULL, 0 }
};

static const struct option_choice hangups[] = {
	{ "forward", HANGUP_FORWARD }, { "keep", HANGUP_KEEP }, { NULL, 0 }
};

static const struct option_choice follows[] = {
	{ "none", 0 }, { "fork", FOLLOWS_FORK }, { "exec", FOLLOWS_EXEC },
	{ "all", FOLLOWS_FORK | FOLLOWS_EXEC }, { NULL, 0 }
};

#define FIELD(name)	.offset = offsetof(struct options, name)

static const struct option_choice matches[] = {
	{ "function", MATCH_FUNCTION }, { "exact", MATCH_EXACT }, { NULL, 0 }
};

const struct option_row option_table[] = {
	{ .section = "What is shown",
	    .name = "group-by", .letter = 'g', .arg = "KEY", .in = IN_ALL,
	    .read = read_choice, FIELD(grouping), .choices = groupings,
	    .unset = "lineno", .help = "rows by" },
	{ .name = "cumulative", .letter = 'c', .arg = "[RULE]", .in = IN_ALL,
	    .read = read_cumulative, FIELD(cumulative), .choices = cumulatives,
	    .unset = "off", .help = "count blocks in all frames" },
	{ .name = "filter", .letter = 'F', .arg = "FILTER", .in = IN_ALL,
	    .read = read_filter,
	    .help = "only (or with ! not) these files; may be repeated" },
	{ .name = "sort", .letter = 's', .arg = "COLUMN", .in = IN_ALL,
	    .read = read_sort, FIELD(sort), .unset = "size",
	    .help = "column that orders the rows; help lists them" },
	{ .name = "reverse", .letter = 'r', .in = IN_ALL, .read = read_flag,
	    FIELD(reverse), .help = "smallest first" },
	{ .name = "skip", .arg = "GLOB", .in = IN_ALL, .read = read_skip,
	    .help = "skip such functions or files too; may be repeated" },
	{ .name = "no-skip", .in = IN_ALL, .read = read_flag_off, FIELD(skip),
	    .help = "rows name the newest frame, allocators included" },
	{ .name = "ignore", .arg = "FILE", .in = IN_ALL, .read = read_ignore,
	    .help = "without what LeakSanitizer's suppressions match" },
	{ .name = "baseline", .arg = "FILE", .in = IN_RUN | IN_REPORT,
	    .read = read_text, FIELD(baseline),
	    .help = "compare with a saved snapshot" },
	{ .name = "match", .arg = "HOW", .in = IN_RUN | IN_REPORT | IN_DIFF,
	    .read = read_choice, FIELD(match), .choices = matches,
	    .unset = "function", .help = "rows of two builds" },
	{ .name = "allow-lost", .in = IN_DIFF, .read = read_flag,
	    FIELD(allow_lost),
	    .help = "compare though allocations were not recorded" },
	{ .name = "info", .in = IN_REPORT, .read = read_flag, FIELD(info),
	    .help = "what the file has, instead of rows" },

	{ .section = "Recording",
	    .name = "frames", .arg = "N", .in = IN_ALL, .read = read_number,
	    FIELD(frames), .min = 1, .max = 65535, .unset = "all",
	    .help = "frames stored of each traceback" },
	{ .name = "sample", .arg = "SIZE", .in = IN_RUN, .read = read_size,
	    FIELD(sample_bytes), .min = UINT64_C(1) << 10,
	    .max = UINT64_C(1) << 30, .unset = "all",
	    .help = "a sample, one block every SIZE bytes" },
	{ .name = "stopped", .in = IN_RUN, .read = read_flag, FIELD(stopped),
	    .help = "record nothing until told to" },
	{ .name = "table-size", .arg = "SIZE", .in = IN_RUN, .read = read_size,
	    FIELD(table_size), .min = UINT64_C(1) << 20,
	    .max = UINT64_C(32) << 30, .unset = "32 GiB",
	    .help = "most memory for the tables of one process" },
	{ .name = "unwinder", .arg = "NAME", .in = IN_RUN, .read = read_choice,
	    FIELD(unwinder), .choices = unwinders, .unset = "cfa",
	    .help = "what walks the stack" },
	{ .name = "mmap", .in = IN_RUN, .read = read_flag, FIELD(mappings),
	    .help = "record anonymous mmap too, as domain 1" },
	{ .name = "by-thread", .in = IN_RUN, .read = read_flag,
	    FIELD(by_thread), .help = "tell threads apart" },
	{ .name = "mark-every", .arg = "SECONDS", .in = IN_RUN,
	    .read = read_seconds, FIELD(mark_every_ms), .min = 100,
	    .max = 86400000, .unset = "never",
	    .help = "set marks by itself" },
	{ .name = "survivors", .in = IN_RUN, .read = read_flag,
	    FIELD(survivors),
	    .help = "what was born after the mark and lives" },
	{ .name = "follow", .arg = "WHAT", .in = IN_RUN, .read = read_follow,
	    .choices = follows, .unset = "all", .help = "children recorded" },

	{ .section = "Snapshot files",
	    .name = "load", .letter = 'l', .arg = "FILE", .in = IN_LOAD,
	    .read = read_text, FIELD(load),
	    .help = "no program: a snapshot file on the screen" },
	{ .name = "save-at-exit", .arg = "FILE", .in = IN_RUN,
	    .read = read_pattern, FIELD(save_at_exit),
	    .help = "save a snapshot when the program ends" },
	{ .name = "record", .arg = "[FILE]", .in = IN_RUN,
	    .read = read_record, FIELD(record),
	    .help = "save snapshots all along the run" },
	{ .name = "every", .arg = "SECONDS", .in = IN_RUN,
	    .read = read_seconds, FIELD(every_ms), .min = 100,
	    .max = 86400000, .unset = "10", .help = "that often" },
	{ .name = "blocks", .in = IN_RUN, .read = read_flag, FIELD(blocks),
	    .help = "save every live block, not their sums only" },
	{ .name = "meta", .arg = "KEY=VALUE", .in = IN_RUN,
	    .read = read_meta, .help = "save a remark; may be repeated" },

	{ .section = "Symbols and sources",
	    .name = "source-map", .arg = "OLD=NEW", .in = IN_ALL,
	    .read = read_source_map,
	    .help = "sources of folder OLD are in NEW; may be repeated" },
	{ .name = "debuginfod", .in = IN_RUN, .read = read_flag,
	    FIELD(debuginfod),
	    .help = "fetch debug information from $DEBUGINFOD_URLS" },
	{ .name = "no-cache", .in = IN_RUN, .read = read_flag,
	    FIELD(no_cache), .help = "keep no symbols on disk" },

	{ .section = "The program",
	    .name = "stdin", .arg = "FILE", .in = IN_RUN, .read = read_text,
	    FIELD(stdin_path), .help = "its input" },
	{ .name = "stdout", .arg = "FILE", .in = IN_RUN, .read = read_text,
	    FIELD(stdout_path), .help = "its output" },
	{ .name = "stderr", .arg = "FILE", .in = IN_RUN, .read = read_text,
	    FIELD(stderr_path), .help = "its messages" },
	{ .name = "output-log", .arg = "FILE", .in = IN_SCREEN,
	    .read = read_text, FIELD(output_log),
	    .help = "keep what it writes to its terminal" },
	{ .name = "on-hangup", .arg = "WHAT", .in = IN_RUN, .read = read_choice,
	    FIELD(on_hangup), .choices = hangups, .unset = "forward",
	    .help = "when our terminal goes away" },

	{ .section = "The screen",
	    .name = "delay", .letter = 'd', .arg = "SECONDS", .in = IN_RUN,
	    .read = read_delay, FIELD(delay_ms), .min = 100, .max = 3600000,
	    .unset = "1.0", .help = "time between two readings" },
	{ .name = "exit", .in = IN_RUN, .read = read_flag, FIELD(exit_at_end),
	    .help = "leave when the program ends" },
	{ .name = "color", .arg = "WHEN", .in = IN_RUN | IN_LOAD,
	    .read = read_choice, FIELD(color), .choices = colors,
	    .unset = "auto", .help = "colours" },
	{ .name = "ascii", .in = IN_RUN | IN_LOAD, .read = read_flag,
	    FIELD(ascii),
	    .help = "no characters beyond ASCII" },
	{ .name = "no-mouse", .in = IN_RUN | IN_LOAD, .read = read_flag,
	    FIELD(no_mouse),
	    .help = "leave the mouse to the terminal" },

	{ .section = "Reports",
	    .name = "batch", .letter = 'b', .in = IN_RUN, .read = read_flag,
	    FIELD(batch), .help = "no screen: report when the program ends" },
	{ .name = "format", .letter = 'f', .arg = "FORMAT", .in = IN_REPORTS,
	    .read = read_choice, FIELD(format), .choices = formats,
	    .unset = "text", .help = "form" },
	{ .name = "weight", .arg = "WHAT", .in = IN_REPORTS,
	    .read = read_choice, FIELD(weight), .choices = weights,
	    .unset = "bytes", .help = "folded" },
	{ .name = "frame", .arg = "FORM", .in = IN_REPORTS,
	    .read = read_choice, FIELD(frame_text), .choices = frame_texts,
	    .unset = "function", .help = "name of a frame" },
	{ .name = "output", .letter = 'o', .arg = "FILE", .in = IN_REPORTS,
	    .read = read_text, FIELD(output),
	    .unset = "stderr, of a file stdout",
	    .help = "where it goes; - is stdout" },
	{ .name = "top", .letter = 't', .arg = "N", .in = IN_REPORTS,
	    .read = read_top, FIELD(top), .max = UINT32_MAX,
	    .unset = "20 for text, else all", .help = "rows; 0: all" },
	{ .name = "iterations", .letter = 'n', .arg = "N", .in = IN_BATCH,
	    .read = read_number, FIELD(iterations), .min = 1, .max = UINT32_MAX,
	    .help = "stop reporting after so many readings" },

	{ .section = "Gates, for continuous integration",
	    .name = "fail-if-growth", .arg = "SIZE[:FILTER]",
	    .in = IN_BATCH | IN_DIFF, .read = read_gate_growth,
	    .help = "fail when more has grown" },
	{ .name = "fail-if-live", .arg = "SIZE[:FILTER]", .in = IN_BATCH |
	    IN_REPORT | IN_DIFF, .read = read_gate_live,
	    .help = "fail when more is alive at the end" },
	{ .name = "fail-if-peak", .arg = "SIZE", .in = IN_BATCH | IN_REPORT |
	    IN_DIFF, .read = read_gate_peak,
	    .help = "fail when the peak was higher" },
	{ .name = "gate-status", .arg = "N", .in = IN_BATCH,
	    .read = read_number, FIELD(gate_status), .min = 1, .max = 255,
	    .unset = "3", .help = "status of a run that a gate fails" },

	{ .section = "Other",
	    .name = "quiet", .letter = 'q', .in = IN_ALL, .read = read_flag,
	    FIELD(quiet), .help = "no remarks and no summary on stderr" },
	{ .name = "verbose", .letter = 'v', .in = IN_ALL, .read = read_level,
	    FIELD(verbose), .help = "say more; may be repeated" },
	{ .name = "version", .letter = 'V', .in = IN_ALL,
	    .help = "print the version" },
	{ .name = "help", .letter = 'h', .in = IN_ALL, .help = "print this" },
};

const size_t n_options = array_size(option_table);
