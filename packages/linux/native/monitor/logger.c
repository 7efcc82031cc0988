// SPDX-License-Identifier: Apache-2.0
// A program that takes what the process writes: fd 3 is its standard output, fd 4 its standard error, and fd 5 is closed
// or written to once the program is ready. A child of the monitor, so it outlives the shim as the process does.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "monitor/state.h"

#define READY_MILLISECONDS 10000
/* How long a logger may read on after the end, before it is told to end, and then before it is killed. */
#define READ_MILLISECONDS 2000
#define TERM_MILLISECONDS 12000

#define FIRST_PASSED 3
#define PASSED 3

static void become_logger(struct monitor *monitor, const int passed[PASSED], int error)
{
	sigset_t none;
	int safe[PASSED];
	int null = open("/dev/null", O_RDWR);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; number < 32; number++)
		signal(number, SIG_DFL);
	error = fcntl(error, F_DUPFD_CLOEXEC, 20);
	for (int i = 0; i < PASSED; i++)
		safe[i] = fcntl(passed[i], F_DUPFD_CLOEXEC, 20);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	for (int i = 0; i < PASSED; i++) {
		if (safe[i] < 0 || dup2(safe[i], FIRST_PASSED + i) < 0)
			_exit(127);
	}
	/* From here on everything else goes with the exec, and the error's descriptor says that it went well. */
	for (int fd = FIRST_PASSED + PASSED; fd < 20; fd++)
		close(fd);
	/* Also what the monitor was started with, which is nothing of a logger's. */
	syscall(SYS_close_range, 20u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC, Linux 5.11 */);
	if (chdir("/") == 0) {
		environ = monitor->config.logger_environment;
		execv(monitor->config.logger_args[0], monitor->config.logger_args);
	}
	if (write(error, &errno, sizeof(errno)) < 0)
		_exit(126);
	_exit(127);
}

/* 0 once the program says that it is ready, or has closed the descriptor; else -1 with errno. */
static int await_ready(int ready)
{
	struct pollfd poll_fd = { .fd = ready, .events = POLLIN };
	int count;

	do {
		count = poll(&poll_fd, 1, READY_MILLISECONDS);
	} while (count < 0 && errno == EINTR);
	if (count == 0)
		errno = ETIMEDOUT;
	return count > 0 ? 0 : -1;
}

static int await_exec(int error)
{
	int code = 0;
	ssize_t count;

	do {
		count = read(error, &code, sizeof(code));
	} while (count < 0 && errno == EINTR);
	if (count <= 0)
		return (int)count;
	errno = code;
	return -1;
}

static void close_pair(int pair[2])
{
	int error = errno;

	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
		pair[i] = -1;
	}
	errno = error;
}

static int start(struct monitor *monitor, int pipes[4][2])
{
	int passed[PASSED];

	for (int i = 0; i < 4; i++) {
		if (pipe2(pipes[i], O_CLOEXEC) < 0)
			return -1;
	}
	passed[0] = pipes[0][0];
	passed[1] = pipes[1][0];
	passed[2] = pipes[2][1];
	monitor->logger = fork();
	if (monitor->logger < 0) {
		monitor->logger = 0;
		return -1;
	}
	if (monitor->logger == 0)
		become_logger(monitor, passed, pipes[3][1]);
	for (int i = 2; i < 4; i++) {
		close(pipes[i][1]);
		pipes[i][1] = -1;
	}
	return await_exec(pipes[3][0]) < 0 || await_ready(pipes[2][0]) < 0 ? -1 : 0;
}

int logger_start(struct monitor *monitor, int writers[2])
{
	int pipes[4][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 } };
	int result = start(monitor, pipes);

	for (int i = 0; i < 2 && result == 0; i++) {
		writers[i] = pipes[i][1];
		pipes[i][1] = -1;
	}
	for (int i = 0; i < 4; i++)
		close_pair(pipes[i]);
	if (result < 0)
		snprintf(monitor->failed_text, sizeof(monitor->failed_text), "start the logger: %s", strerror(errno));
	return result;
}

bool logger_finished(struct monitor *monitor)
{
	uint64_t now;

	if (!monitor->logger)
		return true;
	if (!monitor->quit)
		return false;
	now = monotonic_milliseconds();
	if (monitor->logger_deadline == 0) {
		monitor->logger_deadline = now + READ_MILLISECONDS;
	} else if (now > monitor->logger_deadline) {
		kill(monitor->logger, monitor->logger_told ? SIGKILL : SIGTERM);
		monitor->logger_told = true;
		monitor->logger_deadline = now + TERM_MILLISECONDS;
	}
	return false;
}

void logger_abandon(struct monitor *monitor)
{
	if (monitor->logger)
		kill(monitor->logger, SIGTERM);
}
