/*-------------------------------------------------------------------------
 *
 * cell_filter.c
 *	  What a scan of a table with layout 'cells' needs -> its row filter.
 *
 * Each cell is tested by itself, so the filter is a chain of tests: family and
 * qualifier, timestamp, value.  All versions pass that fit, and a row of which
 * no cell fits has no part in the result.
 *
 * Ranges of qualifiers can be asked for only within a family.  So where the
 * families are known, each range is asked for in each of them; where they are
 * not, names and prefixes become a regular expression.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "arena.h"
#include "cell_filter.h"
#include "cell_layout.h"
#include "pushdown.h"

/* More columns, or ranges of them, become a regular expression. */
#define MAX_COLUMN_RANGES 50

/* More ranges of values cost the server more than they save. */
#define MAX_VALUE_RANGES 100

/* Tests that may be left out, the dearest first. */
enum
{
	LEAVE_OUT_NOTHING,
	LEAVE_OUT_VALUE,
	LEAVE_OUT_COLUMNS
};

/* ---- clauses ---- */

List *
cell_filter_clauses(const TableMapping *table, Index varno, Expr *clause)
{
	List *result = NIL;

	for (int attnum = 1; attnum <= table->natts; attnum++)
	{
		const ColumnMapping *column = mapping_column(table, attnum);
		PushedClause *pushed = NULL;

		if (column->kind != COLUMN_NONE && column->kind != COLUMN_ROW_KEY)
			pushed = pushdown_compile(column, varno, clause);
		if (pushed != NULL)
			result = lappend(result, pushed);
	}
	return result;
}

/* What a part of a cell may be; NULL if anything. */
static const bt_row_set *
test_of(const RowFilterSpec *spec, ColumnKind kind)
{
	ListCell *cell;

	foreach (cell, spec->tests)
	{
		const CellTest *test = lfirst(cell);

		if (test->column->kind == kind && !bt_row_set_is_all(&test->set))
			return &test->set;
	}
	return NULL;
}

/* ---- names as regular expressions ---- */

/* Is a range all that begins with its lower bound? */
static bool
is_prefix(const bt_range *range, const bt_arena *arena)
{
	bt_range all;

	if (range->from.after)
		return false;
	arena_check(bt_range_prefix(arena, range->from.key, &all));
	return all.unbounded == range->unbounded &&
		   (all.unbounded || bt_bound_compare(all.to, range->to) == 0);
}

/* The literal part of the expression for a range; false if there is none. */
static bool
literal_of(const bt_range *range, bool *prefix, bt_span *literal, const bt_arena *arena)
{
	*prefix = false;
	if (!bt_range_is_key(range, literal))
	{
		*prefix = is_prefix(range, arena);
		*literal = range->from.key;
		if (!*prefix)
			return false;
	}
	return literal->len > 0 && bt_regex_can_quote(*literal);
}

/* A filter for the names in a set; NULL if there is none. */
static bt_filter *
names_filter(bt_filter_kind kind, const bt_row_set *set, const bt_arena *arena)
{
	static const char any[] = "\\C*";
	size_t size = 0;
	bt_span literal;
	bool prefix;
	uint8 *regex;
	uint8 *end;

	for (size_t i = 0; i < set->nranges; i++)
	{
		if (!literal_of(&set->ranges[i], &prefix, &literal, arena))
			return NULL;
		size += bt_regex_quoted_size(literal) + sizeof(any) + 1;
	}
	regex = end = arena->alloc(arena->arg, size);
	arena_check(regex != NULL);
	for (size_t i = 0; i < set->nranges; i++)
	{
		(void) literal_of(&set->ranges[i], &prefix, &literal, arena);
		if (end != regex)
			*end++ = '|';
		end = bt_regex_quote(end, literal);
		if (prefix)
		{
			memcpy(end, any, strlen(any));
			end += strlen(any);
		}
	}
	return bt_filter_make_text(arena, kind, bt_span_make(regex, end - regex));
}

/* ---- columns ---- */

static bt_filter *
column_range(bt_span family, const bt_range *range, const bt_arena *arena)
{
	bt_filter *filter;
	bt_span qualifier;

	if (bt_range_is_key(range, &qualifier))
		return bt_filter_make_column(arena, family, qualifier);
	filter = row_filter_range(BT_FILTER_COLUMN_RANGE, range, arena);
	filter->text = family;
	return filter;
}

/* Each range of qualifiers in each family. */
static bt_filter *
column_ranges(const bt_row_set *families, const bt_row_set *qualifiers,
			  const bt_arena *arena)
{
	bt_filter *list = bt_filter_make(arena, BT_FILTER_INTERLEAVE);

	for (size_t i = 0; i < families->nranges; i++)
		for (size_t j = 0; j < qualifiers->nranges; j++)
			arena_check(bt_filter_add(arena, list,
									  column_range(families->ranges[i].from.key,
												   &qualifiers->ranges[j], arena)) !=
						NULL);
	return bt_filter_simplify(arena, list);
}

static void
add_if_any(bt_filter *chain, bt_filter *filter, const bt_arena *arena)
{
	if (filter != NULL)
		arena_check(bt_filter_add(arena, chain, filter) != NULL);
}

static void
add_columns(bt_filter *chain, const RowFilterSpec *spec, const bt_arena *arena)
{
	const bt_row_set *families = test_of(spec, COLUMN_FAMILY);
	const bt_row_set *qualifiers = test_of(spec, COLUMN_QUALIFIER);

	if (families != NULL && qualifiers != NULL && bt_row_set_is_keys(families) &&
		families->nranges * qualifiers->nranges <= MAX_COLUMN_RANGES)
	{
		add_if_any(chain, column_ranges(families, qualifiers, arena), arena);
		return;
	}
	if (families != NULL)
		add_if_any(chain, names_filter(BT_FILTER_FAMILY_REGEX, families, arena), arena);
	if (qualifiers != NULL)
		add_if_any(chain, names_filter(BT_FILTER_QUALIFIER_REGEX, qualifiers, arena),
				   arena);
}

/* ---- the whole filter ---- */

static void
add_values(bt_filter *chain, const bt_row_set *values, const bt_arena *arena)
{
	bt_filter *list = bt_filter_make(arena, BT_FILTER_INTERLEAVE);

	if (values->nranges > MAX_VALUE_RANGES)
		return;
	for (size_t i = 0; i < values->nranges; i++)
		arena_check(bt_filter_add(arena, list,
								  row_filter_range(BT_FILTER_VALUE_RANGE,
												   &values->ranges[i], arena)) != NULL);
	add_if_any(chain, bt_filter_simplify(arena, list), arena);
}

static bt_filter *
build(const RowFilterSpec *spec, int leave_out, const bt_arena *arena)
{
	bt_filter *chain = bt_filter_make(arena, BT_FILTER_CHAIN);
	const bt_row_set *times = test_of(spec, COLUMN_TIMESTAMP);
	const bt_row_set *values = test_of(spec, COLUMN_VALUE);
	const ColumnMapping *value = cell_layout_column(spec->table, COLUMN_VALUE);

	arena_check(chain != NULL);
	if (leave_out < LEAVE_OUT_COLUMNS)
		add_columns(chain, spec, arena);
	if (times != NULL)
		add_if_any(chain, row_filter_timestamps(times, arena), arena);
	if (values != NULL && leave_out < LEAVE_OUT_VALUE)
		add_values(chain, values, arena);
	if (value == NULL || !bms_is_member(value->attnum, spec->attrs))
		add_if_any(chain, bt_filter_make(arena, BT_FILTER_STRIP_VALUE), arena);
	return row_filter_as_of(spec, bt_filter_simplify(arena, chain), arena);
}

bt_filter *
cell_filter_build(const RowFilterSpec *spec, const bt_arena *arena)
{
	bt_filter *filter = NULL;

	for (int leave_out = LEAVE_OUT_NOTHING; leave_out <= LEAVE_OUT_COLUMNS; leave_out++)
	{
		filter = build(spec, leave_out, arena);
		arena_check(filter != NULL);
		if (row_filter_is_acceptable(filter))
			break;
	}
	return filter;
}

bt_filter *
cell_filter_limit(bt_filter *filter, int64 cells, const bt_arena *arena)
{
	bt_filter *chain = bt_filter_make(arena, BT_FILTER_CHAIN);
	bt_filter *limit = bt_filter_make_limit(arena, BT_FILTER_ROW_LIMIT,
											(int32) Min(cells, PG_INT32_MAX));

	if (filter->kind == BT_FILTER_PASS_ALL)
		return limit;
	arena_check(bt_filter_add(arena, chain, filter) != NULL &&
				bt_filter_add(arena, chain, limit) != NULL);
	return chain;
}
