/*-------------------------------------------------------------------------
 *
 * mock_log.c
 *	  The log of calls, by which tests see what a client asked for.
 *
 * A line is one write to a file opened for appending: a test may truncate the
 * file between cases, and never reads half a line.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mock_auth.h"

typedef Google__Bigtable__V2__RowFilter RowFilter;

#define KIND(name) GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_##name

/* What is percent-encoded in keys and patterns beside blanks and non-ASCII. */
#define RESERVED "%,;()[]"

static int log_fd = -1;
static int applied_fd = -1;

/* Open the log. */
bool
log_open(const char *path)
{
	log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return log_fd >= 0;
}

bool
applied_open(const char *path)
{
	applied_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return applied_fd >= 0;
}

bool
log_is_open(void)
{
	return log_fd >= 0 || applied_fd >= 0;
}

/* Write one line in one piece. */
static void
write_line(int fd, const struct bytes *line)
{
	struct bytes whole = {0};

	if (fd < 0)
		return;
	bytes_append(&whole, line->data, line->len);
	bytes_append(&whole, "\n", 1);
	if (write(fd, whole.data, whole.len) != (ssize_t) whole.len)
		perror("bigtable_mock: cannot write the log");
	bytes_free(&whole);
}

void
log_line(const struct bytes *line)
{
	write_line(log_fd, line);
}

void
applied_line(const struct bytes *line)
{
	write_line(applied_fd, line);
}

/* Whether a header is of interest. */
static bool
is_ours(grpc_slice key)
{
	static const char *const prefixes[] = {"x-goog", "bigtable-", "authorization"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (GRPC_SLICE_LENGTH(key) >= strlen(prefixes[i]) &&
			memcmp(GRPC_SLICE_START_PTR(key), prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/* The headers, in the order of their arrival. */
void
describe_headers(struct bytes *out, const grpc_metadata_array *headers)
{
	bytes_text(out, " headers:");
	for (size_t i = 0; i < headers->count; i++)
	{
		grpc_slice key = headers->metadata[i].key;
		grpc_slice value = headers->metadata[i].value;

		if (!is_ours(key))
			continue;
		bytes_text(out, " ");
		bytes_append(out, GRPC_SLICE_START_PTR(key), GRPC_SLICE_LENGTH(key));
		bytes_text(out, "=");
		if (grpc_slice_str_cmp(key, "authorization") == 0)
			describe_authorization(out, value);
		else
			percent_encode(out, GRPC_SLICE_START_PTR(value), GRPC_SLICE_LENGTH(value),
						   "");
	}
}

/* Append encoded bytes. */
void
log_bytes_to(struct bytes *out, ProtobufCBinaryData data)
{
	percent_encode(out, data.data, data.len, RESERVED);
}

/* Append encoded text. */
void
log_text_to(struct bytes *out, const char *text)
{
	percent_encode(out, text, strlen(text), RESERVED);
}

/*
 * Append an interval.  Every range of the API has the same two oneofs, whose
 * cases are told apart by the caller: closed, open, or not set.
 */
static void
put_interval(struct bytes *out, const ProtobufCBinaryData *start, bool start_closed,
			 const ProtobufCBinaryData *end, bool end_closed)
{
	bytes_text(out, start_closed ? "[" : "(");
	if (start)
		log_bytes_to(out, *start);
	bytes_text(out, ",");
	if (end)
		log_bytes_to(out, *end);
	bytes_text(out, end_closed ? "]" : ")");
}

/* A range of row keys. */
static void
put_row_range(struct bytes *out, const Google__Bigtable__V2__RowRange *r)
{
	bool from =
		r->start_key_case == GOOGLE__BIGTABLE__V2__ROW_RANGE__START_KEY_START_KEY_CLOSED;
	bool to = r->end_key_case == GOOGLE__BIGTABLE__V2__ROW_RANGE__END_KEY_END_KEY_CLOSED;

	put_interval(out, r->start_key_case ? &r->start_key_closed : NULL, from,
				 r->end_key_case ? &r->end_key_closed : NULL, to);
}

/* columns(FAMILY,INTERVAL) */
static void
put_column_range(struct bytes *out, const Google__Bigtable__V2__ColumnRange *r)
{
	bool from =
		r->start_qualifier_case ==
		GOOGLE__BIGTABLE__V2__COLUMN_RANGE__START_QUALIFIER_START_QUALIFIER_CLOSED;
	bool to = r->end_qualifier_case ==
			  GOOGLE__BIGTABLE__V2__COLUMN_RANGE__END_QUALIFIER_END_QUALIFIER_CLOSED;

	bytes_text(out, "columns(");
	log_text_to(out, r->family_name);
	bytes_text(out, ",");
	put_interval(out, r->start_qualifier_case ? &r->start_qualifier_closed : NULL, from,
				 r->end_qualifier_case ? &r->end_qualifier_closed : NULL, to);
	bytes_text(out, ")");
}

/* value(INTERVAL) */
static void
put_value_range(struct bytes *out, const Google__Bigtable__V2__ValueRange *r)
{
	bool from = r->start_value_case ==
				GOOGLE__BIGTABLE__V2__VALUE_RANGE__START_VALUE_START_VALUE_CLOSED;
	bool to = r->end_value_case ==
			  GOOGLE__BIGTABLE__V2__VALUE_RANGE__END_VALUE_END_VALUE_CLOSED;

	bytes_text(out, "value(");
	put_interval(out, r->start_value_case ? &r->start_value_closed : NULL, from,
				 r->end_value_case ? &r->end_value_closed : NULL, to);
	bytes_text(out, ")");
}

/* timestamps([FROM,TO)), empty where unbounded */
static void
put_timestamp_range(struct bytes *out, const Google__Bigtable__V2__TimestampRange *r)
{
	bytes_text(out, "timestamps([");
	if (r->start_timestamp_micros)
		bytes_printf(out, "%" PRId64, r->start_timestamp_micros);
	bytes_text(out, ",");
	if (r->end_timestamp_micros)
		bytes_printf(out, "%" PRId64, r->end_timestamp_micros);
	bytes_text(out, "))");
}

/* NAME(FILTER,FILTER,...) */
static void
put_filters(struct bytes *out, const char *name, RowFilter *const *filters, size_t n)
{
	bytes_printf(out, "%s(", name);
	for (size_t i = 0; i < n; i++)
	{
		if (i > 0)
			bytes_text(out, ",");
		describe_filter(out, filters[i]);
	}
	bytes_text(out, ")");
}

/* condition(PREDICATE;TRUE;FALSE) */
static void
put_condition(struct bytes *out, const Google__Bigtable__V2__RowFilter__Condition *c)
{
	const RowFilter *parts[] = {c->predicate_filter, c->true_filter, c->false_filter};

	for (int i = 0; i < 3; i++)
	{
		bytes_text(out, i == 0 ? "condition(" : ";");
		if (parts[i])
			describe_filter(out, parts[i]);
	}
	bytes_text(out, ")");
}

/* NAME(TEXT) */
static void
put_call(struct bytes *out, const char *name, const void *data, size_t len)
{
	bytes_printf(out, "%s(", name);
	percent_encode(out, data, len, RESERVED);
	bytes_text(out, ")");
}

/* Any filter. */
void
describe_filter(struct bytes *out, const RowFilter *f)
{
	switch ((int) f->filter_case)
	{
		case KIND(CHAIN):
			put_filters(out, "chain", f->chain->filters, f->chain->n_filters);
			break;
		case KIND(INTERLEAVE):
			put_filters(out, "interleave", f->interleave->filters,
						f->interleave->n_filters);
			break;
		case KIND(CONDITION):
			put_condition(out, f->condition);
			break;
		case KIND(FAMILY_NAME_REGEX_FILTER):
			put_call(out, "family", f->family_name_regex_filter,
					 strlen(f->family_name_regex_filter));
			break;
		case KIND(COLUMN_QUALIFIER_REGEX_FILTER):
			put_call(out, "qualifier", f->column_qualifier_regex_filter.data,
					 f->column_qualifier_regex_filter.len);
			break;
		case KIND(COLUMN_RANGE_FILTER):
			put_column_range(out, f->column_range_filter);
			break;
		case KIND(TIMESTAMP_RANGE_FILTER):
			put_timestamp_range(out, f->timestamp_range_filter);
			break;
		case KIND(CELLS_PER_ROW_LIMIT_FILTER):
			bytes_printf(out, "row_limit(%d)", f->cells_per_row_limit_filter);
			break;
		case KIND(CELLS_PER_COLUMN_LIMIT_FILTER):
			bytes_printf(out, "column_limit(%d)", f->cells_per_column_limit_filter);
			break;
		case KIND(STRIP_VALUE_TRANSFORMER):
			bytes_text(out, "strip");
			break;
		case KIND(ROW_KEY_REGEX_FILTER):
			put_call(out, "row_key", f->row_key_regex_filter.data,
					 f->row_key_regex_filter.len);
			break;
		case KIND(VALUE_REGEX_FILTER):
			put_call(out, "value_regex", f->value_regex_filter.data,
					 f->value_regex_filter.len);
			break;
		case KIND(VALUE_BITMASK_FILTER):
			put_call(out, "bitmask", f->value_bitmask_filter->mask.data,
					 f->value_bitmask_filter->mask.len);
			break;
		case KIND(CELLS_PER_ROW_OFFSET_FILTER):
			bytes_printf(out, "row_offset(%d)", f->cells_per_row_offset_filter);
			break;
		case KIND(ROW_SAMPLE_FILTER):
			bytes_printf(out, "sample(%g)", f->row_sample_filter);
			break;
		case KIND(SINK):
			bytes_text(out, "sink");
			break;
		case KIND(VALUE_RANGE_FILTER):
			put_value_range(out, f->value_range_filter);
			break;
		case KIND(PASS_ALL_FILTER):
			bytes_text(out, "all");
			break;
		case KIND(BLOCK_ALL_FILTER):
			bytes_text(out, "none");
			break;
		case KIND(APPLY_LABEL_TRANSFORMER):
			put_call(out, "label", f->apply_label_transformer,
					 strlen(f->apply_label_transformer));
			break;
		default:
			bytes_text(out, "unknown");
			break;
	}
}

/* keys=[...] ranges=[...] */
static void
put_row_set(struct bytes *out, const Google__Bigtable__V2__RowSet *set)
{
	bytes_text(out, " keys=[");
	for (size_t i = 0; set && i < set->n_row_keys; i++)
	{
		if (i > 0)
			bytes_text(out, ",");
		log_bytes_to(out, set->row_keys[i]);
	}
	bytes_text(out, "] ranges=[");
	for (size_t i = 0; set && i < set->n_row_ranges; i++)
	{
		if (i > 0)
			bytes_text(out, ",");
		put_row_range(out, set->row_ranges[i]);
	}
	bytes_text(out, "]");
}

/* " name=value", only if there is a value */
static void
put_optional(struct bytes *out, const char *name, const char *value)
{
	if (!*value)
		return;
	bytes_printf(out, " %s=", name);
	log_text_to(out, value);
}

/* A whole request. */
void
describe_read_rows(struct bytes *out,
				   const Google__Bigtable__V2__ReadRowsRequest *request)
{
	bytes_text(out, " table=");
	log_text_to(out, request->table_name);
	put_optional(out, "authorized_view", request->authorized_view_name);
	put_optional(out, "materialized_view", request->materialized_view_name);
	bytes_text(out, " app_profile=");
	log_text_to(out, request->app_profile_id);
	bytes_printf(out, " limit=%" PRId64 " reversed=%d stats=%d", request->rows_limit,
				 (int) request->reversed, (int) request->request_stats_view);
	put_row_set(out, request->rows);
	bytes_text(out, " filter=");
	if (request->filter)
		describe_filter(out, request->filter);
}
