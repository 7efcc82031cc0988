// SPDX-License-Identifier: Apache-2.0
#include "init/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int64_t record_next(struct record *record, const unsigned char *data, size_t available, uint32_t limit)
{
	uint16_t zero;

	if (available < RECORD_HEADER)
		return 0;
	memset(record, 0, sizeof(*record));
	memcpy(&record->kind, data, 2);
	memcpy(&zero, data + 2, 2);
	memcpy(&record->length, data + 4, 4);
	if (zero != 0 || record->length > limit) {
		errno = EBADMSG;
		return -1;
	}
	if (record->length > available - RECORD_HEADER)
		return 0;
	record->data = data + RECORD_HEADER;
	return (int64_t)RECORD_HEADER + record->length;
}

static const unsigned char *take(struct record *record, uint32_t length)
{
	const unsigned char *here;

	if (record->bad || length > record->length - record->offset) {
		record->bad = 1;
		return NULL;
	}
	here = record->data + record->offset;
	record->offset += length;
	return here;
}

static void get(struct record *record, void *out, uint32_t size)
{
	const unsigned char *here = take(record, size);

	if (here)
		memcpy(out, here, size);
	else
		memset(out, 0, size);
}

void record_get_u32(struct record *record, uint32_t *out)
{
	get(record, out, 4);
}

void record_get_i32(struct record *record, int32_t *out)
{
	get(record, out, 4);
}

void record_get_u64(struct record *record, uint64_t *out)
{
	get(record, out, 8);
}

void record_get_i64(struct record *record, int64_t *out)
{
	get(record, out, 8);
}

void record_get_bytes(struct record *record, struct record_bytes *out)
{
	record_get_u32(record, &out->length);
	out->data = take(record, out->length);
	if (!out->data)
		out->length = 0;
}

void record_get_str(struct record *record, const char **out)
{
	struct record_bytes bytes;
	const unsigned char *nul;

	*out = "";
	record_get_bytes(record, &bytes);
	nul = take(record, 1);
	if (!bytes.data || !nul)
		return;
	if (*nul != 0 || memchr(bytes.data, 0, bytes.length)) {
		record->bad = 1;
		return;
	}
	*out = (const char *)bytes.data;
}

void record_get_strs(struct record *record, struct record_strs *out)
{
	const char *ignored;

	record_get_u32(record, &out->count);
	out->data = record->data + record->offset;
	for (uint32_t i = 0; i < out->count && !record->bad; i++)
		record_get_str(record, &ignored);
	if (record->bad)
		out->count = 0;
}

void record_get_u32s(struct record *record, struct record_u32s *out)
{
	uint32_t ignored;

	record_get_u32(record, &out->count);
	out->data = record->data + record->offset;
	for (uint32_t i = 0; i < out->count && !record->bad; i++)
		record_get_u32(record, &ignored);
	if (record->bad)
		out->count = 0;
}

int record_end(struct record *record)
{
	if (!record->bad && record->offset == record->length)
		return 0;
	errno = EBADMSG;
	return -1;
}

char **record_strs_array(struct record_strs strs)
{
	char **array = calloc((size_t)strs.count + 1, sizeof(char *));
	const unsigned char *here = strs.data;

	if (!array)
		return NULL;
	for (uint32_t i = 0; i < strs.count; i++) {
		uint32_t length;

		memcpy(&length, here, 4);
		array[i] = (char *)(uintptr_t)(here + 4);
		here += 4 + (size_t)length + 1;
	}
	return array;
}

uint32_t record_u32s_at(struct record_u32s list, uint32_t index)
{
	uint32_t value;

	memcpy(&value, list.data + (size_t)index * 4, 4);
	return value;
}

static void put(struct record_writer *writer, const void *data, size_t length)
{
	if (writer->overflow || length > writer->capacity - writer->length) {
		writer->overflow = 1;
		return;
	}
	if (length)
		memcpy(writer->data + writer->length, data, length);
	writer->length += length;
}

void record_begin(struct record_writer *writer, uint16_t kind)
{
	unsigned char header[RECORD_HEADER] = { 0 };

	memcpy(header, &kind, 2);
	writer->start = writer->length;
	put(writer, header, sizeof(header));
}

void record_finish(struct record_writer *writer)
{
	uint32_t length;

	if (writer->overflow)
		return;
	length = (uint32_t)(writer->length - writer->start - RECORD_HEADER);
	memcpy(writer->data + writer->start + 4, &length, 4);
}

void record_put_u32(struct record_writer *writer, uint32_t value)
{
	put(writer, &value, 4);
}

void record_put_i32(struct record_writer *writer, int32_t value)
{
	put(writer, &value, 4);
}

void record_put_u64(struct record_writer *writer, uint64_t value)
{
	put(writer, &value, 8);
}

void record_put_i64(struct record_writer *writer, int64_t value)
{
	put(writer, &value, 8);
}

void record_put_bytes(struct record_writer *writer, struct record_bytes value)
{
	record_put_u32(writer, value.length);
	put(writer, value.data, value.length);
}

void record_put_str(struct record_writer *writer, const char *value)
{
	struct record_bytes bytes = { (const unsigned char *)value, (uint32_t)strlen(value) };

	record_put_bytes(writer, bytes);
	put(writer, "", 1);
}

void record_put_strs(struct record_writer *writer, struct record_strs value)
{
	const unsigned char *here = value.data;

	record_put_u32(writer, value.count);
	for (uint32_t i = 0; i < value.count; i++) {
		uint32_t length;

		memcpy(&length, here, 4);
		put(writer, here, 4 + (size_t)length + 1);
		here += 4 + (size_t)length + 1;
	}
}

void record_put_u32s(struct record_writer *writer, struct record_u32s value)
{
	record_put_u32(writer, value.count);
	put(writer, value.data, (size_t)value.count * 4);
}
