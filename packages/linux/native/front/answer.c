// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "front/front.h"

#define RECORD "teu/container.json"
#define KILLED_STATUS 137

static int print(const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t count = write(STDOUT_FILENO, at, length);

		if (count < 0 && errno == EINTR)
			continue;
		/* Half an answer is no answer that anybody else could complete. */
		if (count < 0)
			exit(1);
		at += count;
		length -= (size_t)count;
	}
	return 0;
}

/* What config.json in the working directory says; an empty group when it says nothing. */
static int group_of_bundle(char **config, struct json_text *group)
{
	static const char *const annotations[] = { "io.containerd.runc.v2.group", "io.kubernetes.cri.sandbox-id" };
	struct json_text found[2];
	size_t length;

	*config = read_file("config.json", &length);
	if (!*config || json_members((struct json_text){ *config, length }, "annotations", annotations, found, 2) < 0)
		return -1;
	*group = (struct json_text){ "", 0 };
	for (int i = 0; i < 2 && group->length == 0; i++) {
		if (found[i].data && json_plain_string(found[i], group) < 0)
			return -1;
	}
	return 0;
}

/* Containerd up to 1.7 reads the address from here when it starts again. */
static int write_address(const char *socket)
{
	int fd = open("address", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int length;

	if (fd < 0)
		return errno == EROFS || errno == EACCES ? 0 : -1;
	length = dprintf(fd, "unix://%s", socket);
	close(fd);
	return length < 0 ? -1 : 0;
}

/* The task API's version: what containerd knows, 3 at the most; 0 when it does not say; -1 when it says something odd. */
static int task_version(void)
{
	const char *version = getenv("MAX_SHIM_VERSION");

	if (!version || !*version)
		return 0;
	if (version[1] || *version < '2' || *version > '9')
		return -1;
	return *version == '2' ? 2 : 3;
}

static int print_address(const char *socket, bool whole_namespace, int version)
{
	char text[512];
	int length;

	if (version == 0)
		length = snprintf(text, sizeof(text), "unix://%s", socket);
	else
		length = snprintf(text, sizeof(text), "{\"version\":%d,\"address\":\"unix://%s\",\"protocol\":\"ttrpc\"%s}",
				  version, socket, whole_namespace ? ",\"serves\":\"namespace\"" : "");
	return print(text, (size_t)length);
}

/* The shim that listens on the socket, or is started there if nothing out of the ordinary is asked of it. */
static int find_or_launch(const struct launch *launch)
{
	const char *separate_cores = getenv("SCHED_CORE");
	int answering = is_answering(launch->socket);

	if (answering == 1)
		return 0;
	/* A socket where nobody answers is what a shim that was killed has left. */
	if (answering < 0 || (separate_cores && *separate_cores) || !input_is_plain())
		return -1;
	return launch_server(launch);
}

int answer_start(const struct flags *flags, const char *script)
{
	char socket[SOCKET_PATH_BYTES];
	const struct launch launch = { flags, script, socket };
	struct json_text group;
	char *config = NULL;
	int version = task_version();
	int result = -1;
	int lock;

	/* A bundle that has been a container's before has a shim already, wherever that one listens. */
	if (version < 0 || *flags->bundle || access(RECORD, F_OK) == 0 || errno != ENOENT)
		return -1;
	if (group_of_bundle(&config, &group) == 0 && shim_socket(flags, group.data, group.length, socket) == 0 &&
	    own_folder(socket) == 0 && (lock = lock_shim(socket)) >= 0) {
		if (find_or_launch(&launch) == 0 && write_address(socket) == 0)
			result = print_address(socket, group.length == 0 && serves_namespace(), version);
		close(lock);
	}
	free(config);
	return result;
}

/* Where the shim of the bundle's record listens. */
static int recorded_socket(const char *bundle, char socket[SOCKET_PATH_BYTES])
{
	static const char *const names[] = { "version", "id", "runtime", "socket" };
	struct json_text found[4];
	struct json_text content;
	char path[PATH_BYTES];
	char *record;
	size_t length;
	int result = -1;

	if (snprintf(path, sizeof(path), "%s/" RECORD, bundle) >= PATH_BYTES)
		return -1;
	record = read_file(path, &length);
	if (record && json_members((struct json_text){ record, length }, NULL, names, found, 4) == 0 &&
	    found[0].length == 1 && *found[0].data == '1' && found[1].data && found[2].data &&
	    json_plain_string(found[3], &content) == 0 && content.length < SOCKET_PATH_BYTES) {
		snprintf(socket, SOCKET_PATH_BYTES, "%.*s", (int)content.length, content.data);
		result = is_plain_path(socket) ? 0 : -1;
	}
	free(record);
	return result;
}

/* A shim takes a task off its list when it has deleted it. */
static bool is_deleted(const char *socket, const char *id)
{
	char link[SOCKET_PATH_BYTES + 256];
	struct stat stat;

	if (!is_plain_name(id, strlen(id)) || strlen(id) > 200)
		return false;
	snprintf(link, sizeof(link), "%s.d/%s", socket, id);
	return lstat(link, &stat) < 0 && errno == ENOENT;
}

static bool is_unmounted(const char *bundle)
{
	char rootfs[PATH_BYTES];
	struct statx stat;

	if (snprintf(rootfs, sizeof(rootfs), "%s/rootfs", bundle) >= PATH_BYTES)
		return false;
	if (statx(AT_FDCWD, rootfs, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &stat) < 0)
		return errno == ENOENT;
	return (stat.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) && !(stat.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

static size_t put_varint(unsigned char *out, uint64_t value)
{
	size_t length = 0;

	for (; value > 127; value >>= 7)
		out[length++] = (unsigned char)(value | 128);
	out[length++] = (unsigned char)value;
	return length;
}

/* containerd.task.v2.DeleteResponse: exit_status = 2, exited_at = 3 { seconds = 1, nanos = 2 }. */
static int print_deleted(void)
{
	unsigned char time[24];
	unsigned char out[48];
	struct timespec now;
	size_t time_length = 0;
	size_t length = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	time[time_length++] = 1 << 3;
	time_length += put_varint(time + time_length, (uint64_t)now.tv_sec);
	time[time_length++] = 2 << 3;
	time_length += put_varint(time + time_length, (uint64_t)now.tv_nsec);
	out[length++] = 2 << 3;
	length += put_varint(out + length, KILLED_STATUS);
	out[length++] = 3 << 3 | 2;
	out[length++] = (unsigned char)time_length;
	memcpy(out + length, time, time_length);
	return print(out, length + time_length);
}

int answer_delete(const struct flags *flags)
{
	const char *bundle = *flags->bundle ? flags->bundle : ".";
	char socket[SOCKET_PATH_BYTES];

	if (recorded_socket(bundle, socket) < 0 || !is_deleted(socket, flags->id) || !is_unmounted(bundle))
		return -1;
	/* What a shim that was killed leaves of itself is for the whole program to remove. */
	if (is_answering(socket) < 0)
		return -1;
	return print_deleted();
}
