/*-------------------------------------------------------------------------
 *
 * key_condition.h
 *	  Conditions on the parts of row keys -> sets of row keys.
 *
 * pushdown.c knows what a clause says about one column; here all clauses on the
 * key are put together.  The set follows the parts from the first one on: as
 * long as they are single values, their products are beginnings of keys; the
 * first part that is not closes them with a range; what is known of the parts
 * behind it is of no use.
 *
 * Like a pushed clause, a condition is compiled at plan time, to see what it is
 * good for, and again at execution.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_KEY_CONDITION_H
#define BIGTABLE_FDW_KEY_CONDITION_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "client/row_set.h"
#include "mapping.h"

/*
 * The most keys or beginnings of keys that are made by combining lists; where
 * there would be more, the part is left as a range.
 */
#define MAX_KEY_PRODUCT 10000

typedef struct KeyCondition KeyCondition;

/* Compiles expressions, all of which hold for rows of that range table entry. */
extern KeyCondition *
key_condition_compile(const TableMapping *table, Index varno, List *clauses);

/* Does an expression say anything about a part of the key? */
extern bool key_condition_mentions(const TableMapping *table, Index varno, Expr *clause);

/* Of the clauses, by their place in the list: does it make the set smaller? */
extern bool key_condition_uses(const KeyCondition *condition, int clause);

/* Do all keys in the set satisfy it, so that it needs no recheck? */
extern bool key_condition_is_exact(const KeyCondition *condition, int clause);

/* Is the part the same in all rows? */
extern bool key_condition_pins(const KeyCondition *condition, int part);

/*
 * Is the part, a number in two's complement, of the same sign in all rows, by what
 * constants say?
 */
extern bool key_condition_has_one_sign(const KeyCondition *condition, int part);

/* Most keys in the set, as the planner guesses; 0: a range. */
extern double key_condition_estimate_keys(const KeyCondition *condition);

/* Makes the condition ready to be evaluated in an executor node. */
extern void key_condition_prepare(KeyCondition *condition, PlanState *parent);

/*
 * The set, in memory of the arena and of the current memory context.  Without
 * an econtext only constants can be evaluated: returns false if there is
 * anything else.
 */
extern bool key_condition_evaluate(KeyCondition *condition, ExprContext *econtext,
								   const bt_arena *arena, bt_row_set *set);

#endif /* BIGTABLE_FDW_KEY_CONDITION_H */
