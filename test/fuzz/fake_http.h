/*-------------------------------------------------------------------------
 *
 * fake_http.h
 *	  http.h without a network: a fuzzer's input plays the servers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include "fuzz_input.h"

/* Before requests are made; they are counted from 0. */
extern void fake_http_begin(fuzz_input *input);
extern unsigned fake_http_requests(void);

#endif /* FAKE_HTTP_H */
