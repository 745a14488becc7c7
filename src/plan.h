/*-------------------------------------------------------------------------
 *
 * plan.h
 *	  The planner's callbacks, and what the plan hands to the executor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_PLAN_H
#define BIGTABLE_FDW_PLAN_H

#include "postgres.h"

#include "foreign/fdwapi.h"
#include "nodes/bitmapset.h"
#include "nodes/pathnodes.h"
#include "utils/rel.h"

/*
 * What a plan says, in ForeignScan.fdw_private; the expressions that go with
 * it are in ForeignScan.fdw_exprs, in this order: clauses on the row key,
 * clauses on cells, LIMIT, OFFSET, amounts of increments.
 */
typedef struct ScanPlan
{
	int nkey_clauses;
	int ncell_clauses;
	bool has_limit;   /* LIMIT is pushed down */
	bool has_offset;  /* and there is an OFFSET, which adds to it */
	bool ordered;     /* somebody relies on the order of the keys */
	bool reversed;    /* and it is descending */
	bool merged;      /* it is that of keys without their buckets */
	bool all_rows;    /* also rows that have none of the needed cells */
	bool is_lookup;   /* keys are given by a lookup join, see scan_restrict() */
	Bitmapset *attrs; /* attribute numbers that the query needs */
	List *json_keys;  /* of JsonKeys: of some of those, only a few keys */
} ScanPlan;

/* An increment of a counter by one UPDATE, without a read. */
typedef struct Increment
{
	int attnum;
	bool negative; /* the amount is subtracted */
} Increment;

/*
 * What a plan says that writes by itself, in addition: as PostgreSQL calls it,
 * a direct modification.
 */
typedef struct DirectPlan
{
	bool set_processed; /* the statement's count is ours */
	bool returns_rows;  /* there is a RETURNING clause */
	int nincrements;    /* of an UPDATE */
	Increment *increments;
} DirectPlan;

extern ScanPlan *scan_plan_read(const ForeignScan *plan);

/* The member of fdw_private that a DirectPlan is stored in. */
extern DirectPlan *direct_plan_read(const ForeignScan *plan);

/*
 * Makes a plan of a scan one that writes by itself.  With keys_only, what the
 * scan reads are just the keys of its rows.
 */
extern void
direct_plan_write(ForeignScan *plan, const DirectPlan *direct, bool keys_only);

/* ---- for lookup joins ---- */

/* Is it a relation that this wrapper scans? */
extern bool scan_is_of_bigtable(const RelOptInfo *rel);

/*
 * Of a join's restrictions, and the relation's own, those that together name whole
 * row keys for each row of the other side: their clauses, and in *keys how many
 * there are at most.  NIL if they do not, or must not be sent to the server.
 */
extern List *scan_lookup_clauses(RelOptInfo *rel, List *restrictions, double *keys);

/*
 * A path of a scan, in so many requests, that is told its keys; "fetched" is
 * what the server's work is like, in rows of a plain scan.
 */
extern ForeignPath *scan_lookup_path(PlannerInfo *root, RelOptInfo *rel, double requests,
									 double rows, double fetched);

/* Says in such a path's plan what it is. */
extern void scan_plan_mark_lookup(ForeignScan *plan);

/* A plan of a scan of all rows and columns, which nothing but ANALYZE needs. */
extern ForeignScan *scan_plan_whole_table(Relation relation);

extern bool bigtable_is_async_capable(ForeignPath *path);
extern void bigtable_get_rel_size(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern void bigtable_get_paths(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern ForeignScan *
bigtable_get_plan(PlannerInfo *root, RelOptInfo *rel, Oid relid, ForeignPath *path,
				  List *tlist, List *clauses, Plan *outer_plan);

#endif /* BIGTABLE_FDW_PLAN_H */
