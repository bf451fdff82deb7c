/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A histogram of times with a bounded relative error: each power of two is divided into 128
 * buckets of equal width, so what is read out is at most 1/128 (0.8 %) above the true value, from
 * 1 ns to 2^63 ns. Below 256 ns it is exact. 58 KiB, whatever is added.
 */
#ifndef PLATO_BENCH_HISTOGRAM_H
#define PLATO_BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BITS 7
#define HISTOGRAM_BUCKETS ((65 - HISTOGRAM_BITS) << HISTOGRAM_BITS)

/* All zero is empty. */
typedef struct histogram {
    uint64_t count;
    uint64_t sum; /* ns */
    uint64_t max; /* ns, exact */
    uint64_t buckets[HISTOGRAM_BUCKETS];
} histogram;

void histogram_add(histogram *h, uint64_t ns);

/*
 * The smallest value that at least `share` (0 to 1) of all do not exceed: the upper limit of its
 * bucket, but never more than the maximum. 0 if the histogram is empty. O(buckets).
 */
uint64_t histogram_at(const histogram *h, double share);

#endif
