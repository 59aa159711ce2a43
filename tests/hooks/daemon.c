/*
 * daemon.c - becomes a daemon, closing every descriptor it can find, and only
 * then allocates.
 *
 *	daemon FILE closefrom | close_range | proc | loop
 *
 * The daemon writes its account to FILE; then FILE.done appears.
 */
#include "account.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* What /proc lists, without the memory that opendir() takes. */
static void
close_listed(void)
{
	int own = open("/proc/self/fd", O_RDONLY | O_DIRECTORY), fd;
	char entries[32768];
	long n, at;

	while ((n = syscall(SYS_getdents64, own, entries, sizeof entries)) > 0)
		for (at = 0; at < n;) {
			struct dirent64 *entry = (void *)(entries + at);

			fd = atoi(entry->d_name);
			if (entry->d_name[0] != '.' && fd != own)
				close(fd);
			at += entry->d_reclen;
		}
	close(own);
}

static void
close_all(char how)
{
	int fd;

	switch (how) {
	case 'c':
		closefrom(0);
		break;
	case 'r':
		close_range(0, ~0u, 0);
		break;
	case 'p':
		close_listed();
		break;
	default:
		for (fd = 0; fd < 65536; fd++)
			close(fd);
	}
}

static void
work(const char *path)
{
	char done[1000];
	long i;

	account_clear();
	for (i = 0; i < 100000; i++) {
		void *block = take((size_t)i % 3000);

		if (i % 10 != 0)
			give(block, (size_t)i % 3000);
	}
	if (open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) != 0 ||
	    dup2(0, STDOUT_FILENO) != STDOUT_FILENO)
		_exit(1);
	account_print();
	snprintf(done, sizeof done, "%s.done", path);
	if (rename(path, done) != 0)
		_exit(2);
}

int
main(int argc, char **argv)
{
	if (argc < 3)
		return 9;
	take(11);
	if (fork() != 0)
		return 0;
	take(22);
	if (setsid() < 0 || chdir("/") != 0)
		return 1;
	umask(0);
	if (fork() != 0)
		_exit(0);
	close_all(argv[2][0] == 'c' && argv[2][5] == '_' ? 'r' : argv[2][0]);
	work(argv[1]);
	_exit(0);
}
