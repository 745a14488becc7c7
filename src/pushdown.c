/*-------------------------------------------------------------------------
 *
 * pushdown.c
 *	  Expressions -> sets of byte strings.
 *
 * All rules on operators, types, encodings and collations are here.
 *
 * - Equality and prefixes hold bytewise under any deterministic collation;
 *	 ranges only where the operator's input collation sorts as memcmp() does.
 *	 The column's own collation does not matter.
 * - Numbers in binary encoding are big-endian two's complement, so a range of
 *	 them is up to two ranges of bytes, the non-negative and the negative ones.
 *	 In encoding "ordered" numbers sort like their bytes.
 * - Hexadecimal digits sort like the bytes that they stand for.  Those of a
 *	 value may be in either case, so it can be equal only, and row_filter.c
 *	 ignores the case.  Base64 sorts like nothing, and has several forms.
 * - Row keys have one canonical form (codec.c insists on it), so equality holds
 *	 for integers and dates in text encoding, too.  Values may be stored in any
 *	 spelling, and in text encoding only text and bytes can be compared.
 * - Binary integer values may have 1, 2, 4 or 8 bytes.  Numbers as values are
 *	 therefore sets of numbers here (eight bytes, with the sign flipped so that
 *	 they sort), which row_filter.c takes to bytes.
 *
 * - A key of a family's jsonb is compared as text: what equals a string that a
 *	 cell is shown as is that string, or a number that is written so, in a family
 *	 of aggregates, or bytes that are shown as an object.
 *
 * A set may be too large, never too small: whatever is not exact is checked
 * again locally, and so are all clauses on values.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "arena.h"
#include "codec.h"
#include "compat.h"
#include "json_access.h"
#include "pushdown.h"

typedef enum ClauseKind
{
	CLAUSE_AND,
	CLAUSE_OR,
	CLAUSE_COMPARE, /* column <strategy> arg */
	CLAUSE_NOT_EQUAL,
	CLAUSE_ANY,    /* column = ANY (arg) */
	CLAUSE_PREFIX, /* column ^@ arg */
	CLAUSE_LIKE,   /* column LIKE arg */
	CLAUSE_IS_NULL,
	CLAUSE_IS_NOT_NULL
} ClauseKind;

struct PushedClause
{
	ClauseKind kind;
	const ColumnMapping *column;
	bool exact;
	List *children;   /* AND, OR: of PushedClause */
	int strategy;     /* COMPARE: a btree strategy */
	Expr *arg;        /* what the column is compared with */
	Oid argtype;      /* its type; ANY: of its elements */
	ExprState *state; /* of arg, unless that is a constant */
};

/* How the values of a column compare as bytes. */
typedef enum ByteForm
{
	FORM_NONE,          /* not at all */
	FORM_STRING,        /* text: the bytes are the value */
	FORM_BYTES,         /* the bytes are the value and sort like it */
	FORM_EQUAL,         /* one form a value: equal or not */
	FORM_NUMBER,        /* two's complement */
	FORM_SORTED_NUMBER, /* a number in encoding "ordered" */
	FORM_ORDERED_NUMBER /* a number whose bytes sort like it (internal) */
} ByteForm;

/* In hex, base64 and binary encoding, where numbers are dealt with elsewhere. */
static ByteForm
wrapped_form(const ColumnMapping *column, ByteForm form)
{
	bool key = column->kind == COLUMN_ROW_KEY;

	if (column->encoding == ENCODING_HEX)
		return key || form == FORM_NONE ? form : FORM_EQUAL;
	if (column->encoding == ENCODING_BASE64)
		return key && form != FORM_NONE ? FORM_EQUAL : FORM_NONE;
	return form;
}

static ByteForm
number_form(const ColumnMapping *column)
{
	bool key = column->kind == COLUMN_ROW_KEY;

	switch (column->encoding)
	{
		case ENCODING_BINARY:
			return key ? FORM_NUMBER : FORM_ORDERED_NUMBER;
		case ENCODING_ORDERED:
			return FORM_SORTED_NUMBER;
		case ENCODING_HEX:
			return key ? FORM_NUMBER : FORM_NONE;
		case ENCODING_BASE64:
			return key ? FORM_EQUAL : FORM_NONE;
		case ENCODING_TEXT:
			break;
	}
	return key && column->typid != TIMESTAMPOID && column->typid != TIMESTAMPTZOID
			   ? FORM_EQUAL
			   : FORM_NONE;
}

static ByteForm
byte_form(const ColumnMapping *column)
{
	bool key = column->kind == COLUMN_ROW_KEY;

	if (column->kind == COLUMN_TIMESTAMP || column->kind == COLUMN_AS_OF)
		return FORM_ORDERED_NUMBER;
	if (column->json_key != NULL)
		return column->encoding == ENCODING_TEXT && GetDatabaseEncoding() == PG_UTF8
				   ? FORM_EQUAL
				   : FORM_NONE;
	if (column_has_versions(column) || column_is_object(column))
		return FORM_NONE;
	if (codec_number_width(column->typid) > 0)
		return number_form(column);
	switch (column->typid)
	{
		case TEXTOID:
		case VARCHAROID:
			/* varchar(n) cuts spaces off what is too long for it. */
			if ((!key && column->typmod >= 0) || GetDatabaseEncoding() != PG_UTF8)
				return FORM_NONE;
			return wrapped_form(column, FORM_STRING);
		case BYTEAOID:
			return wrapped_form(column, FORM_BYTES);
		case UUIDOID:
			if (column->encoding == ENCODING_TEXT)
				return key ? FORM_EQUAL : FORM_NONE;
			return wrapped_form(column, FORM_BYTES);
		default:
			return FORM_NONE;
	}
}

static bool
is_text(Oid typid)
{
	return typid == TEXTOID || typid == VARCHAROID;
}

/* May a value of this type be compared with the column byte by byte? */
static bool
types_compare(Oid column_type, Oid argtype)
{
	return column_type == argtype || (is_text(column_type) && is_text(argtype)) ||
		   (codec_has_any_width(column_type) && codec_has_any_width(argtype));
}

/* ---- compiling ---- */

/* Is the expression such an access to the key that the column stands for? */
static bool
is_json_key(const ColumnMapping *column, Index varno, Node *expr, JsonAccess access)
{
	char *key;

	return json_access_match(expr, varno, column->attnum, &key) == access &&
		   strcmp(key, column->json_key) == 0;
}

bool
pushdown_is_column(const ColumnMapping *column, Index varno, Node *expr)
{
	if (column->json_key != NULL)
		return is_json_key(column, varno, expr, JSON_FIELD_TEXT);
	if (IsA(expr, RelabelType) && is_text(column->typid) && is_text(exprType(expr)))
		expr = (Node *) ((RelabelType *) expr)->arg;
	return IsA(expr, Var) && (Index) ((Var *) expr)->varno == varno &&
		   ((Var *) expr)->varattno == column->attnum && ((Var *) expr)->varlevelsup == 0;
}

static bool
refers_to_walker(Node *node, Index *varno)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return (Index) ((Var *) node)->varno == *varno &&
			   ((Var *) node)->varlevelsup == 0;
	return expression_tree_walker(node, refers_to_walker, (void *) varno);
}

/* Can the expression be evaluated once, before the scan? */
static bool
is_scan_constant(Node *expr, Index varno)
{
	return !refers_to_walker(expr, &varno) && !contain_volatile_functions(expr) &&
		   !contain_subplans(expr);
}

static PushedClause *
make_clause(ClauseKind kind, const ColumnMapping *column, bool exact)
{
	PushedClause *clause = palloc0(sizeof(PushedClause));

	clause->kind = kind;
	clause->column = column;
	clause->exact = exact;
	return clause;
}

static PushedClause *
make_arg_clause(ClauseKind kind, const ColumnMapping *column, bool exact, Node *arg,
				Oid argtype)
{
	PushedClause *clause = make_clause(kind, column, exact);

	clause->arg = (Expr *) arg;
	clause->argtype = argtype;
	return clause;
}

static bool
is_deterministic(Oid collation)
{
	return !OidIsValid(collation) || get_collation_isdeterministic(collation);
}

static Oid
btree_opfamily(Oid typid)
{
	return lookup_type_cache(typid, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
}

/* The btree strategy by which an operator compares as bytes do, or 0. */
static int
byte_strategy(const ColumnMapping *column, Oid opno, Oid collation)
{
	ByteForm form = byte_form(column);
	int strategy = get_op_opfamily_strategy(opno, btree_opfamily(column->typid));

	if (form == FORM_STRING && strategy == 0)
		return is_deterministic(collation)
				   ? get_op_opfamily_strategy(opno, TEXT_PATTERN_BTREE_FAM_OID)
				   : 0;
	if (form == FORM_EQUAL && (strategy != BTEqualStrategyNumber ||
							   (is_text(column->typid) && !is_deterministic(collation))))
		return 0;
	if (form != FORM_STRING)
		return strategy;
	if (strategy == BTEqualStrategyNumber)
		return is_deterministic(collation) ? strategy : 0;
	return OidIsValid(collation) && compat_collation_is_c(collation) ? strategy : 0;
}

static PushedClause *
compile_compare(const ColumnMapping *column, Oid opno, Oid collation, Node *arg)
{
	Oid argtype = exprType(arg);
	int strategy;
	Oid negator;
	PushedClause *clause;

	if (!types_compare(column->typid, argtype))
		return NULL;
	strategy = byte_strategy(column, opno, collation);
	if (strategy != 0)
	{
		clause = make_arg_clause(CLAUSE_COMPARE, column, true, arg, argtype);
		clause->strategy = strategy;
		return clause;
	}

	/* "Not equal" has no strategy; its set is all but one key. */
	negator = get_negator(opno);
	if (column->kind == COLUMN_ROW_KEY && OidIsValid(negator) &&
		byte_strategy(column, negator, collation) == BTEqualStrategyNumber)
		return make_arg_clause(CLAUSE_NOT_EQUAL, column, true, arg, argtype);
	return NULL;
}

/* A byte string of a text or bytea datum. */
static bt_span
datum_bytes(Datum value)
{
	struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value);

	return bt_span_make(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
}

/*
 * The literal beginning of a LIKE pattern, without its escapes.  *literal says
 * whether it is all there is, *prefix whether only "%" follows.
 */
static bt_span
like_prefix(bt_span pattern, bool *literal, bool *prefix)
{
	uint8 *bytes = palloc(pattern.len + 1);
	size_t len = 0;
	size_t i = 0;

	for (; i < pattern.len && pattern.data[i] != '%' && pattern.data[i] != '_'; i++)
	{
		if (pattern.data[i] == '\\')
		{
			/* At the end it is an error; let LIKE itself find it. */
			if (i + 1 == pattern.len)
				break;
			i++;
		}
		bytes[len++] = pattern.data[i];
	}
	*literal = i == pattern.len;
	while (i < pattern.len && pattern.data[i] == '%')
		i++;
	*prefix = !*literal && i == pattern.len;
	return bt_span_make(bytes, len);
}

static PushedClause *
compile_like(const ColumnMapping *column, Node *arg)
{
	bool exact = false;

	if (IsA(arg, Const) && ((Const *) arg)->constisnull)
		exact = true;
	else if (IsA(arg, Const))
	{
		bool literal;
		bool prefix;

		(void) like_prefix(datum_bytes(((Const *) arg)->constvalue), &literal, &prefix);
		exact = literal || prefix;
	}
	return make_arg_clause(CLAUSE_LIKE, column, exact, arg, exprType(arg));
}

/* An operator, or the function of one, that is not a btree's. */
static PushedClause *
compile_match(const ColumnMapping *column, Oid funcid, Oid collation, Node *arg)
{
	ByteForm form = byte_form(column);

	if (!is_deterministic(collation))
		return NULL;
	if (form == FORM_STRING && is_text(exprType(arg)))
	{
		if (funcid == F_STARTS_WITH)
			return make_arg_clause(CLAUSE_PREFIX, column, true, arg, exprType(arg));
		if (funcid == F_TEXTLIKE || funcid == F_LIKE_TEXT_TEXT)
			return compile_like(column, arg);
	}
	if (form == FORM_BYTES && column->typid == BYTEAOID && exprType(arg) == BYTEAOID &&
		(funcid == F_BYTEALIKE || funcid == F_LIKE_BYTEA_BYTEA))
		return compile_like(column, arg);
	return NULL;
}

static PushedClause *
compile_operator(const ColumnMapping *column, Index varno, OpExpr *expr)
{
	Oid opno = expr->opno;
	Node *left;
	Node *right;
	PushedClause *clause;

	if (list_length(expr->args) != 2)
		return NULL;
	left = linitial(expr->args);
	right = lsecond(expr->args);
	if (!pushdown_is_column(column, varno, left))
	{
		Node *swap = left;

		left = right;
		right = swap;
		opno = get_commutator(opno);
	}
	if (!OidIsValid(opno) || !pushdown_is_column(column, varno, left) ||
		!is_scan_constant(right, varno))
		return NULL;
	clause = compile_compare(column, opno, expr->inputcollid, right);
	if (clause == NULL)
		clause = compile_match(column, get_opcode(opno), expr->inputcollid, right);
	return clause;
}

static PushedClause *
compile_function(const ColumnMapping *column, Index varno, FuncExpr *expr)
{
	if (list_length(expr->args) != 2 ||
		!pushdown_is_column(column, varno, linitial(expr->args)) ||
		!is_scan_constant(lsecond(expr->args), varno))
		return NULL;
	return compile_match(column, expr->funcid, expr->inputcollid, lsecond(expr->args));
}

static PushedClause *
compile_any(const ColumnMapping *column, Index varno, ScalarArrayOpExpr *expr)
{
	Node *array = lsecond(expr->args);
	Oid element = get_base_element_type(exprType(array));

	if (!expr->useOr || !pushdown_is_column(column, varno, linitial(expr->args)) ||
		!is_scan_constant(array, varno) || !types_compare(column->typid, element) ||
		byte_strategy(column, expr->opno, expr->inputcollid) != BTEqualStrategyNumber)
		return NULL;
	return make_arg_clause(CLAUSE_ANY, column, true, array, element);
}

static PushedClause *
compile_null_test(const ColumnMapping *column, Index varno, NullTest *expr)
{
	if (expr->argisrow || column->kind == COLUMN_AS_OF)
		return NULL;
	if (!pushdown_is_column(column, varno, (Node *) expr->arg) &&
		!(column->json_key != NULL &&
		  is_json_key(column, varno, (Node *) expr->arg, JSON_FIELD)))
		return NULL;
	if (expr->nulltesttype == IS_NOT_NULL)
		return make_clause(CLAUSE_IS_NOT_NULL, column, column->kind == COLUMN_ROW_KEY);

	/* A cell that is not there cannot be asked for. */
	return column->kind == COLUMN_ROW_KEY ? make_clause(CLAUSE_IS_NULL, column, true)
										  : NULL;
}

/*
 * AND: the parts that can be pushed, and exact if all can.  OR: only if all
 * parts can.
 */
static PushedClause *
compile_bool(const ColumnMapping *column, Index varno, BoolExpr *expr)
{
	bool is_and = expr->boolop == AND_EXPR;
	PushedClause *result;
	ListCell *cell;

	if (expr->boolop == NOT_EXPR)
		return NULL;
	result = make_clause(is_and ? CLAUSE_AND : CLAUSE_OR, column, true);
	foreach (cell, expr->args)
	{
		PushedClause *child = pushdown_compile(column, varno, lfirst(cell));

		if (child == NULL && !is_and)
			return NULL;
		if (child != NULL)
			result->children = lappend(result->children, child);
		result->exact = result->exact && child != NULL && child->exact;
	}
	return result->children != NIL ? result : NULL;
}

/* A clause on a family's object: on one of its keys, if on anything. */
static PushedClause *
compile_object(const ColumnMapping *column, Index varno, Expr *clause)
{
	const ColumnMapping *key = NULL;

	if (column->kind == COLUMN_FAMILY_JSON)
		key = json_access_column(column, varno, (Node *) clause);
	return key != NULL ? pushdown_compile(key, varno, clause) : NULL;
}

PushedClause *
pushdown_compile(const ColumnMapping *column, Index varno, Expr *clause)
{
	if (IsA(clause, RestrictInfo))
		clause = ((RestrictInfo *) clause)->clause;
	if (column_is_object(column))
		return compile_object(column, varno, clause);
	if (column->json_key != NULL &&
		is_json_key(column, varno, (Node *) clause, JSON_EXISTS))
		return make_clause(CLAUSE_IS_NOT_NULL, column, false);
	if (column->kind != COLUMN_ROW_KEY && IsA(clause, NullTest))
		return compile_null_test(column, varno, (NullTest *) clause);
	if (byte_form(column) == FORM_NONE && !IsA(clause, NullTest))
		return NULL;
	switch (nodeTag(clause))
	{
		case T_OpExpr:
			return compile_operator(column, varno, (OpExpr *) clause);
		case T_FuncExpr:
			return compile_function(column, varno, (FuncExpr *) clause);
		case T_ScalarArrayOpExpr:
			return compile_any(column, varno, (ScalarArrayOpExpr *) clause);
		case T_NullTest:
			return compile_null_test(column, varno, (NullTest *) clause);
		case T_BoolExpr:
			return compile_bool(column, varno, (BoolExpr *) clause);
		default:
			return NULL;
	}
}

const ColumnMapping *
pushdown_column(const PushedClause *clause)
{
	return clause->column;
}

bool
pushdown_is_exact(const PushedClause *clause)
{
	return clause->exact;
}

void
pushdown_prepare(PushedClause *clause, PlanState *parent)
{
	ListCell *cell;

	foreach (cell, clause->children)
		pushdown_prepare(lfirst(cell), parent);
	if (clause->arg != NULL && !IsA(clause->arg, Const))
		clause->state = ExecInitExpr(clause->arg, parent);
}

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

/* Adds a range; that of a value begins at the empty string, unlike a key's. */
static void
add_range(bt_row_set *set, const ColumnMapping *column, bt_range range)
{
	if (column->kind != COLUMN_ROW_KEY && range.from.key.len == 0)
		range.from.after = false;
	arena_check(bt_row_set_add(set, range));
}

static void
add_compared(bt_row_set *set, const ColumnMapping *column, int strategy, bt_span bytes)
{
	switch (strategy)
	{
		case BTLessStrategyNumber:
			add_range(set, column, bt_range_to(bytes, false));
			break;
		case BTLessEqualStrategyNumber:
			add_range(set, column, bt_range_to(bytes, true));
			break;
		case BTEqualStrategyNumber:
			add_range(set, column, bt_range_key(bytes));
			break;
		case BTGreaterEqualStrategyNumber:
			add_range(set, column, bt_range_from(bytes, true));
			break;
		case BTGreaterStrategyNumber:
			add_range(set, column, bt_range_from(bytes, false));
			break;
	}
}

/* The bytes of a number; of an internal one big-endian, with the sign flipped. */
static bt_span
number_bytes(int64 number, int width, const ColumnMapping *column)
{
	bool internal = byte_form(column) == FORM_ORDERED_NUMBER;
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
	if (byte_form(column) == FORM_NUMBER && first < 0 && last >= 0)
	{
		add_numbers(set, column, width, first, -1);
		first = 0;
	}
	range = bt_range_from(number_bytes(first, width, column), true);
	range.to.key = number_bytes(last, width, column);
	range.to.after = true;
	range.unbounded = false;
	add_range(set, column, range);
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
				byte_form(column) == FORM_ORDERED_NUMBER
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
		add_range(set, column, bt_range_all());
	errno = 0;
	number = strtoi64(copy, &end, 10);
	if (errno == 0 && end != copy && *end == '\0')
		add_range(
			set, column,
			bt_range_key(codec_number_bytes(ENCODING_BINARY, number, sizeof(int64))));
}

/* Adds the bytes of what compares so with a value. */
static void
add_compared_value(bt_row_set *set, const PushedClause *clause, int strategy, Datum value)
{
	const ColumnMapping *column = clause->column;
	ByteForm form = byte_form(column);
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
	add_range(set, clause->column, range);
}

static void
evaluate_like(Evaluation *eval, const PushedClause *clause, Datum value, bt_row_set *set)
{
	bool literal;
	bool prefix;
	bt_span bytes = like_prefix(datum_bytes(value), &literal, &prefix);

	if (literal)
		add_range(set, clause->column,
				  bt_range_key(codec_wrap(clause->column->encoding, bytes)));
	else
		evaluate_prefix(eval, clause, bytes, set);
}

static void
evaluate_not_equal(Evaluation *eval, const PushedClause *clause, Datum value,
				   bt_row_set *set)
{
	bt_row_set equal;

	bt_row_set_init(&equal, eval->arena);
	add_compared_value(&equal, clause, BTEqualStrategyNumber, value);
	bt_row_set_normalize(&equal);
	arena_check(bt_row_set_complement(&equal, set));
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
			evaluate_prefix(eval, clause, datum_bytes(value), set);
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
			add_range(set, clause->column, bt_range_all());
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
	if (clause->column->kind != COLUMN_ROW_KEY)
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

/* ---- order ---- */

bool
pushdown_key_is_ordered(const ColumnMapping *key, Oid opfamily, Oid type, Oid collation)
{
	switch (byte_form(key))
	{
		case FORM_STRING:
			if (!is_text(type))
				return false;
			if (opfamily == TEXT_PATTERN_BTREE_FAM_OID)
				return is_deterministic(collation);
			return opfamily == btree_opfamily(TEXTOID) && OidIsValid(collation) &&
				   compat_collation_is_c(collation);
		case FORM_BYTES:
		case FORM_SORTED_NUMBER:
			return opfamily == btree_opfamily(key->typid);
		default:
			return false;
	}
}
