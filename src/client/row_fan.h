/*-------------------------------------------------------------------------
 *
 * row_fan.h
 *	  ReadRows: a row set read by several streams at once.
 *
 * The set is cut into parts; each is read by a reader of its own, several of
 * them at a time.  A set that is not worth it, such as a single range or a few
 * keys, is read by one reader, and costs what that costs.
 *
 * A stream that the host takes no rows from holds one message, and what
 * HTTP/2's window lets the server send ahead: memory does not depend on the
 * number of rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_ROW_FAN_H
#define BT_ROW_FAN_H

#include "row_reader.h"

typedef enum bt_fan_order
{
	BT_FAN_ANY,   /* whichever stream has a row */
	BT_FAN_KEYS,  /* by key, as one stream would yield them */
	BT_FAN_MERGED /* by what follows the first "skip" bytes of the key */
} bt_fan_order;

/* What to read.  All of it must stay in place until the scan is stopped. */
typedef struct bt_fan_spec
{
	bt_read_spec read;
	bt_fan_order order;
	size_t max_streams; /* under way at once; 0 is like 1 */

	/*
	 * Where to cut the row set, each the first key of a part, in ascending
	 * order.  If there are none, the fan sees to it.
	 */
	const bt_span *cuts;
	size_t ncuts;

	/*
	 * MERGED: bytes at the beginning of each key that do not count.  Within a
	 * part, the order of keys must be that of the rest of them; so the cuts
	 * are needed.  All parts are under way at once then, whatever max_streams
	 * says.  Of rows that have the same rest, the order is that of the keys.
	 */
	size_t skip;
} bt_fan_spec;

typedef struct bt_row_fan bt_row_fan;

/*
 * The channel and the host must outlive the fan.  Returns NULL without
 * memory.
 */
extern bt_row_fan *bt_row_fan_create(bt_channel *channel, const bt_host *host);

/* As the functions of bt_row_reader. */
extern bool bt_row_fan_start(bt_row_fan *fan, const bt_fan_spec *spec, bt_status *status);
extern bt_read_result bt_row_fan_next(bt_row_fan *fan, bt_row *row, bt_status *status);

/* As bt_row_fan_next(), if that is possible without a wait; else returns false. */
extern bool
bt_row_fan_poll(bt_row_fan *fan, bt_row *row, bt_read_result *result, bt_status *status);

/*
 * A fan that could not go on wants to be polled when something has come in, or
 * in so many microseconds; 0 if it can go on now.
 */
extern int64_t bt_row_fan_left_us(const bt_row_fan *fan);

/* Tells such a fan for how long it has been waited for. */
extern void bt_row_fan_waited(bt_row_fan *fan, int64_t us);

/* As the functions of bt_row_reader. */
extern void bt_row_fan_stop(bt_row_fan *fan);
extern void bt_row_fan_free(bt_row_fan *fan);

/* Of all its readers together, over the life of the fan; but rows are those handed out. */
extern bt_read_counters bt_row_fan_counters(const bt_row_fan *fan);

/* The most streams that have been under way at once. */
extern size_t bt_row_fan_streams(const bt_row_fan *fan);

#endif /* BT_ROW_FAN_H */
