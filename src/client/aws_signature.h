/*-------------------------------------------------------------------------
 *
 * aws_signature.h
 *	  The signature of a request to AWS, "Signature Version 4".  Pure.
 *
 * Only what an empty POST or GET needs: no path is normalized.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_AWS_SIGNATURE_H
#define BT_AWS_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

/* Of the machine or user, as AWS has it. */
typedef struct bt_aws_keys
{
	const char *access_key_id;
	const char *secret_access_key;
} bt_aws_keys;

/* A header, in lower case; those of a request are sorted by name. */
typedef struct bt_aws_header
{
	const char *name;
	const char *value;
} bt_aws_header;

typedef struct bt_aws_request
{
	const char *method;
	const char *path;  /* "/", say */
	const char *query; /* sorted and escaped, without "?" */
	const char *region;
	const char *service;
	const char *time; /* "20150830T123600Z", as in header x-amz-date */
	const bt_aws_header *headers;
	size_t nheaders;
} bt_aws_request;

/*
 * The value of the header "authorization", which the caller frees; NULL if
 * memory runs out.
 */
extern char *bt_aws_sign(const bt_aws_request *request, const bt_aws_keys *keys);

#endif /* BT_AWS_SIGNATURE_H */
