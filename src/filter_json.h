/*-------------------------------------------------------------------------
 *
 * filter_json.h
 *	  jsonb -> row filters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_FILTER_JSON_H
#define BIGTABLE_FDW_FILTER_JSON_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "client/filter.h"

/*
 * Reads a filter that is spelled as the fields of RowFilter, such as
 * {"chain": [{"family_name_regex_filter": "cf"}, {"cells_per_column_limit_filter": 1}]}.
 * Bytes are text, or {"$bin": "base64"}.  Raises an error that says where what
 * is wrong.  The result is in the current memory context.
 */
extern bt_filter *filter_from_json(Jsonb *json);

#endif /* BIGTABLE_FDW_FILTER_JSON_H */
