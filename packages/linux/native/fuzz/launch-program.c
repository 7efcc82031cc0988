// SPDX-License-Identifier: Apache-2.0
// Fuzzes what init does with a launch program before and between its steps: reading it, checking it, walking it,
// decoding each step, keeping descriptors. The steps themselves are replaced by ones that only read their records.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/eventfd.h>

/* The one step of program.c that touches the world gets a descriptor of nothing. */
static int opened(const char *path)
{
	return path[0] ? eventfd(0, EFD_CLOEXEC) : -1;
}
#define open(path, flags) opened(path)
#include "init/program.c"
#undef open

#include <sys/mman.h>

#include "fuzz/touch.generated.h"

volatile size_t sink;

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define READ_ONLY(name)                                                                                               \
	int step_##name(struct init *init, struct record *record)                                                     \
	{                                                                                                             \
		return touch_launch_##name(record) < 0 ? fail(init, "malformed step") : 0;                            \
	}

/* These are in program.c and channel.c, or below. */
#define step_open unused_open
#define step_close unused_close
#define step_parent_death unused_parent_death
#define step_spawn unused_spawn
LAUNCH_EACH(READ_ONLY)
#undef step_spawn

/* The new process goes on where stage 0 ends. */
STEP(spawn)
{
	struct launch_spawn spawn;

	if (launch_spawn_decode(record, &spawn) < 0)
		return fail(init, "malformed step");
	if (spawn.cgroup >= 0)
		(void)take_slot(init, (uint32_t)spawn.cgroup);
	init->in_child = 1;
	return 0;
}

int procfs_open(struct init *init)
{
	(void)init;
	return 0;
}

void close_on_exec_from(unsigned int first)
{
	(void)first;
}

static int file_of(const unsigned char *data, size_t size)
{
	int fd = memfd_create("program", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static int slots[PROTOCOL_MAX_SLOTS];
	struct init init = { .channel = file_of(data, size), .procfs = -1, .root = -1, .slots = slots };

	memset(slots, 0xff, sizeof(slots));
	if (channel_read_program(&init) == 0 && check_program(&init) == 0)
		(void)run_program(&init);
	if (strlen(init.failure) >= sizeof(init.failure))
		abort();
	channel_send_failure(&init);
	for (size_t i = 0; i < PROTOCOL_MAX_SLOTS; i++) {
		if (slots[i] >= 0)
			close(slots[i]);
	}
	free((void *)(uintptr_t)init.program.data);
	close(init.channel);
	return 0;
}
