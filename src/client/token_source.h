/*-------------------------------------------------------------------------
 *
 * token_source.h
 *	  A token that is kept, and renewed before it expires, for calls.
 *
 * All functions may be called from any thread, and none of them blocks but
 * bt_token_sources_stop().  Tokens are fetched on a thread that lives as long as
 * that takes, with signals blocked; there is one fetch at a time for a source.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_TOKEN_SOURCE_H
#define BT_TOKEN_SOURCE_H

#include "credentials.h"
#include "status.h"

typedef struct bt_token_source bt_token_source;

/* Has a token, or (token NULL) *status says why not. */
typedef void (*bt_token_callback)(void *arg, const char *token, const bt_status *status);

/* The credentials are copied.  Returns NULL, with *status set, on failure. */
extern bt_token_source *
bt_token_source_create(const bt_credentials *credentials, bt_status *status);

/* Drops it; what is being fetched is called back all the same. */
extern void bt_token_source_release(bt_token_source *source);

typedef enum bt_token_result
{
	BT_TOKEN_HERE,   /* *token is one, which the caller frees */
	BT_TOKEN_LATER,  /* the callback will have it, on another thread */
	BT_TOKEN_FAILED, /* *status says why */
} bt_token_result;

extern bt_token_result
bt_token_source_get(bt_token_source *source, bt_token_callback callback, void *arg,
					char **token, bt_status *status);

/* The project that pays, or NULL: the source's. */
extern const char *bt_token_source_user_project(const bt_token_source *source);

/* Ends all fetches at once, and waits until all callbacks have returned. */
extern void bt_token_sources_stop(void);

#endif /* BT_TOKEN_SOURCE_H */
