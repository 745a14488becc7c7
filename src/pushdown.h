/*-------------------------------------------------------------------------
 *
 * pushdown.h
 *	  Expressions -> sets of byte strings.
 *
 * A clause about one column is compiled to a tree, at plan time to see whether
 * and how exactly it can be pushed, and again at execution to evaluate it: the
 * plan carries the clause itself.  Evaluated, it yields the set of row keys, or
 * of cell values, that rows which satisfy the clause may have.
 *
 * Includes nothing of the client but pure structures: planning contacts nobody.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_PUSHDOWN_H
#define BIGTABLE_FDW_PUSHDOWN_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "nodes/primnodes.h"

#include "client/row_set.h"
#include "mapping.h"

typedef struct PushedClause PushedClause;

/*
 * Compiles a clause for a column of the relation with that range table index.
 * Returns NULL if it says nothing about the column that can be pushed.  Else
 * no row outside the clause's set satisfies it.
 */
extern PushedClause *
pushdown_compile(const ColumnMapping *column, Index varno, Expr *clause);

/*
 * Compiles one pair of a comparison of rows: left is the column, right what it
 * is compared with.  Returns NULL unless the operator has that btree strategy;
 * the clause uses another one of the same family.
 */
extern PushedClause *
pushdown_compile_pair(const ColumnMapping *column, Index varno, Oid opno, Oid collation,
					  Node *left, Node *right, int strategy, int use);

/* The column that the clause is about. */
extern const ColumnMapping *pushdown_column(const PushedClause *clause);

/* Do all keys in the set satisfy the clause, so that it needs no recheck? */
extern bool pushdown_is_exact(const PushedClause *clause);

/* Makes the clause ready to be evaluated in an executor node. */
extern void pushdown_prepare(PushedClause *clause, PlanState *parent);

/*
 * The clause's set, in memory of the arena and of the current memory context.
 * Without an econtext only constants can be evaluated: returns false if there
 * is anything else.
 *
 * Row keys: sets of keys, none of which is empty.  Parts of row keys: sets of
 * segments, see row_key.h.  Values: the set may hold the empty string.  Numbers as values, in binary encoding, and timestamps of
 * cells: see pushdown_number_bounds().
 */
extern bool pushdown_evaluate(PushedClause *clause, ExprContext *econtext,
							  const bt_arena *arena, bt_row_set *set);

/*
 * The first and the last number of a range of a number's or a timestamp's set,
 * see codec_number().
 */
extern void pushdown_number_bounds(const bt_range *range, int64 *first, int64 *last);

/* Most keys that a clause can mean, as the planner guesses; 0: a range. */
extern double pushdown_estimate_keys(const PushedClause *clause);

/*
 * How many ranges the clause's set has at most, infinity if that is not known
 * before it is evaluated, and whether all of them are single keys.
 */
extern double pushdown_count_ranges(const PushedClause *clause, bool *are_keys);

/*
 * Do row keys, or segments, come in the order of this ordering operator and
 * collation?  They never come in another.  Numbers in two's complement do where
 * all of them have the same sign.
 */
extern bool pushdown_key_is_ordered(const ColumnMapping *key, Oid opfamily, Oid type,
									Oid collation, bool has_one_sign);

/* Are the column's bytes numbers in two's complement? */
extern bool pushdown_is_signed(const ColumnMapping *column);

/* Is the expression the column itself, perhaps relabeled as another text type? */
extern bool pushdown_is_column(const ColumnMapping *column, Index varno, Node *expr);

#endif /* BIGTABLE_FDW_PUSHDOWN_H */
