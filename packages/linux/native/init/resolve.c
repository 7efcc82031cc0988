// SPDX-License-Identifier: Apache-2.0
// Paths of the container. The kernel resolves them inside the root (openat2), so a symlink that a container plants or
// swaps can only lead to another place in the same root.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "init/interpreter.h"

#define MAX_LINKS 40

int resolve(struct init *init, const char *path, int flags)
{
	return sys_openat2(init->root, path[0] ? path : "/", (uint64_t)flags | O_CLOEXEC, 0,
			   RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int resolve_plain(struct init *init, const char *path, int flags)
{
	return sys_openat2(init->root, path[0] ? path : "/", (uint64_t)flags | O_CLOEXEC, 0,
			   RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}

/* Splits off the last component in place; returns the parent, "/" for a top-level name. */
static const char *split(char *path, const char **name)
{
	size_t length = strlen(path);
	char *slash;

	while (length > 1 && path[length - 1] == '/')
		path[--length] = 0;
	slash = strrchr(path, '/');
	if (!slash) {
		*name = path;
		return "/";
	}
	*name = slash + 1;
	if (slash == path)
		return "/";
	*slash = 0;
	return path;
}

static int make_path(struct init *init, const char *path, mode_t mode, int links);

/* `name` in `parent` exists but leads nowhere: when it is a symlink, what it points at is made instead. */
static int make_behind_link(struct init *init, int parent_fd, const char *parent, const char *name, mode_t mode, int links)
{
	char target[PATH_MAX], joined[2 * PATH_MAX];
	ssize_t length = readlinkat(parent_fd, name, target, sizeof(target) - 1);

	if (length < 0)
		return -1;
	target[length] = 0;
	if (target[0] == '/')
		return make_path(init, target, mode, links + 1);
	snprintf(joined, sizeof(joined), "%s/%s", parent, target);
	return make_path(init, joined, mode, links + 1);
}

static int make_in(struct init *init, const char *parent, const char *name, mode_t mode, int links)
{
	int parent_fd, fd;

	parent_fd = make_path(init, parent, mode, links);
	if (parent_fd < 0)
		return -1;
	if (mkdirat(parent_fd, name, mode) < 0 && errno != EEXIST) {
		close(parent_fd);
		return -1;
	}
	fd = sys_openat2(parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0, RESOLVE_NO_XDEV);
	if (fd < 0 && errno == ENOTDIR)
		fd = make_behind_link(init, parent_fd, parent, name, mode, links);
	close(parent_fd);
	return fd;
}

static int make_path(struct init *init, const char *path, mode_t mode, int links)
{
	const char *name, *parent;
	char *copy;
	int fd;

	if (links > MAX_LINKS) {
		errno = ELOOP;
		return -1;
	}
	fd = resolve(init, path, O_PATH | O_DIRECTORY);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	copy = strdup(path);
	if (!copy)
		return -1;
	parent = split(copy, &name);
	if (strcmp(name, "..") == 0 || strcmp(name, ".") == 0) {
		/* "missing/..": the way there is made first, then the kernel walks it. */
		fd = make_path(init, parent, mode, links);
		if (fd >= 0) {
			close(fd);
			fd = resolve(init, path, O_PATH | O_DIRECTORY);
		}
	} else {
		fd = make_in(init, parent, name, mode, links);
	}
	free(copy);
	return fd;
}

int make_directories(struct init *init, const char *path, mode_t mode)
{
	return make_path(init, path, mode, 0);
}

int open_parent(struct init *init, const char *path, const char **name)
{
	static char copy[PATH_MAX];
	const char *parent;

	if (strlen(path) >= sizeof(copy)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(copy, path);
	parent = split(copy, name);
	if ((*name)[0] == 0 || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0) {
		errno = EINVAL;
		return -1;
	}
	return make_directories(init, parent, 0755);
}

static int make_file(struct init *init, const char *path)
{
	const char *name;
	int fd, parent = open_parent(init, path, &name);

	if (parent < 0)
		return -1;
	fd = openat(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0644);
	close(parent);
	if (fd < 0)
		return -1;
	close(fd);
	return resolve(init, path, O_PATH);
}

int open_mount_point(struct init *init, const char *path, int directory)
{
	int fd = resolve(init, path, O_PATH);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	return directory ? make_directories(init, path, 0755) : make_file(init, path);
}

/* Where `fd` is, as a path from the container's root; NULL when it is not below it. */
static const char *path_in_root(struct init *init, int fd, char *buffer, size_t size)
{
	char link[32], root[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "self/fd/%d", init->root);
	length = readlinkat(init->procfs, link, root, sizeof(root) - 1);
	if (length < 0)
		return NULL;
	root[length] = 0;
	snprintf(link, sizeof(link), "self/fd/%d", fd);
	length = readlinkat(init->procfs, link, buffer, size - 1);
	if (length < 0)
		return NULL;
	buffer[length] = 0;
	if (strcmp(root, "/") == 0)
		return buffer;
	return strncmp(buffer, root, strlen(root)) == 0 ? buffer + strlen(root) : NULL;
}

int guard_procfs(struct init *init, int target, const char *destination, int source_is_procfs)
{
	/* What lxcfs and the like put a container's own numbers into. */
	static const char *const allowed[] = {
		"/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime",
		"/proc/loadavg", "/proc/slabinfo", "/proc/net/dev", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled",
	};
	char buffer[PATH_MAX];
	const char *path = path_in_root(init, target, buffer, sizeof(buffer));
	struct statfs filesystem;
	struct stat status;
	int in_procfs = fstatfs(target, &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC;
	int is_root = in_procfs && fstat(target, &status) == 0 && status.st_ino == 1;

	errno = 0;
	if (!path)
		return fail(init, "\"%s\" is outside of the container's root", destination);
	if (strcmp(path, "/proc") == 0 || is_root) {
		if (source_is_procfs)
			return 0;
		return fail(init, "\"%s\" cannot be mounted because it is not of type proc", destination);
	}
	if (!in_procfs && strncmp(path, "/proc/", 6) != 0)
		return 0;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (strcmp(path, allowed[i]) == 0)
			return 0;
	}
	return fail(init, "\"%s\" cannot be mounted because it is inside /proc", destination);
}
