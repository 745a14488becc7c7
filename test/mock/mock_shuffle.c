/*-------------------------------------------------------------------------
 *
 * mock_shuffle.c
 *	  The replayed table's answer, sent in any of the ways that are allowed.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_shuffle.h"

#include <stdlib.h>
#include <string.h>

#include "mock_util.h"

/* Rows that are taken from the table at once. */
#define ROWS_AT_ONCE 4

typedef Google__Bigtable__V2__ReadRowsResponse Response;
typedef Google__Bigtable__V2__ReadRowsResponse__CellChunk Chunk;

/* A message that is ready to go. */
struct message
{
	struct bytes bytes;
	int64_t rows;
};

struct shuffle
{
	uint64_t random;
	struct message *queue;
	size_t capacity;
	size_t first; /* of the queue, what is sent next */
	size_t end;
	struct message open; /* the message that chunks are added to */
};

/* True once in so many times. */
static bool
chance(struct shuffle *shuffle, unsigned times)
{
	shuffle->random ^= shuffle->random << 13;
	shuffle->random ^= shuffle->random >> 7;
	shuffle->random ^= shuffle->random << 17;
	return shuffle->random % times == 0;
}

/* A number from 1 to n. */
static size_t
number(struct shuffle *shuffle, size_t n)
{
	(void) chance(shuffle, 2);
	return 1 + (size_t) (shuffle->random % n);
}

/* ---- messages ---- */

/* Put a message at the end of the queue, which takes its bytes. */
static void
enqueue(struct shuffle *shuffle, struct message message)
{
	if (shuffle->end == shuffle->capacity)
	{
		shuffle->capacity = 2 * shuffle->capacity + 16;
		shuffle->queue =
			realloc(shuffle->queue, shuffle->capacity * sizeof(struct message));
		if (!shuffle->queue)
			abort();
	}
	shuffle->queue[shuffle->end++] = message;
}

/* End the open message, if it has anything in it. */
static void
close_message(struct shuffle *shuffle)
{
	if (shuffle->open.bytes.len > 0)
		enqueue(shuffle, shuffle->open);
	memset(&shuffle->open, 0, sizeof(shuffle->open));
}

/* Add a chunk to the open message; the message may end behind it. */
static void
add_chunk(struct shuffle *shuffle, const Chunk *chunk)
{
	struct bytes *out = &shuffle->open.bytes;
	size_t size = protobuf_c_message_get_packed_size(&chunk->base);

	bytes_varint(out, 1 << 3 | 2);
	bytes_varint(out, size);
	bytes_reserve(out, size);
	out->len += protobuf_c_message_pack(&chunk->base, out->data + out->len);
	if (chunk->row_status_case ==
		GOOGLE__BIGTABLE__V2__READ_ROWS_RESPONSE__CELL_CHUNK__ROW_STATUS_COMMIT_ROW)
		shuffle->open.rows++;
	if (chance(shuffle, 4))
		close_message(shuffle);
}

/* ---- rows ---- */

/* Send a cell whose value comes in two pieces or more. */
static void
add_in_pieces(struct shuffle *shuffle, const Chunk *cell)
{
	size_t sent = number(shuffle, cell->value.len - 1);
	Chunk piece = *cell;

	piece.value.len = sent;
	piece.value_size = (int32_t) cell->value.len;
	piece.row_status_case =
		GOOGLE__BIGTABLE__V2__READ_ROWS_RESPONSE__CELL_CHUNK__ROW_STATUS__NOT_SET;
	add_chunk(shuffle, &piece);

	google__bigtable__v2__read_rows_response__cell_chunk__init(&piece);
	while (sent < cell->value.len)
	{
		size_t size = number(shuffle, cell->value.len - sent);

		piece.value.data = cell->value.data + sent;
		piece.value.len = size;
		sent += size;
		piece.value_size = sent < cell->value.len ? (int32_t) cell->value.len : 0;
		if (sent == cell->value.len)
		{
			piece.row_status_case = cell->row_status_case;
			piece.commit_row = cell->commit_row;
		}
		add_chunk(shuffle, &piece);
	}
}

/* Begin a row, and take back what of it has been sent. */
static void
add_and_reset(struct shuffle *shuffle, Chunk **cells, size_t n)
{
	size_t sent = number(shuffle, n);
	Chunk reset = GOOGLE__BIGTABLE__V2__READ_ROWS_RESPONSE__CELL_CHUNK__INIT;

	for (size_t i = 0; i < sent; i++)
	{
		Chunk chunk = *cells[i];

		chunk.row_status_case =
			GOOGLE__BIGTABLE__V2__READ_ROWS_RESPONSE__CELL_CHUNK__ROW_STATUS__NOT_SET;
		if (i == sent - 1 && chunk.value.len > 1 && chance(shuffle, 2))
		{
			chunk.value_size = (int32_t) chunk.value.len;
			chunk.value.len = number(shuffle, chunk.value.len - 1);
		}
		add_chunk(shuffle, &chunk);
	}
	reset.row_status_case =
		GOOGLE__BIGTABLE__V2__READ_ROWS_RESPONSE__CELL_CHUNK__ROW_STATUS_RESET_ROW;
	reset.reset_row = 1;
	add_chunk(shuffle, &reset);
}

/* Send a row. */
static void
add_row(struct shuffle *shuffle, Chunk **cells, size_t n)
{
	while (chance(shuffle, 8))
		add_and_reset(shuffle, cells, n);
	for (size_t i = 0; i < n; i++)
	{
		Chunk cell = *cells[i];

		/* The row's key may come with each of its cells. */
		if (i > 0 && chance(shuffle, 4))
			cell.row_key = cells[0]->row_key;
		if (cell.value.len > 1 && chance(shuffle, 3))
			add_in_pieces(shuffle, &cell);
		else
			add_chunk(shuffle, &cell);
	}
}

/*
 * Send what may come between rows.  Just above the lower one's key there is
 * never a row, so a scan marker may be there whichever way the scan goes.
 */
static void
add_between(struct shuffle *shuffle, ProtobufCBinaryData lower)
{
	struct message message = {0};

	if (chance(shuffle, 12))
	{
		close_message(shuffle);
		bytes_varint(&message.bytes, 2 << 3 | 2);
		bytes_varint(&message.bytes, lower.len + 1);
		bytes_append(&message.bytes, lower.data, lower.len);
		bytes_append(&message.bytes, "\1", 1);
		enqueue(shuffle, message);
	}
	else if (chance(shuffle, 12))
	{
		close_message(shuffle);
		enqueue(shuffle, message);
	}
}

/* Cut a few rows into messages. */
static void
cut(struct shuffle *shuffle, const Response *response)
{
	size_t begin = 0;
	const Chunk *previous = NULL;

	for (size_t i = 0; i < response->n_chunks; i++)
	{
		ProtobufCBinaryData key = response->chunks[begin]->row_key;

		if (!response->chunks[i]->commit_row)
			continue;
		if (previous)
		{
			bool reversed = memcmp(previous->row_key.data, key.data, key.len) > 0;

			add_between(shuffle, reversed ? key : previous->row_key);
		}
		add_row(shuffle, &response->chunks[begin], i + 1 - begin);
		previous = response->chunks[begin];
		begin = i + 1;
	}
	close_message(shuffle);
}

/* ---- the whole ---- */

/* Begin. */
struct shuffle *
shuffle_open(uint64_t seed)
{
	struct shuffle *shuffle = mock_alloc(sizeof(*shuffle));

	shuffle->random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	return shuffle;
}

/* The next message. */
uint8_t *
shuffle_next(struct shuffle *shuffle, struct replay *replay, int64_t most, size_t *len,
			 int64_t *rows)
{
	struct message *message;

	if (shuffle->first == shuffle->end)
	{
		uint8_t *data =
			replay_next(replay, most < ROWS_AT_ONCE ? most : ROWS_AT_ONCE, len, rows);
		Response *response =
			data ? google__bigtable__v2__read_rows_response__unpack(NULL, *len, data)
				 : NULL;

		free(data);
		if (!response)
			return NULL;
		shuffle->first = shuffle->end = 0;
		cut(shuffle, response);
		google__bigtable__v2__read_rows_response__free_unpacked(response, NULL);
	}
	message = &shuffle->queue[shuffle->first++];
	*len = message->bytes.len;
	*rows = message->rows;

	/* NULL would be the end. */
	return message->bytes.data ? message->bytes.data : mock_alloc(1);
}

/* Stop. */
void
shuffle_close(struct shuffle *shuffle)
{
	if (!shuffle)
		return;
	while (shuffle->first < shuffle->end)
		bytes_free(&shuffle->queue[shuffle->first++].bytes);
	bytes_free(&shuffle->open.bytes);
	free(shuffle->queue);
	free(shuffle);
}
