/*
 * elf_facts.c - program headers and the dynamic section, read with care (L3).
 *
 * Shape      ELF header -> program headers -> PT_INTERP, PT_DYNAMIC ->
 *            string table, needed libraries, hash table -> one symbol.
 * Why        Not libelf: the helper runs beside the program for its whole
 *            life and needs four facts; and not the section headers, which
 *            strip may remove and the loader never looks at.
 * Invariant  Every read is a bounded pread(); no count of the file drives a
 *            loop further than a constant, no offset is used unchecked.
 * Limits     128 program headers, 1,024 dynamic entries, 4,096 symbols of
 *            one hash chain; beyond that the file counts as broken.
 */
#include "run/elf_facts.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_MACHINE	EM_X86_64
#elif defined(__aarch64__)
#define NATIVE_MACHINE	EM_AARCH64
#endif

#define MAX_HEADERS	128
#define MAX_DYNAMIC	1024
#define MAX_CHAIN	4096

struct reader {
	int		fd;
	unsigned	n_headers;
	Elf64_Phdr	headers[MAX_HEADERS];
	/* addresses from the dynamic section, 0: none */
	uint64_t	strings, strings_size, symbols, gnu_hash, hash;
};

/* Exactly size bytes, or false. */
static bool
read_at(int fd, void *to, size_t size, uint64_t offset)
{
	size_t done = 0;
	ssize_t n;

	if (offset > INT64_MAX - size)
		return false;
	while (done < size) {
		n = pread(fd, (char *)to + done, size - done,
		    (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* The file offset of an address that a PT_LOAD covers with file bytes. */
static bool
find_offset(const struct reader *reader, uint64_t address, uint64_t *offset)
{
	const Elf64_Phdr *header = reader->headers;

	for (unsigned i = 0; i < reader->n_headers; i++, header++) {
		if (header->p_type != PT_LOAD || address < header->p_vaddr ||
		    address - header->p_vaddr >= header->p_filesz)
			continue;
		*offset = header->p_offset + (address - header->p_vaddr);
		return true;
	}
	return false;
}

/* Bytes at an address of the loaded image. */
static bool
read_image(const struct reader *reader, void *to, size_t size,
    uint64_t address)
{
	uint64_t offset;

	return find_offset(reader, address, &offset) &&
	    read_at(reader->fd, to, size, offset);
}

/* A NUL-ended string of at most ELF_STRING_MAX - 1 bytes; what is longer is
 * cut, what the file does not hold is "". */
static void
read_string(int fd, uint64_t offset, uint64_t size, char *to)
{
	ssize_t n;

	if (size > ELF_STRING_MAX - 1)
		size = ELF_STRING_MAX - 1;
	n = offset > INT64_MAX ? -1 : pread(fd, to, size, (off_t)offset);
	to[n > 0 ? n : 0] = '\0';
}

/* String number `index` of the dynamic string table. */
static void
read_dynamic_string(const struct reader *reader, uint64_t index, char *to)
{
	uint64_t offset;

	to[0] = '\0';
	if (index < reader->strings_size &&
	    find_offset(reader, reader->strings + index, &offset))
		read_string(reader->fd, offset, reader->strings_size - index,
		    to);
}

/* 1: this symbol is a definition of malloc, 0: not, -1: unreadable. */
static int
is_malloc(const struct reader *reader, uint32_t index)
{
	char name[ELF_STRING_MAX];
	Elf64_Sym symbol;

	if (!read_image(reader, &symbol, sizeof symbol,
	    reader->symbols + (uint64_t)index * sizeof symbol))
		return -1;
	if (symbol.st_shndx == SHN_UNDEF)
		return 0;
	read_dynamic_string(reader, symbol.st_name, name);
	return strcmp(name, "malloc") == 0;
}

static uint32_t
gnu_hash_of(const char *name)
{
	uint32_t h = 5381;

	for (; *name != '\0'; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

static uint32_t
sysv_hash_of(const char *name)
{
	uint32_t h = 0, high;

	for (; *name != '\0'; name++) {
		h = (h << 4) + (unsigned char)*name;
		high = h & 0xf0000000;
		h = (h ^ high >> 24) & ~high;
	}
	return h;
}

/* DT_GNU_HASH: symbols of a bucket are consecutive, the last one's hash has
 * bit 0 set. 1, 0, -1 as is_malloc(). */
static int
find_by_gnu_hash(const struct reader *reader)
{
	struct { uint32_t n_buckets, first, n_bloom, shift; } head;
	uint32_t wanted = gnu_hash_of("malloc"), index, hash;
	uint64_t buckets, chain;
	int found;

	if (!read_image(reader, &head, sizeof head, reader->gnu_hash) ||
	    head.n_buckets == 0)
		return -1;
	buckets = reader->gnu_hash + sizeof head +
	    (uint64_t)head.n_bloom * sizeof(uint64_t);
	chain = buckets + (uint64_t)head.n_buckets * sizeof index;
	if (!read_image(reader, &index, sizeof index,
	    buckets + wanted % head.n_buckets * sizeof index))
		return -1;
	if (index < head.first)
		return 0;
	for (unsigned i = 0; i < MAX_CHAIN; i++, index++) {
		if (!read_image(reader, &hash, sizeof hash,
		    chain + (uint64_t)(index - head.first) * sizeof hash))
			return -1;
		if ((hash | 1) == (wanted | 1) &&
		    (found = is_malloc(reader, index)) != 0)
			return found;
		if (hash & 1)
			return 0;
	}
	return -1;
}

/* DT_HASH: bucket heads, then a linked list in the chain array. */
static int
find_by_sysv_hash(const struct reader *reader)
{
	struct { uint32_t n_buckets, n_chain; } head;
	uint32_t index;
	uint64_t at;
	int found;

	if (!read_image(reader, &head, sizeof head, reader->hash) ||
	    head.n_buckets == 0)
		return -1;
	at = reader->hash + sizeof head +
	    sysv_hash_of("malloc") % head.n_buckets * sizeof index;
	for (unsigned i = 0; i < MAX_CHAIN; i++) {
		if (!read_image(reader, &index, sizeof index, at))
			return -1;
		if (index == STN_UNDEF)
			return 0;
		if ((found = is_malloc(reader, index)) != 0)
			return found;
		at = reader->hash + sizeof head +
		    ((uint64_t)head.n_buckets + index) * sizeof index;
	}
	return -1;
}

static void
look_for_malloc(const struct reader *reader, struct elf_facts *facts)
{
	int found = 0;

	if (reader->symbols == 0 || reader->strings == 0)
		return;
	if (reader->gnu_hash != 0)
		found = find_by_gnu_hash(reader);
	else if (reader->hash != 0)
		found = find_by_sysv_hash(reader);
	facts->defines_malloc = found > 0;
	facts->is_broken |= found < 0;
}

static void
note_dynamic(struct reader *reader, const Elf64_Dyn *entry)
{
	switch (entry->d_tag) {
	case DT_STRTAB:
		reader->strings = entry->d_un.d_ptr;
		break;
	case DT_STRSZ:
		reader->strings_size = entry->d_un.d_val;
		break;
	case DT_SYMTAB:
		reader->symbols = entry->d_un.d_ptr;
		break;
	case DT_GNU_HASH:
		reader->gnu_hash = entry->d_un.d_ptr;
		break;
	case DT_HASH:
		reader->hash = entry->d_un.d_ptr;
		break;
	}
}

/* Entry i of the dynamic section; false at its end. */
static bool
read_dynamic(const struct reader *reader, const Elf64_Phdr *header, unsigned i,
    Elf64_Dyn *entry)
{
	return i < MAX_DYNAMIC &&
	    (i + 1) * sizeof *entry <= header->p_filesz &&
	    read_at(reader->fd, entry, sizeof *entry,
	    header->p_offset + i * sizeof *entry) &&
	    entry->d_tag != DT_NULL;
}

static void
read_names(const struct reader *reader, const Elf64_Phdr *header,
    struct elf_facts *facts)
{
	char name[ELF_STRING_MAX];
	Elf64_Dyn entry;

	for (unsigned i = 0; read_dynamic(reader, header, i, &entry); i++) {
		if (entry.d_tag == DT_SONAME)
			read_dynamic_string(reader, entry.d_un.d_val,
			    facts->soname);
		if (entry.d_tag != DT_NEEDED)
			continue;
		read_dynamic_string(reader, entry.d_un.d_val, name);
		if (strncmp(name, "libasan.so", 10) == 0)
			memcpy(facts->asan, name, sizeof name);
	}
}

static void
read_dynamic_section(struct reader *reader, const Elf64_Phdr *header,
    struct elf_facts *facts)
{
	Elf64_Dyn entry;

	for (unsigned i = 0; read_dynamic(reader, header, i, &entry); i++)
		note_dynamic(reader, &entry);
	/* Names after tables: DT_STRTAB may come last. */
	read_names(reader, header, facts);
	look_for_malloc(reader, facts);
}

static void
read_segments(struct reader *reader, struct elf_facts *facts)
{
	const Elf64_Phdr *header = reader->headers;

	for (unsigned i = 0; i < reader->n_headers; i++, header++) {
		if (header->p_type == PT_INTERP) {
			facts->has_interpreter = true;
			read_string(reader->fd, header->p_offset,
			    header->p_filesz, facts->interpreter);
		} else if (header->p_type == PT_DYNAMIC &&
		    reader->strings == 0) {
			read_dynamic_section(reader, header, facts);
		}
	}
}

static void
read_native(struct reader *reader, struct elf_facts *facts)
{
	Elf64_Ehdr header;

	if (!read_at(reader->fd, &header, sizeof header, 0) ||
	    header.e_phentsize != sizeof(Elf64_Phdr) ||
	    header.e_phnum == 0 || header.e_phnum > MAX_HEADERS ||
	    !read_at(reader->fd, reader->headers,
	    header.e_phnum * sizeof(Elf64_Phdr), header.e_phoff)) {
		facts->is_broken = true;
		return;
	}
	facts->is_program = header.e_type == ET_EXEC ||
	    header.e_type == ET_DYN;
	reader->n_headers = header.e_phnum;
	read_segments(reader, facts);
}

void
elf_facts_read(struct elf_facts *facts, int fd)
{
	struct reader reader = { .fd = fd };
	unsigned char head[20];		/* e_ident, e_type, e_machine */

	memset(facts, 0, sizeof *facts);
	if (!read_at(fd, head, sizeof head, 0)) {
		facts->is_elf = read_at(fd, head, SELFMAG, 0) &&
		    memcmp(head, ELFMAG, SELFMAG) == 0;
		facts->is_broken = facts->is_elf;
		return;
	}
	facts->is_elf = memcmp(head, ELFMAG, SELFMAG) == 0;
	if (!facts->is_elf)
		return;
	facts->bits = head[EI_CLASS] == ELFCLASS64 ? 64 :
	    head[EI_CLASS] == ELFCLASS32 ? 32 : 0;
	facts->machine = head[EI_DATA] == ELFDATA2MSB ?
	    (uint16_t)(head[18] << 8 | head[19]) :
	    (uint16_t)(head[19] << 8 | head[18]);
	facts->is_native = facts->bits == 64 &&
	    head[EI_DATA] == ELFDATA2LSB && facts->machine == NATIVE_MACHINE;
	if (facts->is_native)
		read_native(&reader, facts);
}
