/*-------------------------------------------------------------------------
 *
 * key_condition.c
 *	  Conditions on the parts of row keys -> sets of row keys.
 *
 * Clauses become a tree whose leaves are about one part each.  It is multiplied
 * out to alternatives: lists of leaves, all of which hold.  Each alternative has
 * a set of keys, and the condition's set is their union.
 *
 * What is exact is decided at plan time, from how many ranges a leaf has at
 * most.  Evaluation never makes more of a set than that, so that what it may
 * have to leave as a range has not been taken for exact.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/sysattr.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"

#include "arena.h"
#include "compat.h"
#include "key_condition.h"
#include "pushdown.h"

/* Alternatives that a condition is multiplied out to; what is more is not used. */
#define MAX_ALTERNATIVES 10000

typedef enum KeyNodeKind
{
	KEY_NODE_LEAF,
	KEY_NODE_AND,
	KEY_NODE_OR
} KeyNodeKind;

typedef struct KeyNode
{
	KeyNodeKind kind;
	bool is_exact;  /* nothing of the expression is left out */
	int owner;      /* the clause that it is of */
	List *children; /* of KeyNode */

	/* leaves */
	int part;
	PushedClause *clause;
	bool is_evaluated;
	bt_row_set set;
} KeyNode;

/* Leaves that hold together, by part: lists of KeyNode. */
typedef struct Alternative
{
	List **leaves;
} Alternative;

struct KeyCondition
{
	const RowKey *key;
	List *nodes;        /* of KeyNode: one a clause, or NULL */
	List *alternatives; /* of Alternative */
	int nclauses;
	bool *uses;
	bool *is_exact;
	double keys;
};

/* ---- compiling ---- */

static KeyNode *compile_node(const TableMapping *table, Index varno, Expr *expr);

static KeyNode *
make_node(KeyNodeKind kind)
{
	KeyNode *node = palloc0(sizeof(KeyNode));

	node->kind = kind;
	node->is_exact = true;
	return node;
}

static KeyNode *
make_leaf(int part, PushedClause *clause)
{
	KeyNode *node;

	if (clause == NULL)
		return NULL;
	node = make_node(KEY_NODE_LEAF);
	node->part = part;
	node->clause = clause;
	node->is_exact = pushdown_is_exact(clause);
	return node;
}

/* The part of the key that an attribute is, or -1. */
static int
part_of_attr(const RowKey *key, int attnum)
{
	for (int i = 0; i < key->nparts; i++)
		if (key->parts[i].column->attnum == attnum)
			return i;
	return -1;
}

/* The part that an expression is about, if it is about just one column. */
static int
part_of_expr(const RowKey *key, Index varno, Expr *expr)
{
	Bitmapset *attrs = NULL;
	int member;

	pull_varattnos((Node *) expr, varno, &attrs);
	if (!bms_get_singleton_member(attrs, &member))
		return -1;
	return part_of_attr(key, member + FirstLowInvalidHeapAttributeNumber);
}

/* AND: what of it can be used.  OR: only if all of it can. */
static KeyNode *
compile_bool(const TableMapping *table, Index varno, BoolExpr *expr)
{
	bool is_and = expr->boolop == AND_EXPR;
	KeyNode *node;
	ListCell *cell;

	if (expr->boolop == NOT_EXPR)
		return NULL;
	node = make_node(is_and ? KEY_NODE_AND : KEY_NODE_OR);
	foreach (cell, expr->args)
	{
		KeyNode *child = compile_node(table, varno, lfirst(cell));

		if (child == NULL && !is_and)
			return NULL;
		if (child != NULL)
			node->children = lappend(node->children, child);
		node->is_exact = node->is_exact && child != NULL && child->is_exact;
	}
	return node->children != NIL ? node : NULL;
}

/* A comparison of rows, with the columns on the left. */
typedef struct RowComparison
{
	int strategy;
	List *left;
	List *right;
	List *opnos;
	List *collations;
} RowComparison;

/* Returns false if there is an operator that cannot be turned round. */
static bool
turn_round(RowComparison *rows)
{
	List *left = rows->left;
	List *opnos = NIL;
	ListCell *cell;

	foreach (cell, rows->opnos)
	{
		Oid opno = get_commutator(lfirst_oid(cell));

		if (!OidIsValid(opno))
			return false;
		opnos = lappend_oid(opnos, opno);
	}
	rows->left = rows->right;
	rows->right = left;
	rows->opnos = opnos;
	rows->strategy = BTMaxStrategyNumber + 1 - rows->strategy;
	return true;
}

/* A pair of the rows as a leaf, with a strategy of its own. */
static KeyNode *
compile_pair(const TableMapping *table, Index varno, const RowComparison *rows, int i,
			 int use)
{
	Node *left = list_nth(rows->left, i);
	int part = part_of_expr(&table->row_key, varno, (Expr *) left);

	if (part < 0)
		return NULL;
	return make_leaf(part, pushdown_compile_pair(table->row_key.parts[part].column, varno,
												 list_nth_oid(rows->opnos, i),
												 list_nth_oid(rows->collations, i), left,
												 list_nth(rows->right, i), rows->strategy,
												 use));
}

/* The first pairs are equal, and the next one decides. */
static KeyNode *
compile_deciding_pair(const TableMapping *table, Index varno, const RowComparison *rows,
					  int deciding, int use)
{
	KeyNode *node = make_node(KEY_NODE_AND);

	for (int i = 0; i <= deciding; i++)
	{
		KeyNode *pair = compile_pair(table, varno, rows, i,
									 i < deciding ? BTEqualStrategyNumber : use);

		if (pair == NULL)
			return NULL;
		node->children = lappend(node->children, pair);
	}
	return node;
}

/*
 * (a, b) < (x, y) is a < x OR a = x AND b < y.  If only the first pairs are
 * about the key, those may be equal.
 */
static KeyNode *
compile_row_comparison(const TableMapping *table, Index varno, RowCompareExpr *expr)
{
	int strategy = compat_row_compare_strategy(expr);
	bool is_less = strategy < BTEqualStrategyNumber;
	RowComparison rows = {strategy, expr->largs, expr->rargs, expr->opnos,
						  expr->inputcollids};
	KeyNode *node = make_node(KEY_NODE_OR);
	int npairs = 0;

	if (part_of_expr(&table->row_key, varno, linitial(rows.left)) < 0 &&
		!turn_round(&rows))
		return NULL;
	is_less = rows.strategy < BTEqualStrategyNumber;
	while (npairs < list_length(rows.left) &&
		   compile_pair(table, varno, &rows, npairs, rows.strategy) != NULL)
		npairs++;
	if (npairs == 0)
		return NULL;
	node->is_exact = npairs == list_length(rows.left);
	for (int i = 0; i < npairs; i++)
	{
		int use = is_less ? BTLessStrategyNumber : BTGreaterStrategyNumber;

		if (i == npairs - 1)
			use = node->is_exact ? rows.strategy
				  : is_less      ? BTLessEqualStrategyNumber
								 : BTGreaterEqualStrategyNumber;
		node->children =
			lappend(node->children, compile_deciding_pair(table, varno, &rows, i, use));
	}
	return node;
}

static KeyNode *
compile_node(const TableMapping *table, Index varno, Expr *expr)
{
	int part;

	if (IsA(expr, RestrictInfo))
		expr = ((RestrictInfo *) expr)->clause;
	if (IsA(expr, RowCompareExpr))
		return compile_row_comparison(table, varno, (RowCompareExpr *) expr);
	part = part_of_expr(&table->row_key, varno, expr);
	if (part >= 0)
		return make_leaf(
			part, pushdown_compile(table->row_key.parts[part].column, varno, expr));
	return IsA(expr, BoolExpr) ? compile_bool(table, varno, (BoolExpr *) expr) : NULL;
}

static void
set_owner(KeyNode *node, int owner)
{
	ListCell *cell;

	node->owner = owner;
	foreach (cell, node->children)
		set_owner(lfirst(cell), owner);
}

/* ---- multiplying out ---- */

static Alternative *
make_alternative(const RowKey *key)
{
	Alternative *result = palloc(sizeof(Alternative));

	result->leaves = palloc0(sizeof(List *) * key->nparts);
	return result;
}

/* What holds if both do. */
static Alternative *
join_alternatives(const RowKey *key, const Alternative *a, const Alternative *b)
{
	Alternative *result = make_alternative(key);

	for (int i = 0; i < key->nparts; i++)
		result->leaves[i] = list_concat_copy(a->leaves[i], b->leaves[i]);
	return result;
}

static List *multiply_out(const RowKey *key, const KeyNode *node);

/* The alternatives of all nodes together; those of which there are too many not. */
static List *
multiply_all(const RowKey *key, const List *nodes, bool *is_complete)
{
	List *result = list_make1(make_alternative(key));
	ListCell *cell;

	*is_complete = true;
	foreach (cell, nodes)
	{
		List *others = multiply_out(key, lfirst(cell));
		List *products = NIL;
		ListCell *a;
		ListCell *b;

		if ((double) list_length(result) * list_length(others) > MAX_ALTERNATIVES)
		{
			*is_complete = false;
			continue;
		}
		foreach (a, result)
			foreach (b, others)
				products =
					lappend(products, join_alternatives(key, lfirst(a), lfirst(b)));
		result = products;
	}
	return result;
}

static List *
multiply_out(const RowKey *key, const KeyNode *node)
{
	List *result = NIL;
	bool is_complete;
	ListCell *cell;

	switch (node->kind)
	{
		case KEY_NODE_LEAF:
		{
			Alternative *alone = make_alternative(key);

			alone->leaves[node->part] = list_make1((void *) node);
			return list_make1(alone);
		}
		case KEY_NODE_AND:
			result = multiply_all(key, node->children, &is_complete);
			if (!is_complete)
				((KeyNode *) node)->is_exact = false;
			return result;
		case KEY_NODE_OR:
			foreach (cell, node->children)
				result = list_concat(result, multiply_out(key, lfirst(cell)));
			return result;
	}
	return NIL;
}

/* ---- what the clauses are good for ---- */

/* What is known at plan time about the leaves of a part. */
typedef struct PartBound
{
	double nranges; /* at most */
	double nkeys;   /* about */
	bool are_keys;
} PartBound;

static PartBound
bound_part(const List *leaves)
{
	PartBound bound = {0, 0, false};
	double nranges = 0;
	ListCell *cell;

	foreach (cell, leaves)
	{
		const PushedClause *clause = ((KeyNode *) lfirst(cell))->clause;
		bool are_keys;
		double n = pushdown_count_ranges(clause, &are_keys);

		nranges += n;
		if (!are_keys)
			continue;
		if (!bound.are_keys || n < bound.nranges)
			bound.nranges = n;
		if (!bound.are_keys || pushdown_estimate_keys(clause) < bound.nkeys)
			bound.nkeys = pushdown_estimate_keys(clause);
		bound.are_keys = true;
	}
	if (!bound.are_keys)
		bound.nranges = nranges;
	return bound;
}

/* Does an alternative name the bucket, so far as is known at plan time? */
static bool
names_bucket(const RowKey *key, const Alternative *alternative)
{
	for (int i = 0; i < key->nparts; i++)
		if (key->parts[i].is_salted && !bound_part(alternative->leaves[i]).are_keys)
			return false;
	return key->nbuckets > 0;
}

/* Notes of the leaves of an alternative's part whether they are of use, and exact. */
static void
note_leaves(KeyCondition *condition, const List *leaves, bool is_used, bool is_exact)
{
	ListCell *cell;

	foreach (cell, leaves)
	{
		const KeyNode *leaf = lfirst(cell);

		condition->uses[leaf->owner] |= is_used;
		condition->is_exact[leaf->owner] &= is_exact;
	}
}

/*
 * Follows the parts as evaluation will.  Returns whether the set is smaller than
 * all keys; *keys is how many keys it has about, or 0.
 */
static bool
analyze_alternative(KeyCondition *condition, const Alternative *alternative, double *keys)
{
	const RowKey *key = condition->key;
	bool has_bucket = names_bucket(key, alternative);
	bool is_reached = true;
	bool is_exact = true;
	double product = 1;

	*keys = 1;
	for (int i = 0; i < key->nparts; i++)
	{
		const List *leaves = alternative->leaves[i];
		PartBound bound = bound_part(leaves);

		is_reached = is_reached && leaves != NIL;
		if (product > 1 && product * bound.nranges > MAX_KEY_PRODUCT)
			is_exact = false;
		note_leaves(condition, leaves,
					is_reached || (has_bucket && key->parts[i].is_salted),
					is_reached && is_exact);
		product *= bound.nranges;
		*keys *= bound.nkeys;
		is_reached = is_reached && bound.are_keys;
	}
	return alternative->leaves[0] != NIL || has_bucket;
}

static void
analyze(KeyCondition *condition)
{
	bool is_smaller = true;
	ListCell *cell;

	foreach (cell, condition->alternatives)
	{
		double keys;

		is_smaller &= analyze_alternative(condition, lfirst(cell), &keys);
		if (keys == 0)
			condition->keys = -1;
		else if (condition->keys >= 0)
			condition->keys += keys;
	}
	condition->keys = Max(condition->keys, 0);
	if (is_smaller)
		return;
	condition->keys = 0;
	memset(condition->uses, 0, sizeof(bool) * condition->nclauses);
}

KeyCondition *
key_condition_compile(const TableMapping *table, Index varno, List *clauses)
{
	KeyCondition *condition = palloc0(sizeof(KeyCondition));
	List *nodes = NIL;
	bool is_complete;
	ListCell *cell;

	condition->key = &table->row_key;
	condition->nclauses = list_length(clauses);
	condition->uses = palloc0(sizeof(bool) * (condition->nclauses + 1));
	condition->is_exact = palloc0(sizeof(bool) * (condition->nclauses + 1));
	foreach (cell, clauses)
	{
		int i = foreach_current_index(cell);
		KeyNode *node =
			mapping_has_key(table) ? compile_node(table, varno, lfirst(cell)) : NULL;

		condition->nodes = lappend(condition->nodes, node);
		if (node == NULL)
			continue;
		set_owner(node, i);
		nodes = lappend(nodes, node);
	}
	if (nodes == NIL)
		return condition;
	condition->alternatives = multiply_all(condition->key, nodes, &is_complete);
	foreach (cell, nodes)
	{
		const KeyNode *node = lfirst(cell);

		condition->is_exact[node->owner] = node->is_exact && is_complete;
	}
	analyze(condition);
	return condition;
}

bool
key_condition_mentions(const TableMapping *table, Index varno, Expr *clause)
{
	return mapping_has_key(table) && compile_node(table, varno, clause) != NULL;
}

bool
key_condition_uses(const KeyCondition *condition, int clause)
{
	return condition->uses[clause];
}

bool
key_condition_is_exact(const KeyCondition *condition, int clause)
{
	return condition->uses[clause] && condition->is_exact[clause];
}

bool
key_condition_pins(const KeyCondition *condition, int part)
{
	ListCell *cell;

	foreach (cell, condition->nodes)
	{
		const KeyNode *node = lfirst(cell);
		bool are_keys;

		if (node != NULL && node->kind == KEY_NODE_LEAF && node->part == part &&
			pushdown_count_ranges(node->clause, &are_keys) <= 1 && are_keys)
			return true;
	}
	return false;
}

/* Is a number in two's complement below zero, by its first byte or digit? */
static bool
is_negative(const ColumnMapping *column, bt_span bytes)
{
	if (column->encoding == ENCODING_HEX)
		return bytes.data[0] >= '8';
	return (bytes.data[0] & 0x80) != 0;
}

/* Are all numbers of a set, which is not empty, below zero, or none of them? */
static bool
has_sign(const ColumnMapping *column, const bt_row_set *set, bool negative)
{
	for (size_t i = 0; i < set->nranges; i++)
	{
		const bt_range *range = &set->ranges[i];

		if (range->unbounded || range->from.key.len == 0 || range->to.key.len == 0 ||
			is_negative(column, range->from.key) != negative ||
			is_negative(column, range->to.key) != negative)
			return false;
	}
	return set->nranges > 0;
}

bool
key_condition_has_one_sign(const KeyCondition *condition, int part)
{
	bt_arena arena = arena_in_context(CurrentMemoryContext);
	const ColumnMapping *column = condition->key->parts[part].column;
	bt_row_set all;
	ListCell *cell;

	if (!pushdown_is_signed(column))
		return false;
	bt_row_set_init(&all, &arena);
	arena_check(bt_row_set_add(&all, bt_range_all()));
	foreach (cell, condition->nodes)
	{
		const KeyNode *node = lfirst(cell);
		bt_row_set before = all;
		bt_row_set set;

		if (node != NULL && node->kind == KEY_NODE_LEAF && node->part == part &&
			pushdown_evaluate(node->clause, NULL, &arena, &set))
			arena_check(bt_row_set_intersect(&before, &set, &all));
	}
	return has_sign(column, &all, false) || has_sign(column, &all, true);
}

double
key_condition_estimate_keys(const KeyCondition *condition)
{
	return condition->keys;
}

/* ---- evaluating ---- */

static void
prepare_node(KeyNode *node, PlanState *parent)
{
	ListCell *cell;

	if (node->kind == KEY_NODE_LEAF)
		pushdown_prepare(node->clause, parent);
	foreach (cell, node->children)
		prepare_node(lfirst(cell), parent);
}

void
key_condition_prepare(KeyCondition *condition, PlanState *parent)
{
	ListCell *cell;

	foreach (cell, condition->nodes)
		if (lfirst(cell) != NULL)
			prepare_node(lfirst(cell), parent);
}

static void
forget_sets(KeyNode *node)
{
	ListCell *cell;

	node->is_evaluated = false;
	foreach (cell, node->children)
		forget_sets(lfirst(cell));
}

/* The evaluation of one alternative. */
typedef struct Evaluation
{
	const RowKey *key;
	ExprContext *econtext;
	const bt_arena *arena;
	const Alternative *alternative;
	bt_row_set *sets;   /* by part; of segments */
	bool *is_evaluated; /* by part */
	bt_row_set *result;
} Evaluation;

/*
 * The segments that a part may have; NULL in *set if any.  Returns false if that
 * cannot be known now.
 */
static bool
segments_of(Evaluation *eval, int part, const bt_row_set **set)
{
	ListCell *cell;
	bool first = true;

	*set = NULL;
	if (eval->alternative->leaves[part] == NIL)
		return true;
	*set = &eval->sets[part];
	if (eval->is_evaluated[part])
		return true;
	foreach (cell, eval->alternative->leaves[part])
	{
		KeyNode *leaf = lfirst(cell);
		bt_row_set before = eval->sets[part];

		if (!leaf->is_evaluated &&
			!pushdown_evaluate(leaf->clause, eval->econtext, eval->arena, &leaf->set))
			return false;
		leaf->is_evaluated = true;
		if (first)
			eval->sets[part] = leaf->set;
		else
			arena_check(bt_row_set_intersect(&before, &leaf->set, &eval->sets[part]));
		first = false;
	}
	eval->is_evaluated[part] = true;
	return true;
}

/* Beginnings of keys, while they are put together. */
typedef struct PrefixList
{
	KeyPrefix *items;
	size_t n;
} PrefixList;

/* Goes on with each prefix by each of the segments; returns the longer prefixes. */
static PrefixList
extend_prefixes(Evaluation *eval, int part, PrefixList prefixes,
				const bt_row_set *segments)
{
	PrefixList result = {NULL, 0};

	result.items = MemoryContextAllocHuge(
		CurrentMemoryContext, sizeof(KeyPrefix) * (prefixes.n * segments->nranges + 1));
	for (size_t i = 0; i < prefixes.n; i++)
		for (size_t j = 0; j < segments->nranges; j++)
		{
			const bt_range *range = &segments->ranges[j];
			bt_span segment;

			if (!bt_range_is_key(range, &segment))
				row_key_add_range(eval->key, part, prefixes.items[i], range,
								  eval->result);
			else if (row_key_extend(eval->key, part, prefixes.items[i], segment,
									&result.items[result.n]))
				result.n++;
		}
	return result;
}

/* Adds the keys that begin with a bucket, if any, and satisfy the alternative. */
static bool
add_keys(Evaluation *eval, int bucket)
{
	KeyPrefix first = row_key_begin(eval->key, bucket);
	PrefixList prefixes = {&first, 1};
	int part = 0;

	for (; part < eval->key->nparts && prefixes.n > 0; part++)
	{
		const bt_row_set *segments;

		if (!segments_of(eval, part, &segments))
			return false;
		if (segments == NULL ||
			(prefixes.n > 1 && (double) prefixes.n * segments->nranges > MAX_KEY_PRODUCT))
			break;
		prefixes = extend_prefixes(eval, part, prefixes, segments);
	}
	for (size_t i = 0; i < prefixes.n; i++)
		row_key_add_prefix(eval->key, part, prefixes.items[i], eval->result);
	return true;
}

/* ---- buckets ---- */

#define UNKNOWN_SALTS SIZE_MAX

/*
 * How many combinations of the segments there are that the bucket depends on;
 * UNKNOWN_SALTS if they are not all single ones, or too many.
 */
static bool
count_salts(Evaluation *eval, size_t *n)
{
	*n = 1;
	for (int i = 0; i < eval->key->nparts; i++)
	{
		const bt_row_set *segments;

		if (!eval->key->parts[i].is_salted)
			continue;
		if (!segments_of(eval, i, &segments))
			return false;
		if (segments == NULL || !bt_row_set_is_keys(segments) ||
			segments->nranges * *n > MAX_KEY_PRODUCT)
		{
			*n = UNKNOWN_SALTS;
			return true;
		}
		*n *= segments->nranges;
	}
	return true;
}

/* Adds the keys of one combination of those segments, in their bucket. */
static bool
add_salted_keys(Evaluation *eval, size_t combination)
{
	const RowKey *key = eval->key;
	bt_row_set *all = palloc(sizeof(bt_row_set) * key->nparts);
	bt_span *segments = palloc0(sizeof(bt_span) * key->nparts);
	bool is_known;

	for (int i = 0; i < key->nparts; i++)
	{
		bt_row_set *set = &eval->sets[i];

		all[i] = *set;
		if (!key->parts[i].is_salted)
			continue;
		set->ranges = &set->ranges[combination % set->nranges];
		set->nranges = 1;
		combination /= all[i].nranges;
		(void) bt_range_is_key(set->ranges, &segments[i]);
	}
	is_known = add_keys(eval, row_key_bucket(key, segments));

	/* The other parts' sets may have been evaluated on the way. */
	for (int i = 0; i < key->nparts; i++)
		if (key->parts[i].is_salted)
			eval->sets[i] = all[i];
	return is_known;
}

static bool
add_alternative(Evaluation *eval)
{
	const RowKey *key = eval->key;
	size_t nsalts;

	if (key->nbuckets == 0)
		return add_keys(eval, -1);
	if (!count_salts(eval, &nsalts))
		return false;
	if (nsalts == UNKNOWN_SALTS)
	{
		for (int i = 0; i < key->nbuckets; i++)
			if (!add_keys(eval, i))
				return false;
		return true;
	}
	for (size_t i = 0; i < nsalts; i++)
		if (!add_salted_keys(eval, i))
			return false;
	return true;
}

/* ---- all of it ---- */

static bool
evaluate_alternatives(KeyCondition *condition, ExprContext *econtext,
					  const bt_arena *arena, bt_row_set *found)
{
	int nparts = condition->key->nparts;
	Evaluation eval = {condition->key, econtext, arena, .result = found};
	ListCell *cell;

	eval.sets = palloc0(sizeof(bt_row_set) * nparts);
	eval.is_evaluated = palloc(sizeof(bool) * nparts);
	foreach (cell, condition->alternatives)
	{
		eval.alternative = lfirst(cell);
		memset(eval.is_evaluated, 0, sizeof(bool) * nparts);
		if (!add_alternative(&eval))
			return false;
	}
	return true;
}

bool
key_condition_evaluate(KeyCondition *condition, ExprContext *econtext,
					   const bt_arena *arena, bt_row_set *set)
{
	bt_row_set all;
	bt_row_set found;
	ListCell *cell;

	bt_row_set_init(&all, arena);
	arena_check(bt_row_set_add(&all, bt_range_all()));
	if (condition->alternatives == NIL)
	{
		*set = all;
		return true;
	}
	foreach (cell, condition->nodes)
		if (lfirst(cell) != NULL)
			forget_sets(lfirst(cell));
	bt_row_set_init(&found, arena);
	if (!evaluate_alternatives(condition, econtext, arena, &found))
		return false;
	bt_row_set_normalize(&found);

	/* Drops the empty key, which no row has. */
	arena_check(bt_row_set_intersect(&all, &found, set));
	return true;
}
