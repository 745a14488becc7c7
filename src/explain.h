/*-------------------------------------------------------------------------
 *
 * explain.h
 *	  What EXPLAIN says about a scan.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_EXPLAIN_H
#define BIGTABLE_FDW_EXPLAIN_H

#include "postgres.h"

#include "client/filter.h"
#include "client/row_set.h"
#include "compat.h"

extern void bigtable_explain_scan(ForeignScanState *node, ExplainState *es);

/* An expression of a scan's plan, as SQL. */
extern char *explain_expression(ForeignScanState *node, Node *expr, ExplainState *es);

/* The table, the conditions, and what they come to. */
extern void explain_scan_request(ForeignScanState *node, ExplainState *es);

/* Texts of a row set and of a filter, in the current memory context. */
extern char *row_set_text(const bt_row_set *set);
extern char *filter_text(const bt_filter *filter);

#endif /* BIGTABLE_FDW_EXPLAIN_H */
