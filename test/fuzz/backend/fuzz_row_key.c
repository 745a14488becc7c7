/*-------------------------------------------------------------------------
 *
 * fuzz_row_key.c
 *	  Row keys of any shape: how they are read, written, sorted and asked for.
 *
 * Input: the options of a table's key, two keys, and conditions on the columns.
 *
 * A key that can be read is the one that its values are written as, if values
 * have one form.  The set of keys that a condition is turned into has each row
 * that satisfies it, by PostgreSQL's own evaluation; no other row of the set is
 * left where a clause is taken for exact.  Keys are sorted as the planner is
 * told.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "arena.h"
#include "codec.h"
#include "compat.h"
#include "encoder.h"
#include "key_condition.h"
#include "key_options.h"
#include "key_scan.h"
#include "pushed_clause.h"

#include "../fuzz_input.h"
#include "fuzz_backend.h"

#define MAX_PARTS 4
#define VARNO 1

extern Datum bigtable_fdw_validator(PG_FUNCTION_ARGS);

typedef struct Row
{
	bt_span key;
	bool found;
	Datum values[MAX_PARTS];
	bool isnull[MAX_PARTS];
} Row;

/* The test case. */
static fuzz_input input;
static const TableMapping *table;
static Row rows[2];

/* ---- the table ---- */

static const Oid types[] = {INT4OID, TEXTOID, INT8OID, BYTEAOID,       INT2OID,
							UUIDOID, DATEOID, BOOLOID, TIMESTAMPTZOID, FLOAT8OID};

static void
choose_column(ColumnMapping *column, int i, int nparts, bool is_whole, bool backwards)
{
	static const char *const names[MAX_PARTS] = {"a", "b", "c", "d"};
	Encoding encoding;

	column->kind = COLUMN_ROW_KEY;
	column->attnum = (AttrNumber) (i + 1);
	column->name = names[i];
	column->typid = types[fuzz_below(&input, lengthof(types))];
	column->typmod = -1;
	if (column->typid == TEXTOID)
		column->collation = fuzz_bool(&input) ? C_COLLATION_OID : DEFAULT_COLLATION_OID;
	encoding = (Encoding) fuzz_below(&input, ENCODING_BASE64 + 1);
	if (codec_has_encoding(column->typid, encoding))
		column->encoding = encoding;
	if (is_whole)
		return;
	column->key_part = backwards ? nparts - i : i + 1;
	column->is_reversed = fuzz_below(&input, 4) == 0;
}

static void
add_option(List **options, const char *name, const char *value)
{
	*options = lappend(
		*options, makeDefElem(pstrdup(name), (Node *) makeString(pstrdup(value)), -1));
}

static const char *
choose_delimiter(void)
{
	bt_span bytes = fuzz_bytes(&input, 3);
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, "\\x");
	for (size_t i = 0; i < bytes.len; i++)
		appendStringInfo(&text, "%02x", bytes.data[i]);
	return text.data;
}

static void
choose_salt(List **options, const TableMapping *of)
{
	unsigned columns = fuzz_byte(&input);
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < of->natts; i++)
		if ((columns >> i & 1) != 0)
			appendStringInfo(&names, "%s%s", names.len > 0 ? "," : "",
							 of->columns[i].name);
	add_option(options, "key_salt", psprintf("%u", 2 + fuzz_below(&input, 19)));
	add_option(options, "key_salt_columns", names.data);
}

static List *
choose_options(const TableMapping *of, bool is_whole)
{
	static const char *const mismatches[] = {"error", "null", "skip"};
	static const char *const encodings[] = {"concatenated", "delimited", "ordered_code"};
	List *options = NIL;
	unsigned encoding = fuzz_below(&input, lengthof(encodings));

	add_option(&options, "on_key_mismatch",
			   mismatches[fuzz_below(&input, lengthof(mismatches))]);
	if (is_whole)
		return options;
	add_option(&options, "key_encoding", encodings[encoding]);
	if (encoding == 1)
		add_option(&options, "key_delimiter", choose_delimiter());
	if (fuzz_below(&input, 4) == 0)
		choose_salt(&options, of);
	return options;
}

/* As CREATE FOREIGN TABLE does. */
static void
validate(List *options)
{
	Datum *texts = palloc(sizeof(Datum) * list_length(options));
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst(cell);

		texts[foreach_current_index(cell)] =
			CStringGetTextDatum(psprintf("%s=%s", option->defname, strVal(option->arg)));
	}
	DirectFunctionCall2(
		bigtable_fdw_validator,
		PointerGetDatum(construct_array(texts, list_length(options), TEXTOID, -1, false,
										TYPALIGN_INT)),
		ObjectIdGetDatum(ForeignTableRelationId));
}

static TableMapping *
choose_table(void)
{
	TableMapping *result = palloc0(sizeof(TableMapping));
	bool is_whole;
	bool backwards;
	List *options;

	result->relname = "t";
	result->natts = 1 + (int) fuzz_below(&input, MAX_PARTS);
	result->columns = palloc0(sizeof(ColumnMapping) * result->natts);
	is_whole = result->natts == 1 && fuzz_bool(&input);
	backwards = fuzz_below(&input, 4) == 0;
	for (int i = 0; i < result->natts; i++)
		choose_column(&result->columns[i], i, result->natts, is_whole, backwards);
	if (is_whole)
		result->key = &result->columns[0];
	options = choose_options(result, is_whole);
	validate(options);
	key_options_load(result, options, NIL);
	return result;
}

/* ---- rows ---- */

/* Reads a key as a scan does; one that raises an error is no row. */
static Row
read_row(bt_span key, bool has_clauses)
{
	volatile Row row = {.key = key};

	PG_TRY();
	{
		KeyScan *scan = key_scan_create(table, key_scan_attrs(table), has_clauses, NULL);
		RowMemory memory;
		const ColumnMapping *converting;

		row_memory_init(&memory, CurrentMemoryContext);
		row.found = key_scan_read(scan, key, &memory, (Datum *) row.values,
								  (bool *) row.isnull, &converting);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(fuzz_input_context);
		fuzz_check_error();
		row.found = false;
	}
	PG_END_TRY();
	return row;
}

static bool
has_values(const Row *row)
{
	for (int i = 0; i < table->natts; i++)
		if (!row->found || row->isnull[i])
			return false;
	return true;
}

/* The key that a row's values are written as. */
static bt_span
write_key(const Row *row)
{
	const RowKey *key = &table->row_key;
	bt_span segments[MAX_PARTS];
	int nest_level = encoder_begin_fixed_settings();

	for (int i = 0; i < key->nparts; i++)
	{
		const ColumnMapping *column = key->parts[i].column;
		Encoder encoder;

		encoder_init(&encoder, column);
		segments[i] = encoder_encode(&encoder, row->values[column->attnum - 1]);
		FUZZ_CHECK(key->encoding == KEY_WHOLE || row_key_allows(key, i, segments[i]),
				   "a segment that was read cannot be written");
	}
	encoder_end_fixed_settings(nest_level);
	return key->encoding == KEY_WHOLE ? segments[0] : row_key_encode(key, segments);
}

/* Has each value one form only? */
static bool
has_one_form(void)
{
	for (int i = 0; i < table->natts; i++)
		if (pushdown_byte_form(&table->columns[i]) == FORM_NONE)
			return false;
	return true;
}

static void
check_row(const Row *row)
{
	KeySplitter *splitter = row_key_splitter(&table->row_key);

	if (!row_key_split(splitter, row->key))
	{
		const char *text = row_key_problem_text(splitter);

		FUZZ_CHECK(pg_verifymbstr(text, (int) strlen(text), true), "not a text");
		FUZZ_CHECK(!has_values(row), "values of a key that does not fit");
	}
	if (has_one_form() && has_values(row))
		FUZZ_CHECK(bt_span_equal(write_key(row), row->key),
				   "a key that was read is written in another way");
}

/* ---- order ---- */

static bool
is_less(const ColumnMapping *column, Datum a, Datum b)
{
	TypeCacheEntry *type = lookup_type_cache(column->typid, TYPECACHE_LT_OPR);

	return DatumGetBool(
		OidFunctionCall2Coll(get_opcode(type->lt_opr), C_COLLATION_OID, a, b));
}

static bool
is_negative(const ColumnMapping *column, Datum value)
{
	int64 number;

	return codec_number_width(column->typid) > 0 &&
		   codec_number(column->typid, value, &number) && number < 0;
}

static int
sign_of(int number)
{
	return (number > 0) - (number < 0);
}

/* Of segments that differ: do they sort as the values do, if the planner thinks so? */
static void
check_segment_order(const ColumnMapping *column, bt_span a, bt_span b)
{
	TypeCacheEntry *type = lookup_type_cache(column->typid, TYPECACHE_BTREE_OPFAMILY);
	Datum value_a = rows[0].values[column->attnum - 1];
	Datum value_b = rows[1].values[column->attnum - 1];
	bool has_one_sign = is_negative(column, value_a) == is_negative(column, value_b);

	if (pushdown_key_is_ordered(column, type->btree_opf, column->typid, C_COLLATION_OID,
								has_one_sign))
		FUZZ_CHECK(is_less(column, value_a, value_b) == (bt_span_compare(a, b) < 0),
				   "segments are not sorted as their values");
}

static void
check_order(void)
{
	const RowKey *key = &table->row_key;
	KeySplitter *left = row_key_splitter(key);
	KeySplitter *right = row_key_splitter(key);
	bt_span a = rows[0].key;
	bt_span b = rows[1].key;
	int part = 0;
	int cmp;

	if (!has_values(&rows[0]) || !has_values(&rows[1]) || bt_span_equal(a, b) ||
		!row_key_split(left, a) || !row_key_split(right, b) ||
		(key->nbuckets > 0 && memcmp(a.data, b.data, key->salt_width) != 0))
		return;
	while (part < key->nparts &&
		   bt_span_equal(left->segments[part], right->segments[part]))
		part++;
	FUZZ_CHECK(part < key->nparts, "two keys of the same segments");
	cmp = bt_span_compare(left->segments[part], right->segments[part]);
	if (row_key_is_sorted_by(key, part))
		FUZZ_CHECK(sign_of(bt_span_compare(a, b)) ==
					   (key->parts[part].is_reversed ? -sign_of(cmp) : sign_of(cmp)),
				   "keys are not sorted as their segments");
	check_segment_order(key->parts[part].column, left->segments[part],
						right->segments[part]);
}

/* ---- values to compare with ---- */

static bool
is_integer(Oid typid)
{
	return typid == INT2OID || typid == INT4OID || typid == INT8OID;
}

static int64
integer_of(Oid typid, Datum value)
{
	return typid == INT2OID   ? DatumGetInt16(value)
		   : typid == INT4OID ? DatumGetInt32(value)
							  : DatumGetInt64(value);
}

static Datum
make_integer(Oid typid, int64 number)
{
	return typid == INT2OID   ? Int16GetDatum((int16) number)
		   : typid == INT4OID ? Int32GetDatum((int32) number)
							  : Int64GetDatum(number);
}

static Datum
make_bytes(bt_span bytes)
{
	bytea *value = palloc(VARHDRSZ + bytes.len);

	SET_VARSIZE(value, VARHDRSZ + bytes.len);
	if (bytes.len > 0)
		memcpy(VARDATA(value), bytes.data, bytes.len);
	return PointerGetDatum(value);
}

/* A value of a type, out of the input. */
static Datum
fresh_value(Oid typid)
{
	bt_span bytes;
	pg_uuid_t *uuid;

	switch (typid)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return make_integer(typid, fuzz_number(&input));
		case BOOLOID:
			return BoolGetDatum(fuzz_bool(&input));
		case DATEOID:
			return DateADTGetDatum((DateADT) (fuzz_number(&input) % 100000));
		case TIMESTAMPTZOID:
			return TimestampTzGetDatum(fuzz_number(&input) %
									   INT64CONST(10000000000000000));
		case FLOAT8OID:
			return Float8GetDatum((double) fuzz_number(&input) / 8);
		case UUIDOID:
			bytes = fuzz_bytes(&input, UUID_LEN);
			uuid = palloc0(sizeof(pg_uuid_t));
			memcpy(uuid->data, bytes.data, bytes.len);
			return UUIDPGetDatum(uuid);
		case TEXTOID:
			bytes = fuzz_text(&input, 8);
			if (!pg_verifymbstr((const char *) bytes.data, (int) bytes.len, true))
				bytes.len = 0;
			return make_bytes(bytes);
		default:
			return make_bytes(fuzz_bytes(&input, 8));
	}
}

/* A value that a column may be compared with: often one that a row has, or near it. */
static Datum
choose_value(const ColumnMapping *column, Oid typid)
{
	unsigned source = fuzz_below(&input, 4);
	int64 number;

	if (source >= lengthof(rows) || !has_values(&rows[source]))
		return fresh_value(typid);
	if (!is_integer(typid))
		return rows[source].values[column->attnum - 1];
	number = integer_of(column->typid, rows[source].values[column->attnum - 1]);
	return make_integer(
		typid, (int64) ((uint64) number + fuzz_below(&input, 3) - UINT64CONST(1)));
}

/* Any integer's type is compared with any other's. */
static Oid
choose_type(const ColumnMapping *column)
{
	static const Oid integers[] = {INT2OID, INT4OID, INT8OID};

	return is_integer(column->typid) ? integers[fuzz_below(&input, lengthof(integers))]
									 : column->typid;
}

static Const *
make_constant(Oid typid, Datum value, bool isnull)
{
	int16 typlen;
	bool typbyval;

	get_typlenbyval(typid, &typlen, &typbyval);
	return makeConst(typid, -1, typid == TEXTOID ? DEFAULT_COLLATION_OID : InvalidOid,
					 typlen, value, isnull, typbyval);
}

static Expr *
choose_constant(const ColumnMapping *column, Oid typid)
{
	bool isnull = fuzz_below(&input, 16) == 15;

	return (Expr *) make_constant(typid, isnull ? (Datum) 0 : choose_value(column, typid),
								  isnull);
}

/* ---- clauses ---- */

static Expr *
variable(const ColumnMapping *column)
{
	return (Expr *) makeVar(VARNO, column->attnum, column->typid, -1, column->collation,
							0);
}

static const ColumnMapping *
any_column(void)
{
	return &table->columns[fuzz_below(&input, (unsigned) table->natts)];
}

static Oid
any_collation(const ColumnMapping *column)
{
	if (column->typid != TEXTOID)
		return InvalidOid;
	return fuzz_bool(&input) ? C_COLLATION_OID : DEFAULT_COLLATION_OID;
}

static Oid
find_operator(const char *name, Oid left, Oid right)
{
	return OpernameGetOprid(list_make1(makeString(pstrdup(name))), left, right);
}

static Expr *
null_test(const ColumnMapping *column, NullTestType type)
{
	NullTest *test = makeNode(NullTest);

	test->arg = variable(column);
	test->nulltesttype = type;
	test->location = -1;
	return (Expr *) test;
}

static Expr *
operator_clause(const ColumnMapping *column, const char *name)
{
	Oid typid = choose_type(column);
	Oid collation = any_collation(column);
	bool turned_round = fuzz_below(&input, 4) == 0;
	Expr *left = variable(column);
	Expr *right = choose_constant(column, typid);
	Oid opno = turned_round ? find_operator(name, typid, column->typid)
							: find_operator(name, column->typid, typid);

	if (!OidIsValid(opno))
		return null_test(column, IS_NOT_NULL);
	return make_opclause(opno, BOOLOID, false, turned_round ? right : left,
						 turned_round ? left : right, InvalidOid, collation);
}

static Expr *
compare(const ColumnMapping *column)
{
	static const char *const names[] = {"<",  "<=", "=",   ">=",   ">",   "<>",
										"~~", "^@", "~<~", "~<=~", "~>~", "~>=~"};
	unsigned n = column->typid == TEXTOID ? 12 : column->typid == BYTEAOID ? 7 : 6;

	return operator_clause(column, names[fuzz_below(&input, n)]);
}

/* A pattern: what a value begins with, and a wildcard. */
static Expr *
begins_with(const ColumnMapping *column)
{
	Expr *clause = operator_clause(column, "~~");
	Const *pattern;
	bt_span bytes;
	uint8 *longer;

	if (!IsA(clause, OpExpr) || !IsA(lsecond(((OpExpr *) clause)->args), Const))
		return clause;
	pattern = lsecond(((OpExpr *) clause)->args);
	if (pattern->constisnull)
		return clause;
	bytes = pushdown_datum_bytes(pattern->constvalue);
	longer = palloc(bytes.len + 1);
	memcpy(longer, bytes.data, bytes.len);
	longer[bytes.len] = fuzz_bool(&input) ? '%' : '_';
	pattern->constvalue = make_bytes(bt_span_make(longer, bytes.len + 1));
	return clause;
}

static Const *
choose_array(const ColumnMapping *column, Oid typid)
{
	Datum elements[4];
	bool nulls[4];
	int n = (int) fuzz_below(&input, lengthof(elements) + 1);
	int lower = 1;
	int16 typlen;
	bool typbyval;
	char typalign;

	for (int i = 0; i < n; i++)
	{
		nulls[i] = fuzz_below(&input, 16) == 15;
		elements[i] = choose_value(column, typid);
	}
	get_typlenbyvalalign(typid, &typlen, &typbyval, &typalign);
	return make_constant(
		get_array_type(typid),
		PointerGetDatum(construct_md_array(elements, nulls, 1, &n, &lower, typid, typlen,
										   typbyval, typalign)),
		false);
}

static Expr *
one_of(const ColumnMapping *column)
{
	Oid typid = choose_type(column);
	ScalarArrayOpExpr *clause = makeNode(ScalarArrayOpExpr);

	clause->opno =
		find_operator(fuzz_below(&input, 8) == 7 ? "<" : "=", column->typid, typid);
	clause->useOr = fuzz_below(&input, 8) != 7;
	clause->inputcollid = any_collation(column);
	clause->args = list_make2(variable(column), choose_array(column, typid));
	clause->location = -1;
	return (Expr *) clause;
}

static Expr *
boolean(const ColumnMapping *column)
{
	BooleanTest *test = makeNode(BooleanTest);

	if (column->typid != BOOLOID)
		return compare(column);
	switch (fuzz_below(&input, 3))
	{
		case 0:
			return variable(column);
		case 1:
			return makeBoolExpr(NOT_EXPR, list_make1(variable(column)), -1);
		default:
			test->arg = variable(column);
			test->booltesttype = (BoolTestType) fuzz_below(&input, IS_NOT_UNKNOWN + 1);
			test->location = -1;
			return (Expr *) test;
	}
}

/* Appends a pair to a comparison of rows. */
static void
add_pair(RowCompareExpr *clause, const char *name, bool turned_round)
{
	const ColumnMapping *column = any_column();
	Oid typid = choose_type(column);
	Expr *value = choose_constant(column, typid);
	Expr *var = variable(column);
	Oid opno = turned_round ? find_operator(name, typid, column->typid)
							: find_operator(name, column->typid, typid);
	Oid family = lookup_type_cache(column->typid, TYPECACHE_BTREE_OPFAMILY)->btree_opf;

	clause->opnos = lappend_oid(clause->opnos, opno);
	clause->opfamilies = lappend_oid(clause->opfamilies, family);
	clause->inputcollids = lappend_oid(clause->inputcollids, any_collation(column));
	clause->largs = lappend(clause->largs, turned_round ? value : var);
	clause->rargs = lappend(clause->rargs, turned_round ? var : value);
}

static Expr *
row_comparison(void)
{
	static const char *const names[] = {"<", "<=", ">=", ">"};
	static const int strategies[] = {BTLessStrategyNumber, BTLessEqualStrategyNumber,
									 BTGreaterEqualStrategyNumber,
									 BTGreaterStrategyNumber};
	RowCompareExpr *clause = makeNode(RowCompareExpr);
	unsigned which = fuzz_below(&input, lengthof(names));
	bool turned_round = fuzz_below(&input, 4) == 0;

	compat_set_row_compare_strategy(clause, strategies[which]);
	for (unsigned i = 2 + fuzz_below(&input, 2); i > 0; i--)
		add_pair(clause, names[which], turned_round);
	return (Expr *) clause;
}

static Expr *
simple_clause(void)
{
	const ColumnMapping *column = any_column();

	switch (fuzz_below(&input, 10))
	{
		case 0:
			return one_of(column);
		case 1:
			return row_comparison();
		case 2:
			return null_test(column, fuzz_bool(&input) ? IS_NULL : IS_NOT_NULL);
		case 3:
			return boolean(column);
		case 4:
			return begins_with(column);
		default:
			return compare(column);
	}
}

static Expr *
clause_of_depth(int depth)
{
	unsigned kind = depth > 0 ? fuzz_below(&input, 8) : 0;
	List *children = NIL;

	if (kind < 5)
		return simple_clause();
	if (kind == 5)
		return makeBoolExpr(NOT_EXPR, list_make1(clause_of_depth(depth - 1)), -1);
	for (unsigned i = 2 + fuzz_below(&input, 2); i > 0; i--)
		children = lappend(children, clause_of_depth(depth - 1));
	return makeBoolExpr(kind == 6 ? AND_EXPR : OR_EXPR, children, -1);
}

/* ---- what PostgreSQL says of them ---- */

/* A slot for the columns of the table. */
static TupleTableSlot *
make_slot(void)
{
	TupleDesc desc = CreateTemplateTupleDesc(table->natts);

	for (int i = 0; i < table->natts; i++)
	{
		const ColumnMapping *column = &table->columns[i];

		TupleDescInitEntry(desc, column->attnum, column->name, column->typid, -1, 0);
		TupleDescInitEntryCollation(desc, column->attnum, column->collation);
	}
	return MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
}

static bool
is_satisfied(ExprContext *econtext, TupleTableSlot *slot, Expr *clause, const Row *row)
{
	bool isnull;
	Datum result;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, row->values, sizeof(Datum) * table->natts);
	memcpy(slot->tts_isnull, row->isnull, sizeof(bool) * table->natts);
	ExecStoreVirtualTuple(slot);
	econtext->ecxt_scantuple = slot;
	result = ExecEvalExpr(ExecInitExpr(clause, NULL), econtext, &isnull);
	return !isnull && DatumGetBool(result);
}

/* ---- conditions ---- */

/* Returns whether a key has values that satisfy all clauses. */
static bool
check_condition(const KeyCondition *condition, const bt_row_set *set, List *clauses,
				bt_span key)
{
	ExprContext *econtext = CreateStandaloneExprContext();
	TupleTableSlot *slot = make_slot();
	Row any = read_row(key, false);
	bool is_used = false;
	bool is_row = any.found;
	bool is_in_set = bt_row_set_contains(set, key);
	Row row;
	ListCell *cell;

	foreach (cell, clauses)
	{
		is_used |= key_condition_uses(condition, foreach_current_index(cell));
		is_row = is_row && is_satisfied(econtext, slot, lfirst(cell), &any);
	}
	row = read_row(key, is_used);
	FUZZ_CHECK(!is_row || is_in_set, "a row that satisfies all clauses is not asked for");
	FUZZ_CHECK(!is_row || row.found, "a row that satisfies all clauses is left out");
	foreach (cell, clauses)
		if (row.found && is_in_set &&
			key_condition_is_exact(condition, foreach_current_index(cell)))
			FUZZ_CHECK(is_satisfied(econtext, slot, lfirst(cell), &row),
					   "a clause that is exact does not hold for a row");
	return is_row && has_values(&any);
}

/* Both rows satisfy a condition: are they as alike as it says? */
static void
check_likeness(const KeyCondition *condition)
{
	for (int i = 0; i < table->row_key.nparts; i++)
	{
		const ColumnMapping *column = table->row_key.parts[i].column;
		Datum a = rows[0].values[column->attnum - 1];
		Datum b = rows[1].values[column->attnum - 1];

		if (key_condition_pins(condition, i))
			FUZZ_CHECK(!is_less(column, a, b) && !is_less(column, b, a),
					   "a part that is said to be the same in all rows is not");
		if (key_condition_has_one_sign(condition, i))
			FUZZ_CHECK(is_negative(column, a) == is_negative(column, b),
					   "numbers that are said to be of one sign are not");
	}
}

static void
check_conditions(void)
{
	bt_arena arena = arena_in_context(CurrentMemoryContext);
	List *clauses = NIL;
	KeyCondition *condition;
	bt_row_set set;
	unsigned satisfied = 0;

	for (unsigned i = 1 + fuzz_below(&input, 4); i > 0; i--)
		clauses = lappend(clauses, clause_of_depth(2));
	fix_opfuncids((Node *) clauses);
	condition = key_condition_compile(table, VARNO, clauses);
	FUZZ_CHECK(key_condition_evaluate(condition, NULL, &arena, &set),
			   "constants cannot be evaluated");
	for (size_t i = 0; i < lengthof(rows); i++)
		satisfied += check_condition(condition, &set, clauses, rows[i].key);
	if (satisfied == lengthof(rows))
		check_likeness(condition);
}

/* ---- the target ---- */

static void
run(void)
{
	table = choose_table();
	for (size_t i = 0; i < lengthof(rows); i++)
	{
		bt_span key = fuzz_bytes(&input, 40);

		if (key.len == 0)
			return; /* no row has it */
		rows[i] = read_row(key, false);
		check_row(&rows[i]);
	}
	check_order();
	check_conditions();
}

void
fuzz_row_key(const uint8_t *data, size_t size)
{
	fuzz_begin(&input, data, size);
	PG_TRY();
	{
		run();
	}
	PG_FINALLY();
	{
		fuzz_end(&input);
	}
	PG_END_TRY();
}
