// SPDX-License-Identifier: Apache-2.0
// What the steps of a launch program share: the state they work on and the few calls they are made of.
#ifndef TEU_INTERPRETER_H
#define TEU_INTERPRETER_H

#include <sys/types.h>

#include "init/init.h"
#include "protocol.h"

struct program {
	const unsigned char *data;
	uint32_t length;
	uint32_t count;
};

struct init {
	int channel;
	struct init_report *report;
	struct program program;
	uint32_t step;		/* index of the step being executed */
	int in_child;		/* 0 in stage 0, 1 in the final init */
	int procfs;		/* the root of a procfs verified before anything was joined, or of one's own; -1 once closed */
	int pids_only;		/* that procfs has nothing but processes in it */
	char outer_pid[16];	/* the number of the final init on the runtime's side, once it is announced */
	struct {
		int fd;		/* where a security module is told the label of the program; -1 when there is no such file */
		int code;	/* why there is none */
		const char *path;
	} labels[2];
	int root;		/* O_PATH of the container's root; -1 until the root step */
	int *slots;		/* descriptors that steps keep for later ones; -1 when empty */
	int cwd_pending;	/* the working directory could not be entered as root and is tried again as the user */
	char **environment;
	char *executable;	/* what lookup found */
	char failure[1024];
	int failure_code;
};

/* Records a failure for the report, followed by what errno says now unless that is 0, and returns -1. */
int fail(struct init *init, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- channel.c --- */
int channel_read_program(struct init *init);
int channel_send(struct init *init, const struct record_writer *writer);
/* Waits for the parent's `go`. The end of the channel means that the parent gave up or died. */
int channel_await_go(struct init *init);
void channel_send_failure(struct init *init);

/* --- procfs.c --- */
int procfs_open(struct init *init);
/* Opens `path` (relative) on that very procfs: no symlink out, no other mount in the way. */
int procfs_open_file(struct init *init, const char *path, int flags);
int procfs_write(struct init *init, const char *path, const char *value);
/* The root of a new procfs of the process's own pid namespace, which is mounted nowhere. */
int procfs_make(int pids_only);
/* mount(2) whose source and target may be descriptors (-1: use the string), by way of that procfs. */
int mount_fd(struct init *init, int source_fd, const char *source, int target_fd, const char *type, unsigned long flags,
	     const void *data);
/* Opens the file that an O_PATH descriptor names. */
int reopen_fd(struct init *init, int fd, int flags);

/* --- resolve.c: paths of the container, which never leave its root --- */
int resolve(struct init *init, const char *path, int flags);
/* As resolve, but no component may be a symlink. */
int resolve_plain(struct init *init, const char *path, int flags);
int make_directories(struct init *init, const char *path, mode_t mode);
/* Opens the directory that holds `path`, made when missing, and points *name at the last component. */
int open_parent(struct init *init, const char *path, const char **name);
/* Opens a mount point; a missing one is made, as a directory or as an empty file, where its symlinks lead. */
int open_mount_point(struct init *init, const char *path, int directory);
/* Refuses a mount point inside a procfs that would hide or fake what the kernel shows. */
int guard_procfs(struct init *init, int target, const char *destination, int source_is_procfs);

/* --- tree.c: moving and marking mounts by descriptor --- */
int clone_tree(int fd, const char *path, int recursive);
int attach_tree(int tree, int target);
int set_propagation(struct init *init, int fd, struct record_u32s flags);
/* The flags that a mount has, in the form that mount(2) takes. */
unsigned long flags_of_mount(int fd);
/* Bind-remount; flags that the kernel has locked on the mount are kept. */
int remount_bind(struct init *init, int fd, unsigned long flags);
int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

/* --- steps that several files need --- */
int store_slot(struct init *init, uint32_t slot, int fd);
int take_slot(struct init *init, uint32_t slot);
int copy_up(struct init *init, int from, int to);
int is_null_device(int fd);
int open_null_device(struct init *init);
/* Marks every descriptor from `first` on close-on-exec. */
void close_on_exec_from(unsigned int first);
int execute_hook(struct init *init, const struct launch_hook *hook);

/* --- one function a step: step_<name>, each in the file of its concern --- */
#define STEP(name) int step_##name(struct init *init, struct record *record)

STEP(oom_score);
STEP(open);
STEP(connect);
STEP(open_tree);
STEP(raise_limit);
STEP(join);
STEP(new_user);
STEP(unshare);
STEP(time_offset);
STEP(spawn);
STEP(close);
STEP(close_procfs);
STEP(own_procfs);
STEP(label);
STEP(join_cgroup);
STEP(affinity);
STEP(map_tree);
STEP(new_session);
STEP(keyring);
STEP(loopback);
STEP(host_propagation);
STEP(root);
STEP(mount);
STEP(bind);
STEP(remount);
STEP(directory);
STEP(symlink);
STEP(device);
STEP(runtime_hooks);
STEP(hook);
STEP(console);
STEP(mask);
STEP(readonly_path);
STEP(root_flags);
STEP(root_propagation);
STEP(pivot);
STEP(move_root);
STEP(hostname);
STEP(domainname);
STEP(sysctl);
STEP(umask);
STEP(personality);
STEP(limit);
STEP(standard_streams);
STEP(scheduler);
STEP(io_priority);
STEP(apparmor);
STEP(selinux);
STEP(no_new_privileges);
STEP(seccomp);
STEP(bounding);
STEP(user);
STEP(capabilities);
STEP(working_directory);
STEP(parent_death);
STEP(environment);
STEP(home);
STEP(lookup);
STEP(ready);
STEP(await_start);
STEP(execute);

#endif
