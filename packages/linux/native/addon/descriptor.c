// SPDX-License-Identifier: Apache-2.0
// Descriptors: duplicates, flags, locks, memory files, event sources.
#include "addon.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static napi_value js_dup(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	int fd = arg_int(&args, 0);
	return args.failed ? NULL : result_fd(env, fcntl(fd, F_DUPFD_CLOEXEC, 3), "fcntl", NULL);
}

static napi_value set_flag(napi_env env, napi_callback_info info, int get, int set, int flag)
{
	struct args args = args_read(env, info, 2);
	int fd = arg_int(&args, 0);
	bool on = arg_bool(&args, 1);
	if (args.failed)
		return NULL;
	int flags = fcntl(fd, get);
	if (flags < 0)
		return throw_errno(env, errno, "fcntl", NULL);
	return result_void(env, fcntl(fd, set, on ? flags | flag : flags & ~flag), "fcntl", NULL);
}

static napi_value js_set_close_on_exec(napi_env env, napi_callback_info info)
{
	return set_flag(env, info, F_GETFD, F_SETFD, FD_CLOEXEC);
}

static napi_value js_set_non_blocking(napi_env env, napi_callback_info info)
{
	return set_flag(env, info, F_GETFL, F_SETFL, O_NONBLOCK);
}

static napi_value js_close_range(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	unsigned first = arg_uint(&args, 0), last = arg_uint(&args, 1), flags = arg_uint(&args, 2);
	if (args.failed)
		return NULL;
	return result_void(env, (int)syscall(SYS_close_range, first, last, flags), "close_range", NULL);
}

static napi_value js_flock(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	napi_value result;
	int fd = arg_int(&args, 0), operation = arg_int(&args, 1);
	if (args.failed)
		return NULL;
	int outcome = flock(fd, operation | LOCK_NB);
	if (outcome < 0 && errno != EWOULDBLOCK)
		return throw_errno(env, errno, "flock", NULL);
	napi_get_boolean(env, outcome == 0, &result);
	return result;
}

static napi_value js_syncfs(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	int fd = arg_int(&args, 0);
	return args.failed ? NULL : result_void(env, syncfs(fd), "syncfs", NULL);
}

static napi_value js_bytes_readable(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	int fd = arg_int(&args, 0), count = 0;
	if (args.failed)
		return NULL;
	if (ioctl(fd, FIONREAD, &count) < 0)
		return throw_errno(env, errno, "ioctl", NULL);
	return result_int(env, count);
}

static napi_value js_add_inode_flags(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	int fd = arg_int(&args, 0), wanted = arg_int(&args, 1), flags = 0;
	if (args.failed)
		return NULL;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return throw_errno(env, errno, "ioctl", NULL);
	if ((flags & wanted) == wanted)
		return result_void(env, 0, "ioctl", NULL);
	flags |= wanted;
	return result_void(env, ioctl(fd, FS_IOC_SETFLAGS, &flags), "ioctl", NULL);
}

static napi_value js_memfd_create(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	struct text name;
	arg_text(&args, 0, &name);
	unsigned flags = arg_uint(&args, 1);
	napi_value result = NULL;
	if (!args.failed)
		result = result_fd(env, memfd_create(name.ptr, flags), "memfd_create", name.ptr);
	text_free(&name);
	return result;
}

static napi_value js_add_seals(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	int fd = arg_int(&args, 0), seals = arg_int(&args, 1);
	return args.failed ? NULL : result_void(env, fcntl(fd, F_ADD_SEALS, seals), "fcntl", NULL);
}

static napi_value js_eventfd(napi_env env, napi_callback_info info)
{
	(void)info;
	return result_fd(env, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd", NULL);
}

static napi_value js_pipe(napi_env env, napi_callback_info info)
{
	int ends[2];
	napi_value list;
	(void)info;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return throw_errno(env, errno, "pipe2", NULL);
	napi_create_array(env, &list);
	napi_set_element(env, list, 0, result_int(env, ends[0]));
	napi_set_element(env, list, 1, result_int(env, ends[1]));
	return list;
}

static napi_value js_inotify_init(napi_env env, napi_callback_info info)
{
	(void)info;
	return result_fd(env, inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify_init", NULL);
}

static napi_value js_inotify_add(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	struct text path;
	int fd = arg_int(&args, 0);
	arg_text(&args, 1, &path);
	uint32_t mask = arg_uint(&args, 2);
	napi_value result = NULL;
	if (!args.failed)
		result = result_fd(env, inotify_add_watch(fd, path.ptr, mask), "inotify_add_watch", path.ptr);
	text_free(&path);
	return result;
}

const struct function descriptor_functions[] = {
	{ "dup", js_dup },
	{ "setCloseOnExec", js_set_close_on_exec },
	{ "setNonBlocking", js_set_non_blocking },
	{ "closeRange", js_close_range },
	{ "flock", js_flock },
	{ "syncfs", js_syncfs },
	{ "bytesReadable", js_bytes_readable },
	{ "addInodeFlags", js_add_inode_flags },
	{ "memfdCreate", js_memfd_create },
	{ "addSeals", js_add_seals },
	{ "eventfd", js_eventfd },
	{ "pipe", js_pipe },
	{ "inotifyInit", js_inotify_init },
	{ "inotifyAdd", js_inotify_add },
	{ 0 },
};
