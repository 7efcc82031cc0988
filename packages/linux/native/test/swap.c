// SPDX-License-Identifier: Apache-2.0
// Exchanges two paths for as long as its standard input is open: swap PATH OTHER. A container that races with whoever
// mounts into its volume does this. Used by the runtime's tests.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXCHANGE (1u << 1)

int main(int argc, char **argv)
{
	char end;

	if (argc != 3) {
		fprintf(stderr, "usage: swap PATH OTHER\n");
		return 2;
	}
	if (fcntl(0, F_SETFL, O_NONBLOCK) < 0)
		return 1;
	for (;;) {
		for (int i = 0; i < 64; i++) {
			if (syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], EXCHANGE) < 0) {
				perror("renameat2");
				return 1;
			}
		}
		if (read(0, &end, 1) == 0)
			return 0;
	}
}
