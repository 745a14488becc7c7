/*-------------------------------------------------------------------------
 *
 * aws_signature_test.c
 *	  Signatures of the requests in AWS's own test suite.
 *
 *-------------------------------------------------------------------------
 */
#include "aws_signature.h"
#include "tap.h"

#include <stdlib.h>

static void
check(const char *method, const char *query, const char *signature)
{
	static const bt_aws_keys keys = {"AKIDEXAMPLE",
									 "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
	static const bt_aws_header headers[] = {{"host", "example.amazonaws.com"},
											{"x-amz-date", "20150830T123600Z"}};
	const bt_aws_request request = {.method = method,
									.path = "/",
									.query = query,
									.region = "us-east-1",
									.service = "service",
									.time = "20150830T123600Z",
									.headers = headers,
									.nheaders = 2};
	char *value = bt_aws_sign(&request, &keys);
	char expected[300];

	snprintf(expected, sizeof(expected),
			 "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"
			 "aws4_request, SignedHeaders=host;x-amz-date, Signature=%s",
			 signature);
	ok(value != NULL && strcmp(value, expected) == 0, "%s \"%s\" is signed", method,
	   query);
	free(value);
}

int
main(void)
{
	check("GET", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
	check("POST", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
	check("POST", "Param1=value1",
		  "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11");
	return tap_done();
}
