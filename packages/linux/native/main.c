// SPDX-License-Identifier: Apache-2.0
// One executable, two roles, so that its parts can never be of different versions.
#include <stdio.h>
#include <string.h>

#include "init/init.h"
#include "monitor/monitor.h"
#include "protocol.h"

#define SYNC_CHANNEL 3

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "init") == 0)
		return init_main(SYNC_CHANNEL, NULL);
	if (argc >= 2 && strcmp(argv[1], "monitor") == 0)
		return monitor_main(argc - 1, argv + 1);
	if (argc == 2 && strcmp(argv[1], "version") == 0) {
		printf("%u\n", PROTOCOL_VERSION);
		return 0;
	}
	fprintf(stderr, "usage: teu-init init | monitor | version\n");
	return 2;
}
