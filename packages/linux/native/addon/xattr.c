// SPDX-License-Identifier: Apache-2.0
// Extended attributes of an entry, its last component not followed.
#include "addon.h"
#include <stdlib.h>
#include <sys/xattr.h>

typedef ssize_t reader(const char *path, const char *name, void *buffer, size_t size);

static ssize_t read_list(const char *path, const char *name, void *buffer, size_t size)
{
	(void)name;
	return llistxattr(path, buffer, size);
}

static ssize_t read_value(const char *path, const char *name, void *buffer, size_t size)
{
	return lgetxattr(path, name, buffer, size);
}

// The size can change between asking for it and reading: ERANGE means ask again.
static ssize_t read_all(reader *read, const char *path, const char *name, char **data)
{
	*data = NULL;
	for (int tries = 0; tries < 16; tries++) {
		ssize_t size = read(path, name, NULL, 0);
		if (size <= 0)
			return size;
		free(*data);
		*data = malloc((size_t)size);
		if (!*data) {
			errno = ENOMEM;
			return -1;
		}
		ssize_t length = read(path, name, *data, (size_t)size);
		if (length >= 0 || errno != ERANGE)
			return length;
	}
	return -1;
}

static napi_value js_lgetxattr(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	struct text path, name;
	arg_text(&args, 0, &path);
	arg_text(&args, 1, &name);
	napi_value result = NULL;
	if (!args.failed) {
		char *data;
		ssize_t length = read_all(read_value, path.ptr, name.ptr, &data);
		result = length < 0 ? throw_errno(env, errno, "lgetxattr", path.ptr)
				    : result_buffer(env, data ? data : "", (size_t)length);
		free(data);
	}
	text_free(&path);
	text_free(&name);
	return result;
}

static napi_value js_lsetxattr(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 4);
	struct text path, name;
	arg_text(&args, 0, &path);
	arg_text(&args, 1, &name);
	struct bytes value = arg_bytes(&args, 2);
	int flags = arg_int(&args, 3);
	napi_value result = NULL;
	if (!args.failed) {
		int outcome = lsetxattr(path.ptr, name.ptr, value.data ? (const void *)value.data : "", value.length, flags);
		result = result_void(env, outcome, "lsetxattr", path.ptr);
	}
	text_free(&path);
	text_free(&name);
	return result;
}

static napi_value names_to_array(napi_env env, const char *data, size_t length)
{
	napi_value list;
	uint32_t count = 0;
	napi_create_array(env, &list);
	// As bytes: the kernel takes names that are not UTF-8.
	for (size_t at = 0; at < length; at += strlen(data + at) + 1)
		napi_set_element(env, list, count++, result_buffer(env, data + at, strlen(data + at)));
	return list;
}

static napi_value js_llistxattr(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	struct text path;
	arg_text(&args, 0, &path);
	napi_value result = NULL;
	if (!args.failed) {
		char *data;
		ssize_t length = read_all(read_list, path.ptr, NULL, &data);
		result = length < 0 ? throw_errno(env, errno, "llistxattr", path.ptr)
				    : names_to_array(env, data, (size_t)length);
		free(data);
	}
	text_free(&path);
	return result;
}

static napi_value js_lremovexattr(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	struct text path, name;
	arg_text(&args, 0, &path);
	arg_text(&args, 1, &name);
	napi_value result = NULL;
	if (!args.failed)
		result = result_void(env, lremovexattr(path.ptr, name.ptr), "lremovexattr", path.ptr);
	text_free(&path);
	text_free(&name);
	return result;
}

const struct function xattr_functions[] = {
	{ "lgetxattr", js_lgetxattr },
	{ "lsetxattr", js_lsetxattr },
	{ "llistxattr", js_llistxattr },
	{ "lremovexattr", js_lremovexattr },
	{ 0 },
};
