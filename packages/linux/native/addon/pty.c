// SPDX-License-Identifier: Apache-2.0
// Pseudo terminals.
#include "addon.h"
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static int unlock(int master, int *number, int *slave)
{
	int locked = 0;
	if (ioctl(master, TIOCSPTLCK, &locked) < 0 || ioctl(master, TIOCGPTN, number) < 0)
		return -1;
	// By descriptor: the path /dev/pts/N could belong to another devpts instance.
	*slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return *slave < 0 ? -1 : 0;
}

static napi_value js_openpty(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	struct text ptmx;
	int number = 0, slave = -1;
	napi_value object = NULL;
	arg_text(&args, 0, &ptmx);
	int master = args.failed ? -1 : open(ptmx.ptr, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (!args.failed && master < 0) {
		throw_errno(env, errno, "open", ptmx.ptr);
	} else if (master >= 0 && unlock(master, &number, &slave) < 0) {
		throw_errno(env, errno, "ioctl", ptmx.ptr);
		close(master);
	} else if (master >= 0) {
		napi_create_object(env, &object);
		set_int(env, object, "master", master);
		set_int(env, object, "slave", slave);
		set_int(env, object, "number", number);
	}
	text_free(&ptmx);
	return object;
}

static napi_value js_set_window_size(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 5);
	int fd = arg_int(&args, 0);
	struct winsize size = {
		.ws_row = (unsigned short)arg_uint(&args, 1),
		.ws_col = (unsigned short)arg_uint(&args, 2),
		.ws_xpixel = (unsigned short)arg_uint(&args, 3),
		.ws_ypixel = (unsigned short)arg_uint(&args, 4),
	};
	return args.failed ? NULL : result_void(env, ioctl(fd, TIOCSWINSZ, &size), "ioctl", NULL);
}

static napi_value js_get_window_size(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	struct winsize size;
	napi_value object;
	int fd = arg_int(&args, 0);
	if (args.failed)
		return NULL;
	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return throw_errno(env, errno, "ioctl", NULL);
	napi_create_object(env, &object);
	set_int(env, object, "rows", size.ws_row);
	set_int(env, object, "columns", size.ws_col);
	set_int(env, object, "xPixels", size.ws_xpixel);
	set_int(env, object, "yPixels", size.ws_ypixel);
	return object;
}

// Returns the former settings, for ttyRestore. Node's own raw mode leaves the processing of output on, which would add
// a second carriage return to each line that another terminal has ended already.
static napi_value js_tty_raw(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	struct termios former, raw;
	napi_value buffer;
	int fd = arg_int(&args, 0);
	if (args.failed)
		return NULL;
	if (tcgetattr(fd, &former) < 0)
		return throw_errno(env, errno, "tcgetattr", NULL);
	raw = former;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return throw_errno(env, errno, "tcsetattr", NULL);
	napi_create_buffer_copy(env, sizeof(former), &former, NULL, &buffer);
	return buffer;
}

static napi_value js_tty_restore(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	int fd = arg_int(&args, 0);
	struct bytes settings = arg_bytes(&args, 1);
	if (args.failed)
		return NULL;
	if (settings.length != sizeof(struct termios))
		return throw_errno(env, EINVAL, "tcsetattr", NULL);
	return result_void(env, tcsetattr(fd, TCSANOW, (const struct termios *)settings.data), "tcsetattr", NULL);
}

const struct function pty_functions[] = {
	{ "openpty", js_openpty },
	{ "setWindowSize", js_set_window_size },
	{ "getWindowSize", js_get_window_size },
	{ "ttyRaw", js_tty_raw },
	{ "ttyRestore", js_tty_restore },
	{ 0 },
};
