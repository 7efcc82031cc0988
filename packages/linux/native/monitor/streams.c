// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/state.h"
#include "protocol.h"

static int open_null(int flags)
{
	return open("/dev/null", flags | O_CLOEXEC);
}

/* A FIFO that is open for both directions never blocks an open, and never breaks when the peer goes. */
static int open_hold(const char *path)
{
	struct stat stat;
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -1;
	if (fstat(fd, &stat) == 0 && S_ISFIFO(stat.st_mode))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

static int open_input(struct monitor *monitor)
{
	const struct stream_config *config = &monitor->config.streams[0];
	int flags = monitor->config.console_socket ? O_NONBLOCK : 0;

	if (config->type == PROTOCOL_STREAM_NULL)
		return open_null(O_RDONLY);
	if (config->type == PROTOCOL_STREAM_FILE)
		return open(config->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	monitor->input_hold = open_hold(config->path);
	if (monitor->input_hold < 0)
		return -1;
	return open(config->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
}

/* A terminal's bytes come from the monitor itself, which may have the file as it is. */
static int open_file(struct monitor *monitor, int index, int first)
{
	const char *path = monitor->outputs[index].config.path;
	const struct stream_config *other = &monitor->outputs[0].config;

	if (monitor->config.console_socket)
		return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
	/* One pipe for both keeps what is written to them in order. */
	if (index == 1 && other->type == PROTOCOL_STREAM_FILE && strcmp(other->path, path) == 0)
		return fcntl(first, F_DUPFD_CLOEXEC, 0);
	return file_sink_open(monitor, index, path);
}

/* Whether a FIFO gets nothing of standard error before there is a process. One FIFO for both keeps what is in it in order. */
static bool is_held_back(const struct monitor *monitor)
{
	return monitor->config.runtime_args && !monitor->config.console_socket &&
	       strcmp(monitor->outputs[0].config.path, monitor->outputs[1].config.path) != 0;
}

static int open_output(struct monitor *monitor, int index, int *logger, int first)
{
	struct output *output = &monitor->outputs[index];

	output->config = monitor->config.streams[index + 1];
	if (output->config.type == PROTOCOL_STREAM_NULL)
		return open_null(O_WRONLY);
	if (output->config.type == PROTOCOL_STREAM_LOGGER) {
		int writer = *logger;

		*logger = -1;
		return writer;
	}
	if (output->config.type == PROTOCOL_STREAM_FILE)
		return open_file(monitor, index, first);
	output->hold = open_hold(output->config.path);
	if (output->hold < 0)
		return -1;
	if (index == 1 && is_held_back(monitor))
		return relay_open(monitor, output->hold);
	return open(output->config.path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
}

static void close_all(int fds[3])
{
	int error = errno;

	for (int i = 0; i < 3; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
	errno = error;
}

/* The process talks to a pty: the monitor keeps the streams, and the process's creator gets nothing of them. */
static int give_to_terminal(struct monitor *monitor, int fds[3])
{
	if (monitor->config.streams[0].type == PROTOCOL_STREAM_FIFO) {
		monitor->input.fd = fds[0];
		fds[0] = -1;
	}
	if (monitor->config.streams[1].type != PROTOCOL_STREAM_NULL) {
		monitor->sink.fd = fds[1];
		fds[1] = -1;
		if (fcntl(monitor->sink.fd, F_SETFL, O_WRONLY | O_NONBLOCK | O_APPEND) < 0)
			return -1;
	}
	close_all(fds);
	for (int i = 0; i < 3; i++) {
		fds[i] = open_null(O_RDWR);
		if (fds[i] < 0)
			return -1;
	}
	return 0;
}

int streams_open(struct monitor *monitor, int fds[3])
{
	int loggers[2] = { -1, -1 };

	fds[0] = fds[1] = fds[2] = -1;
	if (monitor->config.logger_args && logger_start(monitor, loggers) < 0)
		return -1;
	fds[0] = open_input(monitor);
	if (fds[0] >= 0)
		fds[1] = open_output(monitor, 0, &loggers[0], -1);
	if (fds[1] >= 0)
		fds[2] = open_output(monitor, 1, &loggers[1], fds[1]);
	for (int i = 0; i < 2; i++) {
		if (loggers[i] >= 0)
			close(loggers[i]);
	}
	if (fds[2] < 0 || (monitor->config.console_socket && give_to_terminal(monitor, fds) < 0)) {
		close_all(fds);
		return -1;
	}
	return 0;
}

void streams_close_input(struct monitor *monitor)
{
	if (monitor->input_hold >= 0)
		close(monitor->input_hold);
	monitor->input_hold = -1;
}

/*
 * A reader must have been there to see the end of an output: one that opens a FIFO which nobody holds would wait for a
 * writer for ever. So a FIFO without readers is held on to, even when it is empty.
 */
static bool let_go(struct output *output)
{
	int unread = 0;
	int probe;

	if (output->hold < 0)
		return true;
	if (ioctl(output->hold, FIONREAD, &unread) == 0 && unread > 0)
		return false;
	close(output->hold);
	output->hold = -1;
	probe = open(output->config.path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (probe >= 0) {
		close(probe);
		return true;
	}
	if (errno != ENXIO)
		return true;
	output->hold = open_hold(output->config.path);
	return output->hold < 0;
}

bool streams_drained(struct monitor *monitor)
{
	bool drained = true;

	if (!terminal_finished(monitor) || !file_sinks_finished(monitor) || !relay_finished(monitor))
		return false;
	for (int i = 0; i < 2; i++)
		drained = let_go(&monitor->outputs[i]) && drained;
	return drained;
}
