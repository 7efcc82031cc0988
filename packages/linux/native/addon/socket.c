// SPDX-License-Identifier: Apache-2.0
// UNIX sockets as far as Node lacks them: descriptors in messages, pairs, credentials.
#include "addon.h"
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// SCM_MAX_FD of the kernel.
#define MAX_FDS 253
#define MAX_MESSAGE (1 << 20)

static napi_value js_socket(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	int domain = arg_int(&args, 0), type = arg_int(&args, 1), protocol = arg_int(&args, 2);
	return args.failed ? NULL : result_fd(env, socket(domain, type | SOCK_CLOEXEC, protocol), "socket", NULL);
}

static napi_value js_socketpair(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	int type = arg_int(&args, 0), pair[2];
	napi_value list;
	if (args.failed)
		return NULL;
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) < 0)
		return throw_errno(env, errno, "socketpair", NULL);
	napi_create_array(env, &list);
	napi_set_element(env, list, 0, result_int(env, pair[0]));
	napi_set_element(env, list, 1, result_int(env, pair[1]));
	return list;
}

// A socket address holds 107 bytes of path. A longer one goes through a descriptor of its folder, which stays open in
// *folder until the call is made.
static int unix_address(struct sockaddr_un *address, const char *path, int *folder)
{
	*folder = -1;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	size_t length = strlen(path);
	if (length < sizeof address->sun_path) {
		memcpy(address->sun_path, path, length + 1);
		return 0;
	}
	const char *slash = strrchr(path, '/');
	char *parent = slash ? strndup(path, (size_t)(slash - path)) : NULL;
	if (!parent) {
		errno = slash ? ENOMEM : ENAMETOOLONG;
		return -1;
	}
	*folder = open(*parent ? parent : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(parent);
	if (*folder < 0)
		return -1;
	int written = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d%s", *folder, slash);
	if (written < (int)sizeof address->sun_path)
		return 0;
	close(*folder);
	errno = ENAMETOOLONG;
	return -1;
}

static int bind_private(int fd, const struct sockaddr_un *address)
{
	// The umask is the process's, not the thread's; fchmod before bind sets the mode of the file without touching it.
	if (fchmod(fd, 0600) < 0)
		return -1;
	return bind(fd, (const struct sockaddr *)address, sizeof *address);
}

// A name that begins with @ is of the abstract namespace, which has no folders; nothing of ours is ever bound there.
static int connect_abstract(int fd, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(name);
	if (length > sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path + 1, name + 1, length - 1);
	return connect(fd, (const struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
}

static napi_value js_connect_abstract(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	struct text name;
	int fd = arg_int(&args, 0);
	arg_text(&args, 1, &name);
	if (!args.failed && connect_abstract(fd, name.ptr) < 0)
		throw_errno(env, errno, "connect", name.ptr);
	text_free(&name);
	return NULL;
}

static napi_value with_address(napi_env env, napi_callback_info info, bool is_bind)
{
	struct args args = args_read(env, info, 2);
	struct text path;
	struct sockaddr_un address;
	int fd = arg_int(&args, 0), folder;
	arg_text(&args, 1, &path);
	if (!args.failed) {
		int outcome = unix_address(&address, path.ptr, &folder);
		if (outcome == 0)
			outcome = is_bind ? bind_private(fd, &address)
					  : connect(fd, (const struct sockaddr *)&address, sizeof address);
		int error = errno;
		if (folder >= 0)
			close(folder);
		if (outcome < 0)
			throw_errno(env, error, is_bind ? "bind" : "connect", path.ptr);
	}
	text_free(&path);
	return NULL;
}

static napi_value js_bind_unix(napi_env env, napi_callback_info info)
{
	return with_address(env, info, true);
}

static napi_value js_connect_unix(napi_env env, napi_callback_info info)
{
	return with_address(env, info, false);
}

static napi_value js_listen(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	int fd = arg_int(&args, 0), backlog = arg_int(&args, 1);
	return args.failed ? NULL : result_void(env, listen(fd, backlog), "listen", NULL);
}

static napi_value js_accept(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	int fd = arg_int(&args, 0);
	return args.failed ? NULL : result_fd(env, accept4(fd, NULL, NULL, SOCK_CLOEXEC), "accept", NULL);
}

static uint32_t read_fds(struct args *args, napi_value list, int fds[MAX_FDS])
{
	uint32_t count = 0;
	if (napi_get_array_length(args->env, list, &count) != napi_ok || count > MAX_FDS) {
		napi_throw_range_error(args->env, NULL, "descriptors must be a list of at most 253");
		args->failed = true;
		return 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		napi_value element;
		napi_get_element(args->env, list, i, &element);
		if (napi_get_value_int32(args->env, element, &fds[i]) != napi_ok) {
			napi_throw_type_error(args->env, NULL, "descriptors must be numbers");
			args->failed = true;
			return 0;
		}
	}
	return count;
}

static napi_value js_sendmsg_fds(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	int fd = arg_int(&args, 0), fds[MAX_FDS];
	struct bytes data = arg_bytes(&args, 1);
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof fds)] = { 0 };
	struct iovec part = { .iov_base = (void *)data.data, .iov_len = data.length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	uint32_t count = args.failed ? 0 : read_fds(&args, args.value[2], fds);
	if (args.failed)
		return NULL;
	if (count > 0) {
		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(count * sizeof *fds);
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(count * sizeof *fds);
		memcpy(CMSG_DATA(header), fds, count * sizeof *fds);
	}
	ssize_t sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sent < 0 ? throw_errno(env, errno, "sendmsg", NULL) : result_int(env, sent);
}

// Puts up to `limit` of the received descriptors into the list and closes the others.
static void take_fds(napi_env env, struct msghdr *message, napi_value list, uint32_t limit)
{
	uint32_t taken = 0;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
			if (taken < limit)
				napi_set_element(env, list, taken++, result_int(env, fd));
			else
				close(fd);
		}
	}
}

static napi_value js_recvmsg_fds(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	int fd = arg_int(&args, 0);
	uint32_t size = arg_uint(&args, 1), limit = arg_uint(&args, 2);
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(MAX_FDS * sizeof(int))];
	napi_value object, list;
	if (args.failed)
		return NULL;
	if (size > MAX_MESSAGE)
		size = MAX_MESSAGE;
	char *data = malloc(size ? size : 1);
	if (!data)
		return throw_errno(env, ENOMEM, "recvmsg", NULL);
	struct iovec part = { .iov_base = data, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control,
	};
	ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (length < 0) {
		int error = errno;
		free(data);
		return error == EAGAIN || error == EINTR ? NULL : throw_errno(env, error, "recvmsg", NULL);
	}
	napi_create_object(env, &object);
	napi_create_array(env, &list);
	take_fds(env, &message, list, limit);
	napi_set_named_property(env, object, "data", result_buffer(env, data, (size_t)length));
	napi_set_named_property(env, object, "fds", list);
	free(data);
	return object;
}

static napi_value js_peer_credentials(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	struct ucred peer;
	socklen_t length = sizeof peer;
	napi_value object;
	int fd = arg_int(&args, 0);
	if (args.failed)
		return NULL;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return throw_errno(env, errno, "getsockopt", NULL);
	napi_create_object(env, &object);
	set_int(env, object, "pid", peer.pid);
	set_int(env, object, "uid", peer.uid);
	set_int(env, object, "gid", peer.gid);
	return object;
}

static napi_value js_set_socket_buffer(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	int fd = arg_int(&args, 0), receive = arg_int(&args, 1), send = arg_int(&args, 2);
	if (args.failed)
		return NULL;
	if ((receive > 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive) < 0) ||
	    (send > 0 && setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send, sizeof send) < 0))
		return throw_errno(env, errno, "setsockopt", NULL);
	return NULL;
}

const struct function socket_functions[] = {
	{ "socket", js_socket },
	{ "socketpair", js_socketpair },
	{ "bindUnix", js_bind_unix },
	{ "connectUnix", js_connect_unix },
	{ "connectAbstract", js_connect_abstract },
	{ "listen", js_listen },
	{ "accept", js_accept },
	{ "sendmsgFds", js_sendmsg_fds },
	{ "recvmsgFds", js_recvmsg_fds },
	{ "peerCredentials", js_peer_credentials },
	{ "setSocketBuffer", js_set_socket_buffer },
	{ 0 },
};
