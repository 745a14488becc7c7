/*-------------------------------------------------------------------------
 *
 * row_key.h
 *	  Composite row keys: encode, decode, and ranges of keys.
 *
 * A row key is put together of segments, one for each column with option
 * "key_part".  A segment is the encoded value of the column; how segments stand
 * in a key is said by KeyEncoding.  doc/mapping.md describes it to users, byte
 * for byte.
 *
 * A set of segments is a bt_row_set over their bytes, before they are reversed
 * or escaped.  Here it becomes a set of keys: all that begin with the same
 * segments, and go on with one of the set.  That is always exact, whether or not
 * the order of the keys is that of the segments.
 *
 * Knows nothing of the planner, nor of the catalogs.  Memory is taken from the
 * current memory context.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_ROW_KEY_H
#define BIGTABLE_FDW_ROW_KEY_H

#include "postgres.h"

#include "client/row_set.h"
#include "client/span.h"

struct ColumnMapping;

typedef enum KeyEncoding
{
	KEY_WHOLE,        /* one column is the whole key */
	KEY_CONCATENATED, /* all segments but the last tell their length themselves */
	KEY_DELIMITED,    /* a delimiter is between segments */
	KEY_ORDERED_CODE  /* as Bigtable's structs in "ordered_code_bytes" */
} KeyEncoding;

/* What is done about a key that cannot be split into its parts. */
typedef enum KeyMismatch
{
	KEY_MISMATCH_ERROR,
	KEY_MISMATCH_NULL, /* the columns are NULL */
	KEY_MISMATCH_SKIP  /* the row is left out */
} KeyMismatch;

typedef struct KeyPart
{
	const struct ColumnMapping *column;
	int width;        /* of a segment, in bytes; 0: they vary */
	bool is_number;   /* in encoding "ordered": its first bytes tell the length */
	bool has_empty;   /* an empty segment is a value */
	bool is_reversed; /* in descending order */
	bool is_salted;   /* the bucket depends on it */
} KeyPart;

typedef struct RowKey
{
	int nparts; /* 0: no column is the row key or a part of it */
	KeyPart *parts;
	KeyEncoding encoding;
	bt_span delimiter; /* KEY_DELIMITED */
	int nbuckets;      /* 0: keys do not begin with a bucket */
	int salt_digits;
	size_t salt_width; /* of the bucket and what is behind it */
	KeyMismatch on_mismatch;
} RowKey;

/* Does a segment of this part tell its length itself? */
static inline bool
row_key_is_self_delimiting(const KeyPart *part)
{
	return part->width > 0 || part->is_number;
}

/*
 * Are keys with the same segments before it sorted by this segment's bytes?
 */
extern bool row_key_is_sorted_by(const RowKey *key, int part);

/* ---- writing ---- */

/* Can a segment stand there?  Not if it has the delimiter in it. */
extern bool row_key_allows(const RowKey *key, int part, bt_span segment);

/* The bucket of a row, by its segments. */
extern int row_key_bucket(const RowKey *key, const bt_span *segments);

/* The key of a row whose segments are all allowed. */
extern bt_span row_key_encode(const RowKey *key, const bt_span *segments);

/* ---- reading ---- */

typedef enum KeyProblem
{
	KEY_FITS,
	KEY_TOO_SHORT,     /* it ends before or in a segment */
	KEY_TOO_LONG,      /* there is more behind the last segment */
	KEY_NO_DELIMITER,  /* where there should be one */
	KEY_NOT_A_NUMBER,  /* in encoding "ordered" */
	KEY_EMPTY_SEGMENT, /* of a type that has no empty value */
	KEY_NOT_CANONICAL, /* it would be written in another way */
	KEY_NO_BUCKET,
	KEY_OTHER_BUCKET /* than its segments belong to */
} KeyProblem;

/* Takes keys apart, one after another. */
typedef struct KeySplitter
{
	const RowKey *key;
	bt_span *segments; /* of the last key, by part; into it, or into scratch */
	KeyProblem problem;
	int part; /* that has it */
	MemoryContext context;
	uint8 *scratch;
	size_t capacity;
} KeySplitter;

/* The splitter's memory is the current context's. */
extern KeySplitter *row_key_splitter(const RowKey *key);

/* Returns false if the key does not fit, see problem. */
extern bool row_key_split(KeySplitter *splitter, bt_span bytes);

/* What is wrong with the last key, for an error's detail. */
extern char *row_key_problem_text(const KeySplitter *splitter);

/* ---- sets of keys ---- */

/* The beginning of a key, by its first segments. */
typedef struct KeyPrefix
{
	bt_span bytes; /* with what separates them from the next one */
	size_t tail;   /* length without the empty fields at the end; ordered code */
} KeyPrefix;

/* The prefix of no segment yet, in a bucket; -1 if there are none. */
extern KeyPrefix row_key_begin(const RowKey *key, int bucket);

/* The prefix with another part's segment; false if that is not allowed. */
extern bool row_key_extend(const RowKey *key, int part, KeyPrefix prefix, bt_span segment,
						   KeyPrefix *result);

/* Adds all keys with this prefix of nparts segments. */
extern void
row_key_add_prefix(const RowKey *key, int nparts, KeyPrefix prefix, bt_row_set *set);

/* Adds the keys that go on with a segment of this range. */
extern void row_key_add_range(const RowKey *key, int part, KeyPrefix prefix,
							  const bt_range *range, bt_row_set *set);

#endif /* BIGTABLE_FDW_ROW_KEY_H */
