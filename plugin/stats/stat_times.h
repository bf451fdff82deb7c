/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times of one row of a statistic: how many, from least to greatest, and where most of them are. */
#ifndef PLATO_STAT_TIMES_H
#define PLATO_STAT_TIMES_H

#include "stats/stat_table.h"
#include <analysis/quantile.h>

typedef struct stat_times {
    unsigned count;
    int64_t min; /* ns */
    int64_t max;
    double sum;
    analysis_quantile median;
    analysis_quantile p99;
} stat_times;

/* The columns of the table for its figures. */
typedef struct stat_times_columns {
    unsigned count;
    unsigned min;
    unsigned average;
    unsigned max;
    unsigned median;
    unsigned p99;
    double unit_ns; /* that they are shown in */
} stat_times_columns;

/* Adds one to a row that is zeroed at first, and updates the cells. True if it is the longest. */
bool stat_times_add(stat_times *times, stat_table *table, const stat_row *row,
                    const stat_times_columns *columns, int64_t ns);

/* For the row's release(). */
void stat_times_clear(stat_times *times);

#endif
