// SPDX-License-Identifier: Apache-2.0
// The container's root file system: making it a mount of its own, and making it the root.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/interpreter.h"

STEP(host_propagation)
{
	struct launch_host_propagation propagation;

	if (launch_host_propagation_decode(record, &propagation) < 0)
		return fail(init, "malformed step");
	if (mount(NULL, "/", NULL, propagation.flags, NULL) < 0)
		return fail(init, "set the propagation of /, flags: 0x%x", propagation.flags);
	return 0;
}

/* pivot_root wants a root whose parent mount is not shared, and binds made below must not reach the host. */
static int make_parent_private(const char *path)
{
	char copy[PATH_MAX];

	if (strlen(path) >= sizeof(copy)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(copy, path);
	for (;;) {
		char *slash;

		if (mount(NULL, copy, NULL, MS_PRIVATE, NULL) == 0)
			return 0;
		if (errno != EINVAL || strcmp(copy, "/") == 0)
			return -1;
		slash = strrchr(copy, '/');
		slash[slash == copy ? 1 : 0] = 0;
	}
}

STEP(root)
{
	struct launch_root root;
	int tree;

	if (launch_root_decode(record, &root) < 0)
		return fail(init, "malformed step");
	if (make_parent_private(root.path) < 0)
		return fail(init, "make the mount of %s private", root.path);
	if (mount(root.path, root.path, "bind", MS_BIND | MS_REC, NULL) < 0)
		return fail(init, "mount %s:%s", root.path, root.path);
	tree = open(root.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (tree < 0)
		return fail(init, "open %s", root.path);
	init->root = tree;
	return 0;
}

STEP(root_flags)
{
	struct launch_root_flags root;

	if (launch_root_flags_decode(record, &root) < 0)
		return fail(init, "malformed step");
	if (remount_bind(init, init->root, root.flags) < 0)
		return fail(init, "remount the root, flags: 0x%x", root.flags);
	return 0;
}

STEP(root_propagation)
{
	struct launch_root_propagation propagation;

	if (launch_root_propagation_decode(record, &propagation) < 0)
		return fail(init, "malformed step");
	if (mount_fd(init, -1, NULL, init->root, NULL, propagation.flags, NULL) < 0)
		return fail(init, "set the propagation of the root, flags: 0x%x", propagation.flags);
	return 0;
}

/*
 * pivot_root(".", ".") stacks the old root on top of the new one, so that no directory inside the container is needed
 * to hold it. It is made a slave before it goes, or unmounting it would unmount the host's.
 */
STEP(pivot)
{
	int old;

	if (record_end(record) < 0)
		return fail(init, "malformed step");
	old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old < 0)
		return fail(init, "open the old root");
	if (fchdir(init->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0) {
		close(old);
		return fail(init, "pivot_root");
	}
	if (fchdir(old) < 0 || mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0 || umount2(".", MNT_DETACH) < 0) {
		close(old);
		return fail(init, "unmount the old root");
	}
	close(old);
	return chdir("/") < 0 ? fail(init, "chdir /") : 0;
}

/* Mounts of procfs and sysfs outside of the new root would let the container unmask itself; they go first. */
static int drop_kernel_mounts(struct init *init, const char *root)
{
	int fd = procfs_open_file(init, "self/mountinfo", O_RDONLY);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	size_t prefix = strlen(root), size = 0;
	char *line = NULL;

	if (!file)
		return -1;
	while (getline(&line, &size, file) > 0) {
		char at[PATH_MAX], type[64];
		const char *rest = strstr(line, " - ");

		if (sscanf(line, "%*s %*s %*s %*s %4095s", at) != 1 || !rest || sscanf(rest, " - %63s", type) != 1)
			continue;
		if (strcmp(type, "proc") != 0 && strcmp(type, "sysfs") != 0)
			continue;
		if (strncmp(at, root, prefix) == 0 && (at[prefix] == '/' || at[prefix] == 0))
			continue;
		if (umount2(at, MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT)
			(void)mount("tmpfs", at, "tmpfs", 0, NULL);
	}
	free(line);
	fclose(file);
	return 0;
}

STEP(move_root)
{
	char link[32], path[PATH_MAX];
	ssize_t length;

	if (record_end(record) < 0)
		return fail(init, "malformed step");
	snprintf(link, sizeof(link), "self/fd/%d", init->root);
	length = readlinkat(init->procfs, link, path, sizeof(path) - 1);
	if (length < 0)
		return fail(init, "find the root");
	path[length] = 0;
	if (drop_kernel_mounts(init, path) < 0)
		return fail(init, "unmount the host's procfs");
	if (fchdir(init->root) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return fail(init, "move the root");
	return 0;
}
