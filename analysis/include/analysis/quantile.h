/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A percentile of numbers that arrive one by one, known at all times, for statistics that are drawn
 * while they are counted. By nearest rank, so it is one of the numbers: the smallest that `percent`
 * of all do not exceed.
 */
#ifndef ANALYSIS_QUANTILE_H
#define ANALYSIS_QUANTILE_H

#include <glib.h>
#include <stdint.h>

/*
 * Numbers that are kept, in 8 bytes each; up to this many the percentile is exact. Beyond it, every
 * second one is dropped, by rank, and from then on only every second one is taken; and so on.
 */
#define ANALYSIS_QUANTILE_KEPT_MAX (1u << 20)

typedef struct analysis_quantile {
    unsigned percent; /* 1 to 99 */
    unsigned stride;  /* one number of this many is taken */
    unsigned passed;  /* numbers since the last that was taken */
    GArray *low;      /* int64_t: the smaller ones up to the percentile, the largest on top */
    GArray *high;     /* the others, the smallest on top */
} analysis_quantile;

void analysis_quantile_init(analysis_quantile *q, unsigned percent);
void analysis_quantile_clear(analysis_quantile *q);

/* O(log n). */
void analysis_quantile_add(analysis_quantile *q, int64_t number);

/* At least one number must have been added. */
int64_t analysis_quantile_get(const analysis_quantile *q);

#endif
