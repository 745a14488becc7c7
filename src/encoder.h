/*-------------------------------------------------------------------------
 *
 * encoder.h
 *	  Datum -> cell bytes, for writing.
 *
 * A value has one form, whatever the settings of the session: what one client
 * writes, another must read as the same.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_ENCODER_H
#define BIGTABLE_FDW_ENCODER_H

#include "postgres.h"

#include "fmgr.h"

#include "client/span.h"
#include "mapping.h"

typedef struct Encoder Encoder;

typedef bt_span (*encoder_fn)(Encoder *encoder, Datum value);

/* How the values of one column are encoded; made once a statement. */
struct Encoder
{
	encoder_fn encode;
	encoder_fn encode_bytes; /* in encodings that wrap bytes: what makes them */
	Oid typid;               /* of a domain, its base type */
	Encoding encoding;
	bool has_empty;            /* an empty value is told from NULL */
	FmgrInfo output;           /* for types that go through their output function */
	bool needs_fixed_settings; /* whose result depends on settings */
};

/* Prepares to encode a column, in the current memory context. */
extern void encoder_init(Encoder *encoder, const ColumnMapping *column);

/*
 * The bytes of a value that is not NULL: in the value itself, or in the current
 * memory context.
 */
static inline bt_span
encoder_encode(Encoder *encoder, Datum value)
{
	return encoder->encode(encoder, value);
}

/*
 * Settings under which output functions give the one form.  What begin returns
 * goes to end; an error in between undoes them, too.
 */
extern int encoder_begin_fixed_settings(void);
extern void encoder_end_fixed_settings(int nest_level);

#endif /* BIGTABLE_FDW_ENCODER_H */
