// SPDX-License-Identifier: Apache-2.0
// Fuzzes the short messages of the other families: the first byte says which one, the rest are records.
#include <stdlib.h>
#include <string.h>

#include "fuzz/touch.generated.h"

volatile size_t sink;

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static int (*const families[])(struct record *) = { touch_sync, touch_monitor_command, touch_monitor_event,
							    touch_monitor_config };
	unsigned char *copy;
	size_t offset = 0;

	if (size == 0)
		return 0;
	copy = malloc(size - 1 ? size - 1 : 1);
	if (!copy)
		abort();
	memcpy(copy, data + 1, size - 1);
	for (;;) {
		struct record record;
		int64_t length = record_next(&record, copy + offset, size - 1 - offset, PROTOCOL_MAX_MESSAGE_BYTES);

		if (length <= 0)
			break;
		(void)families[data[0] % 4](&record);
		if (record.offset > record.length)
			abort();
		offset += (size_t)length;
	}
	free(copy);
	return 0;
}
