/*-------------------------------------------------------------------------
 *
 * arena.h
 *	  Lends a memory context to the client's pure structures.
 *
 * The client cannot bear an error thrown through it, so the arena returns
 * NULL when memory runs out, the client passes that on, and the error is
 * raised here, outside of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_ARENA_H
#define BIGTABLE_FDW_ARENA_H

#include "postgres.h"

#include "utils/memutils.h"

#include "client/span.h"

static inline void *
arena_alloc(void *context, size_t size)
{
	return MemoryContextAllocExtended(context, size, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE);
}

static inline bt_arena
arena_in_context(MemoryContext context)
{
	bt_arena arena = {arena_alloc, context};

	return arena;
}

/* Raises the error that the client could not. */
static inline void
arena_check(bool ok)
{
	if (!ok)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

#endif /* BIGTABLE_FDW_ARENA_H */
