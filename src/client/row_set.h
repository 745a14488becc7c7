/*-------------------------------------------------------------------------
 *
 * row_set.h
 *	  Sets of row keys, as sorted disjoint ranges.
 *
 * Pure: no I/O, no state, no memory but the arena's.  The bytes of the keys
 * stay where the caller has them and must outlive the set.
 *
 * A bound is a position between keys: just before a key, or just after it.
 * Since nothing lies between a key k and its successor k\0, "just after k"
 * and "just before k\0" are the same position, and the comparison of bounds
 * treats them so.  With positions, open and closed ends, single keys and
 * prefixes are all the same thing: a pair (from, to) with from < to.
 *
 * No row has the empty key.  bt_range_all() begins just after it, so what is
 * intersected with it never asks for the empty key.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_ROW_SET_H
#define BT_ROW_SET_H

#include "span.h"

typedef struct bt_bound
{
	bt_span key;
	bool after; /* just after the key, else just before it */
} bt_bound;

/* All keys from "from" to "to".  An unbounded range has no "to". */
typedef struct bt_range
{
	bt_bound from; /* at the empty key: no lower limit */
	bt_bound to;
	bool unbounded; /* no upper limit; "to" means nothing */
} bt_range;

/*
 * A set of keys.  Sorted, disjoint and without empty ranges after
 * bt_row_set_normalize(), which every function that returns a set has done.
 */
typedef struct bt_row_set
{
	bt_range *ranges;
	size_t nranges;
	size_t capacity;
	const bt_arena *arena;
} bt_row_set;

/* ---- ranges ---- */

extern bt_range bt_range_all(void);
extern bt_range bt_range_key(bt_span key);

/* Keys above (or, if inclusive, from) a key; below (or up to) a key. */
extern bt_range bt_range_from(bt_span key, bool inclusive);
extern bt_range bt_range_to(bt_span key, bool inclusive);

/*
 * Keys that begin with a prefix.  The end is the prefix with its last byte
 * below 0xff incremented and the rest dropped, for which memory is taken
 * from the arena.  Returns false when there is none left.
 */
extern bool bt_range_prefix(const bt_arena *arena, bt_span prefix, bt_range *range);

extern int bt_bound_compare(bt_bound a, bt_bound b);
extern bool bt_range_is_empty(const bt_range *range);

/* If the range holds exactly one key, stores it. */
extern bool bt_range_is_key(const bt_range *range, bt_span *key);
extern bool bt_range_contains(const bt_range *range, bt_span key);

/* ---- sets; functions that return bool return false when memory runs out ---- */

/* An empty set.  The arena must live as long as the set. */
extern void bt_row_set_init(bt_row_set *set, const bt_arena *arena);

/* Appends a range; call bt_row_set_normalize() after the last one. */
extern bool bt_row_set_add(bt_row_set *set, bt_range range);

/* Sorts, drops empty ranges, merges ranges that overlap or touch. */
extern void bt_row_set_normalize(bt_row_set *set);

/*
 * Leaves out keys that are longer than so many bytes, and shortens bounds to
 * that.  In place; the set stays normalized.
 */
extern void bt_row_set_clip(bt_row_set *set, size_t longest);

/* *result may not be one of the operands.  All are normalized. */
extern bool
bt_row_set_intersect(const bt_row_set *a, const bt_row_set *b, bt_row_set *result);
extern bool
bt_row_set_unite(const bt_row_set *a, const bt_row_set *b, bt_row_set *result);
extern bool bt_row_set_complement(const bt_row_set *set, bt_row_set *result);

extern bool bt_row_set_is_all(const bt_row_set *set);

/* Are all its ranges single keys? */
extern bool bt_row_set_is_keys(const bt_row_set *set);
extern bool bt_row_set_contains(const bt_row_set *set, bt_span key);

/*
 * Drops what a scan has covered, up to and including a key; in a reversed
 * scan, down to and including it.  In place; the set stays normalized.
 * The key's bytes become part of the set.
 */
extern void bt_row_set_resume(bt_row_set *set, bt_span key, bool reversed);

/* Bytes that the range adds to a ReadRowsRequest, at most. */
extern size_t bt_range_wire_size(const bt_range *range);

#endif /* BT_ROW_SET_H */
