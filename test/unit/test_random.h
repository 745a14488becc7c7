/*-------------------------------------------------------------------------
 *
 * test_random.h
 *	  Random numbers that are the same in every run with the same seed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* splitmix64: any seed will do, also 0. */
typedef struct test_random
{
	uint64_t state;
} test_random;

static inline uint64_t
random_u64(test_random *random)
{
	uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* From 0 to limit - 1. */
static inline unsigned
random_below(test_random *random, unsigned limit)
{
	return (unsigned) (random_u64(random) % limit);
}

/* True in one of n cases. */
static inline bool
random_one_in(test_random *random, unsigned n)
{
	return random_below(random, n) == 0;
}

#endif /* TEST_RANDOM_H */
