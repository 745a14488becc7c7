/*-------------------------------------------------------------------------
 *
 * redirect.c
 *	  A library to preload, which leads hosts to servers of a test.
 *
 * Tokens are fetched from hosts that are constants.  BIGTABLE_REDIRECT,
 * "HOST=PORT,HOST=PORT...", names hosts and ports of 127.0.0.1: the n-th host
 * resolves to 127.7.7.n, and a connection to that address, whatever the port,
 * goes to the port that is named.  All else is left as it is.
 *
 *-------------------------------------------------------------------------
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define NETWORK 0x7f070700u /* 127.7.7.0 */

typedef int (*getaddrinfo_fn)(const char *, const char *, const struct addrinfo *,
							  struct addrinfo **);
typedef int (*connect_fn)(int, const struct sockaddr *, socklen_t);

/*
 * The number of the entry for a host, or (host NULL) the port of the entry
 * with a number; 0 if there is none.
 */
static unsigned
look_up(const char *host, unsigned number)
{
	const char *entry = getenv("BIGTABLE_REDIRECT");

	for (unsigned n = 1; entry && *entry; n++)
	{
		size_t len = strcspn(entry, "=");

		if (host && strncmp(entry, host, len) == 0 && host[len] == '\0')
			return n;
		if (!host && n == number)
			return (unsigned) strtoul(entry + len + 1, NULL, 10);
		entry = strchr(entry, ',');
		entry = entry ? entry + 1 : NULL;
	}
	return 0;
}

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
			struct addrinfo **result)
{
	getaddrinfo_fn next = (getaddrinfo_fn) dlsym(RTLD_NEXT, "getaddrinfo");
	unsigned n = node ? look_up(node, 0) : 0;
	char address[32];

	snprintf(address, sizeof(address), "127.7.7.%u", n);
	return next(n ? address : node, service, hints, result);
}

/* Replace an address of ours, in network byte order, and its port. */
static void
replace(uint32_t *address, uint16_t *port)
{
	uint32_t host = ntohl(*address);
	unsigned to = (host & 0xffffff00u) == NETWORK ? look_up(NULL, host & 0xff) : 0;

	if (to == 0)
		return;
	*address = htonl(INADDR_LOOPBACK);
	*port = htons((uint16_t) to);
}

int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
	connect_fn next = (connect_fn) dlsym(RTLD_NEXT, "connect");
	struct sockaddr_storage copy = {0};

	if (len > sizeof(copy))
		return next(fd, address, len);
	memcpy(&copy, address, len);
	if (address->sa_family == AF_INET)
	{
		struct sockaddr_in *in = (struct sockaddr_in *) &copy;

		replace(&in->sin_addr.s_addr, &in->sin_port);
	}
	else if (address->sa_family == AF_INET6)
	{
		struct sockaddr_in6 *in = (struct sockaddr_in6 *) &copy;

		if (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr))
			replace(&in->sin6_addr.s6_addr32[3], &in->sin6_port);
	}
	return next(fd, (struct sockaddr *) &copy, len);
}
