// SPDX-License-Identifier: Apache-2.0
// Generated from protocol.json by scripts/generate-protocol.mjs; do not edit.
#ifndef TEU_PROTOCOL_H
#define TEU_PROTOCOL_H

#include "init/record.h"

#define PROTOCOL_VERSION 1u
#define PROTOCOL_PROGRAM_MAGIC 1431651412u
#define PROTOCOL_MAX_PROGRAM_BYTES 33554432u
#define PROTOCOL_MAX_MESSAGE_BYTES 65536u
#define PROTOCOL_MAX_SLOTS 4096u
#define PROTOCOL_MAX_MONITOR_CONFIG_BYTES 262144u
#define PROTOCOL_STREAM_NULL 0u
#define PROTOCOL_STREAM_FIFO 1u
#define PROTOCOL_STREAM_FILE 2u
#define PROTOCOL_STREAM_LOGGER 3u
#define PROTOCOL_MONITOR_NOT_READY 256u
#define PROTOCOL_STRICT_DIRECTORY 1u
#define PROTOCOL_BEFORE_USER 0u
#define PROTOCOL_AFTER_USER 1u
#define PROTOCOL_MODULE_APP_ARMOR 0u
#define PROTOCOL_MODULE_SELINUX 1u
#define PROTOCOL_HOOK_IN_ROOT 1u
#define PROTOCOL_HOOK_INHERITS 2u

/* The steps of a launch program, executed in order by the init role. */
enum launch_kind {
	LAUNCH_OOM_SCORE = 1,
	LAUNCH_OPEN = 2,
	LAUNCH_CONNECT = 3,
	LAUNCH_OPEN_TREE = 4,
	LAUNCH_RAISE_LIMIT = 5,
	LAUNCH_JOIN = 6,
	LAUNCH_NEW_USER = 7,
	LAUNCH_UNSHARE = 8,
	LAUNCH_TIME_OFFSET = 9,
	LAUNCH_SPAWN = 10,
	LAUNCH_CLOSE = 11,
	LAUNCH_CLOSE_PROCFS = 12,
	LAUNCH_JOIN_CGROUP = 13,
	LAUNCH_AFFINITY = 14,
	LAUNCH_MAP_TREE = 15,
	LAUNCH_OWN_PROCFS = 16,
	LAUNCH_LABEL = 17,
	LAUNCH_NEW_SESSION = 20,
	LAUNCH_KEYRING = 21,
	LAUNCH_LOOPBACK = 22,
	LAUNCH_HOST_PROPAGATION = 30,
	LAUNCH_ROOT = 31,
	LAUNCH_MOUNT = 32,
	LAUNCH_BIND = 33,
	LAUNCH_REMOUNT = 34,
	LAUNCH_DIRECTORY = 35,
	LAUNCH_SYMLINK = 36,
	LAUNCH_DEVICE = 37,
	LAUNCH_RUNTIME_HOOKS = 38,
	LAUNCH_HOOK = 39,
	LAUNCH_CONSOLE = 40,
	LAUNCH_MASK = 41,
	LAUNCH_READONLY_PATH = 42,
	LAUNCH_ROOT_FLAGS = 43,
	LAUNCH_ROOT_PROPAGATION = 44,
	LAUNCH_PIVOT = 45,
	LAUNCH_MOVE_ROOT = 46,
	LAUNCH_HOSTNAME = 50,
	LAUNCH_DOMAINNAME = 51,
	LAUNCH_SYSCTL = 52,
	LAUNCH_UMASK = 53,
	LAUNCH_PERSONALITY = 54,
	LAUNCH_LIMIT = 55,
	LAUNCH_STANDARD_STREAMS = 56,
	LAUNCH_SCHEDULER = 57,
	LAUNCH_IO_PRIORITY = 58,
	LAUNCH_APPARMOR = 60,
	LAUNCH_SELINUX = 61,
	LAUNCH_NO_NEW_PRIVILEGES = 62,
	LAUNCH_SECCOMP = 63,
	LAUNCH_BOUNDING = 64,
	LAUNCH_USER = 65,
	LAUNCH_CAPABILITIES = 66,
	LAUNCH_WORKING_DIRECTORY = 67,
	LAUNCH_PARENT_DEATH = 68,
	LAUNCH_ENVIRONMENT = 70,
	LAUNCH_HOME = 71,
	LAUNCH_LOOKUP = 72,
	LAUNCH_READY = 73,
	LAUNCH_AWAIT_START = 74,
	LAUNCH_EXECUTE = 75,
};

struct launch_oom_score {
	int32_t value;
};

static inline int launch_oom_score_decode(struct record *record, struct launch_oom_score *out)
{
	record_get_i32(record, &out->value);
	return record_end(record);
}

static inline void launch_oom_score_encode(struct record_writer *writer, const struct launch_oom_score *in)
{
	record_begin(writer, LAUNCH_OOM_SCORE);
	record_put_i32(writer, in->value);
	record_finish(writer);
}

struct launch_open {
	uint32_t slot;
	const char *path;
	uint32_t flags;
};

static inline int launch_open_decode(struct record *record, struct launch_open *out)
{
	record_get_u32(record, &out->slot);
	record_get_str(record, &out->path);
	record_get_u32(record, &out->flags);
	return record_end(record);
}

static inline void launch_open_encode(struct record_writer *writer, const struct launch_open *in)
{
	record_begin(writer, LAUNCH_OPEN);
	record_put_u32(writer, in->slot);
	record_put_str(writer, in->path);
	record_put_u32(writer, in->flags);
	record_finish(writer);
}

struct launch_connect {
	uint32_t slot;
	const char *path;
};

static inline int launch_connect_decode(struct record *record, struct launch_connect *out)
{
	record_get_u32(record, &out->slot);
	record_get_str(record, &out->path);
	return record_end(record);
}

static inline void launch_connect_encode(struct record_writer *writer, const struct launch_connect *in)
{
	record_begin(writer, LAUNCH_CONNECT);
	record_put_u32(writer, in->slot);
	record_put_str(writer, in->path);
	record_finish(writer);
}

struct launch_open_tree {
	uint32_t slot;
	const char *path;
	uint32_t recursive;
};

static inline int launch_open_tree_decode(struct record *record, struct launch_open_tree *out)
{
	record_get_u32(record, &out->slot);
	record_get_str(record, &out->path);
	record_get_u32(record, &out->recursive);
	return record_end(record);
}

static inline void launch_open_tree_encode(struct record_writer *writer, const struct launch_open_tree *in)
{
	record_begin(writer, LAUNCH_OPEN_TREE);
	record_put_u32(writer, in->slot);
	record_put_str(writer, in->path);
	record_put_u32(writer, in->recursive);
	record_finish(writer);
}

struct launch_raise_limit {
	uint32_t resource;
	uint64_t hard;
};

static inline int launch_raise_limit_decode(struct record *record, struct launch_raise_limit *out)
{
	record_get_u32(record, &out->resource);
	record_get_u64(record, &out->hard);
	return record_end(record);
}

static inline void launch_raise_limit_encode(struct record_writer *writer, const struct launch_raise_limit *in)
{
	record_begin(writer, LAUNCH_RAISE_LIMIT);
	record_put_u32(writer, in->resource);
	record_put_u64(writer, in->hard);
	record_finish(writer);
}

struct launch_join {
	uint32_t namespace;
	uint32_t slot;
};

static inline int launch_join_decode(struct record *record, struct launch_join *out)
{
	record_get_u32(record, &out->namespace);
	record_get_u32(record, &out->slot);
	return record_end(record);
}

static inline void launch_join_encode(struct record_writer *writer, const struct launch_join *in)
{
	record_begin(writer, LAUNCH_JOIN);
	record_put_u32(writer, in->namespace);
	record_put_u32(writer, in->slot);
	record_finish(writer);
}

static inline int launch_new_user_decode(struct record *record)
{
	return record_end(record);
}

static inline void launch_new_user_encode(struct record_writer *writer)
{
	record_begin(writer, LAUNCH_NEW_USER);
	record_finish(writer);
}

struct launch_unshare {
	uint32_t flags;
};

static inline int launch_unshare_decode(struct record *record, struct launch_unshare *out)
{
	record_get_u32(record, &out->flags);
	return record_end(record);
}

static inline void launch_unshare_encode(struct record_writer *writer, const struct launch_unshare *in)
{
	record_begin(writer, LAUNCH_UNSHARE);
	record_put_u32(writer, in->flags);
	record_finish(writer);
}

struct launch_time_offset {
	const char *clock;
	int64_t seconds;
	uint32_t nanoseconds;
};

static inline int launch_time_offset_decode(struct record *record, struct launch_time_offset *out)
{
	record_get_str(record, &out->clock);
	record_get_i64(record, &out->seconds);
	record_get_u32(record, &out->nanoseconds);
	return record_end(record);
}

static inline void launch_time_offset_encode(struct record_writer *writer, const struct launch_time_offset *in)
{
	record_begin(writer, LAUNCH_TIME_OFFSET);
	record_put_str(writer, in->clock);
	record_put_i64(writer, in->seconds);
	record_put_u32(writer, in->nanoseconds);
	record_finish(writer);
}

struct launch_spawn {
	int32_t cgroup;
	uint32_t wait;
};

static inline int launch_spawn_decode(struct record *record, struct launch_spawn *out)
{
	record_get_i32(record, &out->cgroup);
	record_get_u32(record, &out->wait);
	return record_end(record);
}

static inline void launch_spawn_encode(struct record_writer *writer, const struct launch_spawn *in)
{
	record_begin(writer, LAUNCH_SPAWN);
	record_put_i32(writer, in->cgroup);
	record_put_u32(writer, in->wait);
	record_finish(writer);
}

struct launch_close {
	uint32_t slot;
};

static inline int launch_close_decode(struct record *record, struct launch_close *out)
{
	record_get_u32(record, &out->slot);
	return record_end(record);
}

static inline void launch_close_encode(struct record_writer *writer, const struct launch_close *in)
{
	record_begin(writer, LAUNCH_CLOSE);
	record_put_u32(writer, in->slot);
	record_finish(writer);
}

static inline int launch_close_procfs_decode(struct record *record)
{
	return record_end(record);
}

static inline void launch_close_procfs_encode(struct record_writer *writer)
{
	record_begin(writer, LAUNCH_CLOSE_PROCFS);
	record_finish(writer);
}

struct launch_join_cgroup {
	uint32_t slot;
};

static inline int launch_join_cgroup_decode(struct record *record, struct launch_join_cgroup *out)
{
	record_get_u32(record, &out->slot);
	return record_end(record);
}

static inline void launch_join_cgroup_encode(struct record_writer *writer, const struct launch_join_cgroup *in)
{
	record_begin(writer, LAUNCH_JOIN_CGROUP);
	record_put_u32(writer, in->slot);
	record_finish(writer);
}

struct launch_affinity {
	struct record_u32s cpus;
};

static inline int launch_affinity_decode(struct record *record, struct launch_affinity *out)
{
	record_get_u32s(record, &out->cpus);
	return record_end(record);
}

static inline void launch_affinity_encode(struct record_writer *writer, const struct launch_affinity *in)
{
	record_begin(writer, LAUNCH_AFFINITY);
	record_put_u32s(writer, in->cpus);
	record_finish(writer);
}

struct launch_map_tree {
	uint32_t slot;
	int32_t namespace;
	const char *uids;
	const char *gids;
	uint32_t recursive;
};

static inline int launch_map_tree_decode(struct record *record, struct launch_map_tree *out)
{
	record_get_u32(record, &out->slot);
	record_get_i32(record, &out->namespace);
	record_get_str(record, &out->uids);
	record_get_str(record, &out->gids);
	record_get_u32(record, &out->recursive);
	return record_end(record);
}

static inline void launch_map_tree_encode(struct record_writer *writer, const struct launch_map_tree *in)
{
	record_begin(writer, LAUNCH_MAP_TREE);
	record_put_u32(writer, in->slot);
	record_put_i32(writer, in->namespace);
	record_put_str(writer, in->uids);
	record_put_str(writer, in->gids);
	record_put_u32(writer, in->recursive);
	record_finish(writer);
}

static inline int launch_own_procfs_decode(struct record *record)
{
	return record_end(record);
}

static inline void launch_own_procfs_encode(struct record_writer *writer)
{
	record_begin(writer, LAUNCH_OWN_PROCFS);
	record_finish(writer);
}

struct launch_label {
	uint32_t module;
};

static inline int launch_label_decode(struct record *record, struct launch_label *out)
{
	record_get_u32(record, &out->module);
	return record_end(record);
}

static inline void launch_label_encode(struct record_writer *writer, const struct launch_label *in)
{
	record_begin(writer, LAUNCH_LABEL);
	record_put_u32(writer, in->module);
	record_finish(writer);
}

static inline int launch_new_session_decode(struct record *record)
{
	return record_end(record);
}

static inline void launch_new_session_encode(struct record_writer *writer)
{
	record_begin(writer, LAUNCH_NEW_SESSION);
	record_finish(writer);
}

struct launch_keyring {
	const char *name;
};

static inline int launch_keyring_decode(struct record *record, struct launch_keyring *out)
{
	record_get_str(record, &out->name);
	return record_end(record);
}

static inline void launch_keyring_encode(struct record_writer *writer, const struct launch_keyring *in)
{
	record_begin(writer, LAUNCH_KEYRING);
	record_put_str(writer, in->name);
	record_finish(writer);
}

static inline int launch_loopback_decode(struct record *record)
{
	return record_end(record);
}

static inline void launch_loopback_encode(struct record_writer *writer)
{
	record_begin(writer, LAUNCH_LOOPBACK);
	record_finish(writer);
}

struct launch_host_propagation {
	uint32_t flags;
};

static inline int launch_host_propagation_decode(struct record *record, struct launch_host_propagation *out)
{
	record_get_u32(record, &out->flags);
	return record_end(record);
}

static inline void launch_host_propagation_encode(struct record_writer *writer, const struct launch_host_propagation *in)
{
	record_begin(writer, LAUNCH_HOST_PROPAGATION);
	record_put_u32(writer, in->flags);
	record_finish(writer);
}

struct launch_root {
	const char *path;
};

static inline int launch_root_decode(struct record *record, struct launch_root *out)
{
	record_get_str(record, &out->path);
	return record_end(record);
}

static inline void launch_root_encode(struct record_writer *writer, const struct launch_root *in)
{
	record_begin(writer, LAUNCH_ROOT);
	record_put_str(writer, in->path);
	record_finish(writer);
}

struct launch_mount {
	const char *destination;
	const char *source;
	const char *type;
	uint32_t flags;
	const char *data;
	struct record_u32s propagation;
	uint32_t options;
	uint32_t copy_up;
};

static inline int launch_mount_decode(struct record *record, struct launch_mount *out)
{
	record_get_str(record, &out->destination);
	record_get_str(record, &out->source);
	record_get_str(record, &out->type);
	record_get_u32(record, &out->flags);
	record_get_str(record, &out->data);
	record_get_u32s(record, &out->propagation);
	record_get_u32(record, &out->options);
	record_get_u32(record, &out->copy_up);
	return record_end(record);
}

static inline void launch_mount_encode(struct record_writer *writer, const struct launch_mount *in)
{
	record_begin(writer, LAUNCH_MOUNT);
	record_put_str(writer, in->destination);
	record_put_str(writer, in->source);
	record_put_str(writer, in->type);
	record_put_u32(writer, in->flags);
	record_put_str(writer, in->data);
	record_put_u32s(writer, in->propagation);
	record_put_u32(writer, in->options);
	record_put_u32(writer, in->copy_up);
	record_finish(writer);
}

struct launch_bind {
	const char *destination;
	const char *source;
	int32_t slot;
	uint32_t recursive;
	uint32_t remount;
	uint32_t flags;
	struct record_u32s propagation;
	uint64_t attr_set;
	uint64_t attr_clear;
};

static inline int launch_bind_decode(struct record *record, struct launch_bind *out)
{
	record_get_str(record, &out->destination);
	record_get_str(record, &out->source);
	record_get_i32(record, &out->slot);
	record_get_u32(record, &out->recursive);
	record_get_u32(record, &out->remount);
	record_get_u32(record, &out->flags);
	record_get_u32s(record, &out->propagation);
	record_get_u64(record, &out->attr_set);
	record_get_u64(record, &out->attr_clear);
	return record_end(record);
}

static inline void launch_bind_encode(struct record_writer *writer, const struct launch_bind *in)
{
	record_begin(writer, LAUNCH_BIND);
	record_put_str(writer, in->destination);
	record_put_str(writer, in->source);
	record_put_i32(writer, in->slot);
	record_put_u32(writer, in->recursive);
	record_put_u32(writer, in->remount);
	record_put_u32(writer, in->flags);
	record_put_u32s(writer, in->propagation);
	record_put_u64(writer, in->attr_set);
	record_put_u64(writer, in->attr_clear);
	record_finish(writer);
}

struct launch_remount {
	const char *destination;
	uint32_t flags;
};

static inline int launch_remount_decode(struct record *record, struct launch_remount *out)
{
	record_get_str(record, &out->destination);
	record_get_u32(record, &out->flags);
	return record_end(record);
}

static inline void launch_remount_encode(struct record_writer *writer, const struct launch_remount *in)
{
	record_begin(writer, LAUNCH_REMOUNT);
	record_put_str(writer, in->destination);
	record_put_u32(writer, in->flags);
	record_finish(writer);
}

struct launch_directory {
	const char *path;
	uint32_t mode;
};

static inline int launch_directory_decode(struct record *record, struct launch_directory *out)
{
	record_get_str(record, &out->path);
	record_get_u32(record, &out->mode);
	return record_end(record);
}

static inline void launch_directory_encode(struct record_writer *writer, const struct launch_directory *in)
{
	record_begin(writer, LAUNCH_DIRECTORY);
	record_put_str(writer, in->path);
	record_put_u32(writer, in->mode);
	record_finish(writer);
}

struct launch_symlink {
	const char *path;
	const char *target;
	uint32_t replace;
};

static inline int launch_symlink_decode(struct record *record, struct launch_symlink *out)
{
	record_get_str(record, &out->path);
	record_get_str(record, &out->target);
	record_get_u32(record, &out->replace);
	return record_end(record);
}

static inline void launch_symlink_encode(struct record_writer *writer, const struct launch_symlink *in)
{
	record_begin(writer, LAUNCH_SYMLINK);
	record_put_str(writer, in->path);
	record_put_str(writer, in->target);
	record_put_u32(writer, in->replace);
	record_finish(writer);
}

struct launch_device {
	const char *path;
	uint32_t type;
	uint32_t major;
	uint32_t minor;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t bind;
};

static inline int launch_device_decode(struct record *record, struct launch_device *out)
{
	record_get_str(record, &out->path);
	record_get_u32(record, &out->type);
	record_get_u32(record, &out->major);
	record_get_u32(record, &out->minor);
	record_get_u32(record, &out->mode);
	record_get_u32(record, &out->uid);
	record_get_u32(record, &out->gid);
	record_get_u32(record, &out->bind);
	return record_end(record);
}

static inline void launch_device_encode(struct record_writer *writer, const struct launch_device *in)
{
	record_begin(writer, LAUNCH_DEVICE);
	record_put_str(writer, in->path);
	record_put_u32(writer, in->type);
	record_put_u32(writer, in->major);
	record_put_u32(writer, in->minor);
	record_put_u32(writer, in->mode);
	record_put_u32(writer, in->uid);
	record_put_u32(writer, in->gid);
	record_put_u32(writer, in->bind);
	record_finish(writer);
}

static inline int launch_runtime_hooks_decode(struct record *record)
{
	return record_end(record);
}

static inline void launch_runtime_hooks_encode(struct record_writer *writer)
{
	record_begin(writer, LAUNCH_RUNTIME_HOOKS);
	record_finish(writer);
}

struct launch_hook {
	const char *path;
	struct record_strs args;
	struct record_strs env;
	uint32_t options;
	uint32_t timeout_milliseconds;
	const char *state_prefix;
	const char *state_suffix;
};

static inline int launch_hook_decode(struct record *record, struct launch_hook *out)
{
	record_get_str(record, &out->path);
	record_get_strs(record, &out->args);
	record_get_strs(record, &out->env);
	record_get_u32(record, &out->options);
	record_get_u32(record, &out->timeout_milliseconds);
	record_get_str(record, &out->state_prefix);
	record_get_str(record, &out->state_suffix);
	return record_end(record);
}

static inline void launch_hook_encode(struct record_writer *writer, const struct launch_hook *in)
{
	record_begin(writer, LAUNCH_HOOK);
	record_put_str(writer, in->path);
	record_put_strs(writer, in->args);
	record_put_strs(writer, in->env);
	record_put_u32(writer, in->options);
	record_put_u32(writer, in->timeout_milliseconds);
	record_put_str(writer, in->state_prefix);
	record_put_str(writer, in->state_suffix);
	record_finish(writer);
}

struct launch_console {
	uint32_t slot;
	uint32_t width;
	uint32_t height;
	uint32_t mount;
};

static inline int launch_console_decode(struct record *record, struct launch_console *out)
{
	record_get_u32(record, &out->slot);
	record_get_u32(record, &out->width);
	record_get_u32(record, &out->height);
	record_get_u32(record, &out->mount);
	return record_end(record);
}

static inline void launch_console_encode(struct record_writer *writer, const struct launch_console *in)
{
	record_begin(writer, LAUNCH_CONSOLE);
	record_put_u32(writer, in->slot);
	record_put_u32(writer, in->width);
	record_put_u32(writer, in->height);
	record_put_u32(writer, in->mount);
	record_finish(writer);
}

struct launch_mask {
	const char *path;
};

static inline int launch_mask_decode(struct record *record, struct launch_mask *out)
{
	record_get_str(record, &out->path);
	return record_end(record);
}

static inline void launch_mask_encode(struct record_writer *writer, const struct launch_mask *in)
{
	record_begin(writer, LAUNCH_MASK);
	record_put_str(writer, in->path);
	record_finish(writer);
}

struct launch_readonly_path {
	const char *path;
};

static inline int launch_readonly_path_decode(struct record *record, struct launch_readonly_path *out)
{
	record_get_str(record, &out->path);
	return record_end(record);
}

static inline void launch_readonly_path_encode(struct record_writer *writer, const struct launch_readonly_path *in)
{
	record_begin(writer, LAUNCH_READONLY_PATH);
	record_put_str(writer, in->path);
	record_finish(writer);
}

struct launch_root_flags {
	uint32_t flags;
};

static inline int launch_root_flags_decode(struct record *record, struct launch_root_flags *out)
{
	record_get_u32(record, &out->flags);
	return record_end(record);
}

static inline void launch_root_flags_encode(struct record_writer *writer, const struct launch_root_flags *in)
{
	record_begin(writer, LAUNCH_ROOT_FLAGS);
	record_put_u32(writer, in->flags);
	record_finish(writer);
}

struct launch_root_propagation {
	uint32_t flags;
};

static inline int launch_root_propagation_decode(struct record *record, struct launch_root_propagation *out)
{
	record_get_u32(record, &out->flags);
	return record_end(record);
}

static inline void launch_root_propagation_encode(struct record_writer *writer, const struct launch_root_propagation *in)
{
	record_begin(writer, LAUNCH_ROOT_PROPAGATION);
	record_put_u32(writer, in->flags);
	record_finish(writer);
}

static inline int launch_pivot_decode(struct record *record)
{
	return record_end(record);
}

static inline void launch_pivot_encode(struct record_writer *writer)
{
	record_begin(writer, LAUNCH_PIVOT);
	record_finish(writer);
}

static inline int launch_move_root_decode(struct record *record)
{
	return record_end(record);
}

static inline void launch_move_root_encode(struct record_writer *writer)
{
	record_begin(writer, LAUNCH_MOVE_ROOT);
	record_finish(writer);
}

struct launch_hostname {
	const char *name;
};

static inline int launch_hostname_decode(struct record *record, struct launch_hostname *out)
{
	record_get_str(record, &out->name);
	return record_end(record);
}

static inline void launch_hostname_encode(struct record_writer *writer, const struct launch_hostname *in)
{
	record_begin(writer, LAUNCH_HOSTNAME);
	record_put_str(writer, in->name);
	record_finish(writer);
}

struct launch_domainname {
	const char *name;
};

static inline int launch_domainname_decode(struct record *record, struct launch_domainname *out)
{
	record_get_str(record, &out->name);
	return record_end(record);
}

static inline void launch_domainname_encode(struct record_writer *writer, const struct launch_domainname *in)
{
	record_begin(writer, LAUNCH_DOMAINNAME);
	record_put_str(writer, in->name);
	record_finish(writer);
}

struct launch_sysctl {
	const char *path;
	const char *value;
};

static inline int launch_sysctl_decode(struct record *record, struct launch_sysctl *out)
{
	record_get_str(record, &out->path);
	record_get_str(record, &out->value);
	return record_end(record);
}

static inline void launch_sysctl_encode(struct record_writer *writer, const struct launch_sysctl *in)
{
	record_begin(writer, LAUNCH_SYSCTL);
	record_put_str(writer, in->path);
	record_put_str(writer, in->value);
	record_finish(writer);
}

struct launch_umask {
	uint32_t mask;
};

static inline int launch_umask_decode(struct record *record, struct launch_umask *out)
{
	record_get_u32(record, &out->mask);
	return record_end(record);
}

static inline void launch_umask_encode(struct record_writer *writer, const struct launch_umask *in)
{
	record_begin(writer, LAUNCH_UMASK);
	record_put_u32(writer, in->mask);
	record_finish(writer);
}

struct launch_personality {
	uint32_t domain;
};

static inline int launch_personality_decode(struct record *record, struct launch_personality *out)
{
	record_get_u32(record, &out->domain);
	return record_end(record);
}

static inline void launch_personality_encode(struct record_writer *writer, const struct launch_personality *in)
{
	record_begin(writer, LAUNCH_PERSONALITY);
	record_put_u32(writer, in->domain);
	record_finish(writer);
}

struct launch_limit {
	uint32_t resource;
	uint64_t soft;
	uint64_t hard;
};

static inline int launch_limit_decode(struct record *record, struct launch_limit *out)
{
	record_get_u32(record, &out->resource);
	record_get_u64(record, &out->soft);
	record_get_u64(record, &out->hard);
	return record_end(record);
}

static inline void launch_limit_encode(struct record_writer *writer, const struct launch_limit *in)
{
	record_begin(writer, LAUNCH_LIMIT);
	record_put_u32(writer, in->resource);
	record_put_u64(writer, in->soft);
	record_put_u64(writer, in->hard);
	record_finish(writer);
}

struct launch_standard_streams {
	uint32_t uid;
	uint32_t gid;
};

static inline int launch_standard_streams_decode(struct record *record, struct launch_standard_streams *out)
{
	record_get_u32(record, &out->uid);
	record_get_u32(record, &out->gid);
	return record_end(record);
}

static inline void launch_standard_streams_encode(struct record_writer *writer, const struct launch_standard_streams *in)
{
	record_begin(writer, LAUNCH_STANDARD_STREAMS);
	record_put_u32(writer, in->uid);
	record_put_u32(writer, in->gid);
	record_finish(writer);
}

struct launch_scheduler {
	uint32_t policy;
	int32_t nice;
	uint32_t priority;
	uint64_t flags;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

static inline int launch_scheduler_decode(struct record *record, struct launch_scheduler *out)
{
	record_get_u32(record, &out->policy);
	record_get_i32(record, &out->nice);
	record_get_u32(record, &out->priority);
	record_get_u64(record, &out->flags);
	record_get_u64(record, &out->runtime);
	record_get_u64(record, &out->deadline);
	record_get_u64(record, &out->period);
	return record_end(record);
}

static inline void launch_scheduler_encode(struct record_writer *writer, const struct launch_scheduler *in)
{
	record_begin(writer, LAUNCH_SCHEDULER);
	record_put_u32(writer, in->policy);
	record_put_i32(writer, in->nice);
	record_put_u32(writer, in->priority);
	record_put_u64(writer, in->flags);
	record_put_u64(writer, in->runtime);
	record_put_u64(writer, in->deadline);
	record_put_u64(writer, in->period);
	record_finish(writer);
}

struct launch_io_priority {
	uint32_t value;
};

static inline int launch_io_priority_decode(struct record *record, struct launch_io_priority *out)
{
	record_get_u32(record, &out->value);
	return record_end(record);
}

static inline void launch_io_priority_encode(struct record_writer *writer, const struct launch_io_priority *in)
{
	record_begin(writer, LAUNCH_IO_PRIORITY);
	record_put_u32(writer, in->value);
	record_finish(writer);
}

struct launch_apparmor {
	const char *profile;
};

static inline int launch_apparmor_decode(struct record *record, struct launch_apparmor *out)
{
	record_get_str(record, &out->profile);
	return record_end(record);
}

static inline void launch_apparmor_encode(struct record_writer *writer, const struct launch_apparmor *in)
{
	record_begin(writer, LAUNCH_APPARMOR);
	record_put_str(writer, in->profile);
	record_finish(writer);
}

struct launch_selinux {
	const char *label;
};

static inline int launch_selinux_decode(struct record *record, struct launch_selinux *out)
{
	record_get_str(record, &out->label);
	return record_end(record);
}

static inline void launch_selinux_encode(struct record_writer *writer, const struct launch_selinux *in)
{
	record_begin(writer, LAUNCH_SELINUX);
	record_put_str(writer, in->label);
	record_finish(writer);
}

static inline int launch_no_new_privileges_decode(struct record *record)
{
	return record_end(record);
}

static inline void launch_no_new_privileges_encode(struct record_writer *writer)
{
	record_begin(writer, LAUNCH_NO_NEW_PRIVILEGES);
	record_finish(writer);
}

struct launch_seccomp {
	struct record_bytes filter;
	uint32_t flags;
	int32_t slot;
	const char *state_prefix;
	const char *state_middle;
	const char *state_suffix;
};

static inline int launch_seccomp_decode(struct record *record, struct launch_seccomp *out)
{
	record_get_bytes(record, &out->filter);
	record_get_u32(record, &out->flags);
	record_get_i32(record, &out->slot);
	record_get_str(record, &out->state_prefix);
	record_get_str(record, &out->state_middle);
	record_get_str(record, &out->state_suffix);
	return record_end(record);
}

static inline void launch_seccomp_encode(struct record_writer *writer, const struct launch_seccomp *in)
{
	record_begin(writer, LAUNCH_SECCOMP);
	record_put_bytes(writer, in->filter);
	record_put_u32(writer, in->flags);
	record_put_i32(writer, in->slot);
	record_put_str(writer, in->state_prefix);
	record_put_str(writer, in->state_middle);
	record_put_str(writer, in->state_suffix);
	record_finish(writer);
}

struct launch_bounding {
	uint64_t mask;
};

static inline int launch_bounding_decode(struct record *record, struct launch_bounding *out)
{
	record_get_u64(record, &out->mask);
	return record_end(record);
}

static inline void launch_bounding_encode(struct record_writer *writer, const struct launch_bounding *in)
{
	record_begin(writer, LAUNCH_BOUNDING);
	record_put_u64(writer, in->mask);
	record_finish(writer);
}

struct launch_user {
	uint32_t uid;
	uint32_t gid;
	struct record_u32s groups;
	uint32_t set_groups;
};

static inline int launch_user_decode(struct record *record, struct launch_user *out)
{
	record_get_u32(record, &out->uid);
	record_get_u32(record, &out->gid);
	record_get_u32s(record, &out->groups);
	record_get_u32(record, &out->set_groups);
	return record_end(record);
}

static inline void launch_user_encode(struct record_writer *writer, const struct launch_user *in)
{
	record_begin(writer, LAUNCH_USER);
	record_put_u32(writer, in->uid);
	record_put_u32(writer, in->gid);
	record_put_u32s(writer, in->groups);
	record_put_u32(writer, in->set_groups);
	record_finish(writer);
}

struct launch_capabilities {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
	uint64_t ambient;
};

static inline int launch_capabilities_decode(struct record *record, struct launch_capabilities *out)
{
	record_get_u64(record, &out->effective);
	record_get_u64(record, &out->permitted);
	record_get_u64(record, &out->inheritable);
	record_get_u64(record, &out->ambient);
	return record_end(record);
}

static inline void launch_capabilities_encode(struct record_writer *writer, const struct launch_capabilities *in)
{
	record_begin(writer, LAUNCH_CAPABILITIES);
	record_put_u64(writer, in->effective);
	record_put_u64(writer, in->permitted);
	record_put_u64(writer, in->inheritable);
	record_put_u64(writer, in->ambient);
	record_finish(writer);
}

struct launch_working_directory {
	const char *path;
	uint32_t phase;
};

static inline int launch_working_directory_decode(struct record *record, struct launch_working_directory *out)
{
	record_get_str(record, &out->path);
	record_get_u32(record, &out->phase);
	return record_end(record);
}

static inline void launch_working_directory_encode(struct record_writer *writer, const struct launch_working_directory *in)
{
	record_begin(writer, LAUNCH_WORKING_DIRECTORY);
	record_put_str(writer, in->path);
	record_put_u32(writer, in->phase);
	record_finish(writer);
}

struct launch_parent_death {
	uint32_t signal;
};

static inline int launch_parent_death_decode(struct record *record, struct launch_parent_death *out)
{
	record_get_u32(record, &out->signal);
	return record_end(record);
}

static inline void launch_parent_death_encode(struct record_writer *writer, const struct launch_parent_death *in)
{
	record_begin(writer, LAUNCH_PARENT_DEATH);
	record_put_u32(writer, in->signal);
	record_finish(writer);
}

struct launch_environment {
	struct record_strs variables;
};

static inline int launch_environment_decode(struct record *record, struct launch_environment *out)
{
	record_get_strs(record, &out->variables);
	return record_end(record);
}

static inline void launch_environment_encode(struct record_writer *writer, const struct launch_environment *in)
{
	record_begin(writer, LAUNCH_ENVIRONMENT);
	record_put_strs(writer, in->variables);
	record_finish(writer);
}

struct launch_home {
	uint32_t uid;
};

static inline int launch_home_decode(struct record *record, struct launch_home *out)
{
	record_get_u32(record, &out->uid);
	return record_end(record);
}

static inline void launch_home_encode(struct record_writer *writer, const struct launch_home *in)
{
	record_begin(writer, LAUNCH_HOME);
	record_put_u32(writer, in->uid);
	record_finish(writer);
}

struct launch_lookup {
	const char *name;
};

static inline int launch_lookup_decode(struct record *record, struct launch_lookup *out)
{
	record_get_str(record, &out->name);
	return record_end(record);
}

static inline void launch_lookup_encode(struct record_writer *writer, const struct launch_lookup *in)
{
	record_begin(writer, LAUNCH_LOOKUP);
	record_put_str(writer, in->name);
	record_finish(writer);
}

static inline int launch_ready_decode(struct record *record)
{
	return record_end(record);
}

static inline void launch_ready_encode(struct record_writer *writer)
{
	record_begin(writer, LAUNCH_READY);
	record_finish(writer);
}

struct launch_await_start {
	uint32_t slot;
};

static inline int launch_await_start_decode(struct record *record, struct launch_await_start *out)
{
	record_get_u32(record, &out->slot);
	return record_end(record);
}

static inline void launch_await_start_encode(struct record_writer *writer, const struct launch_await_start *in)
{
	record_begin(writer, LAUNCH_AWAIT_START);
	record_put_u32(writer, in->slot);
	record_finish(writer);
}

struct launch_execute {
	struct record_strs args;
	uint32_t extra;
};

static inline int launch_execute_decode(struct record *record, struct launch_execute *out)
{
	record_get_strs(record, &out->args);
	record_get_u32(record, &out->extra);
	return record_end(record);
}

static inline void launch_execute_encode(struct record_writer *writer, const struct launch_execute *in)
{
	record_begin(writer, LAUNCH_EXECUTE);
	record_put_strs(writer, in->args);
	record_put_u32(writer, in->extra);
	record_finish(writer);
}

/* What the init role and its parent say to one another over the sync channel once the program is sent. */
enum sync_kind {
	SYNC_GO = 1,
	SYNC_MAP_IDS = 2,
	SYNC_PID = 3,
	SYNC_HOOKS = 4,
	SYNC_READY = 5,
	SYNC_FAILURE = 6,
};

static inline int sync_go_decode(struct record *record)
{
	return record_end(record);
}

static inline void sync_go_encode(struct record_writer *writer)
{
	record_begin(writer, SYNC_GO);
	record_finish(writer);
}

struct sync_map_ids {
	int32_t pid;
};

static inline int sync_map_ids_decode(struct record *record, struct sync_map_ids *out)
{
	record_get_i32(record, &out->pid);
	return record_end(record);
}

static inline void sync_map_ids_encode(struct record_writer *writer, const struct sync_map_ids *in)
{
	record_begin(writer, SYNC_MAP_IDS);
	record_put_i32(writer, in->pid);
	record_finish(writer);
}

struct sync_pid {
	int32_t pid;
	uint32_t placed;
	uint32_t waits;
};

static inline int sync_pid_decode(struct record *record, struct sync_pid *out)
{
	record_get_i32(record, &out->pid);
	record_get_u32(record, &out->placed);
	record_get_u32(record, &out->waits);
	return record_end(record);
}

static inline void sync_pid_encode(struct record_writer *writer, const struct sync_pid *in)
{
	record_begin(writer, SYNC_PID);
	record_put_i32(writer, in->pid);
	record_put_u32(writer, in->placed);
	record_put_u32(writer, in->waits);
	record_finish(writer);
}

static inline int sync_hooks_decode(struct record *record)
{
	return record_end(record);
}

static inline void sync_hooks_encode(struct record_writer *writer)
{
	record_begin(writer, SYNC_HOOKS);
	record_finish(writer);
}

static inline int sync_ready_decode(struct record *record)
{
	return record_end(record);
}

static inline void sync_ready_encode(struct record_writer *writer)
{
	record_begin(writer, SYNC_READY);
	record_finish(writer);
}

struct sync_failure {
	uint32_t step;
	int32_t code;
	const char *text;
};

static inline int sync_failure_decode(struct record *record, struct sync_failure *out)
{
	record_get_u32(record, &out->step);
	record_get_i32(record, &out->code);
	record_get_str(record, &out->text);
	return record_end(record);
}

static inline void sync_failure_encode(struct record_writer *writer, const struct sync_failure *in)
{
	record_begin(writer, SYNC_FAILURE);
	record_put_u32(writer, in->step);
	record_put_i32(writer, in->code);
	record_put_str(writer, in->text);
	record_finish(writer);
}

/* What a monitor is told on fd 4 before it starts anything; the last record is begin, then fd 4 carries commands and events. */
enum monitor_config_kind {
	MONITOR_CONFIG_BUNDLE = 1,
	MONITOR_CONFIG_FILES = 2,
	MONITOR_CONFIG_STREAM = 3,
	MONITOR_CONFIG_TERMINAL = 4,
	MONITOR_CONFIG_RUNTIME = 5,
	MONITOR_CONFIG_BEGIN = 6,
	MONITOR_CONFIG_LOGGER = 7,
};

struct monitor_config_bundle {
	const char *path;
};

static inline int monitor_config_bundle_decode(struct record *record, struct monitor_config_bundle *out)
{
	record_get_str(record, &out->path);
	return record_end(record);
}

static inline void monitor_config_bundle_encode(struct record_writer *writer, const struct monitor_config_bundle *in)
{
	record_begin(writer, MONITOR_CONFIG_BUNDLE);
	record_put_str(writer, in->path);
	record_finish(writer);
}

struct monitor_config_files {
	const char *control;
	const char *exit;
};

static inline int monitor_config_files_decode(struct record *record, struct monitor_config_files *out)
{
	record_get_str(record, &out->control);
	record_get_str(record, &out->exit);
	return record_end(record);
}

static inline void monitor_config_files_encode(struct record_writer *writer, const struct monitor_config_files *in)
{
	record_begin(writer, MONITOR_CONFIG_FILES);
	record_put_str(writer, in->control);
	record_put_str(writer, in->exit);
	record_finish(writer);
}

struct monitor_config_stream {
	uint32_t number;
	uint32_t type;
	const char *path;
};

static inline int monitor_config_stream_decode(struct record *record, struct monitor_config_stream *out)
{
	record_get_u32(record, &out->number);
	record_get_u32(record, &out->type);
	record_get_str(record, &out->path);
	return record_end(record);
}

static inline void monitor_config_stream_encode(struct record_writer *writer, const struct monitor_config_stream *in)
{
	record_begin(writer, MONITOR_CONFIG_STREAM);
	record_put_u32(writer, in->number);
	record_put_u32(writer, in->type);
	record_put_str(writer, in->path);
	record_finish(writer);
}

struct monitor_config_terminal {
	const char *socket;
};

static inline int monitor_config_terminal_decode(struct record *record, struct monitor_config_terminal *out)
{
	record_get_str(record, &out->socket);
	return record_end(record);
}

static inline void monitor_config_terminal_encode(struct record_writer *writer, const struct monitor_config_terminal *in)
{
	record_begin(writer, MONITOR_CONFIG_TERMINAL);
	record_put_str(writer, in->socket);
	record_finish(writer);
}

struct monitor_config_runtime {
	struct record_strs args;
	struct record_strs environment;
	const char *pid_file;
};

static inline int monitor_config_runtime_decode(struct record *record, struct monitor_config_runtime *out)
{
	record_get_strs(record, &out->args);
	record_get_strs(record, &out->environment);
	record_get_str(record, &out->pid_file);
	return record_end(record);
}

static inline void monitor_config_runtime_encode(struct record_writer *writer, const struct monitor_config_runtime *in)
{
	record_begin(writer, MONITOR_CONFIG_RUNTIME);
	record_put_strs(writer, in->args);
	record_put_strs(writer, in->environment);
	record_put_str(writer, in->pid_file);
	record_finish(writer);
}

struct monitor_config_begin {
	uint32_t version;
};

static inline int monitor_config_begin_decode(struct record *record, struct monitor_config_begin *out)
{
	record_get_u32(record, &out->version);
	return record_end(record);
}

static inline void monitor_config_begin_encode(struct record_writer *writer, const struct monitor_config_begin *in)
{
	record_begin(writer, MONITOR_CONFIG_BEGIN);
	record_put_u32(writer, in->version);
	record_finish(writer);
}

struct monitor_config_logger {
	struct record_strs args;
	struct record_strs environment;
};

static inline int monitor_config_logger_decode(struct record *record, struct monitor_config_logger *out)
{
	record_get_strs(record, &out->args);
	record_get_strs(record, &out->environment);
	return record_end(record);
}

static inline void monitor_config_logger_encode(struct record_writer *writer, const struct monitor_config_logger *in)
{
	record_begin(writer, MONITOR_CONFIG_LOGGER);
	record_put_strs(writer, in->args);
	record_put_strs(writer, in->environment);
	record_finish(writer);
}

/* What a monitor tells every peer of its control socket, from the beginning for each; the exit file holds the same records. */
enum monitor_event_kind {
	MONITOR_EVENT_HELLO = 1,
	MONITOR_EVENT_STARTED = 2,
	MONITOR_EVENT_FAILED = 3,
	MONITOR_EVENT_EXITED = 4,
	MONITOR_EVENT_DRAINED = 5,
};

struct monitor_event_hello {
	uint32_t version;
	int32_t pid;
};

static inline int monitor_event_hello_decode(struct record *record, struct monitor_event_hello *out)
{
	record_get_u32(record, &out->version);
	record_get_i32(record, &out->pid);
	return record_end(record);
}

static inline void monitor_event_hello_encode(struct record_writer *writer, const struct monitor_event_hello *in)
{
	record_begin(writer, MONITOR_EVENT_HELLO);
	record_put_u32(writer, in->version);
	record_put_i32(writer, in->pid);
	record_finish(writer);
}

struct monitor_event_started {
	int32_t pid;
};

static inline int monitor_event_started_decode(struct record *record, struct monitor_event_started *out)
{
	record_get_i32(record, &out->pid);
	return record_end(record);
}

static inline void monitor_event_started_encode(struct record_writer *writer, const struct monitor_event_started *in)
{
	record_begin(writer, MONITOR_EVENT_STARTED);
	record_put_i32(writer, in->pid);
	record_finish(writer);
}

struct monitor_event_failed {
	uint32_t status;
	const char *text;
};

static inline int monitor_event_failed_decode(struct record *record, struct monitor_event_failed *out)
{
	record_get_u32(record, &out->status);
	record_get_str(record, &out->text);
	return record_end(record);
}

static inline void monitor_event_failed_encode(struct record_writer *writer, const struct monitor_event_failed *in)
{
	record_begin(writer, MONITOR_EVENT_FAILED);
	record_put_u32(writer, in->status);
	record_put_str(writer, in->text);
	record_finish(writer);
}

struct monitor_event_exited {
	uint32_t status;
	uint64_t nanoseconds;
};

static inline int monitor_event_exited_decode(struct record *record, struct monitor_event_exited *out)
{
	record_get_u32(record, &out->status);
	record_get_u64(record, &out->nanoseconds);
	return record_end(record);
}

static inline void monitor_event_exited_encode(struct record_writer *writer, const struct monitor_event_exited *in)
{
	record_begin(writer, MONITOR_EVENT_EXITED);
	record_put_u32(writer, in->status);
	record_put_u64(writer, in->nanoseconds);
	record_finish(writer);
}

static inline int monitor_event_drained_decode(struct record *record)
{
	return record_end(record);
}

static inline void monitor_event_drained_encode(struct record_writer *writer)
{
	record_begin(writer, MONITOR_EVENT_DRAINED);
	record_finish(writer);
}

/* What a peer of the control socket asks a monitor to do. There are no answers; a malformed command ends the connection. */
enum monitor_command_kind {
	MONITOR_COMMAND_RESIZE = 1,
	MONITOR_COMMAND_CLOSE_INPUT = 2,
	MONITOR_COMMAND_SIGNAL = 3,
	MONITOR_COMMAND_QUIT = 4,
};

struct monitor_command_resize {
	uint32_t columns;
	uint32_t rows;
};

static inline int monitor_command_resize_decode(struct record *record, struct monitor_command_resize *out)
{
	record_get_u32(record, &out->columns);
	record_get_u32(record, &out->rows);
	return record_end(record);
}

static inline void monitor_command_resize_encode(struct record_writer *writer, const struct monitor_command_resize *in)
{
	record_begin(writer, MONITOR_COMMAND_RESIZE);
	record_put_u32(writer, in->columns);
	record_put_u32(writer, in->rows);
	record_finish(writer);
}

static inline int monitor_command_close_input_decode(struct record *record)
{
	return record_end(record);
}

static inline void monitor_command_close_input_encode(struct record_writer *writer)
{
	record_begin(writer, MONITOR_COMMAND_CLOSE_INPUT);
	record_finish(writer);
}

struct monitor_command_signal {
	uint32_t number;
};

static inline int monitor_command_signal_decode(struct record *record, struct monitor_command_signal *out)
{
	record_get_u32(record, &out->number);
	return record_end(record);
}

static inline void monitor_command_signal_encode(struct record_writer *writer, const struct monitor_command_signal *in)
{
	record_begin(writer, MONITOR_COMMAND_SIGNAL);
	record_put_u32(writer, in->number);
	record_finish(writer);
}

static inline int monitor_command_quit_decode(struct record *record)
{
	return record_end(record);
}

static inline void monitor_command_quit_encode(struct record_writer *writer)
{
	record_begin(writer, MONITOR_COMMAND_QUIT);
	record_finish(writer);
}

#endif
