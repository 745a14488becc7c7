/*-------------------------------------------------------------------------
 *
 * mock_call.h
 *	  The server, and one call to it.
 *
 * One thread drives all calls: it waits on a single completion queue, and
 * every event moves one call a step on.  Nothing here is locked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MOCK_CALL_H
#define MOCK_CALL_H

#include <grpc/grpc.h>

#include "bigtable.pb-c.h"
#include "mock_replay.h"
#include "mock_script.h"
#include "mock_shuffle.h"
#include "mock_util.h"

struct mock_call;

struct mock_server
{
	grpc_server *server;
	grpc_completion_queue *queue;
	struct mock_call *calls;     /* those that arrived and are not over */
	int64_t arrived;             /* calls so far */
	struct script_source source; /* path NULL: replay */
	struct replay_table table;
	char **families; /* GetTable's answer */
	bool *sums;      /* which of them hold sums */
	size_t nfamilies;
};

/* What of a call completes. */
enum event
{
	EVENT_ARRIVED,
	EVENT_REQUEST, /* its request is there */
	EVENT_SENT,
	EVENT_STATUS,
	EVENT_CLOSED, /* by our status, or by the client */
	EVENT_KINDS
};

/* The tag of an operation: points back to its call. */
struct call_tag
{
	struct mock_call *call;
	enum event event;
};

/* Metadata to send. */
struct metadata
{
	grpc_metadata *entries;
	size_t n;
};

struct mock_call
{
	struct mock_server *server;
	struct mock_call *next;
	grpc_call *call;
	grpc_call_details details;
	grpc_metadata_array headers;
	grpc_byte_buffer *payload;
	struct call_tag tags[EVENT_KINDS];
	int outstanding;    /* operations under way */
	int cancelled;      /* set by gRPC with EVENT_CLOSED */
	bool closed;        /* EVENT_CLOSED has come */
	bool over;          /* nothing more may be sent */
	int64_t number;     /* from 1, over all methods */
	const char *method; /* for the log; NULL until known */
	int connection;     /* descriptor, or -1 */
	uint32_t stream;    /* HTTP/2 stream on it */

	/* what is being sent */
	grpc_byte_buffer *outgoing;
	bool initial_sent;
	struct metadata initial;
	struct metadata trailers;
	grpc_slice status_message;
	int64_t sent; /* messages */
	int64_t rows; /* rows committed in them */
	int status;   /* -1 until one is sent */

	struct write_call *write; /* mock_write.c; NULL in methods that read */
	bool unary;               /* mock_unary.c: it is answered by a message, if empty */
	struct bytes answer;      /* mock_unary.c; sent at the end of the block */

	/* mock_player.c */
	Google__Bigtable__V2__ReadRowsRequest *request;
	struct script *script;
	const struct block *block;
	size_t position;      /* action within the block */
	int64_t cursor;       /* within the action: rows done */
	int64_t wake_at;      /* when to go on, by now_ms(); 0: on an event */
	struct bytes pending; /* the message being gathered */
	int64_t pending_rows;
	bool holding;         /* trickle holds "pending" back until wake_at */
	int64_t waiting_rows; /* rows of what is held back */
	int64_t trickle;      /* ms between messages */
	int64_t per_message;  /* rows in a message; 0: as many as are gathered */
	int64_t retry_info;   /* ns, -1 for none */
	struct replay *replay;
	struct shuffle *shuffle; /* NULL: replay sends whole rows */
	uint8_t *ahead;          /* replay's next message, ready to go */
	size_t ahead_len;
	int64_t ahead_rows;
};

/* ---- mock_call.c ---- */

/* Ask for the next call; done once, and after that by each call that comes. */
extern void call_await(struct mock_server *server);

/* Move a call on after an operation of it has completed. */
extern void call_event(struct call_tag *tag, bool ok);

/* Milliseconds until a call wants to go on by itself, or -1. */
extern int64_t calls_next_wake(const struct mock_server *server);

/* Move on those calls whose time has come. */
extern void calls_wake(struct mock_server *server);

/* Take over the bytes as the next message to send, which commits "rows". */
extern void call_send(struct mock_call *call, uint8_t *data, size_t len, int64_t rows);

/* Send the initial metadata now. */
extern void call_send_initial(struct mock_call *call);

/* End the call with a status.  The message is copied. */
extern void call_finish(struct mock_call *call, int code, const char *message);

/* Add an entry; value is copied. */
extern void
metadata_add(struct metadata *metadata, const char *name, const void *value, size_t len);

/* ---- mock_player.c ---- */

/* Begin to answer ReadRows; payload is the request's bytes. */
extern void player_start(struct mock_call *call, const uint8_t *payload, size_t len);

/* Go on: what was sent is sent, or the time has come. */
extern void player_step(struct mock_call *call);

/* Free what the player added to the call. */
extern void player_free(struct mock_call *call);

/* Append " attempt=N peer_deadline_ms=N". */
extern void describe_attempt(struct bytes *out, const struct mock_call *call);

/* ---- mock_write.c: methods that write ---- */

extern void
answer_mutate_rows(struct mock_call *call, const uint8_t *payload, size_t len);
extern void answer_mutate_row(struct mock_call *call, const uint8_t *payload, size_t len);
extern void
answer_check_and_mutate_row(struct mock_call *call, const uint8_t *payload, size_t len);
extern void
answer_read_modify_write_row(struct mock_call *call, const uint8_t *payload, size_t len);
extern void
answer_drop_row_range(struct mock_call *call, const uint8_t *payload, size_t len);

/* The player's part: actions, and the answer; no-ops for methods that read. */
extern void write_action(struct mock_call *call, const struct action *action);
extern void write_apply(struct mock_call *call);
extern void write_answer(struct mock_call *call, int64_t from, int64_t to);
extern bool write_needs_answer(const struct mock_call *call);
extern bool write_needs_message(const struct mock_call *call);
extern void write_free(struct mock_call *call);

/* ---- mock_unary.c: the other methods ---- */

extern void
answer_sample_row_keys(struct mock_call *call, const uint8_t *payload, size_t len);
extern void answer_admin(struct mock_call *call, const uint8_t *payload, size_t len);

#endif
