/*-------------------------------------------------------------------------
 *
 * subject_token.h
 *	  The token of somebody else that an external account is known by.
 *
 * For a thread that may block.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_SUBJECT_TOKEN_H
#define BT_SUBJECT_TOKEN_H

#include "token_request.h"

/*
 * Reads it from the file or URL that "credential_source" names, or makes a
 * signed request of what AWS has given to this machine.  The caller frees it;
 * NULL on failure, with *status set as in token_request.h.
 */
extern char *
bt_subject_token_get(const json_t *account, bt_http *http, bt_status *status);

/* The same for AWS: a part of subject_token.c. */
extern char *bt_subject_token_get_aws(const json_t *account, const json_t *source,
									  bt_http *http, bt_status *status);

#endif /* BT_SUBJECT_TOKEN_H */
