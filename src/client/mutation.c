/*-------------------------------------------------------------------------
 *
 * mutation.c
 *	  Mutations of a row, and their bytes.
 *
 * A message is preceded by its length, so the sizes of what it nests are
 * worked out first, from the inside.  Field numbers are google.bigtable.v2's.
 *
 *-------------------------------------------------------------------------
 */
#include "mutation.h"

#include "wire.h"

/* Field numbers of Mutation, whose only member says what it is. */
enum
{
	FIELD_SET_CELL = 1,
	FIELD_DELETE_FROM_COLUMN = 2,
	FIELD_DELETE_FROM_FAMILY = 3,
	FIELD_DELETE_FROM_ROW = 4,
	FIELD_ADD_TO_CELL = 5
};

/* Of Value, which AddToCell wraps its arguments into. */
enum
{
	FIELD_INT_VALUE = 6,
	FIELD_RAW_VALUE = 8,
	FIELD_RAW_TIMESTAMP = 9
};

/* A field of varint type with a tag of one byte; absent where it is 0. */
static inline size_t
number_size(int64_t value)
{
	return value == 0 ? 0 : 1 + bt_wire_varint_size((uint64_t) value);
}

static inline uint8_t *
put_number(uint8_t *out, int field, int64_t value)
{
	return value == 0 ? out : bt_wire_put_number(out, field, (uint64_t) value);
}

/* A member of a oneof is there even where it is 0. */
static inline size_t
chosen_number_size(int64_t value)
{
	return 1 + bt_wire_varint_size((uint64_t) value);
}

static size_t
time_range_size(const bt_mutation *mutation)
{
	return number_size(mutation->from_us) + number_size(mutation->to_us);
}

/* Of the message that the mutation's member is. */
static size_t
member_size(const bt_mutation *mutation)
{
	size_t names = bt_wire_bytes_size(mutation->family.len) +
				   bt_wire_bytes_size(mutation->qualifier.len);

	switch (mutation->kind)
	{
		case BT_SET_CELL:
			return names + number_size(mutation->timestamp_us) +
				   bt_wire_bytes_size(mutation->value.len);
		case BT_ADD_TO_CELL:
			return bt_wire_bytes_size(mutation->family.len) +
				   bt_wire_bytes_size(bt_wire_bytes_size(mutation->qualifier.len)) +
				   bt_wire_bytes_size(chosen_number_size(mutation->timestamp_us)) +
				   bt_wire_bytes_size(chosen_number_size(mutation->amount));
		case BT_DELETE_COLUMN:
			if (mutation->from_us != 0 || mutation->to_us != 0)
				names += bt_wire_bytes_size(time_range_size(mutation));
			return names;
		case BT_DELETE_FAMILY:
			return bt_wire_bytes_size(mutation->family.len);
		case BT_DELETE_ROW:
			break;
	}
	return 0;
}

static inline int
member_field(bt_mutation_kind kind)
{
	switch (kind)
	{
		case BT_SET_CELL:
			return FIELD_SET_CELL;
		case BT_ADD_TO_CELL:
			return FIELD_ADD_TO_CELL;
		case BT_DELETE_COLUMN:
			return FIELD_DELETE_FROM_COLUMN;
		case BT_DELETE_FAMILY:
			return FIELD_DELETE_FROM_FAMILY;
		case BT_DELETE_ROW:
			break;
	}
	return FIELD_DELETE_FROM_ROW;
}

size_t
bt_mutations_size(const bt_mutation *mutations, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += bt_wire_bytes_size(bt_wire_bytes_size(member_size(&mutations[i])));
	return size;
}

static uint8_t *
write_set_cell(uint8_t *out, const bt_mutation *mutation)
{
	out = bt_wire_put_bytes(out, 1, mutation->family);
	out = bt_wire_put_bytes(out, 2, mutation->qualifier);
	out = put_number(out, 3, mutation->timestamp_us);
	return bt_wire_put_bytes(out, 4, mutation->value);
}

/* The field of a Value that holds a number. */
static uint8_t *
put_value(uint8_t *out, int field, int kind, int64_t number)
{
	out = bt_wire_put_length(out, field, chosen_number_size(number));
	return bt_wire_put_number(out, kind, (uint64_t) number);
}

static uint8_t *
write_add_to_cell(uint8_t *out, const bt_mutation *mutation)
{
	out = bt_wire_put_bytes(out, 1, mutation->family);
	out = bt_wire_put_length(out, 2, bt_wire_bytes_size(mutation->qualifier.len));
	out = bt_wire_put_bytes(out, FIELD_RAW_VALUE, mutation->qualifier);
	out = put_value(out, 3, FIELD_RAW_TIMESTAMP, mutation->timestamp_us);
	return put_value(out, 4, FIELD_INT_VALUE, mutation->amount);
}

static uint8_t *
write_delete_column(uint8_t *out, const bt_mutation *mutation)
{
	out = bt_wire_put_bytes(out, 1, mutation->family);
	out = bt_wire_put_bytes(out, 2, mutation->qualifier);
	if (mutation->from_us == 0 && mutation->to_us == 0)
		return out;
	out = bt_wire_put_length(out, 3, time_range_size(mutation));
	out = put_number(out, 1, mutation->from_us);
	return put_number(out, 2, mutation->to_us);
}

uint8_t *
bt_mutations_write(uint8_t *out, int field, const bt_mutation *mutations, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		const bt_mutation *mutation = &mutations[i];
		size_t size = member_size(mutation);

		out = bt_wire_put_length(out, field, bt_wire_bytes_size(size));
		out = bt_wire_put_length(out, member_field(mutation->kind), size);
		switch (mutation->kind)
		{
			case BT_SET_CELL:
				out = write_set_cell(out, mutation);
				break;
			case BT_ADD_TO_CELL:
				out = write_add_to_cell(out, mutation);
				break;
			case BT_DELETE_COLUMN:
				out = write_delete_column(out, mutation);
				break;
			case BT_DELETE_FAMILY:
				out = bt_wire_put_bytes(out, 1, mutation->family);
				break;
			case BT_DELETE_ROW:
				break;
		}
	}
	return out;
}
