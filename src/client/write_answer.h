/*-------------------------------------------------------------------------
 *
 * write_answer.h
 *	  MutateRowsResponse bytes -> what became of each entry.
 *
 * Decoded in place, as an answer names each row of a batch.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_WRITE_ANSWER_H
#define BT_WRITE_ANSWER_H

#include "span.h"
#include "status.h"

/*
 * Called for each entry that the answer names: its index in the request, and
 * its status, which need not be an error.  Returns whether that can be true;
 * if not, the answer is malformed.
 */
typedef bool (*bt_write_answer_entry)(void *arg, uint64_t index, const bt_status *status);

/* Returns false if the bytes are malformed; entries before that were told. */
extern bool bt_write_answer_read(bt_span bytes, bt_write_answer_entry entry, void *arg);

#endif /* BT_WRITE_ANSWER_H */
