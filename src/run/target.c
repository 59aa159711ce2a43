/*
 * target.c - look before exec (L3).
 *
 * Shape      argv[0] -> path -> interpreters of scripts -> ELF file -> the
 *            first thing that stands in the way, as one line with a remedy.
 * Why        What the kernel and the loader will do is foretold from the
 *            same inputs (mode bits, ids, mount flags, ELF tables): asking
 *            them afterwards is too late, and their messages go to the
 *            program's stderr.
 * Invariant  TARGET_UNRUNNABLE only for what exec would refuse, too; in doubt
 *            the program is run, and exec's own error is reported.
 */
#include "run/target.h"

#include "run/elf_facts.h"
#include "run/find.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Of the kernel: interpreters of interpreters, bytes of a "#!" line. */
#define MAX_SCRIPT_DEPTH	5
#define SCRIPT_LINE_MAX		256

#if defined(__x86_64__)
#define NATIVE_NAME	"x86-64"
#elif defined(__aarch64__)
#define NATIVE_NAME	"aarch64"
#endif

static void
refuse(struct target *target, int exit_code)
{
	target->verdict = TARGET_UNRUNNABLE;
	target->exit_code = exit_code;
}

/* ---- scripts ---- */

/* The words of a "#!" line: interpreter and the rest, cut as the kernel cuts
 * them. False: not such a line. */
static bool
parse_script_line(char *line, ssize_t size, char **interpreter, char **rest)
{
	char *end;

	if (size < 2 || line[0] != '#' || line[1] != '!')
		return false;
	line[size] = '\0';
	end = strchrnul(line, '\n');
	*end = '\0';
	*interpreter = line + 2 + strspn(line + 2, " \t");
	*rest = *interpreter + strcspn(*interpreter, " \t");
	if (**rest != '\0')
		*(*rest)++ = '\0';
	return **interpreter != '\0';
}

/* What a script will be read by, for people: through env, too. */
static void
name_interpreter(struct target *target, const char *interpreter, char *rest)
{
	const char *name = base_name(interpreter);
	char *word, *save = NULL;

	if (strcmp(name, "env") == 0) {
		word = strtok_r(rest, " \t", &save);
		while (word != NULL && (word[0] == '-' ||
		    strchr(word, '=') != NULL))
			word = strtok_r(NULL, " \t", &save);
		if (word != NULL)
			name = base_name(word);
	}
	snprintf(target->script, sizeof target->script, "%s", name);
}

/* Would execvp() hand this to the shell?  A file without NUL in its first
 * line, as shells decide it. */
static bool
looks_like_text(const char *head, ssize_t size)
{
	for (ssize_t i = 0; i < size && head[i] != '\n'; i++)
		if (head[i] == '\0')
			return false;
	return true;
}

/*
 * Follow "#!" lines from the program to the binary that will run.  Returns
 * its open descriptor; -1 when it cannot be looked into (verdict says whether
 * that matters).  `binary` receives its path.
 */
static int
open_binary(struct target *target, char *binary)
{
	char line[SCRIPT_LINE_MAX + 1], *interpreter, *rest;
	ssize_t size;
	int fd, error;

	for (int depth = 0;; depth++) {
		fd = open(binary, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			return -1;
		size = pread(fd, line, SCRIPT_LINE_MAX, 0);
		if (!parse_script_line(line, size, &interpreter, &rest))
			break;
		close(fd);
		if (depth == MAX_SCRIPT_DEPTH) {
			refuse(target, find_explain(target->path, ELOOP,
			    &target->why));
			return -1;
		}
		if (depth == 0)
			name_interpreter(target, interpreter, rest);
		snprintf(binary, PATH_MAX, "%s", interpreter);
		if ((error = find_try(binary)) != 0) {
			refuse(target, find_explain(binary, error,
			    &target->why));
			errbuf_set(&target->why, "%s needs the interpreter %s,"
			    " which %s", shown(target->path).text,
			    shown(binary).text, error == ENOENT ?
			    "is not there" : "cannot be executed");
			return -1;
		}
	}
	target->use_shell = size >= 0 && looks_like_text(line, size) &&
	    (size < SELFMAG || memcmp(line, ELFMAG, SELFMAG) != 0);
	return fd;
}

/* ---- what the loader will drop ---- */

/* Ids change only by an executable on a mount that allows it, in a process
 * that may gain privileges. */
static bool
can_change_ids(int fd)
{
	struct statvfs fs;

	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 &&
	    (fstatvfs(fd, &fs) < 0 || (fs.f_flag & ST_NOSUID) == 0);
}

/* What gives a program other rights than its caller's, or NULL; *is_secure
 * when the loader will drop LD_PRELOAD for it (AT_SECURE), which it does only
 * if the rights really differ. */
static const char *
find_privileges(int fd, bool *is_secure)
{
	bool can_change = can_change_ids(fd);
	struct stat st;

	*is_secure = false;
	if (fstat(fd, &st) < 0)
		return NULL;
	if (st.st_mode & S_ISUID) {
		*is_secure = can_change && st.st_uid != getuid();
		return "set-user-ID";
	}
	/* Without the group's x bit it means mandatory locking. */
	if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)) {
		*is_secure = can_change && st.st_gid != getgid();
		return "set-group-ID";
	}
	if (fgetxattr(fd, "security.capability", NULL, 0) > 0) {
		*is_secure = can_change && getuid() != 0;
		return "given capabilities by its file";
	}
	return NULL;
}

/* Programs whose purpose is to run another with a clean environment. */
static bool
is_launcher(const char *name)
{
	static const char *const names[] = {
		"sudo", "su", "doas", "pkexec", "runuser",
	};

	for (size_t i = 0; i < array_size(names); i++)
		if (strcmp(base_name(name), names[i]) == 0)
			return true;
	return false;
}

static void
say_launcher(struct target *target, char *const *argv)
{
	const char *name = base_name(argv[0]);
	const char *what = argv[1] != NULL && argv[1][0] != '-' ? argv[1] :
	    "PROGRAM";

	if (strcmp(name, "su") == 0 || strcmp(name, "runuser") == 0)
		errbuf_set(&target->why, "%s drops LD_PRELOAD. Use: %s -c "
		    "'tmtop PROGRAM'", name, name);
	else
		errbuf_set(&target->why, "%s drops LD_PRELOAD. Use: %s tmtop "
		    "%s", name, name, shown(what).text);
}

/* True when the hook will not be loaded because of it. */
static bool
check_privileges(struct target *target, char *const *argv, int fd)
{
	struct shown name = shown(argv[0]);
	const char *kind;
	bool is_secure;

	kind = find_privileges(fd, &is_secure);
	if (is_launcher(argv[0]) && (is_secure || kind != NULL))
		say_launcher(target, argv);
	else if (is_secure)
		errbuf_set(&target->why, "%s is %s: the loader drops "
		    "LD_PRELOAD. Run a copy without %s.", name.text, kind,
		    kind[0] == 's' ? "the bit" : "them");
	else if (kind != NULL && kind[0] == 's')
		errbuf_set(&target->why, "%s is %s: for others the loader "
		    "drops LD_PRELOAD. Run a copy without the bit.",
		    name.text, kind);
	return is_secure;
}

/* ---- what the ELF file says ---- */

static const char *
machine_name(uint16_t machine)
{
	switch (machine) {
	case EM_386:
		return "i386";
	case EM_X86_64:
		return "x86-64";
	case EM_ARM:
		return "arm";
	case EM_AARCH64:
		return "aarch64";
	case EM_RISCV:
		return "riscv";
	case EM_PPC64:
		return "ppc64";
	case EM_S390:
		return "s390";
	case EM_MIPS:
		return "mips";
	default:
		return "another machine's";
	}
}

/* Interpreters that read LD_PRELOAD as glibc does, by name. */
static bool
is_glibc_loader(const char *path)
{
	const char *name = base_name(path);

	return strncmp(name, "ld-linux", 8) == 0 ||
	    strncmp(name, "ld-lsb", 6) == 0 || strncmp(name, "ld-2.", 5) == 0;
}

/* The first line that applies; "" when the hook will be loaded. */
static void
judge_elf(struct target *target, const struct elf_facts *facts,
    const char *name)
{
	struct errbuf *why = &target->why;

	target->preload = false;
	if (!facts->is_native)
		errbuf_set(why, "%s is a %u-bit %s program; this tmtop hook is"
		    " built for 64-bit %s. Build it for that.", name,
		    facts->bits, machine_name(facts->machine), NATIVE_NAME);
	else if (facts->has_interpreter && !is_glibc_loader(facts->interpreter))
		errbuf_set(why, "%s needs %s; this tmtop hook is built for "
		    "glibc. Build it for glibc.", name,
		    shown(facts->interpreter).text);
	else if (facts->asan[0] != '\0')
		errbuf_set(why, "%s is built with AddressSanitizer, which must"
		    " be loaded first and replaces malloc. Build it without "
		    "-fsanitize=address.", name);
	else if (!facts->has_interpreter && !is_glibc_loader(facts->soname)) {
		/* No loader reads LD_PRELOAD here; its children's do. */
		target->preload = true;
		errbuf_set(why, "%s is statically linked: LD_PRELOAD cannot "
		    "reach it. Link dynamically, or use the tmtop.h API.",
		    name);
	} else
		target->preload = true;
}

static void
check_elf(struct target *target, int fd, const char *name)
{
	struct elf_facts facts;

	elf_facts_read(&facts, fd);
	if (!facts.is_elf || (facts.is_broken && !facts.has_interpreter))
		return;
	judge_elf(target, &facts, name);
	if (target->why.text[0] != '\0')
		target->verdict = TARGET_UNTRACKED;
	else if (facts.defines_malloc)
		errbuf_set(&target->why, "%s defines malloc itself: what it "
		    "allocates there is not seen. Link its allocator as a "
		    "shared library.", name);
}

/* ---- together ---- */

void
target_check(struct target *target, char *const *argv, const char *search_path)
{
	char binary[PATH_MAX];
	int fd, error;

	memset(target, 0, sizeof *target);
	target->preload = true;
	error = find_program(target->path, argv[0], search_path,
	    &target->why);
	if (error != 0) {
		refuse(target, error);
		return;
	}
	memcpy(binary, target->path, sizeof binary);
	fd = open_binary(target, binary);
	if (target->use_shell && fd >= 0) {
		close(fd);
		snprintf(binary, sizeof binary, "/bin/sh");
		snprintf(target->script, sizeof target->script, "sh");
		fd = open(binary, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return;
	check_elf(target, fd, shown(target->script[0] != '\0' ? binary :
	    argv[0]).text);
	if (target->verdict == TARGET_TRACEABLE &&
	    check_privileges(target, argv, fd))
		target->verdict = TARGET_UNTRACKED;
	close(fd);
}

int
target_check_hook(const char *path, struct errbuf *why)
{
	struct elf_facts facts;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		errbuf_sys(why, "tmtop's hook %s cannot be read",
		    shown(path).text);
		return -1;
	}
	elf_facts_read(&facts, fd);
	close(fd);
	if (facts.is_native && facts.is_program && !facts.is_broken)
		return 0;
	errbuf_set(why, "tmtop's hook %s is not a library for 64-bit %s",
	    shown(path).text, NATIVE_NAME);
	return -1;
}

void
target_check_process(int pid, struct errbuf *why)
{
	char link[32], path[PATH_MAX];
	struct target target = { .preload = true };
	ssize_t n;
	int fd;

	errbuf_set(why, "%s", "");
	snprintf(link, sizeof link, "/proc/%d/exe", pid);
	n = readlink(link, path, sizeof path - 1);
	fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (n > 0 && fd >= 0) {
		path[n] = '\0';
		check_elf(&target, fd, shown(path).text);
		*why = target.why;
	}
	if (fd >= 0)
		close(fd);
}
