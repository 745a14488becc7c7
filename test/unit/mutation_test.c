/*-------------------------------------------------------------------------
 *
 * mutation_test.c
 *	  The bytes of mutations are those that protobuf-c makes.
 *
 * Random lists of mutations are encoded by the code under test and, from the
 * same values, by generated code, which writes the members of a message in the
 * order of their numbers, too.
 *
 *-------------------------------------------------------------------------
 */
#include "tap.h"

#include "bigtable.pb-c.h"
#include "mutation.h"

#include <stdlib.h>

#define ROUNDS 20000
#define MAX_MUTATIONS 6

typedef Google__Bigtable__V2__Mutation pb_mutation;
typedef Google__Bigtable__V2__Value pb_value;

static uint64_t state = 88172645463325252ULL;

static uint64_t
next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Lengths around those where a varint gets longer, and numbers of all sizes. */
static size_t
random_length(void)
{
	static const size_t lengths[] = {0, 1, 5, 60, 126, 127, 128, 129, 300, 16383, 16384};

	return lengths[next_random() % (sizeof(lengths) / sizeof(lengths[0]))];
}

static int64_t
random_number(void)
{
	int64_t number = (int64_t) (next_random() >> next_random() % 64);

	return next_random() % 4 == 0 ? -number : number;
}

static uint8_t pool[20000];

static bt_span
random_bytes(void)
{
	return bt_span_make(pool + next_random() % 1000, random_length());
}

/* A family's name: text without NUL. */
static bt_span
random_family(char *buffer)
{
	size_t len = next_random() % 65;

	memset(buffer, 'a' + (int) (next_random() % 26), len);
	buffer[len] = '\0';
	return bt_span_str(buffer);
}

static ProtobufCBinaryData
binary(bt_span span)
{
	return (ProtobufCBinaryData){span.len, (uint8_t *) span.data};
}

/* The parts of a message of generated code; they stay where they are. */
typedef struct twin
{
	pb_mutation mutation;
	pb_mutation *pointer;
	char family[80];
	Google__Bigtable__V2__Mutation__SetCell set_cell;
	Google__Bigtable__V2__Mutation__AddToCell add_to_cell;
	Google__Bigtable__V2__Mutation__DeleteFromColumn delete_column;
	Google__Bigtable__V2__Mutation__DeleteFromFamily delete_family;
	Google__Bigtable__V2__Mutation__DeleteFromRow delete_row;
	Google__Bigtable__V2__TimestampRange range;
	pb_value values[3];
} twin;

static void
make_values(twin *t, const bt_mutation *m)
{
	for (int i = 0; i < 3; i++)
		google__bigtable__v2__value__init(&t->values[i]);
	t->values[0].kind_case = GOOGLE__BIGTABLE__V2__VALUE__KIND_RAW_VALUE;
	t->values[0].raw_value = binary(m->qualifier);
	t->values[1].kind_case = GOOGLE__BIGTABLE__V2__VALUE__KIND_RAW_TIMESTAMP_MICROS;
	t->values[1].raw_timestamp_micros = m->timestamp_us;
	t->values[2].kind_case = GOOGLE__BIGTABLE__V2__VALUE__KIND_INT_VALUE;
	t->values[2].int_value = m->amount;
	google__bigtable__v2__mutation__add_to_cell__init(&t->add_to_cell);
	t->add_to_cell.family_name = t->family;
	t->add_to_cell.column_qualifier = &t->values[0];
	t->add_to_cell.timestamp = &t->values[1];
	t->add_to_cell.input = &t->values[2];
	t->mutation.mutation_case = GOOGLE__BIGTABLE__V2__MUTATION__MUTATION_ADD_TO_CELL;
	t->mutation.add_to_cell = &t->add_to_cell;
}

static void
make_delete_column(twin *t, const bt_mutation *m)
{
	google__bigtable__v2__mutation__delete_from_column__init(&t->delete_column);
	t->delete_column.family_name = t->family;
	t->delete_column.column_qualifier = binary(m->qualifier);
	google__bigtable__v2__timestamp_range__init(&t->range);
	t->range.start_timestamp_micros = m->from_us;
	t->range.end_timestamp_micros = m->to_us;
	if (m->from_us != 0 || m->to_us != 0)
		t->delete_column.time_range = &t->range;
	t->mutation.mutation_case =
		GOOGLE__BIGTABLE__V2__MUTATION__MUTATION_DELETE_FROM_COLUMN;
	t->mutation.delete_from_column = &t->delete_column;
}

/* A mutation of a kind, and its twin. */
static void
make_mutation(bt_mutation_kind kind, bt_mutation *m, twin *t)
{
	memset(m, 0, sizeof(*m));
	google__bigtable__v2__mutation__init(&t->mutation);
	t->pointer = &t->mutation;
	m->kind = kind;
	m->family = random_family(t->family);
	m->qualifier = random_bytes();
	m->value = random_bytes();
	m->timestamp_us = random_number();
	m->amount = random_number();
	m->from_us = next_random() % 2 ? random_number() : 0;
	m->to_us = next_random() % 2 ? random_number() : 0;
	switch (kind)
	{
		case BT_SET_CELL:
			google__bigtable__v2__mutation__set_cell__init(&t->set_cell);
			t->set_cell.family_name = t->family;
			t->set_cell.column_qualifier = binary(m->qualifier);
			t->set_cell.timestamp_micros = m->timestamp_us;
			t->set_cell.value = binary(m->value);
			t->mutation.mutation_case = GOOGLE__BIGTABLE__V2__MUTATION__MUTATION_SET_CELL;
			t->mutation.set_cell = &t->set_cell;
			break;
		case BT_ADD_TO_CELL:
			make_values(t, m);
			break;
		case BT_DELETE_COLUMN:
			make_delete_column(t, m);
			break;
		case BT_DELETE_FAMILY:
			google__bigtable__v2__mutation__delete_from_family__init(&t->delete_family);
			t->delete_family.family_name = t->family;
			t->mutation.mutation_case =
				GOOGLE__BIGTABLE__V2__MUTATION__MUTATION_DELETE_FROM_FAMILY;
			t->mutation.delete_from_family = &t->delete_family;
			break;
		case BT_DELETE_ROW:
			google__bigtable__v2__mutation__delete_from_row__init(&t->delete_row);
			t->mutation.mutation_case =
				GOOGLE__BIGTABLE__V2__MUTATION__MUTATION_DELETE_FROM_ROW;
			t->mutation.delete_from_row = &t->delete_row;
			break;
	}
}

/*
 * What the two encoders make of a list mean the same: generated code omits
 * empty strings, ours does not, so both are read and written again.
 */
static bool
same_meaning(const bt_mutation *mutations, twin *twins, size_t n)
{
	Google__Bigtable__V2__MutateRowRequest theirs =
		GOOGLE__BIGTABLE__V2__MUTATE_ROW_REQUEST__INIT;
	Google__Bigtable__V2__MutateRowRequest *ours;
	pb_mutation *pointers[MAX_MUTATIONS];
	size_t size = bt_mutations_size(mutations, n);
	uint8_t *bytes = malloc(size + 1);
	uint8_t *end;
	uint8_t *wanted;
	uint8_t *found;
	size_t wanted_len;
	bool same;

	bytes[size] = 0xa5;
	end = bt_mutations_write(bytes, 3, mutations, n);
	same = end == bytes + size && bytes[size] == 0xa5;
	for (size_t i = 0; i < n; i++)
		pointers[i] = twins[i].pointer;
	theirs.n_mutations = n;
	theirs.mutations = pointers;
	wanted_len = google__bigtable__v2__mutate_row_request__get_packed_size(&theirs);
	wanted = malloc(wanted_len + 1);
	google__bigtable__v2__mutate_row_request__pack(&theirs, wanted);
	ours = google__bigtable__v2__mutate_row_request__unpack(NULL, size, bytes);
	same = same && ours != NULL &&
		   google__bigtable__v2__mutate_row_request__get_packed_size(ours) == wanted_len;
	if (same)
	{
		found = malloc(wanted_len + 1);
		google__bigtable__v2__mutate_row_request__pack(ours, found);
		same = memcmp(found, wanted, wanted_len) == 0;
		free(found);
	}
	if (ours != NULL)
		google__bigtable__v2__mutate_row_request__free_unpacked(ours, NULL);
	free(bytes);
	free(wanted);
	return same;
}

static void
test_random(void)
{
	static const char *const names[] = {"set_cell", "add_to_cell", "delete_from_column",
										"delete_from_family", "delete_from_row"};
	twin *twins = calloc(MAX_MUTATIONS, sizeof(twin));
	bt_mutation mutations[MAX_MUTATIONS];
	int wrong = 0;

	for (int kind = BT_SET_CELL; kind <= BT_DELETE_ROW; kind++)
	{
		wrong = 0;
		for (int i = 0; i < ROUNDS / 5; i++)
		{
			make_mutation((bt_mutation_kind) kind, &mutations[0], &twins[0]);
			wrong += !same_meaning(mutations, twins, 1);
		}
		is_int(wrong, 0, "%s: as generated code writes it", names[kind]);
	}
	wrong = 0;
	for (int i = 0; i < ROUNDS; i++)
	{
		size_t n = next_random() % (MAX_MUTATIONS + 1);

		for (size_t k = 0; k < n; k++)
			make_mutation((bt_mutation_kind) (next_random() % 5), &mutations[k],
						  &twins[k]);
		wrong += !same_meaning(mutations, twins, n);
	}
	is_int(wrong, 0, "lists of mutations: as generated code writes them");
	free(twins);
}

/* A vector made by hand. */
static void
test_by_hand(void)
{
	static const uint8_t wanted[] = {0x12, 0x0e, 0x0a, 0x0c, 0x0a, 0x01, 'f',  0x12,
									 0x01, 'q',  0x18, 0xe8, 0x07, 0x22, 0x01, 'v'};
	bt_mutation mutation = {.kind = BT_SET_CELL,
							.family = bt_span_str("f"),
							.qualifier = bt_span_str("q"),
							.timestamp_us = 1000,
							.value = bt_span_str("v")};
	uint8_t bytes[64];
	uint8_t *end = bt_mutations_write(bytes, 2, &mutation, 1);

	is_int((long) bt_mutations_size(&mutation, 1), (long) sizeof(wanted), "its size");
	ok(end == bytes + sizeof(wanted) && memcmp(bytes, wanted, sizeof(wanted)) == 0,
	   "its bytes");
}

static void
test_idempotent(void)
{
	bt_mutation set = {.kind = BT_SET_CELL, .timestamp_us = 0};
	bt_mutation server = {.kind = BT_SET_CELL, .timestamp_us = BT_SERVER_TIMESTAMP};
	bt_mutation add = {.kind = BT_ADD_TO_CELL};
	bt_mutation remove = {.kind = BT_DELETE_ROW};

	ok(bt_mutation_is_idempotent(&set), "a cell with a timestamp may be set twice");
	ok(!bt_mutation_is_idempotent(&server), "not one with the server's");
	ok(!bt_mutation_is_idempotent(&add), "nor may be added twice");
	ok(bt_mutation_is_idempotent(&remove), "a row may be deleted twice");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(pool); i++)
		pool[i] = (uint8_t) next_random();
	test_by_hand();
	test_random();
	test_idempotent();
	return tap_done();
}
