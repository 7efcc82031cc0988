// SPDX-License-Identifier: Apache-2.0
// What the files of the addon share: reading arguments, making results, throwing the errno.
#ifndef TEU_ADDON_H
#define TEU_ADDON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define NAPI_VERSION 8

#include <errno.h>
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TEU_MAX_ARGS 8
#define TEU_MAX_PATH 4096

struct args {
	napi_env env;
	size_t count;
	napi_value value[TEU_MAX_ARGS];
	bool failed; // an argument had the wrong type, and a TypeError is pending
};

// Text or bytes with a final zero; inside `fixed` when it fits, else allocated.
struct text {
	char fixed[256];
	char *ptr;
	size_t length;
};

struct bytes {
	const uint8_t *data;
	size_t length;
};

struct args args_read(napi_env env, napi_callback_info info, size_t expected);
int32_t arg_int(struct args *args, size_t index);
uint32_t arg_uint(struct args *args, size_t index);
int64_t arg_int64(struct args *args, size_t index);
uint64_t arg_bigint(struct args *args, size_t index);
bool arg_bool(struct args *args, size_t index);
bool arg_is_null(struct args *args, size_t index);
bool arg_is_number(struct args *args, size_t index);
// Call text_free in any case. Text with a zero inside is refused.
void arg_text(struct args *args, size_t index, struct text *text);
struct bytes arg_bytes(struct args *args, size_t index);
void text_free(struct text *text);

napi_value throw_errno(napi_env env, int error, const char *syscall, const char *path);
napi_value result_int(napi_env env, int64_t value);
napi_value result_buffer(napi_env env, const void *data, size_t length);
// The descriptor, or the pending errno as an exception.
napi_value result_fd(napi_env env, int fd, const char *syscall, const char *path);
// undefined, or the pending errno as an exception.
napi_value result_void(napi_env env, int outcome, const char *syscall, const char *path);
void set_int(napi_env env, napi_value object, const char *name, int64_t value);
void set_bigint(napi_env env, napi_value object, const char *name, uint64_t value);

struct function {
	const char *name;
	napi_callback call;
};

extern const struct function mount_functions[];
extern const struct function path_functions[];
extern const struct function inode_functions[];
extern const struct function xattr_functions[];
extern const struct function process_functions[];
extern const struct function poll_functions[];
extern const struct function socket_functions[];
extern const struct function netlink_functions[];
extern const struct function pty_functions[];
extern const struct function descriptor_functions[];
extern const struct function netns_functions[];
extern const struct function bpf_functions[];
extern const struct function spawn_functions[];

#endif
