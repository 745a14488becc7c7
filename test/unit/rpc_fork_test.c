/*-------------------------------------------------------------------------
 *
 * rpc_fork_test.c
 *	  A process that was forked after gRPC was initialized is told so.
 *
 * gRPC's threads and sockets do not survive a fork, and using them in the
 * child would hang it and break the parent's connections.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rpc.h"
#include "tap.h"

/* What the child found, as its exit status; each bit is a failure. */
static int
run_child(bt_channel *channel)
{
	bt_status status;
	int failures = 0;

	if (bt_rpc_is_initialized())
		failures |= 1;
	if (bt_rpc_init(&status) || status.code != BT_FAILED_PRECONDITION ||
		strstr(status.message, "before the fork") == NULL)
		failures |= 2;
	if (bt_call_start(channel, "/a/b", bt_span_str(""), NULL, 0,
					  bt_rpc_now_us() + 1000000, &status) != NULL)
		failures |= 4;

	/* These must do nothing to what is the parent's, and must not hang. */
	bt_rpc_shutdown();
	bt_channel_destroy(channel);
	return failures;
}

static int
wait_for_child(pid_t child)
{
	int status = -1;

	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

int
main(void)
{
	bt_status status;
	bt_channel *channel;
	pid_t child;

	/* Before anything is initialized, a fork does no harm. */
	child = fork();
	if (child == 0)
	{
		alarm(20);
		_exit(bt_rpc_init(&status) && bt_rpc_is_initialized() ? 0 : 1);
	}
	is_int(wait_for_child(child), 0,
		   "a child may initialize gRPC that its parent has not");

	ok(bt_rpc_init(&status), "gRPC is initialized");
	channel = bt_channel_create_plaintext("localhost:1", "test", &status);
	ok(channel != NULL, "a channel is made without a server");
	fflush(stdout);
	child = fork();
	if (child == 0)
	{
		alarm(20);
		_exit(run_child(channel));
	}
	is_int(wait_for_child(child), 0, "a child of a process with gRPC is refused it");

	ok(bt_rpc_init(&status), "the parent goes on");
	bt_rpc_shutdown();
	ok(!bt_rpc_is_initialized(), "after the shutdown gRPC is not initialized");
	ok(!bt_rpc_init(&status), "and cannot be initialized again");
	bt_channel_destroy(channel);
	return tap_done();
}
