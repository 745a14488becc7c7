/*-------------------------------------------------------------------------
 *
 * mock_filter.h
 *	  What a row filter does to a row of the replayed table.
 *
 * All rows have the same columns, so a filter is run once, on the columns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MOCK_FILTER_H
#define MOCK_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "bigtable.pb-c.h"

/* The one family of the replayed table; its columns are c0, c1, ... */
#define REPLAY_FAMILY "cf"

/* A cell that comes out; the label belongs to the filter, or is NULL. */
struct outcome
{
	int column;
	bool stripped;
	const char *label;
};

struct outcomes
{
	struct outcome *cells; /* malloc'd */
	size_t n;
};

/*
 * The cells of each row that pass the filter (NULL: all), in the order in
 * which they are sent.  See README.md for what is not judged.
 */
extern void filter_outcomes(const Google__Bigtable__V2__RowFilter *filter, int columns,
							struct outcomes *out);

#endif
