/*
 * pool.cc - for pool.test: containers whose elements lie in a pool of the
 * program's own, and an account of them as pool.c's.
 */
#include "pool.h"

#include <cstdio>
#include <cstdlib>
#include <list>
#include <map>

namespace {

constexpr unsigned domain = 9;

pool nodes = { domain, nullptr, 0, nullptr, 0 };
long n_live;

/* Nodes of containers: each is one object of the pool. */
template<typename T> struct allocator {
	typedef T value_type;

	allocator() = default;
	template<typename U> allocator(const allocator<U> &) {}

	T *
	allocate(std::size_t n)
	{
		static_assert(sizeof(T) <= OBJECT_SIZE, "fits the pool");
		void *object = pool_take(&nodes);

		if (n != 1)
			std::abort();
		tmtop_track(domain, object, sizeof(T));
		n_live += sizeof(T);
		return static_cast<T *>(object);
	}

	void
	deallocate(T *object, std::size_t)
	{
		n_live -= sizeof(T);
		pool_give(&nodes, object);
	}

	template<typename U> bool operator==(const allocator<U> &) const
	{ return true; }
	template<typename U> bool operator!=(const allocator<U> &) const
	{ return false; }
};

std::list<int, allocator<int>> *numbers;
std::map<int, char, std::less<int>,
    allocator<std::pair<const int, char>>> *letters;

int list_line, map_line;

__attribute__((noinline)) void
fill_list(int n)
{
	list_line = __LINE__ + 2;
	for (int i = 0; i < n; i++)
		numbers->push_back(i);
}

__attribute__((noinline)) void
fill_map(int n)
{
	map_line = __LINE__ + 2;
	for (int i = 0; i < n; i++)
		(*letters)[i] = 'x';
}

} // namespace

int
main()
{
	tmtop_name_domain(domain, "nodes");
	numbers = new std::list<int, allocator<int>>;
	letters = new std::map<int, char, std::less<int>,
	    allocator<std::pair<const int, char>>>;
	fill_list(1000);
	long of_list = n_live;
	fill_map(500);
	long of_map = n_live - of_list;
	numbers->resize(250);
	for (int i = 0; i < 500; i += 2)
		letters->erase(i);
	of_list /= 4;
	of_map /= 2;
	std::printf("row %d %ld 250\nrow %d %ld 250\n", list_line, of_list,
	    map_line, of_map);
	std::printf("domain %ld 500\nblocks %ld\n", n_live,
	    nodes.blocks_bytes);
	return 0;
}
