// SPDX-License-Identifier: Apache-2.0
// Mounts, by the classic calls and by the descriptor based ones.
#include "addon.h"
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc's <sys/mount.h> and <linux/mount.h> define the same names, so the classic calls are declared here.
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);

static const char *or_null(const struct text *text)
{
	return text->length ? text->ptr : NULL;
}

static napi_value js_mount(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 5);
	struct text source, target, type, data;
	arg_text(&args, 0, &source);
	arg_text(&args, 1, &target);
	arg_text(&args, 2, &type);
	uint32_t flags = arg_uint(&args, 3);
	arg_text(&args, 4, &data);
	napi_value result = NULL;
	if (!args.failed) {
		int outcome = mount(source.length ? source.ptr : "none", target.ptr, or_null(&type), flags, or_null(&data));
		result = result_void(env, outcome, "mount", target.ptr);
	}
	text_free(&source);
	text_free(&target);
	text_free(&type);
	text_free(&data);
	return result;
}

static napi_value js_umount2(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	struct text target;
	arg_text(&args, 0, &target);
	int flags = arg_int(&args, 1);
	napi_value result = NULL;
	if (!args.failed)
		result = result_void(env, umount2(target.ptr, flags), "umount2", target.ptr);
	text_free(&target);
	return result;
}

static napi_value js_mount_setattr(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 7);
	struct text path;
	int dirfd = arg_int(&args, 0);
	arg_text(&args, 1, &path);
	unsigned flags = arg_uint(&args, 2);
	struct mount_attr attr = {
		.attr_set = arg_uint(&args, 3),
		.attr_clr = arg_uint(&args, 4),
		.propagation = arg_uint(&args, 5),
		.userns_fd = arg_uint(&args, 6),
	};
	napi_value result = NULL;
	if (!args.failed) {
		long outcome = syscall(SYS_mount_setattr, dirfd, path.ptr, flags, &attr, sizeof attr);
		result = result_void(env, (int)outcome, "mount_setattr", path.ptr);
	}
	text_free(&path);
	return result;
}

static napi_value js_open_tree(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	struct text path;
	int dirfd = arg_int(&args, 0);
	arg_text(&args, 1, &path);
	unsigned flags = arg_uint(&args, 2);
	napi_value result = NULL;
	if (!args.failed)
		result = result_fd(env, (int)syscall(SYS_open_tree, dirfd, path.ptr, flags), "open_tree", path.ptr);
	text_free(&path);
	return result;
}

static napi_value js_move_mount(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 5);
	struct text from, to;
	int from_dirfd = arg_int(&args, 0);
	arg_text(&args, 1, &from);
	int to_dirfd = arg_int(&args, 2);
	arg_text(&args, 3, &to);
	// MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH: an empty path means the descriptor itself.
	unsigned flags = arg_uint(&args, 4) | (from.length ? 0 : 0x4) | (to.length ? 0 : 0x40);
	napi_value result = NULL;
	if (!args.failed) {
		long outcome = syscall(SYS_move_mount, from_dirfd, from.ptr, to_dirfd, to.ptr, flags);
		result = result_void(env, (int)outcome, "move_mount", to.ptr);
	}
	text_free(&from);
	text_free(&to);
	return result;
}

static napi_value js_fsopen(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	struct text type;
	arg_text(&args, 0, &type);
	unsigned flags = arg_uint(&args, 1);
	napi_value result = NULL;
	if (!args.failed)
		result = result_fd(env, (int)syscall(SYS_fsopen, type.ptr, flags), "fsopen", type.ptr);
	text_free(&type);
	return result;
}

static napi_value js_fsconfig(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 4);
	struct text key = { .ptr = key.fixed }, value = { .ptr = value.fixed };
	int fd = arg_int(&args, 0);
	unsigned command = arg_uint(&args, 1);
	bool has_key = !arg_is_null(&args, 2), has_value = !arg_is_null(&args, 3);
	if (has_key)
		arg_text(&args, 2, &key);
	if (has_value)
		arg_text(&args, 3, &value);
	napi_value result = NULL;
	if (!args.failed) {
		long outcome =
			syscall(SYS_fsconfig, fd, command, has_key ? key.ptr : NULL, has_value ? value.ptr : NULL, 0);
		result = result_void(env, (int)outcome, "fsconfig", has_key ? key.ptr : NULL);
	}
	text_free(&key);
	text_free(&value);
	return result;
}

static napi_value js_fsmount(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	int fd = arg_int(&args, 0);
	unsigned flags = arg_uint(&args, 1), attributes = arg_uint(&args, 2);
	return args.failed ? NULL : result_fd(env, (int)syscall(SYS_fsmount, fd, flags, attributes), "fsmount", NULL);
}

const struct function mount_functions[] = {
	{ "mount", js_mount },
	{ "umount2", js_umount2 },
	{ "mountSetattr", js_mount_setattr },
	{ "openTree", js_open_tree },
	{ "moveMount", js_move_mount },
	{ "fsopen", js_fsopen },
	{ "fsconfig", js_fsconfig },
	{ "fsmount", js_fsmount },
	{ 0 },
};
