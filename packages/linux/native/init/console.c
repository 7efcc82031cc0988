// SPDX-License-Identifier: Apache-2.0
// The terminal: a pty of the container's own devpts, whose master goes to whoever listens on the console socket.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/tty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "init/interpreter.h"

#ifndef DEVPTS_SUPER_MAGIC
#define DEVPTS_SUPER_MAGIC 0x1cd1
#endif

STEP(connect)
{
	struct launch_connect connection;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (launch_connect_decode(record, &connection) < 0)
		return fail(init, "malformed step");
	if (strlen(connection.path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return fail(init, "connect to %s", connection.path);
	}
	strcpy(address.sun_path, connection.path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		if (fd >= 0)
			close(fd);
		return fail(init, "connect to %s", connection.path);
	}
	return store_slot(init, connection.slot, fd);
}

/*
 * What is called ptmx may be any device or file of the image, and opening one may be all it takes: only the one of a
 * devpts is opened, by its name in that file system's root, with no mount in between.
 */
static int open_master(struct init *init)
{
	struct statfs filesystem;
	int unlock = 0, fd, terminals = resolve(init, "/dev/pts", O_PATH | O_DIRECTORY);

	if (terminals < 0)
		return -1;
	if (fstatfs(terminals, &filesystem) < 0 || filesystem.f_type != DEVPTS_SUPER_MAGIC) {
		close(terminals);
		errno = ENODEV;
		return -1;
	}
	fd = sys_openat2(terminals, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC, 0,
			 RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
	close(terminals);
	if (fd >= 0 && ioctl(fd, TIOCSPTLCK, &unlock) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int send_master(int socket_fd, int master)
{
	static char name[] = "/dev/ptmx";
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec payload = { .iov_base = name, .iov_len = sizeof(name) - 1 };
	struct msghdr message = {
		.msg_iov = &payload,
		.msg_iovlen = 1,
		.msg_control = control.data,
		.msg_controllen = sizeof(control.data),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &master, sizeof(int));
	return sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* /dev/console is the terminal itself; O_NOFOLLOW and the root descriptor keep the file inside the container. */
static int mount_console(struct init *init, int slave)
{
	int parent, target, tree, result = -1;
	const char *name;

	parent = open_parent(init, "/dev/console", &name);
	if (parent < 0)
		return -1;
	target = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (target >= 0)
		close(target);
	/* Whatever is there is opened as a path only: the image may have put a device there. */
	target = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	close(parent);
	if (target < 0)
		return -1;
	tree = clone_tree(slave, "", 0);
	if (tree >= 0) {
		struct stat status;

		if (fstat(target, &status) == 0 && S_ISLNK(status.st_mode))
			errno = ELOOP;
		else
			result = attach_tree(tree, target);
		close(tree);
	}
	close(target);
	return result;
}

static int use_terminal(struct init *init, const struct launch_console *console, int socket_fd, int master)
{
	struct winsize size = { .ws_col = (unsigned short)console->width, .ws_row = (unsigned short)console->height };
	int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (slave < 0)
		return fail(init, "open the terminal");
	if (console->width && console->height && ioctl(master, TIOCSWINSZ, &size) < 0)
		return fail(init, "set the terminal's size");
	if (console->mount && mount_console(init, slave) < 0)
		return fail(init, "mount /dev/console");
	if (send_master(socket_fd, master) < 0)
		return fail(init, "send the terminal to the console socket");
	for (int fd = 0; fd < 3; fd++) {
		if (dup2(slave, fd) < 0)
			return fail(init, "make the terminal a standard stream");
	}
	if (slave > 2)
		close(slave);
	return ioctl(0, TIOCSCTTY, 0) < 0 ? fail(init, "make the terminal the controlling one") : 0;
}

STEP(console)
{
	struct launch_console console;
	int socket_fd, master, result;

	if (launch_console_decode(record, &console) < 0)
		return fail(init, "malformed step");
	socket_fd = take_slot(init, console.slot);
	if (socket_fd < 0)
		return fail(init, "find the console socket");
	master = open_master(init);
	result = master < 0 ? fail(init, "open /dev/pts/ptmx") : use_terminal(init, &console, socket_fd, master);
	if (master >= 0)
		close(master);
	close(socket_fd);
	return result;
}
