/*-------------------------------------------------------------------------
 *
 * fuzz_backend.h
 *	  What the targets in a backend have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUZZ_BACKEND_H
#define FUZZ_BACKEND_H

#include "postgres.h"

/* Of one input; the current context when a target is called. */
extern MemoryContext fuzz_input_context;

/* In PG_CATCH: takes note of an error that an input may raise, and ends at others. */
extern void fuzz_check_error(void);

/* A target in a file of its own, see there. */
extern void fuzz_row_key(const uint8_t *data, size_t size);

#endif /* FUZZ_BACKEND_H */
