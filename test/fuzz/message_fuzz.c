/*-------------------------------------------------------------------------
 *
 * message_fuzz.c
 *	  Answers of the service: whatever their bytes, what is made of them is
 *	  sound.
 *
 * Input: a byte that chooses the kind of answer, and its bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz_input.h"

#include "message.h"
#include "message_admin.h"
#include "wire.h"

/* What a server may have a client wait, at most: 366 days. */
#define LONGEST_DELAY_US (INT64_C(366) * 24 * 3600 * 1000000)

/* Reads every byte, so that a sanitizer sees one that is not there. */
static void
touch(bt_span bytes)
{
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < bytes.len; i++)
		sum = (uint8_t) (sum + bytes.data[i]);
}

/* Stops after "left" cells. */
static bool
touch_cell(void *arg, const bt_written_cell *cell)
{
	unsigned *left = arg;

	touch(cell->family);
	touch(cell->qualifier);
	touch(cell->value);
	return (*left)-- > 0;
}

/* ---- tables ---- */

static void
touch_type(const bt_type *type)
{
	if (type == NULL)
		return;
	FUZZ_CHECK(type->kind <= BT_TYPE_AGGREGATE, "no such type");
	FUZZ_CHECK(bt_family_type_of(type) <= BT_FAMILY_OTHER_AGGREGATE,
			   "no such type of a family");
	touch(type->delimiter);
	for (size_t i = 0; i < type->nfields; i++)
	{
		FUZZ_CHECK(type->fields[i].type != NULL, "a field without a type");
		touch(type->fields[i].name);
		touch_type(type->fields[i].type);
	}
	touch_type(type->key);
	touch_type(type->element);
}

static void
touch_rule(const bt_gc_rule *rule)
{
	FUZZ_CHECK(rule->kind <= BT_GC_UNION, "no such rule");
	FUZZ_CHECK(rule->kind != BT_GC_OTHER || rule->nmembers == 0,
			   "members of an unknown rule");
	for (size_t i = 0; i < rule->nmembers; i++)
		touch_rule(rule->members[i]);
}

static void
check_table(bt_span bytes, fuzz_input *input)
{
	bt_table table;

	if (bt_unpack_table(bytes, &input->arena.arena, &table) != BT_UNPACK_OK)
		return;
	touch(table.name);
	touch_type(table.row_key);
	for (size_t i = 0; i < table.nfamilies; i++)
	{
		touch(table.families[i].name);
		touch_type(table.families[i].value_type);
		if (table.families[i].gc_rule != NULL)
			touch_rule(table.families[i].gc_rule);
	}
}

static void
check_table_page(bt_span bytes, fuzz_input *input)
{
	bt_table_page page;

	if (bt_unpack_table_page(bytes, &input->arena.arena, &page) != BT_UNPACK_OK)
		return;
	for (size_t i = 0; i < page.nnames; i++)
		touch(bt_span_str(page.names[i]));
	if (page.next_page_token != NULL)
		touch(bt_span_str(page.next_page_token));
}

static void
check_row_sample(bt_span bytes)
{
	bt_row_sample sample;

	if (!bt_unpack_row_sample(bytes, &sample))
		return;
	touch(bt_buffer_span(&sample.key));
	free(sample.key.data);
}

/* ---- all else ---- */

static void
check_retry_delay(bt_span bytes)
{
	int64_t delay_us = 42;
	bool ok = bt_unpack_retry_delay(bytes, &delay_us);

	FUZZ_CHECK(ok || delay_us == -1, "a delay from malformed bytes");
	FUZZ_CHECK(delay_us == -1 || (delay_us >= 0 && delay_us <= LONGEST_DELAY_US),
			   "a delay out of range");
}

/* Walks over the fields of a message with the functions of wire.h. */
static void
walk(bt_span message)
{
	const uint8_t *cursor = message.data;
	const uint8_t *end = message.data + message.len;
	uint32_t tag;
	bt_span bytes;

	while (cursor < end)
	{
		const uint8_t *before = cursor;

		cursor = bt_wire_tag(cursor, end, &tag);
		if (cursor != NULL && (tag & 7) == BT_WIRE_BYTES)
		{
			cursor = bt_wire_bytes(cursor, end, &bytes);
			if (cursor != NULL)
				touch(bytes);
		}
		else if (cursor != NULL)
			cursor = bt_wire_skip(cursor, end, tag);
		if (cursor == NULL)
			return;
		FUZZ_CHECK(cursor > before && cursor <= end, "the cursor went astray");
	}
}

/* Varints come back as they were written. */
static void
check_varint(bt_span bytes)
{
	uint8_t written[10];
	uint64_t value;
	uint64_t again;

	if (bt_wire_varint(bytes.data, bytes.data + bytes.len, &value) == NULL)
		return;
	FUZZ_CHECK(bt_wire_put_varint(written, value) == written + bt_wire_varint_size(value),
			   "the size of a varint");
	FUZZ_CHECK(bt_wire_varint(written, written + sizeof(written), &again) != NULL &&
				   again == value,
			   "a varint changed");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input;
	unsigned kind;
	unsigned left;
	bt_read_stats stats;
	bool matched;
	bt_span bytes;

	fuzz_begin(&input, data, size);
	kind = fuzz_below(&input, 10);
	left = fuzz_byte(&input);
	bytes = bt_span_make(test_arena_alloc(&input.arena, input.left), input.left);
	if (bytes.len > 0)
		memcpy((uint8_t *) bytes.data, input.data, bytes.len);
	switch (kind)
	{
		case 0:
			(void) bt_unpack_read_stats(bytes, &stats);
			break;
		case 1:
			check_retry_delay(bytes);
			break;
		case 2:
			check_table(bytes, &input);
			break;
		case 3:
			(void) bt_unpack_read_modify_write_row(bytes, touch_cell, &left);
			break;
		case 4:
			(void) bt_unpack_check_and_mutate_row(bytes, &matched);
			break;
		case 5:
			check_varint(bytes);
			break;
		case 6:
			check_table_page(bytes, &input);
			break;
		case 7:
			check_row_sample(bytes);
			break;
		default:
			walk(bytes);
	}
	fuzz_end(&input);
	return 0;
}
