/* read_domains.c - what the program calls its domains (L3). */
#include "reader/read_private.h"

#include "base/atomic.h"
#include "tables/layout.h"
#include "util/names.h"
#include "util/xalloc.h"

#include <string.h>

void
reader_name_domains(const struct control *control, struct snapshot *snapshot)
{
	const struct domain_name *shared;
	struct named_domain *domain;
	char raw[sizeof shared->name];

	for (uint32_t i = 0; i < MAX_DOMAIN_NAMES; i++) {
		shared = &control->domain_names[i];
		if (load_relaxed(&shared->domain) == 0)
			continue;
		if (snapshot->domains == NULL)
			snapshot->domains = xcalloc(MAX_DOMAIN_NAMES,
			    sizeof *snapshot->domains);
		domain = &snapshot->domains[snapshot->n_domains++];
		domain->domain = load_relaxed(&shared->domain);
		/* It may be changing: whatever it is, it ends. */
		for (size_t k = 0; k < sizeof raw; k++)
			raw[k] = load_relaxed(&shared->name[k]);
		sanitise(domain->name, sizeof domain->name, raw,
		    strnlen(raw, sizeof raw));
	}
}
