/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing set of numbers, one bit for each from 0 to the highest. */
#ifndef PLATO_BENCH_BITSET_H
#define PLATO_BENCH_BITSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is empty. */
typedef struct bitset {
    uint64_t *words;
    size_t n_words;
    uint64_t count; /* numbers in the set */
} bitset;

/* Adds `number`; false if it was there. The caller bounds `number`: memory follows it. */
bool bitset_add(bitset *set, uint64_t number);

bool bitset_has(const bitset *set, uint64_t number);

/* Numbers that are in `a` but not in `b`. */
uint64_t bitset_missing(const bitset *a, const bitset *b);

void bitset_clear(bitset *set);

#endif
