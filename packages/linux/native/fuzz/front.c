// SPDX-License-Identifier: Apache-2.0
// Fuzzes what the shim's front reads: the config.json of a bundle, the record of one, and what containerd writes to
// standard input. The first byte says which.
#include "front/front.h"

#include <stdlib.h>
#include <string.h>

#define NAMES 4

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Whatever is found lies in the text. */
static void check(struct json_text text, struct json_text found)
{
	struct json_text content = { "", 0 };

	if (!found.data)
		return;
	if (found.length == 0 || found.data < text.data || found.data + found.length > text.data + text.length)
		abort();
	if (json_plain_string(found, &content) == 0 && content.length > found.length - 2)
		abort();
}

static void read_json(struct json_text text, const char *inside)
{
	static const char *const names[NAMES] = { "io.containerd.runc.v2.group", "id", "version", "" };
	struct json_text found[NAMES];

	if (json_members(text, inside, names, found, NAMES) < 0)
		return;
	for (int i = 0; i < NAMES; i++)
		check(text, found[i]);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const struct flags flags = { "start", "ns", "id", "/a", "", "", false };
	unsigned char *copy;

	if (size == 0)
		return 0;
	/* Memory of exactly that size, so that one byte too far is seen. */
	copy = malloc(size - 1 ? size - 1 : 1);
	if (!copy)
		abort();
	memcpy(copy, data + 1, size - 1);
	if (data[0] % 4 == 2)
		(void)input_is_bootstrap(copy, size - 1, &flags);
	else if (data[0] % 4 == 3)
		(void)options_are_plain(copy, size - 1);
	else
		read_json((struct json_text){ (const char *)copy, size - 1 }, data[0] % 4 ? "annotations" : NULL);
	free(copy);
	return 0;
}
