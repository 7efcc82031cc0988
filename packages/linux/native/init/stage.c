// SPDX-License-Identifier: Apache-2.0
// Stage 0: what is done on the host's side, and the clone that leaves it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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
	return setrlimit((int)limit.resource, &current) < 0 ? fail(init, "error setting rlimits for ready process: error setting rlimit type %u", limit.resource) : 0;
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

/*
 * Said by the new process itself, before anything else it says: what it does next may be seen in any order with what
 * stage 0 does. The number is that of the runtime's side, which the procfs from there knows.
 */
static int announce(struct init *init, struct sync_pid *message)
{
	unsigned char buffer[MESSAGE_BYTES];
	struct record_writer writer = { .data = buffer, .capacity = sizeof(buffer) };
	ssize_t length = readlinkat(init->procfs, "self", init->outer_pid, sizeof(init->outer_pid) - 1);

	if (length < 0)
		return fail(init, "read the process's number");
	init->outer_pid[length] = 0;
	message->pid = atoi(init->outer_pid);
	if (init->report)
		atomic_store(&init->report->pid, message->pid);
	sync_pid_encode(&writer, message);
	return channel_send(init, &writer) < 0 ? fail(init, "announce the process") : 0;
}

/* Moving a process into a cgroup makes the whole machine's forks pause; being born there does not. */
static long clone_into(int cgroup)
{
	struct clone_args args = { .flags = CLONE_PARENT | CLONE_INTO_CGROUP, .cgroup = (uint64_t)cgroup };

	return syscall(SYS_clone3, &args, sizeof(args));
}

/*
 * The process that becomes the container's program is a sibling of this one, so that its exit status goes to whoever
 * launched stage 0. When it is in its cgroup already it may go on at once; otherwise, and when the program says so, it
 * does nothing before its parent has put it there and said go.
 */
STEP(spawn)
{
	struct launch_spawn spawn;
	struct sync_pid message = { .placed = 0 };
	long pid = -1;
	int cgroup;

	if (launch_spawn_decode(record, &spawn) < 0)
		return fail(init, "malformed step");
	if (init->in_child) {
		errno = EBADMSG;
		return fail(init, "a launch program spawns once");
	}
	if (spawn.cgroup >= 0) {
		cgroup = take_slot(init, (uint32_t)spawn.cgroup);
		pid = clone_into(cgroup);
		message.placed = pid >= 0;
		close(cgroup);
	}
	message.waits = spawn.wait || !message.placed;
	if (pid < 0)
		pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid < 0)
		return fail(init, "clone");
	if (pid > 0) {
		/* A monitor looks here as soon as stage 0 has ended, which may be before the new process runs. */
		if (init->report)
			atomic_store(&init->report->pid, (int32_t)pid);
		return 0;
	}
	init->in_child = 1;
	if (announce(init, &message) < 0)
		return -1;
	return message.waits ? channel_await_go(init) : 0;
}

/* A single thread that moves itself has nothing to wait for: no fork and no exec of its own can come in between. */
STEP(join_cgroup)
{
	struct launch_join_cgroup join;
	ssize_t written;
	int fd;

	if (launch_join_cgroup_decode(record, &join) < 0)
		return fail(init, "malformed step");
	fd = take_slot(init, join.slot);
	if (fd < 0)
		return fail(init, "find the cgroup");
	written = write(fd, "0", 1);
	close(fd);
	return written == 1 ? 0 : fail(init, "join the cgroup");
}

/* Processors that this process, and what it makes, may run on. */
STEP(affinity)
{
	struct launch_affinity affinity;
	unsigned long set[8192 / (8 * sizeof(unsigned long))] = { 0 };

	if (launch_affinity_decode(record, &affinity) < 0)
		return fail(init, "malformed step");
	for (uint32_t i = 0; i < affinity.cpus.count; i++) {
		uint32_t cpu = record_u32s_at(affinity.cpus, i);

		if (cpu >= 8 * sizeof(set)) {
			errno = EINVAL;
			return fail(init, "there is no processor %u", cpu);
		}
		set[cpu / (8 * sizeof(long))] |= 1ul << (cpu % (8 * sizeof(long)));
	}
	return syscall(SYS_sched_setaffinity, 0, sizeof(set), set) < 0 ? fail(init, "sched_setaffinity") : 0;
}
