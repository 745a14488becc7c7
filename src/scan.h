/*-------------------------------------------------------------------------
 *
 * scan.h
 *	  The executor's callbacks of a scan, and its state.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_SCAN_H
#define BIGTABLE_FDW_SCAN_H

#include "postgres.h"

#include "foreign/fdwapi.h"

#include "client/filter.h"
#include "client/row_fan.h"
#include "client/rpc.h"
#include "cell_group.h"
#include "codec.h"
#include "column_map.h"
#include "connection.h"
#include "key_scan.h"
#include "mapping.h"
#include "plan.h"
#include "row_memory.h"

/* An attribute that the scan fills in. */
typedef struct ScanColumn
{
	const ColumnMapping *mapping;
	Codec codec;
} ScanColumn;

/* What a scan of a table with layout 'cells' has in addition, see cell_scan.h. */
typedef struct CellScan CellScan;

/* The state of a scan, in ForeignScanState.fdw_state; lives in es_query_cxt. */
typedef struct BigtableScan
{
	ScanPlan *plan;
	TableMapping *table;

	/* Expressions, see ScanPlan. */
	struct KeyCondition *condition; /* on the row key */
	List *cell_clauses;             /* of PushedClause */
	ExprState *limit;
	ExprState *offset;

	/* What is asked for, made anew when a parameter changes. */
	MemoryContext request_context;
	bt_arena arena;
	bt_row_set rows;
	bool is_empty; /* no row can satisfy the clauses */
	bt_filter *filter;
	int64 rows_limit;  /* 0: none */
	bool has_as_of;    /* reading as of a time, see as_of.h */
	bool as_of_clause; /* and that is said by a clause */
	TimestampTz as_of; /* which */

	const bt_row_set *restriction; /* see scan_restrict(), or NULL */
	bool makes_rows;               /* increments: rows of all keys that are named */

	/* Parallel, see parallel.c: the scan is of one part after the other. */
	struct SharedScan *shared; /* NULL: it is not, or not any more */
	bool is_worker;
	bt_row_set part; /* of "rows": those of the part at hand */
	bt_span *bounds; /* the leader's, on their way to shared memory */
	size_t nbounds;
	bt_read_counters worker_counters; /* the leader's: of all workers */

	/* The stream. */
	Oid userid;
	Connection *connection;
	bt_row_fan *fan;
	bool started; /* of the current (re)scan */
	bool done;
	struct DirectModify *direct; /* what the scan's rows are read for, or NULL */
	MemoryContextCallback callback;

	/* Asynchronous, see async.c. */
	bool polls;   /* do not wait for a row */
	bool starved; /* there was none without a wait */
	bt_wakeup *wakeup;
	int64 waits_since_us;

	/* Rows -> tuples. */
	ScanColumn *columns; /* by attnum - 1; mapping is NULL if not needed */
	ScanColumn *key;     /* the row key, if it is needed, and one column is all of it */
	KeyScan *parts;      /* for keys that are more than that; or NULL */
	KeyForm *form;       /* of rows that are read to be changed, or NULL */
	ColumnMap *map;
	List *groups;        /* of CellGroup: columns of several cells */
	List *as_of_columns; /* of ColumnMapping: those that say as_of */
	CellScan *cells;     /* with layout 'cells', else NULL */
	RowMemory memory;
	bt_row row;                      /* the one at hand */
	const ColumnMapping *converting; /* or NULL: the key itself */
} BigtableScan;

/*
 * Has a row that nobody converts a key that can be seen?  Raises an error where
 * converting it would.
 */
extern bool scan_sees_row(BigtableScan *scan, const bt_row *row);

extern void bigtable_begin_scan(ForeignScanState *node, int eflags);
extern TupleTableSlot *bigtable_iterate_scan(ForeignScanState *node);
extern void bigtable_rescan(ForeignScanState *node);
extern void bigtable_end_scan(ForeignScanState *node);

/*
 * The next row as it came, for those who write it: valid until the next call.
 * Returns false at the end.
 */
extern bool scan_next_row(ForeignScanState *node, bt_row *row);

/*
 * From its next rescan on, the scan is for these keys only, which must stay in
 * place until the one after.
 */
extern void scan_restrict(ForeignScanState *node, const bt_row_set *keys);

/* The row key of the tuple that the scan has returned last. */
extern bt_span scan_row_key(const ForeignScanState *node);

/* Makes sure that the scan has a connection. */
extern void scan_connect(BigtableScan *scan);

/* What the scan has read so far, in this process. */
extern bt_read_counters scan_counters(const BigtableScan *scan);

/*
 * Works out what a scan asks for, as far as that is known before it starts:
 * returns false if it depends on parameters that have no value.
 */
extern bool scan_make_request(ForeignScanState *node, bool constants_only);

#endif /* BIGTABLE_FDW_SCAN_H */
