// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reading of /etc/passwd, which is the image's: the first four bytes are the user.
#include "init/execute.c"

#include "fuzz/touch.h"

volatile size_t sink;

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	uint32_t uid;
	char *text, *home;

	if (size < sizeof(uid))
		return 0;
	memcpy(&uid, data, sizeof(uid));
	text = malloc(size - sizeof(uid) + 1);
	if (!text)
		abort();
	memcpy(text, data + sizeof(uid), size - sizeof(uid));
	text[size - sizeof(uid)] = 0;
	home = home_of(text, uid);
	sink = home ? strlen(home) : 0;
	if (home && (home < text || home > text + size - sizeof(uid)))
		abort();
	free(text);
	return 0;
}
