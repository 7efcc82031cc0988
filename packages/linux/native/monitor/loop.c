// SPDX-License-Identifier: Apache-2.0
// The monitor role: parent of one container's or exec's process, keeper of its streams, writer of its exit file.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "monitor/monitor.h"
#include "monitor/state.h"
#include "protocol.h"

#define CONFIG_CHANNEL 4
#define DRAIN_FIRST 1
#define DRAIN_LAST 50

int watch_change(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };
	int operation = EPOLL_CTL_MOD;

	if (events == watch->events)
		return 0;
	/* A hang-up is reported even to who asked for nothing, so that "nothing" must mean not being there. */
	if (events == 0)
		operation = EPOLL_CTL_DEL;
	else if (watch->events == 0)
		operation = EPOLL_CTL_ADD;
	if (epoll_ctl(monitor->epoll, operation, watch->fd, &event) < 0)
		return -1;
	watch->events = events;
	return 0;
}

void watch_close(struct monitor *monitor, struct watch *watch)
{
	if (watch->fd < 0)
		return;
	watch_change(monitor, watch, 0);
	close(watch->fd);
	watch->fd = -1;
	watch->events = 0;
}

uint64_t monotonic_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* True when there is nothing left to do. */
static bool finished(struct monitor *monitor)
{
	if (monitor->failed)
		return true;
	if (!monitor->exited)
		return false;
	if (streams_drained(monitor) && logger_finished(monitor)) {
		control_drained(monitor);
		return true;
	}
	if (monitor->quit)
		return ((terminal_finished(monitor) && file_sinks_finished(monitor) && relay_finished(monitor)) ||
			monotonic_milliseconds() > monitor->quit_deadline) &&
		       logger_finished(monitor);
	/* A bundle without its control socket was removed: nobody will ever ask. */
	if (monitor->drain_milliseconds == DRAIN_LAST && access(monitor->config.control, F_OK) < 0 && errno == ENOENT)
		monitor->quit = true;
	return false;
}

/* The kernel does not say when a FIFO has been emptied, so that is looked at, less and less often. */
static int next_timeout(struct monitor *monitor)
{
	int timeout = monitor->drain_milliseconds;

	if (!monitor->exited)
		return -1;
	monitor->drain_milliseconds = timeout * 2 > DRAIN_LAST ? DRAIN_LAST : timeout * 2;
	return timeout;
}

static int run(struct monitor *monitor)
{
	struct epoll_event events[16];

	while (!finished(monitor)) {
		int count;

		exit_file_sync(monitor);
		count = epoll_wait(monitor->epoll, events, 16, next_timeout(monitor));

		if (count < 0 && errno != EINTR)
			return 1;
		for (int i = 0; i < count; i++) {
			struct watch *watch = events[i].data.ptr;

			if (watch->fd >= 0)
				watch->ready(monitor, watch, events[i].events);
		}
	}
	return 0;
}

static void initialise(struct monitor *monitor)
{
	monitor->signals.fd = monitor->listener.fd = monitor->console.fd = -1;
	monitor->master.fd = monitor->input.fd = monitor->sink.fd = -1;
	monitor->exit_file = -1;
	monitor->input_hold = monitor->outputs[0].hold = monitor->outputs[1].hold = -1;
	monitor->files[0].watch.fd = monitor->files[1].watch.fd = -1;
	monitor->relay.source.fd = monitor->relay.target.fd = -1;
	for (int i = 0; i < MAX_CLIENTS; i++)
		monitor->clients[i].watch.fd = -1;
	monitor->drain_milliseconds = DRAIN_FIRST;
}

static int watch_children(struct monitor *monitor)
{
	sigset_t mask;

	/* Only SIGKILL may end what a container's exit status depends on. */
	for (int number = 1; number < 32; number++) {
		if (number != SIGCHLD && number != SIGKILL && number != SIGSTOP && number != SIGSEGV &&
		    number != SIGBUS && number != SIGABRT && number != SIGFPE && number != SIGILL)
			signal(number, SIG_IGN);
	}
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -1;
	monitor->signals.fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (monitor->signals.fd < 0)
		return -1;
	monitor->signals.ready = process_reap;
	return watch_change(monitor, &monitor->signals, EPOLLIN);
}

/* Without a sync channel its number must not become that of anything else: it is closed once the child has it. */
static void reserve_sync_channel(void)
{
	int fd;

	if (fcntl(SYNC_CHANNEL, F_GETFD) >= 0)
		return;
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd >= 0 && fd != SYNC_CHANNEL) {
		dup3(fd, SYNC_CHANNEL, O_CLOEXEC);
		close(fd);
	}
}

static int prepare(struct monitor *monitor)
{
	reserve_sync_channel();
	umask(0177);
	setsid();
	/* Run from a memory file, it would be called by the number of a descriptor. */
	prctl(PR_SET_NAME, "teu-monitor");
	if (fcntl(CONFIG_CHANNEL, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	if (monitor_config_read(&monitor->config, CONFIG_CHANNEL) < 0)
		return -1;
	monitor->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (monitor->epoll < 0)
		return -1;
	control_add(monitor, CONFIG_CHANNEL);
	if (chdir(monitor->config.bundle) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return -1;
	if (watch_children(monitor) < 0 || control_listen(monitor) < 0)
		return -1;
	if (monitor->config.console_socket && terminal_listen(monitor) < 0)
		return -1;
	umask(022);
	return process_launch(monitor);
}

int monitor_main(int argc, char **argv)
{
	static struct monitor monitor;
	int status;

	(void)argc;
	(void)argv;
	initialise(&monitor);
	if (prepare(&monitor) < 0) {
		monitor.failed = true;
		monitor.failed_status = PROTOCOL_MONITOR_NOT_READY;
		if (monitor.failed_text[0] == '\0')
			strncpy(monitor.failed_text, strerror(errno), sizeof(monitor.failed_text) - 1);
		control_failed(&monitor);
		logger_abandon(&monitor);
		return 1;
	}
	status = run(&monitor);
	exit_file_sync(&monitor);
	logger_abandon(&monitor);
	if (monitor.listener.fd >= 0)
		unlink(monitor.config.control);
	if (monitor.console.fd >= 0)
		unlink(monitor.config.console_socket);
	return status;
}
