/*-------------------------------------------------------------------------
 *
 * row_filter.c
 *	  What a scan needs -> the row filter that asks for it.
 *
 * The filter asks for the needed columns, then for the newest cell of each,
 * and only then tests values: an older version must not match.
 *
 * Bigtable leaves out rows of which no cell passes the filter.  To us they
 * are still rows, with NULLs.  Unless the caller knows better, the filter
 * therefore also yields one cell of each row, without its value and with a
 * label by which the scan knows it.
 *
 * Columns of which several versions are needed are asked for by a branch of
 * their own, one for each number of versions.  A scan as of a time does not see
 * later cells at all: that filter is in front of the whole.
 *
 * A column is asked for by a range of qualifiers that holds just it, or, with
 * others of its family, by a regular expression of quoted alternatives.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "arena.h"
#include "codec.h"
#include "json_access.h"
#include "pushdown.h"
#include "row_filter.h"

/* More tests nest deeper and gain little. */
#define MAX_TESTS 5

/* Of timestamps, in microseconds. */
#define MS 1000

/* More alternatives of one test cost the server more than they save. */
#define MAX_TEST_RANGES 100

/* ---- columns ---- */

static bool
same_cell(const ColumnMapping *a, const ColumnMapping *b)
{
	return bt_span_equal(a->family, b->family) &&
		   bt_span_equal(a->qualifier, b->qualifier);
}

/* Of every version, the greatest number. */
#define ALL_VERSIONS INT32_MAX

/* What is needed in so many versions. */
typedef struct NeededCells
{
	int32 versions;
	List *cells;    /* of ColumnMapping, each cell once */
	List *families; /* of ColumnMapping: all of a family */
	bool everything;
} NeededCells;

/* How many versions of its cell an attribute needs. */
static int32
needed_versions(const ColumnMapping *column)
{
	if (!column_has_versions(column))
		return 1;
	return column->max_versions == 0 ? ALL_VERSIONS : column->max_versions;
}

/* Takes a cell out of groups with fewer versions; is it in another? */
static bool
has_cell(List *groups, const ColumnMapping *column, int32 versions)
{
	ListCell *cell;

	foreach (cell, groups)
	{
		NeededCells *group = lfirst(cell);
		ListCell *member;

		foreach (member, group->cells)
		{
			if (!same_cell(lfirst(member), column))
				continue;
			if (group->versions >= versions)
				return true;
			group->cells = foreach_delete_current(group->cells, member);
			return false;
		}
	}
	return false;
}

static NeededCells *
find_group(List **groups, int32 versions)
{
	NeededCells *group;
	ListCell *cell;

	foreach (cell, *groups)
	{
		group = lfirst(cell);
		if (group->versions == versions)
			return group;
	}
	group = palloc0(sizeof(NeededCells));
	group->versions = versions;
	*groups = lappend(*groups, group);
	return group;
}

static bool
has_family(const List *columns, bt_span family)
{
	ListCell *cell;

	foreach (cell, columns)
		if (bt_span_equal(((ColumnMapping *) lfirst(cell))->family, family))
			return true;
	return false;
}

/* Adds a family, or the whole row. */
static void
add_object(List **groups, const ColumnMapping *column)
{
	NeededCells *group = find_group(groups, 1);

	if (column->kind == COLUMN_ROW_JSON)
		group->everything = true;
	else if (!has_family(group->families, column->family))
		group->families = lappend(group->families, (void *) column);
}

/* Drops what is asked for with its family, or with everything. */
static void
drop_covered_cells(NeededCells *group)
{
	ListCell *cell;

	foreach (cell, group->cells)
		if (group->everything ||
			has_family(group->families, ((ColumnMapping *) lfirst(cell))->family))
			group->cells = foreach_delete_current(group->cells, cell);
	if (group->everything)
		group->families = NIL;
}

/* Adds a column of which some versions are needed. */
static void
add_needed_cell(List **groups, const ColumnMapping *column, int32 versions)
{
	NeededCells *group;

	if (has_cell(*groups, column, versions))
		return;
	group = find_group(groups, versions);
	group->cells = lappend(group->cells, (void *) column);
}

static const JsonKeys *
find_json_keys(const RowFilterSpec *spec, int attnum)
{
	ListCell *cell;

	foreach (cell, spec->json_keys)
		if (((JsonKeys *) lfirst(cell))->attnum == attnum)
			return lfirst(cell);
	return NULL;
}

/* Adds the cells of a family's keys, or all of an object. */
static void
add_object_or_keys(const RowFilterSpec *spec, List **groups, const ColumnMapping *column)
{
	const JsonKeys *json = find_json_keys(spec, column->attnum);
	ListCell *cell;

	if (json == NULL)
	{
		add_object(groups, column);
		return;
	}
	foreach (cell, json->keys)
	{
		const ColumnMapping *key = json_access_key(column, lfirst(cell));

		if (key != NULL)
			add_needed_cell(groups, key, 1);
	}
}

/* The columns of Bigtable that the attributes live in, each once, in groups. */
static List *
needed_cells(const RowFilterSpec *spec)
{
	List *groups = NIL;
	NeededCells *group;
	int attnum = -1;
	ListCell *cell;

	while ((attnum = bms_next_member(spec->attrs, attnum)) >= 0)
	{
		const ColumnMapping *column = mapping_column(spec->table, attnum);
		int32 versions = needed_versions(column);

		if (column_is_object(column))
			add_object_or_keys(spec, &groups, column);
		else if (column_is_cell(column))
			add_needed_cell(&groups, column, versions);
	}
	foreach (cell, groups)
	{
		group = lfirst(cell);
		drop_covered_cells(group);
		if (group->cells == NIL && group->families == NIL && !group->everything)
			groups = foreach_delete_current(groups, cell);
	}
	return groups;
}

/* One regular expression for the qualifiers of a family's columns. */
static bt_filter *
qualifier_alternatives(List *cells, const bt_arena *arena)
{
	size_t size = 0;
	uint8 *regex;
	uint8 *end;
	ListCell *cell;

	foreach (cell, cells)
		size += bt_regex_quoted_size(((ColumnMapping *) lfirst(cell))->qualifier) + 1;
	regex = end = arena->alloc(arena->arg, size);
	arena_check(regex != NULL);
	foreach (cell, cells)
	{
		if (end != regex)
			*end++ = '|';
		end = bt_regex_quote(end, ((ColumnMapping *) lfirst(cell))->qualifier);
	}
	return bt_filter_make_text(arena, BT_FILTER_QUALIFIER_REGEX,
							   bt_span_make(regex, end - regex));
}

static bt_filter *
family_filter(bt_span family, const bt_arena *arena)
{
	uint8 *regex = arena->alloc(arena->arg, bt_regex_quoted_size(family) + 1);
	uint8 *end;

	arena_check(regex != NULL);
	end = bt_regex_quote(regex, family);
	return bt_filter_make_text(arena, BT_FILTER_FAMILY_REGEX,
							   bt_span_make(regex, end - regex));
}

/*
 * Adds to an interleave what asks for the columns of one family.
 */
static void
add_family(bt_filter *list, List *cells, const bt_arena *arena)
{
	List *quotable = NIL;
	ListCell *cell;
	bt_filter *chain;

	foreach (cell, cells)
	{
		ColumnMapping *column = lfirst(cell);

		if (bt_regex_can_quote(column->qualifier) && column->qualifier.len > 0 &&
			list_length(cells) > 1)
			quotable = lappend(quotable, column);
		else
			bt_filter_add(
				arena, list,
				bt_filter_make_column(arena, column->family, column->qualifier));
	}
	if (quotable == NIL)
		return;
	chain = bt_filter_make(arena, BT_FILTER_CHAIN);
	bt_filter_add(arena, chain,
				  family_filter(((ColumnMapping *) linitial(quotable))->family, arena));
	bt_filter_add(arena, chain, qualifier_alternatives(quotable, arena));
	bt_filter_add(arena, list, chain);
}

static bt_filter *
columns_filter(const NeededCells *group, const bt_arena *arena)
{
	bt_filter *list = bt_filter_make(arena, BT_FILTER_INTERLEAVE);
	List *cells = group->cells;
	ListCell *wanted;

	arena_check(list != NULL);
	foreach (wanted, group->families)
		bt_filter_add(arena, list,
					  family_filter(((ColumnMapping *) lfirst(wanted))->family, arena));
	while (cells != NIL)
	{
		ColumnMapping *first = linitial(cells);
		List *family = NIL;
		List *others = NIL;
		ListCell *cell;

		foreach (cell, cells)
		{
			ColumnMapping *column = lfirst(cell);

			if (bt_span_equal(column->family, first->family))
				family = lappend(family, column);
			else
				others = lappend(others, column);
		}
		add_family(list, family, arena);
		cells = others;
	}
	return bt_filter_simplify(arena, list);
}

/* Adds what lets only the newest versions of each column pass. */
static void
add_version_limit(bt_filter *chain, int32 versions, const bt_arena *arena)
{
	if (versions < ALL_VERSIONS)
		arena_check(bt_filter_add(arena, chain,
								  bt_filter_make_limit(arena, BT_FILTER_COLUMN_LIMIT,
													   versions)) != NULL);
}

/*
 * The newest cells of whatever a filter yields, NULL if of everything; a chain
 * that can be added to.
 */
static bt_filter *
newest_of(bt_filter *columns, int32 versions, const bt_arena *arena)
{
	bt_filter *chain = bt_filter_make(arena, BT_FILTER_CHAIN);

	arena_check(chain != NULL);
	if (columns != NULL)
		arena_check(bt_filter_add(arena, chain, columns) != NULL);
	add_version_limit(chain, versions, arena);
	return chain;
}

/* One cell of each row, without its value. */
static bt_filter *
row_marker(bool labeled, const bt_arena *arena)
{
	bt_filter *chain = bt_filter_make(arena, BT_FILTER_CHAIN);

	bt_filter_add(arena, chain, bt_filter_make_limit(arena, BT_FILTER_ROW_LIMIT, 1));
	bt_filter_add(arena, chain, bt_filter_make(arena, BT_FILTER_STRIP_VALUE));
	if (labeled)
		bt_filter_add(
			arena, chain,
			bt_filter_make_text(arena, BT_FILTER_LABEL, bt_span_str(ROW_MARKER_LABEL)));
	arena_check(chain != NULL);
	return chain;
}

/* ---- tests ---- */

bt_filter *
row_filter_timestamps(const bt_row_set *set, const bt_arena *arena)
{
	bt_filter *filter = bt_filter_make(arena, BT_FILTER_TIMESTAMP_RANGE);
	int64 first;
	int64 last;
	int64 unused;

	Assert(set->nranges > 0);
	arena_check(filter != NULL);
	pushdown_number_bounds(&set->ranges[0], &first, &unused);
	pushdown_number_bounds(&set->ranges[set->nranges - 1], &unused, &last);

	/*
	 * The service takes whole milliseconds only, so the range may be larger by
	 * less than one on both sides.  Cells have no times before 1970, and 0 means
	 * "no limit" on both sides.
	 */
	first = Max(first, 0);
	last = Max(last, 0);
	filter->from_us = first - first % MS;
	filter->to_us = last > PG_INT64_MAX - MS ? 0 : last - last % MS + MS;
	return filter;
}

bt_filter *
row_filter_range(bt_filter_kind kind, const bt_range *range, const bt_arena *arena)
{
	bt_filter *filter = bt_filter_make(arena, kind);

	arena_check(filter != NULL);
	filter->has_from = range->from.key.len > 0;
	filter->from = range->from.key;
	filter->from_open = range->from.after;
	filter->has_to = !range->unbounded;
	filter->to = range->to.key;
	filter->to_open = !range->to.after;
	return filter;
}

/*
 * Adds the ranges of bytes that hold the numbers from first to last in a width:
 * in two's complement, the negative ones are behind the others.
 */
static void
add_numbers(bt_filter *list, int width, int64 first, int64 last, const bt_arena *arena)
{
	int64 largest = PG_INT64_MAX >> (64 - 8 * width);
	bt_range range;
	uint8 *bytes;

	first = Max(first, -largest - 1);
	last = Min(last, largest);
	if (first > last)
		return;
	if (first < 0 && last >= 0)
	{
		add_numbers(list, width, first, -1, arena);
		first = 0;
	}
	bytes = arena->alloc(arena->arg, 2 * width);
	arena_check(bytes != NULL);
	codec_put_number(bytes, first, width);
	codec_put_number(bytes + width, last, width);
	range = bt_range_from(bt_span_make(bytes, width), true);
	range.to.key = bt_span_make(bytes + width, width);
	range.to.after = true;
	range.unbounded = false;
	arena_check(bt_filter_add(arena, list,
							  row_filter_range(BT_FILTER_VALUE_RANGE, &range, arena)) !=
				NULL);
}

/* The numbers of a set in a width. */
static bt_filter *
numbers_of_width(const bt_row_set *set, int width, const bt_arena *arena)
{
	bt_filter *list = bt_filter_make(arena, BT_FILTER_INTERLEAVE);

	arena_check(list != NULL);
	for (size_t i = 0; i < set->nranges; i++)
	{
		int64 first;
		int64 last;

		pushdown_number_bounds(&set->ranges[i], &first, &last);
		add_numbers(list, width, first, last, arena);
	}
	return bt_filter_simplify(arena, list);
}

/*
 * Integers may have any width, and a range of short ones holds long ones that
 * begin alike: the length is tested, too.
 */
static bt_filter *
integers_of_any_width(const bt_row_set *set, const bt_arena *arena)
{
	static const char *const lengths[] = {"\\C{1}", "\\C{2}", "\\C{4}", "\\C{8}"};
	bt_filter *list = bt_filter_make(arena, BT_FILTER_INTERLEAVE);

	for (size_t i = 0; i < lengthof(lengths); i++)
	{
		bt_filter *numbers = numbers_of_width(set, 1 << i, arena);
		bt_filter *chain = bt_filter_make(arena, BT_FILTER_CHAIN);

		if (numbers->kind == BT_FILTER_BLOCK_ALL)
			continue;
		bt_filter_add(
			arena, chain,
			bt_filter_make_text(arena, BT_FILTER_VALUE_REGEX, bt_span_str(lengths[i])));
		bt_filter_add(arena, chain, numbers);
		arena_check(bt_filter_add(arena, list, chain) != NULL);
	}
	return bt_filter_simplify(arena, list);
}

/* Hexadecimal digits may be in either case; ranges of them are not pushed. */
static bt_filter *
hex_values(const bt_row_set *set, const bt_arena *arena)
{
	static const char ignore_case[] = "(?i)";
	size_t size = sizeof(ignore_case);
	uint8 *regex;
	uint8 *end;
	bt_span digits;

	for (size_t i = 0; i < set->nranges; i++)
		size += set->ranges[i].from.key.len + 1;
	regex = arena->alloc(arena->arg, size);
	arena_check(regex != NULL);
	end = (uint8 *) mempcpy(regex, ignore_case, sizeof(ignore_case) - 1);
	for (size_t i = 0; i < set->nranges; i++)
	{
		if (!bt_range_is_key(&set->ranges[i], &digits))
			return NULL;
		if (i > 0)
			*end++ = '|';
		memcpy(end, digits.data, digits.len);
		end += digits.len;
	}
	return bt_filter_make_text(arena, BT_FILTER_VALUE_REGEX,
							   bt_span_make(regex, end - regex));
}

/* What a cell must be like; NULL if it only has to be there. */
static bt_filter *
test_filter(const CellTest *test, const bt_arena *arena)
{
	const ColumnMapping *column = test->column;
	bt_filter *list;

	if (bt_row_set_is_all(&test->set))
		return NULL;
	if (column->kind == COLUMN_TIMESTAMP)
		return row_filter_timestamps(&test->set, arena);
	if (column->encoding == ENCODING_HEX)
		return hex_values(&test->set, arena);
	if (column->encoding == ENCODING_BINARY && codec_number_width(column->typid) > 0)
		return codec_has_any_width(column->typid)
				   ? integers_of_any_width(&test->set, arena)
				   : numbers_of_width(&test->set, codec_number_width(column->typid),
									  arena);
	list = bt_filter_make(arena, BT_FILTER_INTERLEAVE);
	for (size_t i = 0; i < test->set.nranges; i++)
		arena_check(bt_filter_add(arena, list,
								  row_filter_range(BT_FILTER_VALUE_RANGE,
												   &test->set.ranges[i], arena)) != NULL);
	return bt_filter_simplify(arena, list);
}

/* Yields the column's newest cell if it passes the test. */
static bt_filter *
tested_cell(const CellTest *test, const bt_arena *arena)
{
	bt_filter *chain = newest_of(
		bt_filter_make_column(arena, test->column->family, test->column->qualifier), 1,
		arena);
	bt_filter *filter = test_filter(test, arena);

	if (filter != NULL)
		arena_check(bt_filter_add(arena, chain, filter) != NULL);
	return chain;
}

/* ---- the whole filter ---- */

static bool
has_everything(const List *groups)
{
	ListCell *cell;

	foreach (cell, groups)
		if (((NeededCells *) lfirst(cell))->everything)
			return true;
	return false;
}

/* Adds what makes a row of which no cell is there. */
static bt_filter *
fetch_filter(const RowFilterSpec *spec, List *groups, bt_filter *branches,
			 const bt_arena *arena)
{
	if (spec->all_rows && !has_everything(groups))
		arena_check(bt_filter_add(arena, branches, row_marker(true, arena)) != NULL);
	return bt_filter_simplify(arena, branches);
}

/* What rows that pass the tests yield. */
static bt_filter *
groups_filter(const RowFilterSpec *spec, List *groups, const bt_arena *arena)
{
	bt_filter *branches = bt_filter_make(arena, BT_FILTER_INTERLEAVE);
	ListCell *cell;

	foreach (cell, groups)
	{
		const NeededCells *group = lfirst(cell);
		bt_filter *columns =
			newest_of(group->everything ? NULL : columns_filter(group, arena),
					  group->versions, arena);

		arena_check(bt_filter_add(arena, branches, bt_filter_simplify(arena, columns)) !=
					NULL);
	}
	return fetch_filter(spec, groups, branches, arena);
}

/* Is this test's cell all that is asked for? */
static bool
is_all_needed(const CellTest *test, const List *groups)
{
	const NeededCells *group = groups != NIL ? linitial(groups) : NULL;

	return list_length(groups) == 1 && group->versions == 1 && !group->everything &&
		   group->families == NIL && list_length(group->cells) == 1 &&
		   same_cell(test->column, linitial(group->cells));
}

static bt_filter *
build_tested(const RowFilterSpec *spec, List *groups, int ntests, const bt_arena *arena)
{
	bt_filter *filter;
	int used = 0;
	ListCell *cell;

	if (ntests == 1 && list_length(spec->tests) == 1 &&
		is_all_needed(linitial(spec->tests), groups))
		return tested_cell(linitial(spec->tests), arena);
	filter =
		groups == NIL ? row_marker(false, arena) : groups_filter(spec, groups, arena);
	foreach (cell, spec->tests)
	{
		const CellTest *test = lfirst(cell);

		if (used == ntests)
			break;
		if (test->set.nranges > MAX_TEST_RANGES)
			continue;
		filter = bt_filter_make_condition(arena, tested_cell(test, arena), filter, NULL);
		arena_check(filter != NULL);
		used++;
	}
	return filter;
}

/* The families of the groups, each once, as filters of an interleave. */
static bt_filter *
families_filter(List *groups, const bt_arena *arena)
{
	bt_filter *families = bt_filter_make(arena, BT_FILTER_INTERLEAVE);
	List *seen = NIL;
	ListCell *group;

	arena_check(families != NULL);
	foreach (group, groups)
	{
		const NeededCells *needed = lfirst(group);
		ListCell *cell;

		foreach (cell, list_concat_copy(needed->families, needed->cells))
		{
			const ColumnMapping *column = lfirst(cell);

			if (has_family(seen, column->family))
				continue;
			seen = lappend(seen, (void *) column);
			bt_filter_add(arena, families, family_filter(column->family, arena));
		}
	}
	return bt_filter_simplify(arena, families);
}

static int32
most_versions(List *groups)
{
	int32 versions = 1;
	ListCell *cell;

	foreach (cell, groups)
		versions = Max(versions, ((NeededCells *) lfirst(cell))->versions);
	return versions;
}

/* When the names alone are too much: all columns of the families. */
static bt_filter *
build_wide(const RowFilterSpec *spec, List *groups, const bt_arena *arena)
{
	bt_filter *branches = bt_filter_make(arena, BT_FILTER_INTERLEAVE);
	bt_filter *columns =
		newest_of(has_everything(groups) ? NULL : families_filter(groups, arena),
				  most_versions(groups), arena);

	arena_check(bt_filter_add(arena, branches, bt_filter_simplify(arena, columns)) !=
				NULL);
	return fetch_filter(spec, groups, branches, arena);
}

/* Everything. */
static bt_filter *
build_widest(List *groups, const bt_arena *arena)
{
	bt_filter *chain = bt_filter_make(arena, BT_FILTER_CHAIN);

	add_version_limit(chain, most_versions(groups), arena);
	return bt_filter_simplify(arena, chain);
}

/*
 * Puts in front what hides the cells that are later than a time.  They are in
 * whole milliseconds, so this is exact.
 */
bt_filter *
row_filter_as_of(const RowFilterSpec *spec, bt_filter *filter, const bt_arena *arena)
{
	bt_filter *chain;
	bt_filter *range;

	if (!spec->has_as_of)
		return filter;
	chain = bt_filter_make(arena, BT_FILTER_CHAIN);
	range = bt_filter_make(arena, BT_FILTER_TIMESTAMP_RANGE);
	arena_check(bt_filter_add(arena, chain, range) != NULL &&
				bt_filter_add(arena, chain, filter) != NULL);
	range->to_us = spec->as_of_us - spec->as_of_us % MS + MS;
	return chain;
}

bool
row_filter_is_acceptable(const bt_filter *filter)
{
	return bt_filter_size(filter) <= BT_FILTER_MAX_SIZE &&
		   bt_filter_depth(filter) <= BT_FILTER_MAX_DEPTH;
}

bt_filter *
row_filter_build(const RowFilterSpec *spec, const bt_arena *arena)
{
	List *groups = needed_cells(spec);
	bt_filter *filter;

	for (int ntests = Min(list_length(spec->tests), MAX_TESTS); ntests >= 0; ntests--)
	{
		filter = row_filter_as_of(spec, build_tested(spec, groups, ntests, arena), arena);
		if (row_filter_is_acceptable(filter))
			return filter;
	}
	filter = row_filter_as_of(spec, build_wide(spec, groups, arena), arena);
	if (row_filter_is_acceptable(filter))
		return filter;
	return row_filter_as_of(spec, build_widest(groups, arena), arena);
}
