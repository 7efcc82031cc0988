// SPDX-License-Identifier: Apache-2.0
// Who the container's program is and what it may do.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/interpreter.h"

/* The user may open /dev/stdout again only when the pipe or terminal behind it is theirs. Files stay as they are. */
static int own_stream(int fd, const struct stat *status, uid_t uid)
{
	if (!S_ISFIFO(status->st_mode) && !S_ISSOCK(status->st_mode) && !isatty(fd))
		return 0;
	if (status->st_uid == uid || fchown(fd, uid, (gid_t)-1) == 0)
		return 0;
	return errno == EINVAL || errno == EPERM || errno == EROFS ? 0 : -1;
}

/* /dev/null of the host becomes that of the container, or the two would be told apart by a later open of it. */
static int reopen_null(struct init *init, int fd)
{
	int null = open_null_device(init), again;

	if (null < 0)
		return 0;
	again = init->procfs >= 0 ? reopen_fd(init, null, O_RDWR) : openat(init->root, "dev/null", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	close(null);
	if (again < 0)
		return 0;
	/* By its name, it may be another file by now. */
	if (!is_null_device(again))
		return close(again);
	if (dup2(again, fd) < 0) {
		close(again);
		return -1;
	}
	return close(again);
}

STEP(standard_streams)
{
	struct launch_standard_streams streams;

	if (launch_standard_streams_decode(record, &streams) < 0)
		return fail(init, "malformed step");
	for (int fd = 0; fd < 3; fd++) {
		struct stat status;
		int result;

		if (fstat(fd, &status) < 0)
			continue;
		if (is_null_device(fd))
			result = reopen_null(init, fd);
		else
			result = own_stream(fd, &status, streams.uid);
		if (result < 0)
			return fail(init, "hand standard stream %d over", fd);
	}
	return 0;
}

STEP(bounding)
{
	struct launch_bounding bounding;

	if (launch_bounding_decode(record, &bounding) < 0)
		return fail(init, "malformed step");
	for (int capability = 0; capability < 64; capability++) {
		if (bounding.mask & (1ull << capability))
			continue;
		if (prctl(PR_CAPBSET_READ, capability) <= 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, capability) < 0)
			return fail(init, "drop capability %d from the bounding set", capability);
	}
	return 0;
}

STEP(user)
{
	struct launch_user user;
	gid_t *groups;

	if (launch_user_decode(record, &user) < 0)
		return fail(init, "malformed step");
	/* To these calls -1 means "as it is", which here is root. */
	if (user.uid == UINT32_MAX || user.gid == UINT32_MAX) {
		errno = EINVAL;
		return fail(init, "become user %u:%u", user.uid, user.gid);
	}
	groups = calloc((size_t)user.groups.count + 1, sizeof(gid_t));
	if (!groups)
		return fail(init, "keep the groups");
	for (uint32_t i = 0; i < user.groups.count; i++)
		groups[i] = record_u32s_at(user.groups, i);
	if (prctl(PR_SET_KEEPCAPS, 1) < 0)
		return fail(init, "keep capabilities");
	if (user.set_groups && setgroups(user.groups.count, groups) < 0)
		return fail(init, "setgroups");
	free(groups);
	if (setresgid(user.gid, user.gid, user.gid) < 0)
		return fail(init, "setgid %u", user.gid);
	if (setresuid(user.uid, user.uid, user.uid) < 0)
		return fail(init, "setuid %u", user.uid);
	/* A change of user makes the process dumpable again on some kernels. */
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? fail(init, "become undumpable") : 0;
}

STEP(capabilities)
{
	struct launch_capabilities sets;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (launch_capabilities_decode(record, &sets) < 0)
		return fail(init, "malformed step");
	for (int half = 0; half < 2; half++) {
		data[half].effective = (uint32_t)(sets.effective >> (32 * half));
		data[half].permitted = (uint32_t)(sets.permitted >> (32 * half));
		data[half].inheritable = (uint32_t)(sets.inheritable >> (32 * half));
	}
	if (prctl(PR_SET_KEEPCAPS, 0) < 0)
		return fail(init, "stop keeping capabilities");
	if (syscall(SYS_capset, &header, data) < 0)
		return fail(init, "unable to apply caps");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return fail(init, "clear the ambient capabilities");
	for (int capability = 0; capability < 64; capability++) {
		if ((sets.ambient & (1ull << capability)) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0)
			return fail(init, "raise ambient capability %d", capability);
	}
	return 0;
}

STEP(no_new_privileges)
{
	if (record_end(record) < 0)
		return fail(init, "malformed step");
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? fail(init, "set no_new_privs") : 0;
}

/*
 * Opens the file in which a module is told what the program will be, while a procfs is there to find it in. No
 * directory is above an open file, and the kernel lets only the process itself write to it.
 */
STEP(label)
{
	struct launch_label label;
	const char *path = "thread-self/attr/exec";
	int own;

	if (launch_label_decode(record, &label) < 0 || label.module > PROTOCOL_MODULE_SELINUX) {
		errno = EBADMSG;
		return fail(init, "malformed step");
	}
	/* AppArmor has a folder of its own since Linux 5.1; the files above it may be another module's. */
	own = label.module == PROTOCOL_MODULE_APP_ARMOR
		      ? procfs_open_file(init, "thread-self/attr/apparmor", O_PATH | O_DIRECTORY)
		      : -1;
	if (own >= 0) {
		close(own);
		path = "thread-self/attr/apparmor/exec";
	}
	init->labels[label.module].fd = procfs_open_file(init, path, O_WRONLY);
	init->labels[label.module].code = errno;
	init->labels[label.module].path = strchr(path, '/') + 1;
	return 0;
}

static int write_label(struct init *init, uint32_t module, const char *text)
{
	int fd = init->labels[module].fd, saved;
	ssize_t written;

	if (fd < 0) {
		errno = init->labels[module].path ? init->labels[module].code : EBADMSG;
		return -1;
	}
	written = write(fd, text, strlen(text));
	saved = errno;
	close(fd);
	init->labels[module].fd = -1;
	errno = written >= 0 && (size_t)written != strlen(text) ? EIO : saved;
	return written >= 0 && (size_t)written == strlen(text) ? 0 : -1;
}

STEP(apparmor)
{
	struct launch_apparmor apparmor;
	char command[512];

	if (launch_apparmor_decode(record, &apparmor) < 0)
		return fail(init, "malformed step");
	if ((size_t)snprintf(command, sizeof(command), "exec %s", apparmor.profile) >= sizeof(command)) {
		errno = ENAMETOOLONG;
		return fail(init, "unable to apply apparmor profile");
	}
	/* A missing profile is ENOENT, too. */
	if (write_label(init, PROTOCOL_MODULE_APP_ARMOR, command) < 0)
		return fail(init, "apparmor failed to apply profile: write /proc/self/%s",
			    init->labels[PROTOCOL_MODULE_APP_ARMOR].path);
	return 0;
}

STEP(selinux)
{
	struct launch_selinux selinux;

	if (launch_selinux_decode(record, &selinux) < 0)
		return fail(init, "malformed step");
	return write_label(init, PROTOCOL_MODULE_SELINUX, selinux.label) < 0 ? fail(init, "can't set process label") : 0;
}

/* A state with a middle part has the number twice: of this process, and of the container's init, which it is. */
static int send_listener(struct init *init, const struct launch_seccomp *seccomp, int listener)
{
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(int))];
	} control;
	char *state, *pid = init->outer_pid;
	struct iovec payload;
	struct msghdr message = { .msg_iov = &payload, .msg_iovlen = 1 };
	struct cmsghdr *header;
	int socket_fd = take_slot(init, (uint32_t)seccomp->slot), result;

	if (socket_fd < 0 || asprintf(&state, "%s%s%s%s%s", seccomp->state_prefix, pid, seccomp->state_middle,
		     seccomp->state_middle[0] ? pid : "", seccomp->state_suffix) < 0)
		return -1;
	message.msg_control = control.data;
	message.msg_controllen = sizeof(control.data);
	header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &listener, sizeof(int));
	payload.iov_base = state;
	payload.iov_len = strlen(state);
	result = sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
	free(state);
	close(socket_fd);
	return result;
}

STEP(seccomp)
{
	struct launch_seccomp seccomp;
	struct sock_fprog program;
	long result;

	if (launch_seccomp_decode(record, &seccomp) < 0 || seccomp.filter.length % sizeof(struct sock_filter) != 0 ||
	    seccomp.filter.length / sizeof(struct sock_filter) > BPF_MAXINSNS) {
		errno = EBADMSG;
		return fail(init, "malformed step");
	}
	program.len = (unsigned short)(seccomp.filter.length / sizeof(struct sock_filter));
	program.filter = malloc(seccomp.filter.length + 1);
	if (!program.filter)
		return fail(init, "keep the seccomp filter");
	memcpy(program.filter, seccomp.filter.data, seccomp.filter.length);
	result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, seccomp.flags, &program);
	if (result < 0)
		return fail(init, "unable to init seccomp: error loading seccomp filter into kernel");
	free(program.filter);
	if (!(seccomp.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
		return 0;
	if (send_listener(init, &seccomp, (int)result) < 0)
		return fail(init, "send the seccomp listener");
	return close((int)result);
}
