/*-------------------------------------------------------------------------
 *
 * row_fan.c
 *	  ReadRows: a row set read by several streams at once.
 *
 * Parts are taken up in the order in which the scan goes through the keys.
 * Where rows are given out in that order, slots take turns: the i-th part is
 * read in slot i modulo their number.  Else it is read in whichever is free.
 *
 * As long as the stream that the host reads from has rows at hand, nothing
 * else is looked at.  When it has not, all streams are polled, and if that
 * yields no row to give out, whatever comes first is waited for.
 *
 *-------------------------------------------------------------------------
 */
#include "row_fan.h"

#include <stdlib.h>

#include "row_split.h"

typedef enum slot_state
{
	SLOT_FREE,    /* reads no part */
	SLOT_WAITING, /* the next row is not known yet */
	SLOT_ROW,     /* has a row that has not been given out */
	SLOT_DONE,    /* has read its part, but its turn has not come yet */
	SLOT_FAILED   /* has an error, of which the same is true */
} slot_state;

/* A place for a stream. */
typedef struct slot
{
	bt_row_reader *reader; /* made on first use */
	slot_state state;
	size_t nkeys;      /* of its part, if that is all keys */
	bt_row row;        /* SLOT_ROW */
	bt_status *status; /* SLOT_FAILED; malloc'd, or NULL */
} slot;

struct bt_row_fan
{
	bt_channel *channel;
	const bt_host *host;
	bt_fan_spec spec;
	int64_t rows_left;    /* of the limit; -1: no limit */
	int64_t dropped_rows; /* that readers have yielded; over all scans */
	size_t most_streams;

	bt_row_set *parts; /* in the order of the keys */
	size_t nparts;     /* 1: slot 0 is all there is */
	size_t parts_capacity;
	size_t next_part; /* the first that no slot has taken up */
	size_t next_slot; /* KEYS: where it will be read */

	slot *slots;
	size_t nslots; /* of this scan */
	size_t slots_capacity;
	bt_call **calls; /* that are waited for; as many */
	size_t current;  /* the slot that the last row was from, or the next is */
	size_t *heap;    /* MERGED: slots with a row, first the one that is next */
	size_t nheap;
};

/* ---- beginning and end ---- */

bt_row_fan *
bt_row_fan_create(bt_channel *channel, const bt_host *host)
{
	bt_row_fan *fan = calloc(1, sizeof(bt_row_fan));

	if (fan == NULL)
		return NULL;
	fan->channel = channel;
	fan->host = host;
	return fan;
}

static void
free_slot(bt_row_fan *fan, slot *slot)
{
	fan->dropped_rows += slot->state == SLOT_ROW;
	slot->state = SLOT_FREE;
	free(slot->status);
	slot->status = NULL;
}

void
bt_row_fan_stop(bt_row_fan *fan)
{
	for (size_t i = 0; i < fan->nslots; i++)
	{
		if (fan->slots[i].reader != NULL)
			bt_row_reader_stop(fan->slots[i].reader);
		free_slot(fan, &fan->slots[i]);
	}
	fan->nparts = fan->next_part = fan->nslots = fan->nheap = 0;
}

void
bt_row_fan_free(bt_row_fan *fan)
{
	if (fan == NULL)
		return;
	bt_row_fan_stop(fan);
	for (size_t i = 0; i < fan->slots_capacity; i++)
		bt_row_reader_free(fan->slots[i].reader);
	free(fan->slots);
	free(fan->parts);
	free(fan->calls);
	free(fan->heap);
	free(fan);
}

bt_read_counters
bt_row_fan_counters(const bt_row_fan *fan)
{
	bt_read_counters sum = {0};

	for (size_t i = 0; i < fan->slots_capacity; i++)
	{
		const bt_read_counters *counters;

		if (fan->slots[i].reader == NULL)
			continue;
		counters = bt_row_reader_counters(fan->slots[i].reader);
		sum.requests += counters->requests;
		sum.retries += counters->retries;
		sum.messages += counters->messages;
		sum.bytes += counters->bytes;
		sum.rows += counters->rows;
		sum.rows_seen += counters->rows_seen;
		sum.rows -= fan->slots[i].state == SLOT_ROW;
	}
	sum.rows -= fan->dropped_rows;
	return sum;
}

size_t
bt_row_fan_streams(const bt_row_fan *fan)
{
	return fan->most_streams;
}

static bool
reserve_slots(bt_row_fan *fan, size_t n)
{
	slot *slots;
	bt_call **calls;
	size_t *heap;

	if (n <= fan->slots_capacity)
		return true;
	slots = realloc(fan->slots, n * sizeof(slot));
	if (slots == NULL)
		return false;
	fan->slots = slots;
	calls = realloc(fan->calls, n * sizeof(bt_call *));
	if (calls == NULL)
		return false;
	fan->calls = calls;
	heap = realloc(fan->heap, n * sizeof(size_t));
	if (heap == NULL)
		return false;
	fan->heap = heap;
	memset(slots + fan->slots_capacity, 0, (n - fan->slots_capacity) * sizeof(slot));
	fan->slots_capacity = n;
	return true;
}

static bool
reserve_parts(bt_row_fan *fan, size_t n)
{
	bt_row_set *parts;

	if (n <= fan->parts_capacity)
		return true;
	parts = realloc(fan->parts, n * sizeof(bt_row_set));
	if (parts == NULL)
		return false;
	fan->parts = parts;
	fan->parts_capacity = n;
	return true;
}

static bool
make_parts(bt_row_fan *fan)
{
	const bt_fan_spec *spec = &fan->spec;
	const bt_read_spec *read = &spec->read;
	size_t n;

	if (spec->ncuts > 0 && (spec->max_streams > 1 || spec->order == BT_FAN_MERGED))
		return reserve_parts(fan, spec->ncuts + 1) &&
			   bt_row_split_at(read->rows, spec->cuts, spec->ncuts, fan->parts,
							   &fan->nparts);
	n = bt_row_split_count(read->rows, spec->max_streams, read->rows_limit);
	if (!reserve_parts(fan, n))
		return false;
	fan->nparts = n;
	if (n > 1)
		fan->nparts = bt_row_split(read->rows, n, fan->parts);
	return true;
}

/* Makes a slot's reader begin. */
static bool
start_reader(bt_row_fan *fan, slot *slot, const bt_read_spec *spec, bt_status *status)
{
	if (slot->reader == NULL)
		slot->reader = bt_row_reader_create(fan->channel, fan->host);
	if (slot->reader == NULL)
	{
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "out of memory");
		return false;
	}
	return bt_row_reader_start(slot->reader, spec, status);
}

/* How many streams may be under way at once. */
static size_t
count_slots(const bt_row_fan *fan)
{
	if (fan->nparts <= 1)
		return 1;
	if (fan->spec.order == BT_FAN_MERGED || fan->nparts < fan->spec.max_streams)
		return fan->nparts;
	return fan->spec.max_streams;
}

bool
bt_row_fan_start(bt_row_fan *fan, const bt_fan_spec *spec, bt_status *status)
{
	bt_row_fan_stop(fan);
	fan->spec = *spec;
	fan->rows_left = spec->read.rows_limit > 0 ? spec->read.rows_limit : -1;
	fan->current = fan->next_slot = 0;
	if (!make_parts(fan) || !reserve_slots(fan, count_slots(fan)))
	{
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "out of memory");
		fan->nparts = 0;
		return false;
	}
	fan->nslots = count_slots(fan);
	if (fan->most_streams == 0)
		fan->most_streams = 1;
	if (fan->nparts != 1 || start_reader(fan, &fan->slots[0], &spec->read, status))
		return true;
	fan->nparts = 0;
	return false;
}

/* ---- slots ---- */

/* The one whose turn is after that of another one. */
static size_t
slot_after(const bt_row_fan *fan, size_t i)
{
	return i + 1 < fan->nslots ? i + 1 : 0;
}

/* Has the limit to the number of rows use for one more stream? */
static bool
wants_more(const bt_row_fan *fan)
{
	size_t nkeys = 0;

	if (fan->rows_left < 0 || fan->spec.order == BT_FAN_MERGED)
		return true;
	for (size_t i = 0; i < fan->nslots; i++)
		if (fan->slots[i].state != SLOT_FREE)
			nkeys += fan->slots[i].nkeys;
	return nkeys < (size_t) fan->rows_left;
}

/* Where the next part is to be read, or NULL if it has to wait. */
static slot *
slot_for_next_part(const bt_row_fan *fan)
{
	if (fan->next_part == fan->nparts || !wants_more(fan))
		return NULL;
	if (fan->spec.order == BT_FAN_KEYS)
	{
		slot *slot = &fan->slots[fan->next_slot];

		return slot->state == SLOT_FREE ? slot : NULL;
	}
	for (size_t i = 0; i < fan->nslots; i++)
		if (fan->slots[i].state == SLOT_FREE)
			return &fan->slots[i];
	return NULL;
}

/* Begins to read the next part. */
static bool
begin_part(bt_row_fan *fan, slot *slot, bt_status *status)
{
	bt_read_spec spec = fan->spec.read;
	size_t part = spec.reversed ? fan->nparts - 1 - fan->next_part : fan->next_part;
	size_t streams = 0;

	spec.rows = &fan->parts[part];
	spec.rows_limit = fan->rows_left > 0 ? fan->rows_left : 0;
	slot->nkeys = spec.rows->nranges;
	if (!start_reader(fan, slot, &spec, status))
		return false;
	fan->next_part++;
	fan->next_slot = slot_after(fan, fan->next_slot);
	slot->state = SLOT_WAITING;
	for (size_t i = 0; i < fan->nslots; i++)
		streams += fan->slots[i].state != SLOT_FREE;
	if (streams > fan->most_streams)
		fan->most_streams = streams;
	return true;
}

/* Keeps an error until its turn comes. */
static bool
keep_error(slot *slot, const bt_status *status)
{
	slot->status = malloc(sizeof(bt_status));
	if (slot->status == NULL)
		return false;
	*slot->status = *status;
	slot->state = SLOT_FAILED;
	return true;
}

/*
 * Goes on with a stream, as far as that is possible without a wait.  Returns
 * READ_ROW to say "go on", whatever the slot's state is then.
 */
static bt_read_result
advance(bt_row_fan *fan, slot *slot, bt_status *status)
{
	bt_read_result result;

	if (!bt_row_reader_poll(slot->reader, &slot->row, &result, status))
	{
		slot->state = SLOT_WAITING;
		return BT_READ_ROW;
	}
	switch (result)
	{
		case BT_READ_ROW:
			slot->state = SLOT_ROW;
			break;
		case BT_READ_DONE:
			slot->state = fan->spec.order == BT_FAN_KEYS ? SLOT_DONE : SLOT_FREE;
			break;
		case BT_READ_INTERRUPTED:
			return result;
		case BT_READ_ERROR:
			if (fan->spec.order != BT_FAN_KEYS || !keep_error(slot, status))
				return result;
			break;
	}
	return BT_READ_ROW;
}

/* ---- order ---- */

/* Is the row of a slot to be given out before that of another one? */
static bool
comes_before(const bt_row_fan *fan, const slot *a, const slot *b)
{
	size_t skip = fan->spec.skip;
	bt_span x = a->row.key;
	bt_span y = b->row.key;
	int cmp;

	x = skip < x.len ? bt_span_make(x.data + skip, x.len - skip)
					 : bt_span_make(x.data, 0);
	y = skip < y.len ? bt_span_make(y.data + skip, y.len - skip)
					 : bt_span_make(y.data, 0);
	cmp = bt_span_compare(x, y);
	if (cmp == 0)
		cmp = bt_span_compare(a->row.key, b->row.key);
	return fan->spec.read.reversed ? cmp > 0 : cmp < 0;
}

/* Moves the slot at a place of the heap down to where it belongs. */
static void
sift_down(bt_row_fan *fan, size_t i)
{
	size_t slot = fan->heap[i];

	for (;;)
	{
		size_t child = 2 * i + 1;

		if (child >= fan->nheap)
			break;
		if (child + 1 < fan->nheap && comes_before(fan, &fan->slots[fan->heap[child + 1]],
												   &fan->slots[fan->heap[child]]))
			child++;
		if (!comes_before(fan, &fan->slots[fan->heap[child]], &fan->slots[slot]))
			break;
		fan->heap[i] = fan->heap[child];
		i = child;
	}
	fan->heap[i] = slot;
}

/* Puts the slots that have a row into the heap. */
static void
make_heap(bt_row_fan *fan)
{
	for (size_t i = 0; i < fan->nslots; i++)
		if (fan->slots[i].state == SLOT_ROW)
			fan->heap[fan->nheap++] = i;
	for (size_t i = fan->nheap / 2; i-- > 0;)
		sift_down(fan, i);
}

/*
 * All slots have a row, or none any more.  Since the last time, only the one at
 * the top has changed.
 */
static void
renew_heap(bt_row_fan *fan)
{
	if (fan->nheap == 0)
	{
		make_heap(fan);
		return;
	}
	if (fan->slots[fan->heap[0]].state != SLOT_ROW)
		fan->heap[0] = fan->heap[--fan->nheap];
	if (fan->nheap > 1)
		sift_down(fan, 0);
}

/* ---- the next row ---- */

typedef enum choice
{
	CHOICE_ROW,   /* that of the current slot */
	CHOICE_WAIT,  /* nothing can be given out yet */
	CHOICE_LATER, /* a turn is over: see what can go on now */
	CHOICE_NONE,  /* all has been read */
	CHOICE_ERROR  /* that of the current slot */
} choice;

static choice
choose_any(bt_row_fan *fan)
{
	bool waiting = false;

	for (size_t i = 0; i < fan->nslots; i++)
	{
		if (fan->slots[fan->current].state == SLOT_ROW)
			return CHOICE_ROW;
		waiting |= fan->slots[fan->current].state == SLOT_WAITING;
		fan->current = slot_after(fan, fan->current);
	}
	return waiting ? CHOICE_WAIT : CHOICE_NONE;
}

/* The current slot is the one whose turn it is. */
static choice
choose_by_key(bt_row_fan *fan)
{
	switch (fan->slots[fan->current].state)
	{
		case SLOT_ROW:
			return CHOICE_ROW;
		case SLOT_FAILED:
			return CHOICE_ERROR;
		case SLOT_FREE:
			return CHOICE_NONE;
		case SLOT_WAITING:
			return CHOICE_WAIT;
		case SLOT_DONE:
			break;
	}
	free_slot(fan, &fan->slots[fan->current]);
	fan->current = slot_after(fan, fan->current);
	return CHOICE_LATER;
}

static choice
choose_merged(bt_row_fan *fan)
{
	for (size_t i = 0; i < fan->nslots; i++)
		if (fan->slots[i].state == SLOT_WAITING)
			return CHOICE_WAIT;
	renew_heap(fan);
	if (fan->nheap == 0)
		return CHOICE_NONE;
	fan->current = fan->heap[0];
	return CHOICE_ROW;
}

static choice
choose(bt_row_fan *fan)
{
	switch (fan->spec.order)
	{
		case BT_FAN_ANY:
			return choose_any(fan);
		case BT_FAN_KEYS:
			return choose_by_key(fan);
		default:
			return choose_merged(fan);
	}
}

/* Goes on with all streams that may, and begins others. */
static bt_read_result
look_after(bt_row_fan *fan, bt_status *status)
{
	slot *next;

	for (size_t i = 0; i < fan->nslots; i++)
		if (fan->slots[i].state == SLOT_WAITING)
		{
			bt_read_result result = advance(fan, &fan->slots[i], status);

			if (result != BT_READ_ROW)
				return result;
		}
	while ((next = slot_for_next_part(fan)) != NULL)
	{
		bt_read_result result;

		if (!begin_part(fan, next, status))
			return BT_READ_ERROR;
		result = advance(fan, next, status);
		if (result != BT_READ_ROW)
			return result;
	}
	return BT_READ_ROW;
}

/* Waits until a stream can go on.  Returns false if the host is interrupted. */
static bool
wait_for_streams(bt_row_fan *fan)
{
	int64_t left_us = INT64_MAX;
	int64_t before = bt_rpc_now_us();
	bt_wait_result result;
	size_t n = 0;

	for (size_t i = 0; i < fan->nslots; i++)
	{
		bt_call *call;
		int64_t us;

		if (fan->slots[i].state != SLOT_WAITING)
			continue;
		call = bt_row_reader_waits_for(fan->slots[i].reader, &us);
		if (call != NULL)
			fan->calls[n++] = call;
		if (us < left_us)
			left_us = us;
	}
	if (left_us < 0)
		left_us = 0;
	result = n > 0 ? bt_calls_wait(fan->calls, n, fan->host, left_us)
				   : bt_channel_sleep(fan->channel, fan->host, left_us);
	for (size_t i = 0; i < fan->nslots; i++)
		if (fan->slots[i].state == SLOT_WAITING)
			bt_row_reader_waited(fan->slots[i].reader, bt_rpc_now_us() - before);
	return result != BT_WAIT_INTERRUPTED;
}

static bt_read_result
finish(bt_row_fan *fan, bt_read_result result)
{
	bt_row_fan_stop(fan);
	return result;
}

/* Gives out the row of the current slot, which then waits for its next one. */
static bt_read_result
give_out(bt_row_fan *fan, bt_row *row)
{
	slot *slot = &fan->slots[fan->current];

	*row = slot->row;
	slot->state = SLOT_WAITING;
	if (fan->rows_left > 0)
		fan->rows_left--;
	return BT_READ_ROW;
}

/*
 * Gives out what there is when all that came has been looked at.  Returns false
 * if that is nothing, and it takes a wait.
 */
static bool
look_for_row(bt_row_fan *fan, bt_row *row, bt_read_result *result, bt_status *status)
{
	for (;;)
	{
		*result = look_after(fan, status);
		if (*result != BT_READ_ROW)
		{
			if (*result == BT_READ_ERROR)
				finish(fan, *result);
			return true;
		}
		switch (choose(fan))
		{
			case CHOICE_ROW:
				*result = give_out(fan, row);
				return true;
			case CHOICE_NONE:
				*result = finish(fan, BT_READ_DONE);
				return true;
			case CHOICE_ERROR:
				*status = *fan->slots[fan->current].status;
				*result = finish(fan, BT_READ_ERROR);
				return true;
			case CHOICE_WAIT:
				return false;
			case CHOICE_LATER:
				break;
		}
	}
}

/* The same for a set that is read by several streams. */
static bool
poll_many(bt_row_fan *fan, bt_row *row, bt_read_result *result, bt_status *status)
{
	bool merged = fan->spec.order == BT_FAN_MERGED;
	slot *current;

	if (fan->rows_left == 0)
	{
		*result = finish(fan, BT_READ_DONE);
		return true;
	}

	/* Most often the stream of the last row has the next one at hand. */
	current = &fan->slots[fan->current];
	if (current->state == SLOT_WAITING && (!merged || fan->nheap > 0))
	{
		*result = advance(fan, current, status);
		if (*result != BT_READ_ROW)
		{
			if (*result == BT_READ_ERROR)
				finish(fan, *result);
			return true;
		}
		if (current->state == SLOT_ROW && (!merged || choose_merged(fan) == CHOICE_ROW))
		{
			*result = give_out(fan, row);
			return true;
		}
	}
	return look_for_row(fan, row, result, status);
}

bt_read_result
bt_row_fan_next(bt_row_fan *fan, bt_row *row, bt_status *status)
{
	bt_read_result result;

	if (fan->nparts == 1)
		return bt_row_reader_next(fan->slots[0].reader, row, status);
	if (fan->nparts == 0)
		return BT_READ_DONE;
	while (!poll_many(fan, row, &result, status))
		if (!wait_for_streams(fan))
			return BT_READ_INTERRUPTED;
	return result;
}

bool
bt_row_fan_poll(bt_row_fan *fan, bt_row *row, bt_read_result *result, bt_status *status)
{
	if (fan->nparts == 1)
		return bt_row_reader_poll(fan->slots[0].reader, row, result, status);
	if (fan->nparts == 0)
	{
		*result = BT_READ_DONE;
		return true;
	}
	return poll_many(fan, row, result, status);
}

/* Is that slot's stream waited for? */
static bool
is_waiting(const bt_row_fan *fan, size_t i)
{
	return fan->nparts == 1 ? i == 0 : fan->slots[i].state == SLOT_WAITING;
}

int64_t
bt_row_fan_left_us(const bt_row_fan *fan)
{
	int64_t left_us = INT64_MAX;

	for (size_t i = 0; i < fan->nslots; i++)
	{
		bt_call *call;
		int64_t us;

		if (!is_waiting(fan, i))
			continue;
		call = bt_row_reader_waits_for(fan->slots[i].reader, &us);
		if (call != NULL && bt_call_is_ready(call))
			us = 0;
		if (us < left_us)
			left_us = us;
	}
	return left_us > 0 ? left_us : 0;
}

void
bt_row_fan_waited(bt_row_fan *fan, int64_t us)
{
	for (size_t i = 0; i < fan->nslots; i++)
		if (is_waiting(fan, i))
			bt_row_reader_waited(fan->slots[i].reader, us);
}
