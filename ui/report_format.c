/* report_format.c - what the report formats share (L7). */
#include "ui/report_format.h"

const char *const report_grouping_names[N_GROUPINGS] = {
	[BY_FILENAME] = "filename", [BY_LINENO] = "lineno",
	[BY_TRACEBACK] = "traceback", [BY_THREAD] = "thread",
};

void
report_out_init(struct report_out *out, FILE *to,
    const struct options *options)
{
	*out = (struct report_out){
		.to = to,
		.traceback_index = IDMAP_INIT,
		.sources = options == NULL ? sources_new(NULL, 0) :
		    sources_new((const char *const *)options->source_maps,
		    options->n_source_maps),
	};
}

void
report_out_fini(struct report_out *out)
{
	idmap_fini(&out->traceback_index);
	vec_fini(&out->tracebacks);
	sources_free(out->sources);
}

const char *const report_recording_names[N_RECORD_MODES] = {
	[RECORD_ON] = "on", [RECORD_HELD] = "held",
	[RECORD_STOPPED] = "stopped",
};

uint64_t
report_average(uint64_t size, uint64_t count)
{
	uint64_t rest = size % count;

	return size / count + (rest >= count - rest);
}
