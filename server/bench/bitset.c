/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/bitset.h"

#include <glib.h>
#include <string.h>

static void grow(bitset *set, size_t n_words)
{
    if (n_words <= set->n_words)
        return;
    const size_t wanted = MAX(n_words, set->n_words * 2);
    set->words = g_renew(uint64_t, set->words, wanted);
    memset(set->words + set->n_words, 0, (wanted - set->n_words) * sizeof *set->words);
    set->n_words = wanted;
}

bool bitset_add(bitset *set, uint64_t number)
{
    const size_t word = (size_t)(number / 64);
    const uint64_t bit = UINT64_C(1) << (number % 64);
    grow(set, word + 1);
    if (set->words[word] & bit)
        return false;
    set->words[word] |= bit;
    set->count++;
    return true;
}

bool bitset_has(const bitset *set, uint64_t number)
{
    const uint64_t word = number / 64;
    return word < set->n_words && (set->words[word] >> (number % 64) & 1);
}

uint64_t bitset_missing(const bitset *a, const bitset *b)
{
    uint64_t missing = 0;
    for (size_t i = 0; i < a->n_words; i++) {
        const uint64_t there = i < b->n_words ? b->words[i] : 0;
        missing += (uint64_t)__builtin_popcountll(a->words[i] & ~there);
    }
    return missing;
}

void bitset_clear(bitset *set)
{
    g_free(set->words);
    *set = (bitset){0};
}
