/*-------------------------------------------------------------------------
 *
 * credentials_test.c
 *	  Which keys, certificates and tokens pass the checks.
 *
 *-------------------------------------------------------------------------
 */
#include "credentials.h"
#include "tap.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* The text of a memory BIO, which is freed; to be freed. */
static char *
take_text(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	char *text = malloc((size_t) len + 1);

	memcpy(text, data, (size_t) len);
	text[len] = '\0';
	BIO_free(bio);
	return text;
}

/* A private key in PEM form, with a passphrase unless that is NULL. */
static char *
key_text(EVP_PKEY *key, const char *passphrase)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, key, passphrase ? EVP_aes_128_cbc() : NULL,
							 (const unsigned char *) passphrase,
							 passphrase ? (int) strlen(passphrase) : 0, NULL, NULL);
	return take_text(bio);
}

static char *
public_text(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PUBKEY(bio, key);
	return take_text(bio);
}

/* A certificate that a key has signed for itself. */
static char *
certificate_text(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());

	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	X509_sign(certificate, key, EVP_sha256());
	PEM_write_bio_X509(bio, certificate);
	X509_free(certificate);
	return take_text(bio);
}

/* Checks what is said of a key, which is freed; NULL: it is good. */
static void
check_key(char *text, const char *expected, const char *name)
{
	const char *reason;
	bool good = bt_credentials_check_key(text, strlen(text), &reason);

	ok(good == (expected == NULL), "%s", name);
	if (expected != NULL)
		ok(reason != NULL && strstr(reason, expected) != NULL, "%s: the reason", name);
	ok(ERR_peek_error() == 0, "%s: no error is left behind", name);
	free(text);
}

static char *
joined(const char *a, const char *b)
{
	char *text = malloc(strlen(a) + strlen(b) + 1);

	strcpy(text, a);
	strcat(text, b);
	return text;
}

static void
check_authorities(char *text, bool expected, const char *name)
{
	ok(bt_credentials_check_authorities(text, strlen(text)) == expected, "%s", name);
	ok(ERR_peek_error() == 0, "%s: no error is left behind", name);
	free(text);
}

static void
test_keys(EVP_PKEY *rsa, EVP_PKEY *ec)
{
	char *whole = key_text(rsa, NULL);

	check_key(key_text(rsa, NULL), NULL, "an RSA key");
	check_key(key_text(ec, NULL), "RSA", "a key on an elliptic curve");
	check_key(key_text(rsa, "secret"), "passphrase", "a key with a passphrase");
	check_key(public_text(rsa), "private", "a public key");
	check_key(certificate_text(rsa), "private", "a certificate");
	check_key(strdup(""), "private", "nothing");
	whole[strlen(whole) / 2] = '\0';
	check_key(whole, "private", "half of a key");
}

static void
test_authorities(EVP_PKEY *ec)
{
	char *one = certificate_text(ec);
	char *half = strdup(one);

	half[strlen(half) / 2] = '\0';
	check_authorities(strdup(one), true, "a certificate");
	check_authorities(joined(one, one), true, "two certificates");
	check_authorities(joined("# comment\n", one), true, "a comment before one");
	check_authorities(joined(one, "# comment\n"), true, "a comment behind one");
	check_authorities(strdup(""), false, "nothing");
	check_authorities(strdup("root:x:0:0\n"), false, "something else");
	check_authorities(key_text(ec, NULL), false, "a key");
	check_authorities(joined(one, half), false, "a second one that is cut off");
	free(half);
	free(one);
}

static void
test_tokens(void)
{
	ok(bt_credentials_check_token("ya29.a-b_c~d+e/f="), "a token");
	ok(!bt_credentials_check_token(""), "an empty one");
	ok(!bt_credentials_check_token("a b"), "one with a blank");
	ok(!bt_credentials_check_token("a\r\nx: y"), "one with line breaks");
	ok(!bt_credentials_check_token("a\x7f"), "one with a control character");
	ok(!bt_credentials_check_token("\xc3\xa9"), "one outside ASCII");
}

int
main(void)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	EVP_PKEY *ec = EVP_EC_gen("P-256");

	test_keys(rsa, ec);
	test_authorities(ec);
	test_tokens();
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
	return tap_done();
}
