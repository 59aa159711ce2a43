/*
 * api_list.h - the functions of tmtop.h that the hook brings along (L2).
 *
 *	A(name): exported as tmtop_hook_NAME; defined in api.c.
 */
#ifndef TMTOP_HOOKS_API_LIST_H
#define TMTOP_HOOKS_API_LIST_H

#define API_LIST(A)							\
	A(start)							\
	A(stop)								\
	A(hold)								\
	A(is_tracing)							\
	A(clear_traces)							\
	A(reset_peak)							\
	A(mark)								\
	A(get_traced_memory)						\
	A(get_tracing_memory)						\
	A(get_traceback_limit)						\
	A(set_traceback_limit)						\
	A(get_traceback)						\
	A(track)							\
	A(untrack)							\
	A(touch)							\
	A(name_domain)							\
	A(region_begin)							\
	A(region_read)							\
	A(get_growth)							\
	A(snapshot)

#endif
