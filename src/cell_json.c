/*-------------------------------------------------------------------------
 *
 * cell_json.c
 *	  Cell values and qualifiers <-> JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bswap.h"
#include "utils/numeric.h"

#include "byte_text.h"
#include "cell_json.h"
#include "ordered_code.h"
#include "utf8.h"

/* ---- bytes -> JSON ---- */

/* Are the bytes a number in an encoding? */
static bool
is_number(bt_span bytes, Encoding encoding, int64 *number)
{
	uint64 word;

	if (encoding == ENCODING_ORDERED)
		return bytes.len > 0 &&
			   ordered_code_get(bytes.data, bytes.len, number) == bytes.len;
	if (encoding != ENCODING_BINARY || bytes.len != sizeof(word))
		return false;
	memcpy(&word, bytes.data, sizeof(word));
	*number = (int64) pg_ntoh64(word);
	return true;
}

void
cell_json_push_text(JsonbParseState **state, JsonbIteratorToken token, bt_span text)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = (char *) text.data;
	value.val.string.len = (int) text.len;
	(void) pushJsonbValue(state, token, &value);
}

static void
push_number(JsonbParseState **state, JsonbIteratorToken token, int64 number)
{
	JsonbValue value;

	value.type = jbvNumeric;
	value.val.numeric = int64_to_numeric(number);
	(void) pushJsonbValue(state, token, &value);
}

static void
push_bytes(JsonbParseState **state, bt_span bytes)
{
	size_t size = base64_size(bytes.len);
	uint8 *text = palloc(size + 1);

	base64_put(text, bytes);
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	cell_json_push_text(state, WJB_KEY, bt_span_str("$bin"));
	cell_json_push_text(state, WJB_VALUE, bt_span_make(text, size));
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

void
cell_json_push_value(JsonbParseState **state, JsonbIteratorToken token, bt_span bytes,
					 Encoding encoding)
{
	bt_span text = bytes;
	int64 number;

	if (is_number(bytes, encoding, &number))
		push_number(state, token, number);
	else if (utf8_to_server(&text))
		cell_json_push_text(state, token, text);
	else
		push_bytes(state, bytes);
}
