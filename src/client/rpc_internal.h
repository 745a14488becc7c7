/*-------------------------------------------------------------------------
 *
 * rpc_internal.h
 *	  What rpc.c, rpc_channel.c and rpc_wait.c share.  For them alone.
 *
 * A file uses functions of those after it only.  Signals are blocked around
 * all of it, except where another thing is said.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_RPC_INTERNAL_H
#define BT_RPC_INTERNAL_H

#include "rpc.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include <grpc/grpc.h>
#include <grpc/support/time.h>

/* Other libraries in the host's process may have such names. */
#pragma GCC visibility push(hidden)

/* An operation that is under way; its address is its tag in the queue. */
typedef struct rpc_op
{
	atomic_bool done;
	bool started;
} rpc_op;

struct bt_channel
{
	grpc_channel *channel; /* NULL after bt_rpc_shutdown() */
	rpc_op watch;          /* of its state, see bt_channel_sleep() */
	bt_channel *next;
	bt_channel **link; /* what points to this channel */
	bt_channel_counters counters;
};

/* State of the process. */
typedef struct rpc_process
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
} rpc_process;

extern rpc_process rpc;

/* ---- rpc_wait.c ---- */

/* Before a call into gRPC; *old is the mask to restore after it. */
extern void rpc_block_signals(sigset_t *old);
extern void rpc_restore_signals(const sigset_t *old);

/* A time from now, as gRPC has it.  Signals do not matter. */
extern gpr_timespec rpc_from_now(int64_t us);

/*
 * Takes an event, when the waiter is not armed; returns whether there was one
 * before the deadline.
 */
extern bool rpc_take_event(gpr_timespec deadline);

/* What is waited for. */
typedef bool (*rpc_condition)(const void *arg);

/* That an op is done.  Signals do not matter. */
extern bool rpc_op_is_done(const void *arg);

/*
 * Tries to see something happen without the waiter.  Blocking for up to block_us
 * is allowed.
 */
extern bool rpc_poll_for(rpc_condition happened, const void *arg, int64_t block_us);

/*
 * Waits as the host wants it, for something of a channel, or (NULL) until the next
 * attempt; called with signals open.  If it has happened,
 * they are blocked on return, since the caller goes on with gRPC, and *old is
 * the mask to restore.
 */
extern bt_wait_result
rpc_wait_for(rpc_condition happened, const void *arg, const bt_channel *channel,
			 const bt_host *host, int64_t timeout_us, sigset_t *old);

/* The same for an op. */
extern bt_wait_result rpc_wait_op(const rpc_op *op, const bt_channel *channel,
								  const bt_host *host, int64_t timeout_us, sigset_t *old);

/* Waits for an op that is bound to end at once, if it has been started. */
extern void rpc_drain_op(rpc_op *op);

/* Ends gRPC, once no call and no channel is left. */
extern void rpc_end_process(void);

/* ---- rpc_channel.c ---- */

/* Takes the channel back from gRPC. */
extern void rpc_close_channel(bt_channel *channel);

#pragma GCC visibility pop

#endif /* BT_RPC_INTERNAL_H */
