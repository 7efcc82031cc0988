// SPDX-License-Identifier: Apache-2.0
// Id-mapped mounts: a mount shows the ids of its files as a user namespace maps them.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/interpreter.h"

#define PATH_BYTES 48

/* Makes a user namespace and stays in it until it is killed; never returns. It says so by one byte. */
static void hold_namespace(int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWUSER) < 0)
		_exit(1);
	(void)!write(ready, "", 1);
	for (;;)
		pause();
}

static int map_holder(struct init *init, pid_t holder, const char *kind, const char *map)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%d/%s_map", holder, kind);
	return procfs_write(init, path, map) < 0 ? fail(init, "write the %s map of the mount", kind) : 0;
}

static int open_holder(struct init *init, pid_t holder, int ready, const struct launch_map_tree *tree)
{
	char path[PATH_BYTES], byte;
	int fd;

	if (read(ready, &byte, 1) != 1) {
		errno = EPERM;
		return fail(init, "make a user namespace for the mount");
	}
	if (map_holder(init, holder, "uid", tree->uids) < 0 || map_holder(init, holder, "gid", tree->gids) < 0)
		return -1;
	snprintf(path, sizeof(path), "%d/ns/user", holder);
	/* The last component is a magic link, and this is a procfs of the host that nobody else has touched. */
	fd = openat(init->procfs, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? fail(init, "open the user namespace of the mount") : fd;
}

/* A user namespace lives as long as something refers to it, so its holder may go once it is open. */
static int open_mapped_namespace(struct init *init, const struct launch_map_tree *tree)
{
	int ready[2], fd;
	pid_t holder;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return fail(init, "make a pipe");
	holder = fork();
	if (holder == 0)
		hold_namespace(ready[1]);
	close(ready[1]);
	if (holder < 0) {
		close(ready[0]);
		return fail(init, "fork");
	}
	fd = open_holder(init, holder, ready[0], tree);
	close(ready[0]);
	kill(holder, SIGKILL);
	while (waitpid(holder, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}

/* Done on a tree that is not attached yet: the kernel changes no mount that somebody may be using. */
STEP(map_tree)
{
	struct launch_map_tree tree;
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_IDMAP };
	int fd, result;

	if (launch_map_tree_decode(record, &tree) < 0)
		return fail(init, "malformed step");
	if (tree.slot >= PROTOCOL_MAX_SLOTS || init->slots[tree.slot] < 0) {
		errno = EBADSLT;
		return fail(init, "there is no tree in slot %u", tree.slot);
	}
	fd = tree.namespace >= 0 ? take_slot(init, (uint32_t)tree.namespace) : open_mapped_namespace(init, &tree);
	if (fd < 0)
		return tree.namespace >= 0 ? fail(init, "find the user namespace of the mount") : -1;
	attributes.userns_fd = (uint64_t)fd;
	result = (int)syscall(SYS_mount_setattr, init->slots[tree.slot], "",
			      AT_EMPTY_PATH | (tree.recursive ? AT_RECURSIVE : 0), &attributes, sizeof(attributes));
	if (result < 0)
		result = fail(init, "id-mapped mount%s",
			      errno == EINVAL ? " (this file system may have none on this kernel)" : "");
	close(fd);
	return result;
}
