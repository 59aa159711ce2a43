/*
 * cache.c - documents used lately, the least recently used ones dropped.
 */
#include "leaky.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_BUCKETS	1024

struct entry {
	struct entry	*newer, *older;	/* order of use */
	struct entry	*next;		/* of the bucket */
	uint32_t	 document;
	size_t		 size;
	char		*body;
};

static struct entry **buckets;
static struct entry *newest, *oldest;
static size_t used_bytes, limit_bytes;

void
cache_init(size_t max_bytes)
{
	limit_bytes = max_bytes;
	buckets = must(calloc(N_BUCKETS, sizeof *buckets));
}

static void
unlink_entry(struct entry *entry)
{
	*(entry->newer ? &entry->newer->older : &newest) = entry->older;
	*(entry->older ? &entry->older->newer : &oldest) = entry->newer;
}

static void
link_newest(struct entry *entry)
{
	entry->newer = NULL;
	entry->older = newest;
	*(newest ? &newest->newer : &oldest) = entry;
	newest = entry;
}

static void
drop_entry(struct entry *entry)
{
	struct entry **at = &buckets[entry->document % N_BUCKETS];

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	unlink_entry(entry);
	used_bytes -= entry->size;
	free(entry->body);
	free(entry);
}

static char *
load_body(uint32_t document, size_t size)
{
	char *body = must(malloc(size));

	memset(body, 'a' + document % 26, size - 1);
	body[size - 1] = '\0';
	return body;
}

static struct entry *
load_entry(uint32_t document)
{
	struct entry *entry = must(malloc(sizeof *entry));

	entry->document = document;
	entry->size = 2048 + document % 61 * 256;
	entry->body = load_body(document, entry->size);
	entry->next = buckets[document % N_BUCKETS];
	buckets[document % N_BUCKETS] = entry;
	used_bytes += entry->size;
	return entry;
}

const char *
cache_get(uint32_t document)
{
	struct entry *entry = buckets[document % N_BUCKETS];

	while (entry != NULL && entry->document != document)
		entry = entry->next;
	if (entry != NULL)
		unlink_entry(entry);
	else
		entry = load_entry(document);
	link_newest(entry);
	while (used_bytes > limit_bytes && oldest != entry)
		drop_entry(oldest);
	return entry->body;
}

void
cache_fini(void)
{
	while (oldest != NULL)
		drop_entry(oldest);
	free(buckets);
}
