// SPDX-License-Identifier: Apache-2.0
// Starting a process without copying this one: Node's own way forks, which for a large process takes milliseconds.
#include "addon.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_DESCRIPTORS 256

struct plan {
	char **argv;
	uint32_t argc;
	// What the process gets as 0, 1, 2, ...: copies above all of those numbers, so that none is overwritten before it
	// is passed on; -1 stands for /dev/null.
	int copies[MAX_DESCRIPTORS];
	uint32_t count;
};

static char *element_text(napi_env env, napi_value array, uint32_t index)
{
	napi_value element;
	size_t length;
	if (napi_get_element(env, array, index, &element) != napi_ok ||
	    napi_get_value_string_utf8(env, element, NULL, 0, &length) != napi_ok)
		return NULL;
	char *text = malloc(length + 1);
	if (text)
		napi_get_value_string_utf8(env, element, text, length + 1, &length);
	return text;
}

static bool read_arguments(napi_env env, napi_value array, struct plan *plan)
{
	uint32_t count;
	if (napi_get_array_length(env, array, &count) != napi_ok || !(plan->argv = calloc(count + 1, sizeof(char *))))
		return false;
	for (plan->argc = 0; plan->argc < count; plan->argc++) {
		if (!(plan->argv[plan->argc] = element_text(env, array, plan->argc)))
			return false;
	}
	return true;
}

static bool copy_descriptors(napi_env env, napi_value array, struct plan *plan)
{
	uint32_t count;
	if (napi_get_array_length(env, array, &count) != napi_ok || count > MAX_DESCRIPTORS)
		return false;
	for (; plan->count < count; plan->count++) {
		napi_value element;
		int32_t fd;
		if (napi_get_element(env, array, plan->count, &element) != napi_ok ||
		    napi_get_value_int32(env, element, &fd) != napi_ok)
			return false;
		int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, (int)count);
		if (fd >= 0 && copy < 0)
			return false;
		plan->copies[plan->count] = copy;
	}
	return true;
}

static int start(const struct plan *plan, const char *path, pid_t *pid)
{
	static char *no_environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	int error = posix_spawn_file_actions_init(&actions);
	if (error)
		return error;
	for (uint32_t i = 0; i < plan->count && !error; i++) {
		error = plan->copies[i] < 0 ?
				posix_spawn_file_actions_addopen(&actions, (int)i, "/dev/null", O_RDWR, 0) :
				posix_spawn_file_actions_adddup2(&actions, plan->copies[i], (int)i);
	}
	posix_spawnattr_init(&attributes);
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	if (!error)
		error = posix_spawn(pid, path, &actions, &attributes, plan->argv, no_environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static void discard(struct plan *plan)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		if (plan->copies[i] >= 0)
			close(plan->copies[i]);
	}
	for (uint32_t i = 0; i < plan->argc; i++)
		free(plan->argv[i]);
	free(plan->argv);
}

static napi_value js_spawn(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	struct plan plan = { 0 };
	struct text path;
	pid_t pid = -1;
	int error = EINVAL;
	arg_text(&args, 0, &path);
	errno = EINVAL;
	if (!args.failed) {
		if (!read_arguments(env, args.value[1], &plan) || !copy_descriptors(env, args.value[2], &plan))
			error = errno;
		else
			error = start(&plan, path.ptr, &pid);
	}
	discard(&plan);
	napi_value result = args.failed ? NULL :
			    error	? throw_errno(env, error, "posix_spawn", path.ptr) :
					  result_int(env, pid);
	text_free(&path);
	return result;
}

const struct function spawn_functions[] = {
	{ "spawn", js_spawn },
	{ 0 },
};
