// SPDX-License-Identifier: Apache-2.0
// Work inside another network namespace. A short-lived thread enters it; the process itself never does, and no thread
// that has entered another namespace is ever used again.
#include "addon.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
#define MS_BIND 4096

struct job {
	// What to do once inside; returns -1 with errno. NULL `netns_fd` (-1) makes a new namespace.
	long (*run)(struct job *job);
	int netns_fd;
	const char *path;
	int domain, type, protocol;
	void *data;
	size_t length;
	long outcome;
	const char *syscall;
	int error;
};

static void *enter_and_run(void *data)
{
	struct job *job = data;
	job->outcome = -1;
	if (job->netns_fd < 0 ? unshare(CLONE_NEWNET) < 0 : setns(job->netns_fd, CLONE_NEWNET) < 0) {
		job->syscall = job->netns_fd < 0 ? "unshare" : "setns";
		job->error = errno;
		return NULL;
	}
	job->outcome = job->run(job);
	job->error = errno;
	return NULL;
}

static napi_value run_in_thread(napi_env env, struct job *job)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, enter_and_run, job);
	if (error)
		return throw_errno(env, error, "pthread_create", NULL);
	pthread_join(thread, NULL);
	return job->outcome < 0 ? throw_errno(env, job->error, job->syscall, job->path) : result_int(env, job->outcome);
}

// A descriptor of the namespace that argument 0 names. *opened tells whether to close it.
static int netns_argument(struct args *args, bool *opened)
{
	struct text path;
	*opened = false;
	if (arg_is_number(args, 0))
		return arg_int(args, 0);
	arg_text(args, 0, &path);
	int fd = -1;
	if (!args->failed) {
		fd = open(path.ptr, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			throw_errno(args->env, errno, "open", path.ptr);
		*opened = fd >= 0;
		args->failed = fd < 0;
	}
	text_free(&path);
	return fd;
}

static long run_socket(struct job *job)
{
	job->syscall = "socket";
	return socket(job->domain, job->type | SOCK_CLOEXEC, job->protocol);
}

static napi_value js_netns_socket(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 4);
	bool opened = false;
	struct job job = {
		.run = run_socket,
		.domain = arg_int(&args, 1),
		.type = arg_int(&args, 2),
		.protocol = arg_int(&args, 3),
	};
	job.netns_fd = args.failed ? -1 : netns_argument(&args, &opened);
	napi_value result = args.failed ? NULL : run_in_thread(env, &job);
	if (opened)
		close(job.netns_fd);
	return result;
}

static long run_keep(struct job *job)
{
	int fd = open(job->path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0444);
	job->syscall = "open";
	if (fd < 0)
		return -1;
	close(fd);
	job->syscall = "mount";
	if (mount("/proc/thread-self/ns/net", job->path, "", MS_BIND, NULL) == 0)
		return 0;
	int error = errno;
	unlink(job->path);
	errno = error;
	return -1;
}

static napi_value js_netns_create(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	struct text path;
	arg_text(&args, 0, &path);
	struct job job = { .run = run_keep, .netns_fd = -1, .path = path.ptr };
	if (!args.failed)
		run_in_thread(env, &job);
	text_free(&path);
	return NULL;
}

static long run_write(struct job *job)
{
	int fd = open(job->path, O_WRONLY | O_CLOEXEC);
	job->syscall = "open";
	if (fd < 0)
		return -1;
	job->syscall = "write";
	ssize_t written = write(fd, job->data, job->length);
	int error = errno;
	close(fd);
	errno = error;
	return written;
}

static long run_read(struct job *job)
{
	int fd = open(job->path, O_RDONLY | O_CLOEXEC);
	size_t total = 0;
	ssize_t length = 0;
	job->syscall = "open";
	if (fd < 0)
		return -1;
	job->syscall = "read";
	while (total < job->length && (length = read(fd, (char *)job->data + total, job->length - total)) > 0)
		total += (size_t)length;
	int error = errno;
	close(fd);
	errno = error;
	return length < 0 ? -1 : (long)total;
}

static napi_value js_netns_write(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	struct text path;
	bool opened = false;
	arg_text(&args, 1, &path);
	struct bytes data = arg_bytes(&args, 2);
	struct job job = { .run = run_write, .path = path.ptr, .data = (void *)data.data, .length = data.length };
	job.netns_fd = args.failed ? -1 : netns_argument(&args, &opened);
	if (!args.failed)
		run_in_thread(env, &job);
	if (opened)
		close(job.netns_fd);
	text_free(&path);
	return NULL;
}

static napi_value js_netns_read(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	struct text path;
	bool opened = false;
	napi_value result = NULL;
	arg_text(&args, 1, &path);
	struct job job = { .run = run_read, .path = path.ptr, .length = arg_uint(&args, 2) };
	job.netns_fd = args.failed ? -1 : netns_argument(&args, &opened);
	job.data = args.failed ? NULL : malloc(job.length);
	if (job.data && run_in_thread(env, &job))
		result = result_buffer(env, job.data, (size_t)job.outcome);
	else if (!args.failed && !job.data)
		throw_errno(env, ENOMEM, "malloc", NULL);
	free(job.data);
	if (opened)
		close(job.netns_fd);
	text_free(&path);
	return result;
}

const struct function netns_functions[] = {
	{ "netnsSocket", js_netns_socket },
	{ "netnsCreate", js_netns_create },
	{ "netnsWrite", js_netns_write },
	{ "netnsRead", js_netns_read },
	{ 0 },
};
