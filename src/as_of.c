/*-------------------------------------------------------------------------
 *
 * as_of.c
 *	  Reading as of a time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "as_of.h"
#include "compat.h"
#include "pushdown.h"

/* ---- the setting ---- */

static char *setting;
static bool is_set;
static TimestampTz set_time;

/*
 * What the check hands on, and the text that it makes of the value: that means
 * the same in any time zone, and in a parallel worker, where "now" would not.
 */
static bool
check_setting(char **value, void **extra, GucSource source)
{
	TimestampTz time;
	char *text;

	if (*value == NULL || (*value)[0] == '\0')
		return true;
	if (!compat_parse_timestamptz(*value, &time))
	{
		GUC_check_errdetail(
			"A timestamp is expected, such as \"2024-01-01 00:00:00+00\".");
		return false;
	}
	text = compat_guc_strdup(timestamptz_to_str(time));
	*extra = compat_guc_malloc(sizeof(time));
	if (text == NULL || *extra == NULL)
		return false;
	memcpy(*extra, &time, sizeof(time));
	compat_guc_free(*value);
	*value = text;
	return true;
}

static void
assign_setting(const char *value, void *extra)
{
	is_set = extra != NULL;
	if (is_set)
		memcpy(&set_time, extra, sizeof(set_time));
}

void
as_of_define_setting(void)
{
	DefineCustomStringVariable("bigtable_fdw.as_of",
							   "Reads Bigtable tables as they were at a time.",
							   "Empty means now.", &setting, "", PGC_USERSET, 0,
							   check_setting, assign_setting, NULL);
}

bool
as_of_setting(TimestampTz *time)
{
	if (is_set)
		*time = set_time;
	return is_set;
}

void
as_of_check_write(const TableMapping *table)
{
	if (is_set)
		ereport(ERROR, (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
						errmsg("cannot write to foreign table \"%s\" while \"%s\" is set",
							   table->relname, "bigtable_fdw.as_of"),
						errdetail("Rows are read as of %s.", setting),
						errhint("Use RESET bigtable_fdw.as_of.")));
}

/* ---- conditions ---- */

/* What tells ec_member_is_column() which column it is about. */
typedef struct ColumnOfRel
{
	const ColumnMapping *column;
	Index relid;
} ColumnOfRel;

static bool
ec_member_is_column(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec,
					EquivalenceMember *member, void *arg)
{
	ColumnOfRel *column = arg;

	return pushdown_is_column(column->column, column->relid, (Node *) member->em_expr);
}

static bool
refers_to(Node *clause, const RelOptInfo *rel, const ColumnMapping *column)
{
	Bitmapset *attrs = NULL;

	if (IsA(clause, RestrictInfo))
		clause = (Node *) ((RestrictInfo *) clause)->clause;
	pull_varattnos(clause, rel->relid, &attrs);
	return bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber, attrs);
}

__attribute__((noreturn)) static void
report_condition(const TableMapping *table, const ColumnMapping *column, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("unsupported condition on column \"%s\" of foreign table \"%s\"",
					column->name, table->relname),
			 errdetail("The column is the time that a scan reads as of, which must "
					   "be known when the scan begins."),
			 errhint("%s", hint)));
}

/* Does a condition leave just one time? */
static bool
says_time(const RestrictInfo *rinfo, RelOptInfo *rel, const ColumnMapping *column)
{
	PushedClause *clause = pushdown_compile(column, rel->relid, rinfo->clause);

	return clause != NULL && pushdown_estimate_keys(clause) == 1 &&
		   restriction_is_securely_promotable((RestrictInfo *) rinfo, rel);
}

static void
check_column(PlannerInfo *root, RelOptInfo *rel, const TableMapping *table,
			 const ColumnMapping *column)
{
	static const char *const hint_lateral =
		"In a join, use LATERAL (SELECT ... WHERE column = outer.column OFFSET 0).";
	ColumnOfRel arg = {column, rel->relid};
	ListCell *cell;
	bool known = false;
	bool used = false;

	foreach (cell, rel->joininfo)
		if (refers_to(lfirst(cell), rel, column))
			report_condition(table, column, hint_lateral);
	if (rel->has_eclass_joins && generate_implied_equalities_for_column(
									 root, rel, ec_member_is_column, &arg, NULL) != NIL)
		report_condition(table, column, hint_lateral);
	foreach (cell, rel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);

		known = known || says_time(rinfo, rel, column);
		used = used ||
			   (refers_to((Node *) rinfo, rel, column) && !IsA(rinfo->clause, NullTest));
	}
	if (used && !known)
		report_condition(table, column, "Use a condition \"column = time\".");
}

void
as_of_check_clauses(PlannerInfo *root, RelOptInfo *rel, const TableMapping *table)
{
	for (int i = 0; i < table->natts; i++)
		if (table->columns[i].kind == COLUMN_AS_OF)
			check_column(root, rel, table, &table->columns[i]);
}

List *
as_of_other_clauses(const RelOptInfo *rel, const TableMapping *table, List *clauses)
{
	List *others = clauses;

	for (int i = 0; i < table->natts; i++)
	{
		const ColumnMapping *column = &table->columns[i];
		ListCell *cell;

		if (column->kind != COLUMN_AS_OF)
			continue;
		if (others == clauses)
			others = list_copy(clauses);
		foreach (cell, others)
			if (refers_to(lfirst(cell), rel, column))
				others = foreach_delete_current(others, cell);
	}
	return others;
}
