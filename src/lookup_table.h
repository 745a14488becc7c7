/*-------------------------------------------------------------------------
 *
 * lookup_table.h
 *	  Row keys -> the outer rows of a batch that ask for them.
 *
 * A hash table that is filled once for each batch and then only searched.
 * A key may be asked for by several rows, and a row may ask for several keys.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_LOOKUP_TABLE_H
#define BIGTABLE_FDW_LOOKUP_TABLE_H

#include "postgres.h"

#include "client/span.h"

typedef struct LookupEntry
{
	bt_span key; /* bytes of the caller's */
	uint32 hash;
	int row;  /* number of an outer row */
	int next; /* in the same bucket; -1: none */
} LookupEntry;

typedef struct LookupTable
{
	LookupEntry *entries;
	int nentries;
	int capacity;
	int *buckets; /* -1: empty; the number is a power of two */
	uint32 mask;
	int nbuckets;
} LookupTable;

/* An empty table, in the current memory context, which all of it stays in. */
extern LookupTable *lookup_table_create(int expected);

/* Forgets the entries. */
extern void lookup_table_reset(LookupTable *table);

/* Says that a row asks for a key, whose bytes must stay in place. */
extern void lookup_table_add(LookupTable *table, bt_span key, int row);

/*
 * The first entry of a key, and the next one with the same key; -1: none.  Rows
 * that were added later come first.
 */
extern int lookup_table_first(const LookupTable *table, bt_span key);
extern int lookup_table_next(const LookupTable *table, int entry);

#endif /* BIGTABLE_FDW_LOOKUP_TABLE_H */
