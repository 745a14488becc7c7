/*-------------------------------------------------------------------------
 *
 * value_guess.h
 *	  Which types a cell's bytes could be.
 *
 * For IMPORT FOREIGN SCHEMA, which gives a column a type only if all values
 * that it has seen could be of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_VALUE_GUESS_H
#define BIGTABLE_FDW_VALUE_GUESS_H

#include "postgres.h"

#include "client/span.h"

/* A set of types. */
#define GUESS_COUNTER 0x0001 /* bigint, in 8 bytes */
#define GUESS_BOOLEAN 0x0002
#define GUESS_BIGINT 0x0004
#define GUESS_NUMERIC 0x0008
#define GUESS_DOUBLE 0x0010
#define GUESS_DATE 0x0020
#define GUESS_TIMESTAMPTZ 0x0040
#define GUESS_TIMESTAMP 0x0080
#define GUESS_UUID 0x0100
#define GUESS_JSONB 0x0200
#define GUESS_TEXT 0x0400
#define GUESS_ALL 0x07ff

/*
 * The types that bytes could be of, each of which reads them without an error;
 * none means that they are just bytes.  Where a spelling would be lost, as that
 * of "007" as a number, it counts as text.
 */
extern int guess_types(bt_span bytes);

/*
 * Are bytes text that people may have written, which this database can hold:
 * without control characters, NUL above all?
 */
extern bool guess_is_text(bt_span bytes);

#endif /* BIGTABLE_FDW_VALUE_GUESS_H */
