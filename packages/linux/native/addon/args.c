// SPDX-License-Identifier: Apache-2.0
// Arguments in, results and errors out.
#include "addon.h"
#include <stdio.h>
#include <stdlib.h>

struct args args_read(napi_env env, napi_callback_info info, size_t expected)
{
	struct args args = { .env = env, .count = TEU_MAX_ARGS };
	if (napi_get_cb_info(env, info, &args.count, args.value, NULL, NULL) != napi_ok || args.count < expected) {
		napi_throw_type_error(env, NULL, "too few arguments");
		args.failed = true;
	}
	return args;
}

static void fail(struct args *args, size_t index, const char *wanted)
{
	char message[80];
	if (args->failed)
		return;
	args->failed = true;
	snprintf(message, sizeof message, "argument %zu must be %s", index, wanted);
	napi_throw_type_error(args->env, NULL, message);
}

int32_t arg_int(struct args *args, size_t index)
{
	int32_t value = 0;
	if (!args->failed && napi_get_value_int32(args->env, args->value[index], &value) != napi_ok)
		fail(args, index, "a number");
	return value;
}

// Flags beyond 2^31 come as negative or as positive numbers; both mean the same bits.
uint32_t arg_uint(struct args *args, size_t index)
{
	return (uint32_t)arg_int64(args, index);
}

int64_t arg_int64(struct args *args, size_t index)
{
	int64_t value = 0;
	if (!args->failed && napi_get_value_int64(args->env, args->value[index], &value) != napi_ok)
		fail(args, index, "a number");
	return value;
}

uint64_t arg_bigint(struct args *args, size_t index)
{
	uint64_t value = 0;
	int64_t negative = 0;
	bool lossless;
	if (args->failed)
		return 0;
	// Times before 1970 are negative; their two's complement is what the caller casts back.
	if (napi_get_value_bigint_uint64(args->env, args->value[index], &value, &lossless) != napi_ok)
		fail(args, index, "a bigint");
	else if (!lossless && napi_get_value_bigint_int64(args->env, args->value[index], &negative, &lossless) == napi_ok)
		value = (uint64_t)negative;
	return value;
}

bool arg_bool(struct args *args, size_t index)
{
	bool value = false;
	if (!args->failed && napi_get_value_bool(args->env, args->value[index], &value) != napi_ok)
		fail(args, index, "a boolean");
	return value;
}

static napi_valuetype type_of(struct args *args, size_t index)
{
	napi_valuetype type = napi_undefined;
	if (!args->failed)
		napi_typeof(args->env, args->value[index], &type);
	return type;
}

bool arg_is_null(struct args *args, size_t index)
{
	return type_of(args, index) == napi_null;
}

bool arg_is_number(struct args *args, size_t index)
{
	return type_of(args, index) == napi_number;
}

static bool reserve(struct args *args, struct text *text, size_t length)
{
	text->length = length;
	if (length + 1 > sizeof text->fixed)
		text->ptr = malloc(length + 1);
	if (text->ptr)
		return true;
	text->ptr = text->fixed;
	args->failed = true;
	throw_errno(args->env, ENOMEM, "malloc", NULL);
	return false;
}

void arg_text(struct args *args, size_t index, struct text *text)
{
	text->ptr = text->fixed;
	text->fixed[0] = 0;
	text->length = 0;
	if (args->failed)
		return;
	size_t length;
	if (type_of(args, index) != napi_string) {
		struct bytes bytes = arg_bytes(args, index);
		if (args->failed || !reserve(args, text, bytes.length))
			return;
		if (bytes.length)
			memcpy(text->ptr, bytes.data, bytes.length);
		text->ptr[bytes.length] = 0;
	} else {
		napi_get_value_string_utf8(args->env, args->value[index], NULL, 0, &length);
		if (!reserve(args, text, length))
			return;
		napi_get_value_string_utf8(args->env, args->value[index], text->ptr, length + 1, &length);
	}
	// A path cut short at a zero would name another file than the caller checked.
	if (memchr(text->ptr, 0, text->length))
		fail(args, index, "text without zero bytes");
}

void text_free(struct text *text)
{
	if (text->ptr != text->fixed)
		free(text->ptr);
}

struct bytes arg_bytes(struct args *args, size_t index)
{
	struct bytes bytes = { 0 };
	void *data = NULL;
	bool is_typed = false;
	napi_typedarray_type type;
	if (args->failed)
		return bytes;
	napi_is_typedarray(args->env, args->value[index], &is_typed);
	if (!is_typed ||
	    napi_get_typedarray_info(args->env, args->value[index], &type, &bytes.length, &data, NULL, NULL) != napi_ok ||
	    type != napi_uint8_array) {
		bytes.length = 0;
		fail(args, index, "a Uint8Array or text");
		return bytes;
	}
	bytes.data = data;
	return bytes;
}

static const char *error_name(int error)
{
	const char *name = strerrorname_np(error);
	return name ? name : "UNKNOWN";
}

napi_value throw_errno(napi_env env, int error, const char *syscall, const char *path)
{
	char message[TEU_MAX_PATH + 256];
	napi_value code, text, object, value;
	const char *name = error_name(error);
	bool named = path && *path;
	snprintf(message, sizeof message, "%s: %s, %s%s%s%s", name, strerror(error), syscall, named ? " '" : "",
		 named ? path : "", named ? "'" : "");
	napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &code);
	napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &text);
	napi_create_error(env, code, text, &object);
	set_int(env, object, "errno", error);
	napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &value);
	napi_set_named_property(env, object, "syscall", value);
	if (named && napi_create_string_utf8(env, path, NAPI_AUTO_LENGTH, &value) == napi_ok)
		napi_set_named_property(env, object, "path", value);
	napi_throw(env, object);
	return NULL;
}

napi_value result_int(napi_env env, int64_t value)
{
	napi_value result;
	napi_create_int64(env, value, &result);
	return result;
}

napi_value result_buffer(napi_env env, const void *data, size_t length)
{
	napi_value result;
	if (napi_create_buffer_copy(env, length, data, NULL, &result) != napi_ok)
		return throw_errno(env, ENOMEM, "buffer", NULL);
	return result;
}

napi_value result_fd(napi_env env, int fd, const char *syscall, const char *path)
{
	return fd < 0 ? throw_errno(env, errno, syscall, path) : result_int(env, fd);
}

napi_value result_void(napi_env env, int outcome, const char *syscall, const char *path)
{
	return outcome < 0 ? throw_errno(env, errno, syscall, path) : NULL;
}

void set_int(napi_env env, napi_value object, const char *name, int64_t value)
{
	napi_set_named_property(env, object, name, result_int(env, value));
}

void set_bigint(napi_env env, napi_value object, const char *name, uint64_t value)
{
	napi_value number;
	napi_create_bigint_uint64(env, value, &number);
	napi_set_named_property(env, object, name, number);
}
