#include "store/store.h"

#include "util/names.h"
#include "util/strbuf.h"

#include <stdio.h>

enum { MOST_VALUE = 65536, MOST_DOMAINS = 64 };

#define DOMAIN_KEY	"domain"		/* "7 connections" */

void
store_facts_fini(struct store_facts *facts)
{
	for (size_t i = 0; i < facts->list.n; i++) {
		free(facts->list.items[i].key);
		free(facts->list.items[i].value);
	}
	vec_fini(&facts->list);
}

void
store_facts_add(struct store_facts *facts, bool is_meta, const char *key,
    const char *value, size_t size)
{
	if (size > MOST_VALUE)
		size = MOST_VALUE;
	vec_push(&facts->list, (struct store_fact){
		.key = xstrdup(key), .value = xmemdup(value, size),
		.size = size, .is_meta = is_meta });
}

void
store_facts_printf(struct store_facts *facts, const char *key,
    const char *format, ...)
{
	struct strbuf value = STRBUF_INIT(MOST_VALUE);
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&value, format, args);
	va_end(args);
	store_facts_add(facts, false, key, strbuf_text(&value), value.size);
	strbuf_fini(&value);
}

const char *
store_facts_get(const struct store_facts *facts, const char *key, size_t i)
{
	for (size_t k = 0; k < facts->list.n; k++) {
		const struct store_fact *fact = &facts->list.items[k];

		if (!fact->is_meta && strcmp(fact->key, key) == 0 && i-- == 0)
			return fact->value;
	}
	return NULL;
}

/* ---- domains ---- */

static bool
has_domain(const struct store_facts *facts, uint32_t domain)
{
	const char *value;
	unsigned number;

	for (size_t i = 0; (value = store_facts_get(facts, DOMAIN_KEY, i)) !=
	    NULL; i++)
		if (sscanf(value, "%u", &number) == 1 && number == domain)
			return true;
	return false;
}

void
store_facts_add_domains(struct store_facts *facts,
    const struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->n_domains; i++)
		if (!has_domain(facts, snapshot->domains[i].domain))
			store_facts_printf(facts, DOMAIN_KEY, "%u %s",
			    snapshot->domains[i].domain,
			    snapshot->domains[i].name);
}

void
store_facts_name_domains(const struct store_facts *facts,
    struct snapshot *snapshot)
{
	const char *value, *name;
	unsigned number;

	for (size_t i = 0; i < MOST_DOMAINS &&
	    (value = store_facts_get(facts, DOMAIN_KEY, i)) != NULL; i++) {
		name = strchr(value, ' ');
		if (name == NULL || sscanf(value, "%u", &number) != 1)
			continue;
		if (snapshot->domains == NULL)
			snapshot->domains = xcalloc(MOST_DOMAINS,
			    sizeof *snapshot->domains);
		snapshot->domains[snapshot->n_domains].domain = number;
		sanitise(snapshot->domains[snapshot->n_domains].name,
		    sizeof snapshot->domains->name, name + 1,
		    strlen(name + 1));
		snapshot->n_domains++;
	}
}
