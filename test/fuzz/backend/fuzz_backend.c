/*-------------------------------------------------------------------------
 *
 * fuzz_backend.c
 *	  Fuzzers of what needs PostgreSQL: they run in a backend.
 *
 *		CREATE FUNCTION fuzz(target text, arguments text[]) RETURNS void
 *			LANGUAGE C STRICT AS '.../fuzz_backend.so', 'fuzz';
 *
 * calls libFuzzer, whose arguments are given, and ends the process when that is
 * done.  The library has all of the extension in it, built with coverage.
 *
 * An input may raise an error, but not an internal one, and not in a message
 * that is not text.  What a target asks of a result is said with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_type.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_user_mapping.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "client/message.h"
#include "codec.h"
#include "filter_json.h"
#include "mapping.h"
#include "option.h"

#include "fuzz_backend.h"

/* Of libFuzzer. */
extern int LLVMFuzzerRunDriver(int *argc, char ***argv,
							   int (*callback)(const uint8_t *data, size_t size));

extern Datum bigtable_fdw_validator(PG_FUNCTION_ARGS);

#define CHECK(condition, what)                                                           \
	do                                                                                   \
	{                                                                                    \
		if (!(condition))                                                                \
		{                                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, what);                    \
			abort();                                                                     \
		}                                                                                \
	} while (0)

typedef void (*target_fn)(const uint8_t *data, size_t size);

static target_fn target;
MemoryContext fuzz_input_context;

/* ---- filters as jsonb ---- */

/* Input: JSON.  A filter that is accepted keeps the service's limits, and can be sent. */
static void
fuzz_filter_json(const uint8_t *data, size_t size)
{
	char *text = pnstrdup((const char *) data, size);
	bt_range all = bt_range_all();
	bt_read_rows_request request = {.resource = "t", .ranges = &all, .nranges = 1};
	bt_buffer buffer;
	Datum json;

	if (!pg_verifymbstr(text, (int) strlen(text), true))
		return;
	json = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
	request.filter = filter_from_json(DatumGetJsonbP(json));
	CHECK(bt_filter_depth(request.filter) <= BT_FILTER_MAX_DEPTH, "a filter too deep");
	CHECK(bt_filter_size(request.filter) <= BT_FILTER_MAX_SIZE, "a filter too large");
	CHECK(bt_pack_read_rows(&request, &buffer), "a filter that cannot be sent");
	free(buffer.data);
}

/* ---- options ---- */

typedef struct FuzzedOption
{
	const char *name;
	Oid catalog;
} FuzzedOption;

static const FuzzedOption options[] = {
	{"emulator_host", ForeignServerRelationId},
	{"endpoint", ForeignServerRelationId},
	{"universe_domain", ForeignServerRelationId},
	{"operation_timeout", ForeignServerRelationId},
	{"max_attempts", ForeignServerRelationId},
	{"fdw_startup_cost", ForeignServerRelationId},
	{"project_id", ForeignServerRelationId},
	{"credentials_json", UserMappingRelationId},
	{"access_token", UserMappingRelationId},
	{"table_name", ForeignTableRelationId},
	{"updatable", ForeignTableRelationId},
	{"family", AttributeRelationId},
	{"qualifier", AttributeRelationId},
	{"encoding", AttributeRelationId},
	{"cell", AttributeRelationId},
};

/* Input: a byte that chooses an option, and its value.  What is accepted can be read. */
static void
fuzz_option(const uint8_t *data, size_t size)
{
	const FuzzedOption *option;
	char *value;
	Datum text;
	List *list;

	if (size == 0)
		return;
	option = &options[data[0] % lengthof(options)];
	value = pnstrdup((const char *) data + 1, size - 1);
	if (!pg_verifymbstr(value, (int) strlen(value), true))
		return;
	text = CStringGetTextDatum(psprintf("%s=%s", option->name, value));
	DirectFunctionCall2(
		bigtable_fdw_validator,
		PointerGetDatum(construct_array(&text, 1, TEXTOID, -1, false, TYPALIGN_INT)),
		ObjectIdGetDatum(option->catalog));

	list = list_make1(makeDefElem((char *) option->name, (Node *) makeString(value), -1));
	if (strcmp(option->name, "qualifier") == 0)
	{
		size_t len;

		option_qualifier_bytes(value, &len);
		CHECK(len <= BT_MAX_QUALIFIER_BYTES, "a qualifier too long");
	}
	else if (strcmp(option->name, "operation_timeout") == 0)
		CHECK(option_duration_us(list, option->name, 0) > 0, "no duration");
	else if (strcmp(option->name, "max_attempts") == 0)
		CHECK(option_int(list, option->name, 0) >= 1, "no attempts");
	else if (strcmp(option->name, "fdw_startup_cost") == 0)
		CHECK(option_real(list, option->name, -1) >= 0, "a negative cost");
}

/* ---- cells ---- */

static const Oid types[] = {INT2OID, INT4OID,    INT8OID,  FLOAT4OID,    FLOAT8OID,
							BOOLOID, TEXTOID,    BYTEAOID, UUIDOID,      TIMESTAMPTZOID,
							DATEOID, NUMERICOID, JSONBOID, TIMESTAMPOID, VARCHAROID};

static char *
output_of(Oid typid, Datum value)
{
	Oid function;
	bool varlena;

	getTypeOutputInfo(typid, &function, &varlena);
	return OidOutputFunctionCall(function, value);
}

static bool
decode(const ColumnMapping *column, bt_span bytes, Datum *value)
{
	MemoryContext old = MemoryContextSwitchTo(fuzz_input_context);
	RowMemory memory;
	Codec codec;
	bool found;

	row_memory_init(&memory, fuzz_input_context);
	codec_init(&codec, column);
	found = codec_decode(&codec, bytes, &memory, value);
	MemoryContextSwitchTo(old);
	return found;
}

/*
 * Input: bytes that choose a type and an encoding, and a cell.  A value that it
 * is can be shown; where values have one form only, that reads as the same value.
 */
static void
fuzz_codec(const uint8_t *data, size_t size)
{
	ColumnMapping column = {.kind = COLUMN_VALUE, .attnum = 1, .name = "c", .typmod = -1};
	bt_span cell;
	bt_span form;
	uint8 *copy;
	Datum value;
	Datum again;

	if (size < 2)
		return;
	column.typid = types[data[0] % lengthof(types)];
	column.encoding = (Encoding) (data[1] % (ENCODING_BASE64 + 1));
	if (!codec_has_encoding(column.typid, column.encoding))
		return;

	/* Memory of its own size, and not aligned. */
	copy = (uint8 *) palloc(size - 1) + 1;
	memcpy(copy, data + 2, size - 2);
	cell = bt_span_make(copy, size - 2);
	if (!decode(&column, cell, &value))
		return;
	output_of(column.typid, value);
	if (!codec_encode(column.typid, column.encoding, value, &form))
		return;
	CHECK(decode(&column, form, &again), "the form of a value is none");
	CHECK(strcmp(output_of(column.typid, value), output_of(column.typid, again)) == 0,
		  "the form of a value is another value");
}

/* ---- the driver ---- */

void
fuzz_check_error(void)
{
	ErrorData *error = CopyErrorData();

	CHECK(ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_INTERNAL_ERROR,
		  error->message);
	CHECK(pg_verifymbstr(error->message, (int) strlen(error->message), true),
		  "a message that is not text");
	CHECK(error->detail == NULL ||
			  pg_verifymbstr(error->detail, (int) strlen(error->detail), true),
		  "a detail that is not text");
	FlushErrorState();
}

static int
one_input(const uint8_t *data, size_t size)
{
	MemoryContext old = MemoryContextSwitchTo(fuzz_input_context);

	PG_TRY();
	{
		target(data, size);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(fuzz_input_context);
		fuzz_check_error();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	MemoryContextReset(fuzz_input_context);
	return 0;
}

static target_fn
find_target(const char *name)
{
	if (strcmp(name, "filter_json") == 0)
		return fuzz_filter_json;
	if (strcmp(name, "option") == 0)
		return fuzz_option;
	if (strcmp(name, "codec") == 0)
		return fuzz_codec;
	if (strcmp(name, "row_key") == 0)
		return fuzz_row_key;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("there is no target \"%s\"", name)));
}

PG_FUNCTION_INFO_V1(fuzz);

Datum
fuzz(PG_FUNCTION_ARGS)
{
	Datum *arguments;
	int argc;
	char **argv;

	target = find_target(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	fuzz_input_context =
		AllocSetContextCreate(TopMemoryContext, "fuzz input", ALLOCSET_DEFAULT_SIZES);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT,
					  &arguments, NULL, &argc);
	argv = palloc((argc + 2) * sizeof(char *));
	argv[0] = "fuzz";
	for (int i = 0; i < argc; i++)
		argv[i + 1] = TextDatumGetCString(arguments[i]);
	argv[++argc] = NULL;
	LLVMFuzzerRunDriver(&argc, &argv, one_input);
	PG_RETURN_VOID();
}
