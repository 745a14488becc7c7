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
 * Did a call end before it began, for want of a token?  Later versions of gRPC
 * call that UNAVAILABLE, as it is: a token may come the next time.
 */
extern bool rpc_is_without_token(grpc_status_code code, grpc_slice details);

#endif /* BT_RPC_CREDENTIALS_H */
