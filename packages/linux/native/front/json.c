// SPDX-License-Identifier: Apache-2.0
// Just enough of RFC 8259 to find a member: the grammar is checked, nothing is converted.
#include <string.h>

#include "front/front.h"

#define MAX_DEPTH 64

struct scan {
	const char *at;
	const char *end;
	int depth;
};

static void skip_space(struct scan *scan)
{
	while (scan->at < scan->end && strchr(" \t\r\n", *scan->at) && *scan->at)
		scan->at++;
}

static bool take(struct scan *scan, char wanted)
{
	skip_space(scan);
	if (scan->at == scan->end || *scan->at != wanted)
		return false;
	scan->at++;
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static int skip_escape(struct scan *scan)
{
	char kind;

	if (scan->end - scan->at < 2)
		return -1;
	kind = scan->at[1];
	scan->at += 2;
	if (kind == 'u') {
		if (scan->end - scan->at < 4)
			return -1;
		for (int i = 0; i < 4; i++) {
			if (!is_hex(*scan->at++))
				return -1;
		}
		return 0;
	}
	return kind && strchr("\"\\/bfnrt", kind) ? 0 : -1;
}

static int skip_string(struct scan *scan)
{
	if (!take(scan, '"'))
		return -1;
	while (scan->at < scan->end && *scan->at != '"') {
		if ((unsigned char)*scan->at < 0x20)
			return -1;
		if (*scan->at == '\\') {
			if (skip_escape(scan) < 0)
				return -1;
		} else {
			scan->at++;
		}
	}
	return take(scan, '"') ? 0 : -1;
}

static bool skip_digits(struct scan *scan)
{
	const char *start = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return scan->at > start;
}

static bool next_is(const struct scan *scan, const char *any)
{
	return scan->at < scan->end && *scan->at && strchr(any, *scan->at);
}

static int skip_number(struct scan *scan)
{
	const char *digits;

	if (next_is(scan, "-"))
		scan->at++;
	digits = scan->at;
	if (!skip_digits(scan) || (*digits == '0' && scan->at - digits > 1))
		return -1;
	if (next_is(scan, ".")) {
		scan->at++;
		if (!skip_digits(scan))
			return -1;
	}
	if (next_is(scan, "eE")) {
		scan->at++;
		if (next_is(scan, "+-"))
			scan->at++;
		if (!skip_digits(scan))
			return -1;
	}
	return 0;
}

static int skip_word(struct scan *scan, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
		return -1;
	scan->at += length;
	return 0;
}

static int skip_value(struct scan *scan);

static int skip_array(struct scan *scan)
{
	scan->at++;
	if (take(scan, ']'))
		return 0;
	do {
		if (skip_value(scan) < 0)
			return -1;
	} while (take(scan, ','));
	return take(scan, ']') ? 0 : -1;
}

typedef int member_taker(void *context, struct json_text name, struct json_text value);

static int skip_object(struct scan *scan, member_taker *taker, void *context)
{
	scan->at++;
	if (take(scan, '}'))
		return 0;
	do {
		struct json_text name;
		struct json_text value;

		skip_space(scan);
		name.data = scan->at;
		if (skip_string(scan) < 0)
			return -1;
		name.length = (size_t)(scan->at - name.data);
		if (!take(scan, ':'))
			return -1;
		skip_space(scan);
		value.data = scan->at;
		if (skip_value(scan) < 0)
			return -1;
		value.length = (size_t)(scan->at - value.data);
		if (taker && taker(context, name, value) < 0)
			return -1;
	} while (take(scan, ','));
	return take(scan, '}') ? 0 : -1;
}

static int skip_nested(struct scan *scan)
{
	int result;

	if (scan->depth == MAX_DEPTH)
		return -1;
	scan->depth++;
	result = *scan->at == '{' ? skip_object(scan, NULL, NULL) : skip_array(scan);
	scan->depth--;
	return result;
}

static int skip_value(struct scan *scan)
{
	skip_space(scan);
	if (scan->at == scan->end)
		return -1;
	switch (*scan->at) {
	case '{':
	case '[':
		return skip_nested(scan);
	case '"':
		return skip_string(scan);
	case 't':
		return skip_word(scan, "true");
	case 'f':
		return skip_word(scan, "false");
	case 'n':
		return skip_word(scan, "null");
	default:
		return skip_number(scan);
	}
}

struct search {
	const char *const *names;
	struct json_text *found;
	size_t count;
};

static int take_member(void *context, struct json_text name, struct json_text value)
{
	struct search *search = context;

	/* Written with escapes it may be any name. */
	if (memchr(name.data, '\\', name.length))
		return -1;
	for (size_t i = 0; i < search->count; i++) {
		if (name.length == strlen(search->names[i]) + 2 &&
		    memcmp(name.data + 1, search->names[i], name.length - 2) == 0)
			search->found[i] = value;
	}
	return 0;
}

static int members(struct json_text text, const char *const names[], struct json_text found[], size_t count)
{
	struct scan scan = { text.data, text.data + text.length, 0 };
	struct search search = { names, found, count };

	for (size_t i = 0; i < count; i++)
		found[i] = (struct json_text){ NULL, 0 };
	skip_space(&scan);
	if (scan.at == scan.end || *scan.at != '{' || skip_object(&scan, take_member, &search) < 0)
		return -1;
	skip_space(&scan);
	return scan.at == scan.end ? 0 : -1;
}

int json_members(struct json_text text, const char *inside, const char *const names[], struct json_text found[],
		 size_t count)
{
	struct json_text object;

	if (!inside)
		return members(text, names, found, count);
	if (members(text, &inside, &object, 1) < 0)
		return -1;
	if (object.data && *object.data == '{')
		return members(object, names, found, count);
	for (size_t i = 0; i < count; i++)
		found[i] = (struct json_text){ NULL, 0 };
	return 0;
}

int json_plain_string(struct json_text value, struct json_text *content)
{
	if (!value.data || *value.data != '"')
		return -1;
	*content = (struct json_text){ value.data + 1, value.length - 2 };
	for (size_t i = 0; i < content->length; i++) {
		if (content->data[i] < 0x20 || content->data[i] > 0x7e || content->data[i] == '\\')
			return -1;
	}
	return 0;
}
