// SPDX-License-Identifier: Apache-2.0
// Files that output is appended to. The process has a pipe in place of the file: it can write, and cannot cut short,
// read or write over what is there already.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "monitor/state.h"
#include "protocol.h"

#define CHUNK_BYTES 16384

static void append(int file, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t count = write(file, bytes, length);

		if (count < 0 && errno == EINTR)
			continue;
		/* A full disk loses output; it does not stop the process. */
		if (count <= 0)
			return;
		bytes += count;
		length -= (size_t)count;
	}
}

/* Takes what is there. Returns false at the end: nobody can write any more. */
static bool take(struct file_sink *sink, int rounds)
{
	static char bytes[CHUNK_BYTES];

	while (rounds-- > 0) {
		ssize_t count = read(sink->watch.fd, bytes, sizeof(bytes));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno == EAGAIN)
			return true;
		if (count <= 0)
			return false;
		append(sink->file, bytes, (size_t)count);
	}
	return true;
}

static void pump(struct monitor *monitor, struct file_sink *sink, int rounds)
{
	if (sink->watch.fd < 0 || take(sink, rounds))
		return;
	watch_close(monitor, &sink->watch);
	close(sink->file);
	sink->file = -1;
}

static void sink_ready(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	(void)events;
	/* Bounded, so that a process that writes at full speed cannot keep the monitor from its other peers. */
	pump(monitor, (struct file_sink *)watch, 16);
}

int file_sink_open(struct monitor *monitor, int index, const char *path)
{
	struct file_sink *sink = &monitor->files[index];
	int pipe[2];

	sink->file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
	if (sink->file < 0 || pipe2(pipe, O_CLOEXEC) < 0)
		return -1;
	sink->watch.fd = pipe[0];
	sink->watch.ready = sink_ready;
	if (fcntl(pipe[0], F_SETFL, O_NONBLOCK) < 0 ||
	    (!monitor->config.runtime_args && watch_change(monitor, &sink->watch, EPOLLIN) < 0)) {
		close(pipe[1]);
		return -1;
	}
	return pipe[1];
}

void file_sinks_begin(struct monitor *monitor)
{
	for (int i = 0; i < 2; i++) {
		if (monitor->files[i].watch.fd >= 0)
			watch_change(monitor, &monitor->files[i].watch, EPOLLIN);
	}
}

void file_sinks_flush(struct monitor *monitor)
{
	/* A pipe holds 64 KiB: what a process that has ended left there. Others may go on writing. */
	for (int i = 0; i < 2; i++)
		pump(monitor, &monitor->files[i], 64);
}

bool file_sinks_finished(struct monitor *monitor)
{
	return monitor->files[0].watch.fd < 0 && monitor->files[1].watch.fd < 0;
}
