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

/* Pushes the key of an object that a qualifier is. */
extern void cell_json_push_key(JsonbParseState **state, bt_span qualifier);

/* A cell that is to be written. */
typedef struct JsonCell
{
	bt_span family; /* of a whole row */
	bt_span qualifier;
	bool is_number;
	int64 number; /* if it is one */
	bt_span value;
} JsonCell;

/*
 * The cells of an object {qualifier: value}, or of {family: {qualifier: value}},
 * in the order of their names, in the current memory context.  Raises an error
 * for what is not of that form, or would not be read back as it is.
 */
extern int cell_json_parse(Jsonb *json, bool is_row, Encoding encoding, JsonCell **cells);

/* In that order: <0, 0 or >0. */
extern int cell_json_compare(const JsonCell *a, const JsonCell *b);

/*
 * The qualifier that a key of an object stands for, in this database's encoding;
 * false if no qualifier has that key.
 */
extern bool cell_json_qualifier(const char *key, size_t len, bt_span *qualifier);

#endif /* BIGTABLE_FDW_CELL_JSON_H */
