// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/front.h"

#define WHOLE_NAMESPACE "*"
#define DIGEST_DIGITS 64

bool is_plain_name(const char *text, size_t length)
{
	bool has_more_than_dots = false;

	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		      c == '-' || c == '.'))
			return false;
		has_more_than_dots |= c != '.';
	}
	return has_more_than_dots;
}

bool is_plain_path(const char *path)
{
	if (*path != '/')
		return false;
	while (*path == '/') {
		size_t length = strcspn(++path, "/");

		if (!is_plain_name(path, length))
			return false;
		path += length;
	}
	return true;
}

bool serves_namespace(void)
{
	const char *serves = getenv("TEU_SHIM_SERVES");

	return serves && strcmp(serves, "namespace") == 0;
}

static int socket_folder(const char *containerd, char folder[PATH_BYTES])
{
	const char *given = getenv("TEU_SHIM_STATE");
	int length;

	if (given && *given) {
		if (!is_plain_path(given))
			return -1;
		length = snprintf(folder, PATH_BYTES, "%s", given);
	} else {
		length = snprintf(folder, PATH_BYTES, "%.*ss", (int)(strrchr(containerd, '/') + 1 - containerd), containerd);
	}
	return length < PATH_BYTES ? 0 : -1;
}

int shim_socket(const struct flags *flags, const char *group, size_t group_length, char socket[SOCKET_PATH_BYTES])
{
	const char *containerd = flags->address;
	char folder[PATH_BYTES];
	char digest[DIGEST_DIGITS + 1];
	char *key;
	int length;

	if (strncmp(containerd, "unix://", 7) == 0)
		containerd += 7;
	if (!is_plain_path(containerd) || !is_plain_name(flags->namespace, strlen(flags->namespace)))
		return -1;
	if (group_length == 0 && serves_namespace()) {
		group = WHOLE_NAMESPACE;
		group_length = strlen(group);
	} else {
		if (group_length == 0) {
			group = flags->id;
			group_length = strlen(group);
		}
		if (!is_plain_name(group, group_length))
			return -1;
	}
	if (socket_folder(containerd, folder) < 0)
		return -1;
	length = asprintf(&key, "%s/%s/%.*s", containerd, flags->namespace, (int)group_length, group);
	if (length < 0)
		return -1;
	sha256_hex(key, (size_t)length, digest);
	free(key);
	length = snprintf(socket, SOCKET_PATH_BYTES, "%s/%s", folder, digest);
	return length < SOCKET_PATH_BYTES ? 0 : -1;
}
