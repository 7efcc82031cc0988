// SPDX-License-Identifier: Apache-2.0
// The record codec of protocol.json. A record is { u16 kind, u16 zero, u32 length } and then its fields, all in host
// byte order: integers as they are, str and bytes as a u32 length and the data (str also carries its NUL), lists as a
// u32 count and the elements. Every read is bounds-checked; a record with bytes left over is refused.
#ifndef TEU_RECORD_H
#define TEU_RECORD_H

#include <stddef.h>
#include <stdint.h>

#define RECORD_HEADER 8u

/* A record being read. `bad` stays set after the first read that did not fit. */
struct record {
	uint16_t kind;
	const unsigned char *data;
	uint32_t length;
	uint32_t offset;
	int bad;
};

struct record_bytes {
	const unsigned char *data;
	uint32_t length;
};

/* A checked list of strings, still in wire form; record_strs_array unrolls it. */
struct record_strs {
	uint32_t count;
	const unsigned char *data;
};

struct record_u32s {
	uint32_t count;
	const unsigned char *data;
};

/* Takes the next record out of `data`. Returns its whole size, 0 when more bytes are needed, -1 when malformed. */
int64_t record_next(struct record *record, const unsigned char *data, size_t available, uint32_t limit);

void record_get_u32(struct record *record, uint32_t *out);
void record_get_i32(struct record *record, int32_t *out);
void record_get_u64(struct record *record, uint64_t *out);
void record_get_i64(struct record *record, int64_t *out);
void record_get_str(struct record *record, const char **out);
void record_get_bytes(struct record *record, struct record_bytes *out);
void record_get_strs(struct record *record, struct record_strs *out);
void record_get_u32s(struct record *record, struct record_u32s *out);

/* 0 when every field was read and nothing is left over, else -1 with errno EBADMSG. */
int record_end(struct record *record);

/* A NULL-terminated array that points into the record; NULL with errno ENOMEM. */
char **record_strs_array(struct record_strs strs);
uint32_t record_u32s_at(struct record_u32s list, uint32_t index);

/* A buffer being filled. `overflow` stays set after the first write that did not fit. */
struct record_writer {
	unsigned char *data;
	size_t capacity;
	size_t length;
	size_t start;
	int overflow;
};

void record_begin(struct record_writer *writer, uint16_t kind);
void record_finish(struct record_writer *writer);
void record_put_u32(struct record_writer *writer, uint32_t value);
void record_put_i32(struct record_writer *writer, int32_t value);
void record_put_u64(struct record_writer *writer, uint64_t value);
void record_put_i64(struct record_writer *writer, int64_t value);
void record_put_str(struct record_writer *writer, const char *value);
void record_put_bytes(struct record_writer *writer, struct record_bytes value);
void record_put_strs(struct record_writer *writer, struct record_strs value);
void record_put_u32s(struct record_writer *writer, struct record_u32s value);

#endif
