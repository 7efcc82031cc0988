// SPDX-License-Identifier: Apache-2.0
// The last steps: working directory, environment, finding the program, waiting for start, and execve.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/interpreter.h"

#define MESSAGE_BYTES 64
#define PASSWD_BYTES (10 << 20)

/* A directory that cannot be reached from the root reads as "(unreachable)...": someone leads us out of the container. */
static int inside_root(void)
{
	char path[PATH_MAX];

	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		return 0;
	return path[0] == '/';
}

STEP(working_directory)
{
	struct launch_working_directory directory;

	if (launch_working_directory_decode(record, &directory) < 0)
		return fail(init, "malformed step");
	if (directory.phase == PROTOCOL_AFTER_USER && !init->cwd_pending)
		return 0;
	if (chdir(directory.path) < 0) {
		if (directory.phase == PROTOCOL_BEFORE_USER && (errno == EACCES || errno == EPERM)) {
			init->cwd_pending = 1;
			return 0;
		}
		return fail(init, "chdir to cwd (\"%s\") set in config.json failed", directory.path);
	}
	init->cwd_pending = 0;
	if (inside_root())
		return 0;
	(void)!chdir("/");
	errno = 0;
	return fail(init, "current working directory is outside of container mount namespace root -- possible container "
			  "breakout detected");
}

/* Only the process itself knows its number in its own pid namespace, which sd_listen_fds(3) compares with this. */
static int number_listener(char **variables)
{
	for (char **here = variables; *here; here++) {
		if (strcmp(*here, "LISTEN_PID=self") == 0 && asprintf(here, "LISTEN_PID=%d", (int)getpid()) < 0)
			return -1;
	}
	return 0;
}

STEP(environment)
{
	struct launch_environment environment;

	if (launch_environment_decode(record, &environment) < 0)
		return fail(init, "malformed step");
	init->environment = record_strs_array(environment.variables);
	return init->environment && number_listener(init->environment) == 0 ? 0 : fail(init, "keep the environment");
}

/* The sixth field of the line of `uid`, which points into `text`; NULL when there is none. */
static char *home_of(char *text, uint32_t uid)
{
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n"))) {
		char *fields[7] = { 0 }, *end;
		int count = 0;

		while (count < 7 && (fields[count] = strsep(&line, ":")))
			count++;
		if (count < 6 || fields[2][0] < '0' || fields[2][0] > '9')
			continue;
		if (strtoul(fields[2], &end, 10) == uid && *end == 0)
			return fields[5];
	}
	return NULL;
}

/* Reads at most PASSWD_BYTES, and of a regular file only: the image chose what is there. */
static char *read_passwd(struct init *init)
{
	struct stat status;
	size_t length = 0;
	char *text = NULL;
	int fd = sys_openat2(init->root, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0,
			     0x10 /* RESOLVE_IN_ROOT */ | 0x02 /* RESOLVE_NO_MAGICLINKS */);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= PASSWD_BYTES)
		text = malloc((size_t)status.st_size + 1);
	while (text && length < (size_t)status.st_size) {
		ssize_t count = read(fd, text + length, (size_t)status.st_size - length);

		if (count <= 0)
			break;
		length += (size_t)count;
	}
	if (text)
		text[length] = 0;
	close(fd);
	return text;
}

STEP(home)
{
	struct launch_home home;
	char *text, *path, **larger;
	size_t count = 0;

	if (launch_home_decode(record, &home) < 0)
		return fail(init, "malformed step");
	text = read_passwd(init);
	path = text ? home_of(text, home.uid) : NULL;
	while (init->environment && init->environment[count])
		count++;
	larger = realloc(init->environment, (count + 2) * sizeof(char *));
	if (!larger || asprintf(&larger[count], "HOME=%s", path && path[0] ? path : "/") < 0)
		return fail(init, "set HOME");
	larger[count + 1] = NULL;
	init->environment = larger;
	free(text);
	return 0;
}

static const char *variable(struct init *init, const char *name)
{
	size_t length = strlen(name);

	for (char **here = init->environment; here && *here; here++) {
		if (strncmp(*here, name, length) == 0 && (*here)[length] == '=')
			return *here + length + 1;
	}
	return "";
}

static int executable(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return -1;
	if (S_ISDIR(status.st_mode) || !(status.st_mode & 0111)) {
		errno = EACCES;
		return -1;
	}
	return 0;
}

static int search(struct init *init, const char *name)
{
	char *copy = strdup(variable(init, "PATH")), *rest = copy, *directory;

	if (!copy)
		return fail(init, "search PATH");
	while (copy[0] && (directory = strsep(&rest, ":"))) {
		char *path;

		/* As in a shell an empty entry is the working directory, but nothing is run from there unasked. */
		if (directory[0] != '/')
			continue;
		if (asprintf(&path, "%s/%s", directory, name) < 0)
			return fail(init, "search PATH");
		if (executable(path) == 0) {
			init->executable = path;
			free(copy);
			return 0;
		}
		free(path);
	}
	free(copy);
	errno = 0;
	return fail(init, "exec: \"%s\": executable file not found in $PATH", name);
}

STEP(lookup)
{
	struct launch_lookup lookup;

	if (launch_lookup_decode(record, &lookup) < 0)
		return fail(init, "malformed step");
	if (!strchr(lookup.name, '/'))
		return search(init, lookup.name);
	if (executable(lookup.name) < 0) {
		struct stat status;

		if (errno == EACCES && stat(lookup.name, &status) == 0)
			return fail(init, "exec: \"%s\"", lookup.name);
		return fail(init, "exec: \"%s\": stat %s", lookup.name, lookup.name);
	}
	init->executable = strdup(lookup.name);
	return init->executable ? 0 : fail(init, "keep the program's path");
}

STEP(ready)
{
	unsigned char buffer[MESSAGE_BYTES];
	struct record_writer writer = { .data = buffer, .capacity = sizeof(buffer) };

	if (record_end(record) < 0)
		return fail(init, "malformed step");
	sync_ready_encode(&writer);
	return channel_send(init, &writer) < 0 ? fail(init, "tell the runtime") : 0;
}

/*
 * A byte in a FIFO that has room for no more waits for someone to read it: that someone is `start`. It was opened for
 * both before the container was entered, from where there is no way to it; while it waits, init has no way to anything.
 */
STEP(await_start)
{
	struct launch_await_start await;
	struct pollfd room = { .events = POLLOUT };

	if (launch_await_start_decode(record, &await) < 0)
		return fail(init, "malformed step");
	room.fd = take_slot(init, await.slot);
	if (room.fd < 0)
		return fail(init, "find exec.fifo");
	if (fcntl(room.fd, F_SETPIPE_SZ, 1) < 0 || write(room.fd, "0", 1) != 1)
		return fail(init, "write exec.fifo");
	while (poll(&room, 1, -1) < 0) {
		if (errno != EINTR)
			return fail(init, "wait for exec.fifo");
	}
	return close(room.fd);
}

/* Extra descriptors arrive behind the channel, as 4, 5, ...; the program sees them as 3, 4, ... */
static int place_extra(struct init *init, uint32_t extra)
{
	int channel = fcntl(init->channel, F_DUPFD_CLOEXEC, (int)extra + 4);

	if (channel < 0)
		return -1;
	init->channel = channel;
	for (uint32_t i = 0; i < extra; i++) {
		if (dup2((int)i + 4, (int)i + 3) < 0)
			return -1;
	}
	return 0;
}

void close_on_exec_from(unsigned int first)
{
	long limit = sysconf(_SC_OPEN_MAX);

	if (syscall(SYS_close_range, first, ~0u, 4u /* CLOSE_RANGE_CLOEXEC, Linux 5.11 */) == 0)
		return;
	for (long fd = first; fd < limit; fd++)
		(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
}

STEP(execute)
{
	struct launch_execute execute;
	char **args;

	if (launch_execute_decode(record, &execute) < 0)
		return fail(init, "malformed step");
	args = record_strs_array(execute.args);
	if (!args || !init->executable || !args[0]) {
		errno = EINVAL;
		return fail(init, "there is nothing to execute");
	}
	if (execute.extra > 0 && place_extra(init, execute.extra) < 0)
		return fail(init, "pass descriptors on");
	close_on_exec_from(3 + execute.extra);
	execve(init->executable, args, init->environment);
	return fail(init, "exec %s", init->executable);
}
