/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seeded pseudo-random numbers: a failure can be had again. */
#ifndef TESTS_UNIT_RANDOM_H
#define TESTS_UNIT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct rng {
    uint64_t state;
} rng;

/* SplitMix64. */
static inline uint64_t rng_next(rng *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0 .. below - 1. */
static inline size_t rng_below(rng *r, size_t below)
{
    return (size_t)(rng_next(r) % below);
}

/* Numbers of every size in bits, so that varints of every length come about; often 0. */
static inline uint64_t rng_number(rng *r)
{
    const unsigned bits = (unsigned)rng_below(r, 65);
    return bits == 0 ? 0 : rng_next(r) >> (64 - bits);
}

static inline void rng_fill(rng *r, uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)rng_next(r);
}

#endif
