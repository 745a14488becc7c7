/*-------------------------------------------------------------------------
 *
 * rpc.c
 *	  gRPC calls for a single-threaded host that must stay interruptible.
 *
 * One completion queue serves the process.  Each operation that is under way
 * has an op structure, whose address is its tag: whoever takes an event off
 * the queue marks the op as done, so it does not matter who does.
 *
 * The host waits for an op in three steps, cheap first: take what is there;
 * block on the queue for up to a millisecond; then arm the waiter, a thread
 * that blocks on the queue in the host's place, takes one event and signals
 * an eventfd, while the host sleeps in a wait of its own that sees signals
 * and latches.  Handing every message over a thread would double the cost of
 * small messages.  While the waiter is armed, only it takes events.
 *
 *-------------------------------------------------------------------------
 */
#include "rpc.h"

#include "rpc_credentials.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#if __has_include(<grpc/credentials.h>)
#include <grpc/credentials.h>
#endif
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>

/* How long the host may block, deaf to signals, before the waiter takes over. */
#define BLOCK_US 1000

/* A row can be 256 MiB, and comes with keys, names and framing. */
#define MAX_RECEIVE_BYTES (288 * 1024 * 1024)

/*
 * Frames and stream windows larger than HTTP/2's 16 and 64 KiB, so that the
 * server can send ahead while the host works on the last message.
 */
#define HTTP2_MAX_FRAME_BYTES (64 * 1024)
#define HTTP2_WINDOW_BYTES (4 * 1024 * 1024)

/* Details of an error may be many; gRPC's own limit would hide the error. */
#define MAX_METADATA_BYTES (1024 * 1024)

/* When a silent server is pinged, and how long the answer may take. */
#define KEEPALIVE_TIME_TLS_MS (30 * 1000)
#define KEEPALIVE_TIME_PLAINTEXT_MS (60 * 1000)
#define KEEPALIVE_TIMEOUT_MS (10 * 1000)

/*
 * A call that ends so much before the host's deadline has ended because of it,
 * and the host's interrupt comes at most so much after it.
 */
#define HOST_EARLY_US INT64_C(110000)
#define HOST_LATE_US INT64_C(80000)

/* How long a channel is watched at once; so long may its end take. */
#define WATCH_US INT64_C(50000)

/*
 * After so long without a call, what has come meanwhile is looked at before the
 * next one.  gRPC handles one event of the network at a time; the end of a
 * connection is a few.
 */
#define IDLE_US INT64_C(1000)
#define IDLE_EVENTS 10

/* What gRPC may add to a deadline in whole milliseconds. */
#define GRPC_CLOCK_US INT64_C(2000)

/* An operation that is under way. */
typedef struct op
{
	atomic_bool done;
	bool started;
} op;

struct bt_channel
{
	grpc_channel *channel; /* NULL after bt_rpc_shutdown() */
	op watch;              /* of its state, see bt_channel_sleep() */
	bt_channel *next;
	bt_channel **link; /* what points to this channel */
	bt_channel_counters counters;
};

struct bt_call
{
	grpc_call *call; /* NULL after bt_rpc_shutdown() */
	bt_call *next;
	bt_call **link; /* what points to this call */
	bt_channel *channel;

	op send_op; /* the request, and initial metadata */
	op message_op;
	op status_op;

	/* Buffers that gRPC writes into or reads from until an op is done. */
	grpc_byte_buffer *request;
	grpc_metadata *headers;
	size_t nheaders;
	grpc_byte_buffer *incoming;
	grpc_metadata_array initial_metadata;
	grpc_metadata_array trailing_metadata;
	grpc_status_code code;
	grpc_slice details;

	grpc_byte_buffer *message; /* the current one */
	bt_span *slices;           /* of it */
	size_t nslices;
	size_t slices_capacity;
};

struct bt_wakeup
{
	int fd; /* of a timer, which is set to fire at once by what comes in */
	bt_wakeup *next;
};

struct bt_payload
{
	atomic_int users;
	uint8_t data[];
};

/* State of the process. */
static struct
{
	pid_t pid; /* of the process that initialized gRPC, or 0 */
	bool shut_down;
	grpc_completion_queue *queue;
	int eventfd;
	pthread_t waiter;

	pthread_mutex_t mutex; /* protects the next three */
	pthread_cond_t wake;
	bool stop;
	bt_wakeup *wakeups; /* changed by the host only */
	atomic_bool armed;  /* set by the host, cleared by the waiter */

	bt_channel *channels;
	bt_call *calls;
	int64_t idle_since_us; /* when the last of them was closed */

	int keepalive_time_ms; /* 0: as is usual */
	int keepalive_timeout_ms;
} rpc = {
	.eventfd = -1, .mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

/* ---- signals ---- */

static void
block_signals(sigset_t *old)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, old);
}

static void
restore_signals(const sigset_t *old)
{
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

/* ---- time ---- */

int64_t
bt_rpc_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static gpr_timespec
from_now(int64_t us)
{
	return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
						gpr_time_from_micros(us, GPR_TIMESPAN));
}

/* ---- wakeups ---- */

/* Sets a timer; 0 means at once. */
static void
set_timer(int fd, int64_t us)
{
	struct itimerspec time = {0};

	if (us <= 0)
		time.it_value.tv_nsec = 1;
	else
	{
		time.it_value.tv_sec = us / 1000000;
		time.it_value.tv_nsec = us % 1000000 * 1000;
	}
	(void) timerfd_settime(fd, 0, &time, NULL);
}

/*
 * Something has come in: whoever waits by a wakeup is to look.  The waiter says so
 * once it is no longer armed, so that whoever looks in vain can arm it again.
 */
static void
fire_wakeups(void)
{
	if (rpc.wakeups == NULL)
		return;
	pthread_mutex_lock(&rpc.mutex);
	for (bt_wakeup *wakeup = rpc.wakeups; wakeup != NULL; wakeup = wakeup->next)
		set_timer(wakeup->fd, 0);
	pthread_mutex_unlock(&rpc.mutex);
}

bt_wakeup *
bt_wakeup_create(bt_status *status)
{
	bt_wakeup *wakeup = malloc(sizeof(bt_wakeup));

	if (wakeup == NULL)
	{
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "out of memory");
		return NULL;
	}
	wakeup->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (wakeup->fd < 0)
	{
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "could not create a timer: %s",
					  strerror(errno));
		free(wakeup);
		return NULL;
	}
	pthread_mutex_lock(&rpc.mutex);
	wakeup->next = rpc.wakeups;
	rpc.wakeups = wakeup;
	pthread_mutex_unlock(&rpc.mutex);
	return wakeup;
}

int
bt_wakeup_fd(const bt_wakeup *wakeup)
{
	return wakeup->fd;
}

void
bt_wakeup_destroy(bt_wakeup *wakeup)
{
	if (wakeup == NULL)
		return;
	pthread_mutex_lock(&rpc.mutex);
	for (bt_wakeup **link = &rpc.wakeups; *link != NULL; link = &(*link)->next)
		if (*link == wakeup)
		{
			*link = wakeup->next;
			break;
		}
	pthread_mutex_unlock(&rpc.mutex);
	close(wakeup->fd);
	free(wakeup);
}

/* ---- the completion queue ---- */

/* Takes an event; returns whether there was one before the deadline. */
static bool
take_event(gpr_timespec deadline)
{
	grpc_event event = grpc_completion_queue_next(rpc.queue, deadline, NULL);

	if (event.type != GRPC_OP_COMPLETE)
		return false;
	atomic_store_explicit(&((op *) event.tag)->done, true, memory_order_release);
	return true;
}

static void
signal_host(void)
{
	uint64_t one = 1;

	while (write(rpc.eventfd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void
clear_signal(void)
{
	uint64_t count;

	while (read(rpc.eventfd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

/* The waiter: one event each time it is armed.  Inherits blocked signals. */
static void *
waiter_main(void *arg)
{
	(void) arg;
	pthread_mutex_lock(&rpc.mutex);
	while (!rpc.stop)
	{
		if (!atomic_load(&rpc.armed))
		{
			pthread_cond_wait(&rpc.wake, &rpc.mutex);
			continue;
		}
		pthread_mutex_unlock(&rpc.mutex);
		(void) take_event(gpr_inf_future(GPR_CLOCK_MONOTONIC));
		atomic_store(&rpc.armed, false);
		fire_wakeups();
		signal_host();
		pthread_mutex_lock(&rpc.mutex);
	}
	pthread_mutex_unlock(&rpc.mutex);
	return NULL;
}

static void
arm_waiter(void)
{
	pthread_mutex_lock(&rpc.mutex);
	atomic_store(&rpc.armed, true);
	pthread_cond_signal(&rpc.wake);
	pthread_mutex_unlock(&rpc.mutex);
}

/* What is waited for. */
typedef bool (*condition)(const void *arg);

static bool
op_is_done(const void *arg)
{
	return atomic_load_explicit(&((const op *) arg)->done, memory_order_acquire);
}

/*
 * Tries to see something happen without the waiter.  Signals are blocked;
 * blocking for up to block_us is allowed.
 */
static bool
poll_for(condition happened, const void *arg, int64_t block_us)
{
	bool blocked = block_us <= 0;

	while (!happened(arg))
	{
		if (atomic_load(&rpc.armed))
			return false;
		if (take_event(gpr_time_0(GPR_CLOCK_MONOTONIC)))
		{
			fire_wakeups();
			continue;
		}
		if (blocked)
			return false;
		blocked = !take_event(from_now(block_us));
		if (!blocked)
			fire_wakeups();
	}
	return true;
}

/*
 * Waits as the host wants it.  If it has happened, signals are blocked on
 * return, since the caller goes on with gRPC, and *old is the mask to restore.
 */
static bt_wait_result
wait_for(condition happened, const void *arg, const bt_host *host, int64_t timeout_us,
		 sigset_t *old)
{
	int64_t until = bt_rpc_now_us() + timeout_us;

	for (;;)
	{
		int64_t left = until - bt_rpc_now_us();
		bt_wait_result result;

		block_signals(old);
		if (poll_for(happened, arg, left < BLOCK_US ? left : BLOCK_US))
			return BT_WAIT_READY;
		if (!atomic_load(&rpc.armed))
			arm_waiter();
		restore_signals(old);

		left = until - bt_rpc_now_us();
		result = host->wait(host->arg, rpc.eventfd, left < 0 ? 0 : left);
		if (result == BT_WAIT_READY)
			clear_signal();
		else if (!happened(arg))
			return result;
	}
}

/* The same for an op. */
static bt_wait_result
wait_op(const op *op, const bt_host *host, int64_t timeout_us, sigset_t *old)
{
	return wait_for(op_is_done, op, host, timeout_us, old);
}

/* Waits for an op that is bound to end at once.  Signals are blocked. */
static void
drain_op(op *op)
{
	if (!op->started)
		return;
	while (!op_is_done(op))
	{
		if (atomic_load(&rpc.armed))
		{
			struct pollfd pollfd = {.fd = rpc.eventfd, .events = POLLIN};

			(void) poll(&pollfd, 1, -1);
			clear_signal();
		}
		else if (take_event(gpr_inf_future(GPR_CLOCK_MONOTONIC)))
			fire_wakeups();
	}
}

/* ---- the process ---- */

/* gRPC writes to stderr, from any thread; say so only if somebody asked. */
static void
discard_log(gpr_log_func_args *args)
{
	(void) args;
}

static bool
start_process(bt_status *status)
{
	rpc.eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (rpc.eventfd < 0)
	{
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "could not create an eventfd: %s",
					  strerror(errno));
		return false;
	}
	if (getenv("GRPC_VERBOSITY") == NULL)
		gpr_set_log_function(discard_log);
	grpc_init();
	rpc.queue = grpc_completion_queue_create_for_next(NULL);
	if (pthread_create(&rpc.waiter, NULL, waiter_main, NULL) != 0)
	{
		grpc_completion_queue_destroy(rpc.queue);
		grpc_shutdown();
		close(rpc.eventfd);
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "could not create a thread");
		return false;
	}
	rpc.pid = getpid();
	return true;
}

bool
bt_rpc_init(bt_status *status)
{
	sigset_t old;
	bool ok;

	if (rpc.pid != 0 && rpc.pid != getpid())
	{
		bt_status_set(status, BT_FAILED_PRECONDITION,
					  "gRPC was initialized in process %d, before the fork of process %d",
					  (int) rpc.pid, (int) getpid());
		return false;
	}
	if (rpc.shut_down)
	{
		bt_status_set(status, BT_FAILED_PRECONDITION, "gRPC is shut down");
		return false;
	}
	if (rpc.pid != 0)
		return true;
	block_signals(&old);
	ok = start_process(status);
	restore_signals(&old);
	return ok;
}

bool
bt_rpc_is_initialized(void)
{
	return rpc.pid != 0 && rpc.pid == getpid() && !rpc.shut_down;
}

int
bt_rpc_wait_fd(void)
{
	return rpc.eventfd;
}

const char *
bt_rpc_library_version(void)
{
	return grpc_version_string();
}

/* ---- channels ---- */

static grpc_arg
integer_arg(const char *key, int value)
{
	grpc_arg arg = {.type = GRPC_ARG_INTEGER, .key = (char *) key};

	arg.value.integer = value;
	return arg;
}

static int
keepalive_time_ms(bool tls)
{
	if (rpc.keepalive_time_ms > 0)
		return rpc.keepalive_time_ms;
	return tls ? KEEPALIVE_TIME_TLS_MS : KEEPALIVE_TIME_PLAINTEXT_MS;
}

static int
keepalive_timeout_ms(void)
{
	return rpc.keepalive_timeout_ms > 0 ? rpc.keepalive_timeout_ms : KEEPALIVE_TIMEOUT_MS;
}

/* Takes the credentials. */
static grpc_channel *
make_channel(const char *target, const char *user_agent,
			 grpc_channel_credentials *credentials, bool tls)
{
	grpc_arg args[] = {
		{.type = GRPC_ARG_STRING,
		 .key = (char *) GRPC_ARG_PRIMARY_USER_AGENT_STRING,
		 .value.string = (char *) user_agent},
		integer_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, MAX_RECEIVE_BYTES),
		integer_arg(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, -1),
		integer_arg(GRPC_ARG_MAX_METADATA_SIZE, MAX_METADATA_BYTES),
		integer_arg(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, HTTP2_MAX_FRAME_BYTES),
		integer_arg(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, HTTP2_WINDOW_BYTES),

		/* Left to itself, gRPC opens the windows to 80 MB and more. */
		integer_arg(GRPC_ARG_HTTP2_BDP_PROBE, 0),

		/* Retries are ours: they must resume a scan and count attempts. */
		integer_arg(GRPC_ARG_ENABLE_RETRIES, 0),

		/* One user's connection is never another's. */
		integer_arg(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1),

		/* A stalled stream is pinged for as long as it is open. */
		integer_arg(GRPC_ARG_KEEPALIVE_TIME_MS, keepalive_time_ms(tls)),
		integer_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keepalive_timeout_ms()),
		integer_arg(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0),

		/* Find a restarted server soon; the retries have their own backoff. */
		integer_arg(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100),
		integer_arg(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 10 * 1000),
		integer_arg(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2 * 1000),
		integer_arg(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1000),

		/* Plaintext is for emulators and test servers near by. */
		integer_arg(GRPC_ARG_ENABLE_HTTP_PROXY, tls),
	};
	grpc_channel_args channel_args = {sizeof(args) / sizeof(args[0]), args};
	grpc_channel *channel = grpc_channel_create(target, credentials, &channel_args);

	grpc_channel_credentials_release(credentials);
	return channel;
}

/* Puts the channel into the list of those that exist. */
static bt_channel *
add_channel(grpc_channel *grpc, bt_status *status)
{
	bt_channel *channel = grpc != NULL ? calloc(1, sizeof(bt_channel)) : NULL;

	if (channel == NULL)
	{
		if (grpc != NULL)
			grpc_channel_destroy(grpc);
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "could not create a gRPC channel");
		return NULL;
	}
	channel->channel = grpc;
	channel->next = rpc.channels;
	channel->link = &rpc.channels;
	if (channel->next != NULL)
		channel->next->link = &channel->next;
	rpc.channels = channel;
	return channel;
}

bt_channel *
bt_channel_create_plaintext(const char *target, const char *user_agent, bt_status *status)
{
	bt_channel *channel;
	sigset_t old;

	block_signals(&old);
	channel = add_channel(
		make_channel(target, user_agent, grpc_insecure_credentials_create(), false),
		status);
	restore_signals(&old);
	return channel;
}

bt_channel *
bt_channel_create_tls(const char *target, const char *user_agent, const char *ca_pem,
					  const bt_credentials *credentials, bt_status *status)
{
	grpc_channel_credentials *channel_credentials;
	bt_channel *channel = NULL;
	sigset_t old;

	block_signals(&old);
	channel_credentials = rpc_tls_credentials(ca_pem, credentials);
	if (channel_credentials == NULL)
		bt_status_set(status, BT_UNAUTHENTICATED, "gRPC refused the credentials");
	else
		channel = add_channel(make_channel(target, user_agent, channel_credentials, true),
							  status);
	restore_signals(&old);
	return channel;
}

const bt_channel_counters *
bt_channel_get_counters(const bt_channel *channel)
{
	return &channel->counters;
}

void
bt_channel_count_rows(bt_channel *channel, int64_t rows)
{
	channel->counters.rows += rows;
}

void
bt_rpc_set_keepalive(int time_ms, int timeout_ms)
{
	rpc.keepalive_time_ms = time_ms;
	rpc.keepalive_timeout_ms = timeout_ms;
}

bool
bt_channel_is_connected(const bt_channel *channel)
{
	grpc_connectivity_state state;
	sigset_t old;

	if (channel->channel == NULL)
		return false;
	block_signals(&old);
	state = grpc_channel_check_connectivity_state(channel->channel, 0);
	restore_signals(&old);
	return state == GRPC_CHANNEL_READY;
}

static void
close_channel(bt_channel *channel)
{
	*channel->link = channel->next;
	if (channel->next != NULL)
		channel->next->link = channel->link;
	grpc_channel_destroy(channel->channel);
	channel->channel = NULL;
	drain_op(&channel->watch);
}

/* Watches a channel that is not connected, for a while.  Signals are blocked. */
static void
watch_channel(bt_channel *channel, int64_t us)
{
	grpc_connectivity_state state =
		grpc_channel_check_connectivity_state(channel->channel, 0);

	if (state != GRPC_CHANNEL_CONNECTING && state != GRPC_CHANNEL_TRANSIENT_FAILURE)
		return;
	channel->watch.done = false;
	channel->watch.started = true;
	grpc_channel_watch_connectivity_state(channel->channel, state,
										  from_now(us < WATCH_US ? us : WATCH_US),
										  rpc.queue, &channel->watch);
}

bt_wait_result
bt_channel_sleep(bt_channel *channel, const bt_host *host, int64_t us)
{
	int64_t until = bt_rpc_now_us() + us;

	for (;;)
	{
		int64_t left = until - bt_rpc_now_us();
		bt_wait_result result;
		sigset_t old;

		if (channel->channel != NULL && !channel->watch.started && left > 0)
		{
			block_signals(&old);
			watch_channel(channel, left);
			restore_signals(&old);
		}
		if (!channel->watch.started)
			return host->wait(host->arg, -1, left > 0 ? left : 0);
		result = wait_op(&channel->watch, host, left, &old);
		if (result != BT_WAIT_READY)
			return result;
		channel->watch.started = false;
		restore_signals(&old);
	}
}

void
bt_channel_destroy(bt_channel *channel)
{
	sigset_t old;

	if (channel == NULL)
		return;
	if (channel->channel != NULL && rpc.pid == getpid())
	{
		block_signals(&old);
		close_channel(channel);
		restore_signals(&old);
	}
	free(channel);
}

/* ---- calls ---- */

static void
start_op(bt_call *call, op *op, const grpc_op *ops, size_t nops)
{
	op->done = false;
	op->started = grpc_call_start_batch(call->call, ops, nops, op, NULL) == GRPC_CALL_OK;

	/* Only a misuse of the API is refused, and it is refused at once. */
	if (!op->started)
		op->done = true;
}

static void
start_receiving(bt_call *call)
{
	grpc_op receive = {.op = GRPC_OP_RECV_MESSAGE};

	receive.data.recv_message.recv_message = &call->incoming;
	start_op(call, &call->message_op, &receive, 1);
}

static void
start_ops(bt_call *call)
{
	grpc_op send[4] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
					   {.op = GRPC_OP_SEND_MESSAGE},
					   {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
					   {.op = GRPC_OP_RECV_INITIAL_METADATA}};
	grpc_op status = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};

	send[0].data.send_initial_metadata.count = call->nheaders;
	send[0].data.send_initial_metadata.metadata = call->headers;
	send[1].data.send_message.send_message = call->request;
	send[3].data.recv_initial_metadata.recv_initial_metadata = &call->initial_metadata;
	start_op(call, &call->send_op, send, 4);

	status.data.recv_status_on_client.trailing_metadata = &call->trailing_metadata;
	status.data.recv_status_on_client.status = &call->code;
	status.data.recv_status_on_client.status_details = &call->details;
	start_op(call, &call->status_op, &status, 1);
	start_receiving(call);
}

/*
 * gRPC aborts the process on a header that HTTP/2 does not allow.  Where a key
 * says that the value is binary, gRPC encodes it.
 */
static bool
is_legal_header(const grpc_metadata *header)
{
	return grpc_header_key_is_legal(header->key) &&
		   (grpc_is_binary_header(header->key) ||
			grpc_header_nonbin_value_is_legal(header->value));
}

static bool
set_headers(bt_call *call, const bt_header *headers, size_t nheaders, bt_status *status)
{
	call->headers = calloc(nheaders + 1, sizeof(grpc_metadata));
	if (call->headers == NULL)
	{
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "out of memory");
		return false;
	}
	for (size_t i = 0; i < nheaders; i++)
	{
		grpc_metadata *header = &call->headers[i];

		header->key = grpc_slice_from_copied_string(headers[i].key);
		header->value = grpc_slice_from_copied_buffer(
			(const char *) headers[i].value.data, headers[i].value.len);
		call->nheaders++;
		if (!is_legal_header(header))
		{
			bt_status_set(status, BT_INVALID_ARGUMENT, "illegal value of header %s",
						  headers[i].key);
			return false;
		}
	}
	return true;
}

/* Frees what no op uses any more.  The call is out of gRPC's hands. */
static void
free_buffers(bt_call *call)
{
	for (size_t i = 0; i < call->nheaders; i++)
	{
		grpc_slice_unref(call->headers[i].key);
		grpc_slice_unref(call->headers[i].value);
	}
	free(call->headers);
	grpc_metadata_array_destroy(&call->initial_metadata);
	grpc_metadata_array_destroy(&call->trailing_metadata);
	grpc_slice_unref(call->details);
	grpc_byte_buffer_destroy(call->request);
	grpc_byte_buffer_destroy(call->incoming);
	grpc_byte_buffer_destroy(call->message);
	call->message = call->incoming = call->request = NULL;
	call->headers = NULL;
	call->nheaders = call->nslices = 0;
}

/* An attempt but the first of its operation says so in a header. */
static bool
is_retry(const bt_header *headers, size_t nheaders)
{
	for (size_t i = 0; i < nheaders; i++)
		if (strcmp(headers[i].key, BT_ATTEMPT_HEADER) == 0)
			return !bt_span_equal(headers[i].value, bt_span_str("0"));
	return false;
}

/*
 * Hears of what has come while no call was under way: that the server has
 * closed the connection, say, so that the next call is not sent on it.
 */
static void
catch_up(void)
{
	if (rpc.calls != NULL || atomic_load(&rpc.armed) ||
		bt_rpc_now_us() < rpc.idle_since_us + IDLE_US)
		return;
	for (int i = 0; i < IDLE_EVENTS; i++)
		(void) take_event(gpr_time_0(GPR_CLOCK_MONOTONIC));
}

/*
 * While gRPC waits before it connects again, calls fail with what it found last
 * time.  The waits between attempts are ours, so an attempt is one to connect.
 */
static void
connect_now(grpc_channel *channel)
{
	if (grpc_channel_check_connectivity_state(channel, 0) ==
		GRPC_CHANNEL_TRANSIENT_FAILURE)
		grpc_channel_reset_connect_backoff(channel);
}

/* Takes the request. */
static bt_call *
make_call(bt_channel *channel, const char *method, grpc_slice request,
		  const bt_header *headers, size_t nheaders, int64_t deadline_us,
		  bt_status *status)
{
	bt_call *call = calloc(1, sizeof(bt_call));

	if (call == NULL)
	{
		grpc_slice_unref(request);
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "out of memory");
		return NULL;
	}
	call->request = grpc_raw_byte_buffer_create(&request, 1);
	grpc_slice_unref(request);
	grpc_metadata_array_init(&call->initial_metadata);
	grpc_metadata_array_init(&call->trailing_metadata);
	call->details = grpc_empty_slice();
	if (!set_headers(call, headers, nheaders, status))
	{
		free_buffers(call);
		free(call);
		return NULL;
	}

	catch_up();
	connect_now(channel->channel);
	call->call =
		grpc_channel_create_call(channel->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
								 rpc.queue, grpc_slice_from_static_string(method), NULL,
								 from_now(deadline_us - bt_rpc_now_us()), NULL);
	start_ops(call);
	call->channel = channel;
	channel->counters.calls++;
	if (is_retry(headers, nheaders))
		channel->counters.retries++;
	return call;
}

/* Makes a call of which the process knows.  Signals are blocked. */
static bt_call *
add_call(bt_call *call)
{
	if (call == NULL)
		return NULL;
	call->next = rpc.calls;
	call->link = &rpc.calls;
	if (call->next != NULL)
		call->next->link = &call->next;
	rpc.calls = call;
	return call;
}

bt_call *
bt_call_start(bt_channel *channel, const char *method, bt_span request,
			  const bt_header *headers, size_t nheaders, int64_t deadline_us,
			  bt_status *status)
{
	bt_call *call;
	sigset_t old;

	if (!bt_rpc_init(status))
		return NULL;
	block_signals(&old);
	call = add_call(
		make_call(channel, method,
				  grpc_slice_from_copied_buffer((const char *) request.data, request.len),
				  headers, nheaders, deadline_us, status));
	restore_signals(&old);
	return call;
}

bt_payload *
bt_payload_resize(bt_payload *payload, size_t size)
{
	bt_payload *resized = realloc(payload, sizeof(bt_payload) + size);

	if (resized != NULL && payload == NULL)
		atomic_init(&resized->users, 1);
	return resized;
}

uint8_t *
bt_payload_data(bt_payload *payload)
{
	return payload->data;
}

/* Also called by gRPC, on any thread. */
static void
release_payload(void *arg)
{
	bt_payload *payload = arg;

	if (payload != NULL && atomic_fetch_sub(&payload->users, 1) == 1)
		free(payload);
}

void
bt_payload_release(bt_payload *payload)
{
	release_payload(payload);
}

bt_call *
bt_call_start_payload(bt_channel *channel, const char *method, bt_payload *payload,
					  size_t len, const bt_header *headers, size_t nheaders,
					  int64_t deadline_us, bt_status *status)
{
	bt_call *call;
	sigset_t old;

	if (!bt_rpc_init(status))
		return NULL;
	atomic_fetch_add(&payload->users, 1);
	block_signals(&old);
	call = add_call(make_call(
		channel, method,
		grpc_slice_new_with_user_data(payload->data, len, release_payload, payload),
		headers, nheaders, deadline_us, status));
	restore_signals(&old);
	return call;
}

void
bt_rpc_go_on(void)
{
	if (rpc.calls != NULL && !atomic_load(&rpc.armed))
		arm_waiter();
}

bool
bt_rpc_poll(void)
{
	sigset_t old;
	bool any = false;

	if (rpc.calls == NULL || atomic_load(&rpc.armed))
		return false;
	block_signals(&old);
	while (take_event(gpr_time_0(GPR_CLOCK_MONOTONIC)))
		any = true;
	if (any)
		fire_wakeups();
	restore_signals(&old);
	return any;
}

void
bt_wakeup_arm(bt_wakeup *wakeup, int64_t timeout_us)
{
	set_timer(wakeup->fd, timeout_us);
	bt_rpc_go_on();
}

/* Makes the received message the current one; returns false without memory. */
static bool
take_message(bt_call *call)
{
	grpc_slice_buffer *buffer = &call->incoming->data.raw.slice_buffer;

	if (buffer->count > call->slices_capacity)
	{
		bt_span *slices = realloc(call->slices, buffer->count * sizeof(bt_span));

		if (slices == NULL)
			return false;
		call->slices = slices;
		call->slices_capacity = buffer->count;
	}
	for (size_t i = 0; i < buffer->count; i++)
		call->slices[i] = bt_span_make(GRPC_SLICE_START_PTR(buffer->slices[i]),
									   GRPC_SLICE_LENGTH(buffer->slices[i]));
	call->nslices = buffer->count;
	call->message = call->incoming;
	call->incoming = NULL;
	return true;
}

/* Keeps how a call has ended if it was not well. */
static void
note_end(const bt_call *call)
{
	bt_channel_counters *counters = &call->channel->counters;

	if (call->code == GRPC_STATUS_OK)
		return;
	counters->errors++;
	bt_call_status(call, &counters->last_error);
}

/*
 * gRPC tells the server how much time it has in three digits, rounded up.  The
 * longest time from now on for which that is not too much.
 */
static int64_t
round_down_as_sent(int64_t us)
{
	int64_t unit_us = 1000;

	while (us / unit_us >= 1000)
		unit_us *= 10;
	return us - us % unit_us - GRPC_CLOCK_US;
}

int64_t
bt_host_deadline_us(const bt_host *host, int64_t deadline_us)
{
	int64_t limit_us =
		host->deadline_us != NULL ? host->deadline_us(host->arg) : INT64_MAX;
	int64_t now_us;

	if (limit_us >= deadline_us)
		return deadline_us;
	now_us = bt_rpc_now_us();
	return limit_us > now_us ? now_us + round_down_as_sent(limit_us - now_us) : now_us;
}

bool
bt_call_is_end_of_host(const bt_call *call, const bt_host *host)
{
	int64_t left_us;

	if (call->code != GRPC_STATUS_DEADLINE_EXCEEDED || host->deadline_us == NULL)
		return false;
	left_us = host->deadline_us(host->arg) - bt_rpc_now_us();
	if (left_us > HOST_EARLY_US)
		left_us = 0; /* but the interrupt may have come already */
	else
		left_us += HOST_LATE_US;
	return host->wait(host->arg, -1, left_us < 0 ? 0 : left_us) == BT_WAIT_INTERRUPTED;
}

bt_call_event
bt_call_next(bt_call *call, const bt_host *host, int64_t timeout_us)
{
	bt_wait_result result;
	sigset_t old;
	bool more = false;

	if (call->call == NULL)
		return BT_CALL_END;
	result = wait_op(&call->message_op, host, timeout_us, &old);
	if (result == BT_WAIT_READY && call->incoming == NULL)
	{
		restore_signals(&old);
		result = wait_op(&call->status_op, host, timeout_us, &old);
	}
	if (result != BT_WAIT_READY)
		return result == BT_WAIT_TIMEOUT ? BT_CALL_TIMEOUT : BT_CALL_INTERRUPTED;

	grpc_byte_buffer_destroy(call->message);
	call->message = NULL;
	call->nslices = 0;
	if (call->incoming != NULL)
	{
		more = take_message(call);
		if (more)
		{
			call->channel->counters.bytes +=
				(int64_t) grpc_byte_buffer_length(call->message);
			start_receiving(call); /* the network works while the host does */
		}
		else
		{
			grpc_call_cancel_with_status(call->call, GRPC_STATUS_RESOURCE_EXHAUSTED,
										 "out of memory", NULL);
			drain_op(&call->status_op);
		}
	}
	restore_signals(&old);
	if (more)
		return BT_CALL_MESSAGE;
	if (bt_call_is_end_of_host(call, host))
		return BT_CALL_INTERRUPTED;
	note_end(call);
	return BT_CALL_END;
}

bool
bt_call_is_ready(const bt_call *call)
{
	return call->call == NULL ||
		   (op_is_done(&call->message_op) &&
			(call->incoming != NULL || op_is_done(&call->status_op)));
}

/* Calls of which one is waited for. */
typedef struct call_list
{
	bt_call *const *calls;
	size_t n;
} call_list;

static bool
any_is_ready(const void *arg)
{
	const call_list *list = arg;

	for (size_t i = 0; i < list->n; i++)
		if (bt_call_is_ready(list->calls[i]))
			return true;
	return false;
}

bt_wait_result
bt_calls_wait(bt_call *const *calls, size_t n, const bt_host *host, int64_t timeout_us)
{
	call_list list = {calls, n};
	sigset_t old;
	bt_wait_result result = wait_for(any_is_ready, &list, host, timeout_us, &old);

	if (result == BT_WAIT_READY)
		restore_signals(&old);
	return result;
}

const bt_span *
bt_call_message(const bt_call *call, size_t *nslices)
{
	*nslices = call->nslices;
	return call->slices;
}

void
bt_call_status(const bt_call *call, bt_status *status)
{
	bool without_token = rpc_is_without_token(call->code, call->details);

	bt_status_set(status, BT_CANCELLED, "the client is shut down");
	if (call->call == NULL)
		return;
	bt_status_set(status, without_token ? BT_UNAVAILABLE : (bt_code) call->code, "%s%.*s",
				  without_token ? BT_STATUS_NO_TOKEN ": " : "",
				  (int) GRPC_SLICE_LENGTH(call->details),
				  (const char *) GRPC_SLICE_START_PTR(call->details));
	status->local = false;
}

bool
bt_call_metadata(const bt_call *call, size_t i, bt_span *key, bt_span *value)
{
	const grpc_metadata_array *array = &call->initial_metadata;
	const grpc_metadata *entry;

	if (i >= array->count)
	{
		i -= array->count;
		array = &call->trailing_metadata;
	}
	if (i >= array->count)
		return false;
	entry = &array->metadata[i];
	*key = bt_span_make(GRPC_SLICE_START_PTR(entry->key), GRPC_SLICE_LENGTH(entry->key));
	*value =
		bt_span_make(GRPC_SLICE_START_PTR(entry->value), GRPC_SLICE_LENGTH(entry->value));
	return true;
}

/* Ends a call, and waits until no op is under way.  Signals are blocked. */
static void
end_call(bt_call *call)
{
	/* A call that is just ending shall end well: do not reset its stream. */
	if (!poll_for(op_is_done, &call->status_op, 0))
		grpc_call_cancel(call->call, NULL);
	drain_op(&call->send_op);
	drain_op(&call->message_op);
	drain_op(&call->status_op);
}

void
bt_call_cancel(bt_call *call)
{
	sigset_t old;

	if (call->call == NULL)
		return;
	block_signals(&old);
	end_call(call);
	restore_signals(&old);
}

/* Takes the call back from gRPC.  Signals are blocked. */
static void
close_call(bt_call *call)
{
	*call->link = call->next;
	if (call->next != NULL)
		call->next->link = call->link;
	end_call(call);
	grpc_call_unref(call->call);
	call->call = NULL;
	free_buffers(call);
	rpc.idle_since_us = bt_rpc_now_us();
}

void
bt_call_destroy(bt_call *call)
{
	sigset_t old;

	if (call == NULL)
		return;
	if (call->call != NULL && rpc.pid == getpid())
	{
		block_signals(&old);
		close_call(call);
		restore_signals(&old);
	}
	free(call->slices);
	free(call);
}

/* ---- the end ---- */

static void
stop_waiter(void)
{
	pthread_mutex_lock(&rpc.mutex);
	rpc.stop = true;
	pthread_cond_signal(&rpc.wake);
	pthread_mutex_unlock(&rpc.mutex);

	/* If it is armed, it returns from the queue when that is shut down. */
	grpc_completion_queue_shutdown(rpc.queue);
	pthread_join(rpc.waiter, NULL);
	while (
		grpc_completion_queue_next(rpc.queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL)
			.type != GRPC_QUEUE_SHUTDOWN)
		;
	grpc_completion_queue_destroy(rpc.queue);
}

void
bt_rpc_shutdown(void)
{
	sigset_t old;

	if (!bt_rpc_is_initialized())
		return;
	block_signals(&old);
	while (rpc.calls != NULL)
		close_call(rpc.calls);
	while (rpc.channels != NULL)
		close_channel(rpc.channels);
	rpc.shut_down = true;
	stop_waiter();
	grpc_shutdown_blocking();
	close(rpc.eventfd);
	restore_signals(&old);
}
