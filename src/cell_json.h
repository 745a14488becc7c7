/*-------------------------------------------------------------------------
 *
 * cell_json.h
 *	  Cell values and qualifiers <-> JSON.
 *
 * A value that is text in UTF-8, without a NUL, is a JSON string; any other is
 * {"$bin": "base64"}.  In encoding "binary" a value of eight bytes is a number,
 * and in encoding "ordered" one that is in that form; the others are as in
 * "text".  So every value has one form, and the form says what the bytes are.
 *
 * A qualifier, as the key of an object, is its text; one that is not text, or
 * begins with "\x", is "\x" and hexadecimal digits, as in option "qualifier".
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_CELL_JSON_H
#define BIGTABLE_FDW_CELL_JSON_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "client/span.h"
#include "mapping.h"

/*
 * Pushes a value of an object or array: token is WJB_VALUE or WJB_ELEM.  The
 * bytes must stay until the whole is made jsonb.
 */
extern void cell_json_push_value(JsonbParseState **state, JsonbIteratorToken token,
								 bt_span bytes, Encoding encoding);

/* Pushes text of this database's encoding that is known to be valid. */
extern void
cell_json_push_text(JsonbParseState **state, JsonbIteratorToken token, bt_span text);

#endif /* BIGTABLE_FDW_CELL_JSON_H */
