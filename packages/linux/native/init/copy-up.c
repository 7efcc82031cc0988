// SPDX-License-Identifier: Apache-2.0
// Fills a fresh tmpfs with what its mount point held (the tmpcopyup option).
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/interpreter.h"

#define MAX_DEPTH 256

static int copy_directory(int from, int to, int depth);

static int copy_file(int from, int to, const char *name, const struct stat *status)
{
	int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int target = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t count = source < 0 || target < 0 ? -1 : 1;

	while (count > 0)
		count = sendfile(target, source, NULL, 1 << 20);
	if (count == 0 && (fchown(target, status->st_uid, status->st_gid) < 0 || fchmod(target, status->st_mode & 07777) < 0))
		count = -1;
	if (source >= 0)
		close(source);
	if (target >= 0)
		close(target);
	return count < 0 ? -1 : 0;
}

static int copy_link(int from, int to, const char *name, const struct stat *status)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(from, name, target, sizeof(target) - 1);

	if (length < 0)
		return -1;
	target[length] = 0;
	if (symlinkat(target, to, name) < 0)
		return -1;
	return fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW);
}

static int copy_subdirectory(int from, int to, const char *name, const struct stat *status, int depth)
{
	int source, target, result = -1;

	if (mkdirat(to, name, 0700) < 0)
		return -1;
	source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	target = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (source >= 0 && target >= 0 && copy_directory(source, target, depth + 1) == 0 &&
	    fchown(target, status->st_uid, status->st_gid) == 0 && fchmod(target, status->st_mode & 07777) == 0)
		result = 0;
	if (source >= 0)
		close(source);
	if (target >= 0)
		close(target);
	return result;
}

static int copy_entry(int from, int to, const char *name, int depth)
{
	struct stat status;

	if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISDIR(status.st_mode))
		return copy_subdirectory(from, to, name, &status, depth);
	if (S_ISLNK(status.st_mode))
		return copy_link(from, to, name, &status);
	if (S_ISREG(status.st_mode))
		return copy_file(from, to, name, &status);
	if (mknodat(to, name, status.st_mode, status.st_rdev) < 0)
		return -1;
	return fchownat(to, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW);
}

static int copy_directory(int from, int to, int depth)
{
	int fd = depth > MAX_DEPTH ? -1 : dup(from);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!directory) {
		if (depth > MAX_DEPTH)
			errno = ELOOP;
		return -1;
	}
	while (result == 0 && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			result = copy_entry(from, to, entry->d_name, depth);
	}
	closedir(directory);
	return result;
}

int copy_up(struct init *init, int from, int to)
{
	int source = reopen_fd(init, from, O_RDONLY | O_DIRECTORY);
	int target = reopen_fd(init, to, O_RDONLY | O_DIRECTORY);
	struct stat status;
	int result = -1;

	if (source >= 0 && target >= 0 && fstat(source, &status) == 0 && copy_directory(source, target, 0) == 0 &&
	    fchown(target, status.st_uid, status.st_gid) == 0 && fchmod(target, status.st_mode & 07777) == 0)
		result = 0;
	if (source >= 0)
		close(source);
	if (target >= 0)
		close(target);
	return result;
}
