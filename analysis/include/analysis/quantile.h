/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A percentile of numbers that come one by one, known at all times: what a statistic that is drawn
 * while it counts needs. By nearest rank, so it is a number that was seen: the smallest that
 * `percent` of all do not exceed. Knows nothing of Wireshark.
 */
#ifndef PLATO_QUANTILE_H
#define PLATO_QUANTILE_H

#include <glib.h>
#include <stdint.h>

/*
 * So many numbers are kept, in 8 bytes each, and up to so many the percentile is exact. Of more,
 * every second one is dropped, by rank, and from then on every second one is taken; and so on.
 */
#define QUANTILE_KEPT_MAX (1u << 20)

typedef struct quantile {
    unsigned percent; /* 1 to 99 */
    unsigned stride;  /* each so many-th number is taken */
    unsigned passed;  /* numbers since the last that was taken */
    GArray *low;      /* int64_t: the smaller ones up to the percentile, the largest on top */
    GArray *high;     /* the others, the smallest on top */
} quantile;

void quantile_init(quantile *q, unsigned percent);
void quantile_clear(quantile *q);

/* O(log n). */
void quantile_add(quantile *q, int64_t number);

/* Of one number or more. */
int64_t quantile_get(const quantile *q);

#endif
