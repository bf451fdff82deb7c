/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analysis/analysis.h"

#include <string.h>

/* Eight bytes at a time, each step a bijection of the word. */
uint64_t analysis_digest(plato_span content)
{
    const uint64_t multiplier = 0x9e3779b97f4a7c15u;
    uint64_t hash = multiplier;
    for (size_t i = 0; i < content.n; i += sizeof hash) {
        const size_t left = content.n - i;
        uint64_t word = 0;
        memcpy(&word, content.p + i, left < sizeof word ? left : sizeof word);
        hash = (hash ^ word) * multiplier;
        hash ^= hash >> 32;
    }
    return hash;
}
