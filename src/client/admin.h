/*-------------------------------------------------------------------------
 *
 * admin.h
 *	  Table admin calls.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_ADMIN_H
#define BT_ADMIN_H

#include "unary.h"

/*
 * Prepares GetTable, to be run with bt_unary_run(); its answer goes to
 * bt_unpack_families().  resource is projects/P/instances/I/tables/T.
 * Where a time or a number of the policy is 0, the default is used.
 * Returns NULL when memory runs out.
 */
extern bt_unary *bt_admin_get_table(bt_channel *channel, const bt_host *host,
									const char *resource, const bt_retry_policy *policy);

/*
 * Prepares DropRowRange: all rows whose keys begin with the prefix, which must
 * not be empty, or with whole_table all rows.  Never retried.  Returns NULL
 * when memory runs out.
 */
extern bt_unary *
bt_admin_drop_row_range(bt_channel *channel, const bt_host *host, const char *resource,
						bt_span prefix, bool whole_table, const bt_retry_policy *policy);

#endif /* BT_ADMIN_H */
