// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "monitor/state.h"

static uint32_t status_of(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128u + (uint32_t)WTERMSIG(wait_status);
	return (uint32_t)WEXITSTATUS(wait_status);
}

static void fail(struct monitor *monitor, uint32_t status, const char *text)
{
	if (monitor->failed)
		return;
	monitor->failed = true;
	monitor->failed_status = status;
	snprintf(monitor->failed_text, sizeof(monitor->failed_text), "%s", text);
	exit_file_write(monitor);
	control_failed(monitor);
}

static void exited(struct monitor *monitor, int wait_status, uint64_t nanoseconds)
{
	monitor->exited = true;
	monitor->exit_status = status_of(wait_status);
	monitor->exit_nanoseconds = nanoseconds;
	/* Whoever hears of the end finds the log whole. */
	file_sinks_flush(monitor);
	relay_flush(monitor);
	exit_file_write(monitor);
	control_exited(monitor);
	streams_close_input(monitor);
	terminal_process_exited(monitor);
}

static void started(struct monitor *monitor, pid_t pid)
{
	monitor->pid = pid;
	file_sinks_begin(monitor);
	relay_begin(monitor);
	control_started(monitor);
	for (unsigned i = 0; i < monitor->stray_count; i++) {
		if (monitor->strays[i].pid == pid)
			exited(monitor, monitor->strays[i].status, monitor->strays[i].nanoseconds);
	}
	monitor->stray_count = 0;
}

static pid_t read_pid_file(const char *path)
{
	char text[32] = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return 0;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	return length > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

static pid_t announced_pid(struct monitor *monitor)
{
	if (monitor->config.runtime_args)
		return read_pid_file(monitor->config.pid_file);
	return (pid_t)atomic_load(&monitor->report->pid);
}

static void child_ended(struct monitor *monitor, int wait_status)
{
	pid_t pid = announced_pid(monitor);

	monitor->child = 0;
	if (wait_status == 0 && pid > 0) {
		started(monitor, pid);
		return;
	}
	/* A process that was made by a stage that then failed must not run on unseen. */
	if (pid > 0 && !monitor->config.runtime_args)
		kill(pid, SIGKILL);
	fail(monitor, status_of(wait_status), wait_status == 0 ? "no pid was announced" : "the runtime failed");
}

static void reaped(struct monitor *monitor, pid_t pid, int wait_status, uint64_t nanoseconds)
{
	struct stray *stray;

	if (pid == monitor->child) {
		child_ended(monitor, wait_status);
	} else if (pid == monitor->logger) {
		monitor->logger = 0;
	} else if (monitor->pid && pid == monitor->pid) {
		if (!monitor->exited)
			exited(monitor, wait_status, nanoseconds);
	} else if (!monitor->pid) {
		/* wait(2) gives children in no order: this may be the process that the runtime is about to announce. */
		stray = &monitor->strays[monitor->stray_count % MAX_STRAYS];
		stray->pid = pid;
		stray->status = wait_status;
		stray->nanoseconds = nanoseconds;
		if (monitor->stray_count < MAX_STRAYS)
			monitor->stray_count++;
	}
}

void process_reap(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	struct signalfd_siginfo ignored;

	(void)events;
	while (read(watch->fd, &ignored, sizeof(ignored)) > 0) {
	}
	for (;;) {
		struct timespec now;
		int wait_status;
		pid_t pid = waitpid(-1, &wait_status, WNOHANG);

		if (pid <= 0)
			return;
		clock_gettime(CLOCK_REALTIME, &now);
		reaped(monitor, pid, wait_status, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
	}
}

void process_signal(struct monitor *monitor, int number)
{
	/* The pid cannot have been given to another process: nobody but this one reaps it. */
	if (monitor->pid && !monitor->exited)
		kill(monitor->pid, number);
}

void process_abandon(struct monitor *monitor)
{
	if (monitor->child)
		kill(monitor->child, SIGKILL);
	monitor->child = 0;
	if (monitor->report && atomic_load(&monitor->report->pid) > 0)
		kill(atomic_load(&monitor->report->pid), SIGKILL);
	fail(monitor, 128 + SIGKILL, "told to quit before the process was made");
}

/* Lets nothing of the monitor through but the streams and, when kept, the sync channel. */
static void become_child(pid_t monitor, const int fds[3], bool keep_channel)
{
	sigset_t none;
	int safe[3];

	/* A runtime whose monitor dies must not go on to make a process that nobody waits for. Its children have it not. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != monitor)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; number < 32; number++)
		signal(number, SIG_DFL);
	for (int i = 0; i < 3; i++)
		safe[i] = fcntl(fds[i], F_DUPFD, 10);
	for (int i = 0; i < 3; i++) {
		if (safe[i] < 0 || dup2(safe[i], i) < 0)
			_exit(127);
	}
	syscall(SYS_close_range, keep_channel ? SYNC_CHANNEL + 1 : SYNC_CHANNEL, ~0u, 0);
}

static int exec_runtime(char **args, char **environment)
{
	environ = environment;
	execvp(args[0], args);
	return errno == ENOENT ? 127 : 126;
}

int process_launch(struct monitor *monitor)
{
	pid_t self = getpid();
	int fds[3];

	monitor->report = mmap(NULL, sizeof(*monitor->report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			       0);
	if (monitor->report == MAP_FAILED)
		return -1;
	if (streams_open(monitor, fds) < 0)
		return -1;
	monitor->child = fork();
	if (monitor->child == 0) {
		become_child(self, fds, !monitor->config.runtime_args);
		if (monitor->config.runtime_args)
			_exit(exec_runtime(monitor->config.runtime_args, monitor->config.runtime_environment));
		_exit(init_main(SYNC_CHANNEL, monitor->report));
	}
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	close(SYNC_CHANNEL);
	return monitor->child < 0 ? -1 : 0;
}
