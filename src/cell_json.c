/*-------------------------------------------------------------------------
 *
 * cell_json.c
 *	  Cell values and qualifiers <-> JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "byte_text.h"
#include "cell_json.h"
#include "client/mutation.h"
#include "codec.h"
#include "option.h"
#include "ordered_code.h"
#include "quote.h"
#include "utf8.h"

/* What keys begin with that are hexadecimal digits. */
#define HEX_PREFIX "\\x"
#define HEX_PREFIX_LEN 2

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

/* Has a qualifier a key in hexadecimal digits?  Then text is not changed. */
static bool
is_hex_key(bt_span qualifier, bt_span *text)
{
	bt_span converted = qualifier;

	if (qualifier.len >= HEX_PREFIX_LEN &&
		memcmp(qualifier.data, HEX_PREFIX, HEX_PREFIX_LEN) == 0)
		return true;
	if (!utf8_to_server(&converted))
		return true;
	*text = converted;
	return false;
}

void
cell_json_push_key(JsonbParseState **state, bt_span qualifier)
{
	bt_span text = qualifier;
	size_t size = HEX_PREFIX_LEN + hex_size(qualifier.len);

	if (is_hex_key(qualifier, &text))
	{
		uint8 *digits = palloc(size);

		memcpy(digits, HEX_PREFIX, HEX_PREFIX_LEN);
		hex_put(digits + HEX_PREFIX_LEN, qualifier);
		text = bt_span_make(digits, size);
	}
	cell_json_push_text(state, WJB_KEY, text);
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

/* ---- JSON -> bytes ---- */

__attribute__((noreturn)) static void
report(const char *message, const JsonCell *cell, const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", message),
					errdetail("The cell is %s. %s", quoted(cell->qualifier), detail)));
}

bool
cell_json_qualifier(const char *key, size_t len, bt_span *qualifier)
{
	bt_span text;

	if (len < HEX_PREFIX_LEN || memcmp(key, HEX_PREFIX, HEX_PREFIX_LEN) != 0)
	{
		char *copy = pnstrdup(key, len);
		char *utf8 = pg_server_to_any(copy, (int) len, PG_UTF8);

		*qualifier = utf8 == copy ? bt_span_make(copy, len) : bt_span_str(utf8);
		return true;
	}
	text = bt_span_make(key + HEX_PREFIX_LEN, len - HEX_PREFIX_LEN);
	qualifier->data = palloc(len);
	return hex_get(text, (uint8 *) qualifier->data, &qualifier->len) &&
		   is_hex_key(*qualifier, &text);
}

/* The bytes of {"$bin": "base64"}. */
static bool
parse_bin(JsonbContainer *container, bt_span *bytes)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbValue value;
	uint8 *out;

	if (JsonbIteratorNext(&iterator, &value, true) != WJB_BEGIN_OBJECT ||
		value.val.object.nPairs != 1)
		return false;
	if (JsonbIteratorNext(&iterator, &value, true) != WJB_KEY ||
		value.val.string.len != 4 || memcmp(value.val.string.val, "$bin", 4) != 0)
		return false;
	if (JsonbIteratorNext(&iterator, &value, true) != WJB_VALUE ||
		value.type != jbvString)
		return false;
	out = palloc(value.val.string.len + 1);
	bytes->data = out;
	return base64_get(bt_span_make(value.val.string.val, value.val.string.len), out,
					  &bytes->len);
}

static void
parse_number(JsonCell *cell, const JsonbValue *value, Encoding encoding)
{
	Datum numeric = NumericGetDatum(value->val.numeric);
	Datum whole = DirectFunctionCall2(numeric_trunc, numeric, Int32GetDatum(0));

	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, numeric, whole)))
		report("invalid number for a cell", cell, "Only integers can be written.");
	cell->is_number = true;
	cell->number = DatumGetInt64(DirectFunctionCall1(numeric_int8, numeric));
	if (encoding != ENCODING_TEXT)
		cell->value = codec_number_bytes(encoding, cell->number, sizeof(int64));
}

static void
parse_string(JsonCell *cell, const JsonbValue *value, Encoding encoding)
{
	char *text = pnstrdup(value->val.string.val, value->val.string.len);
	char *utf8 = pg_server_to_any(text, value->val.string.len, PG_UTF8);
	int64 number;

	cell->value =
		utf8 == text ? bt_span_make(text, value->val.string.len) : bt_span_str(utf8);
	if (is_number(cell->value, encoding, &number))
		report("string cannot be written to a cell", cell,
			   "It has the form of a number, and would be read back as one.");
}

static void
parse_value(JsonCell *cell, const JsonbValue *value, Encoding encoding)
{
	switch (value->type)
	{
		case jbvString:
			parse_string(cell, value, encoding);
			return;
		case jbvNumeric:
			parse_number(cell, value, encoding);
			return;
		case jbvBinary:
			if (parse_bin(value->val.binary.data, &cell->value))
				return;
			break;
		case jbvNull:
			report("cell cannot be null", cell,
				   "To delete a cell, leave its key out of the object.");
		default:
			break;
	}
	report("invalid JSON value for a cell", cell,
		   "A string, an integer or {\"$bin\": \"base64\"} is expected.");
}

/* Cells that are collected. */
typedef struct CellList
{
	Encoding encoding;
	int n;
	int capacity;
	JsonCell *cells;
} CellList;

static JsonCell *
add_cell(CellList *list, bt_span family)
{
	if (list->n == list->capacity)
	{
		list->capacity = Max(2 * list->capacity, 16);
		list->cells = list->cells == NULL
						  ? palloc(list->capacity * sizeof(JsonCell))
						  : repalloc_huge(list->cells, list->capacity * sizeof(JsonCell));
	}
	memset(&list->cells[list->n], 0, sizeof(JsonCell));
	list->cells[list->n].family = family;
	return &list->cells[list->n++];
}

static void
parse_key(JsonCell *cell, const JsonbValue *key)
{
	if (!cell_json_qualifier(key->val.string.val, key->val.string.len, &cell->qualifier))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid qualifier: \"%s\"",
						pnstrdup(key->val.string.val, key->val.string.len)),
				 errdetail("After \"\\x\", the hexadecimal digits of a qualifier are "
						   "expected that is not text, or begins with \"\\x\".")));
	if (cell->qualifier.len > BT_MAX_QUALIFIER_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("qualifier is too long"),
				 errdetail("It has %zu bytes; Bigtable allows %zu.", cell->qualifier.len,
						   BT_MAX_QUALIFIER_BYTES)));
}

static void
parse_family(CellList *list, JsonbContainer *container, bt_span family)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue value;

	if (!JsonContainerIsObject(container))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("cells of a column family must be a JSON object")));
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			parse_key(add_cell(list, family), &value);
		else if (token == WJB_VALUE)
			parse_value(&list->cells[list->n - 1], &value, list->encoding);
	}
}

static bt_span
parse_family_name(const JsonbValue *key)
{
	char *name = pnstrdup(key->val.string.val, key->val.string.len);

	if (name[0] == '\0' || !option_is_family(name, strlen(name)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("invalid column family: \"%s\"", name)));
	return bt_span_str(name);
}

static void
parse_row(CellList *list, JsonbContainer *container)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue value;
	bt_span family = {0};

	if (!JsonContainerIsObject(container))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("row must be a JSON object of column families")));
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			family = parse_family_name(&value);
		else if (token == WJB_VALUE && value.type != jbvBinary)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("cells of a column family must be a JSON object")));
		else if (token == WJB_VALUE)
			parse_family(list, value.val.binary.data, family);
	}
}

int
cell_json_compare(const JsonCell *a, const JsonCell *b)
{
	int cmp = bt_span_compare(a->family, b->family);

	return cmp != 0 ? cmp : bt_span_compare(a->qualifier, b->qualifier);
}

static int
compare_cells(const void *a, const void *b)
{
	return cell_json_compare(a, b);
}

int
cell_json_parse(Jsonb *json, bool is_row, Encoding encoding, JsonCell **cells)
{
	CellList list = {.encoding = encoding};

	if (is_row)
		parse_row(&list, &json->root);
	else
		parse_family(&list, &json->root, bt_span_make(NULL, 0));
	if (list.n > 1)
		qsort(list.cells, list.n, sizeof(JsonCell), compare_cells);
	*cells = list.cells;
	return list.n;
}
