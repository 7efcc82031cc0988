// SPDX-License-Identifier: Apache-2.0
// Generated from protocol.json by scripts/generate-protocol.mjs; do not edit.
#ifndef TEU_TOUCH_H
#define TEU_TOUCH_H

#include "fuzz/touch.h"
#include "protocol.h"

static inline int touch_launch_oom_score(struct record *record)
{
	struct launch_oom_score value;

	if (launch_oom_score_decode(record, &value) < 0)
		return -1;
	touch_i32(value.value);
	return 0;
}

static inline int touch_launch_open(struct record *record)
{
	struct launch_open value;

	if (launch_open_decode(record, &value) < 0)
		return -1;
	touch_u32(value.slot);
	touch_str(value.path);
	touch_u32(value.flags);
	return 0;
}

static inline int touch_launch_connect(struct record *record)
{
	struct launch_connect value;

	if (launch_connect_decode(record, &value) < 0)
		return -1;
	touch_u32(value.slot);
	touch_str(value.path);
	return 0;
}

static inline int touch_launch_open_tree(struct record *record)
{
	struct launch_open_tree value;

	if (launch_open_tree_decode(record, &value) < 0)
		return -1;
	touch_u32(value.slot);
	touch_str(value.path);
	touch_u32(value.recursive);
	return 0;
}

static inline int touch_launch_raise_limit(struct record *record)
{
	struct launch_raise_limit value;

	if (launch_raise_limit_decode(record, &value) < 0)
		return -1;
	touch_u32(value.resource);
	touch_u64(value.hard);
	return 0;
}

static inline int touch_launch_join(struct record *record)
{
	struct launch_join value;

	if (launch_join_decode(record, &value) < 0)
		return -1;
	touch_u32(value.namespace);
	touch_u32(value.slot);
	return 0;
}

static inline int touch_launch_new_user(struct record *record)
{
	return launch_new_user_decode(record);
}

static inline int touch_launch_unshare(struct record *record)
{
	struct launch_unshare value;

	if (launch_unshare_decode(record, &value) < 0)
		return -1;
	touch_u32(value.flags);
	return 0;
}

static inline int touch_launch_time_offset(struct record *record)
{
	struct launch_time_offset value;

	if (launch_time_offset_decode(record, &value) < 0)
		return -1;
	touch_str(value.clock);
	touch_i64(value.seconds);
	touch_u32(value.nanoseconds);
	return 0;
}

static inline int touch_launch_spawn(struct record *record)
{
	struct launch_spawn value;

	if (launch_spawn_decode(record, &value) < 0)
		return -1;
	touch_i32(value.cgroup);
	touch_u32(value.wait);
	return 0;
}

static inline int touch_launch_close(struct record *record)
{
	struct launch_close value;

	if (launch_close_decode(record, &value) < 0)
		return -1;
	touch_u32(value.slot);
	return 0;
}

static inline int touch_launch_close_procfs(struct record *record)
{
	return launch_close_procfs_decode(record);
}

static inline int touch_launch_join_cgroup(struct record *record)
{
	struct launch_join_cgroup value;

	if (launch_join_cgroup_decode(record, &value) < 0)
		return -1;
	touch_u32(value.slot);
	return 0;
}

static inline int touch_launch_affinity(struct record *record)
{
	struct launch_affinity value;

	if (launch_affinity_decode(record, &value) < 0)
		return -1;
	touch_u32s(value.cpus);
	return 0;
}

static inline int touch_launch_map_tree(struct record *record)
{
	struct launch_map_tree value;

	if (launch_map_tree_decode(record, &value) < 0)
		return -1;
	touch_u32(value.slot);
	touch_i32(value.namespace);
	touch_str(value.uids);
	touch_str(value.gids);
	touch_u32(value.recursive);
	return 0;
}

static inline int touch_launch_own_procfs(struct record *record)
{
	return launch_own_procfs_decode(record);
}

static inline int touch_launch_label(struct record *record)
{
	struct launch_label value;

	if (launch_label_decode(record, &value) < 0)
		return -1;
	touch_u32(value.module);
	return 0;
}

static inline int touch_launch_new_session(struct record *record)
{
	return launch_new_session_decode(record);
}

static inline int touch_launch_keyring(struct record *record)
{
	struct launch_keyring value;

	if (launch_keyring_decode(record, &value) < 0)
		return -1;
	touch_str(value.name);
	return 0;
}

static inline int touch_launch_loopback(struct record *record)
{
	return launch_loopback_decode(record);
}

static inline int touch_launch_host_propagation(struct record *record)
{
	struct launch_host_propagation value;

	if (launch_host_propagation_decode(record, &value) < 0)
		return -1;
	touch_u32(value.flags);
	return 0;
}

static inline int touch_launch_root(struct record *record)
{
	struct launch_root value;

	if (launch_root_decode(record, &value) < 0)
		return -1;
	touch_str(value.path);
	return 0;
}

static inline int touch_launch_mount(struct record *record)
{
	struct launch_mount value;

	if (launch_mount_decode(record, &value) < 0)
		return -1;
	touch_str(value.destination);
	touch_str(value.source);
	touch_str(value.type);
	touch_u32(value.flags);
	touch_str(value.data);
	touch_u32s(value.propagation);
	touch_u32(value.options);
	touch_u32(value.copy_up);
	return 0;
}

static inline int touch_launch_bind(struct record *record)
{
	struct launch_bind value;

	if (launch_bind_decode(record, &value) < 0)
		return -1;
	touch_str(value.destination);
	touch_str(value.source);
	touch_i32(value.slot);
	touch_u32(value.recursive);
	touch_u32(value.remount);
	touch_u32(value.flags);
	touch_u32s(value.propagation);
	touch_u64(value.attr_set);
	touch_u64(value.attr_clear);
	return 0;
}

static inline int touch_launch_remount(struct record *record)
{
	struct launch_remount value;

	if (launch_remount_decode(record, &value) < 0)
		return -1;
	touch_str(value.destination);
	touch_u32(value.flags);
	return 0;
}

static inline int touch_launch_directory(struct record *record)
{
	struct launch_directory value;

	if (launch_directory_decode(record, &value) < 0)
		return -1;
	touch_str(value.path);
	touch_u32(value.mode);
	return 0;
}

static inline int touch_launch_symlink(struct record *record)
{
	struct launch_symlink value;

	if (launch_symlink_decode(record, &value) < 0)
		return -1;
	touch_str(value.path);
	touch_str(value.target);
	touch_u32(value.replace);
	return 0;
}

static inline int touch_launch_device(struct record *record)
{
	struct launch_device value;

	if (launch_device_decode(record, &value) < 0)
		return -1;
	touch_str(value.path);
	touch_u32(value.type);
	touch_u32(value.major);
	touch_u32(value.minor);
	touch_u32(value.mode);
	touch_u32(value.uid);
	touch_u32(value.gid);
	touch_u32(value.bind);
	return 0;
}

static inline int touch_launch_runtime_hooks(struct record *record)
{
	return launch_runtime_hooks_decode(record);
}

static inline int touch_launch_hook(struct record *record)
{
	struct launch_hook value;

	if (launch_hook_decode(record, &value) < 0)
		return -1;
	touch_str(value.path);
	touch_strs(value.args);
	touch_strs(value.env);
	touch_u32(value.options);
	touch_u32(value.timeout_milliseconds);
	touch_str(value.state_prefix);
	touch_str(value.state_suffix);
	return 0;
}

static inline int touch_launch_console(struct record *record)
{
	struct launch_console value;

	if (launch_console_decode(record, &value) < 0)
		return -1;
	touch_u32(value.slot);
	touch_u32(value.width);
	touch_u32(value.height);
	touch_u32(value.mount);
	return 0;
}

static inline int touch_launch_mask(struct record *record)
{
	struct launch_mask value;

	if (launch_mask_decode(record, &value) < 0)
		return -1;
	touch_str(value.path);
	return 0;
}

static inline int touch_launch_readonly_path(struct record *record)
{
	struct launch_readonly_path value;

	if (launch_readonly_path_decode(record, &value) < 0)
		return -1;
	touch_str(value.path);
	return 0;
}

static inline int touch_launch_root_flags(struct record *record)
{
	struct launch_root_flags value;

	if (launch_root_flags_decode(record, &value) < 0)
		return -1;
	touch_u32(value.flags);
	return 0;
}

static inline int touch_launch_root_propagation(struct record *record)
{
	struct launch_root_propagation value;

	if (launch_root_propagation_decode(record, &value) < 0)
		return -1;
	touch_u32(value.flags);
	return 0;
}

static inline int touch_launch_pivot(struct record *record)
{
	return launch_pivot_decode(record);
}

static inline int touch_launch_move_root(struct record *record)
{
	return launch_move_root_decode(record);
}

static inline int touch_launch_hostname(struct record *record)
{
	struct launch_hostname value;

	if (launch_hostname_decode(record, &value) < 0)
		return -1;
	touch_str(value.name);
	return 0;
}

static inline int touch_launch_domainname(struct record *record)
{
	struct launch_domainname value;

	if (launch_domainname_decode(record, &value) < 0)
		return -1;
	touch_str(value.name);
	return 0;
}

static inline int touch_launch_sysctl(struct record *record)
{
	struct launch_sysctl value;

	if (launch_sysctl_decode(record, &value) < 0)
		return -1;
	touch_str(value.path);
	touch_str(value.value);
	return 0;
}

static inline int touch_launch_umask(struct record *record)
{
	struct launch_umask value;

	if (launch_umask_decode(record, &value) < 0)
		return -1;
	touch_u32(value.mask);
	return 0;
}

static inline int touch_launch_personality(struct record *record)
{
	struct launch_personality value;

	if (launch_personality_decode(record, &value) < 0)
		return -1;
	touch_u32(value.domain);
	return 0;
}

static inline int touch_launch_limit(struct record *record)
{
	struct launch_limit value;

	if (launch_limit_decode(record, &value) < 0)
		return -1;
	touch_u32(value.resource);
	touch_u64(value.soft);
	touch_u64(value.hard);
	return 0;
}

static inline int touch_launch_standard_streams(struct record *record)
{
	struct launch_standard_streams value;

	if (launch_standard_streams_decode(record, &value) < 0)
		return -1;
	touch_u32(value.uid);
	touch_u32(value.gid);
	return 0;
}

static inline int touch_launch_scheduler(struct record *record)
{
	struct launch_scheduler value;

	if (launch_scheduler_decode(record, &value) < 0)
		return -1;
	touch_u32(value.policy);
	touch_i32(value.nice);
	touch_u32(value.priority);
	touch_u64(value.flags);
	touch_u64(value.runtime);
	touch_u64(value.deadline);
	touch_u64(value.period);
	return 0;
}

static inline int touch_launch_io_priority(struct record *record)
{
	struct launch_io_priority value;

	if (launch_io_priority_decode(record, &value) < 0)
		return -1;
	touch_u32(value.value);
	return 0;
}

static inline int touch_launch_apparmor(struct record *record)
{
	struct launch_apparmor value;

	if (launch_apparmor_decode(record, &value) < 0)
		return -1;
	touch_str(value.profile);
	return 0;
}

static inline int touch_launch_selinux(struct record *record)
{
	struct launch_selinux value;

	if (launch_selinux_decode(record, &value) < 0)
		return -1;
	touch_str(value.label);
	return 0;
}

static inline int touch_launch_no_new_privileges(struct record *record)
{
	return launch_no_new_privileges_decode(record);
}

static inline int touch_launch_seccomp(struct record *record)
{
	struct launch_seccomp value;

	if (launch_seccomp_decode(record, &value) < 0)
		return -1;
	touch_bytes(value.filter);
	touch_u32(value.flags);
	touch_i32(value.slot);
	touch_str(value.state_prefix);
	touch_str(value.state_middle);
	touch_str(value.state_suffix);
	return 0;
}

static inline int touch_launch_bounding(struct record *record)
{
	struct launch_bounding value;

	if (launch_bounding_decode(record, &value) < 0)
		return -1;
	touch_u64(value.mask);
	return 0;
}

static inline int touch_launch_user(struct record *record)
{
	struct launch_user value;

	if (launch_user_decode(record, &value) < 0)
		return -1;
	touch_u32(value.uid);
	touch_u32(value.gid);
	touch_u32s(value.groups);
	touch_u32(value.set_groups);
	return 0;
}

static inline int touch_launch_capabilities(struct record *record)
{
	struct launch_capabilities value;

	if (launch_capabilities_decode(record, &value) < 0)
		return -1;
	touch_u64(value.effective);
	touch_u64(value.permitted);
	touch_u64(value.inheritable);
	touch_u64(value.ambient);
	return 0;
}

static inline int touch_launch_working_directory(struct record *record)
{
	struct launch_working_directory value;

	if (launch_working_directory_decode(record, &value) < 0)
		return -1;
	touch_str(value.path);
	touch_u32(value.phase);
	return 0;
}

static inline int touch_launch_parent_death(struct record *record)
{
	struct launch_parent_death value;

	if (launch_parent_death_decode(record, &value) < 0)
		return -1;
	touch_u32(value.signal);
	return 0;
}

static inline int touch_launch_environment(struct record *record)
{
	struct launch_environment value;

	if (launch_environment_decode(record, &value) < 0)
		return -1;
	touch_strs(value.variables);
	return 0;
}

static inline int touch_launch_home(struct record *record)
{
	struct launch_home value;

	if (launch_home_decode(record, &value) < 0)
		return -1;
	touch_u32(value.uid);
	return 0;
}

static inline int touch_launch_lookup(struct record *record)
{
	struct launch_lookup value;

	if (launch_lookup_decode(record, &value) < 0)
		return -1;
	touch_str(value.name);
	return 0;
}

static inline int touch_launch_ready(struct record *record)
{
	return launch_ready_decode(record);
}

static inline int touch_launch_await_start(struct record *record)
{
	struct launch_await_start value;

	if (launch_await_start_decode(record, &value) < 0)
		return -1;
	touch_u32(value.slot);
	return 0;
}

static inline int touch_launch_execute(struct record *record)
{
	struct launch_execute value;

	if (launch_execute_decode(record, &value) < 0)
		return -1;
	touch_strs(value.args);
	touch_u32(value.extra);
	return 0;
}

#define LAUNCH_EACH(X) \
	X(oom_score) \
	X(open) \
	X(connect) \
	X(open_tree) \
	X(raise_limit) \
	X(join) \
	X(new_user) \
	X(unshare) \
	X(time_offset) \
	X(spawn) \
	X(close) \
	X(close_procfs) \
	X(join_cgroup) \
	X(affinity) \
	X(map_tree) \
	X(own_procfs) \
	X(label) \
	X(new_session) \
	X(keyring) \
	X(loopback) \
	X(host_propagation) \
	X(root) \
	X(mount) \
	X(bind) \
	X(remount) \
	X(directory) \
	X(symlink) \
	X(device) \
	X(runtime_hooks) \
	X(hook) \
	X(console) \
	X(mask) \
	X(readonly_path) \
	X(root_flags) \
	X(root_propagation) \
	X(pivot) \
	X(move_root) \
	X(hostname) \
	X(domainname) \
	X(sysctl) \
	X(umask) \
	X(personality) \
	X(limit) \
	X(standard_streams) \
	X(scheduler) \
	X(io_priority) \
	X(apparmor) \
	X(selinux) \
	X(no_new_privileges) \
	X(seccomp) \
	X(bounding) \
	X(user) \
	X(capabilities) \
	X(working_directory) \
	X(parent_death) \
	X(environment) \
	X(home) \
	X(lookup) \
	X(ready) \
	X(await_start) \
	X(execute) \

static inline int touch_launch(struct record *record)
{
	switch (record->kind) {
	case LAUNCH_OOM_SCORE:
		return touch_launch_oom_score(record);
	case LAUNCH_OPEN:
		return touch_launch_open(record);
	case LAUNCH_CONNECT:
		return touch_launch_connect(record);
	case LAUNCH_OPEN_TREE:
		return touch_launch_open_tree(record);
	case LAUNCH_RAISE_LIMIT:
		return touch_launch_raise_limit(record);
	case LAUNCH_JOIN:
		return touch_launch_join(record);
	case LAUNCH_NEW_USER:
		return touch_launch_new_user(record);
	case LAUNCH_UNSHARE:
		return touch_launch_unshare(record);
	case LAUNCH_TIME_OFFSET:
		return touch_launch_time_offset(record);
	case LAUNCH_SPAWN:
		return touch_launch_spawn(record);
	case LAUNCH_CLOSE:
		return touch_launch_close(record);
	case LAUNCH_CLOSE_PROCFS:
		return touch_launch_close_procfs(record);
	case LAUNCH_JOIN_CGROUP:
		return touch_launch_join_cgroup(record);
	case LAUNCH_AFFINITY:
		return touch_launch_affinity(record);
	case LAUNCH_MAP_TREE:
		return touch_launch_map_tree(record);
	case LAUNCH_OWN_PROCFS:
		return touch_launch_own_procfs(record);
	case LAUNCH_LABEL:
		return touch_launch_label(record);
	case LAUNCH_NEW_SESSION:
		return touch_launch_new_session(record);
	case LAUNCH_KEYRING:
		return touch_launch_keyring(record);
	case LAUNCH_LOOPBACK:
		return touch_launch_loopback(record);
	case LAUNCH_HOST_PROPAGATION:
		return touch_launch_host_propagation(record);
	case LAUNCH_ROOT:
		return touch_launch_root(record);
	case LAUNCH_MOUNT:
		return touch_launch_mount(record);
	case LAUNCH_BIND:
		return touch_launch_bind(record);
	case LAUNCH_REMOUNT:
		return touch_launch_remount(record);
	case LAUNCH_DIRECTORY:
		return touch_launch_directory(record);
	case LAUNCH_SYMLINK:
		return touch_launch_symlink(record);
	case LAUNCH_DEVICE:
		return touch_launch_device(record);
	case LAUNCH_RUNTIME_HOOKS:
		return touch_launch_runtime_hooks(record);
	case LAUNCH_HOOK:
		return touch_launch_hook(record);
	case LAUNCH_CONSOLE:
		return touch_launch_console(record);
	case LAUNCH_MASK:
		return touch_launch_mask(record);
	case LAUNCH_READONLY_PATH:
		return touch_launch_readonly_path(record);
	case LAUNCH_ROOT_FLAGS:
		return touch_launch_root_flags(record);
	case LAUNCH_ROOT_PROPAGATION:
		return touch_launch_root_propagation(record);
	case LAUNCH_PIVOT:
		return touch_launch_pivot(record);
	case LAUNCH_MOVE_ROOT:
		return touch_launch_move_root(record);
	case LAUNCH_HOSTNAME:
		return touch_launch_hostname(record);
	case LAUNCH_DOMAINNAME:
		return touch_launch_domainname(record);
	case LAUNCH_SYSCTL:
		return touch_launch_sysctl(record);
	case LAUNCH_UMASK:
		return touch_launch_umask(record);
	case LAUNCH_PERSONALITY:
		return touch_launch_personality(record);
	case LAUNCH_LIMIT:
		return touch_launch_limit(record);
	case LAUNCH_STANDARD_STREAMS:
		return touch_launch_standard_streams(record);
	case LAUNCH_SCHEDULER:
		return touch_launch_scheduler(record);
	case LAUNCH_IO_PRIORITY:
		return touch_launch_io_priority(record);
	case LAUNCH_APPARMOR:
		return touch_launch_apparmor(record);
	case LAUNCH_SELINUX:
		return touch_launch_selinux(record);
	case LAUNCH_NO_NEW_PRIVILEGES:
		return touch_launch_no_new_privileges(record);
	case LAUNCH_SECCOMP:
		return touch_launch_seccomp(record);
	case LAUNCH_BOUNDING:
		return touch_launch_bounding(record);
	case LAUNCH_USER:
		return touch_launch_user(record);
	case LAUNCH_CAPABILITIES:
		return touch_launch_capabilities(record);
	case LAUNCH_WORKING_DIRECTORY:
		return touch_launch_working_directory(record);
	case LAUNCH_PARENT_DEATH:
		return touch_launch_parent_death(record);
	case LAUNCH_ENVIRONMENT:
		return touch_launch_environment(record);
	case LAUNCH_HOME:
		return touch_launch_home(record);
	case LAUNCH_LOOKUP:
		return touch_launch_lookup(record);
	case LAUNCH_READY:
		return touch_launch_ready(record);
	case LAUNCH_AWAIT_START:
		return touch_launch_await_start(record);
	case LAUNCH_EXECUTE:
		return touch_launch_execute(record);
	default:
		return -1;
	}
}

static inline int touch_sync_go(struct record *record)
{
	return sync_go_decode(record);
}

static inline int touch_sync_map_ids(struct record *record)
{
	struct sync_map_ids value;

	if (sync_map_ids_decode(record, &value) < 0)
		return -1;
	touch_i32(value.pid);
	return 0;
}

static inline int touch_sync_pid(struct record *record)
{
	struct sync_pid value;

	if (sync_pid_decode(record, &value) < 0)
		return -1;
	touch_i32(value.pid);
	touch_u32(value.placed);
	touch_u32(value.waits);
	return 0;
}

static inline int touch_sync_hooks(struct record *record)
{
	return sync_hooks_decode(record);
}

static inline int touch_sync_ready(struct record *record)
{
	return sync_ready_decode(record);
}

static inline int touch_sync_failure(struct record *record)
{
	struct sync_failure value;

	if (sync_failure_decode(record, &value) < 0)
		return -1;
	touch_u32(value.step);
	touch_i32(value.code);
	touch_str(value.text);
	return 0;
}

#define SYNC_EACH(X) \
	X(go) \
	X(map_ids) \
	X(pid) \
	X(hooks) \
	X(ready) \
	X(failure) \

static inline int touch_sync(struct record *record)
{
	switch (record->kind) {
	case SYNC_GO:
		return touch_sync_go(record);
	case SYNC_MAP_IDS:
		return touch_sync_map_ids(record);
	case SYNC_PID:
		return touch_sync_pid(record);
	case SYNC_HOOKS:
		return touch_sync_hooks(record);
	case SYNC_READY:
		return touch_sync_ready(record);
	case SYNC_FAILURE:
		return touch_sync_failure(record);
	default:
		return -1;
	}
}

static inline int touch_monitor_config_bundle(struct record *record)
{
	struct monitor_config_bundle value;

	if (monitor_config_bundle_decode(record, &value) < 0)
		return -1;
	touch_str(value.path);
	return 0;
}

static inline int touch_monitor_config_files(struct record *record)
{
	struct monitor_config_files value;

	if (monitor_config_files_decode(record, &value) < 0)
		return -1;
	touch_str(value.control);
	touch_str(value.exit);
	return 0;
}

static inline int touch_monitor_config_stream(struct record *record)
{
	struct monitor_config_stream value;

	if (monitor_config_stream_decode(record, &value) < 0)
		return -1;
	touch_u32(value.number);
	touch_u32(value.type);
	touch_str(value.path);
	return 0;
}

static inline int touch_monitor_config_terminal(struct record *record)
{
	struct monitor_config_terminal value;

	if (monitor_config_terminal_decode(record, &value) < 0)
		return -1;
	touch_str(value.socket);
	return 0;
}

static inline int touch_monitor_config_runtime(struct record *record)
{
	struct monitor_config_runtime value;

	if (monitor_config_runtime_decode(record, &value) < 0)
		return -1;
	touch_strs(value.args);
	touch_strs(value.environment);
	touch_str(value.pid_file);
	return 0;
}

static inline int touch_monitor_config_begin(struct record *record)
{
	struct monitor_config_begin value;

	if (monitor_config_begin_decode(record, &value) < 0)
		return -1;
	touch_u32(value.version);
	return 0;
}

static inline int touch_monitor_config_logger(struct record *record)
{
	struct monitor_config_logger value;

	if (monitor_config_logger_decode(record, &value) < 0)
		return -1;
	touch_strs(value.args);
	touch_strs(value.environment);
	return 0;
}

#define MONITOR_CONFIG_EACH(X) \
	X(bundle) \
	X(files) \
	X(stream) \
	X(terminal) \
	X(runtime) \
	X(begin) \
	X(logger) \

static inline int touch_monitor_config(struct record *record)
{
	switch (record->kind) {
	case MONITOR_CONFIG_BUNDLE:
		return touch_monitor_config_bundle(record);
	case MONITOR_CONFIG_FILES:
		return touch_monitor_config_files(record);
	case MONITOR_CONFIG_STREAM:
		return touch_monitor_config_stream(record);
	case MONITOR_CONFIG_TERMINAL:
		return touch_monitor_config_terminal(record);
	case MONITOR_CONFIG_RUNTIME:
		return touch_monitor_config_runtime(record);
	case MONITOR_CONFIG_BEGIN:
		return touch_monitor_config_begin(record);
	case MONITOR_CONFIG_LOGGER:
		return touch_monitor_config_logger(record);
	default:
		return -1;
	}
}

static inline int touch_monitor_event_hello(struct record *record)
{
	struct monitor_event_hello value;

	if (monitor_event_hello_decode(record, &value) < 0)
		return -1;
	touch_u32(value.version);
	touch_i32(value.pid);
	return 0;
}

static inline int touch_monitor_event_started(struct record *record)
{
	struct monitor_event_started value;

	if (monitor_event_started_decode(record, &value) < 0)
		return -1;
	touch_i32(value.pid);
	return 0;
}

static inline int touch_monitor_event_failed(struct record *record)
{
	struct monitor_event_failed value;

	if (monitor_event_failed_decode(record, &value) < 0)
		return -1;
	touch_u32(value.status);
	touch_str(value.text);
	return 0;
}

static inline int touch_monitor_event_exited(struct record *record)
{
	struct monitor_event_exited value;

	if (monitor_event_exited_decode(record, &value) < 0)
		return -1;
	touch_u32(value.status);
	touch_u64(value.nanoseconds);
	return 0;
}

static inline int touch_monitor_event_drained(struct record *record)
{
	return monitor_event_drained_decode(record);
}

#define MONITOR_EVENT_EACH(X) \
	X(hello) \
	X(started) \
	X(failed) \
	X(exited) \
	X(drained) \

static inline int touch_monitor_event(struct record *record)
{
	switch (record->kind) {
	case MONITOR_EVENT_HELLO:
		return touch_monitor_event_hello(record);
	case MONITOR_EVENT_STARTED:
		return touch_monitor_event_started(record);
	case MONITOR_EVENT_FAILED:
		return touch_monitor_event_failed(record);
	case MONITOR_EVENT_EXITED:
		return touch_monitor_event_exited(record);
	case MONITOR_EVENT_DRAINED:
		return touch_monitor_event_drained(record);
	default:
		return -1;
	}
}

static inline int touch_monitor_command_resize(struct record *record)
{
	struct monitor_command_resize value;

	if (monitor_command_resize_decode(record, &value) < 0)
		return -1;
	touch_u32(value.columns);
	touch_u32(value.rows);
	return 0;
}

static inline int touch_monitor_command_close_input(struct record *record)
{
	return monitor_command_close_input_decode(record);
}

static inline int touch_monitor_command_signal(struct record *record)
{
	struct monitor_command_signal value;

	if (monitor_command_signal_decode(record, &value) < 0)
		return -1;
	touch_u32(value.number);
	return 0;
}

static inline int touch_monitor_command_quit(struct record *record)
{
	return monitor_command_quit_decode(record);
}

#define MONITOR_COMMAND_EACH(X) \
	X(resize) \
	X(close_input) \
	X(signal) \
	X(quit) \

static inline int touch_monitor_command(struct record *record)
{
	switch (record->kind) {
	case MONITOR_COMMAND_RESIZE:
		return touch_monitor_command_resize(record);
	case MONITOR_COMMAND_CLOSE_INPUT:
		return touch_monitor_command_close_input(record);
	case MONITOR_COMMAND_SIGNAL:
		return touch_monitor_command_signal(record);
	case MONITOR_COMMAND_QUIT:
		return touch_monitor_command_quit(record);
	default:
		return -1;
	}
}

#endif
