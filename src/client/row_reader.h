/*-------------------------------------------------------------------------
 *
 * row_reader.h
 *	  ReadRows: a resumable stream of rows.
 *
 * One reader serves one scan after another, one at a time, and keeps its
 * buffers between them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_ROW_READER_H
#define BT_ROW_READER_H

#include "chunk_decoder.h"
#include "message.h"
#include "retry.h"
#include "rpc.h"

/* What to read.  All of it must stay in place until the scan is stopped. */
typedef struct bt_read_spec
{
	bt_resource_kind kind;
	const char *resource;    /* projects/P/instances/I/... */
	const char *app_profile; /* NULL: the default one */
	bt_row_set *rows;        /* normalized; the reader uses it up */
	const bt_filter *filter; /* NULL: none */
	int64_t rows_limit;      /* 0: none */
	bool reversed;
	bool want_stats; /* ask the server how many rows it saw */

	/* Where a time or a number is 0, the default for such a read is used. */
	bt_retry_policy retry;
} bt_read_spec;

/* Counted over the life of a reader. */
typedef struct bt_read_counters
{
	int64_t requests; /* attempts included */
	int64_t retries;
	int64_t messages;
	int64_t bytes;
	int64_t rows;
	int64_t rows_seen; /* by the server; only with want_stats */
} bt_read_counters;

typedef enum bt_read_result
{
	BT_READ_ROW,
	BT_READ_DONE,
	BT_READ_ERROR,
	BT_READ_INTERRUPTED /* the host was; call again to go on */
} bt_read_result;

typedef struct bt_row_reader bt_row_reader;

/*
 * The channel and the host must outlive the reader.  Returns NULL without
 * memory.
 */
extern bt_row_reader *bt_row_reader_create(bt_channel *channel, const bt_host *host);

/* Begins a scan; contacts nobody yet.  Returns false, with *status set. */
extern bool
bt_row_reader_start(bt_row_reader *reader, const bt_read_spec *spec, bt_status *status);

/*
 * Steps to the next row, which is valid until the next call of this or a
 * later function.  Retries and resumes by itself.  After ERROR, the scan is
 * over; *status has the last attempt's status and the number of attempts.
 */
extern bt_read_result
bt_row_reader_next(bt_row_reader *reader, bt_row *row, bt_status *status);

/*
 * Steps if that is possible without a wait, else returns false.  For those who
 * read from several readers at once.
 */
extern bool bt_row_reader_poll(bt_row_reader *reader, bt_row *row, bt_read_result *result,
							   bt_status *status);

/*
 * What a reader waits for that could not step: a call, or, if NULL, just for
 * time to pass.  In any case it wants to be polled in *left_us microseconds.
 */
extern bt_call *bt_row_reader_waits_for(const bt_row_reader *reader, int64_t *left_us);

/*
 * Tells such a reader for how long it has been waited for.  Only this counts
 * for its timeout: while the host does something else, nobody looks after the
 * network.
 */
extern void bt_row_reader_waited(bt_row_reader *reader, int64_t us);

/* Ends a scan early or late: cancels what is under way.  Never blocks long. */
extern void bt_row_reader_stop(bt_row_reader *reader);

extern const bt_read_counters *bt_row_reader_counters(const bt_row_reader *reader);

/* Stops and frees.  NULL is fine. */
extern void bt_row_reader_free(bt_row_reader *reader);

#endif /* BT_ROW_READER_H */
