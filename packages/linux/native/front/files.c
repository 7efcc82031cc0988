// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "front/front.h"

#define MAX_FILE_BYTES (4 * 1024 * 1024)
#define CONNECT_SECONDS 2
#define LOCK_SECONDS 20

char *read_file(const char *path, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat stat;
	char *text = NULL;
	ssize_t count = 0;

	*length = 0;
	if (fd < 0)
		return NULL;
	errno = EFBIG;
	if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size <= MAX_FILE_BYTES)
		text = malloc((size_t)stat.st_size + 1);
	while (text && *length < (size_t)stat.st_size && (count = read(fd, text + *length, (size_t)stat.st_size - *length)) > 0)
		*length += (size_t)count;
	close(fd);
	if (text && count < 0) {
		free(text);
		return NULL;
	}
	if (text)
		text[*length] = '\0';
	return text;
}

int is_answering(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { CONNECT_SECONDS, 0 };
	int fd;
	int result;

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	result = connect(fd, (struct sockaddr *)&address, sizeof(address));
	if (result < 0)
		result = errno == ENOENT ? 0 : -1;
	else
		result = 1;
	close(fd);
	return result;
}

/* The lock's file may be removed by whoever holds it: a lock counts only on the file that is there. */
static bool is_still_there(int fd, const char *path)
{
	struct stat held;
	struct stat named;

	return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
	       held.st_ino == named.st_ino;
}

static void interrupt(int signal)
{
	(void)signal;
}

/* From now on a call that waits is interrupted: first after so many seconds, then each second; 0 for no more of that. */
static void interrupt_after(int seconds)
{
	const struct itimerval timer = { .it_value.tv_sec = seconds, .it_interval.tv_sec = seconds ? 1 : 0 };
	const struct sigaction action = { .sa_handler = interrupt };

	if (seconds)
		sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static int take_lock(const char *path)
{
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return -1;
		/* Not by asking again and again: many may wait for one that needs the processor to get ready. */
		if (flock(fd, LOCK_EX) < 0) {
			close(fd);
			return -1;
		}
		if (is_still_there(fd, path))
			return fd;
		close(fd);
	}
}

int lock_shim(const char *socket)
{
	char path[SOCKET_PATH_BYTES + 8];
	int fd;

	snprintf(path, sizeof(path), "%s.lock", socket);
	interrupt_after(LOCK_SECONDS);
	fd = take_lock(path);
	interrupt_after(0);
	return fd;
}

int own_folder(const char *socket)
{
	char folder[SOCKET_PATH_BYTES];
	struct stat stat;

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(socket, '/') - socket), socket);
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return -1;
	if (lstat(folder, &stat) < 0 || !S_ISDIR(stat.st_mode) || stat.st_uid != geteuid() ||
	    (stat.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return -1;
	return 0;
}
