/*-------------------------------------------------------------------------
 *
 * message.h
 *	  Our structs <-> protobuf bytes of the data API.
 *
 * message.c and message_admin.c are the only files that include generated
 * protobuf code.  The answers of ReadRows do not come here: they are
 * chunk_decoder's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_MESSAGE_H
#define BT_MESSAGE_H

#include "filter.h"
#include "mutation.h"
#include "row_set.h"

/* What a table name in a request names. */
typedef enum bt_resource_kind
{
	BT_RESOURCE_TABLE,
	BT_RESOURCE_AUTHORIZED_VIEW,
	BT_RESOURCE_MATERIALIZED_VIEW
} bt_resource_kind;

/*
 * FeatureFlags of what this client implements (reverse_scans,
 * last_scanned_row_responses, routing_cookie, retry_info), in padded base64.
 */
#define BT_FEATURE_FLAGS "CAEgATABOAE="

typedef struct bt_read_rows_request
{
	bt_resource_kind kind;
	const char *resource;    /* projects/P/instances/I/... */
	const char *app_profile; /* NULL: the default one */
	const bt_range *ranges;  /* at least one: none would be the whole table */
	size_t nranges;
	const bt_filter *filter; /* NULL: none */
	int64_t rows_limit;      /* 0: none */
	bool reversed;
	bool want_stats;
} bt_read_rows_request;

/* Where writes go. */
typedef struct bt_write_target
{
	bt_resource_kind kind;   /* not BT_RESOURCE_MATERIALIZED_VIEW */
	const char *resource;    /* projects/P/instances/I/... */
	const char *app_profile; /* NULL: the default one */
} bt_write_target;

/* What ReadModifyWriteRow does to a column. */
typedef struct bt_rmw_rule
{
	bt_span family;
	bt_span qualifier;
	bool is_increment;
	int64_t amount; /* of an increment */
	bt_span append; /* else these bytes are appended */
} bt_rmw_rule;

/* A cell as ReadModifyWriteRow has left it; valid during a callback. */
typedef struct bt_written_cell
{
	bt_span family;
	bt_span qualifier;
	int64_t timestamp_us;
	bt_span value;
} bt_written_cell;

/* What the server says about a finished read. */
typedef struct bt_read_stats
{
	int64_t rows_seen;
	int64_t rows_returned;
} bt_read_stats;

/* Bytes allocated with malloc; the caller frees. */
typedef struct bt_buffer
{
	uint8_t *data;
	size_t len;
} bt_buffer;

static inline bt_span
bt_buffer_span(const bt_buffer *buffer)
{
	return bt_span_make(buffer->data, buffer->len);
}

/* These return false when memory runs out. */
extern bool bt_pack_read_rows(const bt_read_rows_request *request, bt_buffer *buffer);
extern bool bt_pack_sample_row_keys(bt_resource_kind kind, const char *resource,
									const char *app_profile, bt_buffer *buffer);
extern bool
bt_pack_mutate_row(const bt_write_target *target, bt_span key,
				   const bt_mutation *mutations, size_t nmutations, bt_buffer *buffer);
extern bool
bt_pack_check_and_mutate_row(const bt_write_target *target, bt_span key,
							 const bt_filter *predicate, const bt_mutation *if_true,
							 size_t nif_true, const bt_mutation *if_false,
							 size_t nif_false, bt_buffer *buffer);
extern bool
bt_pack_read_modify_write_row(const bt_write_target *target, bt_span key,
							  const bt_rmw_rule *rules, size_t nrules, bt_buffer *buffer);

/* These return false when the bytes are malformed. */
extern bool bt_unpack_read_stats(bt_span bytes, bt_read_stats *stats);

extern bool bt_unpack_check_and_mutate_row(bt_span bytes, bool *matched);

/* Calls back with each cell; stops, and returns false, when that does. */
extern bool
bt_unpack_read_modify_write_row(bt_span bytes,
								bool (*each)(void *arg, const bt_written_cell *cell),
								void *arg);

/* Finds RetryInfo in a google.rpc.Status; -1 if there is none. */
extern bool bt_unpack_retry_delay(bt_span bytes, int64_t *delay_us);

/* A key of SampleRowKeys; the empty key is the end of the table. */
typedef struct bt_row_sample
{
	bt_buffer key;
	int64_t offset_bytes; /* about how much data lies before the key */
} bt_row_sample;

/* The caller frees the key's data. */
extern bool bt_unpack_row_sample(bt_span bytes, bt_row_sample *sample);

#endif /* BT_MESSAGE_H */
