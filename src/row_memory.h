/*-------------------------------------------------------------------------
 *
 * row_memory.h
 *	  Memory for the values of the current row.
 *
 * A row's values must live until the next row is asked for.  Small values
 * come from a block that is simply begun anew when it is half full; what does
 * not fit, and what type input functions allocate, goes to a memory context
 * that is reset when it has grown.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_ROW_MEMORY_H
#define BIGTABLE_FDW_ROW_MEMORY_H

#include "postgres.h"

#include "utils/memutils.h"

#define ROW_MEMORY_BLOCK_SIZE ((Size) 64 * 1024)
#define ROW_MEMORY_CONTEXT_SIZE ((Size) 256 * 1024)

typedef struct RowMemory
{
	char *block;
	char *next;
	char *end;
	MemoryContext context;
} RowMemory;

static inline void
row_memory_init(RowMemory *memory, MemoryContext parent)
{
	memory->block = MemoryContextAlloc(parent, ROW_MEMORY_BLOCK_SIZE);
	memory->next = memory->block;
	memory->end = memory->block + ROW_MEMORY_BLOCK_SIZE;
	memory->context =
		AllocSetContextCreate(parent, "bigtable_fdw row", ALLOCSET_DEFAULT_SIZES);
}

/* Begins a row: the values of the one before are no longer needed. */
static inline void
row_memory_next_row(RowMemory *memory)
{
	if (memory->next - memory->block > (ptrdiff_t) (ROW_MEMORY_BLOCK_SIZE / 2))
		memory->next = memory->block;
	if (MemoryContextMemAllocated(memory->context, false) > ROW_MEMORY_CONTEXT_SIZE)
		MemoryContextReset(memory->context);
}

static inline void *
row_memory_alloc(RowMemory *memory, Size size)
{
	char *result = memory->next;

	if (size > (Size) (memory->end - result))
		return MemoryContextAlloc(memory->context, size);
	memory->next = result + MAXALIGN(size);
	if (memory->next > memory->end)
		memory->next = memory->end;
	return result;
}

#endif /* BIGTABLE_FDW_ROW_MEMORY_H */
