/*
 * skip.c - the skip list: allocators and libraries under the user's code (L5).
 *
 * Shape      Four lists of globs, on the function, on the source file, on
 *            headers and on the module, each compiled into one pattern.
 * Why        The innermost frame of a C++ allocation is operator new, the
 *            next ones are std::; of a C one it may be strdup, getline or
 *            fopen.  Rows must name the code that asked for them.  Functions
 *            catch what is inlined or linked in, files what has debug
 *            information of a library, modules the libraries themselves,
 *            whether or not their debug information is installed.
 *            A header is not trusted alone: where the compiler dropped
 *            the record of an inlined call, the line of a header stands in
 *            the middle of the user's own function, and to skip that one
 *            would blame its caller.  So a header counts for a frame that
 *            was inlined or has no name.
 * Limits     Allocation wrappers that many programs share are listed; those
 *            of one program are not: that is what --skip is for.
 */
#include "query/skip.h"

#include "query/glob.h"
#include "util/vec.h"

#include <assert.h>

struct skip_list {
	struct glob	*functions, *files, *headers, *modules;
};

/* Demangled, without return type and parameters. */
static const char *const functions[] = {
	/* allocator entry points, as interposers and wrappers define them */
	"malloc", "calloc", "realloc", "reallocarray", "memalign",
	"posix_memalign", "aligned_alloc", "valloc", "pvalloc",
	"__libc_[cmpv]*alloc", "__libc_realloc", "__libc_memalign",
	"__wrap_*alloc*", "__wrap_memalign", "__wrap_posix_memalign",

	/* tmtop.h: who tracks an object has handed it out */
	"tmtop_track", "tmtop_touch",

	/* what stands under main() where libc is all there is above it */
	"_start",

	/* C++ run time and library */
	"operator new*",
	"std::*", "__gnu_cxx::*", "__cxxabiv1::*", "__cxa_*", "__gxx_*",

	/* wrappers that end the program when memory runs out */
	"xmalloc", "xzalloc", "xcalloc", "xrealloc", "xreallocarray",
	"xmallocarray", "xnmalloc", "xnrealloc", "xnzalloc", "xcharalloc",
	"x2realloc", "x2nrealloc", "xpalloc", "xmemalign", "xalignalloc",
	"ximalloc", "xizalloc", "xicalloc", "xirealloc", "xireallocarray",
	"xstrdup", "xstrndup", "xmemdup", "xmemdup0", "ximemdup", "ximemdup0",
	"xasprintf", "xvasprintf", "xstrvasprintf", "xgetcwd",
	"safe_[cm]alloc", "safe_realloc", "safe_strdup",
	"checked_[cm]alloc", "checked_realloc", "checked_strdup",
	"ecalloc", "emalloc", "erealloc", "estrdup",
	"[cm]alloc_or_die", "realloc_or_die", "strdup_or_die",
	"zmalloc*", "zcalloc*", "zrealloc*", "zstrdup", "ztry[cm]alloc*",
	"ztryrealloc*", "_obstack_begin*", "_obstack_newchunk",

	/* copies of strings; what else the C library allocates for is known
	 * by its module, since programs have a getline() of their own */
	"strdup", "__strdup", "strndup", "__strndup", "wcsdup", "__wcsdup",
	"asprintf", "__asprintf*", "vasprintf", "__vasprintf*",

	/* GLib */
	"g_malloc*", "g_realloc*", "g_try_malloc*", "g_try_realloc*",
	"g_aligned_alloc*", "g_strdup*", "g_strndup*", "g_strdup_*printf",
	"g_strconcat*", "g_strjoin*", "g_memdup*", "g_slice_alloc*",
	"g_slice_copy", "standard_[cm]alloc", "standard_realloc",

	/* wrappers of widely used libraries and interpreters */
	"CRYPTO_[mz]alloc", "CRYPTO_*realloc", "CRYPTO_strdup",
	"CRYPTO_strndup", "CRYPTO_memdup", "CRYPTO_secure_*alloc",
	"PyMem_*alloc", "PyObject_*alloc", "_PyMem_*alloc", "_PyObject_*alloc",
	"PyMem_*dup", "_PyMem_*dup", "Perl_safesys*alloc",
	"xmlStrdup", "xmlStrndup", "xmlCharStrdup", "xmlCharStrndup",
	"xmlMemMalloc", "xmlMemRealloc", "xmlMemStrdupLoc",

	/* Rust; demangled names of methods begin with '<' */
	"__rust_alloc*", "__rust_realloc", "__rdl_*", "__rg_*", "__rustc::*",
	"alloc::*", "core::*", "hashbrown::*",
	"<alloc::*", "<core::*", "<std::*", "<hashbrown::*",
	"<? as alloc::*", "<? as core::*", "<? as std::*",
};

static const char *const files[] = {
	"*/libstdc++-v3/*", "*/libcxx/*", "*/libcxxabi/*",
	"/rustc/*/library/*", "*/rustlib/src/rust/library/*",
	"*/hashbrown-*/src/*",
};

/* Of C++ libraries, and what the C library inlines (_FORTIFY_SOURCE). */
static const char *const headers[] = {
	"*/include/c++/*", "*/include/*/c++/*", "*/c++/v1/*",
	"/usr/include/bits/*", "/usr/include/*/bits/*",
};

static const char *const modules[] = {
	"*/libc.so.6", "*/libc-2.??.so", "*/ld-linux*.so.?", "*/ld-2.??.so",
	"*/libstdc++.so.*", "*/libc++.so.*", "*/libc++abi.so.*",
	"*/libgcc_s.so.*",
};

/* The built-in patterns and those of the user with (or without) a '/'. */
static struct glob *
compile(const char *const *builtin, size_t n_builtin,
    const char *const *extra, size_t n, bool has_slash, struct errbuf *why)
{
	VEC(const char *) patterns = VEC_INIT;
	struct glob *glob;

	for (size_t i = 0; i < n_builtin; i++)
		vec_push(&patterns, builtin[i]);
	for (size_t i = 0; i < n; i++) {
		if ((strchr(extra[i], '/') != NULL) == has_slash)
			vec_push(&patterns, extra[i]);
	}
	glob = glob_new_any(patterns.items, patterns.n, why);
	vec_fini(&patterns);
	return glob;
}

struct skip_list *
skip_list_new(const char *const *extra, size_t n, struct errbuf *why)
{
	struct skip_list *skip = xcalloc(1, sizeof *skip);

	skip->functions = compile(functions, array_size(functions), extra, n,
	    false, why);
	skip->files = compile(files, array_size(files), extra, n, true, why);
	skip->headers = compile(headers, array_size(headers), NULL, 0, true,
	    why);
	skip->modules = compile(modules, array_size(modules), NULL, 0, true,
	    why);
	if (skip->functions == NULL || skip->files == NULL ||
	    skip->headers == NULL || skip->modules == NULL) {
		skip_list_free(skip);
		return NULL;
	}
	return skip;
}

void
skip_list_free(struct skip_list *skip)
{
	if (skip == NULL)
		return;
	glob_free(skip->functions);
	glob_free(skip->files);
	glob_free(skip->headers);
	glob_free(skip->modules);
	free(skip);
}

/* Where a name that the compiler made of this function's begins to differ:
 * ".part.0", ".constprop.1", " [clone .cold]". */
static size_t
base_size(const char *name, size_t size)
{
	static const char clone[] = " [clone ";
	const char *at = memmem(name, size, clone, sizeof clone - 1);

	if (at == NULL && memchr(name, ':', size) == NULL && size > 1)
		at = memchr(name + 1, '.', size - 1);
	return at != NULL ? (size_t)(at - name) : size;
}

bool
skip_list_has_function(const struct skip_list *skip, const char *name,
    size_t size)
{
	size_t base = base_size(name, size);

	return glob_match(skip->functions, name, base) > 0 ||
	    (base < size && glob_match(skip->functions, name, size) > 0);
}

bool
skip_list_has_file(const struct skip_list *skip, const char *name,
    size_t size)
{
	return glob_match(skip->files, name, size) > 0;
}

bool
skip_list_has_header(const struct skip_list *skip, const char *name,
    size_t size)
{
	return glob_match(skip->headers, name, size) > 0;
}

bool
skip_list_has_module(const struct skip_list *skip, const char *name,
    size_t size)
{
	return glob_match(skip->modules, name, size) > 0;
}
