// SPDX-License-Identifier: Apache-2.0
// Reads lines of four kinds and prints one line for each, so that a test can compare with another implementation:
//   j TEXT    the group that the annotations of a JSON text name, as the front finds it; "?" when it does not know
//   h TEXT    the SHA-256 of a text
//   b HEX     whether these bytes are a BootstrapParams of the task "id" in the namespace "ns": 1 or 0
//   o HEX     whether these bytes are options that ask nothing of the shim itself: 1 or 0
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/front.h"

static void print_group(const char *line, size_t length)
{
	static const char *const names[] = { "io.containerd.runc.v2.group" };
	struct json_text found;
	struct json_text group = { "", 0 };
	/* Of exactly its length in memory, so that a byte too far is seen. */
	char *text = malloc(length ? length : 1);

	memcpy(text, line, length);
	if (json_members((struct json_text){ text, length }, "annotations", names, &found, 1) < 0 ||
	    (found.data && json_plain_string(found, &group) < 0))
		puts("?");
	else
		printf("=%.*s\n", (int)group.length, group.data);
	free(text);
}

static void print_input(const char *hex, size_t length, bool is_options)
{
	const struct flags flags = { "start", "ns", "id", "/a", "", "", false };
	unsigned char *bytes = malloc(length / 2 + 1);

	for (size_t i = 0; i < length / 2; i++)
		sscanf(hex + i * 2, "%2hhx", &bytes[i]);
	bytes = realloc(bytes, length / 2 ? length / 2 : 1);
	printf("%d\n", is_options ? options_are_plain(bytes, length / 2) : input_is_bootstrap(bytes, length / 2, &flags));
	free(bytes);
}

int main(void)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t length;
	char digest[65];

	while ((length = getline(&line, &capacity, stdin)) > 2) {
		const char *text = line + 2;
		size_t rest = (size_t)length - 3;

		if (*line == 'j') {
			print_group(text, rest);
		} else if (*line == 'h') {
			sha256_hex(text, rest, digest);
			puts(digest);
		} else {
			print_input(text, rest, *line == 'o');
		}
	}
	free(line);
	return 0;
}
