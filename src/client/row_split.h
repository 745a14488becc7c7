/*-------------------------------------------------------------------------
 *
 * row_split.h
 *	  Cuts a row set into parts that are read at once.
 *
 * Pure, as row_set.h is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_ROW_SPLIT_H
#define BT_ROW_SPLIT_H

#include "row_set.h"

/*
 * Key lookups that are worth a request of their own, and those that a request
 * should have at most: the service looks up the keys of a request one after
 * another, and about 1,000 of them are its sweet spot.  Nothing is known of
 * the rows of a range; it counts as much as the former.
 */
#define BT_SPLIT_MIN_KEYS 100
#define BT_SPLIT_MAX_KEYS 1000

/*
 * In how many parts to read a normalized set, max_streams of them at once: 1
 * if it is not worth the requests.  With a limit to the number of rows (0:
 * none) that a few of the keys may satisfy, it is not.
 */
extern size_t
bt_row_split_count(const bt_row_set *rows, size_t max_streams, int64_t rows_limit);

/*
 * Cuts a normalized set into n parts or fewer, none of them empty and of about
 * the same size, in the order of the keys.  They share the set's own array.
 * Returns their number.
 */
extern size_t bt_row_split(const bt_row_set *rows, size_t n, bt_row_set *parts);

/*
 * Cuts a normalized set at keys, in ascending order: each of them is the first
 * one of a part.  Empty parts are left out; there are up to ncuts + 1.  Takes
 * memory from the set's arena; returns false when there is none left.
 */
extern bool bt_row_split_at(const bt_row_set *rows, const bt_span *cuts, size_t ncuts,
							bt_row_set *parts, size_t *nparts);

#endif /* BT_ROW_SPLIT_H */
