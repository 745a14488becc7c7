/*-------------------------------------------------------------------------
 *
 * json_access.c
 *	  Expressions that look at one key of a family's jsonb.
 *
 * Without the other keys the column's value is another one: NULL, perhaps, for
 * an object that has none of those asked for.  "->" and "->>" do not see the
 * difference.  "?" does, so that it must be a condition by itself, where false
 * is as good as NULL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "cell_json.h"
#include "json_access.h"

/* ---- one access ---- */

static bool
is_column(Node *expr, Index varno, AttrNumber attnum)
{
	return IsA(expr, Var) && (Index) ((Var *) expr)->varno == varno &&
		   ((Var *) expr)->varattno == attnum && ((Var *) expr)->varlevelsup == 0;
}

static JsonAccess
access_by_function(Oid function)
{
	switch (function)
	{
		case F_JSONB_OBJECT_FIELD_TEXT:
			return JSON_FIELD_TEXT;
		case F_JSONB_OBJECT_FIELD:
			return JSON_FIELD;
		case F_JSONB_EXISTS:
			return JSON_EXISTS;
		default:
			return JSON_NO_ACCESS;
	}
}

/* Takes an access apart; returns its kind, its column and its key. */
static JsonAccess
take_apart(Node *expr, Node **column, Node **key)
{
	List *args;
	Oid function;

	if (IsA(expr, SubscriptingRef))
	{
		SubscriptingRef *ref = (SubscriptingRef *) expr;

		if (ref->refassgnexpr != NULL || ref->reflowerindexpr != NIL ||
			list_length(ref->refupperindexpr) < 1)
			return JSON_NO_ACCESS;
		*column = (Node *) ref->refexpr;
		*key = linitial(ref->refupperindexpr);
		return *key != NULL ? JSON_FIELD : JSON_NO_ACCESS;
	}
	if (IsA(expr, OpExpr))
	{
		args = ((OpExpr *) expr)->args;
		function = get_opcode(((OpExpr *) expr)->opno);
	}
	else if (IsA(expr, FuncExpr))
	{
		args = ((FuncExpr *) expr)->args;
		function = ((FuncExpr *) expr)->funcid;
	}
	else
		return JSON_NO_ACCESS;
	if (list_length(args) != 2)
		return JSON_NO_ACCESS;
	*column = linitial(args);
	*key = lsecond(args);
	return access_by_function(function);
}

JsonAccess
json_access_match(Node *expr, Index varno, AttrNumber attnum, char **key)
{
	Node *column;
	Node *constant;
	JsonAccess access = take_apart(expr, &column, &constant);

	if (access == JSON_NO_ACCESS || !is_column(column, varno, attnum) ||
		!IsA(constant, Const) || ((Const *) constant)->consttype != TEXTOID ||
		((Const *) constant)->constisnull)
		return JSON_NO_ACCESS;
	*key = TextDatumGetCString(((Const *) constant)->constvalue);
	return access;
}

/* ---- a key as a column ---- */

ColumnMapping *
json_access_key(const ColumnMapping *family, const char *key)
{
	ColumnMapping *column = palloc(sizeof(ColumnMapping));

	*column = *family;
	if (!cell_json_qualifier(key, strlen(key), &column->qualifier))
		return NULL;
	column->kind = COLUMN_VALUE;
	column->json_key = key;
	column->typid = TEXTOID;
	column->typmod = -1;
	column->collation = InvalidOid;
	column->not_null = false;
	return column;
}

/* What find_key_walker() looks for, and has found. */
typedef struct FindKey
{
	Index varno;
	AttrNumber attnum;
	char *key;
} FindKey;

static bool
find_key_walker(Node *node, FindKey *find)
{
	if (node == NULL)
		return false;
	if (json_access_match(node, find->varno, find->attnum, &find->key) != JSON_NO_ACCESS)
		return true;
	return expression_tree_walker(node, find_key_walker, (void *) find);
}

ColumnMapping *
json_access_column(const ColumnMapping *family, Index varno, Node *clause)
{
	FindKey find = {varno, family->attnum, NULL};

	return find_key_walker(clause, &find) ? json_access_key(family, find.key) : NULL;
}

/* ---- all keys that a query looks at ---- */

/* What collect_walker() collects. */
typedef struct Collect
{
	Index varno;
	AttrNumber attnum;
	List *keys;
	bool only;
} Collect;

static void
add_key(Collect *collect, char *key)
{
	ListCell *cell;

	foreach (cell, collect->keys)
		if (strcmp(lfirst(cell), key) == 0)
			return;
	collect->keys = lappend(collect->keys, key);
}

static bool
collect_walker(Node *node, Collect *collect)
{
	JsonAccess access;
	char *key;

	if (node == NULL)
		return false;
	access = json_access_match(node, collect->varno, collect->attnum, &key);
	if (access == JSON_FIELD || access == JSON_FIELD_TEXT)
	{
		add_key(collect, key);
		return false;
	}
	if (is_column(node, collect->varno, collect->attnum) ||
		is_column(node, collect->varno, InvalidAttrNumber))
	{
		collect->only = false;
		return true;
	}
	return expression_tree_walker(node, collect_walker, (void *) collect);
}

/* A clause that is "column ? key" by itself, or else a walk through it. */
static void
collect_clause(Collect *collect, Node *clause)
{
	char *key;

	if (json_access_match(clause, collect->varno, collect->attnum, &key) == JSON_EXISTS)
		add_key(collect, key);
	else
		(void) collect_walker(clause, collect);
}

/*
 * Is an attribute needed for nothing but the query's output and conditions on
 * its relation?  Other uses are those of joins and of lateral subqueries.
 */
static bool
is_needed_for_output_alone(const RelOptInfo *rel, AttrNumber attnum)
{
	Relids needed = rel->attr_needed[attnum - rel->min_attr];

	return bms_is_empty(needed) ||
		   (bms_num_members(needed) == 1 && bms_is_member(0, needed));
}

List *
json_access_keys(PlannerInfo *root, RelOptInfo *rel, AttrNumber attnum, List *local,
				 bool *only)
{
	Collect collect = {rel->relid, attnum, NIL, true};
	ListCell *cell;

	*only = false;
	if (rel->reloptkind != RELOPT_BASEREL ||
		(int) rel->relid == root->parse->resultRelation ||
		!is_needed_for_output_alone(rel, attnum) ||
		!bms_is_empty(rel->attr_needed[InvalidAttrNumber - rel->min_attr]))
		return NIL;
	if (!bms_is_empty(rel->attr_needed[attnum - rel->min_attr]))
	{
		(void) collect_walker((Node *) root->processed_tlist, &collect);
		(void) collect_walker(root->parse->havingQual, &collect);
	}
	foreach (cell, local)
		collect_clause(&collect, lfirst(cell));
	*only = collect.only;
	return collect.keys;
}
