/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seeded random numbers (splitmix64): the same seed gives the same numbers everywhere. No secrets.
 */
#ifndef PLATO_SERVER_RANDOM_H
#define PLATO_SERVER_RANDOM_H

#include <stdint.h>

/* The caller's; copying it copies the sequence from here on. */
typedef struct prng {
    uint64_t state;
} prng;

/* A sequence of its own for each `branch` of one seed. */
prng prng_make(uint64_t seed, uint64_t branch);

uint64_t prng_next(prng *random);

/* From 0 to below - 1; 0 if `below` is 0. */
uint64_t prng_below(prng *random, uint64_t below);

/* From 0 to less than 1. */
double prng_unit(prng *random);

#endif
