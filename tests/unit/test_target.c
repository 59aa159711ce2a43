/*
 * test_target.c - what is foretold of programs, on programs made here.
 *
 * The compiler makes the files, the kernel is asked for the truth where it
 * can be: a forked child execs the same file.
 */
#include "run/elf_facts.h"
#include "run/environment.h"
#include "run/target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#define NOBODY	65534

static char dir[64];
static struct target target;

/* ---- making files ---- */

static const char *
in_dir(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", dir, name);
	return path;
}

static void
write_file(const char *name, const void *bytes, size_t size, mode_t mode)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
write_script(const char *name, const char *text)
{
	write_file(name, text, strlen(text), 0755);
}

static size_t
read_file(const char *name, unsigned char *bytes, size_t room)
{
	int fd = open(in_dir(name), O_RDONLY);
	ssize_t n = read(fd, bytes, room);

	assert_true(n > 0);
	close(fd);
	return (size_t)n;
}

/* Compile a source with the flags; false when this machine cannot. */
static bool
compile(const char *name, const char *compiler, const char *flags,
    const char *source)
{
	char command[512];
	int status;
	pid_t pid;

	write_file("source.c", source, strlen(source), 0644);
	snprintf(command, sizeof command, "%s %s -o %s %s >/dev/null 2>&1",
	    compiler, flags, in_dir(name), in_dir("source.c"));
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

static const char *
cc(void)
{
	const char *name = getenv("CC");

	return name != NULL && *name != '\0' ? name : "cc";
}

static const char *const plain = "int main(void) { return 0; }\n";

static void
check(const char *path)
{
	char *argv[] = { (char *)(uintptr_t)path, NULL };

	target_check(&target, argv, getenv("PATH"));
}

/* What exec says of it: 0, or an errno. */
static int
kernel_says(const char *path)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		close(1);
		execl(path, path, NULL);
		_exit(errno);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* ---- dynamic programs ---- */

static void
target_dynamic_program_is_traceable(void **state)
{
	(void)state;
	assert_true(compile("dynamic", cc(), "", plain));
	check(in_dir("dynamic"));
	assert_int_equal(target.verdict, TARGET_TRACEABLE);
	assert_string_equal(target.why.text, "");
	assert_string_equal(target.script, "");
	assert_true(target.preload);
	assert_false(target.use_shell);
}

static void
target_loader_itself_is_traceable(void **state)
{
	struct elf_facts facts;
	int fd = open(in_dir("dynamic"), O_RDONLY);

	(void)state;
	elf_facts_read(&facts, fd);
	close(fd);
	assert_true(facts.has_interpreter);
	check(facts.interpreter);
	assert_int_equal(target.verdict, TARGET_TRACEABLE);
	assert_string_equal(target.why.text, "");
}

static void
check_own_malloc(const char *flags)
{
	assert_true(compile("own", cc(), flags,
	    "#include <stddef.h>\n"
	    "static char heap[1 << 20]; static size_t used;\n"
	    "void *malloc(size_t n) { used += n; return heap + used - n; }\n"
	    "void free(void *p) { (void)p; }\n"
	    "int main(void) { return malloc(1) == 0; }\n"));
	check(in_dir("own"));
	assert_int_equal(target.verdict, TARGET_TRACEABLE);
	assert_non_null(strstr(target.why.text, "own defines malloc itself"));
}

static void
target_own_malloc_is_told(void **state)
{
	(void)state;
	check_own_malloc("-rdynamic -Wl,--hash-style=gnu");
	check_own_malloc("-rdynamic -Wl,--hash-style=sysv");
}

static void
target_malloc_from_libc_is_not_own(void **state)
{
	static const char *const styles[] = {
		"-rdynamic -Wl,--hash-style=gnu",
		"-rdynamic -Wl,--hash-style=sysv",
	};

	(void)state;
	for (size_t i = 0; i < array_size(styles); i++) {
		assert_true(compile("libc", cc(), styles[i],
		    "#include <stdlib.h>\n"
		    "int main(void) { return malloc(1) == (void *)malloc; }\n"));
		check(in_dir("libc"));
		assert_string_equal(target.why.text, "");
	}
}

static void
target_address_sanitizer_is_left_alone(void **state)
{
	(void)state;
	if (!compile("asan", "gcc", "-fsanitize=address", plain))
		skip();
	check(in_dir("asan"));
	assert_int_equal(target.verdict, TARGET_UNTRACKED);
	assert_false(target.preload);
	assert_non_null(strstr(target.why.text,
	    "asan is built with AddressSanitizer"));
}

/* ---- programs that a preloaded library cannot reach ---- */

static void
check_static(const char *flags)
{
	char expected[256];

	assert_true(compile("static", cc(), flags, plain));
	check(in_dir("static"));
	snprintf(expected, sizeof expected, "%s is statically linked: "
	    "LD_PRELOAD cannot reach it. Link dynamically, or use the tmtop.h "
	    "API.", in_dir("static"));
	assert_int_equal(target.verdict, TARGET_UNTRACKED);
	assert_string_equal(target.why.text, expected);
	assert_true(target.preload);
}

static void
target_static_program_is_untracked(void **state)
{
	(void)state;
	check_static("-static");
	check_static("-static-pie -fPIE");
}

static void
target_musl_program_is_not_preloaded(void **state)
{
	(void)state;
	if (!compile("musl", "musl-gcc", "", plain))
		skip();
	check(in_dir("musl"));
	assert_int_equal(target.verdict, TARGET_UNTRACKED);
	assert_false(target.preload);
	assert_non_null(strstr(target.why.text, "musl needs /lib/ld-musl-"));
	assert_non_null(strstr(target.why.text,
	    "; this tmtop hook is built for glibc."));
}

/* The dynamic program with another machine in its header. */
static void
check_machine(unsigned char class, unsigned machine, const char *expected)
{
	static unsigned char bytes[1 << 20];
	size_t size = read_file("dynamic", bytes, sizeof bytes);

	bytes[EI_CLASS] = class;
	bytes[18] = (unsigned char)machine;
	bytes[19] = (unsigned char)(machine >> 8);
	write_file("foreign", bytes, size, 0755);
	check(in_dir("foreign"));
	assert_int_equal(target.verdict, TARGET_UNTRACKED);
	assert_false(target.preload);
	assert_non_null(strstr(target.why.text, expected));
}

static void
target_other_machines_are_named(void **state)
{
	(void)state;
	check_machine(ELFCLASS32, EM_386, "is a 32-bit i386 program");
	check_machine(ELFCLASS32, EM_X86_64, "is a 32-bit x86-64 program");
	check_machine(ELFCLASS64, EM_S390, "is a 64-bit s390 program");
}

/* ---- privileges ---- */

/* Check as another user, in a child; the text comes back by a pipe. */
static int
check_as_nobody(const char *path, const char *argument, char *text,
    size_t room)
{
	char *argv[] = { (char *)(uintptr_t)path,
	    (char *)(uintptr_t)argument, NULL };
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		if (setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		    setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(99);
		target_check(&target, argv, NULL);
		n = write(ends[1], target.why.text, sizeof target.why.text);
		_exit(n < 0 ? 99 : (int)target.verdict);
	}
	close(ends[1]);
	n = read(ends[0], text, room);
	close(ends[0]);
	assert_true(n > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void
target_set_user_id_is_untracked_for_others(void **state)
{
	char text[256];

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_true(compile("setuid", cc(), "", plain));
	chmod(in_dir("setuid"), 04755);
	assert_int_equal(check_as_nobody(in_dir("setuid"), NULL, text,
	    sizeof text), TARGET_UNTRACKED);
	assert_non_null(strstr(text, "setuid is set-user-ID: the loader drops "
	    "LD_PRELOAD. Run a copy without the bit."));
	chmod(in_dir("setuid"), 02755);
	assert_int_equal(check_as_nobody(in_dir("setuid"), NULL, text,
	    sizeof text), TARGET_UNTRACKED);
	assert_non_null(strstr(text, "is set-group-ID: the loader drops"));
}

static void
target_set_user_id_to_oneself_is_traced(void **state)
{
	(void)state;
	assert_true(compile("self", cc(), "", plain));
	chmod(in_dir("self"), 04755);
	check(in_dir("self"));
	assert_int_equal(target.verdict, TARGET_TRACEABLE);
	assert_non_null(strstr(target.why.text, "is set-user-ID: for others"));
}

static void
target_file_capabilities_are_untracked(void **state)
{
	/* CAP_NET_RAW, effective: vfs_cap_data revision 2 */
	static const uint32_t capability[5] = { 0x02000001, 1 << 13 };
	char text[256];

	(void)state;
	assert_true(compile("caps", cc(), "", plain));
	if (setxattr(in_dir("caps"), "security.capability", capability,
	    sizeof capability, 0) < 0)
		skip();
	assert_int_equal(check_as_nobody(in_dir("caps"), NULL, text,
	    sizeof text), TARGET_UNTRACKED);
	assert_non_null(strstr(text, "caps is given capabilities"));
	/* Root has them anyway: the loader keeps LD_PRELOAD. */
	check(in_dir("caps"));
	assert_int_equal(target.verdict, TARGET_TRACEABLE);
}

static void
target_sudo_is_told_the_other_way_round(void **state)
{
	char text[256];

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_true(compile("sudo", cc(), "", plain));
	chmod(in_dir("sudo"), 04755);
	assert_int_equal(check_as_nobody(in_dir("sudo"), "./srv", text,
	    sizeof text), TARGET_UNTRACKED);
	assert_string_equal(text,
	    "sudo drops LD_PRELOAD. Use: sudo tmtop ./srv");
}

/* ---- scripts ---- */

static void
target_script_names_its_interpreter(void **state)
{
	static const struct { const char *line, *name; } cases[] = {
		{ "#!/bin/sh\n", "sh" },
		{ "#! \t/bin/sh -e\n", "sh" },
		{ "#!/usr/bin/env python3\n", "python3" },
		{ "#!/usr/bin/env -S A=1 /opt/x/perl -w\n", "perl" },
		{ "#!/bin/sh", "sh" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		write_script("script", cases[i].line);
		check(in_dir("script"));
		assert_int_equal(target.verdict, TARGET_TRACEABLE);
		assert_string_equal(target.script, cases[i].name);
		assert_string_equal(target.path, in_dir("script"));
		assert_false(target.use_shell);
	}
}

static void
target_script_chain_ends_where_the_kernel_ends_it(void **state)
{
	char line[160], name[16];

	(void)state;
	write_script("chain0", "#!/bin/true\n");
	for (int i = 1; i < 9; i++) {
		snprintf(line, sizeof line, "#!%s/chain%d\n", dir, i - 1);
		snprintf(name, sizeof name, "chain%d", i);
		write_script(name, line);
		check(in_dir(name));
		if (kernel_says(in_dir(name)) == 0) {
			assert_int_equal(target.verdict, TARGET_TRACEABLE);
		} else {
			assert_int_equal(target.verdict, TARGET_UNRUNNABLE);
			assert_int_equal(target.exit_code, 126);
		}
	}
	/* Both were met. */
	assert_int_equal(target.verdict, TARGET_UNRUNNABLE);
	check(in_dir("chain1"));
	assert_int_equal(target.verdict, TARGET_TRACEABLE);
}

static void
target_script_without_interpreter_is_not_found(void **state)
{
	(void)state;
	write_script("orphan", "#!/nonexistent/sh\n");
	check(in_dir("orphan"));
	assert_int_equal(target.verdict, TARGET_UNRUNNABLE);
	assert_int_equal(target.exit_code, 127);
	assert_non_null(strstr(target.why.text,
	    "orphan needs the interpreter /nonexistent/sh, which is not "
	    "there"));
}

static void
target_text_without_line_is_for_the_shell(void **state)
{
	(void)state;
	write_script("text", "echo $0\n");
	check(in_dir("text"));
	assert_int_equal(target.verdict, TARGET_TRACEABLE);
	assert_true(target.use_shell);
	write_script("empty", "");
	check(in_dir("empty"));
	assert_true(target.use_shell);
	write_file("binary", "\1\0\2\n", 4, 0755);
	check(in_dir("binary"));
	assert_false(target.use_shell);
}

/* ---- finding ---- */

static void
target_missing_is_127_refused_is_126(void **state)
{
	(void)state;
	check(in_dir("nothing"));
	assert_int_equal(target.verdict, TARGET_UNRUNNABLE);
	assert_int_equal(target.exit_code, 127);
	check("no-such-command-anywhere");
	assert_int_equal(target.exit_code, 127);
	check("");
	assert_int_equal(target.exit_code, 127);
	check(dir);
	assert_int_equal(target.exit_code, 126);
	assert_non_null(strstr(target.why.text, "is a directory"));
	check("/etc/passwd");
	assert_int_equal(target.exit_code, 126);
	assert_non_null(strstr(target.why.text, "/etc/passwd is not "
	    "executable. If it is a program: chmod +x /etc/passwd"));
	check("/etc/passwd/x");
	assert_int_equal(target.exit_code, 126);
}

static void
check_in_path(const char *name, const char *search_path)
{
	char *argv[] = { (char *)(uintptr_t)name, NULL };

	target_check(&target, argv, search_path);
}

static void
target_search_goes_on_behind_what_cannot_run(void **state)
{
	char search_path[256];

	(void)state;
	mkdir(in_dir("a"), 0755);
	mkdir(in_dir("b"), 0755);
	write_file("a/tool", "#!/bin/sh\n", 10, 0644);
	write_file("b/tool", "#!/bin/sh\n", 10, 0755);
	mkdir(in_dir("a/other"), 0755);
	snprintf(search_path, sizeof search_path, "%s/none:%s/a:%s/b", dir,
	    dir, dir);
	check_in_path("tool", search_path);
	assert_int_equal(target.verdict, TARGET_TRACEABLE);
	assert_string_equal(target.path, in_dir("b/tool"));

	snprintf(search_path, sizeof search_path, "%s/a", dir);
	check_in_path("tool", search_path);
	assert_int_equal(target.exit_code, 126);
	check_in_path("other", search_path);
	assert_int_equal(target.exit_code, 127);

	check_in_path("sh", NULL);
	assert_int_equal(target.verdict, TARGET_TRACEABLE);
	assert_int_equal(chdir(in_dir("b")), 0);
	check_in_path("tool", "/nonexistent:");
	assert_int_equal(target.verdict, TARGET_TRACEABLE);
	assert_int_equal(chdir("/"), 0);
}

/* ---- hostile files ---- */

static void
target_cut_program_never_harms(void **state)
{
	static unsigned char bytes[1 << 20];
	size_t size = read_file("own", bytes, sizeof bytes);
	struct elf_facts facts;
	int fd;

	(void)state;
	for (size_t cut = 0; cut < size; cut += cut < 1200 ? 1 : 97) {
		write_file("cut", bytes, cut, 0755);
		fd = open(in_dir("cut"), O_RDONLY);
		elf_facts_read(&facts, fd);
		close(fd);
		assert_int_equal(facts.is_elf, cut >= 4);
		if (cut >= 4 && cut < sizeof(Elf64_Ehdr))
			assert_true(facts.is_broken);
		assert_true(strlen(facts.interpreter) < ELF_STRING_MAX);
	}
}

static void
target_changed_program_never_harms(void **state)
{
	static unsigned char bytes[1 << 20];
	size_t size = read_file("own", bytes, sizeof bytes);
	uint64_t seed = 1;
	struct elf_facts facts;
	int fd = open(in_dir("cut"), O_RDWR);

	(void)state;
	assert_true(fd >= 0);
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(pwrite(fd, bytes, size, 0), size);
		for (int k = 0; k < 4; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			/* Half of them in the headers. */
			pwrite(fd, &(char){ (char)(seed >> 32) }, 1,
			    (off_t)((seed >> 40) % (k < 2 ? 1024 : size)));
		}
		elf_facts_read(&facts, fd);
		assert_true(strlen(facts.interpreter) < ELF_STRING_MAX);
		assert_true(strlen(facts.soname) < ELF_STRING_MAX);
	}
	close(fd);
}

/* ---- the hook and the environment ---- */

static void
target_hook_must_be_a_library(void **state)
{
	struct errbuf why;

	(void)state;
	assert_int_equal(target_check_hook(in_dir("none.so"), &why), -1);
	assert_non_null(strstr(why.text, "cannot be read"));
	assert_int_equal(target_check_hook(in_dir("source.c"), &why), -1);
	assert_non_null(strstr(why.text, "is not a library"));
	assert_true(compile("lib.so", cc(), "-shared -fPIC", "int x;\n"));
	assert_int_equal(target_check_hook(in_dir("lib.so"), &why), 0);
}

static void
environment_hook_comes_first_and_rest_stays(void **state)
{
	char *before[] = { "A=1", "LD_PRELOAD=/x/one.so /x/two.so",
	    "TMTOP_SEGMENT=old", "B=2", NULL };
	char **after = environment_new(before, "/h.so", "1:2:3");

	(void)state;
	assert_string_equal(after[0], "A=1");
	assert_string_equal(after[1], "LD_PRELOAD=/h.so:/x/one.so /x/two.so");
	assert_string_equal(after[2], "TMTOP_SEGMENT=1:2:3");
	assert_string_equal(after[3], "B=2");
	assert_null(after[4]);
	free(after);
}

static void
environment_without_hook_keeps_preload(void **state)
{
	char *before[] = { "LD_PRELOAD=/x.so", NULL };
	char *empty[] = { NULL };
	char **after = environment_new(before, NULL, "s");

	(void)state;
	assert_string_equal(after[0], "LD_PRELOAD=/x.so");
	assert_string_equal(after[1], "TMTOP_SEGMENT=s");
	assert_null(after[2]);
	free(after);
	after = environment_new(empty, "/h.so", "s");
	assert_string_equal(environment_find(after, "LD_PRELOAD"), "/h.so");
	assert_null(environment_find(after, "LD_PRE"));
	free(after);
}

static void
environment_hook_below_hook_is_once(void **state)
{
	char *before[] = { "LD_PRELOAD=/h.so:/x.so", NULL };
	char *other[] = { "LD_PRELOAD=/h.so.1", NULL };
	char **after = environment_new(before, "/h.so", "s");

	(void)state;
	assert_string_equal(after[0], "LD_PRELOAD=/h.so:/x.so");
	free(after);
	after = environment_new(other, "/h.so", "s");
	assert_string_equal(after[0], "LD_PRELOAD=/h.so:/h.so.1");
	free(after);
}

static void
environment_paths_that_preload_cannot_hold(void **state)
{
	(void)state;
	assert_true(environment_can_preload("/usr/lib/tmtop/hook.so"));
	assert_false(environment_can_preload("/a b/hook.so"));
	assert_false(environment_can_preload("/a:b/hook.so"));
	assert_false(environment_can_preload("/$ORIGIN/hook.so"));
	assert_false(environment_can_preload("hook.so"));
}

/* ---- all ---- */

static int
make_dir(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(dir, sizeof dir, "%.40s/tmtop-unit.XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	return mkdtemp(dir) == NULL || chmod(dir, 0755) < 0;
}

static int
remove_dir(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		execlp("rm", "rm", "-rf", dir, NULL);
		_exit(127);
	}
	return waitpid(pid, NULL, 0) != pid;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(target_dynamic_program_is_traceable),
		cmocka_unit_test(target_loader_itself_is_traceable),
		cmocka_unit_test(target_own_malloc_is_told),
		cmocka_unit_test(target_malloc_from_libc_is_not_own),
		cmocka_unit_test(target_address_sanitizer_is_left_alone),
		cmocka_unit_test(target_static_program_is_untracked),
		cmocka_unit_test(target_musl_program_is_not_preloaded),
		cmocka_unit_test(target_other_machines_are_named),
		cmocka_unit_test(target_set_user_id_is_untracked_for_others),
		cmocka_unit_test(target_set_user_id_to_oneself_is_traced),
		cmocka_unit_test(target_file_capabilities_are_untracked),
		cmocka_unit_test(target_sudo_is_told_the_other_way_round),
		cmocka_unit_test(target_script_names_its_interpreter),
		cmocka_unit_test(
		    target_script_chain_ends_where_the_kernel_ends_it),
		cmocka_unit_test(
		    target_script_without_interpreter_is_not_found),
		cmocka_unit_test(target_text_without_line_is_for_the_shell),
		cmocka_unit_test(target_missing_is_127_refused_is_126),
		cmocka_unit_test(target_search_goes_on_behind_what_cannot_run),
		cmocka_unit_test(target_cut_program_never_harms),
		cmocka_unit_test(target_changed_program_never_harms),
		cmocka_unit_test(target_hook_must_be_a_library),
		cmocka_unit_test(environment_hook_comes_first_and_rest_stays),
		cmocka_unit_test(environment_without_hook_keeps_preload),
		cmocka_unit_test(environment_hook_below_hook_is_once),
		cmocka_unit_test(environment_paths_that_preload_cannot_hold),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("target", tests, make_dir,
	    remove_dir);
}
