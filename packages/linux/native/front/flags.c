// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "front/front.h"

struct value_flag {
	const char *name;
	const char **value;
};

static int take_flag(const struct value_flag *known, size_t count, const char *name, size_t length, const char *value)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(known[i].name) == length && strncmp(known[i].name, name, length) == 0) {
			*known[i].value = value;
			return 0;
		}
	}
	return -1;
}

/* In Go's form: -name value, -name=value, and the same with two dashes. */
int flags_parse(struct flags *flags, int argc, char **argv)
{
	const struct value_flag known[] = {
		{ "namespace", &flags->namespace },   { "id", &flags->id },	      { "address", &flags->address },
		{ "publish-binary", &flags->publish_binary }, { "bundle", &flags->bundle },
	};
	int at = 0;

	*flags = (struct flags){ "", "", "", "", "", "", false };
	for (; at < argc && argv[at][0] == '-'; at++) {
		const char *name = argv[at] + (argv[at][1] == '-' ? 2 : 1);
		const char *equals = strchr(name, '=');
		const char *value;

		if (strcmp(name, "debug") == 0) {
			flags->debug = true;
			continue;
		}
		if (equals)
			value = equals + 1;
		else if (at + 1 < argc)
			value = argv[at + 1];
		else
			return -1;
		if (take_flag(known, sizeof(known) / sizeof(known[0]), name, equals ? (size_t)(equals - name) : strlen(name),
			      value) < 0)
			return -1;
		if (!equals)
			at++;
	}
	if (at + 1 != argc || !*flags->namespace || !*flags->id || !*flags->address)
		return -1;
	flags->action = argv[at];
	return 0;
}
