/*-------------------------------------------------------------------------
 *
 * mock_write.h
 *	  A call to a method that writes, as the files that serve it share it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MOCK_WRITE_H
#define MOCK_WRITE_H

#include "bigtable_admin.pb-c.h"
#include "mock_call.h"
#include "rpc.pb-c.h"

enum write_method
{
	MUTATE_ROWS,
	MUTATE_ROW,
	CHECK_AND_MUTATE_ROW,
	READ_MODIFY_WRITE_ROW,
	DROP_ROW_RANGE
};

/* What becomes of an entry of MutateRows. */
struct outcome
{
	uint64_t hash; /* of its key */
	int code;
	const char *message; /* the script's */
	int64_t retry_info;  /* ns, -1 for none; only of one that fails */
	bool named;          /* an action has said something of it */
	bool omitted;        /* the answer does not mention it */
	bool applied;
	bool answered;
};

/* Of the requests, the method's alone is set. */
struct write_call
{
	enum write_method method;
	Google__Bigtable__V2__MutateRowsRequest *rows;
	Google__Bigtable__V2__MutateRowRequest *row;
	Google__Bigtable__V2__CheckAndMutateRowRequest *check;
	Google__Bigtable__V2__ReadModifyWriteRowRequest *modify;
	Google__Bigtable__Admin__V2__DropRowRangeRequest *drop;
	struct outcome *outcomes; /* of the entries of MutateRows */
	bool matched;             /* the predicate of CheckAndMutateRow */
	bool answered;            /* an answer has been gathered */
	bool applied;             /* of methods other than MutateRows */
};

/* ---- mock_ack.c ---- */

/* OK for each entry of a MutateRowsRequest; NULL if that is malformed. */
extern uint8_t *acknowledge_all(const uint8_t *payload, size_t len, size_t *answer_len);

/* ---- mock_write_log.c ---- */

/* Log the request; "block" is the script's, or 0. */
extern void log_write(const struct mock_call *call, int block, size_t len);

/* Log what is applied: an entry of MutateRows, or the write of another method. */
extern void log_applied_entry(const struct mock_call *call, size_t i);
extern void log_applied_write(const struct mock_call *call);

/* ---- mock_answer.c ---- */

/* Gather the answer; of MutateRows, for entries from one on, up to another. */
extern void append_answer(struct mock_call *call, size_t from, size_t to);

/* Make a status' detail of a RetryInfo, which is encoded into "packed". */
extern void make_retry_info(int64_t ns, struct bytes *packed, Google__Protobuf__Any *any);

#endif
