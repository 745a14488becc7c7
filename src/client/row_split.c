/*-------------------------------------------------------------------------
 *
 * row_split.c
 *	  Cuts a row set into parts that are read at once.
 *
 *-------------------------------------------------------------------------
 */
#include "row_split.h"

/* What reading a range costs, as a number of key lookups. */
static size_t
weight_of(const bt_range *range)
{
	bt_span key;

	return bt_range_is_key(range, &key) ? 1 : BT_SPLIT_MIN_KEYS;
}

static size_t
weight_of_set(const bt_row_set *rows)
{
	size_t weight = 0;

	for (size_t i = 0; i < rows->nranges; i++)
		weight += weight_of(&rows->ranges[i]);
	return weight;
}

size_t
bt_row_split_count(const bt_row_set *rows, size_t max_streams, int64_t rows_limit)
{
	size_t weight;
	size_t n;

	if (max_streams < 2 || rows->nranges < 2)
		return 1;
	weight = weight_of_set(rows);
	if (rows_limit > 0 && (rows_limit < 2 * BT_SPLIT_MIN_KEYS || weight > rows->nranges))
		return 1;
	n = weight / BT_SPLIT_MIN_KEYS;
	if (n <= max_streams)
		return n > 1 ? n : 1;

	/* As many parts for each stream, so that they end at about the same time. */
	n = (weight + BT_SPLIT_MAX_KEYS - 1) / BT_SPLIT_MAX_KEYS;
	return (n + max_streams - 1) / max_streams * max_streams;
}

size_t
bt_row_split(const bt_row_set *rows, size_t n, bt_row_set *parts)
{
	size_t total = weight_of_set(rows);
	size_t weight = 0;
	size_t nparts = 0;
	size_t first = 0;

	for (size_t i = 0; i < rows->nranges; i++)
	{
		bt_row_set *part;

		/* The part ends where its share of the whole weight is reached. */
		weight += weight_of(&rows->ranges[i]);
		if (i + 1 < rows->nranges && weight * n < (nparts + 1) * total)
			continue;
		part = &parts[nparts++];
		*part = *rows;
		part->ranges += first;
		part->nranges = part->capacity = i + 1 - first;
		first = i + 1;
	}
	return nparts;
}

bool
bt_row_split_at(const bt_row_set *rows, const bt_span *cuts, size_t ncuts,
				bt_row_set *parts, size_t *nparts)
{
	*nparts = 0;
	for (size_t i = 0; i <= ncuts; i++)
	{
		bt_range range = bt_range_all();
		bt_row_set between = {&range, 1, 1, rows->arena};
		bt_row_set *part = &parts[*nparts];

		if (i > 0)
			range.from = bt_range_from(cuts[i - 1], true).from;
		if (i < ncuts)
		{
			range.to = bt_range_to(cuts[i], false).to;
			range.unbounded = false;
		}
		if (bt_range_is_empty(&range))
			continue;
		if (!bt_row_set_intersect(rows, &between, part))
			return false;
		if (part->nranges > 0)
			(*nparts)++;
	}
	return true;
}
