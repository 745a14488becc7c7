/*-------------------------------------------------------------------------
 *
 * table_schema.h
 *	  What the admin API says of a table: families, their garbage collection
 *	  and types, and the schema of its row keys.
 *
 * Plain values in an arena of the host's.  Depends on nothing but span.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_TABLE_SCHEMA_H
#define BT_TABLE_SCHEMA_H

#include "span.h"

/* Limits of the service. */
#define BT_MAX_TABLE_ID_BYTES 50
#define BT_MAX_GC_RULE_BYTES 500

typedef enum bt_type_kind
{
	BT_TYPE_OTHER, /* one that this client does not know */
	BT_TYPE_BYTES,
	BT_TYPE_STRING,
	BT_TYPE_INT64,
	BT_TYPE_FLOAT32,
	BT_TYPE_FLOAT64,
	BT_TYPE_BOOL,
	BT_TYPE_TIMESTAMP,
	BT_TYPE_DATE,
	BT_TYPE_ARRAY,
	BT_TYPE_MAP,
	BT_TYPE_STRUCT,
	BT_TYPE_AGGREGATE
} bt_type_kind;

typedef enum bt_type_encoding
{
	BT_ENCODING_NONE,         /* not said, or the type has no choice */
	BT_ENCODING_RAW,          /* BYTES: as they are */
	BT_ENCODING_UTF8,         /* STRING */
	BT_ENCODING_BIG_ENDIAN,   /* INT64: 8 bytes; TIMESTAMP: microseconds as such */
	BT_ENCODING_ORDERED_CODE, /* INT64, TIMESTAMP, STRUCT */
	BT_ENCODING_SINGLETON,    /* STRUCT of one field: that field's bytes */
	BT_ENCODING_DELIMITED     /* STRUCT: fields with a delimiter between them */
} bt_type_encoding;

typedef enum bt_aggregator
{
	BT_AGGREGATE_OTHER,
	BT_AGGREGATE_SUM,
	BT_AGGREGATE_MIN,
	BT_AGGREGATE_MAX,
	BT_AGGREGATE_UNIQUE_COUNT /* HyperLogLog++ */
} bt_aggregator;

typedef struct bt_type bt_type;

/* A field of a STRUCT; its name may be empty. */
typedef struct bt_type_field
{
	bt_span name;
	const bt_type *type; /* never NULL */
} bt_type_field;

struct bt_type
{
	bt_type_kind kind;
	bt_type_encoding encoding;
	bt_span delimiter;           /* of BT_ENCODING_DELIMITED */
	const bt_type_field *fields; /* of a STRUCT, in the order of the bytes */
	size_t nfields;
	const bt_type *key;       /* of a MAP, or NULL */
	const bt_type *element;   /* of an ARRAY or MAP, input of an AGGREGATE, or NULL */
	bt_aggregator aggregator; /* of an AGGREGATE */
};

typedef enum bt_gc_kind
{
	BT_GC_OTHER, /* one that this client does not know */
	BT_GC_MAX_VERSIONS,
	BT_GC_MAX_AGE,
	BT_GC_INTERSECTION, /* a cell goes if all members say so; no member: never */
	BT_GC_UNION         /* a cell goes if one member says so */
} bt_gc_kind;

typedef struct bt_gc_rule bt_gc_rule;

struct bt_gc_rule
{
	bt_gc_kind kind;
	int32_t max_versions;
	int64_t max_age_us;
	bt_gc_rule **members;
	size_t nmembers;
};

typedef struct bt_family
{
	bt_span name;
	const bt_gc_rule *gc_rule; /* NULL: cells are kept */
	const bt_type *value_type; /* NULL: bytes */
} bt_family;

typedef struct bt_table
{
	bt_span name; /* projects/P/instances/I/tables/T */
	const bt_family *families;
	size_t nfamilies;
	const bt_type *row_key; /* a STRUCT; NULL: the table has no row_key_schema */
	bool deletion_protection;
} bt_table;

typedef enum bt_modification_kind
{
	BT_CREATE_FAMILY,
	BT_UPDATE_FAMILY, /* of which only the gc_rule changes */
	BT_DROP_FAMILY    /* with all its cells; only the name counts */
} bt_modification_kind;

typedef struct bt_family_modification
{
	bt_modification_kind kind;
	bt_family family;
} bt_family_modification;

#endif /* BT_TABLE_SCHEMA_H */
