/*
 * news.cc - every operator new and delete, a row for each as in entries.c.
 */
#include "account.h"

#include <memory>
#include <new>
#include <string>
#include <vector>

static void *blocks[1000];
static size_t n_blocks;

struct alignas(128) wide {
	char	bytes[256];
};

#define HOLD(n, bytes, call) do {					\
	for (long i_ = 0; i_ < (n); i_++)				\
		blocks[n_blocks++] = kept(call);			\
	say("row %d %ld %ld\n", __LINE__, (long)(n) * (long)(bytes),	\
	    (long)(n));							\
} while (0)

int
main()
{
	HOLD(10, 48, new char[48]);
	HOLD(11, 8, new double(1.5));
	HOLD(12, 24, ::operator new(24));
	HOLD(13, 25, ::operator new(25, std::nothrow));
	HOLD(14, 256, new wide);
	HOLD(15, 512, new wide[2]);
	HOLD(16, 64, ::operator new(64, std::align_val_t(64)));
	HOLD(17, 26, ::operator new[](26));

	/* And gone again: sized, aligned, array, plain. */
	for (int i = 0; i < 100; i++) {
		::operator delete(kept(::operator new(40)), 40);
		::operator delete(kept(::operator new(64,
		    std::align_val_t(64))), 64, std::align_val_t(64));
		delete static_cast<wide *>(kept(new wide));
		delete[] static_cast<int *>(kept(new int[10]));
		::operator delete(kept(::operator new(40, std::nothrow)),
		    std::nothrow);
	}
	volatile size_t too_much = static_cast<size_t>(-1) / 2;

	try {
		blocks[0] = kept(::operator new(too_much));
	} catch (const std::bad_alloc &) {
		say("bad_alloc\n");
	}
	if (kept(::operator new(too_much, std::nothrow)) == nullptr)
		say("nothrow\n");
	return 0;
}
