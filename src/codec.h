/*-------------------------------------------------------------------------
 *
 * codec.h
 *	  Cell bytes <-> Datum.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_CODEC_H
#define BIGTABLE_FDW_CODEC_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"

#include "client/span.h"
#include "mapping.h"
#include "row_memory.h"

typedef struct Codec Codec;

/* Decodes bytes that are not empty, or raises an error. */
typedef Datum (*codec_decode_fn)(Codec *codec, bt_span bytes, RowMemory *memory);

/* How the values of one column are decoded; made once a scan. */
struct Codec
{
	codec_decode_fn decode;
	codec_decode_fn decode_form;   /* what decode does, but for what it makes of it */
	codec_decode_fn decode_binary; /* of the bytes that another encoding stands for */
	int width;                     /* in bytes, of numbers in encoding "ordered" */
	bool has_empty;                /* an empty cell is '', else it is NULL */
	Oid typid;
	Encoding encoding;

	/* Option on_decode_error 'null'. */
	bool null_on_error;
	bool failed;       /* the last value did not decode */
	uint64 nulls_made; /* how many did not */

	/* Integers that may be in a family of aggregates, see codec_init_integer(). */
	bool (*is_aggregate)(void *arg, const ColumnMapping *column);
	void *is_aggregate_arg;
	const ColumnMapping *column;

	/* Sees the values of a key that may have several forms, see codec_watch(). */
	void (*see)(void *arg, bt_span bytes, Datum value);
	void *see_arg;

	/* For types that go through their text input function. */
	FmgrInfo input;
	Oid ioparam;
	int32 typmod;
	StringInfoData text;
	void *domain_state; /* of domain_check(), for domains over bytea */
	MemoryContext context;
};

/* Can values of this type be in that encoding? */
extern bool codec_has_encoding(Oid typid, Encoding encoding);

/*
 * Has the type a value whose text form is empty, as far as is known?  Then an
 * empty cell is that value, else it is NULL.
 */
extern bool codec_has_empty(Oid typid);

/* Prepares to decode a column.  The codec's memory is the current context's. */
extern void codec_init(Codec *codec, const ColumnMapping *column);

/*
 * A family of aggregates holds 8-byte integers by itself, whatever the encoding
 * of the table.  Planning cannot know, so an integer column in text asks, with
 * its first value of 8 bytes, whether its family is one: by this function, which
 * may raise an error.  Does nothing for other columns.
 */
extern void
codec_init_integer(Codec *codec, const ColumnMapping *column,
				   bool (*is_aggregate)(void *arg, const ColumnMapping *column),
				   void *arg);

/*
 * Of a row key: has a function see each value that is decoded, and its bytes, if
 * its type is one whose values may have several forms.  Else does nothing.
 */
extern void
codec_watch(Codec *codec, void (*see)(void *arg, bt_span bytes, Datum value), void *arg);

/*
 * Decodes a cell's value, or a row key.  Returns false for NULL.  The result
 * lives in the row's memory.  The current memory context must be the row's.
 */
static inline bool
codec_decode(Codec *codec, bt_span bytes, RowMemory *memory, Datum *value)
{
	if (bytes.len == 0 && !codec->has_empty)
		return false;
	*value = codec->decode(codec, bytes, memory);
	return !codec->failed;
}

/* A timestamptz from microseconds since 1970; without one, an infinite one. */
extern int64 codec_timestamp(int64 timestamp_us);

/* A cell's timestamp, in microseconds since 1970, as timestamptz. */
extern Datum codec_timestamp_datum(int64 timestamp_us);

/*
 * Types whose values are a number on the wire: their width in bytes in binary
 * encoding, else 0; and that number.  Timestamps at the end of PostgreSQL's
 * range have none: false then, and they are above all that have, but infinity.
 */
extern int codec_number_width(Oid typid);

/* As a value, may it have 1, 2, 4 or 8 bytes, whatever its own width? */
extern bool codec_has_any_width(Oid typid);
extern bool codec_number(Oid typid, Datum value, int64 *number);

/*
 * A number in encoding "ordered", or as big-endian two's complement of a width,
 * in the current memory context.
 */
extern bt_span codec_number_bytes(Encoding encoding, int64 number, int width);

/*
 * Bytes as they are in an encoding that wraps them, hex or base64; in any other,
 * themselves.  In the current memory context.
 */
extern bt_span codec_wrap(Encoding encoding, bt_span bytes);

/* Writes a number as big-endian two's complement. */
extern void codec_put_number(uint8 *out, int64 number, int width);

/*
 * The one form in which a value is written, in the current memory context.
 * Returns false if a value of this type and encoding may be stored in several
 * forms, so that its bytes say nothing about equality.
 */
extern bool codec_encode(Oid typid, Encoding encoding, Datum value, bt_span *bytes);

#endif /* BIGTABLE_FDW_CODEC_H */
