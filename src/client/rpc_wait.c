/*-------------------------------------------------------------------------
 *
 * rpc_wait.c
 *	  gRPC in this process, and waiting for what it does.
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
#include "rpc_internal.h"

#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <grpc/support/log.h>

/* How long the host may block, deaf to signals, before the waiter takes over. */
#define BLOCK_US 1000

/* So often is it looked whether there is a connection now. */
#define CONNECTING_US INT64_C(100000)

struct bt_wakeup
{
	int fd; /* of a timer, which is set to fire at once by what comes in */
	bt_wakeup *next;
};

rpc_process rpc = {
	.eventfd = -1, .mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

/* ---- signals ---- */

void
rpc_block_signals(sigset_t *old)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, old);
}

void
rpc_restore_signals(const sigset_t *old)
{
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

/* ---- time ---- */

int64_t
bt_rpc_now_us(void)
{
	return bt_clock_now_us();
}

gpr_timespec
rpc_from_now(int64_t us)
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
bool
rpc_take_event(gpr_timespec deadline)
{
	grpc_event event = grpc_completion_queue_next(rpc.queue, deadline, NULL);

	if (event.type != GRPC_OP_COMPLETE)
		return false;
	atomic_store_explicit(&((rpc_op *) event.tag)->done, true, memory_order_release);
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
		(void) rpc_take_event(gpr_inf_future(GPR_CLOCK_MONOTONIC));
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

bool
rpc_op_is_done(const void *arg)
{
	return atomic_load_explicit(&((const rpc_op *) arg)->done, memory_order_acquire);
}

/*
 * Tries to see something happen without the waiter.  Signals are blocked;
 * blocking for up to block_us is allowed.
 */
bool
rpc_poll_for(rpc_condition happened, const void *arg, int64_t block_us)
{
	bool blocked = block_us <= 0;

	while (!happened(arg))
	{
		if (atomic_load(&rpc.armed))
			return false;
		if (rpc_take_event(gpr_time_0(GPR_CLOCK_MONOTONIC)))
		{
			fire_wakeups();
			continue;
		}
		if (blocked)
			return false;
		blocked = !rpc_take_event(rpc_from_now(block_us));
		if (!blocked)
			fire_wakeups();
	}
	return true;
}

/* What is waited for, if that is something of a channel. */
static bt_wait_reason
reason_of(const bt_channel *channel)
{
	if (channel == NULL)
		return BT_WAIT_FOR_RETRY;
	return bt_channel_is_connected(channel) ? BT_WAIT_FOR_ANSWER : BT_WAIT_FOR_CONNECTION;
}

/*
 * Waits as the host wants it.  If it has happened, signals are blocked on
 * return, since the caller goes on with gRPC, and *old is the mask to restore.
 */
bt_wait_result
rpc_wait_for(rpc_condition happened, const void *arg, const bt_channel *channel,
			 const bt_host *host, int64_t timeout_us, sigset_t *old)
{
	int64_t until = bt_rpc_now_us() + timeout_us;

	for (;;)
	{
		int64_t left = until - bt_rpc_now_us();
		bt_wait_reason reason;
		bt_wait_result result;

		rpc_block_signals(old);
		if (rpc_poll_for(happened, arg, left < BLOCK_US ? left : BLOCK_US))
			return BT_WAIT_READY;
		if (!atomic_load(&rpc.armed))
			arm_waiter();
		rpc_restore_signals(old);

		left = until - bt_rpc_now_us();
		reason = reason_of(channel);
		if (reason == BT_WAIT_FOR_CONNECTION && left > CONNECTING_US)
			left = CONNECTING_US;
		result = host->wait(host->arg, rpc.eventfd, left < 0 ? 0 : left, reason);
		if (result == BT_WAIT_READY)
			clear_signal();
		else if (!happened(arg) &&
				 (result == BT_WAIT_INTERRUPTED || bt_rpc_now_us() >= until))
			return result;
	}
}

/* The same for an op. */
bt_wait_result
rpc_wait_op(const rpc_op *op, const bt_channel *channel, const bt_host *host,
			int64_t timeout_us, sigset_t *old)
{
	return rpc_wait_for(rpc_op_is_done, op, channel, host, timeout_us, old);
}

/* Waits for an op that is bound to end at once.  Signals are blocked. */
void
rpc_drain_op(rpc_op *op)
{
	if (!op->started)
		return;
	while (!rpc_op_is_done(op))
	{
		if (atomic_load(&rpc.armed))
		{
			struct pollfd pollfd = {.fd = rpc.eventfd, .events = POLLIN};

			(void) poll(&pollfd, 1, -1);
			clear_signal();
		}
		else if (rpc_take_event(gpr_inf_future(GPR_CLOCK_MONOTONIC)))
			fire_wakeups();
	}
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
	rpc_block_signals(&old);
	while (rpc_take_event(gpr_time_0(GPR_CLOCK_MONOTONIC)))
		any = true;
	if (any)
		fire_wakeups();
	rpc_restore_signals(&old);
	return any;
}

void
bt_wakeup_arm(bt_wakeup *wakeup, int64_t timeout_us)
{
	set_timer(wakeup->fd, timeout_us);
	bt_rpc_go_on();
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
	rpc_block_signals(&old);
	ok = start_process(status);
	rpc_restore_signals(&old);
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
rpc_end_process(void)
{
	rpc.shut_down = true;
	stop_waiter();
	grpc_shutdown_blocking();
	close(rpc.eventfd);
}
