/*-------------------------------------------------------------------------
 *
 * credentials.c
 *	  What authorises a call, and checks of it that contact nobody.
 *
 * The host may use OpenSSL for itself: what fails here leaves nothing in the
 * queue of errors, which the thread has one of.
 *
 *-------------------------------------------------------------------------
 */
#include "credentials.h"

#include <limits.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* Without this, OpenSSL would ask for a passphrase at the terminal. */
static int
no_passphrase(char *buffer, int size, int rwflag, void *arg)
{
	(void) buffer;
	(void) size;
	(void) rwflag;
	(void) arg;
	return -1;
}

static BIO *
open_memory(const char *data, size_t len)
{
	return len <= INT_MAX ? BIO_new_mem_buf(data, (int) len) : NULL;
}

bool
bt_credentials_check_key(const char *pem, size_t len, const char **reason)
{
	BIO *bio = open_memory(pem, len);
	EVP_PKEY *key = NULL;

	*reason = NULL;
	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (key == NULL)
		*reason = "It is not a private key in PEM form without a passphrase.";
	else if (EVP_PKEY_base_id(key) != EVP_PKEY_RSA)
		*reason = "It is not an RSA key.";
	EVP_PKEY_free(key);
	BIO_free(bio);
	ERR_clear_error();
	return *reason == NULL;
}

bool
bt_credentials_check_authorities(const char *pem, size_t len)
{
	BIO *bio = open_memory(pem, len);
	X509 *certificate;
	int n = 0;
	bool at_end;

	if (bio == NULL)
		return false;
	ERR_clear_error();
	while ((certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL)
	{
		X509_free(certificate);
		n++;
	}
	at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	BIO_free(bio);
	ERR_clear_error();
	return n > 0 && at_end;
}

bool
bt_credentials_check_token(const char *token)
{
	for (const char *c = token; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 0x7f)
			return false;
	return token[0] != '\0';
}
