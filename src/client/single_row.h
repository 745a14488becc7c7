/*-------------------------------------------------------------------------
 *
 * single_row.h
 *	  Writes of one row, each of them atomic: MutateRow, CheckAndMutateRow,
 *	  ReadModifyWriteRow.
 *
 * Each is prepared here and run with bt_unary_run(); nobody is contacted
 * before.  Arguments are copied.  Constructors return NULL when memory runs
 * out.  Where a time or a number of the policy is 0, the default is used.  The
 * answers go to bt_unpack_check_and_mutate_row() and
 * bt_unpack_read_modify_write_row().
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_SINGLE_ROW_H
#define BT_SINGLE_ROW_H

#include "filter.h"
#include "message.h"
#include "mutation.h"
#include "unary.h"

/*
 * Applies mutations in their order.  Retried if all of them are idempotent.
 */
extern bt_unary *
bt_mutate_row(bt_channel *channel, const bt_host *host, const bt_write_target *target,
			  bt_span key, const bt_mutation *mutations, size_t nmutations,
			  const bt_retry_policy *policy);

/*
 * Applies one list of mutations if a cell of the row passes the predicate, the
 * other one if none does.  A NULL predicate asks for any cell at all.  Never
 * retried.
 */
extern bt_unary *
bt_check_and_mutate_row(bt_channel *channel, const bt_host *host,
						const bt_write_target *target, bt_span key,
						const bt_filter *predicate, const bt_mutation *if_true,
						size_t nif_true, const bt_mutation *if_false, size_t nif_false,
						const bt_retry_policy *policy);

/*
 * Applies mutations if the row has no cell; they are encoded already, by
 * bt_mutations_write() as field BT_INSERT_FIELD.  Never retried.
 */
#define BT_INSERT_FIELD 5
extern bt_unary *
bt_insert_row(bt_channel *channel, const bt_host *host, const bt_write_target *target,
			  bt_span key, bt_span mutations, const bt_retry_policy *policy);

/*
 * Increments or appends to the newest cells, in the order of the rules.  Never
 * retried.
 */
extern bt_unary *bt_read_modify_write_row(bt_channel *channel, const bt_host *host,
										  const bt_write_target *target, bt_span key,
										  const bt_rmw_rule *rules, size_t nrules,
										  const bt_retry_policy *policy);

#endif /* BT_SINGLE_ROW_H */
