// SPDX-License-Identifier: Apache-2.0
// Mounts as descriptors.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/interpreter.h"

int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };
	int fd;

	/* EAGAIN: a rename raced with the lookup; the kernel asks for another try. */
	for (int tries = 0; tries < 128; tries++) {
		fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

int clone_tree(int fd, const char *path, int recursive)
{
	unsigned int flags = OPEN_TREE_CLONE | O_CLOEXEC | (recursive ? AT_RECURSIVE : 0u);

	if (path[0] == 0)
		flags |= AT_EMPTY_PATH;
	return (int)syscall(SYS_open_tree, fd, path, flags);
}

int attach_tree(int tree, int target)
{
	return (int)syscall(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int set_propagation(struct init *init, int fd, struct record_u32s flags)
{
	for (uint32_t i = 0; i < flags.count; i++) {
		if (mount_fd(init, -1, NULL, fd, NULL, record_u32s_at(flags, i), NULL) < 0)
			return -1;
	}
	return 0;
}

unsigned long flags_of_mount(int fd)
{
	static const struct {
		unsigned long status;
		unsigned long mount;
	} flags[] = {
		{ ST_RDONLY, MS_RDONLY }, { ST_NOSUID, MS_NOSUID }, { ST_NODEV, MS_NODEV },
		{ ST_NOEXEC, MS_NOEXEC }, { ST_NOATIME, MS_NOATIME }, { ST_NODIRATIME, MS_NODIRATIME },
		{ ST_RELATIME, MS_RELATIME },
	};
	struct statvfs status;
	unsigned long result = 0;

	if (fstatvfs(fd, &status) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (status.f_flag & flags[i].status)
			result |= flags[i].mount;
	}
	return result;
}

int remount_bind(struct init *init, int fd, unsigned long flags)
{
	if (mount_fd(init, -1, NULL, fd, NULL, flags | MS_BIND | MS_REMOUNT, NULL) == 0)
		return 0;
	if (errno != EPERM)
		return -1;
	return mount_fd(init, -1, NULL, fd, NULL, flags | flags_of_mount(fd) | MS_BIND | MS_REMOUNT, NULL);
}
