// SPDX-License-Identifier: Apache-2.0
// Datagrams of a netlink socket. What is in them is built and read in TypeScript.
#include "addon.h"
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#ifndef NETLINK_EXT_ACK
#define NETLINK_EXT_ACK 11
#endif
#define SOL_NETLINK_LEVEL 270

static napi_value js_bind_netlink(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	int fd = arg_int(&args, 0), on = 1;
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = arg_uint(&args, 1) };
	socklen_t length = sizeof address;
	if (args.failed)
		return NULL;
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return throw_errno(env, errno, "bind", NULL);
	// Explanations of failures; a kernel without them works as well.
	setsockopt(fd, SOL_NETLINK_LEVEL, NETLINK_EXT_ACK, &on, sizeof on);
	return result_int(env, address.nl_pid);
}

static napi_value js_send_netlink(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	int fd = arg_int(&args, 0);
	struct bytes data = arg_bytes(&args, 1);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	if (args.failed)
		return NULL;
	ssize_t sent = sendto(fd, data.data, data.length, MSG_NOSIGNAL, (const struct sockaddr *)&kernel, sizeof kernel);
	return sent < 0 ? throw_errno(env, errno, "sendto", NULL) : result_int(env, sent);
}

// The length of the next datagram, 0 when none came in time, -1 with errno.
static ssize_t next_length(int fd, int timeout_ms)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int ready;
	do {
		ready = poll(&wait, 1, timeout_ms);
	} while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return ready;
	return recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
}

static napi_value js_recv_netlink(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	int fd = arg_int(&args, 0), timeout_ms = arg_int(&args, 1);
	struct sockaddr_nl from = { 0 };
	socklen_t from_length = sizeof from;
	if (args.failed)
		return NULL;
	ssize_t length = next_length(fd, timeout_ms);
	if (length <= 0)
		return length < 0 ? throw_errno(env, errno, "recv", NULL) : NULL;
	char *data = malloc((size_t)length);
	if (!data)
		return throw_errno(env, ENOMEM, "recv", NULL);
	length = recvfrom(fd, data, (size_t)length, MSG_DONTWAIT, (struct sockaddr *)&from, &from_length);
	napi_value result = NULL;
	if (length < 0)
		throw_errno(env, errno, "recv", NULL);
	else if (from.nl_pid != 0)
		// Any process may send to a netlink socket; only the kernel is port 0.
		throw_errno(env, EPROTO, "recv", NULL);
	else
		result = result_buffer(env, data, (size_t)length);
	free(data);
	return result;
}

const struct function netlink_functions[] = {
	{ "bindNetlink", js_bind_netlink },
	{ "sendNetlink", js_send_netlink },
	{ "recvNetlink", js_recv_netlink },
	{ 0 },
};
