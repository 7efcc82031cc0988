// SPDX-License-Identifier: Apache-2.0
// A procfs opened before the process enters anything that a container may have shaped. All reads and writes of
// procfs, and all mounts by descriptor, go through it, never through a path named /proc.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "init/interpreter.h"

#define PROCFS_ROOT_INODE 1

int procfs_open(struct init *init)
{
	struct statfs filesystem;
	struct stat status;
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return fail(init, "open /proc");
	if (fstatfs(fd, &filesystem) < 0 || fstat(fd, &status) < 0) {
		close(fd);
		return fail(init, "stat /proc");
	}
	if (filesystem.f_type != PROC_SUPER_MAGIC || status.st_ino != PROCFS_ROOT_INODE) {
		close(fd);
		errno = EXDEV;
		return fail(init, "/proc is not a procfs");
	}
	init->procfs = fd;
	return 0;
}

int procfs_make(int pids_only)
{
	int context = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC), fd = -1, saved;

	if (context < 0)
		return -1;
	if ((!pids_only || syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "subset", "pid", 0) == 0) &&
	    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MS_NOSUID | MS_NODEV | MS_NOEXEC);
	saved = errno;
	close(context);
	errno = saved;
	return fd;
}

/*
 * Other processes of a pid namespace that is joined may look at what this one has open. Of a procfs of their own, that
 * has processes only, they learn nothing; the host's would lead them out. The kernel may refuse (in a user namespace
 * that does not own the pid namespace, or under a masked /proc): then the host's stays, until close-procfs.
 */
STEP(own_procfs)
{
	int own;

	if (record_end(record) < 0)
		return fail(init, "malformed step");
	own = procfs_make(1);
	if (own < 0)
		return 0;
	close(init->procfs);
	init->procfs = own;
	init->pids_only = 1;
	return 0;
}

STEP(close_procfs)
{
	if (record_end(record) < 0)
		return fail(init, "malformed step");
	/* The last mount may have gone by it. */
	if (init->root >= 0 && fchdir(init->root) < 0)
		return fail(init, "leave procfs");
	close(init->procfs);
	init->procfs = -1;
	return 0;
}

int procfs_open_file(struct init *init, const char *path, int flags)
{
	struct statfs filesystem;
	int fd = sys_openat2(init->procfs, path, (uint64_t)flags | O_CLOEXEC, 0,
			     RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);

	if (fd < 0)
		return -1;
	if (fstatfs(fd, &filesystem) < 0 || filesystem.f_type != PROC_SUPER_MAGIC) {
		close(fd);
		errno = EXDEV;
		return -1;
	}
	return fd;
}

int procfs_write(struct init *init, const char *path, const char *value)
{
	size_t length = strlen(value);
	int fd = procfs_open_file(init, path, O_WRONLY);
	ssize_t written;
	int saved;

	if (fd < 0)
		return -1;
	written = write(fd, value, length);
	saved = written >= 0 && (size_t)written != length ? EIO : errno;
	close(fd);
	errno = saved;
	return written >= 0 && (size_t)written == length ? 0 : -1;
}

/* mount(2) takes paths only. With the procfs as working directory, "self/fd/N" names a descriptor wherever the
 * process is and whatever the container has mounted on /proc. */
int mount_fd(struct init *init, int source_fd, const char *source, int target_fd, const char *type, unsigned long flags,
	     const void *data)
{
	char from[32], to[32];

	if (fchdir(init->procfs) < 0)
		return -1;
	snprintf(from, sizeof(from), "self/fd/%d", source_fd);
	snprintf(to, sizeof(to), "self/fd/%d", target_fd);
	return mount(source_fd >= 0 ? from : source, to, type, flags, data);
}

int reopen_fd(struct init *init, int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "self/fd/%d", fd);
	return openat(init->procfs, path, flags | O_CLOEXEC);
}
