// SPDX-License-Identifier: Apache-2.0
// The sync channel: the program comes in first, then short messages go both ways.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/interpreter.h"

#define MESSAGE_BYTES 2048

static int read_fully(int fd, void *data, size_t length)
{
	unsigned char *here = data;

	while (length > 0) {
		ssize_t got = read(fd, here, length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			if (got == 0)
				errno = ECONNRESET;
			return -1;
		}
		here += got;
		length -= (size_t)got;
	}
	return 0;
}

int channel_read_program(struct init *init)
{
	uint32_t header[4];
	unsigned char *data;

	if (read_fully(init->channel, header, sizeof(header)) < 0)
		return fail(init, "read the launch program's header");
	if (header[0] != PROTOCOL_PROGRAM_MAGIC || header[1] != PROTOCOL_VERSION) {
		errno = EPROTO;
		return fail(init, "the launch program is of version %u, teu-init of version %u", header[1], PROTOCOL_VERSION);
	}
	if (header[2] > PROTOCOL_MAX_PROGRAM_BYTES) {
		errno = EMSGSIZE;
		return fail(init, "a launch program of %u bytes is over the limit of %u", header[2],
			    PROTOCOL_MAX_PROGRAM_BYTES);
	}
	data = malloc((size_t)header[2] + 1);
	if (!data)
		return fail(init, "keep the launch program");
	if (read_fully(init->channel, data, header[2]) < 0) {
		(void)fail(init, "read the launch program");
		free(data);
		return -1;
	}
	init->program.data = data;
	init->program.length = header[2];
	init->program.count = header[3];
	return 0;
}

int channel_send(struct init *init, const struct record_writer *writer)
{
	size_t sent = 0;

	if (writer->overflow) {
		errno = EMSGSIZE;
		return -1;
	}
	while (sent < writer->length) {
		ssize_t count = send(init->channel, writer->data + sent, writer->length - sent, MSG_NOSIGNAL);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		sent += (size_t)count;
	}
	return 0;
}

int channel_await_go(struct init *init)
{
	unsigned char header[RECORD_HEADER];
	struct record record;

	if (read_fully(init->channel, header, sizeof(header)) < 0)
		return fail(init, "wait for the runtime");
	if (record_next(&record, header, sizeof(header), 0) <= 0 || record.kind != SYNC_GO) {
		errno = EBADMSG;
		return fail(init, "wait for the runtime");
	}
	return 0;
}

void channel_send_failure(struct init *init)
{
	unsigned char buffer[MESSAGE_BYTES];
	struct record_writer writer = { .data = buffer, .capacity = sizeof(buffer) };
	struct sync_failure failure = {
		.step = init->step,
		.code = init->failure_code,
		.text = init->failure,
	};

	sync_failure_encode(&writer, &failure);
	(void)channel_send(init, &writer);
}

/*
 * The kernel forgets this when the user changes, so it comes after that; and it tells nothing of a parent that has gone
 * before, which the end of the channel shows.
 */
STEP(parent_death)
{
	struct launch_parent_death death;
	struct pollfd channel = { .fd = init->channel };

	if (launch_parent_death_decode(record, &death) < 0)
		return fail(init, "malformed step");
	if (prctl(PR_SET_PDEATHSIG, death.signal) < 0)
		return fail(init, "follow the parent's end");
	if (poll(&channel, 1, 0) > 0 && (channel.revents & POLLHUP)) {
		errno = ESRCH;
		return fail(init, "the parent has ended");
	}
	return 0;
}
