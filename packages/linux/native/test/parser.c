// SPDX-License-Identifier: Apache-2.0
// Feeds the record reader and the decoder of every kind of launch step with whole, truncated and damaged records.
// Built with AddressSanitizer and UndefinedBehaviorSanitizer by packages/linux/test/parser.test.ts.
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h"

#define SIZE 4096

static unsigned char buffer[SIZE];
/* Takes what was read, so that the compiler may not leave the reading out. */
static volatile size_t sink;

/* Copies to memory of exactly that size, so that a read beyond it is seen. */
static unsigned char *exact(const unsigned char *data, size_t length)
{
	unsigned char *copy = malloc(length ? length : 1);

	assert(copy);
	memcpy(copy, data, length);
	return copy;
}

static int decode(struct record *record)
{
	switch (record->kind) {
	case LAUNCH_MOUNT: {
		struct launch_mount mount;
		int result = launch_mount_decode(record, &mount);

		for (uint32_t i = 0; result == 0 && i < mount.propagation.count; i++)
			(void)record_u32s_at(mount.propagation, i);
		sink = result < 0 ? 0 : strlen(mount.destination) + strlen(mount.data);
		return result;
	}
	case LAUNCH_HOOK: {
		struct launch_hook hook;
		int result = launch_hook_decode(record, &hook);
		char **args = result < 0 ? NULL : record_strs_array(hook.args);

		for (char **arg = args; arg && *arg; arg++)
			sink = strlen(*arg);
		free(args);
		return result;
	}
	case LAUNCH_SECCOMP: {
		struct launch_seccomp seccomp;
		int result = launch_seccomp_decode(record, &seccomp);

		for (uint32_t i = 0; result == 0 && i < seccomp.filter.length; i++)
			sink = seccomp.filter.data[i];
		return result;
	}
	case LAUNCH_USER: {
		struct launch_user user;

		return launch_user_decode(record, &user);
	}
	case LAUNCH_NEW_USER:
		return launch_new_user_decode(record);
	default:
		return -1;
	}
}

/* What the interpreter does with a whole program; never more than the bytes that are there. */
static int walk(const unsigned char *data, size_t length)
{
	unsigned char *copy = exact(data, length);
	size_t offset = 0;
	int good = 0;

	for (;;) {
		struct record record;
		int64_t size = record_next(&record, copy + offset, length - offset, SIZE);

		if (size <= 0)
			break;
		if (decode(&record) == 0)
			good++;
		offset += (size_t)size;
	}
	free(copy);
	return good;
}

static size_t sample(void)
{
	unsigned char list[] = { 3, 0, 0, 0, 'o', 'n', 'e', 0, 0, 0, 0, 0, 0 };
	unsigned char numbers[] = { 1, 0, 0, 0, 2, 0, 0, 0 };
	struct record_writer writer = { .data = buffer, .capacity = SIZE };
	struct record_strs strs = { .count = 2, .data = list };
	struct record_u32s u32s = { .count = 2, .data = numbers };
	struct record_bytes bytes = { .data = numbers, .length = sizeof(numbers) };
	struct launch_mount mount = {
		.destination = "/proc", .source = "proc", .type = "proc", .data = "a=b", .propagation = u32s
	};
	struct launch_hook hook = {
		.path = "/hook", .args = strs, .env = strs, .state_prefix = "{", .state_suffix = "}"
	};
	struct launch_seccomp seccomp = { .filter = bytes, .state_prefix = "", .state_middle = "", .state_suffix = "" };
	struct launch_user user = { .uid = 1, .gid = 2, .groups = u32s, .set_groups = 1 };

	launch_mount_encode(&writer, &mount);
	launch_new_user_encode(&writer);
	launch_hook_encode(&writer, &hook);
	launch_seccomp_encode(&writer, &seccomp);
	launch_user_encode(&writer, &user);
	assert(!writer.overflow);
	return writer.length;
}

static void overflowing_writer(void)
{
	unsigned char small[16];
	struct record_writer writer = { .data = small, .capacity = sizeof(small) };
	struct launch_mount mount = { .destination = "/proc", .source = "", .type = "", .data = "" };

	launch_mount_encode(&writer, &mount);
	assert(writer.overflow && writer.length <= sizeof(small));
}

static void damaged(size_t length, unsigned int seed, int rounds)
{
	unsigned char changed[SIZE];

	srand(seed);
	for (int round = 0; round < rounds; round++) {
		memcpy(changed, buffer, length);
		for (int i = 0; i <= round % 8; i++)
			changed[(size_t)rand() % length] = (unsigned char)rand();
		(void)walk(changed, length);
	}
}

int main(int argc, char **argv)
{
	size_t length = sample();

	assert(walk(buffer, length) == 5);
	for (size_t cut = 0; cut < length; cut++)
		assert(walk(buffer, cut) < 5);
	for (size_t at = 0; at < length; at++) {
		unsigned char kept = buffer[at];

		for (int value = 0; value < 256; value++) {
			buffer[at] = (unsigned char)value;
			(void)walk(buffer, length);
		}
		buffer[at] = kept;
	}
	overflowing_writer();
	damaged(length, argc > 1 ? (unsigned int)atoi(argv[1]) : 1, argc > 2 ? atoi(argv[2]) : 20000);
	printf("ok\n");
	return 0;
}
