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
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "codec.h"
#include "compat.h"
#include "json_access.h"
#include "pushed_clause.h"

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

ByteForm
pushdown_byte_form(const ColumnMapping *column)
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
		case BOOLOID:
			return key && column->encoding == ENCODING_BINARY ? FORM_BYTES : FORM_NONE;
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
	ByteForm form = pushdown_byte_form(column);
	int strategy = get_op_opfamily_strategy(opno, btree_opfamily(column->typid));

	if (form == FORM_NONE)
		return 0;
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

bt_span
pushdown_datum_bytes(Datum value)
{
	struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value);

	return bt_span_make(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
}

bt_span
pushdown_like_prefix(bt_span pattern, bool *literal, bool *prefix)
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

		(void) pushdown_like_prefix(pushdown_datum_bytes(((Const *) arg)->constvalue),
									&literal, &prefix);
		exact = literal || prefix;
	}
	return make_arg_clause(CLAUSE_LIKE, column, exact, arg, exprType(arg));
}

/* An operator, or the function of one, that is not a btree's. */
static PushedClause *
compile_match(const ColumnMapping *column, Oid funcid, Oid collation, Node *arg)
{
	ByteForm form = pushdown_byte_form(column);

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

	/* A cell that is not there cannot be asked for, nor can a key that does not fit. */
	return column->kind == COLUMN_ROW_KEY && !column->may_be_null
			   ? make_clause(CLAUSE_IS_NULL, column, true)
			   : NULL;
}

/* A boolean key by itself: "column", "NOT column", "column IS TRUE" and so on. */
static PushedClause *
compile_boolean(const ColumnMapping *column, Index varno, Expr *expr)
{
	bool value = true;
	PushedClause *clause;

	if (pushdown_byte_form(column) == FORM_NONE)
		return NULL;
	if (IsA(expr, BoolExpr) && ((BoolExpr *) expr)->boolop == NOT_EXPR)
	{
		value = false;
		expr = linitial(((BoolExpr *) expr)->args);
	}
	else if (IsA(expr, BooleanTest) && (((BooleanTest *) expr)->booltesttype == IS_TRUE ||
										((BooleanTest *) expr)->booltesttype == IS_FALSE))
	{
		value = ((BooleanTest *) expr)->booltesttype == IS_TRUE;
		expr = ((BooleanTest *) expr)->arg;
	}
	if (!pushdown_is_column(column, varno, (Node *) expr))
		return NULL;
	clause = make_arg_clause(CLAUSE_COMPARE, column, true, makeBoolConst(value, false),
							 BOOLOID);
	clause->strategy = BTEqualStrategyNumber;
	return clause;
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
	if (pushdown_byte_form(column) == FORM_NONE && !IsA(clause, NullTest))
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
			if (((BoolExpr *) clause)->boolop != NOT_EXPR)
				return compile_bool(column, varno, (BoolExpr *) clause);
			/* FALLTHROUGH */
		case T_Var:
		case T_BooleanTest:
			return column->typid == BOOLOID ? compile_boolean(column, varno, clause)
											: NULL;
		default:
			return NULL;
	}
}

PushedClause *
pushdown_compile_pair(const ColumnMapping *column, Index varno, Oid opno, Oid collation,
					  Node *left, Node *right, int strategy, int use)
{
	PushedClause *clause;

	if (!pushdown_is_column(column, varno, left) || !is_scan_constant(right, varno) ||
		!types_compare(column->typid, exprType(right)) ||
		byte_strategy(column, opno, collation) != strategy)
		return NULL;
	clause = make_arg_clause(CLAUSE_COMPARE, column, true, right, exprType(right));
	clause->strategy = use;
	return clause;
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

/* ---- order ---- */

bool
pushdown_key_is_ordered(const ColumnMapping *key, Oid opfamily, Oid type, Oid collation,
						bool has_one_sign)
{
	switch (pushdown_byte_form(key))
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
		case FORM_NUMBER:
			return has_one_sign && opfamily == btree_opfamily(key->typid);
		default:
			return false;
	}
}

bool
pushdown_is_signed(const ColumnMapping *column)
{
	return pushdown_byte_form(column) == FORM_NUMBER;
}
