/*-------------------------------------------------------------------------
 *
 * mock_replay.h
 *	  A large table that exists only as arithmetic, read by ReadRows.
 *
 * Rows 1 to N have the keys row0000000001, ...; column C of row R holds
 * rpad('rRcC-', value_bytes, 'abcdefghijklmnopqrstuvwxyz') at 1000*R us.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MOCK_REPLAY_H
#define MOCK_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bigtable.pb-c.h"

struct replay_table
{
	int64_t rows;
	int64_t rows_per_message;
	int columns;
	size_t value_bytes;
	bool repeat_names; /* family and qualifier on every chunk */
};

/* One request being answered. */
struct replay;

/*
 * Begin to answer a request.  The request may be freed afterwards; the table
 * must stay.
 */
extern struct replay *replay_open(const struct replay_table *table,
								  const Google__Bigtable__V2__ReadRowsRequest *request);

/*
 * The next message, with at most "most" rows: malloc'd bytes that the caller
 * owns, their length and the number of rows.  NULL at the end.
 */
extern uint8_t *
replay_next(struct replay *replay, int64_t most, size_t *len, int64_t *rows);

/* Stop; NULL is allowed. */
extern void replay_close(struct replay *replay);

#endif
