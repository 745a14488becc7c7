/*-------------------------------------------------------------------------
 *
 * mock_filter.c
 *	  What a row filter does to a row of the replayed table.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_filter.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mock_util.h"

typedef Google__Bigtable__V2__RowFilter RowFilter;
typedef Google__Bigtable__V2__ColumnRange ColumnRange;

#define KIND(name) GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_##name

static void run(const RowFilter *filter, const struct outcomes *in, struct outcomes *out);

/* Add a cell. */
static void
put(struct outcomes *out, struct outcome cell)
{
	if (out->n % 64 == 0)
		out->cells = realloc(out->cells, (out->n + 64) * sizeof(out->cells[0]));
	out->cells[out->n++] = cell;
}

/* Add all cells of another list. */
static void
put_all(struct outcomes *out, const struct outcomes *in)
{
	for (size_t i = 0; i < in->n; i++)
		put(out, in->cells[i]);
}

/* The qualifier of a column, into a buffer of 16 bytes. */
static size_t
qualifier_name(int column, char *buffer)
{
	return (size_t) snprintf(buffer, 16, "c%d", column);
}

/* ---- regular expressions ---- */

/*
 * The first alternative of an alternation of escaped literals, unescaped;
 * *pattern moves behind its bar, or becomes NULL after the last one.  False
 * when the pattern holds anything but literals.
 */
static bool
next_literal(const char **pattern, const char *end, struct bytes *literal)
{
	const char *p = *pattern;

	literal->len = 0;
	for (; p < end && *p != '|'; p++)
	{
		if (strchr(".*+?()[]{}^$", *p))
			return false;
		if (*p != '\\')
			bytes_append(literal, p, 1);
		else if (end - p >= 4 && p[1] == 'x' && hex_decode(p + 2, 2, literal))
			p += 3;
		else if (end - p >= 2 && !strchr("0123456789", p[1]) &&
				 !((p[1] | 32) >= 'a' && (p[1] | 32) <= 'z'))
			bytes_append(literal, ++p, 1);
		else
			return false;
	}
	*pattern = p < end ? p + 1 : NULL;
	return true;
}

/* Whether a POSIX reading of the pattern matches the whole text. */
static bool
posix_match(const char *pattern, size_t len, const char *text)
{
	struct bytes whole = {0};
	regex_t regex;
	bool matches = false;

	bytes_text(&whole, "^(");
	bytes_append(&whole, pattern, len);
	bytes_append(&whole, ")$", 3);
	if (regcomp(&regex, (const char *) whole.data, REG_EXTENDED | REG_NOSUB) == 0)
	{
		matches = regexec(&regex, text, 0, NULL, 0) == 0;
		regfree(&regex);
	}
	bytes_free(&whole);
	return matches;
}

/* Whether the pattern matches the whole text. */
static bool
matches(const char *pattern, size_t len, const char *text)
{
	struct bytes literal = {0};
	const char *p = pattern;
	bool found = false;
	bool literals = true;

	if (len == 3 && memcmp(pattern, "\\C*", 3) == 0)
		return true;
	while (literals && !found && p)
	{
		literals = next_literal(&p, pattern + len, &literal);
		found = literals && literal.len == strlen(text) &&
				memcmp(literal.data, text, literal.len) == 0;
	}
	bytes_free(&literal);
	return literals ? found : posix_match(pattern, len, text);
}

/* ---- single filters ---- */

/* Compare a qualifier with a bound. */
static int
compare(const char *qualifier, size_t len, ProtobufCBinaryData bound)
{
	int order = memcmp(qualifier, bound.data, len < bound.len ? len : bound.len);

	if (order == 0 && len != bound.len)
		order = len < bound.len ? -1 : 1;
	return order;
}

/* Whether a column lies in a range. */
static bool
in_column_range(const ColumnRange *range, int column)
{
	char name[16];
	size_t len = qualifier_name(column, name);

	if (strcmp(range->family_name, REPLAY_FAMILY) != 0)
		return false;
	switch ((int) range->start_qualifier_case)
	{
		case GOOGLE__BIGTABLE__V2__COLUMN_RANGE__START_QUALIFIER_START_QUALIFIER_CLOSED:
			if (compare(name, len, range->start_qualifier_closed) < 0)
				return false;
			break;
		case GOOGLE__BIGTABLE__V2__COLUMN_RANGE__START_QUALIFIER_START_QUALIFIER_OPEN:
			if (compare(name, len, range->start_qualifier_open) <= 0)
				return false;
			break;
	}
	switch ((int) range->end_qualifier_case)
	{
		case GOOGLE__BIGTABLE__V2__COLUMN_RANGE__END_QUALIFIER_END_QUALIFIER_CLOSED:
			return compare(name, len, range->end_qualifier_closed) <= 0;
		case GOOGLE__BIGTABLE__V2__COLUMN_RANGE__END_QUALIFIER_END_QUALIFIER_OPEN:
			return compare(name, len, range->end_qualifier_open) < 0;
	}
	return true;
}

/* How many cells of this column went out already. */
static int
count_column(const struct outcomes *out, int column)
{
	int count = 0;

	for (size_t i = 0; i < out->n; i++)
		count += out->cells[i].column == column;
	return count;
}

/* Whether one cell passes a filter that judges cells one by one. */
static bool
passes(const RowFilter *filter, struct outcome cell, const struct outcomes *out)
{
	char name[16];

	switch ((int) filter->filter_case)
	{
		case KIND(FAMILY_NAME_REGEX_FILTER):
			return matches(filter->family_name_regex_filter,
						   strlen(filter->family_name_regex_filter), REPLAY_FAMILY);
		case KIND(COLUMN_QUALIFIER_REGEX_FILTER):
			qualifier_name(cell.column, name);
			return matches((const char *) filter->column_qualifier_regex_filter.data,
						   filter->column_qualifier_regex_filter.len, name);
		case KIND(COLUMN_RANGE_FILTER):
			return in_column_range(filter->column_range_filter, cell.column);
		case KIND(CELLS_PER_ROW_LIMIT_FILTER):
			return (int64_t) out->n < filter->cells_per_row_limit_filter;
		case KIND(CELLS_PER_COLUMN_LIMIT_FILTER):
			return count_column(out, cell.column) < filter->cells_per_column_limit_filter;
		case KIND(BLOCK_ALL_FILTER):
			return false;
	}
	return true;
}

/* The cells that pass a single filter, changed if it is a transformer. */
static void
run_single(const RowFilter *filter, const struct outcomes *in, struct outcomes *out)
{
	for (size_t i = 0; i < in->n; i++)
	{
		struct outcome cell = in->cells[i];

		if (!passes(filter, cell, out))
			continue;
		if (filter->filter_case == KIND(STRIP_VALUE_TRANSFORMER))
			cell.stripped = true;
		if (filter->filter_case == KIND(APPLY_LABEL_TRANSFORMER))
			cell.label = filter->apply_label_transformer;
		put(out, cell);
	}
}

/* ---- compositions ---- */

/* Each filter works on the output of the one before. */
static void
run_chain(const Google__Bigtable__V2__RowFilter__Chain *chain, const struct outcomes *in,
		  struct outcomes *out)
{
	struct outcomes now = {0};

	put_all(&now, in);
	for (size_t i = 0; i < chain->n_filters; i++)
	{
		struct outcomes after = {0};

		run(chain->filters[i], &now, &after);
		free(now.cells);
		now = after;
	}
	put_all(out, &now);
	free(now.cells);
}

/* The outputs of all filters, merged by column. */
static void
run_interleave(const Google__Bigtable__V2__RowFilter__Interleave *interleave,
			   const struct outcomes *in, struct outcomes *out)
{
	struct outcomes all = {0};
	int last = -1;

	for (size_t i = 0; i < interleave->n_filters; i++)
		run(interleave->filters[i], in, &all);
	for (size_t i = 0; i < all.n; i++)
		if (all.cells[i].column > last)
			last = all.cells[i].column;
	for (int column = 0; column <= last; column++)
		for (size_t i = 0; i < all.n; i++)
			if (all.cells[i].column == column)
				put(out, all.cells[i]);
	free(all.cells);
}

/* One filter or the other, by whether the predicate lets anything out. */
static void
run_condition(const Google__Bigtable__V2__RowFilter__Condition *condition,
			  const struct outcomes *in, struct outcomes *out)
{
	struct outcomes judged = {0};
	const RowFilter *chosen;

	if (condition->predicate_filter)
		run(condition->predicate_filter, in, &judged);
	chosen = judged.n ? condition->true_filter : condition->false_filter;
	if (chosen)
		run(chosen, in, out);
	free(judged.cells);
}

/* Add to out what the filter lets through. */
static void
run(const RowFilter *filter, const struct outcomes *in, struct outcomes *out)
{
	struct outcomes mine = {0};

	switch ((int) filter->filter_case)
	{
		case KIND(CHAIN):
			run_chain(filter->chain, in, &mine);
			break;
		case KIND(INTERLEAVE):
			run_interleave(filter->interleave, in, &mine);
			break;
		case KIND(CONDITION):
			run_condition(filter->condition, in, &mine);
			break;
		default:
			run_single(filter, in, &mine);
			break;
	}
	put_all(out, &mine);
	free(mine.cells);
}

/* Run a filter over the columns. */
void
filter_outcomes(const RowFilter *filter, int columns, struct outcomes *out)
{
	struct outcomes row = {0};

	for (int column = 0; column < columns; column++)
		put(&row, (struct outcome){.column = column});
	if (filter)
		run(filter, &row, out);
	else
		put_all(out, &row);
	free(row.cells);
}
