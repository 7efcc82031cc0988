// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "front/front.h"

#define HEAD_BYTES 4096
#define MAX_INPUT_BYTES (16 * 1024 * 1024)
#define INPUT_MILLISECONDS 1000

/* What was read of standard input, to be read again by the whole program; -1 when nothing was. */
static int copy = -1;

static size_t get_varint(const unsigned char *at, const unsigned char *end, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < 5 && at + i < end; i++) {
		*value |= (uint64_t)(at[i] & 127) << (7 * i);
		if (!(at[i] & 128))
			return i + 1;
	}
	return 0;
}

bool input_is_bootstrap(const unsigned char *input, size_t length, const struct flags *flags)
{
	const char *contents[] = { flags->id, flags->namespace };
	const unsigned char *end = input + length;

	for (unsigned field = 0; field < 2; field++) {
		size_t wanted = strlen(contents[field]);
		uint64_t size;
		size_t taken;

		if (input == end || *input++ != ((field + 1) << 3 | 2))
			return false;
		taken = get_varint(input, end, &size);
		if (taken == 0 || size != wanted || (size_t)(end - input) - taken < wanted ||
		    memcmp(input + taken, contents[field], wanted) != 0)
			return false;
		input += taken + wanted;
	}
	return true;
}

int input_read(const struct flags *flags)
{
	unsigned char head[HEAD_BYTES];
	unsigned char more[HEAD_BYTES];
	struct pollfd ready = { .fd = STDIN_FILENO, .events = POLLIN };
	size_t head_length = 0;
	size_t total = 0;

	if (isatty(STDIN_FILENO))
		return 0;
	while (poll(&ready, 1, INPUT_MILLISECONDS) > 0) {
		ssize_t count = read(STDIN_FILENO, more, sizeof(more));

		if (count <= 0)
			break;
		if (copy < 0)
			copy = memfd_create("stdin", MFD_CLOEXEC);
		if (copy < 0 || write(copy, more, (size_t)count) != count || (total += (size_t)count) > MAX_INPUT_BYTES)
			return -1;
		if ((size_t)count > sizeof(head) - head_length)
			count = (ssize_t)(sizeof(head) - head_length);
		memcpy(head + head_length, more, (size_t)count);
		head_length += (size_t)count;
	}
	return input_is_bootstrap(head, head_length, flags) ? -1 : 0;
}

void input_give_back(void)
{
	if (copy >= 0 && lseek(copy, 0, SEEK_SET) == 0)
		dup2(copy, STDIN_FILENO);
}
