/*-------------------------------------------------------------------------
 *
 * fake_rpc.h
 *	  rpc.h without a network: a fuzzer's input plays the server.
 *
 * Instead of rpc.c and its parts.  Time is what the input makes of it; nothing
 * ever sleeps.  Once the input is used up, every call fails for good, so that
 * its maker ends; but an honest server sends all that is left.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FAKE_RPC_H
#define FAKE_RPC_H

#include "fuzz_input.h"

#include "rpc.h"

/* A server that knows what sound answers are. */
typedef struct fake_server
{
	/* Sees each request. */
	void (*request)(void *arg, const bt_call *call, bt_span request);

	/*
	 * Makes a sound answer's message: bytes in the input's arena.  NULL: they
	 * are the input's own, up to a separator.
	 */
	bt_span (*answer)(void *arg, const bt_call *call);

	/* Sees each message that a client is given. */
	void (*message)(void *arg, const bt_call *call, bt_span message);

	/* The call is over, or was destroyed before it was.  May be NULL. */
	void (*end)(void *arg, const bt_call *call);

	/*
	 * Only of a server that is faulty but honest, else NULL: has all been sent?
	 * No call of its ends with OK before, and none of its messages is raw.
	 */
	bool (*all_sent)(void *arg, const bt_call *call);
	void *arg;
} fake_server;

/* Begins a test case. */
extern void fake_rpc_begin(fuzz_input *input, const fake_server *server);

/* Fails if a call has not been destroyed. */
extern void fake_rpc_end(void);

/* The only channel, and a host that is interrupted now and then. */
extern bt_channel *fake_channel(void);
extern const bt_host *fake_host(void);

#endif /* FAKE_RPC_H */
