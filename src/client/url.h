/*-------------------------------------------------------------------------
 *
 * url.h
 *	  URLs: text as a part of one, and what of one may be shown.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_URL_H
#define BT_URL_H

#include <stdio.h>

/* Writes text as a part of a URL or a form. */
extern void bt_url_put_escaped(FILE *out, const char *text);

/*
 * The host in a URL, with its port, but without a password that stands before
 * it; in the URL itself, *len bytes.
 */
extern const char *bt_url_host(const char *url, int *len);

#endif /* BT_URL_H */
