/*-------------------------------------------------------------------------
 *
 * row_set.c
 *	  Sets of row keys, as sorted disjoint ranges.
 *
 * See row_set.h for the idea.  Depends on nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "row_set.h"

#include <stdlib.h>

/* No row has the empty key, so the position just after it is the lowest. */
static const bt_bound lowest = {{NULL, 0}, true};

bt_range
bt_range_all(void)
{
	bt_range range = {lowest, lowest, true};

	return range;
}

bt_range
bt_range_key(bt_span key)
{
	bt_range range = {{key, false}, {key, true}, false};

	return range;
}

bt_range
bt_range_from(bt_span key, bool inclusive)
{
	bt_range range = {{key, !inclusive}, lowest, true};

	return range;
}

bt_range
bt_range_to(bt_span key, bool inclusive)
{
	bt_range range = {lowest, {key, inclusive}, false};

	return range;
}

bool
bt_range_prefix(const bt_arena *arena, bt_span prefix, bt_range *range)
{
	size_t len = prefix.len;
	uint8_t *end;

	while (len > 0 && prefix.data[len - 1] == 0xff)
		len--;

	*range = bt_range_from(prefix, true);
	if (len == 0)
		return true; /* nothing sorts after all of them */

	end = arena->alloc(arena->arg, len);
	if (end == NULL)
		return false;
	memcpy(end, prefix.data, len);
	end[len - 1]++;
	range->to.key = bt_span_make(end, len);
	range->to.after = false;
	range->unbounded = false;
	return true;
}

/*
 * Compares two positions, as if "after k" were "before k\0".
 */
int
bt_bound_compare(bt_bound a, bt_bound b)
{
	size_t common = a.key.len < b.key.len ? a.key.len : b.key.len;
	int cmp = common == 0 ? 0 : memcmp(a.key.data, b.key.data, common);

	if (cmp != 0)
		return cmp;
	if (a.key.len == b.key.len)
		return (int) a.after - (int) b.after;
	if (a.key.len > b.key.len)
		return -bt_bound_compare(b, a);

	/* Here a's key is a proper prefix of b's. */
	if (!a.after || b.key.data[common] != 0)
		return -1;
	return b.key.len == common + 1 && !b.after ? 0 : -1;
}

bool
bt_range_is_empty(const bt_range *range)
{
	return !range->unbounded && bt_bound_compare(range->from, range->to) >= 0;
}

bool
bt_range_is_key(const bt_range *range, bt_span *key)
{
	bt_bound only = {range->to.key, false};

	/* The only key, if there is one, is the one just before the end. */
	if (range->unbounded)
		return false;
	if (!range->to.after)
	{
		if (only.key.len == 0 || only.key.data[only.key.len - 1] != 0)
			return false;
		only.key.len--;
	}
	if (bt_bound_compare(range->from, only) != 0)
		return false;
	*key = only.key;
	return true;
}

bool
bt_range_contains(const bt_range *range, bt_span key)
{
	bt_bound position = {key, false};

	return bt_bound_compare(range->from, position) <= 0 &&
		   (range->unbounded || bt_bound_compare(position, range->to) < 0);
}

void
bt_row_set_init(bt_row_set *set, const bt_arena *arena)
{
	memset(set, 0, sizeof(*set));
	set->arena = arena;
}

bool
bt_row_set_add(bt_row_set *set, bt_range range)
{
	if (set->nranges == set->capacity)
	{
		size_t capacity = set->capacity == 0 ? 4 : set->capacity * 2;
		bt_range *ranges;

		if (capacity > SIZE_MAX / sizeof(bt_range))
			return false;
		ranges = set->arena->alloc(set->arena->arg, capacity * sizeof(bt_range));
		if (ranges == NULL)
			return false;
		if (set->nranges > 0)
			memcpy(ranges, set->ranges, set->nranges * sizeof(bt_range));
		set->ranges = ranges;
		set->capacity = capacity;
	}
	set->ranges[set->nranges++] = range;
	return true;
}

static int
compare_from(const void *a, const void *b)
{
	return bt_bound_compare(((const bt_range *) a)->from, ((const bt_range *) b)->from);
}

/* Does the range end before the other one's end? */
static bool
ends_before(const bt_range *a, const bt_range *b)
{
	if (a->unbounded)
		return false;
	return b->unbounded || bt_bound_compare(a->to, b->to) < 0;
}

void
bt_row_set_normalize(bt_row_set *set)
{
	size_t kept = 0;

	if (set->nranges > 1)
		qsort(set->ranges, set->nranges, sizeof(bt_range), compare_from);

	for (size_t i = 0; i < set->nranges; i++)
	{
		bt_range *range = &set->ranges[i];
		bt_range *last = kept > 0 ? &set->ranges[kept - 1] : NULL;

		if (bt_range_is_empty(range))
			continue;
		if (last == NULL ||
			(!last->unbounded && bt_bound_compare(last->to, range->from) < 0))
			set->ranges[kept++] = *range;
		else if (ends_before(last, range))
		{
			last->to = range->to;
			last->unbounded = range->unbounded;
		}
	}
	set->nranges = kept;
}

/*
 * Of keys that are not longer than the limit, those after a longer key are the
 * ones after its first bytes, since none lies between the two.
 */
static bool
clip_bound(bt_bound *bound, size_t longest)
{
	if (bound->key.len <= longest)
		return false;
	bound->key.len = longest;
	bound->after = true;
	return true;
}

void
bt_row_set_clip(bt_row_set *set, size_t longest)
{
	bool clipped = false;

	for (size_t i = 0; i < set->nranges; i++)
	{
		bt_range *range = &set->ranges[i];

		clipped |= clip_bound(&range->from, longest);
		if (!range->unbounded)
			clipped |= clip_bound(&range->to, longest);
	}
	if (clipped)
		bt_row_set_normalize(set);
}

bool
bt_row_set_intersect(const bt_row_set *a, const bt_row_set *b, bt_row_set *result)
{
	size_t i = 0;
	size_t j = 0;

	bt_row_set_init(result, a->arena);
	while (i < a->nranges && j < b->nranges)
	{
		const bt_range *x = &a->ranges[i];
		const bt_range *y = &b->ranges[j];
		const bt_range *first = ends_before(x, y) ? x : y;
		bt_range both = *first;

		both.from = bt_bound_compare(x->from, y->from) > 0 ? x->from : y->from;
		if (!bt_range_is_empty(&both) && !bt_row_set_add(result, both))
			return false;
		if (first == x)
			i++;
		else
			j++;
	}
	return true;
}

bool
bt_row_set_unite(const bt_row_set *a, const bt_row_set *b, bt_row_set *result)
{
	bt_row_set_init(result, a->arena);
	for (size_t i = 0; i < a->nranges; i++)
		if (!bt_row_set_add(result, a->ranges[i]))
			return false;
	for (size_t i = 0; i < b->nranges; i++)
		if (!bt_row_set_add(result, b->ranges[i]))
			return false;
	bt_row_set_normalize(result);
	return true;
}

bool
bt_row_set_complement(const bt_row_set *set, bt_row_set *result)
{
	bt_range gap = bt_range_all();

	bt_row_set_init(result, set->arena);
	for (size_t i = 0; i < set->nranges; i++)
	{
		gap.to = set->ranges[i].from;
		gap.unbounded = false;
		if (!bt_range_is_empty(&gap) && !bt_row_set_add(result, gap))
			return false;
		if (set->ranges[i].unbounded)
			return true;
		gap.from = set->ranges[i].to;
	}
	gap.unbounded = true;
	return bt_row_set_add(result, gap);
}

bool
bt_row_set_is_all(const bt_row_set *set)
{
	return set->nranges == 1 && set->ranges[0].unbounded &&
		   bt_bound_compare(set->ranges[0].from, lowest) <= 0;
}

bool
bt_row_set_contains(const bt_row_set *set, bt_span key)
{
	size_t low = 0;
	size_t high = set->nranges;

	/* Find the last range that begins at or before the key. */
	while (low < high)
	{
		size_t middle = low + (high - low) / 2;
		bt_bound position = {key, false};

		if (bt_bound_compare(set->ranges[middle].from, position) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && bt_range_contains(&set->ranges[low - 1], key);
}

void
bt_row_set_resume(bt_row_set *set, bt_span key, bool reversed)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->nranges; i++)
	{
		bt_range range = set->ranges[i];
		bt_range rest = reversed ? bt_range_to(key, false) : bt_range_from(key, false);

		if (bt_bound_compare(rest.from, range.from) > 0)
			range.from = rest.from;
		if (ends_before(&rest, &range))
		{
			range.to = rest.to;
			range.unbounded = false;
		}
		if (!bt_range_is_empty(&range))
			set->ranges[kept++] = range;
	}
	set->nranges = kept;
}

size_t
bt_range_wire_size(const bt_range *range)
{
	/* A tag and a length of up to 4 bytes for the range and for each bound. */
	return 15 + range->from.key.len + (range->unbounded ? 0 : range->to.key.len);
}

bool
bt_row_set_is_keys(const bt_row_set *set)
{
	bt_span key;

	for (size_t i = 0; i < set->nranges; i++)
		if (!bt_range_is_key(&set->ranges[i], &key))
			return false;
	return true;
}
