/*-------------------------------------------------------------------------
 *
 * mock_socket.h
 *	  The listening socket, and the connections beneath gRPC.
 *
 * The mock accepts connections itself and hands them to gRPC, so that a
 * script can do to one of them what gRPC offers no call for: cut it, or put a
 * frame of HTTP/2 on it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MOCK_SOCKET_H
#define MOCK_SOCKET_H

#include <grpc/grpc.h>

#include "mock_util.h"

/*
 * Listen on "unix:PATH" or "HOST:PORT"; port 0 takes a free one.  Appends the
 * address to "shown".  False with a message in error.  Call it before any
 * other thread exists: those inherit that SIGTERM and SIGINT are blocked.
 */
extern bool
socket_listen(const char *address, struct bytes *shown, char *error, size_t size);

/*
 * The same with TLS, by gRPC itself, so that there is nothing beneath it to act
 * on.  The server must not have been started.  cert and key are files in PEM
 * form.  socket_take_signals() comes before gRPC in this case.
 */
extern bool socket_take_signals(void);
extern bool
socket_listen_tls(grpc_server *server, const char *address, const char *cert,
				  const char *key, struct bytes *shown, char *error, size_t size);

/*
 * Start the thread that accepts connections into the server.  It ends, after
 * a call of "stop" on that thread, on SIGTERM or SIGINT, or when "with_stdin"
 * is set and standard input ends.
 */
extern bool socket_start(grpc_server *server, bool with_stdin, void (*stop)(void));

/* Wait for that thread's end, and remove the socket's file. */
extern void socket_finish(void);

/*
 * The connection of a call, by gRPC's name for its peer; -1 when unknown.
 * Asked once for each call, in the order of their arrival, it also counts
 * them: *stream becomes the call's HTTP/2 stream.
 */
extern int connection_of(const char *peer, uint32_t *stream);

/* Cut a connection. */
extern void connection_drop(int fd);

/* Send RST_STREAM with an error code. */
extern void connection_rst(int fd, uint32_t stream, uint32_t code);

/* End a stream without a status. */
extern void connection_end_stream(int fd, uint32_t stream);

/* Send bytes that need not be HTTP/2. */
extern void connection_bytes(int fd, const struct bytes *bytes);

/* Send GOAWAY with an error code and the last stream that is served. */
extern void connection_goaway(int fd, uint32_t last, uint32_t code);

#endif
