// SPDX-License-Identifier: Apache-2.0
// Mounts of the container: new file systems and binds.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "init/interpreter.h"

/* procfs and sysfs go on ordinary directories only: through a symlink they would land where the image wants them. */
static int open_strict_directory(struct init *init, const char *path)
{
	struct stat status;
	int fd = resolve_plain(init, path, O_PATH | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		return make_directories(init, path, 0755);
	if (fd >= 0 && (fstat(fd, &status) < 0 || !S_ISDIR(status.st_mode))) {
		close(fd);
		fd = -1;
		errno = ENOTDIR;
	}
	return fd;
}

static int open_target(struct init *init, const struct launch_mount *mount)
{
	int target;

	if (!(mount->options & PROTOCOL_STRICT_DIRECTORY)) {
		target = open_mount_point(init, mount->destination, 1);
		return target < 0 ? fail(init, "create mountpoint for %s mount", mount->destination) : target;
	}
	target = open_strict_directory(init, mount->destination);
	if (target < 0 && (errno == ELOOP || errno == ENOTDIR))
		return fail(init, "filesystem \"%s\" must be mounted on ordinary directory", mount->type);
	return target < 0 ? fail(init, "create mountpoint for %s mount", mount->destination) : target;
}

/* Opens what was just mounted on `path`, and makes sure that it is the root of a mount. */
static int open_mounted(struct init *init, const char *path)
{
	struct statx status;
	int fd = resolve(init, path, O_PATH);

	if (fd < 0)
		return -1;
	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) == 0 &&
	    (status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) && !(status.stx_attributes & STATX_ATTR_MOUNT_ROOT)) {
		close(fd);
		errno = EXDEV;
		return -1;
	}
	return fd;
}

/* Whether the data of a mount has the option `name`, which ends in "=". */
static int has_option(const char *data, const char *name)
{
	for (const char *here = data; here; here = strchr(here, ',') ? strchr(here, ',') + 1 : NULL) {
		if (strncmp(here, name, strlen(name)) == 0)
			return 1;
	}
	return 0;
}

/* A tmpfs on a directory that was there has that one's mode, unless it is told another. NULL without memory. */
static char *tmpfs_data(const struct launch_mount *mount, int target)
{
	struct stat status;
	char *data;

	if (has_option(mount->data, "mode=") || fstat(target, &status) < 0)
		return strdup(mount->data);
	if (asprintf(&data, "mode=%o%s%s", status.st_mode & 07777u, mount->data[0] ? "," : "", mount->data) < 0)
		return NULL;
	return data;
}

static int mount_on(struct init *init, const struct launch_mount *mount, int target, int was_there)
{
	char *data = was_there && strcmp(mount->type, "tmpfs") == 0 ? tmpfs_data(mount, target) : strdup(mount->data);
	int result = 0;

	if (!data)
		return fail(init, "keep the data of a mount");
	if (mount_fd(init, -1, mount->source, target, mount->type, mount->flags, data) < 0)
		result = fail(init, "mount %s:%s, flags: 0x%x%s%s", mount->source, mount->destination, mount->flags,
			      mount->data[0] ? ", data: " : "", mount->data);
	free(data);
	return result;
}

static int is_there(struct init *init, const char *path)
{
	int fd = resolve(init, path, O_PATH);

	return fd < 0 ? 0 : close(fd) == 0;
}

STEP(mount)
{
	struct launch_mount mount;
	int target, mounted, was_there, original = -1, result;

	if (launch_mount_decode(record, &mount) < 0)
		return fail(init, "malformed step");
	was_there = is_there(init, mount.destination);
	target = open_target(init, &mount);
	if (target < 0)
		return -1;
	if (guard_procfs(init, target, mount.destination, strcmp(mount.type, "proc") == 0) < 0) {
		close(target);
		return -1;
	}
	if (mount.copy_up)
		original = clone_tree(target, "", 0);
	result = mount_on(init, &mount, target, was_there);
	close(target);
	if (result < 0 || (mount.propagation.count == 0 && original < 0))
		return result;
	mounted = open_mounted(init, mount.destination);
	if (mounted < 0)
		return fail(init, "open the mount on %s", mount.destination);
	if (original >= 0 && copy_up(init, original, mounted) < 0)
		result = fail(init, "copy the content of %s up", mount.destination);
	else if (set_propagation(init, mounted, mount.propagation) < 0)
		result = fail(init, "set the propagation of %s", mount.destination);
	close(mounted);
	if (original >= 0)
		close(original);
	return result;
}

static int change_attributes(struct init *init, const struct launch_bind *bind, int tree)
{
	struct mount_attr attributes = { .attr_set = bind->attr_set, .attr_clr = bind->attr_clear };

	if (bind->remount && remount_bind(init, tree, bind->flags) < 0)
		return fail(init, "remount %s, flags: 0x%x", bind->destination, bind->flags);
	if (set_propagation(init, tree, bind->propagation) < 0)
		return fail(init, "set the propagation of %s", bind->destination);
	if ((bind->attr_set || bind->attr_clear) &&
	    syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof(attributes)) < 0)
		return fail(init, "set recursive attributes of %s", bind->destination);
	return 0;
}

static int bind_tree(struct init *init, const struct launch_bind *bind, int tree)
{
	struct statfs filesystem;
	struct stat status, mount_point;
	int target, result, is_procfs;

	if (fstat(tree, &status) < 0 || fstatfs(tree, &filesystem) < 0)
		return fail(init, "stat %s", bind->source);
	is_procfs = filesystem.f_type == PROC_SUPER_MAGIC && status.st_ino == 1;
	target = open_mount_point(init, bind->destination, S_ISDIR(status.st_mode));
	if (target < 0)
		return fail(init, "create mountpoint for %s mount", bind->destination);
	result = guard_procfs(init, target, bind->destination, is_procfs);
	if (result == 0 && attach_tree(tree, target) < 0) {
		/* mount(2) says so itself, move_mount(2) does not; upper layers look for the words. */
		if (errno == EINVAL && fstat(target, &mount_point) == 0 &&
		    S_ISDIR(status.st_mode) != S_ISDIR(mount_point.st_mode))
			errno = ENOTDIR;
		result = fail(init, "mount %s:%s", bind->source, bind->destination);
	}
	close(target);
	return result < 0 ? result : change_attributes(init, bind, tree);
}

STEP(bind)
{
	struct launch_bind bind;
	int tree, result;

	if (launch_bind_decode(record, &bind) < 0)
		return fail(init, "malformed step");
	tree = bind.slot >= 0 ? take_slot(init, (uint32_t)bind.slot)
			      : clone_tree(AT_FDCWD, bind.source, (int)bind.recursive);
	if (tree < 0)
		return fail(init, "stat %s", bind.source);
	result = bind_tree(init, &bind, tree);
	close(tree);
	return result;
}

STEP(remount)
{
	struct launch_remount remount;
	int fd, result = 0;

	if (launch_remount_decode(record, &remount) < 0)
		return fail(init, "malformed step");
	fd = resolve(init, remount.destination, O_PATH);
	if (fd < 0)
		return fail(init, "open %s", remount.destination);
	if (remount_bind(init, fd, remount.flags) < 0)
		result = fail(init, "remount %s, flags: 0x%x", remount.destination, remount.flags);
	close(fd);
	return result;
}

/* Done by whoever still may see the source: before the process enters a user namespace that cannot reach it. */
STEP(open_tree)
{
	struct launch_open_tree tree;
	int fd;

	if (launch_open_tree_decode(record, &tree) < 0)
		return fail(init, "malformed step");
	fd = clone_tree(AT_FDCWD, tree.path, (int)tree.recursive);
	if (fd < 0)
		return fail(init, "open %s", tree.path);
	return store_slot(init, tree.slot, fd);
}
