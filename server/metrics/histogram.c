/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics/histogram.h"

static const uint64_t bounds_us[HISTOGRAM_RANGES] = {
    50,    100,    250,    500,    1000,    2500,    5000,    10000,    25000,
    50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, UINT64_MAX,
};

uint64_t histogram_bound_us(size_t i)
{
    return bounds_us[i];
}

void histogram_observe(histogram *h, uint64_t us)
{
    size_t i = 0;
    while (us > bounds_us[i])
        i++;
    atomic_fetch_add_explicit(&h->counts[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->sum_us, us, memory_order_relaxed);
}
