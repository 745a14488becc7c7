/*-------------------------------------------------------------------------
 *
 * pushdown_evaluate.c
 *	  Compiled clauses -> sets of byte strings.
 *
 * What may be compared as bytes has been decided by pushdown.c; here are the
 * bytes.  At plan time only their number is estimated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "utils/array.h"
#include "utils/float.h"
#include "utils/lsyscache.h"

#include "arena.h"
#include "codec.h"
#include "pushed_clause.h"

/* ---- counting ---- */

double
pushdown_estimate_keys(const PushedClause *clause)
{
	double keys = 0;
	ListCell *cell;

	switch (clause->kind)
	{
		case CLAUSE_COMPARE:
			return clause->strategy == BTEqualStrategyNumber ? 1 : 0;
		case CLAUSE_ANY:
			if (IsA(clause->arg, Const) && !((Const *) clause->arg)->constisnull)
			{
				ArrayType *array =
					DatumGetArrayTypeP(((Const *) clause->arg)->constvalue);

				return Max(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), 1);
			}
			if (IsA(clause->arg, ArrayExpr))
				return Max(list_length(((ArrayExpr *) clause->arg)->elements), 1);
			return 10; /* as PostgreSQL guesses */
		case CLAUSE_AND:
			foreach (cell, clause->children)
			{
				double child = pushdown_estimate_keys(lfirst(cell));

				if (child > 0 && (keys == 0 || child < keys))
					keys = child;
			}
			return keys;
		case CLAUSE_OR:
			foreach (cell, clause->children)
			{
				double child = pushdown_estimate_keys(lfirst(cell));

				if (child == 0)
					return 0;
				keys += child;
			}
			return keys;
		default:
			return 0;
	}
}

/* How many ranges a comparison, or a list of them, comes to at most. */
static double
count_compared(const PushedClause *clause, bool *are_keys)
{
	bool is_signed = pushdown_byte_form(clause->column) == FORM_NUMBER;

	*are_keys = clause->kind == CLAUSE_ANY || (clause->kind == CLAUSE_COMPARE &&
											   clause->strategy == BTEqualStrategyNumber);
	if (clause->kind == CLAUSE_ANY && !IsA(clause->arg, Const) &&
		!IsA(clause->arg, ArrayExpr))
		return get_float8_infinity();
	if (*are_keys)
		return pushdown_estimate_keys(clause);
	return clause->kind == CLAUSE_NOT_EQUAL ? 3 : is_signed ? 2 : 1;
}

double
pushdown_count_ranges(const PushedClause *clause, bool *are_keys)
{
	bool is_and = clause->kind == CLAUSE_AND;
	double result = 0;
	ListCell *cell;

	if (!is_and && clause->kind != CLAUSE_OR)
		return count_compared(clause, are_keys);
	*are_keys = !is_and;
	foreach (cell, clause->children)
	{
		bool child_has_keys;

		result += pushdown_count_ranges(lfirst(cell), &child_has_keys);
		*are_keys = is_and ? *are_keys || child_has_keys : *are_keys && child_has_keys;
	}
	return result;
}

/* ---- evaluating ---- */

/* What evaluation needs to know all the way down the tree. */
typedef struct Evaluation
{
	ExprContext *econtext; /* NULL: only constants */
	const bt_arena *arena;
} Evaluation;

/* Returns false if the argument cannot be evaluated now. */
static bool
evaluate_arg(Evaluation *eval, const PushedClause *clause, Datum *value, bool *isnull)
{
	if (IsA(clause->arg, Const))
	{
		*value = ((Const *) clause->arg)->constvalue;
		*isnull = ((Const *) clause->arg)->constisnull;
		return true;
	}
	if (eval->econtext == NULL || clause->state == NULL)
		return false;
	*value = ExecEvalExpr(clause->state, eval->econtext, isnull);
	return true;
}

static void
add_range(bt_row_set *set, bt_range range)
{
	arena_check(bt_row_set_add(set, range));
}

/* Adds a range from the lowest one: unlike a whole key, others may be empty. */
static void
add_range_from_lowest(bt_row_set *set, const ColumnMapping *column, bt_range range)
{
	range.from.after = !may_be_empty(column);
	add_range(set, range);
}

static void
add_compared(bt_row_set *set, const ColumnMapping *column, int strategy, bt_span bytes)
{
	switch (strategy)
	{
		case BTLessStrategyNumber:
			add_range_from_lowest(set, column, bt_range_to(bytes, false));
			break;
		case BTLessEqualStrategyNumber:
			add_range_from_lowest(set, column, bt_range_to(bytes, true));
			break;
		case BTEqualStrategyNumber:
			add_range(set, bt_range_key(bytes));
			break;
		case BTGreaterEqualStrategyNumber:
			add_range(set, bt_range_from(bytes, true));
			break;
		case BTGreaterStrategyNumber:
			add_range(set, bt_range_from(bytes, false));
			break;
	}
}

/* The bytes of a number; of an internal one big-endian, with the sign flipped. */
static bt_span
number_bytes(int64 number, int width, const ColumnMapping *column)
{
	bool internal = pushdown_byte_form(column) == FORM_ORDERED_NUMBER;
	Encoding encoding = internal ? ENCODING_BINARY : column->encoding;
	bt_span bytes = codec_number_bytes(encoding, number, width);

	if (!internal)
		return codec_wrap(encoding, bytes);
	((uint8 *) bytes.data)[0] ^= 0x80;
	return bytes;
}

/* Adds the numbers from first to last that fit into a width. */
static void
add_numbers(bt_row_set *set, const ColumnMapping *column, int width, int64 first,
			int64 last)
{
	int64 largest = PG_INT64_MAX >> (64 - 8 * width);
	bt_range range;

	first = Max(first, -largest - 1);
	last = Min(last, largest);
	if (first > last)
		return;
	if (pushdown_byte_form(column) == FORM_NUMBER && first < 0 && last >= 0)
	{
		add_numbers(set, column, width, first, -1);
		first = 0;
	}
	range = bt_range_from(number_bytes(first, width, column), true);
	range.to.key = number_bytes(last, width, column);
	range.to.after = true;
	range.unbounded = false;
	add_range(set, range);
}

/* The numbers that compare so with a number; false if there are none. */
static bool
number_bounds(int strategy, int64 number, int64 *first, int64 *last)
{
	*first = PG_INT64_MIN;
	*last = PG_INT64_MAX;
	if ((strategy == BTLessStrategyNumber && number == PG_INT64_MIN) ||
		(strategy == BTGreaterStrategyNumber && number == PG_INT64_MAX))
		return false;
	if (strategy <= BTEqualStrategyNumber)
		*last = strategy == BTLessStrategyNumber ? number - 1 : number;
	if (strategy >= BTEqualStrategyNumber)
		*first = strategy == BTGreaterStrategyNumber ? number + 1 : number;
	return true;
}

/* Adds the numbers that compare so with a value. */
static void
add_compared_numbers(bt_row_set *set, const PushedClause *clause, int strategy,
					 Datum value)
{
	const ColumnMapping *column = clause->column;
	int64 number;
	int64 first;
	int64 last;

	/* A value without a number is just below infinity. */
	if (!codec_number(clause->argtype, value, &number))
	{
		if (strategy == BTEqualStrategyNumber)
			return;
		number = PG_INT64_MAX;
		strategy = strategy < BTEqualStrategyNumber ? BTLessStrategyNumber
													: BTGreaterEqualStrategyNumber;
	}
	if (!number_bounds(strategy, number, &first, &last))
		return;
	add_numbers(set, column,
				pushdown_byte_form(column) == FORM_ORDERED_NUMBER
					? (int) sizeof(int64)
					: codec_number_width(column->typid),
				first, last);
}

/* Adds what else than itself is shown as a string. */
static void
add_json_forms(bt_row_set *set, const ColumnMapping *column, bt_span text)
{
	char *copy = pnstrdup((const char *) text.data, text.len);
	char *end;
	int64 number;

	if (text.len > 0 && text.data[0] == '{')
		add_range_from_lowest(set, column, bt_range_all());
	errno = 0;
	number = strtoi64(copy, &end, 10);
	if (errno == 0 && end != copy && *end == '\0')
		add_range(set, bt_range_key(
						   codec_number_bytes(ENCODING_BINARY, number, sizeof(int64))));
}

/* Adds the bytes of what compares so with a value. */
static void
add_compared_value(bt_row_set *set, const PushedClause *clause, int strategy, Datum value)
{
	const ColumnMapping *column = clause->column;
	ByteForm form = pushdown_byte_form(column);
	bt_span bytes;

	if (form == FORM_NUMBER || form == FORM_SORTED_NUMBER ||
		form == FORM_ORDERED_NUMBER ||
		(column->encoding == ENCODING_BASE64 && codec_number_width(column->typid) > 0))
		add_compared_numbers(set, clause, strategy, value);
	else if (codec_encode(clause->argtype, column->encoding, value, &bytes))
	{
		if (column->json_key != NULL)
			add_json_forms(set, column, bytes);
		add_compared(set, column, strategy, bytes);
	}
	else
		elog(ERROR, "type %u has no byte form", clause->argtype);
}

static void
evaluate_any(const PushedClause *clause, Datum value, bt_row_set *set)
{
	ArrayType *array = DatumGetArrayTypeP(value);
	int16 typlen;
	bool typbyval;
	char typalign;
	Datum *elements;
	bool *nulls;
	int nelements;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &typlen, &typbyval, &typalign);
	deconstruct_array(array, ARR_ELEMTYPE(array), typlen, typbyval, typalign, &elements,
					  &nulls, &nelements);
	for (int i = 0; i < nelements; i++)
		if (!nulls[i])
			add_compared_value(set, clause, BTEqualStrategyNumber, elements[i]);
}

static void
evaluate_prefix(Evaluation *eval, const PushedClause *clause, bt_span prefix,
				bt_row_set *set)
{
	bt_range range;

	prefix = codec_wrap(clause->column->encoding, prefix);
	arena_check(bt_range_prefix(eval->arena, prefix, &range));
	add_range(set, range);
}

static void
evaluate_like(Evaluation *eval, const PushedClause *clause, Datum value, bt_row_set *set)
{
	bool literal;
	bool prefix;
	bt_span bytes = pushdown_like_prefix(pushdown_datum_bytes(value), &literal, &prefix);

	if (literal)
		add_range(set, bt_range_key(codec_wrap(clause->column->encoding, bytes)));
	else
		evaluate_prefix(eval, clause, bytes, set);
}

static void
evaluate_not_equal(Evaluation *eval, const PushedClause *clause, Datum value,
				   bt_row_set *set)
{
	const bt_span empty = {NULL, 0};
	bt_row_set equal;

	bt_row_set_init(&equal, eval->arena);
	add_compared_value(&equal, clause, BTEqualStrategyNumber, value);
	bt_row_set_normalize(&equal);
	arena_check(bt_row_set_complement(&equal, set));
	if (may_be_empty(clause->column) && !bt_row_set_contains(&equal, empty))
		arena_check(bt_row_set_add(set, bt_range_key(empty)));
}

static bool
evaluate_compared(Evaluation *eval, const PushedClause *clause, bt_row_set *set)
{
	Datum value;
	bool isnull;

	bt_row_set_init(set, eval->arena);
	if (!evaluate_arg(eval, clause, &value, &isnull))
		return false;
	if (isnull)
		return true; /* strict operators: no row satisfies it */
	switch (clause->kind)
	{
		case CLAUSE_COMPARE:
			add_compared_value(set, clause, clause->strategy, value);
			break;
		case CLAUSE_ANY:
			evaluate_any(clause, value, set);
			break;
		case CLAUSE_PREFIX:
			evaluate_prefix(eval, clause, pushdown_datum_bytes(value), set);
			break;
		case CLAUSE_LIKE:
			evaluate_like(eval, clause, value, set);
			break;
		default:
			evaluate_not_equal(eval, clause, value, set);
	}
	bt_row_set_normalize(set);
	return true;
}

static bool evaluate(Evaluation *eval, const PushedClause *clause, bt_row_set *set);

static bool
evaluate_list(Evaluation *eval, const PushedClause *clause, bt_row_set *set)
{
	ListCell *cell;
	bool first = true;

	foreach (cell, clause->children)
	{
		bt_row_set before = *set;
		bt_row_set child;

		if (!evaluate(eval, lfirst(cell), &child))
			return false;
		if (first)
			*set = child;
		else if (clause->kind == CLAUSE_AND)
			arena_check(bt_row_set_intersect(&before, &child, set));
		else
			arena_check(bt_row_set_unite(&before, &child, set));
		first = false;
	}
	return true;
}

static bool
evaluate(Evaluation *eval, const PushedClause *clause, bt_row_set *set)
{
	switch (clause->kind)
	{
		case CLAUSE_AND:
		case CLAUSE_OR:
			return evaluate_list(eval, clause, set);
		case CLAUSE_IS_NULL:
			bt_row_set_init(set, eval->arena);
			return true;
		case CLAUSE_IS_NOT_NULL:
			bt_row_set_init(set, eval->arena);
			add_range_from_lowest(set, clause->column, bt_range_all());
			return true;
		default:
			return evaluate_compared(eval, clause, set);
	}
}

bool
pushdown_evaluate(PushedClause *clause, ExprContext *econtext, const bt_arena *arena,
				  bt_row_set *set)
{
	Evaluation eval = {econtext, arena};
	bt_row_set all;
	bt_row_set found;

	if (!evaluate(&eval, clause, &found))
		return false;
	if (may_be_empty(clause->column))
	{
		*set = found;
		return true;
	}

	/* Drops the empty key, which no row has. */
	bt_row_set_init(&all, arena);
	arena_check(bt_row_set_add(&all, bt_range_all()));
	arena_check(bt_row_set_intersect(&all, &found, set));
	return true;
}

/* The number in the bytes of a bound of an ordered number. */
static int64
ordered_number(bt_span bytes)
{
	uint64 word = 0;

	for (size_t i = 0; i < bytes.len; i++)
		word = word << 8 | bytes.data[i];
	return (int64) (word ^ (UINT64CONST(1) << 63));
}

void
pushdown_number_bounds(const bt_range *range, int64 *first, int64 *last)
{
	/* Ranges of numbers begin before a number and end behind one. */
	*first = range->from.key.len == sizeof(int64) ? ordered_number(range->from.key)
												  : PG_INT64_MIN;
	*last = range->unbounded ? PG_INT64_MAX : ordered_number(range->to.key);
}
