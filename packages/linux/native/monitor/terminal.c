// SPDX-License-Identifier: Apache-2.0
// The monitor's end of a pty: its master comes over the console socket, and is copied to and from the FIFOs.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/state.h"

static bool empty(const struct pump *pump)
{
	return pump->start == pump->end;
}

/* Fills an empty pump. Returns false when the source has ended. */
static bool fill(struct pump *pump, int fd)
{
	ssize_t count = read(fd, pump->bytes, sizeof(pump->bytes));

	if (count > 0) {
		pump->start = 0;
		pump->end = (size_t)count;
	}
	return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Writes what it can. Returns false when the destination is gone, and what is left was dropped. */
static bool flush(struct pump *pump, int fd)
{
	while (!empty(pump)) {
		ssize_t count = fd < 0 ? (ssize_t)(pump->end - pump->start)
				       : write(fd, pump->bytes + pump->start, pump->end - pump->start);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno == EAGAIN)
			return true;
		if (count < 0) {
			pump->start = pump->end = 0;
			return false;
		}
		pump->start += (size_t)count;
	}
	return true;
}

/* Asks epoll for exactly what the two pumps can use now, so that a full FIFO or a hung-up pty wakes nobody. */
static void rearm(struct monitor *monitor)
{
	uint32_t master = 0;

	if (monitor->master.fd >= 0) {
		if (!monitor->from_master.finished && !monitor->hung_up && empty(&monitor->from_master))
			master |= EPOLLIN;
		if (!monitor->hung_up && !empty(&monitor->to_master))
			master |= EPOLLOUT;
		watch_change(monitor, &monitor->master, master);
	}
	if (monitor->sink.fd >= 0)
		watch_change(monitor, &monitor->sink, empty(&monitor->from_master) ? 0 : EPOLLOUT);
	if (monitor->input.fd >= 0)
		watch_change(monitor, &monitor->input,
			     monitor->master.fd >= 0 && !monitor->hung_up && empty(&monitor->to_master) ? EPOLLIN : 0);
}

static void close_master(struct monitor *monitor)
{
	watch_close(monitor, &monitor->master);
	watch_close(monitor, &monitor->input);
	monitor->from_master.finished = true;
	monitor->to_master.start = monitor->to_master.end = 0;
}

/*
 * Nobody has the terminal open. A process that closes it before it ends is still there, and closing the master would
 * kill it with SIGHUP: so that waits for its end.
 */
static void hang_up(struct monitor *monitor)
{
	if (monitor->exited)
		close_master(monitor);
	else
		monitor->hung_up = true;
}

static void pump_output(struct monitor *monitor)
{
	struct pump *pump = &monitor->from_master;

	/* Bounded, so that a process that writes at full speed cannot keep the monitor from its other peers. */
	for (int round = 0; round < 16 && !pump->finished && empty(pump); round++) {
		if (!fill(pump, monitor->master.fd)) {
			hang_up(monitor);
			break;
		}
		if (empty(pump))
			break;
		/* Without a reader the data waits in the FIFO: only a broken destination loses it. */
		flush(pump, monitor->sink.fd);
	}
}

static void master_ready(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	(void)watch;
	if (events & EPOLLOUT)
		flush(&monitor->to_master, monitor->master.fd);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		pump_output(monitor);
	rearm(monitor);
}

static void sink_ready(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	(void)events;
	flush(&monitor->from_master, watch->fd);
	if (monitor->master.fd >= 0)
		pump_output(monitor);
	rearm(monitor);
}

static void input_ready(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	(void)events;
	if (fill(&monitor->to_master, watch->fd))
		flush(&monitor->to_master, monitor->master.fd);
	else
		watch_close(monitor, watch);
	rearm(monitor);
}

static int receive_descriptor(int socket)
{
	char text[4096];
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec vector = { text, sizeof(text) };
	struct msghdr message = { 0 };
	struct cmsghdr *header;
	int fd;

	message.msg_iov = &vector;
	message.msg_iovlen = 1;
	message.msg_control = &control;
	message.msg_controllen = sizeof(control);
	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) < 0)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(int))) {
		errno = EBADMSG;
		return -1;
	}
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static void console_ready(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	struct timeval patience = { 5, 0 };
	int connection = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC);
	int master;

	(void)events;
	if (connection < 0)
		return;
	setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	master = receive_descriptor(connection);
	close(connection);
	if (master < 0)
		return;
	unlink(monitor->config.console_socket);
	watch_close(monitor, watch);
	fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
	monitor->master.fd = master;
	monitor->master.ready = master_ready;
	if (monitor->columns || monitor->rows)
		terminal_resize(monitor, monitor->columns, monitor->rows);
	rearm(monitor);
}

int terminal_listen(struct monitor *monitor)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(monitor->config.console_socket);
	int fd;

	if (length >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, monitor->config.console_socket, length + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0) {
		close(fd);
		return -1;
	}
	monitor->sink.ready = sink_ready;
	monitor->input.ready = input_ready;
	monitor->console.fd = fd;
	monitor->console.ready = console_ready;
	return watch_change(monitor, &monitor->console, EPOLLIN);
}

void terminal_resize(struct monitor *monitor, uint32_t columns, uint32_t rows)
{
	struct winsize size = { .ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows };

	/* Remembered for a terminal that is not there yet. */
	monitor->columns = columns;
	monitor->rows = rows;
	if (monitor->master.fd >= 0)
		ioctl(monitor->master.fd, TIOCSWINSZ, &size);
}

void terminal_process_exited(struct monitor *monitor)
{
	if (!monitor->hung_up)
		return;
	monitor->hung_up = false;
	pump_output(monitor);
	rearm(monitor);
}

bool terminal_finished(struct monitor *monitor)
{
	if (!monitor->config.console_socket)
		return true;
	if (monitor->master.fd >= 0 || !empty(&monitor->from_master))
		return false;
	watch_close(monitor, &monitor->sink);
	return true;
}
