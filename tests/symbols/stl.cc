// stl.cc - C++ as it is written, for comparing inline chains and names.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace depot {

struct item {
	std::string name;
	std::vector<int> sizes;
};

class store {
public:
	virtual ~store() = default;
	virtual void add(std::string name, int n);
	template <typename F> void each(F f)
	{
		for (auto &entry : items)
			f(entry.first, *entry.second);
	}
	item &operator[](const std::string &name) { return *items.at(name); }

private:
	std::map<std::string, std::unique_ptr<item>> items;
};

class big_store : public store {
public:
	void add(std::string name, int n) override;
};

void
store::add(std::string name, int n)
{
	auto entry = std::make_unique<item>();

	entry->name = name + "!";
	for (int i = 0; i < n; i++)
		entry->sizes.push_back(i * i % 7);
	std::sort(entry->sizes.begin(), entry->sizes.end());
	items[std::move(name)] = std::move(entry);
}

void
big_store::add(std::string name, int n)
{
	store::add("big " + name, n * 2);
}

namespace {

int
total(store &s)
{
	int sum = 0;

	s.each([&](const std::string &name, const item &i) {
		struct local {
			static int twice(int n) { return 2 * n; }
		};
		std::function<int(int)> f = [&](int n) {
			return n + (int)name.size() + local::twice(n);
		};

		for (int size : i.sizes)
			sum += f(size);
	});
	return sum;
}

}

}

int
main(int argc, char **argv)
{
	std::unique_ptr<depot::store> s;

	if (argc > 5)
		s = std::make_unique<depot::store>();
	else
		s = std::make_unique<depot::big_store>();
	for (int i = 0; i < 10; i++)
		s->add(std::string(argv[0]) + std::to_string(i), i);
	printf("%d\n", depot::total(*s));
	return 0;
}
