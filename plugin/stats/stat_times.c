/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats/stat_times.h"

static void set_cells(const stat_times *times, stat_table *table, const stat_row *row,
                      const stat_times_columns *columns)
{
    const struct {
        unsigned column;
        double ns;
    } cells[] = {
        {columns->min, (double)times->min},
        {columns->average, times->sum / times->count},
        {columns->max, (double)times->max},
        {columns->median, (double)analysis_quantile_get(&times->median)},
        {columns->p99, (double)analysis_quantile_get(&times->p99)},
    };
    stat_table_count(table, row, columns->count, times->count);
    for (size_t i = 0; i < array_length(cells); i++)
        stat_table_real(table, row, cells[i].column, cells[i].ns / columns->unit_ns);
}

bool stat_times_add(stat_times *times, stat_table *table, const stat_row *row,
                    const stat_times_columns *columns, int64_t ns)
{
    const bool longest = times->count == 0 || ns > times->max;
    if (times->count == 0) {
        analysis_quantile_init(&times->median, 50);
        analysis_quantile_init(&times->p99, 99);
    }
    if (times->count == 0 || ns < times->min)
        times->min = ns;
    if (longest)
        times->max = ns;
    times->count++;
    times->sum += (double)ns;
    analysis_quantile_add(&times->median, ns);
    analysis_quantile_add(&times->p99, ns);
    set_cells(times, table, row, columns);
    return longest;
}

void stat_times_clear(stat_times *times)
{
    if (times->count == 0)
        return;
    analysis_quantile_clear(&times->median);
    analysis_quantile_clear(&times->p99);
}
