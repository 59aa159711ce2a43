#include "tables/segment.h"

#include "base/atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define WANTED_SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
/* Half of the region: more than any table needs, so that a runaway table
 * never meets the end of the file. */
#define DEFAULT_LIMIT	(REGION_SIZE / 2)

static void
write_lobby(const struct lobby_map *map, const struct segment_plan *plan)
{
	*map->lobby = (struct lobby){
		.magic = LAYOUT_MAGIC,
		.version = LAYOUT_VERSION,
		.layout_hash = layout_hash(),
		.nonce = plan->nonce,
		.segment_size = SEGMENT_SIZE,
		.table_limit = plan->table_limit != 0 &&
		    plan->table_limit < DEFAULT_LIMIT ?
		    plan->table_limit : DEFAULT_LIMIT,
		.max_frames = plan->max_frames,
		.options = plan->options,
		.helper_pid = getpid(),
	};
	*map->control = (struct control){
		.state = RECORDING_ON,
		.generation = 1,
		.mark_epoch = 1,
		.clear_epoch = 1,
		.peak_reset_epoch = 1,
	};
}

static int
map_lobby(struct lobby_map *map, int fd, int protection)
{
	char *base;

	base = mmap(NULL, LOBBY_SIZE, protection, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return -1;
	map->lobby = (struct lobby *)base;
	map->control = (struct control *)(base + CONTROL_OFFSET);
	map->slots = (struct slot *)(base + SLOTS_OFFSET);
	return 0;
}

int
segment_create(const struct segment_plan *plan)
{
	struct lobby_map map;
	int fd;

	fd = memfd_create("tmtop", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -1;
	if (ftruncate(fd, SEGMENT_SIZE) < 0 ||
	    map_lobby(&map, fd, PROT_READ | PROT_WRITE) < 0)
		goto fail;
	write_lobby(&map, plan);
	lobby_unmap(&map);
	if (fcntl(fd, F_ADD_SEALS, WANTED_SEALS) < 0)
		goto fail;
	return fd;
fail:
	close(fd);
	return -1;
}

int
lobby_map_fd(struct lobby_map *map, int fd, bool writable)
{
	struct stat st;
	int seals;

	/* Unsealed memory could be cut off under the reader: SIGBUS. */
	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & WANTED_SEALS) != WANTED_SEALS ||
	    fstat(fd, &st) < 0 || (uint64_t)st.st_size != SEGMENT_SIZE) {
		errno = EPROTO;
		return -1;
	}
	if (map_lobby(map, fd,
	    writable ? PROT_READ | PROT_WRITE : PROT_READ) < 0)
		return -1;
	if (map->lobby->magic == LAYOUT_MAGIC &&
	    map->lobby->version == LAYOUT_VERSION &&
	    map->lobby->layout_hash == layout_hash())
		return 0;
	lobby_unmap(map);
	errno = EPROTO;
	return -1;
}

void
lobby_unmap(struct lobby_map *map)
{
	if (map->lobby != NULL)
		munmap(map->lobby, LOBBY_SIZE);
	*map = (struct lobby_map){ NULL, NULL, NULL };
}

void
slot_set_dead(struct lobby_map *map, uint32_t slot, enum slot_end end,
    int wait_status)
{
	struct slot *s = &map->slots[slot];

	s->end = end;
	s->wait_status = wait_status;
	/* ORDER slot-dead: how it ended is there before the state is.
	 * Other end: read_slot() of the reader. */
	store_release(&s->state, SLOT_DEAD);
}

int
slot_recycle(struct lobby_map *map, int fd, uint32_t slot)
{
	struct slot *s = &map->slots[slot];
	uint32_t incarnation = s->incarnation + 1;

	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	    slot_region_offset(slot), REGION_SIZE) < 0)
		return -1;
	s->pid = s->ppid = 0;
	s->start_ns = 0;
	s->kind = s->parent_slot = s->end = 0;
	s->wait_status = 0;
	s->incarnation = incarnation;
	/* ORDER slot-free: emptied before anybody may claim it.
	 * Other end: claim_slot() of the hook. */
	store_release(&s->state, SLOT_FREE);
	return 0;
}
