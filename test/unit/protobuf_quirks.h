/*-------------------------------------------------------------------------
 *
 * protobuf_quirks.h
 *	  Where protobuf-c reads a ReadRowsResponse otherwise than protobuf has it,
 *	  or otherwise than the chunk decoder has to.
 *
 * None of it is in a message that a protobuf library has written; a mutation
 * makes it.  protobuf-c
 *
 *	- refuses a field whose wire type is not the declared one, where protobuf
 *	  takes it for an unknown field;
 *	- accepts field number 0 and cuts a tag to 32 bits, where protobuf refuses;
 *	- refuses tags and lengths of more than five bytes;
 *	- merges a message that comes twice as if an empty value in the second one
 *	  were none;
 *	- has strings that end at a NUL;
 *	- takes a bool for true by bits beyond the 64th;
 *	- reads request_stats, whose bytes the chunk decoder hands on as they are.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROTOBUF_QUIRKS_H
#define PROTOBUF_QUIRKS_H

#include <stdlib.h>

#include "bigtable.pb-c.h"
#include "span.h"

typedef enum quirk_type
{
	QUIRK_NUMBER,
	QUIRK_BYTES,
	QUIRK_STRING,
	QUIRK_MESSAGE,  /* of "fields", once */
	QUIRK_MESSAGES, /* of "fields", any number */
	QUIRK_STATS
} quirk_type;

typedef struct quirk_field
{
	unsigned number;
	quirk_type type;
	const struct quirk_field *fields;
} quirk_field;

static const quirk_field quirk_string_value[] = {{1, QUIRK_STRING, NULL}, {0}};
static const quirk_field quirk_bytes_value[] = {{1, QUIRK_BYTES, NULL}, {0}};
static const quirk_field quirk_chunk[] = {
	{1, QUIRK_BYTES, NULL},
	{2, QUIRK_MESSAGE, quirk_string_value},
	{3, QUIRK_MESSAGE, quirk_bytes_value},
	{4, QUIRK_NUMBER, NULL},
	{5, QUIRK_STRING, NULL},
	{6, QUIRK_BYTES, NULL},
	{7, QUIRK_NUMBER, NULL},
	{8, QUIRK_NUMBER, NULL},
	{9, QUIRK_NUMBER, NULL},
	{0},
};
static const quirk_field quirk_response[] = {
	{1, QUIRK_MESSAGES, quirk_chunk},
	{2, QUIRK_BYTES, NULL},
	{3, QUIRK_STATS, NULL},
	{0},
};

/* What is left to read. */
typedef struct quirk_cursor
{
	const uint8_t *bytes;
	size_t len;
} quirk_cursor;

/* Reads a varint of up to ten bytes; returns how many, 0 if there is none. */
static inline size_t
quirk_varint(quirk_cursor *cursor, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < 10 && i < cursor->len; i++)
	{
		uint8_t byte = cursor->bytes[i];

		*value |= i < 9 ? (uint64_t) (byte & 0x7f) << (7 * i) : (uint64_t) byte << 63;
		if (byte < 0x80)
		{
			cursor->bytes += i + 1;
			cursor->len -= i + 1;
			return i + 1;
		}
	}
	return 0;
}

static inline const quirk_field *
find_quirk_field(const quirk_field *fields, uint64_t number)
{
	for (; fields->number != 0; fields++)
		if (fields->number == number)
			return fields;
	return NULL;
}

/* Would protobuf-c write the statistics as they are? */
static inline bool
stats_are_canonical(quirk_cursor content)
{
	Google__Bigtable__V2__RequestStats *stats =
		google__bigtable__v2__request_stats__unpack(NULL, content.len, content.bytes);
	bool same = false;
	uint8_t *copy;

	if (stats == NULL)
		return false;
	if (google__bigtable__v2__request_stats__get_packed_size(stats) == content.len)
	{
		copy = malloc(content.len + 1);
		google__bigtable__v2__request_stats__pack(stats, copy);
		same = content.len == 0 || memcmp(copy, content.bytes, content.len) == 0;
		free(copy);
	}
	google__bigtable__v2__request_stats__free_unpacked(stats, NULL);
	return same;
}

static inline const char *find_quirk(quirk_cursor message, const quirk_field *fields);

/* A quirk in the content of a length-delimited field. */
static inline const char *
find_quirk_in(const quirk_field *field, quirk_cursor content, unsigned times)
{
	if (field->type == QUIRK_STRING && content.len > 0 &&
		memchr(content.bytes, 0, content.len) != NULL)
		return "a string with a NUL";
	if (field->type == QUIRK_MESSAGE && times > 1)
		return "a message twice";
	if (field->type == QUIRK_STATS && (times > 1 || !stats_are_canonical(content)))
		return "unusual statistics";
	return field->fields != NULL ? find_quirk(content, field->fields) : NULL;
}

/* What find_quirk() returns where both sides have to refuse the message. */
static const char quirk_malformed[] = "malformed";

/* Reads the content of a field that is not a varint; returns a quirk or NULL. */
static inline const char *
quirk_content(quirk_cursor *message, unsigned wire_type, quirk_cursor *content)
{
	uint64_t size = wire_type == 1 ? 8 : 4;

	if (wire_type == 2)
	{
		size_t len = quirk_varint(message, &size);

		if (len > 5 || size > INT32_MAX)
			return "an unusual length";
		if (len == 0)
			return quirk_malformed;
	}
	else if (wire_type != 1 && wire_type != 5)
		return quirk_malformed;
	if (size > message->len)
		return quirk_malformed;
	*content = (quirk_cursor){message->bytes, size};
	message->bytes += size;
	message->len -= size;
	return NULL;
}

/*
 * Returns the first quirk, or quirk_malformed, or NULL when there is nothing
 * unusual in the message.
 */
static inline const char *
find_quirk(quirk_cursor message, const quirk_field *fields)
{
	unsigned times[16] = {0};
	const char *quirk = NULL;

	while (quirk == NULL && message.len > 0)
	{
		uint64_t number;
		uint64_t tag;
		size_t len = quirk_varint(&message, &tag);
		unsigned wire_type = tag & 7;
		const quirk_field *field = find_quirk_field(fields, tag >> 3);
		quirk_cursor content;

		if (len == 0)
			return quirk_malformed;
		if (len > 5 || tag > UINT32_MAX || tag < 8)
			return "an unusual tag";
		if (field != NULL && wire_type != (field->type == QUIRK_NUMBER ? 0u : 2u))
			return "another wire type";
		if (wire_type == 0)
		{
			len = quirk_varint(&message, &number);
			if (len == 0)
				return quirk_malformed;
			if (len == 10 && message.bytes[-1] > 1)
				return "a number of more than 64 bits";
			continue;
		}
		quirk = quirk_content(&message, wire_type, &content);
		if (quirk == NULL && field != NULL)
			quirk = find_quirk_in(field, content, ++times[field->number]);
	}
	return quirk;
}

/* Names a quirk in a ReadRowsResponse, or returns NULL. */
static inline const char *
response_quirk(bt_span message)
{
	const char *quirk =
		find_quirk((quirk_cursor){message.data, message.len}, quirk_response);

	return quirk == quirk_malformed ? NULL : quirk;
}

#endif /* PROTOBUF_QUIRKS_H */
