/*-------------------------------------------------------------------------
 *
 * rpc.h
 *	  gRPC calls for a single-threaded host that must stay interruptible.
 *
 * rpc.c and its parts, rpc_*.[ch], are all that includes <grpc/...>.  All
 * functions are called from one thread, the host's.  gRPC has threads of its
 * own; none of them ever runs host code.
 *
 * Signals: gRPC's threads inherit the mask of the thread that makes them, and
 * are made lazily, so every call into gRPC is made with all signals blocked.
 * They are open again only while the host waits.
 *
 * Waiting: the host sleeps in a function of its own, which says when it was
 * interrupted; nothing here unwinds the stack, or lets the host do so.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_RPC_H
#define BT_RPC_H

#include "credentials.h"
#include "span.h"
#include "status.h"

typedef enum bt_wait_result
{
	BT_WAIT_READY, /* the descriptor is readable */
	BT_WAIT_TIMEOUT,
	BT_WAIT_INTERRUPTED /* the host wants control back */
} bt_wait_result;

/* What a wait is for, which the host may want to tell. */
typedef enum bt_wait_reason
{
	BT_WAIT_FOR_ANSWER,
	BT_WAIT_FOR_CONNECTION, /* no server has been reached yet */
	BT_WAIT_FOR_RETRY       /* a failed attempt is not to be repeated yet */
} bt_wait_reason;

/* What the host does for calls.  Both functions must return, not throw. */
typedef struct bt_host
{
	/*
	 * Sleeps until a descriptor is readable (-1: none), a time has passed
	 * (microseconds; below 0: for ever), or the host is interrupted.
	 */
	bt_wait_result (*wait)(void *arg, int fd, int64_t timeout_us, bt_wait_reason reason);

	/*
	 * When the host will be interrupted at the latest, on the clock of
	 * bt_rpc_now_us(): no server needs to work for longer.  INT64_MAX, or no
	 * function: that is open.
	 */
	int64_t (*deadline_us)(void *arg);
	void *arg;
} bt_host;

typedef struct bt_channel bt_channel;
typedef struct bt_call bt_call;

/* The number of an attempt, from 0. */
#define BT_ATTEMPT_HEADER "bigtable-attempt"

typedef struct bt_header
{
	const char *key; /* lower case */
	bt_span value;
} bt_header;

typedef enum bt_call_event
{
	BT_CALL_MESSAGE,    /* bt_call_message() has one */
	BT_CALL_END,        /* bt_call_status() knows how it ended */
	BT_CALL_TIMEOUT,    /* nothing came in time; the call goes on */
	BT_CALL_INTERRUPTED /* the host was interrupted; the call goes on */
} bt_call_event;

/*
 * Descriptors that gRPC and this file hold per process, and per channel.  A
 * channel with credentials for which tokens are fetched has those of a request
 * over HTTP now and then: a connection, and what wakes curl and resolves names.
 */
#define BT_RPC_PROCESS_FDS 5
#define BT_RPC_CHANNEL_FDS 2
#define BT_RPC_TOKEN_FDS 5

/*
 * Initializes gRPC, on first use.  Fails in a process that was forked after
 * that: gRPC's threads and sockets do not survive a fork.
 */
extern bool bt_rpc_init(bt_status *status);
extern bool bt_rpc_is_initialized(void);

/* The descriptor that bt_host's wait function is given: always the same one. */
extern int bt_rpc_wait_fd(void);

/*
 * Cancels all calls, closes all channels, ends gRPC and its threads.  Calls
 * and channels may still be destroyed afterwards, and do nothing else.
 */
extern void bt_rpc_shutdown(void);

/* A clock that only goes forward, in microseconds. */
extern int64_t bt_rpc_now_us(void);

/*
 * Makes a channel without encryption to a target in gRPC's syntax: "host:port"
 * or "unix:/path".  Connects on first use.  user_agent goes before gRPC's own.
 * Returns NULL, with *status set, on failure.  bt_rpc_init() comes first.
 */
extern bt_channel *bt_channel_create_plaintext(const char *target, const char *user_agent,
											   bt_status *status);

/*
 * The same with TLS, and with credentials that go with every call.  The server
 * has to have a certificate for the target's host, of an authority in ca_pem
 * (certificates in PEM form), or of one that this machine trusts if that is
 * NULL.  The strings are copied.  What the credentials need is fetched by the
 * calls, within their deadlines; that goes through the proxies which the
 * environment names.  The token of a service account is for the audience
 * "https://HOST/", or "https://HOST:PORT/" if the port is not 443.
 */
extern bt_channel *
bt_channel_create_tls(const char *target, const char *user_agent, const char *ca_pem,
					  const bt_credentials *credentials, bt_status *status);

/* What the calls of a channel have come to so far. */
typedef struct bt_channel_counters
{
	int64_t calls;        /* attempts included */
	int64_t retries;      /* attempts but the first of their operation */
	int64_t bytes;        /* of messages received */
	int64_t rows;         /* see bt_channel_count_rows() */
	int64_t errors;       /* calls that have ended with a status other than OK */
	bt_status last_error; /* the last such status, if there is one */
} bt_channel_counters;

extern const bt_channel_counters *bt_channel_get_counters(const bt_channel *channel);

/* Rows have been read or written: whoever knows of them says so at the end. */
extern void bt_channel_count_rows(bt_channel *channel, int64_t rows);

/*
 * How long a connection with calls may be silent before it is pinged, and how
 * long the answer may take, in milliseconds, for channels that are made from
 * now on; 0: as is usual for the kind of channel.
 */
extern void bt_rpc_set_keepalive(int time_ms, int timeout_ms);

/* Is there a connection on which a server has spoken HTTP/2? */
extern bool bt_channel_is_connected(const bt_channel *channel);

/*
 * Waits between two attempts, as long as the host is not interrupted.  Meanwhile
 * a connection can be made, which else goes on only while there is a call.
 */
extern bt_wait_result
bt_channel_sleep(bt_channel *channel, const bt_host *host, int64_t us);

/* All calls of the channel must have been destroyed. */
extern void bt_channel_destroy(bt_channel *channel);

/* Of gRPC, for a header. */
extern const char *bt_rpc_library_version(void);

/*
 * Starts a call with one request message, which is copied, and any number of
 * response messages.  method is the full path and must be a constant.  The
 * call ends with DEADLINE_EXCEEDED at deadline_us (bt_rpc_now_us()).
 * Returns NULL, with *status set, if a header is malformed or memory runs out.
 */
extern bt_call *bt_call_start(bt_channel *channel, const char *method, bt_span request,
							  const bt_header *headers, size_t nheaders,
							  int64_t deadline_us, bt_status *status);

/*
 * The earlier of a deadline and the host's own, or rather of the latest time
 * before that which a server can be told.
 */
extern int64_t bt_host_deadline_us(const bt_host *host, int64_t deadline_us);

/*
 * Bytes of a request that gRPC reads in place, for as long as it likes: the
 * last of their users frees them.
 */
typedef struct bt_payload bt_payload;

/* Makes one of that many bytes, or changes its size (before it is sent). */
extern bt_payload *bt_payload_resize(bt_payload *payload, size_t size);
extern uint8_t *bt_payload_data(bt_payload *payload);
extern void bt_payload_release(bt_payload *payload);

/* As bt_call_start(), with the first len bytes of a payload, not copied. */
extern bt_call *
bt_call_start_payload(bt_channel *channel, const char *method, bt_payload *payload,
					  size_t len, const bt_header *headers, size_t nheaders,
					  int64_t deadline_us, bt_status *status);

/*
 * Lets calls that are under way go on while the host does something else for
 * a while; else the network is looked after only while the host waits.
 */
extern void bt_rpc_go_on(void);

/*
 * Takes note of what has come in, of any call, without a wait.  Returns false if
 * that is nothing.
 */
extern bool bt_rpc_poll(void);

/*
 * Waits for the next response message, at most timeout_us microseconds.  The
 * message before it is dropped.  A call that ends with the host's own deadline
 * says BT_CALL_INTERRUPTED, so that the host speaks first.
 */
extern bt_call_event bt_call_next(bt_call *call, const bt_host *host, int64_t timeout_us);

/*
 * Would bt_call_next() return a message or the end without waiting?  Only
 * looks at what has been seen to come in by some wait, of any call.
 */
extern bool bt_call_is_ready(const bt_call *call);

/*
 * Waits until one of several calls is ready, at most timeout_us microseconds.
 * There must be one call at least.
 */
extern bt_wait_result
bt_calls_wait(bt_call *const *calls, size_t n, const bt_host *host, int64_t timeout_us);

/*
 * For a host that waits for several things at once, by itself: a descriptor
 * that becomes readable when something has come in, of any call, or when a time
 * has passed.
 */
typedef struct bt_wakeup bt_wakeup;

/* Takes one descriptor.  Returns NULL, with *status set, on failure. */
extern bt_wakeup *bt_wakeup_create(bt_status *status);
extern int bt_wakeup_fd(const bt_wakeup *wakeup);

/*
 * Makes it wait, from now on; at most timeout_us microseconds.  What has come
 * in before is forgotten, so the caller looks once more whether there is
 * something to do, and then does not wait, or waits for 0 microseconds.
 */
extern void bt_wakeup_arm(bt_wakeup *wakeup, int64_t timeout_us);

/* NULL is fine. */
extern void bt_wakeup_destroy(bt_wakeup *wakeup);

/*
 * The current message as slices, which stay until the next bt_call_next()
 * that returns a message or the end, or bt_call_destroy().
 */
extern const bt_span *bt_call_message(const bt_call *call, size_t *nslices);

/*
 * The call has ended: was the host's own deadline the cause?  Then its
 * interrupt is there, or about to come and waited for, for a moment.
 */
extern bool bt_call_is_end_of_host(const bt_call *call, const bt_host *host);

/* Ends the call at once, as if BT_CALL_END had come. */
extern void bt_call_cancel(bt_call *call);

/* After BT_CALL_END.  retry_delay_us and attempts are left for the caller. */
extern void bt_call_status(const bt_call *call, bt_status *status);

/*
 * Metadata that the server sent, the initial first, then the trailing one.
 * Returns false when there is no i-th.  After BT_CALL_END.
 */
extern bool bt_call_metadata(const bt_call *call, size_t i, bt_span *key, bt_span *value);

/*
 * Cancels the call if it has not ended, waits until gRPC lets go of its
 * buffers (which takes no network round trip), and frees it.
 */
extern void bt_call_destroy(bt_call *call);

#endif /* BT_RPC_H */
