/*-------------------------------------------------------------------------
 *
 * mutation.h
 *	  Mutations of a row, and their bytes.
 *
 * On the path of every row that is written, so the bytes are made directly,
 * once their size is known.  Depends on nothing but bytes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_MUTATION_H
#define BT_MUTATION_H

#include "span.h"

/* Limits of the service. */
#define BT_MAX_ROW_KEY_BYTES ((size_t) 4 * 1024)
#define BT_MAX_QUALIFIER_BYTES ((size_t) 16 * 1024)
#define BT_MAX_VALUE_BYTES ((size_t) 100 * 1024 * 1024)
#define BT_MAX_MUTATIONS 100000 /* of a request, over all its rows */

/* Of a cell: the server's own time, which makes a write unsafe to repeat. */
#define BT_SERVER_TIMESTAMP INT64_C(-1)

typedef enum bt_mutation_kind
{
	BT_SET_CELL,      /* family, qualifier, timestamp_us, value */
	BT_ADD_TO_CELL,   /* family, qualifier, timestamp_us, amount */
	BT_DELETE_COLUMN, /* family, qualifier, from_us, to_us */
	BT_DELETE_FAMILY, /* family */
	BT_DELETE_ROW
} bt_mutation_kind;

typedef struct bt_mutation
{
	bt_mutation_kind kind;
	bt_span family;
	bt_span qualifier;
	int64_t timestamp_us;
	bt_span value;
	int64_t amount;
	int64_t from_us; /* DELETE_COLUMN: first timestamp */
	int64_t to_us;   /* DELETE_COLUMN: behind the last; 0: no end */
} bt_mutation;

/* Has it the same effect when it is applied twice? */
static inline bool
bt_mutation_is_idempotent(const bt_mutation *mutation)
{
	return mutation->kind != BT_ADD_TO_CELL &&
		   (mutation->kind != BT_SET_CELL ||
			mutation->timestamp_us != BT_SERVER_TIMESTAMP);
}

/* Bytes of n mutations as a repeated field of number 1 to 15. */
extern size_t bt_mutations_size(const bt_mutation *mutations, size_t n);

/* Writes them; returns the end.  There must be room for bt_mutations_size(). */
extern uint8_t *
bt_mutations_write(uint8_t *out, int field, const bt_mutation *mutations, size_t n);

#endif /* BT_MUTATION_H */
