/*-------------------------------------------------------------------------
 *
 * write_batch.h
 *	  Rows packed into the bytes of a MutateRows request.
 *
 * Rows are encoded at the end of the bytes as they come; each entry remembers
 * where its own bytes are, so that a request with just some of the rows can be
 * made by copying.  A batch also knows which keys it has.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_WRITE_BATCH_H
#define BT_WRITE_BATCH_H

#include "message.h"
#include "mutation.h"
#include "rpc.h"

/* The field of a request's entry that its mutations are. */
#define BT_WRITE_BATCH_FIELD 2

/* A row in a batch. */
typedef struct bt_batch_entry
{
	size_t offset; /* of its bytes in the payload, tag and length included */
	size_t size;
	size_t key_offset;
	size_t key_len;
	uint64_t row; /* its number */
	uint32_t hash;
	bool idempotent;

	/* Of the attempts, for their maker. */
	bool maybe_written; /* an attempt has ended without a word about it */
	int16_t result;
} bt_batch_entry;

/* All zero is a batch without rows. */
typedef struct bt_write_batch
{
	bt_payload *payload; /* the request with all entries */
	size_t len;
	size_t capacity;
	bt_batch_entry *entries;
	size_t nentries;
	size_t entries_capacity;
	size_t nmutations;
	uint32_t *buckets; /* keys: 1 + index of an entry, or 0; a power of two */
	size_t nbuckets;
} bt_write_batch;

/* A row that is to be added: its mutations, or their bytes. */
typedef struct bt_new_row
{
	uint64_t row; /* its number */
	bt_span key;
	uint32_t hash;                /* bt_write_batch_hash() of the key */
	const bt_mutation *mutations; /* NULL: encoded already */
	bt_span encoded;
	size_t nmutations;
	size_t size; /* of the mutations, encoded */
	bool idempotent;
} bt_new_row;

/*
 * What each request to a target begins with: malloc'd bytes, which the caller
 * owns.  NULL without memory.
 */
extern uint8_t *bt_write_batch_header(const bt_write_target *target, size_t *len);

extern uint32_t bt_write_batch_hash(bt_span key);
extern bool
bt_write_batch_has_key(const bt_write_batch *batch, uint32_t hash, bt_span key);
extern bt_span
bt_write_batch_key(const bt_write_batch *batch, const bt_batch_entry *entry);

/*
 * Encodes a row at the end; the first one puts the header before it.  Returns
 * false without memory, with the batch as it was.
 */
extern bool
bt_write_batch_add(bt_write_batch *batch, bt_span header, const bt_new_row *row);

/*
 * A request with just n entries, by their indexes; its length goes to *len.
 * The caller owns it.  NULL without memory.
 */
extern bt_payload *bt_write_batch_copy(const bt_write_batch *batch, bt_span header,
									   const uint32_t *indexes, size_t n, size_t *len);

/* Makes it ready for other rows.  Bytes that gRPC still reads stay as they are. */
extern void bt_write_batch_clear(bt_write_batch *batch);

/* Frees what it has. */
extern void bt_write_batch_free(bt_write_batch *batch);

#endif /* BT_WRITE_BATCH_H */
