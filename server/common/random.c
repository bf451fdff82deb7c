/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/random.h"

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

prng prng_make(uint64_t seed, uint64_t branch)
{
    return (prng){mix(mix(seed) ^ (branch * 0x9e3779b97f4a7c15u))};
}

uint64_t prng_next(prng *random)
{
    random->state += 0x9e3779b97f4a7c15u;
    return mix(random->state);
}

uint64_t prng_below(prng *random, uint64_t below)
{
    return below == 0 ? 0 : prng_next(random) % below;
}

double prng_unit(prng *random)
{
    return (double)(prng_next(random) >> 11) * 0x1p-53;
}
