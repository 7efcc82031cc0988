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

#define RUNC_OPTIONS "containerd.runc.v1.Options"
#define SHIM_CGROUP 3

/* What was read of standard input, to be read again by the whole program; -1 when nothing was. */
static int copy = -1;
/* How it begins, and how long it is. */
static unsigned char head[HEAD_BYTES];
static size_t total;

/* One field of a protobuf message. */
struct field {
	uint64_t number;
	const unsigned char *bytes; /* of a field of bytes; else NULL */
	size_t length;
};

static size_t get_varint(const unsigned char *at, const unsigned char *end, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < 10 && at + i < end; i++) {
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

/* Takes the next field of a message: 1, 0 at the end, -1 for bytes that are none. */
static int next_field(const unsigned char **at, const unsigned char *end, struct field *field)
{
	uint64_t tag;
	uint64_t size;
	size_t taken;

	if (*at == end)
		return 0;
	taken = get_varint(*at, end, &tag);
	if (taken == 0)
		return -1;
	*at += taken;
	*field = (struct field){ tag >> 3, NULL, 0 };
	if ((tag & 7) == 1 || (tag & 7) == 5) {
		size = (tag & 7) == 1 ? 8 : 4;
	} else if ((tag & 7) == 0 || (tag & 7) == 2) {
		taken = get_varint(*at, end, &size);
		if (taken == 0)
			return -1;
		*at += taken;
		if ((tag & 7) == 0)
			return 1;
		field->bytes = *at;
	} else {
		return -1;
	}
	if (size > (uint64_t)(end - *at))
		return -1;
	field->length = (size_t)size;
	*at += size;
	return 1;
}

static bool is_runc_options(const unsigned char *type, size_t length)
{
	size_t name = strlen(RUNC_OPTIONS);

	if (length < name || memcmp(type + length - name, RUNC_OPTIONS, name) != 0)
		return false;
	return length == name || type[length - name - 1] == '/';
}

bool options_are_plain(const unsigned char *input, size_t length)
{
	const unsigned char *end = input + length;
	struct field type = { 0, NULL, 0 };
	struct field value = { 0, NULL, 0 };
	struct field field;
	int more;

	/* google.protobuf.Any: type_url = 1, value = 2. */
	while ((more = next_field(&input, end, &field)) > 0) {
		if (!field.bytes || (field.number == 1 && type.bytes) || (field.number == 2 && value.bytes))
			return false;
		if (field.number == 1)
			type = field;
		else if (field.number == 2)
			value = field;
		else
			return false;
	}
	if (more < 0 || (length > 0 && !(type.bytes && is_runc_options(type.bytes, type.length))))
		return false;
	if (!value.bytes)
		return true;
	input = value.bytes;
	end = input + value.length;
	while ((more = next_field(&input, end, &field)) > 0) {
		if (field.number == SHIM_CGROUP)
			return false;
	}
	return more == 0;
}

bool input_is_plain(void)
{
	return total <= sizeof(head) && options_are_plain(head, total);
}

int input_read(const struct flags *flags)
{
	unsigned char more[HEAD_BYTES];
	struct pollfd ready = { .fd = STDIN_FILENO, .events = POLLIN };
	size_t head_length = 0;

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
