/*-------------------------------------------------------------------------
 *
 * rpc_credentials.h
 *	  Our credentials -> gRPC's.  A part of rpc.c, for it and rpc_channel.c alone.
 *
 * Signals are blocked around all of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_RPC_CREDENTIALS_H
#define BT_RPC_CREDENTIALS_H

#include "credentials.h"
#include "span.h"
#include "status.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#if __has_include(<grpc/credentials.h>)
#include <grpc/credentials.h>
#endif
#include <grpc/slice.h>

/*
 * TLS, with certificates of the authorities in ca_pem (NULL: the machine's), and
 * credentials for each call.  NULL if gRPC finds fault with them.
 */
extern grpc_channel_credentials *
rpc_tls_credentials(const char *ca_pem, const bt_credentials *credentials);

/*
 * Has a call ended before it began, for want of a token?  Then *real is the code
 * that says whether another try may help, and *details becomes the message
 * without what gRPC has put before it: it begins with BT_STATUS_NO_TOKEN.
 */
extern bool rpc_token_failure(grpc_status_code code, bt_span *details, bt_code *real);

/* Ends what is being fetched for calls.  There is no channel any more. */
extern void rpc_stop_tokens(void);

#endif /* BT_RPC_CREDENTIALS_H */
