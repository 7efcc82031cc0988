// SPDX-License-Identifier: Apache-2.0
// Processes: by descriptor and by number, and what this process is to the others.
#include "addon.h"
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static napi_value js_pidfd_open(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	pid_t pid = arg_int(&args, 0);
	unsigned flags = arg_uint(&args, 1);
	return args.failed ? NULL : result_fd(env, (int)syscall(SYS_pidfd_open, pid, flags), "pidfd_open", NULL);
}

static napi_value js_pidfd_send_signal(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	int fd = arg_int(&args, 0), signal = arg_int(&args, 1);
	if (args.failed)
		return NULL;
	return result_void(env, (int)syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0), "pidfd_send_signal", NULL);
}

static napi_value reap(napi_env env, idtype_t type, id_t id)
{
	siginfo_t exit = { 0 };
	napi_value object;
	int outcome;
	do {
		outcome = waitid(type, id, &exit, WEXITED | WNOHANG);
	} while (outcome < 0 && errno == EINTR);
	if (outcome < 0)
		return throw_errno(env, errno, "waitid", NULL);
	if (exit.si_pid == 0)
		return NULL;
	napi_create_object(env, &object);
	set_int(env, object, "code", exit.si_code);
	set_int(env, object, "status", exit.si_status);
	return object;
}

static napi_value js_waitid_pidfd(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	int fd = arg_int(&args, 0);
	return args.failed ? NULL : reap(env, (idtype_t)P_PIDFD, (id_t)fd);
}

static napi_value js_waitid_pid(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	int pid = arg_int(&args, 0);
	return args.failed ? NULL : reap(env, P_PID, (id_t)pid);
}

static napi_value js_prctl(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	int option = arg_int(&args, 0);
	unsigned long argument = (unsigned long)arg_int64(&args, 1);
	return args.failed ? NULL : result_fd(env, prctl(option, argument, 0, 0, 0), "prctl", NULL);
}

static napi_value limit_object(napi_env env, const struct rlimit64 *limit)
{
	napi_value object;
	napi_create_object(env, &object);
	set_bigint(env, object, "soft", limit->rlim_cur);
	set_bigint(env, object, "hard", limit->rlim_max);
	return object;
}

static napi_value js_prlimit(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 4);
	struct rlimit64 old;
	pid_t pid = arg_int(&args, 0);
	int resource = arg_int(&args, 1);
	struct rlimit64 limit = { .rlim_cur = arg_bigint(&args, 2), .rlim_max = arg_bigint(&args, 3) };
	if (args.failed)
		return NULL;
	if (syscall(SYS_prlimit64, pid, resource, &limit, &old) < 0)
		return throw_errno(env, errno, "prlimit", NULL);
	return limit_object(env, &old);
}

static napi_value js_getrlimit(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	struct rlimit64 old;
	pid_t pid = arg_int(&args, 0);
	int resource = arg_int(&args, 1);
	if (args.failed)
		return NULL;
	if (syscall(SYS_prlimit64, pid, resource, NULL, &old) < 0)
		return throw_errno(env, errno, "prlimit", NULL);
	return limit_object(env, &old);
}

static napi_value js_kill(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	pid_t pid = arg_int(&args, 0);
	int signal = arg_int(&args, 1);
	return args.failed ? NULL : result_void(env, kill(pid, signal), "kill", NULL);
}

// Allocators other than glibc's have neither knobs nor much to give back.
static napi_value js_mallopt(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	int parameter = arg_int(&args, 0), value = arg_int(&args, 1);
#ifdef __GLIBC__
	if (!args.failed)
		mallopt(parameter, value);
#else
	(void)parameter;
	(void)value;
#endif
	return NULL;
}

static napi_value js_malloc_trim(napi_env env, napi_callback_info info)
{
	(void)env;
	(void)info;
#ifdef __GLIBC__
	malloc_trim(0);
#endif
	return NULL;
}

const struct function process_functions[] = {
	{ "pidfdOpen", js_pidfd_open },
	{ "pidfdSendSignal", js_pidfd_send_signal },
	{ "waitidPidfd", js_waitid_pidfd },
	{ "waitidPid", js_waitid_pid },
	{ "prctl", js_prctl },
	{ "prlimit", js_prlimit },
	{ "getrlimit", js_getrlimit },
	{ "kill", js_kill },
	{ "mallopt", js_mallopt },
	{ "mallocTrim", js_malloc_trim },
	{ 0 },
};
