/*-------------------------------------------------------------------------
 *
 * rpc_channel.c
 *	  Channels: made, configured, watched, closed; what their calls come to.
 *
 *-------------------------------------------------------------------------
 */
#include "rpc_internal.h"

#include "rpc_credentials.h"

#include <stdlib.h>
#include <unistd.h>

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

/* How long a channel is watched at once; so long may its end take. */
#define WATCH_US INT64_C(50000)

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

	rpc_block_signals(&old);
	channel = add_channel(
		make_channel(target, user_agent, grpc_insecure_credentials_create(), false),
		status);
	rpc_restore_signals(&old);
	return channel;
}

bt_channel *
bt_channel_create_tls(const char *target, const char *user_agent, const char *ca_pem,
					  const bt_credentials *credentials, bt_status *status)
{
	grpc_channel_credentials *channel_credentials;
	bt_channel *channel = NULL;
	sigset_t old;

	rpc_block_signals(&old);
	channel_credentials = rpc_tls_credentials(ca_pem, credentials);
	if (channel_credentials == NULL)
		bt_status_set(status, BT_UNAUTHENTICATED, "gRPC refused the credentials");
	else
		channel = add_channel(make_channel(target, user_agent, channel_credentials, true),
							  status);
	rpc_restore_signals(&old);
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
	rpc_block_signals(&old);
	state = grpc_channel_check_connectivity_state(channel->channel, 0);
	rpc_restore_signals(&old);
	return state == GRPC_CHANNEL_READY;
}

void
rpc_close_channel(bt_channel *channel)
{
	*channel->link = channel->next;
	if (channel->next != NULL)
		channel->next->link = channel->link;
	grpc_channel_destroy(channel->channel);
	channel->channel = NULL;
	rpc_drain_op(&channel->watch);
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
										  rpc_from_now(us < WATCH_US ? us : WATCH_US),
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
			rpc_block_signals(&old);
			watch_channel(channel, left);
			rpc_restore_signals(&old);
		}
		if (!channel->watch.started)
			return host->wait(host->arg, -1, left > 0 ? left : 0, BT_WAIT_FOR_RETRY);
		result = rpc_wait_op(&channel->watch, NULL, host, left, &old);
		if (result != BT_WAIT_READY)
			return result;
		channel->watch.started = false;
		rpc_restore_signals(&old);
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
		rpc_block_signals(&old);
		rpc_close_channel(channel);
		rpc_restore_signals(&old);
	}
	free(channel);
}
