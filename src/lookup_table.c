/*-------------------------------------------------------------------------
 *
 * lookup_table.c
 *	  Row keys -> the outer rows of a batch that ask for them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "port/pg_bitutils.h"

#include "lookup_table.h"

static uint32
hash_key(bt_span key)
{
	return hash_bytes(key.data, (int) key.len);
}

LookupTable *
lookup_table_create(int expected)
{
	LookupTable *table = palloc0(sizeof(LookupTable));

	table->capacity = Max(expected, 16);
	table->entries = palloc(sizeof(LookupEntry) * table->capacity);
	table->nbuckets = (int) pg_nextpower2_32((uint32) table->capacity);
	table->buckets = palloc(sizeof(int) * table->nbuckets);
	table->mask = (uint32) table->nbuckets - 1;
	lookup_table_reset(table);
	return table;
}

void
lookup_table_reset(LookupTable *table)
{
	table->nentries = 0;
	memset(table->buckets, -1, sizeof(int) * table->nbuckets);
}

static void
link_entry(LookupTable *table, int i)
{
	LookupEntry *entry = &table->entries[i];
	int *bucket = &table->buckets[entry->hash & table->mask];

	entry->next = *bucket;
	*bucket = i;
}

/* Makes room: rows that ask for several keys may add more than was expected. */
static void
enlarge(LookupTable *table)
{
	table->capacity *= 2;
	table->nbuckets *= 2;
	table->mask = (uint32) table->nbuckets - 1;
	table->entries = repalloc(table->entries, sizeof(LookupEntry) * table->capacity);
	table->buckets = repalloc(table->buckets, sizeof(int) * table->nbuckets);
	memset(table->buckets, -1, sizeof(int) * table->nbuckets);
	for (int i = 0; i < table->nentries; i++)
		link_entry(table, i);
}

void
lookup_table_add(LookupTable *table, bt_span key, int row)
{
	LookupEntry *entry;

	if (table->nentries == table->capacity)
		enlarge(table);
	entry = &table->entries[table->nentries];
	entry->key = key;
	entry->hash = hash_key(key);
	entry->row = row;
	link_entry(table, table->nentries++);
}

/* The entry of that key from one on. */
static int
search(const LookupTable *table, int i, uint32 hash, bt_span key)
{
	while (i >= 0 &&
		   (table->entries[i].hash != hash || !bt_span_equal(table->entries[i].key, key)))
		i = table->entries[i].next;
	return i;
}

int
lookup_table_first(const LookupTable *table, bt_span key)
{
	uint32 hash = hash_key(key);

	return search(table, table->buckets[hash & table->mask], hash, key);
}

int
lookup_table_next(const LookupTable *table, int entry)
{
	const LookupEntry *found = &table->entries[entry];

	return search(table, found->next, found->hash, found->key);
}
