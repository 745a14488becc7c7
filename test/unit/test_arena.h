/*-------------------------------------------------------------------------
 *
 * test_arena.h
 *	  An arena that gives each allocation its own piece of malloc's memory, so
 *	  that a sanitizer sees where one ends, and that can run dry on demand.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEST_ARENA_H
#define TEST_ARENA_H

#include <stdlib.h>

#include "span.h"

typedef struct test_arena
{
	bt_arena arena; /* what the code under test sees */
	void **pieces;
	size_t npieces;
	size_t left; /* allocations until it runs dry */
} test_arena;

static inline void *
test_arena_alloc(void *arg, size_t size)
{
	test_arena *arena = arg;
	void **pieces;
	void *piece;

	if (arena->left == 0)
		return NULL;
	arena->left--;

	pieces = realloc(arena->pieces, (arena->npieces + 1) * sizeof(void *));
	piece = malloc(size);
	if (pieces == NULL || piece == NULL)
		abort();
	memset(piece, 0xa5, size); /* nobody promised zeroes */
	arena->pieces = pieces;
	arena->pieces[arena->npieces++] = piece;
	return piece;
}

static inline void
test_arena_init(test_arena *arena)
{
	memset(arena, 0, sizeof(*arena));
	arena->arena.alloc = test_arena_alloc;
	arena->arena.arg = arena;
	arena->left = SIZE_MAX;
}

/* Frees everything; the arena may be used again. */
static inline void
test_arena_reset(test_arena *arena)
{
	for (size_t i = 0; i < arena->npieces; i++)
		free(arena->pieces[i]);
	free(arena->pieces);
	arena->pieces = NULL;
	arena->npieces = 0;
	arena->left = SIZE_MAX;
}

#endif /* TEST_ARENA_H */
