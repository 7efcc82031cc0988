// SPDX-License-Identifier: Apache-2.0
// Directories, symlinks and device nodes that the container gets.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init/interpreter.h"

STEP(directory)
{
	struct launch_directory directory;
	int fd;

	if (launch_directory_decode(record, &directory) < 0)
		return fail(init, "malformed step");
	fd = make_directories(init, directory.path, directory.mode);
	if (fd < 0)
		return fail(init, "mkdir %s", directory.path);
	close(fd);
	return 0;
}

STEP(symlink)
{
	struct launch_symlink link;
	const char *name;
	int parent, result = 0;

	if (launch_symlink_decode(record, &link) < 0)
		return fail(init, "malformed step");
	parent = open_parent(init, link.path, &name);
	if (parent < 0)
		return fail(init, "symlink %s %s", link.target, link.path);
	if (link.replace && unlinkat(parent, name, 0) < 0 && errno != ENOENT)
		result = fail(init, "remove %s", link.path);
	else if (symlinkat(link.target, parent, name) < 0 && errno != EEXIST)
		result = fail(init, "symlink %s %s", link.target, link.path);
	close(parent);
	return result;
}

static int is_device(int fd, const struct launch_device *device)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return 0;
	if ((status.st_mode & S_IFMT) != device->type)
		return 0;
	return device->type == S_IFIFO || status.st_rdev == makedev(device->major, device->minor);
}

/* In a user namespace mknod is refused: the host's node is bound over an empty file. */
static int bind_node(struct init *init, const struct launch_device *device)
{
	int target, tree, result = -1;

	tree = clone_tree(AT_FDCWD, device->path, 0);
	if (tree < 0)
		return -1;
	target = open_mount_point(init, device->path, 0);
	if (target >= 0 && !is_device(tree, device))
		errno = ENODEV;
	else if (target >= 0)
		result = attach_tree(tree, target);
	if (target >= 0)
		close(target);
	close(tree);
	return result;
}

static int make_node(struct init *init, const struct launch_device *device)
{
	char path[32];
	const char *name;
	int parent, fd, result = -1, made;

	parent = open_parent(init, device->path, &name);
	if (parent < 0)
		return -1;
	made = mknodat(parent, name, device->type | device->mode, makedev(device->major, device->minor)) == 0;
	if (!made && errno != EEXIST) {
		close(parent);
		return -1;
	}
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	close(parent);
	if (fd < 0)
		return -1;
	if (!is_device(fd, device)) {
		errno = made ? EXDEV : EEXIST;
	} else if (!made) {
		result = 0;
	} else if (fchownat(fd, "", device->uid, device->gid, AT_EMPTY_PATH) == 0) {
		snprintf(path, sizeof(path), "self/fd/%d", fd);
		result = fchmodat(init->procfs, path, device->mode, 0);
	}
	close(fd);
	return result;
}

STEP(device)
{
	struct launch_device device;

	if (launch_device_decode(record, &device) < 0)
		return fail(init, "malformed step");
	if (!device.bind) {
		if (make_node(init, &device) == 0)
			return 0;
		if (errno != EPERM)
			return fail(init, "mknod %s", device.path);
	}
	return bind_node(init, &device) < 0 ? fail(init, "mount %s", device.path) : 0;
}
