/* waiting.c - which locations wait for an answer (L4). */
#include "symbols/waiting.h"

static void
list_add(struct wait_list *list, uint32_t location)
{
	vec_push(&list->locations, location);
}

static void
list_clear(struct wait_list *list)
{
	vec_clear(&list->locations);
	list->head = 0;
}

void
waiting_fini(struct waiting *waiting)
{
	vec_fini(&waiting->states);
	vec_fini(&waiting->again.locations);
	vec_fini(&waiting->urgent.locations);
	vec_fini(&waiting->fresh.locations);
	vec_fini(&waiting->rough.locations);
}

static enum wait_state
get_state(const struct waiting *waiting, uint32_t location)
{
	return location < waiting->states.n ?
	    waiting->states.items[location] : WAIT_NOT;
}

static void
set_state(struct waiting *waiting, uint32_t location, enum wait_state state)
{
	uint8_t *at = &waiting->states.items[location];

	waiting->n_waiting += (state != WAIT_NOT) - (*at != WAIT_NOT);
	*at = (uint8_t)state;
}

void
waiting_add(struct waiting *waiting, uint32_t location, bool is_rough)
{
	if (location >= waiting->states.n)
		vec_push_zeroed(&waiting->states,
		    location + 1 - waiting->states.n);
	assert(get_state(waiting, location) == WAIT_NOT);
	set_state(waiting, location, is_rough ? WAIT_ROUGH : WAIT_NEW);
	list_add(is_rough ? &waiting->rough : &waiting->fresh, location);
	waiting->n_asked++;
}

void
waiting_hurry(struct waiting *waiting, const uint32_t *locations, size_t n)
{
	list_clear(&waiting->urgent);
	for (size_t i = 0; i < n; i++) {
		enum wait_state state = get_state(waiting, locations[i]);

		if (state == WAIT_NEW || state == WAIT_ROUGH)
			list_add(&waiting->urgent, locations[i]);
	}
}

/* The next one in this list that still has one of two states. */
static bool
take_next(const struct waiting *waiting, struct wait_list *list,
    enum wait_state a, enum wait_state b, uint32_t *location)
{
	while (list->head < list->locations.n) {
		enum wait_state state;

		*location = list->locations.items[list->head++];
		state = get_state(waiting, *location);
		if (state == a || state == b)
			return true;
	}
	list_clear(list);
	return false;
}

bool
waiting_next(struct waiting *waiting, uint32_t *location)
{
	if (waiting->n_sent == WAITING_MAX_SENT)
		return false;
	return take_next(waiting, &waiting->again, WAIT_NEW, WAIT_ROUGH,
	    location) ||
	    take_next(waiting, &waiting->urgent, WAIT_NEW, WAIT_ROUGH,
	    location) ||
	    take_next(waiting, &waiting->fresh, WAIT_NEW, WAIT_NEW,
	    location) ||
	    take_next(waiting, &waiting->rough, WAIT_ROUGH, WAIT_ROUGH,
	    location);
}

bool
waiting_send(struct waiting *waiting, uint32_t location)
{
	bool is_new = get_state(waiting, location) == WAIT_NEW;

	assert(waiting->n_sent < WAITING_MAX_SENT);
	set_state(waiting, location, is_new ? WAIT_SENT_NEW :
	    WAIT_SENT_ROUGH);
	waiting->sent[(waiting->first_sent + waiting->n_sent++) %
	    WAITING_MAX_SENT] = location;
	return is_new;
}

void
waiting_drop(struct waiting *waiting, uint32_t location)
{
	set_state(waiting, location, WAIT_NOT);
}

uint32_t
waiting_head(const struct waiting *waiting)
{
	return waiting->n_sent > 0 ? waiting->sent[waiting->first_sent] : 0;
}

bool
waiting_head_is_new(const struct waiting *waiting)
{
	return get_state(waiting, waiting_head(waiting)) == WAIT_SENT_NEW;
}

static uint32_t
take_head(struct waiting *waiting, enum wait_state state)
{
	uint32_t location = waiting_head(waiting);

	assert(waiting->n_sent > 0);
	waiting->first_sent = (waiting->first_sent + 1) % WAITING_MAX_SENT;
	waiting->n_sent--;
	set_state(waiting, location, state);
	return location;
}

uint32_t
waiting_take(struct waiting *waiting)
{
	return take_head(waiting, WAIT_NOT);
}

uint32_t
waiting_take_rough(struct waiting *waiting)
{
	uint32_t location = take_head(waiting, WAIT_ROUGH);

	list_add(&waiting->rough, location);
	return location;
}

uint32_t
waiting_park(struct waiting *waiting)
{
	return take_head(waiting, WAIT_PARKED);
}

void
waiting_unpark(struct waiting *waiting, uint32_t location)
{
	assert(get_state(waiting, location) == WAIT_PARKED);
	set_state(waiting, location, WAIT_ROUGH);
	list_add(&waiting->rough, location);
}

void
waiting_return(struct waiting *waiting)
{
	while (waiting->n_sent > 0) {
		bool is_new = waiting_head_is_new(waiting);

		list_add(&waiting->again, take_head(waiting,
		    is_new ? WAIT_NEW : WAIT_ROUGH));
	}
}
