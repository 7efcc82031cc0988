// SPDX-License-Identifier: Apache-2.0
// Calls that resolve, make, rename and remove names below a folder descriptor.
#include "addon.h"
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// A rename anywhere in the system makes RESOLVE_IN_ROOT give up with EAGAIN; trying again is the documented answer.
#define OPENAT2_TRIES 128

static int openat2_retrying(int dirfd, const char *path, struct open_how *how)
{
	long fd = -1;
	for (int i = 0; i < OPENAT2_TRIES; i++) {
		fd = syscall(SYS_openat2, dirfd, path, how, sizeof *how);
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return (int)fd;
}

static napi_value js_openat2(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 5);
	struct text path;
	int dirfd = arg_int(&args, 0);
	arg_text(&args, 1, &path);
	struct open_how how = {
		.flags = (uint64_t)arg_int64(&args, 2) | O_CLOEXEC,
		.mode = arg_uint(&args, 3),
		.resolve = arg_uint(&args, 4),
	};
	// Unlike open, openat2 refuses flags and modes that have no effect.
	if (how.flags & O_PATH)
		how.flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if (!(how.flags & O_CREAT) && (how.flags & O_TMPFILE) != O_TMPFILE)
		how.mode = 0;
	napi_value result = NULL;
	if (!args.failed)
		result = result_fd(env, openat2_retrying(dirfd, path.ptr, &how), "openat2", path.ptr);
	text_free(&path);
	return result;
}

static napi_value js_mkdirat(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	struct text path;
	int dirfd = arg_int(&args, 0);
	arg_text(&args, 1, &path);
	mode_t mode = arg_uint(&args, 2);
	napi_value result = NULL;
	if (!args.failed)
		result = result_void(env, mkdirat(dirfd, path.ptr, mode), "mkdirat", path.ptr);
	text_free(&path);
	return result;
}

static napi_value js_mknodat(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 5);
	struct text path;
	int dirfd = arg_int(&args, 0);
	arg_text(&args, 1, &path);
	mode_t mode = arg_uint(&args, 2);
	dev_t device = makedev(arg_uint(&args, 3), arg_uint(&args, 4));
	napi_value result = NULL;
	if (!args.failed)
		result = result_void(env, mknodat(dirfd, path.ptr, mode, device), "mknodat", path.ptr);
	text_free(&path);
	return result;
}

static napi_value js_symlinkat(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	struct text target, path;
	arg_text(&args, 0, &target);
	int dirfd = arg_int(&args, 1);
	arg_text(&args, 2, &path);
	napi_value result = NULL;
	if (!args.failed)
		result = result_void(env, symlinkat(target.ptr, dirfd, path.ptr), "symlinkat", path.ptr);
	text_free(&target);
	text_free(&path);
	return result;
}

static napi_value two_paths(napi_env env, napi_callback_info info, bool is_link)
{
	struct args args = args_read(env, info, 5);
	struct text from, to;
	int from_dirfd = arg_int(&args, 0);
	arg_text(&args, 1, &from);
	int to_dirfd = arg_int(&args, 2);
	arg_text(&args, 3, &to);
	unsigned flags = arg_uint(&args, 4);
	napi_value result = NULL;
	if (!args.failed) {
		int outcome = is_link ? linkat(from_dirfd, from.ptr, to_dirfd, to.ptr, (int)flags)
				      : renameat2(from_dirfd, from.ptr, to_dirfd, to.ptr, flags);
		result = result_void(env, outcome, is_link ? "linkat" : "renameat2", to.ptr);
	}
	text_free(&from);
	text_free(&to);
	return result;
}

static napi_value js_linkat(napi_env env, napi_callback_info info)
{
	return two_paths(env, info, true);
}

static napi_value js_renameat2(napi_env env, napi_callback_info info)
{
	return two_paths(env, info, false);
}

static napi_value js_unlinkat(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	struct text path;
	int dirfd = arg_int(&args, 0);
	arg_text(&args, 1, &path);
	int flags = arg_int(&args, 2);
	napi_value result = NULL;
	if (!args.failed)
		result = result_void(env, unlinkat(dirfd, path.ptr, flags), "unlinkat", path.ptr);
	text_free(&path);
	return result;
}

const struct function path_functions[] = {
	{ "openat2", js_openat2 },     { "mkdirat", js_mkdirat },
	{ "mknodat", js_mknodat },     { "symlinkat", js_symlinkat },
	{ "linkat", js_linkat },       { "renameat2", js_renameat2 },
	{ "unlinkat", js_unlinkat },   { 0 },
};
