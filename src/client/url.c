/*-------------------------------------------------------------------------
 *
 * url.c
 *	  URLs: text as a part of one, and what of one may be shown.
 *
 *-------------------------------------------------------------------------
 */
#include "url.h"

#include <string.h>

void
bt_url_put_escaped(FILE *out, const char *text)
{
	for (const unsigned char *c = (const unsigned char *) text; *c != '\0'; c++)
		if ((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') ||
			(*c >= 'a' && *c <= 'z') || strchr("-._~", *c) != NULL)
			fputc(*c, out);
		else
			fprintf(out, "%%%02X", *c);
}

const char *
bt_url_host(const char *url, int *len)
{
	const char *host = strstr(url, "://");
	const char *end;

	host = host != NULL ? host + 3 : url;
	end = host + strcspn(host, "/?#");

	for (const char *c = host; c < end; c++)
		if (*c == '@')
			host = c + 1;
	*len = (int) (end - host);
	return host;
}
