// SPDX-License-Identifier: Apache-2.0
// Stage 0: what is done on the host's side, and the clone that leaves it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/interpreter.h"

#define MESSAGE_BYTES 64

STEP(oom_score)
{
	struct launch_oom_score score;
	char value[16];

	if (launch_oom_score_decode(record, &score) < 0)
		return fail(init, "malformed step");
	snprintf(value, sizeof(value), "%d", score.value);
	return procfs_write(init, "self/oom_score_adj", value) < 0 ? fail(init, "write oom_score_adj") : 0;
}

/* A user namespace takes away the right to raise a hard limit, so that happens before one is entered. */
STEP(raise_limit)
{
	struct launch_raise_limit limit;
	struct rlimit current;

	if (launch_raise_limit_decode(record, &limit) < 0)
		return fail(init, "malformed step");
	if (getrlimit((int)limit.resource, &current) < 0)
		return fail(init, "read resource limit %u", limit.resource);
	if (current.rlim_max >= limit.hard)
		return 0;
	current.rlim_max = limit.hard;
	return setrlimit((int)limit.resource, &current) < 0 ? fail(init, "raise resource limit %u", limit.resource) : 0;
}

/* Inside a user namespace, root is whoever uid 0 is mapped to; a namespace that does not map it is left as it is. */
static int become_mapped_root(struct init *init)
{
	if (setresgid(0, 0, 0) < 0 && errno != EINVAL)
		return fail(init, "become root in the user namespace");
	if (setresuid(0, 0, 0) < 0 && errno != EINVAL)
		return fail(init, "become root in the user namespace");
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? fail(init, "become undumpable") : 0;
}

STEP(join)
{
	struct launch_join join;
	int fd, result;

	if (launch_join_decode(record, &join) < 0)
		return fail(init, "malformed step");
	fd = take_slot(init, join.slot);
	if (fd < 0)
		return fail(init, "find the namespace");
	result = setns(fd, (int)join.namespace);
	close(fd);
	if (result < 0)
		return fail(init, "setns");
	if (join.namespace == CLONE_NEWUSER)
		return become_mapped_root(init);
	if (join.namespace == CLONE_NEWNS) {
		init->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (init->root < 0)
			return fail(init, "open the container's root");
	}
	return 0;
}

STEP(new_user)
{
	unsigned char buffer[MESSAGE_BYTES];
	struct record_writer writer = { .data = buffer, .capacity = sizeof(buffer) };
	struct sync_map_ids message = { .pid = getpid() };

	if (record_end(record) < 0)
		return fail(init, "malformed step");
	/* An unprivileged runtime may write the id maps of a dumpable process only. */
	if (geteuid() != 0 && prctl(PR_SET_DUMPABLE, 1) < 0)
		return fail(init, "become dumpable");
	if (unshare(CLONE_NEWUSER) < 0)
		return fail(init, "unshare the user namespace");
	sync_map_ids_encode(&writer, &message);
	if (channel_send(init, &writer) < 0)
		return fail(init, "ask for id maps");
	if (channel_await_go(init) < 0)
		return -1;
	return become_mapped_root(init);
}

STEP(unshare)
{
	struct launch_unshare unshared;

	if (launch_unshare_decode(record, &unshared) < 0)
		return fail(init, "malformed step");
	return unshare((int)unshared.flags) < 0 ? fail(init, "unshare, flags: 0x%x", unshared.flags) : 0;
}

STEP(time_offset)
{
	struct launch_time_offset offset;
	char line[96];

	if (launch_time_offset_decode(record, &offset) < 0)
		return fail(init, "malformed step");
	snprintf(line, sizeof(line), "%s %lld %u", offset.clock, (long long)offset.seconds, offset.nanoseconds);
	return procfs_write(init, "self/timens_offsets", line) < 0 ? fail(init, "write timens_offsets") : 0;
}

static int announce(struct init *init, pid_t pid)
{
	unsigned char buffer[MESSAGE_BYTES];
	struct record_writer writer = { .data = buffer, .capacity = sizeof(buffer) };
	struct sync_pid message = { .pid = pid };

	if (init->report)
		atomic_store(&init->report->pid, pid);
	sync_pid_encode(&writer, &message);
	return channel_send(init, &writer) < 0 ? fail(init, "announce the process") : 0;
}

/*
 * The process that becomes the container's program is a sibling of this one, so that its exit status goes to whoever
 * launched stage 0. It does nothing before its parent has put it into its cgroup and said go.
 */
STEP(spawn)
{
	long pid;

	if (record_end(record) < 0)
		return fail(init, "malformed step");
	if (init->in_child) {
		errno = EBADMSG;
		return fail(init, "a launch program spawns once");
	}
	pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid < 0)
		return fail(init, "clone");
	if (pid > 0)
		return announce(init, (pid_t)pid);
	init->in_child = 1;
	return channel_await_go(init);
}
