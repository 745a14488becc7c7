/*-------------------------------------------------------------------------
 *
 * mock_log.h
 *	  The log of calls, by which tests see what a client asked for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MOCK_LOG_H
#define MOCK_LOG_H

#include <grpc/grpc.h>

#include "bigtable.pb-c.h"
#include "mock_util.h"

/* Open the log for appending; false with errno set.  Without it, no log. */
extern bool log_open(const char *path);

/* Write one line, to which the end of line is added, in one piece. */
extern void log_line(const struct bytes *line);

/* Whether there is a log of any kind. */
extern bool log_is_open(void);

/* The same for the log of what was applied. */
extern bool applied_open(const char *path);
extern void applied_line(const struct bytes *line);

/* Append bytes or text, encoded as all of the log is. */
extern void log_bytes_to(struct bytes *out, ProtobufCBinaryData data);
extern void log_text_to(struct bytes *out, const char *text);

/* Append a filter. */
extern void describe_filter(struct bytes *out, const Google__Bigtable__V2__RowFilter *f);

/* Append " key=value" for the headers that a Bigtable client sets. */
extern void describe_headers(struct bytes *out, const grpc_metadata_array *headers);

/* Append the request's fields, as README.md says. */
extern void describe_read_rows(struct bytes *out,
							   const Google__Bigtable__V2__ReadRowsRequest *request);

#endif
