/*-------------------------------------------------------------------------
 *
 * json_access.h
 *	  Expressions that look at one key of a family's jsonb.
 *
 * A query that uses a family column only to look at some of its keys needs
 * only their cells, and a condition on a key is one on its cell.
 *
 * Includes nothing of the client but pure structures: planning contacts nobody.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_JSON_ACCESS_H
#define BIGTABLE_FDW_JSON_ACCESS_H

#include "postgres.h"

#include "nodes/pathnodes.h"

#include "mapping.h"

typedef enum JsonAccess
{
	JSON_NO_ACCESS,
	JSON_FIELD_TEXT, /* column ->> 'key' */
	JSON_FIELD,      /* column -> 'key', column['key'] */
	JSON_EXISTS      /* column ? 'key' */
} JsonAccess;

/* Is the expression such a one, with a constant key?  *key is palloc'd. */
extern JsonAccess
json_access_match(Node *expr, Index varno, AttrNumber attnum, char **key);

/*
 * The first key that a clause looks at, as a column of its own, which has
 * json_key set; NULL if there is none, or no cell has it.
 */
extern ColumnMapping *
json_access_column(const ColumnMapping *family, Index varno, Node *clause);

/* The same for a key that is known. */
extern ColumnMapping *json_access_key(const ColumnMapping *family, const char *key);

/*
 * The keys, of char *, that the query looks at of a family's column, if it does
 * nothing else with it.  "local" are the clauses on the relation that are tested
 * locally.  *only is false if the whole is needed.
 */
extern List *json_access_keys(PlannerInfo *root, RelOptInfo *rel, AttrNumber attnum,
							  List *local, bool *only);

#endif /* BIGTABLE_FDW_JSON_ACCESS_H */
