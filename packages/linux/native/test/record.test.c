// SPDX-License-Identifier: Apache-2.0
// The record codec under bytes that nobody meant: truncated at every length, with every byte changed, and random ones.
// Built with sanitizers by scripts/test-native-asan.mjs; what it reads beyond its bounds ends it.
#include "init/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 4096u

static int failures;

#define EXPECT(condition)                                                                                             \
	do {                                                                                                          \
		if (!(condition)) {                                                                                   \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                              \
			failures++;                                                                                   \
		}                                                                                                     \
	} while (0)

struct fields {
	uint32_t small;
	int64_t large;
	const char *text;
	struct record_bytes bytes;
	struct record_strs strings;
	struct record_u32s numbers;
};

static int read_fields(struct record *record, struct fields *out)
{
	record_get_u32(record, &out->small);
	record_get_i64(record, &out->large);
	record_get_str(record, &out->text);
	record_get_bytes(record, &out->bytes);
	record_get_strs(record, &out->strings);
	record_get_u32s(record, &out->numbers);
	return record_end(record);
}

// Touches all that a reader would touch, so that a sanitizer sees it.
static unsigned use_fields(const struct fields *fields)
{
	unsigned sum = (unsigned)strlen(fields->text);
	char **array = record_strs_array(fields->strings);
	for (uint32_t i = 0; i < fields->bytes.length; i++)
		sum += fields->bytes.data[i];
	for (uint32_t i = 0; array && i < fields->strings.count; i++)
		sum += (unsigned)strlen(array[i]);
	for (uint32_t i = 0; i < fields->numbers.count; i++)
		sum += record_u32s_at(fields->numbers, i);
	free(array);
	return sum;
}

static size_t write_sample(unsigned char *buffer, size_t capacity)
{
	static const unsigned char list[] = { 1, 0, 0, 0, 'a', 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 'b', 'c', 0 };
	static const uint32_t numbers[] = { 7, 0xffffffffu };
	struct record_writer writer = { .data = buffer, .capacity = capacity };
	record_begin(&writer, 42);
	record_put_u32(&writer, 5);
	record_put_i64(&writer, -6);
	record_put_str(&writer, "hello");
	record_put_bytes(&writer, (struct record_bytes){ (const unsigned char *)"xyz", 3 });
	record_put_strs(&writer, (struct record_strs){ 3, list });
	record_put_u32s(&writer, (struct record_u32s){ 2, (const unsigned char *)numbers });
	record_finish(&writer);
	return writer.overflow ? 0 : writer.length;
}

// Always in memory of its own size, so that one byte too far is seen.
static int decode_copy(const unsigned char *data, size_t length)
{
	struct record record;
	struct fields fields;
	unsigned char *copy = malloc(length ? length : 1);
	int outcome = -1;
	memcpy(copy, data, length);
	if (record_next(&record, copy, length, LIMIT) > 0 && read_fields(&record, &fields) == 0) {
		use_fields(&fields);
		outcome = 0;
	}
	free(copy);
	return outcome;
}

static void test_round_trip(void)
{
	unsigned char buffer[256];
	struct record record;
	struct fields fields;
	size_t length = write_sample(buffer, sizeof buffer);
	EXPECT(length > 0);
	EXPECT(record_next(&record, buffer, length, LIMIT) == (int64_t)length);
	EXPECT(record.kind == 42);
	EXPECT(read_fields(&record, &fields) == 0);
	EXPECT(fields.small == 5 && fields.large == -6 && strcmp(fields.text, "hello") == 0);
	EXPECT(fields.bytes.length == 3 && fields.strings.count == 3 && fields.numbers.count == 2);
	char **array = record_strs_array(fields.strings);
	EXPECT(strcmp(array[0], "a") == 0 && array[1][0] == 0 && strcmp(array[2], "bc") == 0 && !array[3]);
	free(array);
	EXPECT(record_u32s_at(fields.numbers, 1) == 0xffffffffu);
}

static void test_small_buffers(void)
{
	unsigned char buffer[256];
	size_t length = write_sample(buffer, sizeof buffer);
	for (size_t capacity = 0; capacity < length; capacity++) {
		unsigned char *small = malloc(capacity ? capacity : 1);
		EXPECT(write_sample(small, capacity) == 0);
		free(small);
	}
}

static void test_damage(void)
{
	unsigned char buffer[256];
	size_t length = write_sample(buffer, sizeof buffer);
	for (size_t cut = 0; cut < length; cut++) {
		EXPECT(decode_copy(buffer, cut) < 0);
		// The header says less than what the fields need.
		unsigned char shorter[256];
		uint32_t payload = (uint32_t)cut;
		memcpy(shorter, buffer, length);
		memcpy(shorter + 4, &payload, 4);
		if (cut + RECORD_HEADER < length)
			EXPECT(decode_copy(shorter, length) < 0);
	}
	for (size_t at = 0; at < length; at++) {
		for (unsigned value = 0; value < 256; value++) {
			unsigned char kept = buffer[at];
			buffer[at] = (unsigned char)value;
			decode_copy(buffer, length);
			buffer[at] = kept;
		}
	}
}

static void test_random(void)
{
	unsigned char buffer[128];
	srand(1);
	for (int round = 0; round < 200000; round++) {
		size_t length = (size_t)(rand() % (int)sizeof buffer);
		for (size_t i = 0; i < length; i++)
			buffer[i] = (unsigned char)(rand() % 4 ? rand() % 8 : rand());
		if (length >= RECORD_HEADER) {
			uint32_t payload = (uint32_t)(length - RECORD_HEADER);
			memset(buffer + 2, 0, 2);
			memcpy(buffer + 4, &payload, 4);
		}
		decode_copy(buffer, length);
	}
}

static void test_limits(void)
{
	unsigned char header[RECORD_HEADER] = { 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };
	struct record record;
	EXPECT(record_next(&record, header, sizeof header, LIMIT) == -1);
	header[2] = 1;
	memset(header + 4, 0, 4);
	EXPECT(record_next(&record, header, sizeof header, LIMIT) == -1);
	EXPECT(record_next(&record, header, sizeof header - 1, LIMIT) == 0);
}

int main(void)
{
	test_round_trip();
	test_small_buffers();
	test_damage();
	test_random();
	test_limits();
	return failures > 0;
}
