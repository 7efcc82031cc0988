// SPDX-License-Identifier: Apache-2.0
// Hooks that run in the container's namespaces, and the pause in which the runtime runs the others.
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init/interpreter.h"

#define MESSAGE_BYTES 64
#define OUTPUT_BYTES 512

STEP(runtime_hooks)
{
	unsigned char buffer[MESSAGE_BYTES];
	struct record_writer writer = { .data = buffer, .capacity = sizeof(buffer) };

	if (record_end(record) < 0)
		return fail(init, "malformed step");
	sync_hooks_encode(&writer);
	if (channel_send(init, &writer) < 0)
		return fail(init, "ask for hooks");
	return channel_await_go(init);
}

struct running_hook {
	pid_t pid;
	int pidfd;
	int input;
	int output;
	char *state;
	size_t sent;
	char text[OUTPUT_BYTES];
	size_t length;
};

/* Without an environment of its own a hook has that of the container's program, as far as it is known by then. */
static char **environment_of(struct init *init, const struct launch_hook *hook)
{
	return (hook->options & PROTOCOL_HOOK_INHERITS) && init->environment ? init->environment
									     : record_strs_array(hook->env);
}

static int start_hook(struct init *init, const struct launch_hook *hook, struct running_hook *running)
{
	int input[2], output[2];
	char **args = record_strs_array(hook->args), **env = environment_of(init, hook);

	if (!args || !env || pipe2(input, O_CLOEXEC) < 0)
		return -1;
	if (pipe2(output, O_CLOEXEC) < 0)
		return -1;
	running->pid = fork();
	if (running->pid == 0) {
		if (dup2(input[0], 0) < 0 || dup2(output[1], 1) < 0 || dup2(output[1], 2) < 0)
			_exit(127);
		if ((hook->options & PROTOCOL_HOOK_IN_ROOT) && fchdir(init->root) < 0)
			_exit(127);
		(void)syscall(SYS_close_range, 3u, ~0u, 0u);
		execve(hook->path, args, env);
		dprintf(2, "%s", strerror(errno));
		_exit(127);
	}
	close(input[0]);
	close(output[1]);
	free(args);
	if (env != init->environment)
		free(env);
	running->input = input[1];
	running->output = output[0];
	running->pidfd = running->pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, running->pid, 0);
	(void)fcntl(running->input, F_SETFL, O_NONBLOCK);
	return running->pidfd < 0 ? -1 : 0;
}

static void feed(struct running_hook *running)
{
	size_t left = strlen(running->state) - running->sent;
	ssize_t count = left ? write(running->input, running->state + running->sent, left) : 0;

	if (count > 0)
		running->sent += (size_t)count;
	/* A hook need not read its state: a broken pipe is no failure. */
	if (count == (ssize_t)left || (count < 0 && errno != EAGAIN && errno != EINTR)) {
		close(running->input);
		running->input = -1;
	}
}

static void drain(struct running_hook *running)
{
	char spill[OUTPUT_BYTES];
	size_t room = sizeof(running->text) - 1 - running->length;
	ssize_t count = room ? read(running->output, running->text + running->length, room)
			     : read(running->output, spill, sizeof(spill));

	if (count > 0 && room)
		running->length += (size_t)count;
	if (count == 0) {
		close(running->output);
		running->output = -1;
	}
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 0 once the hook has exited, -1 with ETIME when its time is up. */
static int attend(const struct launch_hook *hook, struct running_hook *running)
{
	int64_t end = milliseconds() + hook->timeout_milliseconds;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = running->pidfd, .events = POLLIN },
			{ .fd = running->input, .events = POLLOUT },
			{ .fd = running->output, .events = POLLIN },
		};
		int64_t left = hook->timeout_milliseconds ? end - milliseconds() : -1;

		if (hook->timeout_milliseconds && left <= 0) {
			errno = ETIME;
			return -1;
		}
		if (poll(fds, 3, left > INT_MAX ? INT_MAX : (int)left) < 0 && errno != EINTR)
			return -1;
		if (fds[1].revents)
			feed(running);
		if (fds[2].revents)
			drain(running);
		else if (fds[0].revents)
			return 0;
	}
}

/* As the originals spell it: the C library's words, in lower case. */
static const char *signal_text(int number)
{
	static char text[64];

	snprintf(text, sizeof(text), "%s", strsignal(number));
	text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

static int judge(struct init *init, struct running_hook *running, int attended)
{
	int status = 0;

	if (attended < 0)
		kill(running->pid, SIGKILL);
	while (waitpid(running->pid, &status, 0) < 0 && errno == EINTR)
		;
	errno = 0;
	if (attended < 0)
		return fail(init, "hook ran past specified timeout");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	running->text[running->length] = 0;
	if (WIFSIGNALED(status))
		return fail(init, "error running hook: signal: %s, output: %s", signal_text(WTERMSIG(status)), running->text);
	return fail(init, "error running hook: exit status %d, output: %s", WEXITSTATUS(status), running->text);
}

int execute_hook(struct init *init, const struct launch_hook *hook)
{
	struct running_hook running = { .pidfd = -1, .input = -1, .output = -1 };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	int result;

	if (asprintf(&running.state, "%s%d%s", hook->state_prefix, getpid(), hook->state_suffix) < 0)
		return fail(init, "write the state");
	sigaction(SIGPIPE, &ignore, &before);
	if (start_hook(init, hook, &running) < 0)
		result = fail(init, "start %s", hook->path);
	else
		result = judge(init, &running, attend(hook, &running));
	sigaction(SIGPIPE, &before, NULL);
	if (running.pidfd >= 0)
		close(running.pidfd);
	if (running.input >= 0)
		close(running.input);
	if (running.output >= 0)
		close(running.output);
	free(running.state);
	return result;
}

STEP(hook)
{
	struct launch_hook hook;

	if (launch_hook_decode(record, &hook) < 0)
		return fail(init, "malformed step");
	return execute_hook(init, &hook);
}
