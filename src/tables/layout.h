/*
 * layout.h - the shared-memory contract between hooks and viewers (L1).
 *
 * One sparse, sealed memfd per run:
 *
 *	0		struct lobby		written by tmtop-run at creation
 *	CONTROL_OFFSET	struct control		written by tmtop-run only
 *	SLOTS_OFFSET	struct slot[N_SLOTS]	claimed by compare-and-swap
 *	REGIONS_OFFSET	region of slot 0, 1, ...	REGION_SIZE each, sparse
 *
 * A region holds the tables of one process image.  It starts with a
 * struct process_header (HEADER_SIZE bytes); the rest is given out in chunks,
 * front to back, and never taken back while the process lives.  A section is
 * an array cut into chunks of equal size; the chunk directory in the header
 * says where each lies (in pages from the start of the region, 0 = not yet).
 *
 * Nothing in here is a pointer.  The hook side trusts what it wrote itself,
 * the viewer trusts nothing: it copies, checks, then uses.
 *
 * Who writes is said per field: [run] tmtop-run, [hook] the process that owns
 * the slot, [once] written before the slot becomes SLOT_LIVE and then fixed.
 */
#ifndef TMTOP_TABLES_LAYOUT_H
#define TMTOP_TABLES_LAYOUT_H

#include "base/compiler.h"

#define LAYOUT_MAGIC		0x31304f504f544d54ull	/* "TMTOPO01" */
#define LAYOUT_VERSION		4u
#define LAYOUT_PAGE		4096u

#define N_SLOTS			256u
#define CONTROL_OFFSET		0x1000u
#define SLOTS_OFFSET		0x2000u
#define LOBBY_SIZE		0x10000u	/* lobby, control, slots */
#define REGIONS_OFFSET		0x10000ull
#define REGION_SIZE		(1ull << 36)	/* of address space in the
						 * sparse file, not of memory */
#define SEGMENT_SIZE		(REGIONS_OFFSET + N_SLOTS * REGION_SIZE)
#define HEADER_SIZE		0x10000u

/* ---- lobby ---- */

struct lobby {
	uint64_t	magic;		/* [run] LAYOUT_MAGIC */
	uint32_t	version;	/* [run] LAYOUT_VERSION */
	uint32_t	layout_hash;	/* [run] sizes folded: layout_hash() */
	uint64_t	nonce;		/* [run] as in the environment */
	uint64_t	segment_size;	/* [run] */
	uint64_t	table_limit;	/* [run] bytes one process may use; a
					 * full table degrades, visibly */
	uint32_t	max_frames;	/* [run] --frames; 0: all */
	uint32_t	options;	/* [run] enum lobby_option */
	int32_t		helper_pid;	/* [run] */
	uint32_t	n_untracked;	/* [hook] atomic: processes that found
					 * no free slot */
};

enum lobby_option {
	LOBBY_FOLLOW_FORK	= 1,
	LOBBY_FOLLOW_EXEC	= 2,
	LOBBY_VERIFY		= 4,	/* compare captures with libunwind */
	LOBBY_LIBUNWIND		= 8,	/* capture with libunwind */
	LOBBY_MAPPINGS		= 16,	/* record mmap and friends too */
	LOBBY_BY_THREAD		= 32,	/* threads are told apart */
};

/*
 * Control page: what viewers want, read by the hooks with plain loads.
 * Epochs start at 1 and only grow.  Written by tmtop-run, and by the functions
 * of tmtop.h in the program itself.
 */
struct domain_name {
	uint32_t	domain;		/* 0: none; by compare-and-swap */
	char		name[28];	/* ends with 0; hostile */
};
#define MAX_DOMAIN_NAMES	32

struct control {
	uint32_t	state;		/* enum recording_state */
	uint32_t	generation;	/* stamped into block records: 1, and
					 * more with each mark up to
					 * GENERATION_LAST, where it stays; 1
					 * again when traces are cleared */
	/* these two are compared as one word */
	uint32_t	clear_epoch __attribute__((aligned(8)));
	uint32_t	peak_reset_epoch;
	uint32_t	mark_epoch;
	uint32_t	frames_limit;	/* 0: as lobby.max_frames */
	uint64_t	sample_bytes;	/* 0: record everything; else fixed
				 * before the first process starts */
	uint32_t	n_pauses;	/* times that recording was not on or
				 * traces were cleared: blocks that nobody
				 * knows are no surprise any more */
	uint32_t	reserved;
	char		mark_name[32];	/* [hook] of the latest mark, if it
					 * came from the program; hostile */
	struct domain_name domain_names[MAX_DOMAIN_NAMES];	/* [hook] */
};

/*
 * Held: new blocks are not recorded, those recorded are still followed.
 * Stopped: nothing is; whoever stops also advances clear_epoch, so that
 * records which nobody follows any more belong to forgotten tracebacks.
 */
enum recording_state {
	RECORDING_ON, RECORDING_HELD, RECORDING_STOPPED,
};

/* ---- slots ---- */

enum slot_state {
	SLOT_FREE,		/* region is empty (all zero) */
	SLOT_CLAIMED,		/* [hook] taken by compare-and-swap */
	SLOT_LIVE,		/* [hook] header is complete.
				 * ORDER slot-live: release here, acquire by
				 * whoever reads the header */
	SLOT_DEAD,		/* [run] process gone or replaced by exec;
				 * the tables are final */
};

struct slot {
	uint32_t	state;		/* enum slot_state, atomic */
	uint32_t	incarnation;	/* [run] +1 each time it becomes free */
	int32_t		pid;		/* [hook] written right after the
					 * claim; 0 until then */
	int32_t		ppid;		/* [hook] */
	uint64_t	start_ns;	/* [hook] CLOCK_MONOTONIC */
	uint32_t	kind;		/* [hook] enum slot_kind */
	uint32_t	parent_slot;	/* [hook] of a fork, + 1; 0: none */
	uint32_t	end;		/* [run] enum slot_end, with DEAD */
	int32_t		wait_status;	/* [run] when end is SLOT_EXITED and
					 * it was our child; else -1 */
	uint8_t		reserved[24];
};

enum slot_kind { SLOT_KIND_EXEC = 1, SLOT_KIND_FORK = 2 };
enum slot_end { SLOT_EXITED = 1, SLOT_EXECED = 2 };

/* ---- one process ---- */

/* Everything that only grows is found through one of these. */
enum section_id {
	SECTION_NODES,		/* struct node; id 0 = root, unused */
	SECTION_TRACEBACKS,	/* struct traceback; id 0 = none, unused */
	SECTION_MODULES,	/* struct module_record; 0 = no module */
	SECTION_STRINGS,	/* bytes; offset 0 = "" */
	SECTION_GRANULES,	/* struct granule: block records */
	SECTION_GRANULE_KEYS,	/* uint64_t: first address of each granule */
	SECTION_LARGE,		/* struct large_record: sizes that do not fit
				 * a block record */
	SECTION_RANGES,		/* struct large_record: mappings */
	SECTION_OBJECTS,	/* struct object_record: what the program
				 * tracks itself, in other domains */
	SECTION_DELTAS,		/* per-thread counter deltas */
	SECTION_THREADS,	/* struct thread_record; 0 = none, unused */
	N_SECTIONS
};

/* element size, elements per chunk (power of two), most chunks */
#define SECTION_LIST(S)							\
	S(NODES,	sizeof(struct node),		16384,	1024)	\
	S(TRACEBACKS,	sizeof(struct traceback),	2048,	2048)	\
	S(MODULES,	sizeof(struct module_record),	256,	64)	\
	S(STRINGS,	1,				65536,	256)	\
	S(GRANULES,	sizeof(struct granule),		512,	8192)	\
	S(GRANULE_KEYS,	sizeof(uint64_t),		16384,	256)	\
	S(LARGE,	sizeof(struct large_record),	4096,	1)	\
	S(RANGES,	sizeof(struct large_record),	4096,	1)	\
	S(OBJECTS,	sizeof(struct object_record),	8192,	512)	\
	S(DELTAS,	sizeof(struct delta_block),	64,	256)	\
	S(THREADS,	sizeof(struct thread_record),	2048,	64)

struct section {
	uint32_t	n_used;		/* [hook] atomic: next free id.  An id
					 * below it may not be complete yet:
					 * see the element's own marker */
	uint32_t	is_full;	/* [hook] something did not fit */
};

/* An index into process_header.directory for a section's first chunk. */
enum {
#define S(name, size, per_chunk, chunks) DIRECTORY_##name,		\
	DIRECTORY_##name##_LAST = DIRECTORY_##name + (chunks) - 1,
	SECTION_LIST(S)
#undef S
	DIRECTORY_SIZE
};

enum full_reason {		/* bits of process_header.troubles */
	TROUBLE_NO_MEMORY	= 1,	/* the kernel refused pages */
	TROUBLE_LIMIT		= 2,	/* lobby.table_limit reached */
	TROUBLE_NO_UNWINDER	= 4,	/* libunwind module did not load */
	TROUBLE_OWN_MALLOC	= 8,	/* executable defines malloc itself */
};

struct process_header {
	/* [once] */
	uint64_t	magic;
	uint32_t	version;
	int32_t		pid, ppid;
	uint32_t	kind;		/* enum slot_kind */
	uint64_t	start_ns;	/* CLOCK_MONOTONIC */
	uint32_t	record_lanes;	/* records per RECORD_STRIDE bytes of
					 * address: see struct granule */
	uint32_t	own_pointer_size;	/* 8 */
	uint64_t	inherited_bytes; /* traced in the parent at fork */
	uint64_t	sample_bytes;	/* as control's; not 0: counts are in
					 * units of 1 / SAMPLE_UNIT block */
	char		command[512];	/* argv joined by NULs, cut */
	uint32_t	command_size;
	uint32_t	reserved0;
	char		allocator[64];	/* file of the real malloc, without
					 * folder; cut */

	/*
	 * [hook] the hot line: changed by every event of a process with one
	 * thread; with more of them, by each thread when its delta block has
	 * gathered DELTA_FLUSH_BYTES.  current and allocated lack what the
	 * delta blocks hold; peak may miss that much per thread.
	 */
	uint64_t	current __attribute__((aligned(64)));	/* bytes */
	uint64_t	peak;			/* bytes, highest current */
	uint64_t	allocated;		/* bytes ever */
	uint32_t	at_peak;		/* current is a new maximum */
	uint32_t	peak_epoch;		/* see struct traceback */
	/* the control page's, when last acted upon; one word */
	uint32_t	clear_epoch __attribute__((aligned(8)));
	uint32_t	peak_reset_epoch;

	/* [hook] rare; atomic adds */
	uint64_t	lost_blocks __attribute__((aligned(64)));
	uint64_t	lost_bytes;		/* of lost_blocks */
	uint64_t	nested_blocks;		/* of the lost: by a signal
						 * handler inside the hook */
	uint64_t	unknown_frees;		/* block never recorded */
	uint64_t	wide_blocks;		/* in SECTION_LARGE */
	uint64_t	unwind_compared;	/* TMTOP_VERIFY */
	uint64_t	unwind_mismatches;
	uint64_t	unwind_guessed_frames;
	uint32_t	module_epoch;		/* +1 per unload seen */
	uint32_t	troubles;		/* enum full_reason */
	uint64_t	private_bytes;		/* hook memory outside */
	uint64_t	used_bytes;		/* region bytes populated */
	uint64_t	arena_used;		/* region bytes given out */
	/* diagnostics of the latest mismatch: traceback, our and the
	 * reference's return address at the first difference, depth */
	uint64_t	mismatch[4];

	struct section	sections[N_SECTIONS] __attribute__((aligned(64)));
	/* chunk positions, in pages from the region's start.
	 * ORDER chunk-publish: release by the hook, acquire by the reader */
	uint32_t	directory[DIRECTORY_SIZE];
};

/*
 * A frame of some stack: a return address called from `parent`.  Immutable
 * once its id is known to anybody.  Reached only through tracebacks.
 */
struct node {
	uint32_t	parent;		/* smaller id; 0: outermost frame */
	uint32_t	module_kind;	/* module id << 8 | enum node_kind */
	uint64_t	offset;		/* ELF address in the module (what
					 * objdump shows); absolute if module 0 */
};

enum node_kind {
	NODE_CALL,		/* offset is a return address */
	NODE_SIGNAL,		/* interrupted here: exact address */
	NODE_GUESSED,		/* found by frame pointer */
	NODE_CUT,		/* marker: walk ended early; offset 0 */
	NODE_DEEPER,		/* marker: frames below were not stored */
	NODE_DOMAIN,		/* marker, innermost: the traceback is its
				 * parent's, in the domain `offset` */
	NODE_IN_REGION,		/* marker, below the innermost frame: the same
				 * in the region whose node is `offset` */
	NODE_REGION,		/* a region in the region `parent`; offset: of
				 * its name in SECTION_STRINGS | size << 32 */
	NODE_THREAD,		/* marker, outermost: who made these calls, the
				 * thread record `offset` */
	N_NODE_KINDS
};

#define NODE_MODULE_SHIFT	8
#define NODE_KIND_MASK		0xffu

/*
 * Two numbers that change together: bytes, and in the lower 40 bits (signed)
 * blocks.  Above them the mark epoch since which the pair has been changed.
 * Written as one 16-byte word, so that no reader sees one without the other.
 */
struct pair {
	uint64_t	bytes;
	uint64_t	packed;
} __attribute__((aligned(16)));

#define PAIR_COUNT_BITS		40
#define PAIR_COUNT_MASK		((1ull << PAIR_COUNT_BITS) - 1)
#define PAIR_EPOCH_MASK		0xffffffu	/* of a mark epoch */

/*
 * Counters of one distinct traceback; 128 bytes, two cache lines.
 *
 * Epochs make marks and peaks moments instead of scans.  Marks: a change under
 * a newer mark epoch than the pair's first saves the pair beside; the value at
 * the mark is the saved one where the epochs agree, else the present one.
 * What a thread had gathered before the mark and adds later is added to both.
 * Peaks: the same with peak_epoch and the header's.
 * A traceback whose clear_epoch is not the control page's is forgotten.
 */
struct traceback {
	struct pair	live __attribute__((aligned(128)));
	struct pair	ever;		/* allocations */
	uint64_t	temporary;	/* freed by the thread's next event */
	uint32_t	node;		/* innermost frame; 0 = not complete.
					 * ORDER traceback-publish: release by
					 * the hook, acquire by the reader */
	uint32_t	peak_epoch;
	uint32_t	clear_epoch;
	uint32_t	total_nframe;	/* largest seen */
	uint16_t	flags;		/* enum traceback_flag */
	uint16_t	domain;
	uint32_t	armed;		/* room for a viewer's flag: stop here */
	/* second line: rarely touched.  Saved pairs: bytes and blocks in two
	 * words; marked_*: the mark epoch they are complete for.
	 * ORDER marked: release by the hook, acquire by the reader */
	uint64_t	mark_live[2] __attribute__((aligned(64)));
	uint64_t	mark_ever[2];
	uint64_t	peak_live[2];
	uint32_t	marked_live, marked_ever;
	uint64_t	reserved;
};

enum traceback_flag {
	TRACEBACK_GUESSED	= 1,
	TRACEBACK_CUT		= 2,
	TRACEBACK_TRUNCATED	= 4,	/* not all frames stored */
	TRACEBACK_STEM		= 8,	/* [hook] there is the same in a domain
					 * or a region */
};

struct module_record {
	uint64_t	load_bias;	/* address = bias + offset */
	uint64_t	map_start, map_end;
	uint32_t	path;		/* offset in SECTION_STRINGS */
	uint32_t	path_size;	/* 0 = not complete */
	uint32_t	loaded_epoch;
	uint32_t	unloaded_epoch;	/* 0: still loaded */
	uint8_t		build_id[20];
	uint32_t	build_id_size;	/* 0: none */
};

/*
 * Block record, 8 bytes: flag 1 bit | odd 1 | traceback id 22 | size 28 |
 * generation 12, from the top; flag: [hook] the address means something
 * beside; odd: the address has this bit, which its place does not tell where
 * there is one lane.  0: no live block here.  Size RECORD_SIZE_WIDE: the rest is in SECTION_LARGE, keyed
 * by address.  Belongs to whoever owns the block: written after the real
 * malloc, cleared before the real free.
 *
 * Generations do not wrap around, or old blocks would pass for young ones: the
 * last one is for all that come later, and says nothing.
 */
#define RECORD_TRACEBACK_SHIFT	40
#define RECORD_TRACEBACK_MASK	0x3fffffu
#define RECORD_ODD		(1ull << 62)
#define RECORD_ODD_BIT		16u		/* of the address */
#define RECORD_SIZE_SHIFT	12
#define RECORD_SIZE_MASK	0xfffffffull
#define RECORD_SIZE_WIDE	RECORD_SIZE_MASK
#define RECORD_GENERATION_MASK	0xfffull
#define GENERATION_LAST		4095u
#define MAX_TRACEBACKS		(1u << 22)

/*
 * A granule holds the records of GRANULE_RECORDS * RECORD_STRIDE bytes of
 * address, of one lane: glibc never places two blocks in the same aligned 32
 * bytes, so there all are in lane 0; elsewhere the lane is the eight bytes
 * among the stride's in which a block begins.  Its key: first address | lane.
 */
#define RECORD_STRIDE_SHIFT	5
#define RECORD_STRIDE		(1u << RECORD_STRIDE_SHIFT)
#define GRANULE_RECORDS		512
struct granule {
	uint64_t	records[GRANULE_RECORDS];
};

struct large_record {
	uint64_t	address;	/* 0 free, 1 deleted */
	uint64_t	size;
	uint32_t	traceback;
	uint32_t	domain;
	uint32_t	generation;
	uint32_t	is_part;	/* of a mapping cut in two: no block of
				 * its own */
};

/* An object that the program tracks (tmtop_track). [hook] under the lock of its
 * shard; sequence is odd while it changes.
 * ORDER object: other ends write_record() of objects.c and the reader. */
struct object_record {
	uint64_t	address;	/* any number */
	uint64_t	size;
	uint32_t	traceback;	/* 0: no object here (any more) */
	uint32_t	domain;
	uint32_t	generation;
	uint32_t	sequence;
};

/* Domains, as in tracemalloc: those from DOMAIN_FIRST_OWN up to DOMAIN_LAST
 * are the program's own. */
#define DOMAIN_MALLOC		0
#define DOMAIN_MAPPINGS		1
#define DOMAIN_FIRST_OWN	2
#define DOMAIN_LAST		UINT16_MAX

/*
 * What one thread has counted and not yet added to the tracebacks; only that
 * thread writes.  An entry gathers for one traceback under one mark epoch and
 * one peak epoch, and is added to it when the thread needs the place, or at
 * its exit.  Readers add the entries themselves: sequence is odd while one is
 * being moved.
 * ORDER delta: other ends counters.c, read_deltas().
 */
#define DELTA_ENTRIES		63u
#define DELTA_FLUSH_BYTES	65536
struct delta {
	int64_t		bytes __attribute__((aligned(64)));	/* live, as */
	int64_t		count;				/* one word */
	uint64_t	ever_bytes, ever_count;		/* the same */
	uint64_t	temporary;
	uint32_t	traceback;	/* 0: empty */
	uint32_t	mark_epoch;
	uint32_t	sequence;
	uint32_t	peak_epoch;
};

struct delta_block {
	uint32_t	owner __attribute__((aligned(64)));	/* 0: free */
	uint32_t	clear_epoch;	/* of current */
	int64_t		current;	/* not yet in header.current */
	uint64_t	allocated;	/* nor this */
	struct delta	entries[DELTA_ENTRIES];
};

/*
 * A thread whose stacks hang below a marker of its own.  Only that thread
 * writes.  Names are as the kernel has them, not always ended by NUL.
 */
struct thread_record {
	uint32_t	tid;
	uint32_t	state;		/* enum thread_record_state.
					 * ORDER thread-record: release by the
					 * hook, acquire by the reader */
	char		name[16];	/* when it began */
	char		last_name[16];	/* once it has ended */
};

enum thread_record_state {
	THREAD_RECORD_NEW, THREAD_RECORD_ALIVE, THREAD_RECORD_ENDED,
};

/* With sampling blocks have weights: counts are in these parts of a block. */
#define SAMPLE_UNIT		256u

_Static_assert(CONTROL_OFFSET + sizeof(struct control) <= SLOTS_OFFSET,
    "the control page is one");
_Static_assert(sizeof(struct slot) == 64, "slots are cache lines");
_Static_assert(sizeof(struct node) == 16, "nodes are dense");
_Static_assert(sizeof(struct traceback) == 128, "two cache lines");
_Static_assert(sizeof(struct delta_block) == LAYOUT_PAGE, "one page");
_Static_assert(sizeof(struct granule) == LAYOUT_PAGE, "one page");
_Static_assert(MAX_TRACEBACKS - 1 <= RECORD_TRACEBACK_MASK, "fits");
_Static_assert(sizeof(struct process_header) <= HEADER_SIZE, "fits");
_Static_assert(SLOTS_OFFSET + N_SLOTS * sizeof(struct slot) <= LOBBY_SIZE,
    "slots fit the lobby");

/* One number that differs when any of the sizes above does. */
static inline uint32_t
layout_hash(void)
{
	uint32_t h = LAYOUT_VERSION;

#define S(name, size, per_chunk, chunks)				\
	h = h * 31 + (uint32_t)(size) * 7 + (per_chunk) + (chunks);
	SECTION_LIST(S)
#undef S
	return h * 31 + (uint32_t)sizeof(struct process_header);
}

#endif
