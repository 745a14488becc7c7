/*-------------------------------------------------------------------------
 *
 * chunk_decoder.c
 *	  ReadRowsResponse bytes -> rows of cells, without a copy.
 *
 * Three layers, from the bytes up:
 *
 *	  next_field()	walks over the top level of a message, slice by slice, and
 *					yields each field's bytes in one piece;
 *	  parse_chunk() reads one CellChunk;
 *	  apply_chunk() is the state machine that makes rows of chunks.
 *
 * The rules of the state machine are those of the service's own clients: a
 * row begins with key, family and qualifier, all tested by presence, since
 * an empty family or qualifier is legal; they carry over to the next chunks
 * of the row; a value may be split over chunks; a row may be reset; keys are
 * strictly monotonic.  A broken rule ends the scan and is never retried: the
 * server would send the same again.
 *
 *-------------------------------------------------------------------------
 */
#include "chunk_decoder.h"

#include <stdlib.h>

#include "wire.h"

/* ReadRowsResponse */
#define TAG_CHUNKS BT_WIRE_TAG(1, BT_WIRE_BYTES)
#define TAG_LAST_SCANNED_ROW_KEY BT_WIRE_TAG(2, BT_WIRE_BYTES)
#define TAG_REQUEST_STATS BT_WIRE_TAG(3, BT_WIRE_BYTES)

/* CellChunk */
#define TAG_ROW_KEY BT_WIRE_TAG(1, BT_WIRE_BYTES)
#define TAG_FAMILY_NAME BT_WIRE_TAG(2, BT_WIRE_BYTES)
#define TAG_QUALIFIER BT_WIRE_TAG(3, BT_WIRE_BYTES)
#define TAG_TIMESTAMP_MICROS BT_WIRE_TAG(4, BT_WIRE_VARINT)
#define TAG_LABELS BT_WIRE_TAG(5, BT_WIRE_BYTES)
#define TAG_VALUE BT_WIRE_TAG(6, BT_WIRE_BYTES)
#define TAG_VALUE_SIZE BT_WIRE_TAG(7, BT_WIRE_VARINT)
#define TAG_RESET_ROW BT_WIRE_TAG(8, BT_WIRE_VARINT)
#define TAG_COMMIT_ROW BT_WIRE_TAG(9, BT_WIRE_VARINT)

/* StringValue, BytesValue */
#define TAG_WRAPPED_VALUE BT_WIRE_TAG(1, BT_WIRE_BYTES)

#define POOL_BLOCK_SIZE ((size_t) 64 * 1024)

/* A split value's first buffer is at most this, whatever size the wire claims. */
#define SPLIT_VALUE_MAX_FIRST ((size_t) 1024 * 1024)

typedef enum row_status
{
	ROW_GOES_ON,
	ROW_RESET,
	ROW_COMMIT
} row_status;

/* One CellChunk.  Labels are already in the decoder's array. */
typedef struct chunk
{
	bt_span row_key; /* empty if absent */
	bt_span family;
	bt_span qualifier;
	bt_span value;
	int64_t timestamp_us;
	int32_t value_size; /* above 0: more of the value follows */
	uint32_t nlabels;
	bool has_family;
	bool has_qualifier;
	row_status status;
} chunk;

/* Memory that does not move until the whole pool is emptied. */
typedef struct pool_block
{
	struct pool_block *next;
	size_t size;
	size_t used;
	uint8_t bytes[];
} pool_block;

typedef struct pool
{
	pool_block *newest;
} pool;

struct bt_chunk_decoder
{
	bool reversed;

	/* The message: what is left of the current slice, and the slices after it. */
	const uint8_t *cursor;
	const uint8_t *end;
	const bt_span *slices;
	size_t nslices;    /* after the current one */
	bt_span scanned;   /* its last_scanned_row_key; empty: none left */
	bt_span stats;     /* its request_stats; data NULL: none left */
	pool message_pool; /* fields that straddle slices */

	/* The row in progress. */
	bool in_row;
	bool in_value; /* more of the last cell's value follows */
	bt_span key;
	bt_span family; /* carried over to the next chunk */
	bt_span qualifier;
	bool family_is_new; /* came with this message: not in row_pool */
	bool qualifier_is_new;
	size_t value_capacity; /* of the last cell's buffer, while in_value */
	pool row_pool;         /* split values, and what save_row() keeps */
	size_t ncells_saved;   /* cells whose bytes are all in row_pool */

	/* Cells and labels of the row; the arrays are reused. */
	bt_cell *cells;
	size_t ncells;
	size_t cells_capacity;
	bt_span *labels;
	size_t nlabels;
	size_t labels_capacity;

	/* The last key committed or scanned.  Empty: none yet. */
	uint8_t *last_key;
	size_t last_key_len;
	size_t last_key_capacity;
};

static const char out_of_memory[] = "out of memory while decoding a row";

/* ---- memory ---- */

static uint8_t *
pool_alloc(pool *pool, size_t size)
{
	pool_block *block = pool->newest;

	if (block == NULL || block->size - block->used < size)
	{
		size_t block_size = size > POOL_BLOCK_SIZE ? size : POOL_BLOCK_SIZE;

		if (block_size > SIZE_MAX - sizeof(pool_block))
			return NULL;
		block = malloc(sizeof(pool_block) + block_size);
		if (block == NULL)
			return NULL;
		block->next = pool->newest;
		block->size = block_size;
		block->used = 0;
		pool->newest = block;
	}
	block->used += size;
	return block->bytes + block->used - size;
}

static void
pool_free(pool *pool)
{
	while (pool->newest != NULL)
	{
		pool_block *block = pool->newest;

		pool->newest = block->next;
		free(block);
	}
}

/* Empties the pool; a single block of the usual size is kept for next time. */
static void
pool_reset(pool *pool)
{
	pool_block *block = pool->newest;

	if (block != NULL && block->next == NULL && block->size == POOL_BLOCK_SIZE)
		block->used = 0;
	else
		pool_free(pool);
}

/* Replaces a span by a copy in the pool. */
static bool
pool_copy(pool *pool, bt_span *span)
{
	uint8_t *copy;

	if (span->len == 0)
		return true;
	copy = pool_alloc(pool, span->len);
	if (copy == NULL)
		return false;
	memcpy(copy, span->data, span->len);
	span->data = copy;
	return true;
}

/* Makes room for one more element in an array. */
static bool
reserve(void **array, size_t *capacity, size_t used, size_t element_size)
{
	size_t new_capacity;
	void *new_array;

	if (used < *capacity)
		return true;
	new_capacity = *capacity == 0 ? 32 : *capacity * 2;
	if (new_capacity > SIZE_MAX / element_size)
		return false;
	new_array = realloc(*array, new_capacity * element_size);
	if (new_array == NULL)
		return false;
	*array = new_array;
	*capacity = new_capacity;
	return true;
}

bt_chunk_decoder *
bt_chunk_decoder_create(void)
{
	return calloc(1, sizeof(bt_chunk_decoder));
}

void
bt_chunk_decoder_free(bt_chunk_decoder *decoder)
{
	if (decoder == NULL)
		return;
	pool_free(&decoder->message_pool);
	pool_free(&decoder->row_pool);
	free(decoder->cells);
	free(decoder->labels);
	free(decoder->last_key);
	free(decoder);
}

static void
drop_row(bt_chunk_decoder *decoder)
{
	decoder->in_row = false;
	decoder->in_value = false;
	decoder->ncells = 0;
	decoder->ncells_saved = 0;
	decoder->nlabels = 0;
}

void
bt_chunk_decoder_resume(bt_chunk_decoder *decoder)
{
	drop_row(decoder);
	bt_chunk_decoder_feed(decoder, NULL, 0);
}

void
bt_chunk_decoder_restart(bt_chunk_decoder *decoder, bool reversed)
{
	bt_chunk_decoder_resume(decoder);
	decoder->reversed = reversed;
	decoder->last_key_len = 0;
}

bool
bt_chunk_decoder_in_row(const bt_chunk_decoder *decoder)
{
	return decoder->in_row;
}

bt_span
bt_chunk_decoder_last_key(const bt_chunk_decoder *decoder)
{
	return bt_span_make(decoder->last_key, decoder->last_key_len);
}

/* ---- the top level of a message ---- */

void
bt_chunk_decoder_feed(bt_chunk_decoder *decoder, const bt_span *slices, size_t nslices)
{
	pool_reset(&decoder->message_pool);
	decoder->cursor = decoder->end = NULL;
	decoder->slices = slices;
	decoder->nslices = nslices;
	decoder->scanned = bt_span_make(NULL, 0);
	decoder->stats = bt_span_make(NULL, 0);
}

/* Goes to the next slice that has bytes, if the current one is used up. */
static bool
have_bytes(bt_chunk_decoder *decoder)
{
	while (decoder->cursor == decoder->end)
	{
		if (decoder->nslices == 0)
			return false;
		if (decoder->slices->len > 0)
		{
			decoder->cursor = decoder->slices->data;
			decoder->end = decoder->cursor + decoder->slices->len;
		}
		decoder->slices++;
		decoder->nslices--;
	}
	return true;
}

/* A varint that may straddle slices. */
static bool
next_varint(bt_chunk_decoder *decoder, uint64_t *value)
{
	uint8_t bytes[10];

	for (size_t i = 0; i < sizeof(bytes) && have_bytes(decoder); i++)
	{
		bytes[i] = *decoder->cursor++;
		if (bytes[i] < 0x80)
			return bt_wire_varint(bytes, bytes + i + 1, value) != NULL;
	}
	return false;
}

static bool
has_left(const bt_chunk_decoder *decoder, uint64_t len)
{
	uint64_t left = (uint64_t) (decoder->end - decoder->cursor);

	for (size_t i = 0; i < decoder->nslices && left < len; i++)
		left += decoder->slices[i].len;
	return left >= len;
}

/* The next len bytes in one piece, copied only if they straddle slices. */
static bool
next_bytes(bt_chunk_decoder *decoder, uint64_t len, bt_span *bytes, const char **problem)
{
	uint8_t *copy;
	size_t copied = 0;

	if (len <= (uint64_t) (decoder->end - decoder->cursor))
	{
		*bytes = bt_span_make(decoder->cursor, (size_t) len);
		decoder->cursor += len;
		return true;
	}

	/* Check before allocating: the length comes from the wire. */
	if (!has_left(decoder, len))
		return false;
	copy = pool_alloc(&decoder->message_pool, (size_t) len);
	if (copy == NULL)
	{
		*problem = out_of_memory;
		return false;
	}
	while (copied < len && have_bytes(decoder))
	{
		size_t piece = (size_t) (decoder->end - decoder->cursor);

		if (piece > len - copied)
			piece = (size_t) len - copied;
		memcpy(copy + copied, decoder->cursor, piece);
		decoder->cursor += piece;
		copied += piece;
	}
	*bytes = bt_span_make(copy, (size_t) len);
	return true;
}

/*
 * Reads the next field of the message.  *content is set for length-delimited
 * fields; others are passed over, nobody needs them.
 */
static bool
next_field(bt_chunk_decoder *decoder, uint32_t *tag, bt_span *content,
		   const char **problem)
{
	uint64_t value;

	if (!next_varint(decoder, &value) || value < 8 || value > UINT32_MAX)
		return false;
	*tag = (uint32_t) value;
	switch (*tag & 7)
	{
		case BT_WIRE_BYTES:
			return next_varint(decoder, &value) &&
				   next_bytes(decoder, value, content, problem);
		case BT_WIRE_VARINT:
			return next_varint(decoder, &value);
		case BT_WIRE_FIXED64:
			return next_bytes(decoder, 8, content, problem);
		case BT_WIRE_FIXED32:
			return next_bytes(decoder, 4, content, problem);
		default:
			return false;
	}
}

/* ---- one chunk ---- */

/* Reads a StringValue or BytesValue; a second one is merged into the first. */
static bool
parse_wrapped(bt_span message, bt_span *value)
{
	const uint8_t *cursor = message.data;
	const uint8_t *end = cursor + message.len;
	uint32_t tag;

	/* The usual case: the value and nothing else. */
	if (message.len >= 2 && cursor[0] == TAG_WRAPPED_VALUE && cursor[1] < 0x80 &&
		message.len == (size_t) cursor[1] + 2)
	{
		*value = bt_span_make(cursor + 2, message.len - 2);
		return true;
	}
	while (cursor < end)
	{
		cursor = bt_wire_tag(cursor, end, &tag);
		if (cursor != NULL)
			cursor = tag == TAG_WRAPPED_VALUE ? bt_wire_bytes(cursor, end, value)
											  : bt_wire_skip(cursor, end, tag);
		if (cursor == NULL)
			return false;
	}
	return true;
}

static bool
add_label(bt_chunk_decoder *decoder, chunk *chunk, bt_span label, const char **problem)
{
	if (!reserve((void **) &decoder->labels, &decoder->labels_capacity, decoder->nlabels,
				 sizeof(bt_span)))
	{
		*problem = out_of_memory;
		return false;
	}
	decoder->labels[decoder->nlabels++] = label;
	chunk->nlabels++;
	return true;
}

/*
 * Reads one CellChunk.  As protobuf has it, fields come in any order, the
 * last one of a kind wins, and reset_row and commit_row share one place.
 */
static bool
parse_chunk(bt_chunk_decoder *decoder, bt_span message, chunk *chunk,
			const char **problem)
{
	const uint8_t *cursor = message.data;
	const uint8_t *end = cursor + message.len;
	uint64_t number;
	bt_span bytes;
	uint32_t tag;

	memset(chunk, 0, sizeof(*chunk));
	while (cursor < end)
	{
		cursor = bt_wire_tag(cursor, end, &tag);
		if (cursor == NULL)
			return false;
		switch (tag)
		{
			case TAG_ROW_KEY:
				cursor = bt_wire_bytes(cursor, end, &chunk->row_key);
				break;
			case TAG_FAMILY_NAME:
				cursor = bt_wire_bytes(cursor, end, &bytes);
				if (cursor == NULL || !parse_wrapped(bytes, &chunk->family))
					return false;
				chunk->has_family = true;
				break;
			case TAG_QUALIFIER:
				cursor = bt_wire_bytes(cursor, end, &bytes);
				if (cursor == NULL || !parse_wrapped(bytes, &chunk->qualifier))
					return false;
				chunk->has_qualifier = true;
				break;
			case TAG_TIMESTAMP_MICROS:
				cursor = bt_wire_varint(cursor, end, &number);
				if (cursor != NULL)
					chunk->timestamp_us = (int64_t) number;
				break;
			case TAG_LABELS:
				cursor = bt_wire_bytes(cursor, end, &bytes);
				if (cursor == NULL || !add_label(decoder, chunk, bytes, problem))
					return false;
				break;
			case TAG_VALUE:
				cursor = bt_wire_bytes(cursor, end, &chunk->value);
				break;
			case TAG_VALUE_SIZE:
				cursor = bt_wire_varint(cursor, end, &number);
				if (cursor != NULL)
					chunk->value_size = (int32_t) number;
				break;
			case TAG_RESET_ROW:
			case TAG_COMMIT_ROW:
				cursor = bt_wire_varint(cursor, end, &number);
				if (cursor == NULL)
					return false;
				chunk->status = number == 0            ? ROW_GOES_ON
								: tag == TAG_RESET_ROW ? ROW_RESET
													   : ROW_COMMIT;
				break;
			default:
				cursor = bt_wire_skip(cursor, end, tag);
		}
		if (cursor == NULL)
			return false;
	}
	return true;
}

/* ---- the state machine ---- */

/* Does a key come after the last one, in the direction of the scan? */
static bool
is_in_order(const bt_chunk_decoder *decoder, bt_span key)
{
	int cmp;

	if (decoder->last_key_len == 0)
		return true;
	cmp = bt_span_compare(key, bt_span_make(decoder->last_key, decoder->last_key_len));
	return decoder->reversed ? cmp < 0 : cmp > 0;
}

static const char *
order_problem(const bt_chunk_decoder *decoder)
{
	return decoder->reversed ? "row keys should be strictly decreasing"
							 : "row keys should be strictly increasing";
}

static bool
remember_key(bt_chunk_decoder *decoder, bt_span key)
{
	if (key.len > decoder->last_key_capacity)
	{
		uint8_t *bytes = realloc(decoder->last_key, key.len * 2);

		if (bytes == NULL)
			return false;
		decoder->last_key = bytes;
		decoder->last_key_capacity = key.len * 2;
	}
	memcpy(decoder->last_key, key.data, key.len);
	decoder->last_key_len = key.len;
	return true;
}

static const char *
begin_row(bt_chunk_decoder *decoder, const chunk *chunk)
{
	if (chunk->row_key.len == 0)
		return "a new row has no row key";
	if (!chunk->has_family)
		return "a new row has no family";
	if (!chunk->has_qualifier)
		return "a new row has no qualifier";
	if (!is_in_order(decoder, chunk->row_key))
		return order_problem(decoder);

	pool_reset(&decoder->row_pool);
	decoder->in_row = true;
	decoder->key = chunk->row_key;
	decoder->family = chunk->family;
	decoder->qualifier = chunk->qualifier;
	decoder->family_is_new = decoder->qualifier_is_new = true;
	return NULL;
}

static const char *
check_next_cell(bt_chunk_decoder *decoder, const chunk *chunk)
{
	if (chunk->row_key.len != 0 && !bt_span_equal(chunk->row_key, decoder->key))
		return "the row key changes within a row";
	if (chunk->has_family)
	{
		if (!chunk->has_qualifier)
			return "a family comes without a qualifier";
		decoder->family = chunk->family;
		decoder->family_is_new = true;
	}
	if (chunk->has_qualifier)
	{
		decoder->qualifier = chunk->qualifier;
		decoder->qualifier_is_new = true;
	}
	return NULL;
}

static const char *
check_more_of_value(const bt_chunk_decoder *decoder, const chunk *chunk)
{
	if (chunk->has_family || chunk->has_qualifier || chunk->timestamp_us != 0 ||
		chunk->nlabels > 0 ||
		(chunk->row_key.len != 0 && !bt_span_equal(chunk->row_key, decoder->key)))
		return "a cell begins before the last one's value is complete";
	return NULL;
}

static const char *
add_cell(bt_chunk_decoder *decoder, const chunk *chunk)
{
	bt_cell *cell;

	if (!reserve((void **) &decoder->cells, &decoder->cells_capacity, decoder->ncells,
				 sizeof(bt_cell)))
		return out_of_memory;
	cell = &decoder->cells[decoder->ncells++];
	cell->family = decoder->family;
	cell->qualifier = decoder->qualifier;
	cell->timestamp_us = chunk->timestamp_us;
	cell->value = chunk->value;
	cell->nlabels = chunk->nlabels;
	cell->first_label = (uint32_t) (decoder->nlabels - chunk->nlabels);
	return NULL;
}

/* Appends to the last cell's value, which is (or now goes) in the pool. */
static const char *
append_value(bt_chunk_decoder *decoder, bt_span more, size_t size_hint)
{
	bt_span *value = &decoder->cells[decoder->ncells - 1].value;
	size_t needed = value->len + more.len;

	if (needed > decoder->value_capacity)
	{
		size_t capacity = size_hint;
		uint8_t *bytes;

		if (capacity > SPLIT_VALUE_MAX_FIRST)
			capacity = SPLIT_VALUE_MAX_FIRST;
		if (capacity < decoder->value_capacity * 2)
			capacity = decoder->value_capacity * 2;
		if (capacity < needed)
			capacity = needed;
		bytes = pool_alloc(&decoder->row_pool, capacity);
		if (bytes == NULL)
			return out_of_memory;
		if (value->len > 0)
			memcpy(bytes, value->data, value->len);
		value->data = bytes;
		decoder->value_capacity = capacity;
	}
	if (more.len > 0)
		memcpy((uint8_t *) value->data + value->len, more.data, more.len);
	value->len = needed;
	return NULL;
}

static const char *
reset_row(bt_chunk_decoder *decoder, const chunk *chunk)
{
	if (!decoder->in_row)
		return "a row is reset that has not begun";
	if (chunk->row_key.len > 0 || chunk->has_family || chunk->has_qualifier ||
		chunk->timestamp_us != 0 || chunk->nlabels > 0 || chunk->value.len > 0 ||
		chunk->value_size != 0)
		return "a reset of a row carries data";
	drop_row(decoder);
	return NULL;
}

/* Returns NULL, or what rule the chunk breaks. */
static const char *
apply_chunk(bt_chunk_decoder *decoder, const chunk *chunk)
{
	bool more = chunk->value_size > 0;
	const char *problem;

	if (chunk->status == ROW_RESET)
		return reset_row(decoder, chunk);
	if (chunk->status == ROW_COMMIT && more)
		return "a row is committed before its last value is complete";

	if (decoder->in_value)
	{
		problem = check_more_of_value(decoder, chunk);
		if (problem == NULL)
			problem = append_value(decoder, chunk->value, 0);
	}
	else
	{
		problem =
			decoder->in_row ? check_next_cell(decoder, chunk) : begin_row(decoder, chunk);
		if (problem == NULL)
			problem = add_cell(decoder, chunk);
		if (problem == NULL && more)
		{
			/* Move the first part to where the rest can follow it. */
			decoder->cells[decoder->ncells - 1].value.len = 0;
			decoder->value_capacity = 0;
			problem = append_value(decoder, chunk->value, (size_t) chunk->value_size);
		}
	}
	decoder->in_value = more;
	return problem;
}

static const char *
commit_row(bt_chunk_decoder *decoder, bt_row *row)
{
	if (!remember_key(decoder, decoder->key))
		return out_of_memory;
	row->key = decoder->key;
	row->cells = decoder->cells;
	row->ncells = decoder->ncells;
	row->labels = decoder->labels;

	/* The arrays keep their content until the next call. */
	drop_row(decoder);
	return NULL;
}

/*
 * Copies a cell's bytes into the row's memory.  Names that are shared with
 * the next cell, or carried over, are the same bytes and copied only once.
 */
static bool
save_cell(bt_chunk_decoder *decoder, bt_cell *cell, const bt_cell *next,
		  const bt_cell *saved_next)
{
	pool *pool = &decoder->row_pool;
	bool in_pool = decoder->in_value && cell == &decoder->cells[decoder->ncells - 1];

	if (cell->family.data == next->family.data)
		cell->family = saved_next->family;
	else if (!pool_copy(pool, &cell->family))
		return false;
	if (cell->qualifier.data == next->qualifier.data)
		cell->qualifier = saved_next->qualifier;
	else if (!pool_copy(pool, &cell->qualifier))
		return false;
	for (uint32_t i = 0; i < cell->nlabels; i++)
		if (!pool_copy(pool, &decoder->labels[cell->first_label + i]))
			return false;
	return in_pool || pool_copy(pool, &cell->value);
}

/*
 * Takes what the row in progress has in the message, which is about to go
 * away, into the row's own memory.  Each byte is copied once, however many
 * messages the row takes.
 */
static bool
save_row(bt_chunk_decoder *decoder)
{
	pool *pool = &decoder->row_pool;
	bt_cell next = {.family = decoder->family, .qualifier = decoder->qualifier};
	bt_cell saved_next;

	/* From the last cell back: it has the names that carry over. */
	if ((decoder->family_is_new && !pool_copy(pool, &decoder->family)) ||
		(decoder->qualifier_is_new && !pool_copy(pool, &decoder->qualifier)) ||
		(decoder->ncells_saved == 0 && !pool_copy(pool, &decoder->key)))
		return false;
	decoder->family_is_new = decoder->qualifier_is_new = false;
	saved_next = next;
	saved_next.family = decoder->family;
	saved_next.qualifier = decoder->qualifier;
	for (size_t i = decoder->ncells; i > decoder->ncells_saved; i--)
	{
		bt_cell *cell = &decoder->cells[i - 1];
		bt_cell unsaved = *cell;

		if (!save_cell(decoder, cell, &next, &saved_next))
			return false;
		next = unsaved;
		saved_next = *cell;
	}
	decoder->ncells_saved = decoder->ncells;
	return true;
}

/* What is left at the end of a message: a scan marker, then statistics. */
static bt_decode_result
finish_message(bt_chunk_decoder *decoder, bt_row *row, const char **problem)
{
	if (decoder->scanned.len > 0)
	{
		row->key = decoder->scanned;
		decoder->scanned.len = 0;
		if (decoder->in_row)
			*problem = "a scan marker comes within a row";
		else if (!is_in_order(decoder, row->key))
			*problem = order_problem(decoder);
		else if (!remember_key(decoder, row->key))
			*problem = out_of_memory;
		return *problem == NULL ? BT_DECODE_SCANNED : BT_DECODE_ERROR;
	}
	if (decoder->stats.data != NULL)
	{
		row->key = decoder->stats;
		decoder->stats.data = NULL;
		return BT_DECODE_STATS;
	}
	if (decoder->in_row && !save_row(decoder))
	{
		*problem = out_of_memory;
		return BT_DECODE_ERROR;
	}
	return BT_DECODE_MORE;
}

/* Says that the stream is broken, and where. */
static bt_decode_result
fail(bt_chunk_decoder *decoder, bt_status *status, const char *problem)
{
	if (problem == out_of_memory)
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "%s", problem);
	else
		bt_status_set(status, BT_INTERNAL, "invalid ReadRows response: %s", problem);
	bt_chunk_decoder_resume(decoder);
	return BT_DECODE_ERROR;
}

bt_decode_result
bt_chunk_decoder_next(bt_chunk_decoder *decoder, bt_row *row, bt_status *status)
{
	const char *problem = NULL;
	bt_decode_result result;
	bt_span content;
	uint32_t tag;
	chunk chunk;

	memset(row, 0, sizeof(*row));
	while (have_bytes(decoder))
	{
		if (!next_field(decoder, &tag, &content, &problem) ||
			(tag == TAG_CHUNKS && !parse_chunk(decoder, content, &chunk, &problem)))
			return fail(decoder, status,
						problem ? problem : "the protobuf message is malformed");

		if (tag == TAG_CHUNKS)
		{
			problem = apply_chunk(decoder, &chunk);
			if (problem == NULL && chunk.status == ROW_COMMIT)
				problem = commit_row(decoder, row);
			if (problem != NULL)
				return fail(decoder, status, problem);
			if (chunk.status == ROW_COMMIT)
				return BT_DECODE_ROW;
		}
		else if (tag == TAG_LAST_SCANNED_ROW_KEY)
			decoder->scanned = content;
		else if (tag == TAG_REQUEST_STATS)
			decoder->stats = content;
	}

	result = finish_message(decoder, row, &problem);
	return result == BT_DECODE_ERROR ? fail(decoder, status, problem) : result;
}
