/*-------------------------------------------------------------------------
 *
 * estimate.h
 *	  What the server says of a table's size, for option use_remote_estimate.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_ESTIMATE_H
#define BIGTABLE_FDW_ESTIMATE_H

#include "postgres.h"

#include "storage/block.h"

#include "client/row_set.h"
#include "mapping.h"

/* A table's size in pages, as ANALYZE and the planner take it. */
static inline BlockNumber
estimate_pages(double bytes)
{
	return (BlockNumber) Min(Max(bytes, 0) / BLCKSZ + 1, (double) MaxBlockNumber);
}

/*
 * The size of a table in bytes, and the share of it that is in the rows of a set.
 * Asks the server, as that user, but for the same table not more often than once
 * a minute.  Returns false if the server does not tell.
 */
extern bool estimate_size(const TableMapping *table, Oid userid, const bt_row_set *rows,
						  double *bytes, double *share);

#endif /* BIGTABLE_FDW_ESTIMATE_H */
