/*-------------------------------------------------------------------------
 *
 * credential.h
 *	  A user mapping's options -> what authorises its user's calls.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_CREDENTIAL_H
#define BIGTABLE_FDW_CREDENTIAL_H

#include "postgres.h"

#include <sys/stat.h>

#include "client/credentials.h"
#include "endpoint.h"

typedef struct Credential
{
	bt_credentials client;
	const char *path; /* of the file that it comes from, or NULL */
	struct stat stat; /* of that file, when it was read */
} Credential;

/*
 * The credentials of a user mapping (InvalidOid: there is none), for an
 * endpoint with TLS.  userid is whose they are, for messages.  An error if
 * there are none, or if they cannot be used.  In the current memory context.
 */
extern Credential *credential_load(const ForeignServer *server, const Endpoint *endpoint,
								   Oid mapping_id, Oid userid);

/* A copy to keep, for all but authorising calls; in the current memory context. */
extern Credential *credential_without_secret(const Credential *credential);

/* Has the file changed, of which they were made? */
extern bool credential_is_outdated(const Credential *credential);

/* The certificates of an endpoint's authorities, or NULL: the machine's. */
extern char *credential_authorities(const Endpoint *endpoint);

/*
 * Checks of options, for the validator: their form, and whether the current
 * user may set them.
 */
extern void credential_check_json(const char *name, const char *value);
extern void credential_check_token(const char *name, const char *value);
extern void credential_check_default(const char *name, const char *value);
extern void credential_check_file(const char *name, const char *value);

#endif /* BIGTABLE_FDW_CREDENTIAL_H */
