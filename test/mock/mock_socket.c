/*-------------------------------------------------------------------------
 *
 * mock_socket.c
 *	  The listening socket, and the connections beneath gRPC.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_socket.h"

#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>
#if __has_include(<grpc/credentials.h>)
#include <grpc/credentials.h>
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_CONNECTIONS 65536

static int listen_fd = -1;
static int signal_fd = -1;
static char *unix_path;
static pthread_t thread;
static grpc_server *the_server;
static bool watch_stdin;
static void (*stop_server)(void);

/* Calls seen on each connection, by its descriptor. */
static atomic_uint calls_seen[MAX_CONNECTIONS];

/* ---- listening ---- */

/* Listen on a Unix socket; a file left behind is replaced. */
static bool
listen_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
	{
		errno = ENAMETOOLONG;
		return false;
	}
	strcpy(address.sun_path, path);
	unlink(path);
	listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listen_fd < 0 || bind(listen_fd, (void *) &address, sizeof(address)) != 0)
		return false;
	unix_path = mock_strdup(path);
	return listen(listen_fd, 128) == 0;
}

/* Append the address that the socket got. */
static void
show_address(struct bytes *shown)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[64];
	char port[16];

	getsockname(listen_fd, (void *) &address, &len);
	getnameinfo((void *) &address, len, host, sizeof(host), port, sizeof(port),
				NI_NUMERICHOST | NI_NUMERICSERV);
	bytes_printf(shown, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

/* Listen on a host and port. */
static bool
listen_tcp(const char *host, const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found;
	int on = 1;
	bool ok;

	if (getaddrinfo(host, port, &hints, &found) != 0)
	{
		errno = EADDRNOTAVAIL;
		return false;
	}
	listen_fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ok = listen_fd >= 0 &&
		 setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		 bind(listen_fd, found->ai_addr, found->ai_addrlen) == 0 &&
		 listen(listen_fd, 128) == 0;
	freeaddrinfo(found);
	return ok;
}

/* Take the signals that end the process from a descriptor from now on. */
bool
socket_take_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	return signal_fd >= 0;
}

/* Listen on an address of either kind. */
bool
socket_listen(const char *address, struct bytes *shown, char *error, size_t size)
{
	const char *colon = strrchr(address, ':');
	char *host;
	bool ok;

	if (!socket_take_signals())
		ok = false;
	else if (strncmp(address, "unix:", 5) == 0)
	{
		ok = listen_unix(address + 5);
		bytes_text(shown, address);
	}
	else if (colon)
	{
		host = mock_strdup(address);
		host[colon - address] = '\0';
		ok = listen_tcp(host, colon + 1);
		free(host);
		if (ok)
			show_address(shown);
	}
	else
	{
		errno = EINVAL;
		ok = false;
	}
	if (!ok)
		snprintf(error, size, "cannot listen on %s: %s", address, strerror(errno));
	return ok;
}

/* ---- TLS ---- */

/* A whole file as text, to be freed, or NULL. */
static char *
read_text(const char *path)
{
	struct bytes text = {0};
	FILE *file = fopen(path, "r");
	char buffer[4096];
	size_t n;

	if (!file)
		return NULL;
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		bytes_append(&text, buffer, n);
	fclose(file);
	bytes_append(&text, "", 1);
	return (char *) text.data;
}

bool
socket_listen_tls(grpc_server *server, const char *address, const char *cert,
				  const char *key, struct bytes *shown, char *error, size_t size)
{
	char *cert_text = read_text(cert);
	char *key_text = read_text(key);
	grpc_ssl_pem_key_cert_pair pair = {.private_key = key_text, .cert_chain = cert_text};
	grpc_server_credentials *credentials = NULL;
	int port = 0;

	if (cert_text && key_text)
		credentials = grpc_ssl_server_credentials_create_ex(
			NULL, &pair, 1, GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE, NULL);
	if (credentials)
	{
		port = grpc_server_add_http2_port(server, address, credentials);
		grpc_server_credentials_release(credentials);
	}
	free(cert_text);
	free(key_text);
	if (port <= 0)
	{
		snprintf(error, size, "cannot listen on %s with TLS", address);
		return false;
	}
	if (strncmp(address, "unix:", 5) == 0)
		bytes_text(shown, address);
	else
		bytes_printf(shown, "%.*s:%d", (int) (strrchr(address, ':') - address), address,
					 port);
	return true;
}

/* ---- accepting ---- */

/* Accept what waits, and hand it to gRPC, which owns the descriptor then. */
static void
accept_all(void)
{
	int fd;
	int on = 1;

	while ((fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
	{
		grpc_server_credentials *credentials;

		if (fd >= MAX_CONNECTIONS)
		{
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		calls_seen[fd] = 0;
		credentials = grpc_insecure_server_credentials_create();
		grpc_server_add_channel_from_fd(the_server, fd, credentials);
		grpc_server_credentials_release(credentials);
	}
}

/* Whether standard input has ended; what is written to it is ignored. */
static bool
stdin_ended(void)
{
	char ignored[256];

	return read(STDIN_FILENO, ignored, sizeof(ignored)) <= 0;
}

/* The thread: new connections, until something says stop. */
static void *
accept_loop(void *arg)
{
	struct pollfd fds[] = {{listen_fd, POLLIN, 0},
						   {signal_fd, POLLIN, 0},
						   {watch_stdin ? STDIN_FILENO : -1, POLLIN, 0}};
	bool stop = false;

	(void) arg;
	while (!stop)
	{
		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[0].revents)
			accept_all();
		stop = fds[1].revents || (fds[2].revents && stdin_ended());
	}
	if (listen_fd >= 0)
		close(listen_fd);
	stop_server();
	return NULL;
}

/* Start the thread. */
bool
socket_start(grpc_server *server, bool with_stdin, void (*stop)(void))
{
	the_server = server;
	watch_stdin = with_stdin;
	stop_server = stop;
	return pthread_create(&thread, NULL, accept_loop, NULL) == 0;
}

/* Wait for the thread. */
void
socket_finish(void)
{
	pthread_join(thread, NULL);
	close(signal_fd);
	if (unix_path)
		unlink(unix_path);
	free(unix_path);
}

/* ---- connections ---- */

/*
 * gRPC calls a peer that it was handed "fd:N".  A client numbers its streams
 * 1, 3, 5, ..., and gRPC reports calls in the order of their streams.
 */
int
connection_of(const char *peer, uint32_t *stream)
{
	int fd;

	if (sscanf(peer, "fd:%d", &fd) != 1 || fd < 0 || fd >= MAX_CONNECTIONS)
		return -1;
	*stream = 2 * atomic_fetch_add(&calls_seen[fd], 1) + 1;
	return fd;
}

/* Cut a connection. */
void
connection_drop(int fd)
{
	shutdown(fd, SHUT_RDWR);
}

/* Write a big-endian number. */
static void
put_u32(uint8_t *p, uint32_t value)
{
	value = htonl(value);
	memcpy(p, &value, sizeof(value));
}

/*
 * Put a frame on a connection.  The caller has nothing under way on it, so the
 * socket has room and no other frame is half written.
 */
static void
send_frame(int fd, const uint8_t *frame, size_t len)
{
	if (send(fd, frame, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t) len)
		perror("bigtable_mock: cannot send a frame");
}

/* RST_STREAM */
void
connection_rst(int fd, uint32_t stream, uint32_t code)
{
	uint8_t frame[13] = {0, 0, 4, 3};

	put_u32(frame + 5, stream);
	put_u32(frame + 9, code);
	send_frame(fd, frame, sizeof(frame));
}

/* GOAWAY */
void
connection_goaway(int fd, uint32_t last, uint32_t code)
{
	uint8_t frame[17] = {0, 0, 8, 7};

	put_u32(frame + 9, last);
	put_u32(frame + 13, code);
	send_frame(fd, frame, sizeof(frame));
}

/* DATA of no bytes, with END_STREAM */
void
connection_end_stream(int fd, uint32_t stream)
{
	uint8_t frame[9] = {0, 0, 0, 0, 1};

	put_u32(frame + 5, stream);
	send_frame(fd, frame, sizeof(frame));
}

/* Anything */
void
connection_bytes(int fd, const struct bytes *bytes)
{
	send_frame(fd, bytes->data, bytes->len);
}
