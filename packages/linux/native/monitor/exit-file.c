// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "monitor/state.h"
#include "protocol.h"

static int write_all(int fd, const unsigned char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t count = write(fd, bytes, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		bytes += count;
		length -= (size_t)count;
	}
	return 0;
}

static void sync_directory(void)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* Whole or not there at all: written aside, renamed into place. */
int exit_file_write(struct monitor *monitor)
{
	unsigned char bytes[256];
	struct record_writer events = { bytes, sizeof(bytes), 0, 0, 0 };
	char aside[280];
	int fd;

	if (monitor->pid)
		monitor_event_started_encode(&events, &(struct monitor_event_started){ monitor->pid });
	if (monitor->failed)
		monitor_event_failed_encode(
			&events, &(struct monitor_event_failed){ monitor->failed_status, monitor->failed_text });
	if (monitor->exited)
		monitor_event_exited_encode(&events, &(struct monitor_event_exited){ monitor->exit_status,
										      monitor->exit_nanoseconds });
	if (strlen(monitor->config.exit_file) > 255) {
		errno = ENAMETOOLONG;
		return -1;
	}
	snprintf(aside, sizeof(aside), "%s.part", monitor->config.exit_file);
	fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	if (write_all(fd, events.data, events.length) < 0 || rename(aside, monitor->config.exit_file) < 0) {
		close(fd);
		unlink(aside);
		return -1;
	}
	if (monitor->exit_file >= 0)
		close(monitor->exit_file);
	monitor->exit_file = fd;
	return 0;
}

void exit_file_sync(struct monitor *monitor)
{
	if (monitor->exit_file < 0)
		return;
	fsync(monitor->exit_file);
	close(monitor->exit_file);
	monitor->exit_file = -1;
	sync_directory();
}
