#include "store/store.h"

#include "util/strbuf.h"

enum { MOST_VALUE = 65536 };

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
