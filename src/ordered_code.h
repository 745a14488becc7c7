/*-------------------------------------------------------------------------
 *
 * ordered_code.h
 *	  Integers as bytes of varying length that sort as the integers do.
 *
 * This is Bigtable's encoding "ordered_code_bytes" of int64, the signed numbers
 * of Google's OrderedCode: numbers near zero take one byte, the others up to
 * ten.  The length is told by the first bytes, so that such numbers may stand
 * one after another, as in a row key.
 *
 * Pure: depends on nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_ORDERED_CODE_H
#define BIGTABLE_FDW_ORDERED_CODE_H

#include <stddef.h>
#include <stdint.h>

/* The most bytes that a number takes. */
#define ORDERED_CODE_MAX_BYTES 10

/*
 * Writes a number to a buffer with room for ORDERED_CODE_MAX_BYTES; returns the
 * length.
 */
extern size_t ordered_code_put(uint8_t *out, int64_t value);

/*
 * Reads the number that some bytes begin with; returns how many of them it
 * takes, or 0 if they are not the one form in which a number is written.
 */
extern size_t ordered_code_get(const uint8_t *bytes, size_t len, int64_t *value);

#endif /* BIGTABLE_FDW_ORDERED_CODE_H */
