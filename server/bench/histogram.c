/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/histogram.h"

#include <stddef.h>

/* Values below 2^(bits+1) have a bucket each; above, the value's highest bits+1 bits choose. */
static unsigned shift_of(uint64_t ns)
{
    const unsigned log2 = 63 - (unsigned)__builtin_clzll(ns | 1);
    return log2 > HISTOGRAM_BITS ? log2 - HISTOGRAM_BITS : 0;
}

static size_t bucket_of(uint64_t ns)
{
    const unsigned shift = shift_of(ns);
    return ((size_t)shift << HISTOGRAM_BITS) + (size_t)(ns >> shift);
}

static uint64_t upper_edge(size_t bucket)
{
    const size_t shift = bucket >> HISTOGRAM_BITS;
    if (shift <= 1) /* one value in each */
        return bucket;
    const uint64_t top = (uint64_t)(bucket - ((shift - 1) << HISTOGRAM_BITS));
    return ((top + 1) << (shift - 1)) - 1;
}

void histogram_add(histogram *h, uint64_t ns)
{
    h->count++;
    h->sum += ns;
    if (ns > h->max)
        h->max = ns;
    h->buckets[bucket_of(ns)]++;
}

uint64_t histogram_at(const histogram *h, double share)
{
    const double wanted = share * (double)h->count;
    uint64_t seen = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS && h->count > 0; i++) {
        seen += h->buckets[i];
        if (seen > 0 && (double)seen >= wanted)
            return upper_edge(i) < h->max ? upper_edge(i) : h->max;
    }
    return h->max;
}
