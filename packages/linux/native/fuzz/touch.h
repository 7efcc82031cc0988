// SPDX-License-Identifier: Apache-2.0
// Reading what a record gave, to its last byte, so that a sanitizer sees where it leads.
#ifndef TEU_FUZZ_TOUCH_H
#define TEU_FUZZ_TOUCH_H

#include <stdlib.h>
#include <string.h>

#include "init/record.h"

/* Takes what was read, so that the compiler may not leave the reading out. */
extern volatile size_t sink;

static inline void touch_u32(uint32_t value)
{
	sink = value;
}

static inline void touch_i32(int32_t value)
{
	sink = (size_t)value;
}

static inline void touch_u64(uint64_t value)
{
	sink = (size_t)value;
}

static inline void touch_i64(int64_t value)
{
	sink = (size_t)value;
}

static inline void touch_str(const char *value)
{
	sink = strlen(value);
}

static inline void touch_bytes(struct record_bytes value)
{
	for (uint32_t i = 0; i < value.length; i++)
		sink = value.data[i];
}

static inline void touch_strs(struct record_strs value)
{
	char **array = record_strs_array(value);
	uint32_t count = 0;

	while (array && array[count])
		sink = strlen(array[count++]);
	if (array && count != value.count)
		abort();
	free(array);
}

static inline void touch_u32s(struct record_u32s value)
{
	for (uint32_t i = 0; i < value.count; i++)
		sink = record_u32s_at(value, i);
}

#endif
