// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "front/front.h"

/* argv: this program, the script of the whole program, and the arguments of the shim. */
static int ask_whole_program(char **argv)
{
	argv[0] = "node";
	execvp("node", argv);
	fprintf(stderr, "containerd-shim-teu-v1: cannot run node: %s\n", strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

int main(int argc, char **argv)
{
	struct flags flags;

	if (argc < 2) {
		fprintf(stderr, "usage: teu-shim-front script [flag...] action\n");
		return 2;
	}
	if (flags_parse(&flags, argc - 2, argv + 2) == 0) {
		if (strcmp(flags.action, "start") == 0) {
			int input = input_read(&flags);

			if (input == 0 && answer_start(&flags, argv[1]) == 0)
				return 0;
			input_give_back();
		} else if (strcmp(flags.action, "delete") == 0 && answer_delete(&flags) == 0) {
			return 0;
		}
	}
	return ask_whole_program(argv);
}
