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
 * A column is asked for by a range of qualifiers that holds just it, or, with
 * others of its family, by a regular expression of quoted alternatives.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "arena.h"
#include "codec.h"
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
is_cell(const ColumnMapping *column)
{
	return column->kind == COLUMN_VALUE || column->kind == COLUMN_TIMESTAMP;
}

static bool
same_cell(const ColumnMapping *a, const ColumnMapping *b)
{
	return bt_span_equal(a->family, b->family) &&
		   bt_span_equal(a->qualifier, b->qualifier);
}

/* The columns of Bigtable that the attributes live in, each once. */
static List *
needed_cells(const RowFilterSpec *spec)
{
	List *cells = NIL;
	int attnum = -1;

	while ((attnum = bms_next_member(spec->attrs, attnum)) >= 0)
	{
		const ColumnMapping *column = mapping_column(spec->table, attnum);
		bool known = false;
		ListCell *cell;

		foreach (cell, cells)
			known = known || same_cell(lfirst(cell), column);
		if (is_cell(column) && !known)
			cells = lappend(cells, (void *) column);
	}
	return cells;
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
columns_filter(List *cells, const bt_arena *arena)
{
	bt_filter *list = bt_filter_make(arena, BT_FILTER_INTERLEAVE);

	arena_check(list != NULL);
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

/* The newest cell of whatever a filter yields; a chain that can be added to. */
static bt_filter *
newest_of(bt_filter *columns, const bt_arena *arena)
{
	bt_filter *chain = bt_filter_make(arena, BT_FILTER_CHAIN);

	arena_check(bt_filter_add(arena, chain, columns) != NULL &&
				bt_filter_add(arena, chain,
							  bt_filter_make_limit(arena, BT_FILTER_COLUMN_LIMIT, 1)) !=
					NULL);
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

static bt_filter *
timestamp_range(const bt_row_set *set, const bt_arena *arena)
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

static bt_filter *
value_range(const bt_range *range, const bt_arena *arena)
{
	bt_filter *filter = bt_filter_make(arena, BT_FILTER_VALUE_RANGE);

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
	arena_check(bt_filter_add(arena, list, value_range(&range, arena)) != NULL);
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
		return timestamp_range(&test->set, arena);
	if (column->encoding == ENCODING_HEX)
		return hex_values(&test->set, arena);
	if (column->encoding == ENCODING_BINARY && codec_number_width(column->typid) > 0)
		return codec_has_any_width(column->typid)
				   ? integers_of_any_width(&test->set, arena)
				   : numbers_of_width(&test->set, codec_number_width(column->typid),
									  arena);
	list = bt_filter_make(arena, BT_FILTER_INTERLEAVE);
	for (size_t i = 0; i < test->set.nranges; i++)
		arena_check(
			bt_filter_add(arena, list, value_range(&test->set.ranges[i], arena)) != NULL);
	return bt_filter_simplify(arena, list);
}

/* Yields the column's newest cell if it passes the test. */
static bt_filter *
tested_cell(const CellTest *test, const bt_arena *arena)
{
	bt_filter *chain = newest_of(
		bt_filter_make_column(arena, test->column->family, test->column->qualifier),
		arena);
	bt_filter *filter = test_filter(test, arena);

	if (filter != NULL)
		arena_check(bt_filter_add(arena, chain, filter) != NULL);
	return chain;
}

/* ---- the whole filter ---- */

/* What rows that pass the tests yield. */
static bt_filter *
fetch_filter(const RowFilterSpec *spec, bt_filter *columns, const bt_arena *arena)
{
	bt_filter *both;

	if (!spec->all_rows)
		return newest_of(columns, arena);
	both = bt_filter_make(arena, BT_FILTER_INTERLEAVE);
	arena_check(bt_filter_add(arena, both, newest_of(columns, arena)) != NULL &&
				bt_filter_add(arena, both, row_marker(true, arena)) != NULL);
	return both;
}

static bt_filter *
build_tested(const RowFilterSpec *spec, List *cells, int ntests, const bt_arena *arena)
{
	bt_filter *filter;
	int used = 0;
	ListCell *cell;

	/* The cell that is tested may be all that is asked for. */
	if (ntests == 1 && list_length(spec->tests) == 1 && list_length(cells) == 1)
	{
		const CellTest *test = linitial(spec->tests);

		if (same_cell(test->column, linitial(cells)))
			return tested_cell(test, arena);
	}
	filter = cells == NIL ? row_marker(false, arena)
						  : fetch_filter(spec, columns_filter(cells, arena), arena);
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

/* When the names alone are too much: all columns of the families. */
static bt_filter *
build_wide(const RowFilterSpec *spec, List *cells, const bt_arena *arena)
{
	bt_filter *families = bt_filter_make(arena, BT_FILTER_INTERLEAVE);
	List *seen = NIL;
	ListCell *cell;

	arena_check(families != NULL);
	foreach (cell, cells)
	{
		const ColumnMapping *column = lfirst(cell);
		bool known = false;
		ListCell *other;

		foreach (other, seen)
			known = known || bt_span_equal(((ColumnMapping *) lfirst(other))->family,
										   column->family);
		if (known)
			continue;
		seen = lappend(seen, (void *) column);
		arena_check(
			bt_filter_add(arena, families, family_filter(column->family, arena)) != NULL);
	}
	return fetch_filter(spec, bt_filter_simplify(arena, families), arena);
}

static bool
is_acceptable(const bt_filter *filter)
{
	return bt_filter_size(filter) <= BT_FILTER_MAX_SIZE &&
		   bt_filter_depth(filter) <= BT_FILTER_MAX_DEPTH;
}

bt_filter *
row_filter_build(const RowFilterSpec *spec, const bt_arena *arena)
{
	List *cells = needed_cells(spec);
	bt_filter *filter;

	for (int ntests = Min(list_length(spec->tests), MAX_TESTS); ntests >= 0; ntests--)
	{
		filter = build_tested(spec, cells, ntests, arena);
		if (is_acceptable(filter))
			return filter;
	}
	filter = build_wide(spec, cells, arena);
	if (is_acceptable(filter))
		return filter;
	return bt_filter_make_limit(arena, BT_FILTER_COLUMN_LIMIT, 1);
}
