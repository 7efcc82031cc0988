// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/interpreter.h"

#define REASON_BYTES 128

typedef int (*step_function)(struct init *init, struct record *record);

static const step_function steps[] = {
	[LAUNCH_OOM_SCORE] = step_oom_score,
	[LAUNCH_OPEN] = step_open,
	[LAUNCH_CONNECT] = step_connect,
	[LAUNCH_OPEN_TREE] = step_open_tree,
	[LAUNCH_RAISE_LIMIT] = step_raise_limit,
	[LAUNCH_JOIN] = step_join,
	[LAUNCH_NEW_USER] = step_new_user,
	[LAUNCH_UNSHARE] = step_unshare,
	[LAUNCH_TIME_OFFSET] = step_time_offset,
	[LAUNCH_SPAWN] = step_spawn,
	[LAUNCH_CLOSE] = step_close,
	[LAUNCH_CLOSE_PROCFS] = step_close_procfs,
	[LAUNCH_OWN_PROCFS] = step_own_procfs,
	[LAUNCH_LABEL] = step_label,
	[LAUNCH_JOIN_CGROUP] = step_join_cgroup,
	[LAUNCH_AFFINITY] = step_affinity,
	[LAUNCH_MAP_TREE] = step_map_tree,
	[LAUNCH_NEW_SESSION] = step_new_session,
	[LAUNCH_KEYRING] = step_keyring,
	[LAUNCH_LOOPBACK] = step_loopback,
	[LAUNCH_HOST_PROPAGATION] = step_host_propagation,
	[LAUNCH_ROOT] = step_root,
	[LAUNCH_MOUNT] = step_mount,
	[LAUNCH_BIND] = step_bind,
	[LAUNCH_REMOUNT] = step_remount,
	[LAUNCH_DIRECTORY] = step_directory,
	[LAUNCH_SYMLINK] = step_symlink,
	[LAUNCH_DEVICE] = step_device,
	[LAUNCH_RUNTIME_HOOKS] = step_runtime_hooks,
	[LAUNCH_HOOK] = step_hook,
	[LAUNCH_CONSOLE] = step_console,
	[LAUNCH_MASK] = step_mask,
	[LAUNCH_READONLY_PATH] = step_readonly_path,
	[LAUNCH_ROOT_FLAGS] = step_root_flags,
	[LAUNCH_ROOT_PROPAGATION] = step_root_propagation,
	[LAUNCH_PIVOT] = step_pivot,
	[LAUNCH_MOVE_ROOT] = step_move_root,
	[LAUNCH_HOSTNAME] = step_hostname,
	[LAUNCH_DOMAINNAME] = step_domainname,
	[LAUNCH_SYSCTL] = step_sysctl,
	[LAUNCH_UMASK] = step_umask,
	[LAUNCH_PERSONALITY] = step_personality,
	[LAUNCH_LIMIT] = step_limit,
	[LAUNCH_STANDARD_STREAMS] = step_standard_streams,
	[LAUNCH_SCHEDULER] = step_scheduler,
	[LAUNCH_IO_PRIORITY] = step_io_priority,
	[LAUNCH_APPARMOR] = step_apparmor,
	[LAUNCH_SELINUX] = step_selinux,
	[LAUNCH_NO_NEW_PRIVILEGES] = step_no_new_privileges,
	[LAUNCH_SECCOMP] = step_seccomp,
	[LAUNCH_BOUNDING] = step_bounding,
	[LAUNCH_USER] = step_user,
	[LAUNCH_CAPABILITIES] = step_capabilities,
	[LAUNCH_WORKING_DIRECTORY] = step_working_directory,
	[LAUNCH_PARENT_DEATH] = step_parent_death,
	[LAUNCH_ENVIRONMENT] = step_environment,
	[LAUNCH_HOME] = step_home,
	[LAUNCH_LOOKUP] = step_lookup,
	[LAUNCH_READY] = step_ready,
	[LAUNCH_AWAIT_START] = step_await_start,
	[LAUNCH_EXECUTE] = step_execute,
};

/* As the originals spell it: the C library's words, in lower case. */
static void append_reason(char *text, size_t size, int code)
{
	size_t length = strlen(text);

	snprintf(text + length, size - length, ": %s", strerror(code));
	if (length + 2 < size)
		text[length + 2] = (char)tolower((unsigned char)text[length + 2]);
}

int fail(struct init *init, const char *format, ...)
{
	int code = errno;
	va_list args;

	va_start(args, format);
	/* A path may be longer than all of this; the reason behind it must still fit. */
	vsnprintf(init->failure, sizeof(init->failure) - REASON_BYTES, format, args);
	va_end(args);
	if (code)
		append_reason(init->failure, sizeof(init->failure), code);
	init->failure_code = code;
	errno = code;
	return -1;
}

static int check_slot(struct init *init, uint32_t slot)
{
	if (slot < PROTOCOL_MAX_SLOTS)
		return 0;
	errno = EBADSLT;
	return fail(init, "there is no slot %u", slot);
}

int store_slot(struct init *init, uint32_t slot, int fd)
{
	if (check_slot(init, slot) < 0)
		return -1;
	if (init->slots[slot] >= 0)
		close(init->slots[slot]);
	init->slots[slot] = fd;
	return 0;
}

int take_slot(struct init *init, uint32_t slot)
{
	int fd;

	if (check_slot(init, slot) < 0)
		return -1;
	fd = init->slots[slot];
	init->slots[slot] = -1;
	if (fd < 0)
		errno = EBADSLT;
	return fd;
}

STEP(open)
{
	struct launch_open file;
	int fd;

	if (launch_open_decode(record, &file) < 0)
		return fail(init, "malformed step");
	fd = open(file.path, (int)file.flags | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fail(init, "open %s", file.path);
	return store_slot(init, file.slot, fd);
}

STEP(close)
{
	struct launch_close slot;
	int fd;

	if (launch_close_decode(record, &slot) < 0)
		return fail(init, "malformed step");
	fd = take_slot(init, slot.slot);
	return fd < 0 ? fail(init, "close slot %u", slot.slot) : close(fd);
}

/* Steps run in order. `spawn` divides the program: stage 0 ends there, and the final init goes on behind it. */
static int run_program(struct init *init)
{
	const unsigned char *here = init->program.data;
	size_t left = init->program.length;

	for (init->step = 0; init->step < init->program.count; init->step++) {
		int was_child = init->in_child;
		struct record record;
		int64_t size = record_next(&record, here, left, init->program.length);

		if (size <= 0) {
			errno = EBADMSG;
			return fail(init, "the launch program is truncated");
		}
		if (record.kind >= sizeof(steps) / sizeof(steps[0]) || !steps[record.kind]) {
			errno = EBADMSG;
			return fail(init, "unknown step %u", record.kind);
		}
		if (steps[record.kind](init, &record) < 0)
			return -1;
		if (record.kind == LAUNCH_SPAWN && !was_child && !init->in_child)
			return 0;
		here += size;
		left -= (size_t)size;
	}
	errno = EBADMSG;
	return fail(init, left ? "the launch program has trailing data" : "the launch program does not end in execute");
}

/* A program that is not whole is refused before its first step, or half a container would be left behind. */
static int check_program(struct init *init)
{
	const unsigned char *here = init->program.data;
	size_t left = init->program.length;
	struct record record;

	for (uint32_t i = 0; i < init->program.count; i++) {
		int64_t size = record_next(&record, here, left, init->program.length);

		if (size <= 0) {
			errno = EBADMSG;
			return fail(init, "the launch program is truncated");
		}
		here += size;
		left -= (size_t)size;
	}
	errno = EBADMSG;
	return left ? fail(init, "the launch program has trailing data") : 0;
}

static void reset_signals(void)
{
	static const struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} by_default;
	sigset_t none;

	/* By the system call: the C library keeps signals 32 and 33 to itself, and has ignored them in a spawned child. */
	for (int number = 1; number < NSIG; number++)
		(void)syscall(SYS_rt_sigaction, number, &by_default, NULL, sizeof(by_default.mask));
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int prepare(struct init *init)
{
	/* Until execve nobody may trace this process or look at what it has open. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return fail(init, "become undumpable");
	reset_signals();
	umask(0);
	/* Descriptors to pass on are given their places, and lose the mark, right before execve. */
	close_on_exec_from(3);
	(void)fcntl(init->channel, F_SETFL, 0);
	init->slots = malloc(PROTOCOL_MAX_SLOTS * sizeof(int));
	if (!init->slots)
		return fail(init, "allocate slots");
	for (uint32_t i = 0; i < PROTOCOL_MAX_SLOTS; i++)
		init->slots[i] = -1;
	if (channel_read_program(init) < 0 || check_program(init) < 0)
		return -1;
	return procfs_open(init);
}

int init_main(int channel_fd, struct init_report *report)
{
	struct init init = { .channel = channel_fd, .report = report, .procfs = -1, .root = -1 };

	for (int module = 0; module < 2; module++)
		init.labels[module].fd = -1;

	if (prepare(&init) == 0 && run_program(&init) == 0)
		return 0;
	channel_send_failure(&init);
	if (init.in_child)
		_exit(1);
	return 1;
}
