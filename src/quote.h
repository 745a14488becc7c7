/*-------------------------------------------------------------------------
 *
 * quote.h
 *	  Byte strings as people read them, in messages and in EXPLAIN.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_QUOTE_H
#define BIGTABLE_FDW_QUOTE_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "client/span.h"

/*
 * Appends a byte string in double quotes.  Printable characters stand for
 * themselves, quotes and backslashes are escaped by a backslash, and other
 * bytes become \xHH.  No more than max_bytes are shown, then "...".
 */
extern void append_quoted(StringInfo out, bt_span bytes, size_t max_bytes);

/* The same, as a new string; for messages, so it is cut off early. */
extern char *quoted(bt_span bytes);

#endif /* BIGTABLE_FDW_QUOTE_H */
