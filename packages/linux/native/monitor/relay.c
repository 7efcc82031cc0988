// SPDX-License-Identifier: Apache-2.0
// The standard error of a container that a runtime's program makes. Until then it is that of the program, which says there
// why it fails: to whoever called it, not to the container's reader. So both have a pipe, out of which nothing is taken
// before there is a container, and the kernel moves what it says from there on into the FIFO.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "monitor/state.h"

#define CHUNK_BYTES 65536

int relay_open(struct monitor *monitor, int fifo)
{
	struct relay *relay = &monitor->relay;
	int pipe[2];

	if (pipe2(pipe, O_CLOEXEC) < 0)
		return -1;
	relay->source.fd = pipe[0];
	relay->target.fd = fcntl(fifo, F_DUPFD_CLOEXEC, 0);
	if (relay->target.fd >= 0)
		return pipe[1];
	close(pipe[0]);
	close(pipe[1]);
	relay->source.fd = -1;
	return -1;
}

/* Waits for what is missing: for bytes, or for room. */
static void rearm(struct monitor *monitor, struct relay *relay)
{
	int unmoved = 0;
	bool is_full = ioctl(relay->source.fd, FIONREAD, &unmoved) == 0 && unmoved > 0;

	watch_change(monitor, &relay->source, is_full ? 0 : EPOLLIN);
	watch_change(monitor, &relay->target, is_full ? EPOLLOUT : 0);
}

static void move(struct monitor *monitor, int rounds)
{
	struct relay *relay = &monitor->relay;

	while (relay->source.fd >= 0 && rounds-- > 0) {
		ssize_t count = splice(relay->source.fd, NULL, relay->target.fd, NULL, CHUNK_BYTES, SPLICE_F_NONBLOCK);

		if (count > 0 || (count < 0 && errno == EINTR))
			continue;
		if (count < 0 && errno == EAGAIN) {
			rearm(monitor, relay);
			return;
		}
		/* Nobody can write any more. */
		watch_close(monitor, &relay->source);
		watch_close(monitor, &relay->target);
	}
}

static void relay_ready(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	(void)watch;
	(void)events;
	/* Bounded, so that a process that writes at full speed cannot keep the monitor from its other peers. */
	move(monitor, 16);
}

void relay_begin(struct monitor *monitor)
{
	struct relay *relay = &monitor->relay;

	if (relay->source.fd < 0)
		return;
	relay->source.ready = relay->target.ready = relay_ready;
	rearm(monitor, relay);
}

void relay_flush(struct monitor *monitor)
{
	move(monitor, 64);
}

bool relay_finished(struct monitor *monitor)
{
	return monitor->relay.source.fd < 0;
}
