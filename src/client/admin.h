/*-------------------------------------------------------------------------
 *
 * admin.h
 *	  Table admin calls.
 *
 * Each prepares a call, to be run with bt_unary_run().  instance is
 * projects/P/instances/I, table has /tables/T behind it.  Where a time or a
 * number of the policy is 0, the default is used.  What only reads is tried
 * again; what changes something never is, whatever the policy says.  They
 * return NULL when memory runs out.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_ADMIN_H
#define BT_ADMIN_H

#include "message_admin.h"
#include "unary.h"

/* A page of the instance's tables; see bt_unpack_table_page(). */
extern bt_unary *
bt_admin_list_tables(bt_channel *channel, const bt_host *host, const char *instance,
					 const char *page_token, const bt_retry_policy *policy);

/* One table; see bt_unpack_table(). */
extern bt_unary *bt_admin_get_table(bt_channel *channel, const bt_host *host,
									const char *table, const bt_retry_policy *policy);

/* A table with families, and keys at which it is split from the start. */
extern bt_unary *
bt_admin_create_table(bt_channel *channel, const bt_host *host, const char *instance,
					  const char *table_id, const bt_family *families, size_t nfamilies,
					  const bt_span *splits, size_t nsplits,
					  const bt_retry_policy *policy);
extern bt_unary *bt_admin_delete_table(bt_channel *channel, const bt_host *host,
									   const char *table, const bt_retry_policy *policy);

/* Creates, changes and drops families: all of it, or nothing. */
extern bt_unary *
bt_admin_modify_families(bt_channel *channel, const bt_host *host, const char *table,
						 const bt_family_modification *modifications,
						 size_t nmodifications, const bt_retry_policy *policy);

/*
 * All rows whose keys begin with the prefix, which must not be empty, or with
 * whole_table all rows.
 */
extern bt_unary *
bt_admin_drop_row_range(bt_channel *channel, const bt_host *host, const char *table,
						bt_span prefix, bool whole_table, const bt_retry_policy *policy);

#endif /* BT_ADMIN_H */
