/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long something took, counted in ranges of microseconds. One call feeds it, from any thread:
 *
 *     histogram_observe(h, took_us);
 */
#ifndef PLATO_SERVER_HISTOGRAM_H
#define PLATO_SERVER_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* 50 us to 10 s, in steps of 1, 2.5, 5; and one range for all that took longer. */
#define HISTOGRAM_RANGES 18

/* All zero is an empty one. */
typedef struct histogram {
    atomic_uint_fast64_t counts[HISTOGRAM_RANGES];
    atomic_uint_fast64_t sum_us;
} histogram;

void histogram_observe(histogram *h, uint64_t us);

/* The upper end of range `i`, in microseconds; UINT64_MAX for the last one. */
uint64_t histogram_bound_us(size_t i);

#endif
