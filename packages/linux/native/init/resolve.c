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

/* A way through the root: the part that is behind, which has no symlink in it, and the part that lies ahead. */
struct walk {
	char done[PATH_MAX];
	char ahead[PATH_MAX];
	int links;
};

/* Puts `target`, then what lies ahead, in front; the walk goes back to the root when the target is absolute. */
static int turn(struct walk *walk, const char *target)
{
	size_t front = strlen(target), rest = strlen(walk->ahead) + 1;

	if (++walk->links > MAX_LINKS) {
		errno = ELOOP;
		return -1;
	}
	if (front + 1 + rest > sizeof(walk->ahead)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memmove(walk->ahead + front + 1, walk->ahead, rest);
	memcpy(walk->ahead, target, front);
	walk->ahead[front] = '/';
	if (target[0] == '/')
		walk->done[0] = 0;
	return 0;
}

/* Takes the next component off the part ahead; 0 at the end. "." is passed over, ".." goes one step back. */
static int next_name(struct walk *walk, char *name)
{
	for (;;) {
		size_t start = strspn(walk->ahead, "/"), length = strcspn(walk->ahead + start, "/");
		char *slash = strrchr(walk->done, '/');

		memcpy(name, walk->ahead + start, length);
		name[length] = 0;
		memmove(walk->ahead, walk->ahead + start + length, strlen(walk->ahead + start + length) + 1);
		if (length == 0)
			return 0;
		if (strcmp(name, "..") == 0)
			*(slash ? slash : walk->done) = 0;
		else if (strcmp(name, ".") != 0)
			return 1;
	}
}

static int is_last(const struct walk *walk)
{
	return walk->ahead[strspn(walk->ahead, "/")] == 0;
}

/* Makes `name` in `parent` unless something has that name already. */
static int make_entry(int parent, const char *name, mode_t mode, int file)
{
	int fd;

	if (!file)
		return mkdirat(parent, name, mode) < 0 && errno != EEXIST ? -1 : 0;
	fd = openat(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, mode);
	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	return close(fd);
}

/* Goes to `name`, made when it is missing, or turns to where it leads. */
static int step_to(struct init *init, struct walk *walk, const char *name, mode_t mode, int file)
{
	int parent = resolve_plain(init, walk->done, O_PATH | O_DIRECTORY), fd;
	char target[PATH_MAX];
	struct stat status;
	ssize_t length;

	if (parent < 0)
		return -1;
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && make_entry(parent, name, mode, file) == 0)
		fd = sys_openat2(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, RESOLVE_NO_XDEV);
	close(parent);
	if (fd < 0)
		return -1;
	length = fstat(fd, &status) < 0 ? -1 : 0;
	if (length == 0 && S_ISLNK(status.st_mode))
		length = readlinkat(fd, "", target, sizeof(target) - 1);
	close(fd);
	if (length < 0)
		return -1;
	if (length > 0) {
		target[length] = 0;
		return turn(walk, target);
	}
	if (strlen(walk->done) + strlen(name) + 2 > sizeof(walk->done)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcat(strcat(walk->done, "/"), name);
	return 0;
}

/*
 * Opens what `path` names; a part that is missing is made, behind symlinks too. One component after the other, so that
 * neither a long path nor a chain of symlinks of an image needs more of the stack than the shortest.
 */
static int make_path(struct init *init, const char *path, mode_t mode, int file)
{
	static struct walk walk;
	char name[PATH_MAX];
	int fd = resolve(init, path, O_PATH | (file ? 0 : O_DIRECTORY));

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (strlen(path) >= sizeof(walk.ahead)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(walk.ahead, path);
	walk.done[0] = 0;
	walk.links = 0;
	while (next_name(&walk, name)) {
		int is_file = file && is_last(&walk);

		if (step_to(init, &walk, name, is_file ? 0644 : mode, is_file) < 0)
			return -1;
	}
	return resolve_plain(init, walk.done, O_PATH | (file ? 0 : O_DIRECTORY));
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

int open_mount_point(struct init *init, const char *path, int directory)
{
	int fd = resolve(init, path, O_PATH);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	return make_path(init, path, 0755, !directory);
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
