/*-------------------------------------------------------------------------
 *
 * token_server.c
 *	  An HTTP server that stands for those where tokens are fetched.
 *
 * It answers from files, as README.md says, over TLS or in plaintext, each
 * connection on a thread of its own and with one request.
 *
 *-------------------------------------------------------------------------
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../mock/mock_util.h"

#define MAX_REQUEST (64 * 1024)

/* A connection: TLS if ssl is set. */
struct peer
{
	int fd;
	SSL *ssl;
};

static SSL_CTX *tls;
static const char *answers;
static int log_fd = -1;
static atomic_int requests;

/* Complain and end. */
static void
fail(const char *message)
{
	fprintf(stderr, "token_server: %s\n", message);
	exit(1);
}

/* ---- bytes to and from a peer ---- */

static ssize_t
receive(const struct peer *peer, char *buffer, size_t size)
{
	if (peer->ssl)
		return SSL_read(peer->ssl, buffer, (int) size);
	return read(peer->fd, buffer, size);
}

static void
respond(const struct peer *peer, const struct bytes *data)
{
	ssize_t n;

	if (peer->ssl)
		n = SSL_write(peer->ssl, data->data, (int) data->len);
	else
		n = write(peer->fd, data->data, data->len);
	if (n != (ssize_t) data->len)
		perror("token_server: cannot answer");
}

/* ---- requests ---- */

/* The value of a header, up to the line's end; NULL if it is not there. */
static const char *
find_header(const char *request, const char *name)
{
	const char *line = request;
	size_t len = strlen(name);

	while ((line = strstr(line, "\r\n")) != NULL)
	{
		line += 2;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " ");
		if (strncmp(line, "\r\n", 2) == 0)
			break;
	}
	return NULL;
}

/* Whether all of the body is there; sets *body if the headers are. */
static bool
is_complete(const char *request, size_t len, const char **body)
{
	const char *end = strstr(request, "\r\n\r\n");
	const char *length;

	if (!end)
		return false;
	*body = end + 4;
	length = find_header(request, "content-length");
	return len - (size_t) (*body - request) >= (length ? strtoul(length, NULL, 10) : 0);
}

/* Read a request, which ends with a NUL. */
static bool
read_request(const struct peer *peer, char *request, const char **body)
{
	size_t len = 0;

	*body = NULL;
	request[0] = '\0';
	while (!is_complete(request, len, body))
	{
		ssize_t n =
			len < MAX_REQUEST ? receive(peer, request + len, MAX_REQUEST - len) : 0;

		if (n <= 0)
			return false;
		len += (size_t) n;
		request[len] = '\0';
	}
	return true;
}

/* Append " name=VALUE" if the header is there. */
static void
log_header(struct bytes *line, const char *request, const char *name)
{
	const char *value = find_header(request, name);

	if (!value)
		return;
	bytes_printf(line, " %s=", name);
	percent_encode(line, value, strcspn(value, "\r\n"), "");
}

static void
log_request(const char *request, const char *body, int number)
{
	struct bytes line = {0};

	bytes_printf(&line, "%d %.*s", number, (int) strcspn(request, "\r\n"), request);
	log_header(&line, request, "host");
	log_header(&line, request, "metadata-flavor");
	log_header(&line, request, "authorization");
	log_header(&line, request, "x-aws-ec2-metadata-token");
	bytes_text(&line, " body=");
	percent_encode(&line, body, strlen(body), "");
	bytes_text(&line, "\n");
	if (log_fd >= 0 && write(log_fd, line.data, line.len) != (ssize_t) line.len)
		perror("token_server: cannot write the log");
	bytes_free(&line);
}

/* ---- answers ---- */

/* The text of the file for a request's path, or "404" and an end of line. */
static void
read_answer(const char *request, struct bytes *out)
{
	char path[1024];
	char buffer[4096];
	const char *start = strchr(request, '/');
	size_t len = start ? strcspn(start, "? \r\n") : 0;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/%.*s", answers, len ? (int) len - 1 : 0,
			 len ? start + 1 : "");
	for (char *c = path + strlen(answers) + 1; *c; c++)
		if (*c == '/')
			*c = '_';
	file = fopen(path, "r");
	if (!file)
		bytes_text(out, "404\n");
	while (file && (n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		bytes_append(out, buffer, n);
	if (file)
		fclose(file);
	bytes_append(out, "", 1);
}

/* Append the body, with the request's number for each "%N". */
static void
put_body(struct bytes *out, const char *text, int number)
{
	const char *mark;

	while ((mark = strstr(text, "%N")) != NULL)
	{
		bytes_append(out, text, (size_t) (mark - text));
		bytes_printf(out, "%d", number);
		text = mark + 2;
	}
	bytes_text(out, text);
}

static void
answer(const struct peer *peer, const char *request, int number)
{
	struct bytes text = {0};
	struct bytes body = {0};
	struct bytes out = {0};
	char *line_end;

	read_answer(request, &text);
	if (strncmp((char *) text.data, "stall", 5) == 0)
		pause();
	line_end = strchr((char *) text.data, '\n');
	if (line_end)
		put_body(&body, line_end + 1, number);
	bytes_printf(&out,
				 "HTTP/1.1 %d Answer\r\nContent-Type: application/json\r\n"
				 "Content-Length: %zu\r\nConnection: close\r\n\r\n",
				 atoi((char *) text.data), body.len);
	bytes_append(&out, body.data, body.len);
	respond(peer, &out);
	bytes_free(&text);
	bytes_free(&body);
	bytes_free(&out);
}

/* The thread of a connection. */
static void *
serve(void *arg)
{
	struct peer *peer = arg;
	char *request = mock_alloc(MAX_REQUEST + 1);
	const char *body;
	int number;

	if ((!peer->ssl || SSL_accept(peer->ssl) == 1) && read_request(peer, request, &body))
	{
		number = atomic_fetch_add(&requests, 1) + 1;
		log_request(request, body, number);
		answer(peer, request, number);
	}
	if (peer->ssl)
	{
		SSL_shutdown(peer->ssl);
		SSL_free(peer->ssl);
	}
	close(peer->fd);
	free(request);
	free(peer);
	return NULL;
}

/* ---- start ---- */

/* Exit when standard input ends. */
static void *
watch_stdin(void *arg)
{
	char ignored[256];

	while (read(STDIN_FILENO, ignored, sizeof(ignored)) > 0)
		continue;
	exit(0);
	return arg;
}

/* Listen on a free port of 127.0.0.1, and say which. */
static int
start_listening(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (void *) &address, len) != 0 || listen(fd, 128) != 0 ||
		getsockname(fd, (void *) &address, &len) != 0)
		fail("cannot listen");
	printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static void
accept_all(int listening)
{
	for (;;)
	{
		struct peer *peer = mock_alloc(sizeof(*peer));
		pthread_t thread;

		peer->fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		if (peer->fd < 0)
		{
			free(peer);
			continue;
		}
		if (tls)
		{
			peer->ssl = SSL_new(tls);
			SSL_set_fd(peer->ssl, peer->fd);
		}
		if (pthread_create(&thread, NULL, serve, peer) != 0)
			fail("cannot create a thread");
		pthread_detach(thread);
	}
}

int
main(int argc, char **argv)
{
	static const struct option known[] = {{"answers", required_argument, NULL, 'a'},
										  {"log", required_argument, NULL, 'l'},
										  {"tls-cert", required_argument, NULL, 'c'},
										  {"tls-key", required_argument, NULL, 'k'},
										  {NULL, 0, NULL, 0}};
	pthread_t thread;
	int found;

	signal(SIGPIPE, SIG_IGN);
	while ((found = getopt_long(argc, argv, "", known, NULL)) != -1)
	{
		if ((found == 'c' || found == 'k') && !tls)
			tls = SSL_CTX_new(TLS_server_method());
		if (found == 'a')
			answers = optarg;
		else if (found == 'l')
			log_fd = open(optarg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		else if (found == 'c' && SSL_CTX_use_certificate_chain_file(tls, optarg) != 1)
			fail("cannot use the certificate");
		else if (found == 'k' &&
				 SSL_CTX_use_PrivateKey_file(tls, optarg, SSL_FILETYPE_PEM) != 1)
			fail("cannot use the key");
		else if (found == '?')
			exit(1);
	}
	if (!answers)
		fail("--answers is missing");
	if (pthread_create(&thread, NULL, watch_stdin, NULL) != 0)
		fail("cannot create a thread");
	accept_all(start_listening());
	return 0;
}
