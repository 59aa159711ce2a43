/*
 * routes.cc - paths to documents, in C++: a table filled at the start, and the
 * most recent answers.
 */
#include "leaky.h"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

class Router {
public:
	void add(const std::string &path, uint32_t document);
	uint32_t find(const std::string &path);

private:
	void remember(const std::string &path, uint32_t document);

	static const size_t max_recent = 2000;
	std::map<std::string, uint32_t> table;
	std::deque<std::pair<std::string, uint32_t>> recent;
};

void
Router::add(const std::string &path, uint32_t document)
{
	table.emplace(path, document);
}

void
Router::remember(const std::string &path, uint32_t document)
{
	recent.emplace_back("recent answer to " + path, document);
	if (recent.size() > max_recent)
		recent.pop_front();
}

uint32_t
Router::find(const std::string &path)
{
	const auto found = table.find(path);
	const uint32_t document = found == table.end() ? 0 : found->second;

	remember(path, document);
	return document;
}

static std::unique_ptr<Router> router;

void
routes_init()
{
	router = std::make_unique<Router>();
	for (uint32_t i = 0; i < 1000; i++)
		router->add("/doc/" + std::to_string(i), i);
}

uint32_t
routes_find(const char *path)
{
	return router->find(path);
}

void
routes_fini()
{
	router.reset();
}
