/*-------------------------------------------------------------------------
 *
 * write_answer.c
 *	  MutateRowsResponse bytes -> what became of each entry.
 *
 *-------------------------------------------------------------------------
 */
#include "write_answer.h"

#include "message.h"
#include "wire.h"

/* MutateRowsResponse, its Entry, and google.rpc.Status */
#define TAG_ENTRIES BT_WIRE_TAG(1, BT_WIRE_BYTES)
#define TAG_INDEX BT_WIRE_TAG(1, BT_WIRE_VARINT)
#define TAG_STATUS BT_WIRE_TAG(2, BT_WIRE_BYTES)
#define TAG_CODE BT_WIRE_TAG(1, BT_WIRE_VARINT)
#define TAG_MESSAGE BT_WIRE_TAG(2, BT_WIRE_BYTES)
#define TAG_DETAILS BT_WIRE_TAG(3, BT_WIRE_BYTES)

static void
set_message(bt_status *status, bt_span message)
{
	size_t len = message.len < sizeof(status->message) - 1 ? message.len
														   : sizeof(status->message) - 1;

	memcpy(status->message, message.data, len);
	status->message[len] = '\0';
}

static bool
read_status(bt_span bytes, bt_status *status)
{
	const uint8_t *cursor = bytes.data;
	const uint8_t *end = bytes.data + bytes.len;

	while (cursor < end)
	{
		uint32_t tag;
		uint64_t code = 0;
		bt_span message;

		cursor = bt_wire_tag(cursor, end, &tag);
		if (cursor == NULL)
			return false;
		if (tag == TAG_CODE)
		{
			cursor = bt_wire_varint(cursor, end, &code);
			status->code = (bt_code) (int32_t) code;
		}
		else if (tag == TAG_MESSAGE)
		{
			cursor = bt_wire_bytes(cursor, end, &message);
			if (cursor != NULL)
				set_message(status, message);
		}
		else
		{
			if (tag == TAG_DETAILS)
				(void) bt_unpack_retry_delay(bytes, &status->retry_delay_us);
			cursor = bt_wire_skip(cursor, end, tag);
		}
		if (cursor == NULL)
			return false;
	}
	return true;
}

static bool
read_entry(bt_span bytes, bt_write_answer_entry entry, void *arg)
{
	const uint8_t *cursor = bytes.data;
	const uint8_t *end = bytes.data + bytes.len;
	bt_span status_bytes = {NULL, 0};
	uint64_t index = 0;
	bt_status status;

	while (cursor < end)
	{
		uint32_t tag;

		cursor = bt_wire_tag(cursor, end, &tag);
		if (cursor == NULL)
			return false;
		if (tag == TAG_INDEX)
			cursor = bt_wire_varint(cursor, end, &index);
		else if (tag == TAG_STATUS)
			cursor = bt_wire_bytes(cursor, end, &status_bytes);
		else
			cursor = bt_wire_skip(cursor, end, tag);
		if (cursor == NULL)
			return false;
	}

	/* Most entries are fine: do not clear all of the message for each. */
	status.code = BT_OK;
	status.attempts = 0;
	status.retry_delay_us = -1;
	status.local = false;
	status.message[0] = '\0';
	return (status_bytes.len == 0 || read_status(status_bytes, &status)) &&
		   entry(arg, index, &status);
}

bool
bt_write_answer_read(bt_span bytes, bt_write_answer_entry entry, void *arg)
{
	const uint8_t *cursor = bytes.data;
	const uint8_t *end = bytes.data + bytes.len;

	while (cursor < end)
	{
		uint32_t tag;
		bt_span body;

		cursor = bt_wire_tag(cursor, end, &tag);
		if (cursor == NULL)
			return false;
		if (tag != TAG_ENTRIES)
			cursor = bt_wire_skip(cursor, end, tag);
		else
		{
			cursor = bt_wire_bytes(cursor, end, &body);
			if (cursor != NULL && !read_entry(body, entry, arg))
				return false;
		}
		if (cursor == NULL)
			return false;
	}
	return true;
}
