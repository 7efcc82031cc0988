// SPDX-License-Identifier: Apache-2.0
// Paths that the container must not read, or not write.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init/interpreter.h"

int is_null_device(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

/*
 * The null device of the container: what masks are made of. Not the host's, whose owner and mode the container could
 * then change; and it must really be char 1:3, or a mask would reveal whatever the image put in its place.
 */
int open_null_device(struct init *init)
{
	int fd = resolve(init, "/dev/null", O_PATH | O_NOFOLLOW);

	if (fd < 0)
		return -1;
	if (is_null_device(fd))
		return fd;
	close(fd);
	errno = ENODEV;
	return -1;
}

static int mask_file(struct init *init, int target)
{
	int source = open_null_device(init), tree, result;

	if (source < 0)
		return -1;
	tree = clone_tree(source, "", 0);
	close(source);
	if (tree < 0)
		return -1;
	result = attach_tree(tree, target);
	close(tree);
	return result;
}

STEP(mask)
{
	struct launch_mask mask;
	struct stat status;
	int target, result;

	if (launch_mask_decode(record, &mask) < 0)
		return fail(init, "malformed step");
	target = resolve(init, mask.path, O_PATH);
	if (target < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : fail(init, "open %s", mask.path);
	if (fstat(target, &status) < 0)
		result = -1;
	else if (S_ISDIR(status.st_mode))
		result = mount_fd(init, -1, "tmpfs", target, "tmpfs", MS_RDONLY, "nr_blocks=1,nr_inodes=1");
	else
		result = mask_file(init, target);
	if (result < 0)
		(void)fail(init, "mask %s", mask.path);
	close(target);
	return result;
}

STEP(readonly_path)
{
	struct launch_readonly_path path;
	int target, tree, result = -1;

	if (launch_readonly_path_decode(record, &path) < 0)
		return fail(init, "malformed step");
	target = resolve(init, path.path, O_PATH);
	if (target < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : fail(init, "open %s", path.path);
	tree = clone_tree(target, "", 1);
	/* It stays nosuid, nodev and noexec when the file system around it is. */
	if (tree >= 0 && attach_tree(tree, target) == 0)
		result = remount_bind(init, tree, flags_of_mount(tree) | MS_RDONLY);
	if (result < 0)
		(void)fail(init, "make %s read-only", path.path);
	if (tree >= 0)
		close(tree);
	close(target);
	return result;
}
