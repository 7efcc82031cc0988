// SPDX-License-Identifier: Apache-2.0
// What a file is: owner, mode, times, size, target, entries.
#include "addon.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#define NS_PER_SECOND 1000000000LL

static napi_value js_fchownat(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 5);
	struct text path;
	int dirfd = arg_int(&args, 0);
	arg_text(&args, 1, &path);
	uid_t uid = arg_uint(&args, 2);
	gid_t gid = arg_uint(&args, 3);
	int flags = arg_int(&args, 4);
	napi_value result = NULL;
	if (!args.failed)
		result = result_void(env, fchownat(dirfd, path.ptr, uid, gid, flags), "fchownat", path.ptr);
	text_free(&path);
	return result;
}

// Before Linux 6.6 no call changes the mode of an entry without following it: pin it, then go through its descriptor.
static int chmod_pinned(int dirfd, const char *path, mode_t mode)
{
	char link[40];
	struct stat st;
	int fd = *path ? openat(dirfd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC) : dirfd;
	if (fd < 0)
		return -1;
	int outcome = fstat(fd, &st);
	if (outcome == 0 && S_ISLNK(st.st_mode)) {
		errno = EOPNOTSUPP;
		outcome = -1;
	} else if (outcome == 0) {
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		outcome = chmod(link, mode);
	}
	int error = errno;
	if (fd != dirfd)
		close(fd);
	errno = error;
	return outcome;
}

static napi_value js_fchmodat(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	struct text path;
	int dirfd = arg_int(&args, 0);
	arg_text(&args, 1, &path);
	mode_t mode = arg_uint(&args, 2);
	napi_value result = NULL;
	if (!args.failed) {
		int flags = AT_SYMLINK_NOFOLLOW | (*path.ptr ? 0 : AT_EMPTY_PATH);
		int outcome = (int)syscall(SYS_fchmodat2, dirfd, path.ptr, mode, flags);
		if (outcome < 0 && (errno == ENOSYS || errno == EPERM))
			outcome = chmod_pinned(dirfd, path.ptr, mode);
		result = result_void(env, outcome, "fchmodat", path.ptr);
	}
	text_free(&path);
	return result;
}

static struct timespec to_timespec(int64_t ns)
{
	int64_t rest = ns % NS_PER_SECOND;
	struct timespec time = { .tv_sec = ns / NS_PER_SECOND, .tv_nsec = rest };
	if (rest < 0) {
		time.tv_sec--;
		time.tv_nsec += NS_PER_SECOND;
	}
	return time;
}

static napi_value js_utimensat(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 5);
	struct text path;
	int dirfd = arg_int(&args, 0);
	arg_text(&args, 1, &path);
	struct timespec times[2] = { to_timespec((int64_t)arg_bigint(&args, 2)), to_timespec((int64_t)arg_bigint(&args, 3)) };
	int flags = arg_int(&args, 4);
	napi_value result = NULL;
	// glibc turns an empty path into EINVAL on some versions; the kernel takes it with AT_EMPTY_PATH.
	if (!args.failed)
		result = result_void(env, (int)syscall(SYS_utimensat, dirfd, path.ptr, times, flags), "utimensat", path.ptr);
	text_free(&path);
	return result;
}

static uint64_t to_ns(const struct statx_timestamp *time)
{
	return (uint64_t)(time->tv_sec * NS_PER_SECOND + time->tv_nsec);
}

static void set_ns(napi_env env, napi_value object, const char *name, const struct statx_timestamp *time)
{
	napi_value number;
	napi_create_bigint_int64(env, (int64_t)to_ns(time), &number);
	napi_set_named_property(env, object, name, number);
}

static napi_value stat_object(napi_env env, const struct statx *st)
{
	napi_value object;
	napi_create_object(env, &object);
	set_bigint(env, object, "dev", ((uint64_t)st->stx_dev_major << 32) | st->stx_dev_minor);
	set_bigint(env, object, "ino", st->stx_ino);
	set_int(env, object, "mode", st->stx_mode);
	set_int(env, object, "nlink", st->stx_nlink);
	set_int(env, object, "uid", st->stx_uid);
	set_int(env, object, "gid", st->stx_gid);
	set_int(env, object, "rdevMajor", st->stx_rdev_major);
	set_int(env, object, "rdevMinor", st->stx_rdev_minor);
	set_bigint(env, object, "size", st->stx_size);
	set_bigint(env, object, "blocks", st->stx_blocks);
	set_ns(env, object, "atimeNs", &st->stx_atime);
	set_ns(env, object, "mtimeNs", &st->stx_mtime);
	set_ns(env, object, "ctimeNs", &st->stx_ctime);
	set_bigint(env, object, "mountId", st->stx_mask & STATX_MNT_ID ? st->stx_mnt_id : 0);
	return object;
}

static napi_value js_statx(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	struct text path;
	struct statx st = { 0 };
	int dirfd = arg_int(&args, 0);
	arg_text(&args, 1, &path);
	int flags = arg_int(&args, 2);
	napi_value result = NULL;
	if (!args.failed && statx(dirfd, path.ptr, flags, STATX_BASIC_STATS | STATX_MNT_ID, &st) < 0)
		throw_errno(env, errno, "statx", path.ptr);
	else if (!args.failed)
		result = stat_object(env, &st);
	text_free(&path);
	return result;
}

static napi_value js_readlinkat(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	struct text path;
	char target[TEU_MAX_PATH + 1];
	int dirfd = arg_int(&args, 0);
	arg_text(&args, 1, &path);
	napi_value result = NULL;
	if (!args.failed) {
		ssize_t length = readlinkat(dirfd, path.ptr, target, sizeof target);
		result = length < 0 ? throw_errno(env, errno, "readlinkat", path.ptr)
				    : result_buffer(env, target, (size_t)length);
	}
	text_free(&path);
	return result;
}

struct linux_dirent64 {
	uint64_t d_ino;
	int64_t d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
};

static bool is_dot(const char *name)
{
	return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

static uint32_t add_entries(napi_env env, napi_value list, uint32_t count, const char *block, long length)
{
	for (long at = 0; at < length;) {
		const struct linux_dirent64 *entry = (const void *)(block + at);
		at += entry->d_reclen;
		if (is_dot(entry->d_name))
			continue;
		napi_set_element(env, list, count++, result_buffer(env, entry->d_name, strlen(entry->d_name)));
		napi_set_element(env, list, count++, result_int(env, entry->d_type));
	}
	return count;
}

static napi_value js_readdir(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	int fd = arg_int(&args, 0);
	if (args.failed)
		return NULL;
	_Alignas(8) char block[32768];
	napi_value list;
	uint32_t count = 0;
	napi_create_array(env, &list);
	lseek(fd, 0, SEEK_SET);
	for (;;) {
		napi_handle_scope scope;
		long length = syscall(SYS_getdents64, fd, block, sizeof block);
		if (length < 0)
			return throw_errno(env, errno, "getdents64", NULL);
		if (length == 0)
			return list;
		napi_open_handle_scope(env, &scope);
		count = add_entries(env, list, count, block, length);
		napi_close_handle_scope(env, scope);
	}
}

static napi_value js_fstatfs_type(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	struct statfs fs;
	int fd = arg_int(&args, 0);
	if (args.failed)
		return NULL;
	if (fstatfs(fd, &fs) < 0)
		return throw_errno(env, errno, "fstatfs", NULL);
	return result_int(env, (uint32_t)fs.f_type);
}

const struct function inode_functions[] = {
	{ "fchownat", js_fchownat },     { "fchmodat", js_fchmodat }, { "utimensat", js_utimensat },
	{ "statx", js_statx },           { "readlinkat", js_readlinkat },
	{ "readdir", js_readdir },       { "fstatfsType", js_fstatfs_type },
	{ 0 },
};
