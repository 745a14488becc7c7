/*-------------------------------------------------------------------------
 *
 * option.h
 *	  One table of options: name, where allowed, type, check.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_OPTION_H
#define BIGTABLE_FDW_OPTION_H

#include "postgres.h"

#include "nodes/pg_list.h"

/*
 * Readers of an option list that the validator has accepted.  They return the
 * default when the option is not there.
 */
extern const char *option_string(List *options, const char *name, const char *def);
extern bool option_bool(List *options, const char *name, bool def);
extern int option_int(List *options, const char *name, int def);
extern double option_real(List *options, const char *name, double def);

/* A duration in microseconds. */
extern int64 option_duration_us(List *options, const char *name, int64 def);

/* May this be the name of a column family, or an ID in a resource's name? */
extern bool option_is_family(const char *name, size_t len);
extern bool option_is_resource_id(const char *id);

/* A name in UTF-8, which Bigtable knows it by. */
extern char *option_to_utf8(const char *name);

/*
 * The bytes that the value of an option stands for: itself in UTF-8, or, after
 * "\x", hex digits.
 * In the current memory context; *len is its length.
 */
extern uint8 *option_bytes(const char *name, const char *value, size_t *len);

/* The same for a qualifier. */
extern uint8 *option_qualifier_bytes(const char *qualifier, size_t *len);

#endif /* BIGTABLE_FDW_OPTION_H */
