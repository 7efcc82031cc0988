// SPDX-License-Identifier: Apache-2.0
// A seccomp agent for tests: takes one listener from the socket whose path is its argument, prints the state that came
// with it as a line, and answers every mkdir and mkdirat that it is asked about with ENOMEDIUM, until nobody is left to
// ask; everything else goes on.
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define STATE_BYTES 65536

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	strcpy(address.sun_path, path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
		return -1;
	return fd;
}

static int receive_listener(int connection)
{
	static char state[STATE_BYTES];
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec payload = { .iov_base = state, .iov_len = sizeof(state) };
	struct msghdr message = {
		.msg_iov = &payload, .msg_iovlen = 1, .msg_control = control.data, .msg_controllen = sizeof(control.data),
	};
	ssize_t length = recvmsg(connection, &message, 0);
	struct cmsghdr *header = length > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	int listener;

	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&listener, CMSG_DATA(header), sizeof(listener));
	printf("%.*s\n", (int)length, state);
	fflush(stdout);
	return listener;
}

static int is_mkdir(int number)
{
#ifdef SYS_mkdir
	if (number == SYS_mkdir)
		return 1;
#endif
	return number == SYS_mkdirat;
}

/* The last process with the filter has ended when the listener hangs up. */
static int answer(int listener)
{
	struct seccomp_notif request = { 0 };
	struct seccomp_notif_resp response = { 0 };
	struct pollfd ready = { .fd = listener, .events = POLLIN };

	if (poll(&ready, 1, -1) < 0 || !(ready.revents & POLLIN))
		return 0;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return errno == EINTR || errno == ENOENT;
	response.id = request.id;
	if (is_mkdir(request.data.nr))
		response.error = -ENOMEDIUM;
	else
		response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0 || errno == ENOENT;
}

int main(int argc, char **argv)
{
	int sock = argc == 2 ? listen_at(argv[1]) : -1;
	int listener;

	if (sock < 0) {
		perror("listen");
		return 1;
	}
	puts("listening");
	fflush(stdout);
	listener = receive_listener(accept(sock, NULL, NULL));
	if (listener < 0) {
		perror("receive the listener");
		return 1;
	}
	while (answer(listener))
		;
	return 0;
}
