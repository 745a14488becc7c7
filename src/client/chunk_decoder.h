/*-------------------------------------------------------------------------
 *
 * chunk_decoder.h
 *	  ReadRowsResponse bytes -> rows of cells, without a copy.
 *
 * The hot path of every scan.  The decoder reads the protobuf bytes where
 * gRPC received them, and runs the cell-chunk state machine over them.  What
 * it hands out are spans into those bytes.  It copies only what does not lie
 * in one piece: a value split over chunks, a chunk that straddles two slices
 * of a message, and what a row has in one message when it ends in another.
 * Nothing is allocated per cell or row; the few buffers grow to the size of
 * the largest row and stay.
 *
 * Depends on span.h and status.h only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_CHUNK_DECODER_H
#define BT_CHUNK_DECODER_H

#include "span.h"
#include "status.h"

typedef struct bt_cell
{
	bt_span family;
	bt_span qualifier;
	bt_span value;
	int64_t timestamp_us;
	uint32_t first_label; /* index into the row's labels */
	uint32_t nlabels;
} bt_cell;

typedef struct bt_row
{
	bt_span key;
	const bt_cell *cells; /* in the order of arrival */
	size_t ncells;
	const bt_span *labels; /* of all cells */
} bt_row;

typedef enum bt_decode_result
{
	BT_DECODE_ROW,     /* a whole row */
	BT_DECODE_SCANNED, /* no row: the server has got to this key */
	BT_DECODE_STATS,   /* no row: the server's RequestStats message */
	BT_DECODE_MORE,    /* the message is used up */
	BT_DECODE_ERROR    /* the stream breaks the protocol */
} bt_decode_result;

typedef struct bt_chunk_decoder bt_chunk_decoder;

/* Returns NULL when memory runs out.  Freed by bt_chunk_decoder_free(). */
extern bt_chunk_decoder *bt_chunk_decoder_create(void);
extern void bt_chunk_decoder_free(bt_chunk_decoder *decoder);

/* Makes the decoder as new, for another scan; keeps its buffers. */
extern void bt_chunk_decoder_restart(bt_chunk_decoder *decoder, bool reversed);

/*
 * Begins another stream of the same scan, after an attempt has failed: drops
 * a row in progress, and still expects keys beyond those already seen.
 */
extern void bt_chunk_decoder_resume(bt_chunk_decoder *decoder);

/*
 * Begins a message.  Its bytes are the slices one after another.  The array of
 * slices and the bytes must stay in place until bt_chunk_decoder_next() says
 * that the message is used up.
 */
extern void
bt_chunk_decoder_feed(bt_chunk_decoder *decoder, const bt_span *slices, size_t nslices);

/*
 * Steps to the next row or event.
 *
 * ROW: *row is valid until the next call of this or a later function here.
 * SCANNED, STATS: row->key is the key, or the bytes of the message.
 * ERROR: *status says what is wrong; the decoder must be resumed or restarted.
 */
extern bt_decode_result
bt_chunk_decoder_next(bt_chunk_decoder *decoder, bt_row *row, bt_status *status);

/* The last key committed or scanned; empty if there is none yet. */
extern bt_span bt_chunk_decoder_last_key(const bt_chunk_decoder *decoder);

/* Has a row begun that is not committed? */
extern bool bt_chunk_decoder_in_row(const bt_chunk_decoder *decoder);

#endif /* BT_CHUNK_DECODER_H */
