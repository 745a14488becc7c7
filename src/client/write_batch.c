/*-------------------------------------------------------------------------
 *
 * write_batch.c
 *	  Rows packed into the bytes of a MutateRows request.
 *
 *-------------------------------------------------------------------------
 */
#include "write_batch.h"

#include <stdlib.h>

#include "wire.h"

/* MutateRowsRequest, and its Entry */
#define FIELD_TABLE_NAME 1
#define FIELD_ENTRIES 2
#define FIELD_APP_PROFILE 3
#define FIELD_AUTHORIZED_VIEW 5
#define FIELD_ROW_KEY 1

#define MIN_PAYLOAD_BYTES ((size_t) 64 * 1024)
#define MIN_BUCKETS 64

/* After a batch of huge rows, the next one does not ask for as much again. */
#define MAX_KEPT_BYTES ((size_t) 8 * 1024 * 1024)

/* ---- the header ---- */

static size_t
optional_size(const char *text)
{
	return text == NULL ? 0 : bt_wire_bytes_size(strlen(text));
}

uint8_t *
bt_write_batch_header(const bt_write_target *target, size_t *len)
{
	int field = target->kind == BT_RESOURCE_AUTHORIZED_VIEW ? FIELD_AUTHORIZED_VIEW
															: FIELD_TABLE_NAME;
	uint8_t *header;
	uint8_t *out;

	*len = optional_size(target->resource) + optional_size(target->app_profile);
	header = out = malloc(*len + 1);
	if (header == NULL)
		return NULL;
	out = bt_wire_put_bytes(out, field, bt_span_str(target->resource));
	if (target->app_profile != NULL)
		(void) bt_wire_put_bytes(out, FIELD_APP_PROFILE,
								 bt_span_str(target->app_profile));
	return header;
}

/* ---- keys ---- */

uint32_t
bt_write_batch_hash(bt_span key)
{
	const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t hash = key.len * factor;
	size_t i = 0;

	for (; i + 8 <= key.len; i += 8)
	{
		uint64_t word;

		memcpy(&word, key.data + i, sizeof(word));
		hash = (hash ^ word) * factor;
		hash ^= hash >> 32;
	}
	for (; i < key.len; i++)
		hash = (hash ^ key.data[i]) * factor;
	return (uint32_t) (hash ^ hash >> 29 ^ hash >> 47);
}

bt_span
bt_write_batch_key(const bt_write_batch *batch, const bt_batch_entry *entry)
{
	return bt_span_make(bt_payload_data(batch->payload) + entry->key_offset,
						entry->key_len);
}

bool
bt_write_batch_has_key(const bt_write_batch *batch, uint32_t hash, bt_span key)
{
	size_t mask = batch->nbuckets - 1;

	if (batch->nentries == 0)
		return false;
	for (size_t i = hash & mask; batch->buckets[i] != 0; i = (i + 1) & mask)
	{
		const bt_batch_entry *entry = &batch->entries[batch->buckets[i] - 1];

		if (entry->hash == hash && bt_span_equal(bt_write_batch_key(batch, entry), key))
			return true;
	}
	return false;
}

/* The caller has made room. */
static void
insert_key(bt_write_batch *batch, uint32_t index)
{
	size_t mask = batch->nbuckets - 1;
	size_t i = batch->entries[index].hash & mask;

	while (batch->buckets[i] != 0)
		i = (i + 1) & mask;
	batch->buckets[i] = index + 1;
}

/* ---- room ---- */

/* For one more key: at most half of the buckets are taken. */
static bool
reserve_key(bt_write_batch *batch)
{
	size_t nbuckets = batch->nbuckets == 0 ? MIN_BUCKETS : batch->nbuckets * 2;
	uint32_t *buckets;

	if ((batch->nentries + 1) * 2 <= batch->nbuckets)
		return true;
	buckets = calloc(nbuckets, sizeof(uint32_t));
	if (buckets == NULL)
		return false;
	free(batch->buckets);
	batch->buckets = buckets;
	batch->nbuckets = nbuckets;
	for (size_t i = 0; i < batch->nentries; i++)
		insert_key(batch, (uint32_t) i);
	return true;
}

static bool
reserve_bytes(bt_write_batch *batch, size_t size)
{
	size_t capacity =
		batch->capacity < MIN_PAYLOAD_BYTES ? MIN_PAYLOAD_BYTES : batch->capacity;
	bt_payload *payload;

	if (batch->payload != NULL && size <= batch->capacity)
		return true;
	while (capacity < size)
		capacity *= 2;
	payload = bt_payload_resize(batch->payload, capacity);
	if (payload == NULL)
		return false;
	batch->payload = payload;
	batch->capacity = capacity;
	return true;
}

static bool
reserve_entry(bt_write_batch *batch)
{
	size_t capacity = batch->entries_capacity == 0 ? 64 : batch->entries_capacity * 2;
	bt_batch_entry *entries;

	if (batch->nentries < batch->entries_capacity)
		return true;
	entries = realloc(batch->entries, capacity * sizeof(bt_batch_entry));
	if (entries == NULL)
		return false;
	batch->entries = entries;
	batch->entries_capacity = capacity;
	return true;
}

/* ---- rows ---- */

static uint8_t *
write_mutations(uint8_t *out, const bt_new_row *row)
{
	if (row->mutations != NULL)
		return bt_mutations_write(out, BT_WRITE_BATCH_FIELD, row->mutations,
								  row->nmutations);
	if (row->encoded.len > 0)
		memcpy(out, row->encoded.data, row->encoded.len);
	return out + row->encoded.len;
}

bool
bt_write_batch_add(bt_write_batch *batch, bt_span header, const bt_new_row *row)
{
	size_t body = bt_wire_bytes_size(row->key.len) + row->size;
	size_t begin = batch->nentries == 0 ? header.len : batch->len;
	bt_batch_entry *entry;
	uint8_t *bytes;
	uint8_t *out;

	if (!reserve_bytes(batch, begin + bt_wire_bytes_size(body)) ||
		!reserve_entry(batch) || !reserve_key(batch))
		return false;
	bytes = bt_payload_data(batch->payload);
	if (batch->nentries == 0)
		memcpy(bytes, header.data, header.len);
	out = bt_wire_put_length(bytes + begin, FIELD_ENTRIES, body);
	out = bt_wire_put_bytes(out, FIELD_ROW_KEY, row->key);

	entry = &batch->entries[batch->nentries];
	memset(entry, 0, sizeof(*entry));
	entry->offset = begin;
	entry->key_offset = (size_t) (out - bytes) - row->key.len;
	entry->key_len = row->key.len;
	entry->hash = row->hash;
	entry->row = row->row;
	entry->idempotent = row->idempotent;
	out = write_mutations(out, row);
	entry->size = (size_t) (out - bytes) - begin;
	batch->len = (size_t) (out - bytes);
	batch->nmutations += row->nmutations;
	insert_key(batch, (uint32_t) batch->nentries++);
	return true;
}

bt_payload *
bt_write_batch_copy(const bt_write_batch *batch, bt_span header, const uint32_t *indexes,
					size_t n, size_t *len)
{
	const uint8_t *from = bt_payload_data(batch->payload);
	bt_payload *payload;
	uint8_t *out;

	*len = header.len;
	for (size_t i = 0; i < n; i++)
		*len += batch->entries[indexes[i]].size;
	payload = bt_payload_resize(NULL, *len);
	if (payload == NULL)
		return NULL;
	out = bt_payload_data(payload);
	memcpy(out, header.data, header.len);
	out += header.len;
	for (size_t i = 0; i < n; i++)
	{
		const bt_batch_entry *entry = &batch->entries[indexes[i]];

		memcpy(out, from + entry->offset, entry->size);
		out += entry->size;
	}
	return payload;
}

void
bt_write_batch_clear(bt_write_batch *batch)
{
	/* gRPC may still read the bytes; the next request gets others. */
	bt_payload_release(batch->payload);
	batch->payload = NULL;
	if (batch->nbuckets > 0)
		memset(batch->buckets, 0, batch->nbuckets * sizeof(uint32_t));
	batch->nentries = batch->nmutations = batch->len = 0;
	if (batch->capacity > MAX_KEPT_BYTES)
		batch->capacity = 0;
}

void
bt_write_batch_free(bt_write_batch *batch)
{
	bt_payload_release(batch->payload);
	free(batch->entries);
	free(batch->buckets);
	memset(batch, 0, sizeof(*batch));
}
