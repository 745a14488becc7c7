/*-------------------------------------------------------------------------
 *
 * mock_shuffle.h
 *	  The replayed table's answer, sent in any of the ways that are allowed.
 *
 * The rows are the same, but they come in pieces as a seed has it: messages
 * end anywhere, values are split, rows are begun and reset, and scan markers
 * and empty messages come between them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MOCK_SHUFFLE_H
#define MOCK_SHUFFLE_H

#include <stddef.h>
#include <stdint.h>

#include "mock_replay.h"

struct shuffle;

/* Begin; the same seed gives the same pieces. */
extern struct shuffle *shuffle_open(uint64_t seed);

/* As replay_next(): the next message, of rows that no message has had yet. */
extern uint8_t *shuffle_next(struct shuffle *shuffle, struct replay *replay, int64_t most,
							 size_t *len, int64_t *rows);

/* Stop; NULL is allowed. */
extern void shuffle_close(struct shuffle *shuffle);

#endif
