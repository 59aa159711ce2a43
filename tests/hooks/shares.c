/*
 * shares.c - one of several programs of a run; prints its account.
 *
 *	shares plain N | fork N | exec N
 */
#include "account.h"

#include <sys/wait.h>

static void
allocate(int n)
{
	int i;

	for (i = 0; i < n; i++) {
		void *block = take((size_t)i % 50 + 1);

		if (i % 3 == 0)
			give(block, (size_t)i % 50 + 1);
	}
}

int
main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 0, i;

	allocate(n);
	switch (argc > 1 ? argv[1][0] : 0) {
	case 'f':
		for (i = 1; i <= 2; i++)
			if (fork() == 0) {
				account_clear();
				allocate(n * (i + 1));
				account_print();
				_exit(0);
			}
		while (wait(NULL) > 0)
			;
		allocate(10);
		break;
	case 'e':
		account_print();
		execl(argv[0], argv[0], "plain", "777", (char *)NULL);
		return 1;
	}
	account_print();
	return 0;
}
