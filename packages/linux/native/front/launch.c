// SPDX-License-Identifier: Apache-2.0
// Starts the shim of a group as the whole program would, but without a Node of its own: the same command line, the same
// environment, the same descriptors. The caller holds the lock.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "front/front.h"

#define READY_DESCRIPTOR 3
#define READY "ready"
#define START_MILLISECONDS 20000
#define HIGHEST_OOM_SCORE 1000

/* As spawn-self.ts has them, which says why. */
static const char *const node_flags[] = { "--max-semi-space-size=1", "--optimize-for-size", "--no-opt", "--no-maglev",
					  "--no-sparkplug" };
static const char *const passed_on[] = { "PATH",	     "TTRPC_ADDRESS",	"GRPC_ADDRESS", "MAX_SHIM_VERSION",
					 "TEU_SHIM_SERVES", "TEU_SHIM_STATE", "TEU_TRACE",	"NODE_EXTRA_CA_CERTS" };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct command {
	const char *argv[COUNT(node_flags) + 16];
	char *environment[COUNT(passed_on) + 2];
};

static void put_flag(const char ***at, const char *flag, const char *value)
{
	if (!*value)
		return;
	*(*at)++ = flag;
	*(*at)++ = value;
}

static int compose(struct command *command, const struct launch *launch, const char *bundle)
{
	const struct flags *flags = launch->flags;
	const char **at = command->argv;
	char **variable = command->environment;

	*at++ = "node";
	for (size_t i = 0; i < COUNT(node_flags); i++)
		*at++ = node_flags[i];
	*at++ = launch->script;
	put_flag(&at, "-namespace", flags->namespace);
	put_flag(&at, "-address", flags->address);
	put_flag(&at, "-publish-binary", flags->publish_binary);
	put_flag(&at, "-id", flags->id);
	put_flag(&at, "-bundle", bundle);
	put_flag(&at, "-socket", launch->socket);
	if (flags->debug)
		*at++ = "-debug";
	*at = NULL;
	for (size_t i = 0; i < COUNT(passed_on); i++) {
		const char *value = getenv(passed_on[i]);

		if (value && asprintf(variable++, "%s=%s", passed_on[i], value) < 0)
			return -1;
	}
	*variable++ = "MALLOC_ARENA_MAX=1";
	*variable = NULL;
	return 0;
}

static void become_server(const struct command *command, int ready)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; number < 32; number++)
		signal(number, SIG_DFL);
	/* Out of the way of the numbers that are to be given. */
	ready = fcntl(ready, F_DUPFD, 10);
	if (null < 0 || ready < 0 || chdir("/") < 0)
		_exit(126);
	for (int fd = 0; fd < READY_DESCRIPTOR; fd++)
		dup2(null, fd);
	dup2(ready, READY_DESCRIPTOR);
	syscall(SYS_close_range, READY_DESCRIPTOR + 1, ~0u, 0);
	execvpe("node", (char **)command->argv, command->environment);
	_exit(127);
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether the server says that it listens before it closes the pipe, which it does in any case. */
static bool says_ready(int pipe)
{
	int64_t deadline = milliseconds() + START_MILLISECONDS;
	struct pollfd readable = { .fd = pipe, .events = POLLIN };
	char said[sizeof(READY)];
	size_t length = 0;

	for (;;) {
		int64_t left = deadline - milliseconds();
		ssize_t count;

		if (left <= 0)
			return false;
		if (poll(&readable, 1, (int)left) <= 0)
			continue;
		count = read(pipe, said + length, sizeof(said) - length);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count == 0 && length == strlen(READY) && memcmp(said, READY, length) == 0;
		length += (size_t)count;
		if (length == sizeof(said))
			return false;
	}
}

/* One more than the caller's, so that the kernel gives up a shim before containerd. Not everybody may say so. */
static void adjust_oom_score(pid_t pid)
{
	char path[64];
	char text[16] = "";
	int score;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", getppid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) <= 0)
		text[0] = '\0';
	close(fd);
	if (!*text)
		return;
	score = atoi(text) + 1;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	dprintf(fd, "%d", score > HIGHEST_OOM_SCORE ? HIGHEST_OOM_SCORE : score);
	close(fd);
}

int launch_server(const struct launch *launch)
{
	struct command command;
	char bundle[PATH_BYTES];
	int ends[2];
	pid_t pid;
	bool ready;

	if (*launch->script != '/' || !getcwd(bundle, sizeof(bundle)) || compose(&command, launch, bundle) < 0 ||
	    pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		become_server(&command, ends[1]);
	close(ends[1]);
	ready = pid > 0 && says_ready(ends[0]);
	close(ends[0]);
	if (!ready) {
		if (pid > 0)
			kill(pid, SIGKILL);
		return -1;
	}
	adjust_oom_score(pid);
	return 0;
}
