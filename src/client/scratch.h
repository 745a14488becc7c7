/*-------------------------------------------------------------------------
 *
 * scratch.h
 *	  What message.c and message_admin.c share: memory for protobuf-c's trees.
 *
 * protobuf-c wants a tree of its own structs.  It is built in scratch memory
 * that is dropped as a whole once the bytes are there; names and byte strings
 * are referred to, not copied.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_SCRATCH_H
#define BT_SCRATCH_H

#include <stdlib.h>

#include <protobuf-c/protobuf-c.h>

#include "message.h"

typedef struct scratch_block
{
	struct scratch_block *next;
	max_align_t bytes[];
} scratch_block;

typedef struct scratch
{
	scratch_block *blocks;
	bool failed;           /* checked once, at the end */
	max_align_t spare[16]; /* handed out after a failure, to be scribbled on */
} scratch;

/* Never returns NULL; a failure is noted, and what is built then is not used. */
static inline void *
scratch_alloc(scratch *scratch, size_t size)
{
	scratch_block *block = NULL;

	if (!scratch->failed)
		block = calloc(1, sizeof(scratch_block) + size);
	if (block == NULL)
	{
		scratch->failed = true;
		return size <= sizeof(scratch->spare) ? scratch->spare : NULL;
	}
	block->next = scratch->blocks;
	scratch->blocks = block;
	return block->bytes;
}

static inline void
scratch_free(scratch *scratch)
{
	while (scratch->blocks != NULL)
	{
		scratch_block *block = scratch->blocks;

		scratch->blocks = block->next;
		free(block);
	}
}

static inline ProtobufCBinaryData
binary(bt_span span)
{
	ProtobufCBinaryData data = {span.len, (uint8_t *) span.data};

	return data;
}

static inline char *
string(scratch *scratch, bt_span span)
{
	char *copy = scratch_alloc(scratch, span.len + 1);

	if (!scratch->failed && span.len > 0)
		memcpy(copy, span.data, span.len);
	return scratch->failed ? (char *) "" : copy;
}

/* Returns false when memory runs out. */
static inline bool
pack(const ProtobufCMessage *message, bt_buffer *buffer)
{
	size_t size = protobuf_c_message_get_packed_size(message);

	buffer->data = malloc(size > 0 ? size : 1);
	if (buffer->data == NULL)
		return false;
	buffer->len = protobuf_c_message_pack(message, buffer->data);
	return true;
}

#endif /* BT_SCRATCH_H */
