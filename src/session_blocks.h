/*
 * session_blocks.h - single live blocks, for who asks for them (L6).
 *
 * They are as many as the program has, so a reading has them only while
 * somebody wants them: a filter that tests them, or a view.
 */
#ifndef TMTOP_SESSION_BLOCKS_H
#define TMTOP_SESSION_BLOCKS_H

#include "session.h"

/* A view needs them in readings to come, or no more. */
enum stage session_want_blocks(struct session *s, bool on);

/* Does the reading that is shown have them?  (So it does without any.) */
bool session_has_blocks(const struct session *s);

/* A filter tests blocks, but there are none on the side of now, or of the mark
 * that is compared with. */
enum blocks_lack { BLOCKS_KNOWN, BLOCKS_UNKNOWN_NOW, BLOCKS_UNKNOWN_THEN };
enum blocks_lack session_lacks_blocks(const struct session *s);

/* The blocks of a traceback of the filtered traces, all their domains and
 * processes together, by address; *n of them, caller frees.  `trace` is an
 * index into the snapshot that is shown. */
struct live_block *session_blocks(const struct session *s, uint32_t stack,
    size_t *n);

/* The block with this address in it, and its traceback as shown; false: none
 * is known.  *stack is 0 when the filters leave its trace out. */
bool session_find_block(const struct session *s, uint64_t address,
    struct live_block *block, uint32_t *stack);

/* The last mark that the block was made after, by its generation: an index, -1
 * when it was made before all of them. */
enum { BLOCK_AGE_UNKNOWN = -2 };
int session_block_age(const struct session *s, uint32_t generation);

#endif
